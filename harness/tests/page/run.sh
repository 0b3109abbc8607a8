#!/bin/sh
# Opens pages in Chromium: run.sh SOURCE WORK FIXTURES TEMPLATE [argument of playwright]...
#
# WORK is where build.sh has built the page, with the packages of its tests. CHROMIUM names another
# browser than Debian's.
set -eu
source=$1 work=$2 fixtures=$3 template=$4
shift 4
CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
export CHROMIUM
if [ ! -x "$CHROMIUM" ]; then
  echo "There is no chromium; install it, or set CHROMIUM." >&2
  exit 1
fi
if [ ! -f "$template" ] || [ ! -d "$work/node_modules/@playwright" ]; then
  echo "The page was not built with its tests: install nodejs and npm, and build again." >&2
  exit 1
fi
rm -rf "$work/tests" "$work/pages"
mkdir -p "$work/tests" "$work/pages"
cp "$source"/*.ts "$work/tests/"
"$fixtures" "$template" "$work/pages"
cd "$work"
node node_modules/typescript/bin/tsc --noEmit
exec node node_modules/@playwright/test/cli.js test --config tests/playwright.config.ts "$@"
