#!/usr/bin/env bash
# Measures what a run costs against the number of its cells, kernels and machines at a time, and
# draws it. Asserts nothing. Takes about six minutes on a machine that does nothing else.
#
#   scripts/bench-scale.sh [--out DIR]
#
#   --out DIR  where scale.tsv and scale.svg go (default: harness/docs/performance)
#
# Cells are loads of the trivial program by the bare system call, which differ in the size of their
# buffers: real loads on real kernels, each with a name of its own. Machines are restored, nothing
# that an earlier run observed is used. Uses build/ and the workspace of quickstart.sh, and leaves its
# runs in that workspace's store.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"

out=$root/harness/docs/performance
while (($#)); do
  case $1 in
    --out) out=${2:?--out wants a folder} && shift 2 ;;
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "'$1' is no argument of bench-scale.sh; see --help." >&2 && exit 2 ;;
  esac
done

program=$build/bin/bpfmatrix
export BPFMATRIX_WORKSPACE=${BPFMATRIX_WORKSPACE:-$root/.bpfmatrix}
scratch=$(mktemp --directory "${TMPDIR:-/tmp}/bpfmatrix-scale.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# matrix CELLS KERNEL...: writes a matrix of that many cells (a multiple of 4) for each kernel.
matrix() {
  local cells=$1
  shift
  {
    echo "kernels: [$(IFS=, && echo "$*")]"
    echo 'loaders: [raw]'
    echo 'programs:'
    echo '  - match: trivial'
    echo '    modes:'
    echo "      - {level: [1, 2, 4, 6], buffer: [$(seq -s, 4096 $((4096 + cells / 4 - 1)))]}"
    echo 'limits: {cell: 10s, boot: 20s, memory: 256MiB, max_cells: 100000}'
  } >"$scratch/scale.yaml"
}

# timed WHAT X ARGUMENT...: one run of the matrix as it stands; a line "WHAT X SECONDS MIB" of scale.tsv.
timed() {
  local what=$1 x=$2 start seconds memory driver peak
  shift 2
  start=$EPOCHREALTIME
  "$program" run "$scratch/scale.yaml" --offline --no-cache --quiet "$@" \
    >"$scratch/table" 2>"$scratch/log" &
  driver=$!
  memory=0
  while peak=$(sed -nE 's/^VmHWM:[^0-9]*([0-9]+) kB/\1/p' "/proc/$driver/status" 2>/dev/null) &&
    [[ -n $peak ]]; do
    memory=$((peak / 1024))
    sleep 0.05
  done
  if ! wait "$driver"; then
    tail -n 3 "$scratch/log" >&2
    return 1
  fi
  seconds=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")
  printf '%s\t%s\t%s\t%s\n' "$what" "$x" "$seconds" "$memory" | tee -a "$scratch/scale.tsv" >&2
}

report_time() {
  local start=$EPOCHREALTIME
  "$program" report latest >"$scratch/table"
  printf 'report\t%s\t%s\t-\n' "$1" "$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")" |
    tee -a "$scratch/scale.tsv" >&2
}

install_missing quickstart plot || exit
configure program_only
build_targets bpfmatrix testprogs
mapfile -t kernels < <("$program" list kernels | sed -nE 's/^(debian-[0-9.]+) .*/\1/p')
echo "Fetching kernels and saving their machines." >&2
matrix 4 "${kernels[@]}"
"$program" run "$scratch/scale.yaml" --no-cache --quiet >"$scratch/table"

echo "# what, how many, seconds, MiB of the driver" >"$scratch/scale.tsv"
echo "Cells of one kernel, one machine." >&2
for cells in 100 1000 10000 100000; do
  matrix "$cells" debian-6.12
  timed cells "$cells" -j 1
done
report_time 100000
echo "Kernels, 200 cells each, as many machines at a time as fit." >&2
for count in 1 2 4 6 8 "${#kernels[@]}"; do
  matrix 200 "${kernels[@]:0:count}"
  timed kernels "$count"
done
echo "Machines at a time, four kernels, 2,000 cells each." >&2
matrix 2000 "${kernels[@]:0:4}"
for machines in 1 2 3 4; do
  timed machines "$machines" -j "$machines"
done

mkdir -p "$out"
{
  printf '# %s, %s cores, %s\n' "$(sed -n '/^model name/{s/^[^:]*: //p;q}' /proc/cpuinfo)" "$(nproc)" \
    "$(date --utc +%F)"
  cat "$scratch/scale.tsv"
} >"$out/scale.tsv"
for what in cells kernels machines; do
  awk -v what="$what" -F'\t' '$1 == what { print $2, $3 }' "$out/scale.tsv" >"$scratch/$what"
done
gnuplot <<PLOT
set terminal svg size 900,300 font "sans-serif,11" background "white"
set output "$out/scale.svg"
set multiplot layout 1,3
set grid
set ylabel "seconds"
set style data linespoints
set pointsize 0.6
unset key
set yrange [0.5:*]
set logscale xy
set xrange [50:200000]
set format x "10^{%L}"
set xlabel "cells of one kernel, one machine"
plot "$scratch/cells" linewidth 2
unset logscale
set format x "%g"
set yrange [0:*]
set xrange [0:*]
set xlabel "kernels, 200 cells each"
plot "$scratch/kernels" linewidth 2
set xlabel "machines at a time, 4 kernels, 8,000 cells"
plot "$scratch/machines" linewidth 2
unset multiplot
PLOT
echo "Written: $out/scale.tsv and $out/scale.svg" >&2
