#!/usr/bin/env bash
# From a fresh Debian 12 to a compatibility table: installs what is missing, builds, runs a matrix.
#
#   scripts/quickstart.sh [MATRIX]     a file, or the name of a shipped matrix (default: quick)
#
# The table goes to standard output, everything else to standard error. Kernels, loaders and results
# are kept in .bpfmatrix of the source tree (or $BPFMATRIX_WORKSPACE); a second run builds and
# fetches nothing again. Exit code: that of `bpfmatrix run` (README), 1 when the build failed, 75
# when this machine lacks packages that could not be installed.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"

case ${1-} in
  -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
  -*) echo "quickstart.sh takes one argument, a matrix; see --help." >&2 && exit 2 ;;
esac
if (($# > 1)); then
  echo "quickstart.sh takes one argument, a matrix; see --help." >&2
  exit 2
fi
matrix=${1:-quick}
program=$build/bin/bpfmatrix
export BPFMATRIX_WORKSPACE=${BPFMATRIX_WORKSPACE:-$root/.bpfmatrix}

# Does the matrix have cells to run with a loader whose source is a crate? Reads whole outputs, so
# that no one writes into a closed pipe.
needs_crates() {
  local crates
  crates=$("$program" list loaders | awk '/ crate libbpf-sys /{print $1}')
  "$program" plan "$matrix" --cells 2>/dev/null |
    awk -v crates="$crates" 'BEGIN { split(crates, list); for (i in list) wanted[list[i]] = 1 }
      $1 == "run" { split($2, part, "/"); if (part[2] in wanted) found = 1 }
      END { exit !found }'
}

# None before the first run.
run_ids() { "$program" list runs 2>/dev/null | awk '{print $1}' | sort || true; }

# Writes the full report and every cell of the run $1 beside each other.
write_reports() {
  local base=$BPFMATRIX_WORKSPACE/reports/$1
  mkdir -p "$BPFMATRIX_WORKSPACE/reports"
  "$program" report "$1" --format markdown >"$base.md" || return
  "$program" export "$1" >"$base.json" || return
  echo "The full report is $base.md; every cell, for other programs, is in $base.json." >&2
  if [[ ! -e $build/share/bpfmatrix/page/template.html ]]; then
    echo "There is no HTML page: $build/logs/build.log says why." >&2
    return
  fi
  "$program" report "$1" --format html --out "$base.html" || return
  echo "The page to look at, filter and search is file://$base.html" >&2
}

install_missing quickstart || exit
install_missing page || echo "Without node and npm there is no HTML page." >&2
configure program_only
build_targets bpfmatrix bpfmatrix_page testprogs
# Only now is known what the matrix needs; a cargo is large, and most matrices do without.
if needs_crates; then
  install_missing crates ||
    echo "Without cargo the versions of libbpf that come from crates are left out." >&2
fi

before=$(run_ids)
code=0
"$program" run "$matrix" || code=$?
new=$(comm -13 <(printf '%s\n' "$before") <(run_ids) | tail -n 1)
[[ -z $new ]] || write_reports "$new" || echo "The full report could not be written." >&2
exit "$code"
