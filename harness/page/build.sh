#!/bin/sh
# Builds the templates of the pages: build.sh SOURCE WORK OUTPUT [tests]
#
# OUTPUT is that of a run; the one of all runs, site.html, is put beside it.
#
# All that npm and Vite write lies in WORK; packages are installed once for each package-lock.json,
# with `tests` those that the tests of the page need too. Without Node 18 or npm, or when the packages
# cannot be had, there is no page and no error: OUTPUT is missing, and `report --format html` says why.
set -eu
source=$1 work=$2 output=$3 tests=${4-}
site=$(dirname "$output")/site.html

no_page() {
  rm -f "$output" "$site"
  echo "The HTML page is left out: $1" >&2
  exit 0
}

command -v node >/dev/null || no_page "there is no node (Debian: nodejs)."
command -v npm >/dev/null || no_page "there is no npm (Debian: npm)."
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' ||
  no_page "node is older than 18."

mkdir -p "$work"
rm -rf "$work/src" "$work/dist"
cp -R "$source/src" "$source/index.html" "$source/site.html" "$source/package.json" "$source/package-lock.json" \
  "$source/vite.config.ts" "$source/tsconfig.json" "$work/"
cd "$work"

installed="$(cksum package.json package-lock.json) ${tests}"
if [ "$(cat installed 2>/dev/null)" != "$installed" ]; then
  rm -f installed
  # No script of a package is run.
  with=--omit=dev
  [ -z "$tests" ] || with=--include=dev
  npm ci --ignore-scripts --prefer-offline --no-audit --no-fund $with >npm.log 2>&1 ||
    no_page "npm could not install its packages (log: $work/npm.log)."
  echo "$installed" >installed
fi

node node_modules/vite/bin/vite.js build
NODE_ENV=production node node_modules/vite/bin/vite.js build --mode site
mkdir -p "$(dirname "$output")"
cp dist/template.html "$output"
cp dist/site.html "$site"
