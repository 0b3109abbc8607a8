#!/usr/bin/env bash
# Measures, prints a table, asserts nothing. Run it on a machine that does nothing else.
#
#   scripts/bench.sh [--build] [--nightly] [--kernel KERNEL]
#
#   --build          measure a full build without ccache as well (minutes)
#   --nightly        measure the whole nightly matrix: booted, restored, unchanged (hours)
#   --kernel KERNEL  the one for the rate of cells (default: debian-6.12)
#
# Uses build/ and the workspace of quickstart.sh, and leaves its runs in that workspace's store.
# Everything that is fetched or built for a run is there before the clock starts.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"

full_build=false
nightly=false
kernel=debian-6.12
while (($#)); do
  case $1 in
    --build) full_build=true && shift ;;
    --nightly) nightly=true && shift ;;
    --kernel) kernel=${2:?--kernel wants the id of a kernel} && shift 2 ;;
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "'$1' is no argument of bench.sh; see --help." >&2 && exit 2 ;;
  esac
done

program=$build/bin/bpfmatrix
export BPFMATRIX_WORKSPACE=${BPFMATRIX_WORKSPACE:-$root/.bpfmatrix}
scratch=$(mktemp --directory "${TMPDIR:-/tmp}/bpfmatrix-bench.XXXXXX")
driver=
clean_up() {
  [[ -z $driver ]] || kill "$driver" 2>/dev/null || true
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

rows=()
row() { rows+=("$1|$2|${3-}"); }
now() { echo "$EPOCHREALTIME"; }
calculate() { awk "BEGIN { printf \"$1\", $2 }"; }
since() { calculate %.1f "$(now) - $1"; }

# Processor seconds of one process that has not ended, its children not counted: fields 14 and 15 of
# /proc/PID/stat, in ticks; what is before the last ")" may hold spaces.
processor_seconds() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086  # fields
  set -- ${stat##*) }
  [[ $1 != Z ]] || return 1
  calculate %.2f "(${12} + ${13}) / $(getconf CLK_TCK)"
}

# observed_run ARGUMENT...: runs bpfmatrix run ARGUMENT... and sets wall, code, processor (seconds of
# the driver, last seen at most 0.1 s before its end) and memory (MiB, its peak RSS likewise);
# $scratch/progress has a line "TIME TEXT" for each line of standard error.
observed_run() {
  local start seen reader stamps peak
  exec {stamps}> >(
    while IFS= read -r line; do echo "$EPOCHREALTIME $line"; done >"$scratch/progress"
  )
  reader=$!
  start=$(now)
  "$program" run "$@" >"$scratch/table" 2>&"$stamps" &
  driver=$!
  processor=0
  memory=0
  while seen=$(processor_seconds "$driver"); do
    processor=$seen
    peak=$(sed -nE 's/^VmHWM:[^0-9]*([0-9]+) kB/\1/p' "/proc/$driver/status" 2>/dev/null) || true
    [[ -z $peak ]] || memory=$((peak / 1024))
    sleep 0.1
  done
  code=0
  wait "$driver" || code=$?
  driver=
  wall=$(since "$start")
  exec {stamps}>&-
  wait "$reader" || true
}

# Kept observations answer only where they are what is measured.
quick_again() {
  observed_run quick --offline --no-cache --cold
  row "quick matrix, every machine booted (exit code $code)" "$wall s" "90 s or less"
  observed_run quick --offline --no-cache
  observed_run quick --offline --no-cache
  row "quick matrix, machines restored, no results kept" "$wall s" "20 s or less"
  row "the driver's most memory in that run" "$memory MiB"
  observed_run quick --offline
  row "quick matrix, unchanged" "$wall s" "$(sed -nE 's/^.*; ([0-9]+ cached)$/\1/p' "$scratch/table")"
}

whole_nightly() {
  observed_run nightly --offline --no-cache --cold
  row "nightly matrix, every machine booted (exit code $code)" "$wall s"
  observed_run nightly --offline --no-cache
  row "nightly matrix, machines restored, no results kept" "$wall s"
  row "the driver's most memory in that run" "$memory MiB" "200 MiB or less"
  observed_run nightly --offline
  row "nightly matrix, unchanged" "$wall s" "2 s or less"
}

# Cells of one kernel that is not like the others: what a matrix costs against its cells.
cost_of_cells() {
  local mode
  for mode in 'prog_load:2:4096' 'prog_load:*:4096' 'prog_load:*'; do
    observed_run nightly --offline --no-cache -k "$kernel" -l raw -l 'libbpf-1.*' -p trivial -m "$mode"
    row "$(sed -nE 's/^([0-9]+) cells: .*/\1/p' "$scratch/table") cells of $kernel, one of ten programs" "$wall s"
  done
}

starts() {
  "$build/bin/bpfmatrix-bench" start --kernel "$kernel" --rounds 5 --each 2>"$scratch/progress" |
    sed -nE 's/^(booted|  with|restored|most memory)(.*[a-z)0-9]|) {2,}([0-9.]+ (s|MiB)) *(.*)$/\1\2|\3|\5/p'
}

# Lines of progress: "TIME [ done/all] kernel loader n cells in s". The first group of cells has the
# boot before it; the rate is that of all the others.
cell_rate() {
  local cells seconds
  observed_run nightly --offline --no-cache -k "$kernel" -l '*' -p trivial -p uninitialised
  read -r cells seconds < <(sed -nE 's/^([0-9.]+) \[ *([0-9]+)\/.*/\1 \2/p' "$scratch/progress" |
    awk 'NR == 1 { start = $1; before = $2 }
    { last = $1; done = $2 }
    END { printf "%d %.3f\n", done - before, last - start }')
  if ((cells == 0)); then
    row "short cells a second, $kernel" "not measured (exit code $code)"
    tail -n 3 "$scratch/progress" >&2
    return
  fi
  row "short cells a second, one machine, $kernel" "$(calculate %.0f "$cells / $seconds")" \
    "($cells cells)"
  row "driver's own processor time a cell, preparation included" \
    "$(calculate %.2f "$processor * 1000 / $(measured_cells)") ms" "0.2 ms or less"
}

# Cells of the last run that were measured.
measured_cells() {
  sed -nE 's/^[0-9.]+ \[ *([0-9]+)\/.*/\1/p' "$scratch/progress" | tail -n 1
}

# Without ccache, which would answer for the compiler.
rebuild_of() {
  local start
  touch "$root/$1"
  start=$(now)
  CCACHE_DISABLE=1 cmake --build "$build" --target bpfmatrix >"$scratch/build.log" 2>&1 || return
  row "rebuild after a change to $1" "$(since "$start") s"
}

build_from_nothing() {
  local start
  start=$(now)
  (
    cd "$root"
    cmake --preset release -B "$scratch/build" -DBPFMATRIX_TESTS=OFF &&
      CCACHE_DISABLE=1 cmake --build "$scratch/build"
  ) >"$scratch/build.log" 2>&1 || return
  row "full build without tests, $(nproc) cores" "$(since "$start") s"
}

install_missing quickstart crates || exit
configure program_only
build_targets bpfmatrix bpfmatrix_bench testprogs
echo "Fetching what the runs need." >&2
"$program" fetch quick >&2 || true
if $nightly; then
  "$program" fetch nightly >&2 || true
else
  "$program" fetch nightly -k "$kernel" >&2 || true
fi

echo "Measuring the quick matrix." >&2
quick_again
if $nightly; then
  echo "Measuring the nightly matrix." >&2
  whole_nightly
fi
echo "Measuring what cells cost." >&2
cost_of_cells
echo "Measuring the rate of cells." >&2
cell_rate
echo "Measuring starts of machines." >&2
while IFS= read -r line; do rows+=("$line"); done < <(starts)
echo "Measuring cells against bare bpf() calls." >&2
bare=$("$build/bin/bpfmatrix-bench" rate --kernel "$kernel" 2>"$scratch/progress" |
  sed -nE 's/^cells to loads, by time +//p') || bare='failed'
row "short cells against bare bpf() calls, $kernel (range)" "$bare" "60 % or more"
echo "Measuring rebuilds." >&2
rebuild_of harness/plan/expand.cpp || row "rebuild after a change to harness/plan/expand.cpp" failed
rebuild_of harness/run/driver.cpp || row "rebuild after a change to harness/run/driver.cpp" failed
if $full_build; then
  echo "Measuring a full build." >&2
  build_from_nothing || row "full build" failed
fi

processor_name=$(sed -n '/^model name/{s/^[^:]*: //p;q}' /proc/cpuinfo)
printf '%s, %s cores, Linux %s\n\n' "$processor_name" "$(nproc)" "$(uname -r)"
for line in "${rows[@]}"; do
  IFS='|' read -r what figure remark <<<"$line"
  printf '%-58s %14s   %s\n' "$what" "$figure" "$remark"
done
