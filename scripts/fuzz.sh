#!/usr/bin/env bash
# Runs fuzz targets, each for some time, with libFuzzer (clang-16).
#
#   scripts/fuzz.sh TARGET|all SECONDS
#
# Starts from the corpus in harness/tests/fuzz/corpus/TARGET; what it finds new is kept in
# build/fuzz/TARGET/corpus, what breaks in build/fuzz/TARGET/. Builds the targets in build/fuzz/build.
#
# Exit code: 0 when nothing broke, 1 when something did (or the build), 2 for a wrong argument, 125
# when there is no clang-16 or no libFuzzer: skipped, which is not passed.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"
tests=$root/harness/tests/fuzz
out=$build/fuzz

if [[ ${1-} == -h || ${1-} == --help ]]; then
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0
fi
if (($# != 2)) || [[ ! $2 =~ ^[0-9]+$ ]]; then
  echo "fuzz.sh wants a target and a number of seconds; see scripts/fuzz.sh --help." >&2
  exit 2
fi
targets=("$1")
if [[ $1 == all ]]; then
  mapfile -t targets < <(cd "$tests" && printf '%s\n' *_fuzz.cpp | sed 's/_fuzz\.cpp$//')
fi
seconds=$2
for target in "${targets[@]}"; do
  if [[ ! -f $tests/${target}_fuzz.cpp ]]; then
    echo "There is no fuzz target '$target'." >&2
    exit 2
  fi
done
runtime=$(clang-16 -print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null || true)
if [[ ! -f $runtime ]]; then
  echo "No libFuzzer: install the packages clang-16 and libclang-rt-16-dev." >&2
  exit 125
fi

# Several targets may be asked for at once (ctest --parallel): one builds, the others wait.
mkdir -p "$out"
exec 9>"$out/guard"
flock 9
[[ -e $out/build/build.ninja ]] ||
  (cd "$root" && logged "$build/logs/fuzz-configure.log" "Configuring the fuzz targets" \
    cmake --preset fuzz)
logged "$build/logs/fuzz-build.log" "The build of the fuzz targets" \
  cmake --build "$out/build" --target bpfmatrix_fuzz_targets
flock -u 9

broken=0
for target in "${targets[@]}"; do
  mkdir -p "$out/$target/corpus"
  dictionary=()
  [[ ! -f $tests/$target.dict ]] || dictionary=("-dict=$tests/$target.dict")
  if ! "$out/build/tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=70000 -print_final_stats=1 \
    -artifact_prefix="$out/$target/" "${dictionary[@]}" \
    "$out/$target/corpus" "$tests/corpus/$target" >"$out/$target/log" 2>&1 9>&-; then
    broken=1
    grep -aE '^(property broken|SUMMARY|==[0-9]+==ERROR|Test unit written)|runtime error' \
      "$out/$target/log" | cut -c1-300 >&2 || true
    echo "$target broke (all of it: $out/$target/log). Build and replay it with: cmake --build" \
      "$build --target ${target}_fuzz && $build/tests/fuzz/${target}_fuzz $out/$target/<file>" >&2
    continue
  fi
  sed -n "s/^stat::\(number_of_executed_units\|average_exec_per_sec\|peak_rss_mb\): */$target \1 /p" \
    "$out/$target/log"
done
exit "$broken"
