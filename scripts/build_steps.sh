# Configuring and building in build/, for the scripts that need it. Sourced after setting `root` to
# the folder of the source tree.
# shellcheck shell=bash

build=${root:?}/build

# logged LOG TEXT COMMAND...: runs the command with its output in LOG; shows its end on failure.
logged() {
  local log=$1 text=$2
  shift 2
  mkdir -p "${log%/*}"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    echo "$text failed (above: its last lines; all of it: $log)." >&2
    return 1
  fi
}

cached_value() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt" 2>/dev/null || true; }

# configure with_tests|program_only: makes build/ ready. A folder that is configured stays what it
# is (another preset, say); tests are only ever added: no script undoes the work of another.
configure() {
  local -a command
  local tests=OFF
  [[ $1 != with_tests ]] || tests=ON
  if [[ -e $build/build.ninja ]]; then
    [[ $tests == ON && $(cached_value BPFMATRIX_TESTS) != ON ]] || return 0
    command=(cmake -S "$root" -B "$build" -DBPFMATRIX_TESTS=ON)
  else
    echo "Configuring $build (preset release)." >&2
    command=(cmake --preset release "-DBPFMATRIX_TESTS=$tests")
  fi
  # Presets are read from the current folder.
  (cd "$root" && logged "$build/logs/configure.log" "Configuring" "${command[@]}")
}

# build_targets TARGET...: builds them ("all" is one) and says how long it took, if it did.
build_targets() {
  local before=$SECONDS
  [[ -e $build/logs/built ]] ||
    echo "Building; the first time this takes some minutes (log: $build/logs/build.log)." >&2
  logged "$build/logs/build.log" "The build" cmake --build "$build" --target "$@" || return
  : >"$build/logs/built"
  ((SECONDS - before < 3)) || echo "The build took $((SECONDS - before)) s." >&2
}
