#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the tests.
#
#   scripts/test.sh [--label LABEL]... [-R REGEX] [--build-only]
#
#   --label LABEL  only tests of this label, repeatable:
#                    unit       no machine, no process, no network
#                    process    starts processes, a make-believe QEMU among them
#                    golden     output held against files
#                    page       opens the HTML page in Chromium
#                    vm         boots real kernels (fetched once, then kept)
#                    cleanroom  a fresh Debian 12 from nothing; needs root
#                    fuzz, soak, bench
#                  default: unit, process, golden, page and vm
#   -R REGEX       only tests whose name matches
#   --build-only   build, run nothing
#
# Exit code: 0 when all passed, 8 when a test failed or none matched, 1 when the build failed, 2 for
# a wrong argument, 75 when packages are missing that could not be installed.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"

usage_error() {
  echo "$1; see scripts/test.sh --help." >&2
  exit 2
}

labels=()
selection=()
groups=(quickstart page tests)
build_only=false
while (($#)); do
  case $1 in
    --label=*) set -- --label "${1#*=}" "${@:2}" && continue ;;
    --label)
      case ${2-} in
        unit | process | golden | page | soak | bench) ;;
        fuzz) groups+=(fuzz) ;;
        vm) groups+=(crates) ;;  # it runs versions of libbpf that only crates have
        cleanroom) groups+=(cleanroom) ;;
        *) usage_error "There is no label '${2-}'" ;;
      esac
      labels+=("$2") && shift 2
      ;;
    -R)
      [[ -n ${2-} ]] || usage_error "-R wants a regular expression"
      selection+=(--tests-regex "$2") && shift 2
      ;;
    --build-only) build_only=true && shift ;;
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) usage_error "'$1' is no argument of test.sh" ;;
  esac
done
if ((${#labels[@]})); then
  selection+=(--label-regex "^($(IFS='|' && echo "${labels[*]}"))\$")
else
  selection+=(--label-exclude '^(cleanroom|fuzz|soak|bench)$')
  groups+=(crates)
fi

install_missing "${groups[@]}" || exit
configure with_tests
build_targets all
if $build_only; then
  exit 0
fi
# Tests that cannot bear company (vm) say so themselves, in CMake.
exec ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "$(nproc)" \
  "${selection[@]}"
