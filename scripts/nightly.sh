#!/usr/bin/env bash
# One night: runs a matrix, says what changed since the run before, publishes all runs, and forgets
# old ones. Fails only for what is new.
#
#   scripts/nightly.sh [--known FILE] [--site DIR] [--keep DAYS] [MATRIX] [ARGUMENT...]
#
#   --known FILE  failures that are known, each with a reason and a day (README, "What changed")
#   --site DIR    write the site of all runs there
#   --keep DAYS   forget runs that are older, but for the newest of each matrix (default: 90)
#   MATRIX        a file, or the name of a shipped matrix (default: nightly)
#   ARGUMENT      of `bpfmatrix run`: --time-limit 6h, -k 'debian-6.*', ...
#
# Works in $BPFMATRIX_WORKSPACE (default: .bpfmatrix of the source tree) with the program in build/,
# which scripts/quickstart.sh builds. Goes on with a run that was interrupted. Exit code: 100 for a
# regression that is not known; 0 otherwise, also on the first night, and when only machines or
# mirrors made trouble, which is told; 1, 2 and 75 as `bpfmatrix run` has them.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${BPFMATRIX:-$root/build/bin/bpfmatrix}
export BPFMATRIX_WORKSPACE=${BPFMATRIX_WORKSPACE:-$root/.bpfmatrix}

known=()
site=
keep=90
while (($#)); do
  case $1 in
    --known) known=(--known "${2:?--known wants a file}") && shift 2 ;;
    --site) site=${2:?--site wants a folder} && shift 2 ;;
    --keep) keep=${2:?--keep wants a number of days} && shift 2 ;;
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    -*) echo "'$1' is no argument of nightly.sh; see --help." >&2 && exit 2 ;;
    *) break ;;
  esac
done
matrix=${1:-nightly}
(($# == 0)) || shift
[[ -x $program ]] || {
  echo "There is no $program: scripts/quickstart.sh builds it, or BPFMATRIX=FILE names it." >&2
  exit 75
}

newest_run() { "$program" list runs 2>/dev/null | awk 'NR == 1 { print $1 }' || true; }

before=$(newest_run)
code=0
"$program" run "$matrix" --flaky pass "$@" || code=$?
run=$(newest_run)
case $code in
  0 | 100 | 101) ;;
  5) echo "The run is incomplete; bpfmatrix resume $run goes on with it." >&2 ;;
  *) exit "$code" ;;
esac
[[ $run != "$before" && -n $run ]] || exit "$code"
((code != 101)) || echo "Machines or mirrors made trouble: see the table above." >&2

# The same part of the same matrix: what somebody ran of it by day is no night. Nothing to compare with
# on the first night: this run is then what the next is held against.
earlier=$("$program" list runs | awk -v run="$run" -v matrix="${run#*-*-}" '
  { part = $0; sub(/^.*complete/, "", part) }
  $1 == run { seen = 1; ours = part; next }
  seen && $4 == "complete" && part == ours && substr($1, index($1, "-" matrix)) == "-" matrix { print $1; exit }')
verdict=0
if [[ -n $earlier ]]; then
  "$program" compare "$earlier" "$run" --flaky pass "${known[@]}" || verdict=$?
  if [[ -n ${GITHUB_STEP_SUMMARY-} ]]; then
    "$program" compare "$earlier" "$run" --flaky pass "${known[@]}" --format markdown \
      >>"$GITHUB_STEP_SUMMARY" || true
  fi
else
  echo "There is no earlier run of this matrix: the next one is compared with $run." >&2
fi
[[ -z $site ]] || "$program" site --out "$site"
"$program" cache gc --older-than "$keep" >/dev/null
((verdict == 100)) || verdict=0
exit "$verdict"
