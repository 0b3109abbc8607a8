#!/usr/bin/env bash
# Times one job side by side, bpfmatrix and other tools that boot kernels; asserts nothing. The job:
# boot a kernel, load a program of two instructions at log level 2 with a buffer of 4 KiB, bring the
# verifier log back, end. Run it on a machine that does nothing else.
#
#   scripts/bench-peers.sh [--rounds N] [--kernel KERNEL] [--kernel-image PATH --modules DIR]
#                          [--program PATH]
#
#   --rounds N           how often each does the job, in turns (default: 5)
#   --kernel KERNEL      a kernel of Debian's cloud flavour (default: debian-6.12)
#   --kernel-image PATH  the kernel of the second block, its modules in DIR (a lib/modules/RELEASE);
#   --modules DIR        default: Debian's generic flavour of the same version, which has 9p
#   --program PATH       this bpfmatrix, instead of building build/bin/bpfmatrix
#
# All use QEMU's emulation (TCG) and give the guest one processor. The others are installed into
# peers/ of the workspace from their registries (minutes, the first time), and nowhere else; what
# cannot be had or cannot do the job is told with its own words and not timed.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/build_steps.sh
source "$root/scripts/build_steps.sh"

rounds=5
kernel=debian-6.12
kernel_image=
modules=
program=
limit=120 # seconds for one attempt
while (($#)); do
  case $1 in
    --rounds) rounds=${2:?--rounds wants a number} && shift 2 ;;
    --kernel) kernel=${2:?--kernel wants the id of a kernel} && shift 2 ;;
    --kernel-image) kernel_image=$(realpath "${2:?--kernel-image wants a file}") && shift 2 ;;
    --modules) modules=$(realpath "${2:?--modules wants a folder}") && shift 2 ;;
    --program) program=$(realpath "${2:?--program wants a file}") && shift 2 ;;
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "'$1' is no argument of bench-peers.sh; see --help." >&2 && exit 2 ;;
  esac
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "--rounds wants a number above 0." >&2 && exit 2; }
[[ -n $kernel_image || -z $modules ]] ||
  { echo "--modules wants --kernel-image beside it." >&2 && exit 2; }

export BPFMATRIX_WORKSPACE=${BPFMATRIX_WORKSPACE:-$root/.bpfmatrix}
mkdir -p "$BPFMATRIX_WORKSPACE/peers/logs"
BPFMATRIX_WORKSPACE=$(realpath "$BPFMATRIX_WORKSPACE")
peers=$BPFMATRIX_WORKSPACE/peers
export PATH=$peers/bin:$peers/venv/bin:$PATH # virtme-ng looks for virtiofsd there
scratch=$(mktemp --directory "${TMPDIR:-/tmp}/bpfmatrix-peers.XXXXXX")
export TMPDIR=$scratch # what the others leave goes with it
running= # the process group of what runs
end_running() {
  [[ -z $running ]] || kill -KILL -- "-$running" 2>/dev/null || true
  running=
}
clean_up() {
  if [[ -n $running ]] && kill -TERM -- "-$running" 2>/dev/null; then sleep 1; fi
  end_running
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# limited SECONDS FILE COMMAND...: runs the command with its output in FILE and ends what it left
# behind: timeout(1) leads a process group of its own. Two files meanwhile, since a QEMU that opens
# both streams anew would write one over the other.
limited() {
  local seconds=$1 output=$2 code=0
  shift 2
  timeout --kill-after=5 "$seconds" "$@" >"$output" 2>"$output.err" </dev/null &
  running=$!
  wait "$running" || code=$?
  end_running
  cat "$output.err" >>"$output"
  rm -f "$output.err"
  ((code != 124 && code != 137)) || echo "error: no end after $seconds s" >>"$output"
  return "$code"
}

# error_text FILE: what a tool or its guest said of its failure, in one line without addresses.
error_text() {
  local -a lines
  mapfile -t lines < <(tr -d '\r' <"$1" | sed -E 's/^\[ *[0-9.]+\] //' >"$scratch/said" &&
    grep -aE '^(Failed|ERROR|[Ee]rror|Kernel panic)|[Ee]rror: |: 40[34] |: not found$' \
      "$scratch/said" | awk '!seen[$0]++' | tail -n 3)
  ((${#lines[@]})) || mapfile -t lines < <(tail -n 1 "$scratch/said")
  ((${#lines[@]})) || lines=("(it said nothing)")
  printf '%s; ' "${lines[@]}" | sed -E "s#https?://[^ ]*#(address)#g; s#$root/?##g; s/; \$//"
}

# --- What can be had ------------------------------------------------------------------------------

declare -A missing=() # contestant: why it is not there

# had TOOL COMMAND...: installs what gives peers/bin/TOOL or peers/venv/bin/TOOL, once.
had() {
  local tool=$1
  shift
  [[ ! -x $peers/bin/$tool && ! -x $peers/venv/bin/$tool ]] || return 0
  echo "Installing $tool (log: $peers/logs/$tool.log)." >&2
  if ! type -P "$1" >/dev/null; then
    missing[$tool]="$1 is not installed"
  elif ! limited 1800 "$peers/logs/$tool.log" "$@"; then
    missing[$tool]=$(error_text "$peers/logs/$tool.log")
  else
    return 0
  fi
  return 1
}

install_peers() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  had vng bash -c 'python3 -m venv "$0" && "$0/bin/pip" install --no-cache-dir virtme-ng' \
    "$peers/venv" || true
  had virtiofsd cargo install --locked --root "$peers" virtiofsd || true
  had vmtest cargo install --locked --root "$peers" vmtest || true
  had vimto env GOPATH="$peers/go" GOBIN="$peers/bin" GOFLAGS=-modcacherw \
    go install lmb.io/vimto@latest || true
  gcc -static -O2 -Wall "$root/harness/bench/peer_load.c" -o "$peers/peer_load"
}

version_of() {
  local line
  line=$("$@" --version 2>/dev/null | sed -nE 's/^[^0-9]*([0-9]+(\.[0-9]+)+).*/\1/p') || true
  echo "${line:-none}"
}

# kernel_package PACKAGE VERSION: unpacks a kernel of Debian into peers/kernels/PACKAGE.
kernel_package() {
  local folder=$peers/kernels/$1 log=$peers/logs/$1.log
  [[ ! -e $folder/complete ]] || return 0
  rm -rf "$folder"
  mkdir -p "$folder" "$scratch/deb"
  # shellcheck disable=SC2016  # expanded by the inner shell
  limited 600 "$log" env --chdir="$scratch/deb" bash -euc 'apt-get download "$0=$1"
    dpkg-deb -x ./"$0"_*.deb "$2" && depmod -b "$2" "${0#linux-image-}" && touch "$2/complete"' \
    "$1" "$2" "$folder" || { error_text "$log" >&2 && echo >&2 && return 1; }
}

# --- The jobs -------------------------------------------------------------------------------------

# Runs a command where there is no /dev/kvm, in a mount namespace of its own: vmtest takes KVM
# whenever that file is there, also if it does not work.
# shellcheck disable=SC2016  # expanded by the inner shell
without_kvm='set -eu
mount -t tmpfs -o mode=755 none "$0"
for node in null zero full random urandom tty; do
  : >"$0/$node"
  mount --bind "/dev/$node" "$0/$node"
done
mount --rbind "$0" /dev
cd "$1"
shift
exec "$@"'

# initramfs_with_9p IMAGE: prints the path of an initramfs that mounts vmtest's root where 9p is a
# module; vmtest has none of its own. Fails where there is no 9p or it needs no module.
initramfs_with_9p() {
  local folder=${1%/boot/*} release=${1##*/vmlinuz-} tree=$scratch/initramfs word file name
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,dev,proc,root,modules}
  cp "$(type -P busybox)" "$tree/bin/busybox"
  # shellcheck disable=SC2016  # expanded in the guest
  {
    printf '#!/bin/busybox sh\nPATH=/bin\nbusybox mount -t proc proc /proc\n'
    for name in virtio_pci virtio_console 9pnet_virtio 9p; do
      modprobe --dirname="$folder" --set-version="$release" --show-depends "$name" || true
    done 2>/dev/null | awk '$1 == "insmod" && !seen[$2]++' | while read -r word file; do
      cp "$file" "$tree/modules/"
      echo "busybox $word /modules/${file##*/}"
    done
    echo 'for word in $(busybox cat /proc/cmdline); do'
    echo 'case $word in init=*) init=${word#init=} ;; esac; done'
    echo 'busybox umount /proc'
    echo 'busybox mount -t 9p -o ro,trans=virtio,cache=mmap,msize=1048576 /dev/root /root'
    echo 'exec busybox switch_root /root "$init"'
  } >"$tree/init"
  chmod +x "$tree/init"
  [[ -n $(find "$tree/modules" -name '9p.ko*') ]] || return 1
  (cd "$tree" && find . | cpio --quiet -o -H newc) >"$scratch/initramfs.cpio"
  echo "$scratch/initramfs.cpio"
}

known_option() { "$program" run --help | grep -q -- "$1"; }

# job_of CONTESTANT IMAGE: sets job, the command that does it.
job_of() {
  local option vng=(vng --run "$2" --disable-kvm --cpus 1 --memory 512M --verbose)
  # A guest without udev brings the output back by the console, which --verbose shows.
  case $1 in
    bpfmatrix*)
      job=("$program" run "${selection[@]}" --accel tcg --offline)
      for option in --no-cache ${1#bpfmatrix}; do
        ! known_option "$option" || job+=("$option")
      done
      # shellcheck disable=SC2016  # expanded by the inner shell
      job=(bash -c '"$@" && "$0" export latest' "$program" "${job[@]}")
      ;;
    "virtme-ng, virtiofs") job=("${vng[@]}" --exec "$peers/peer_load") ;;
    "virtme-ng, 9p") job=("${vng[@]}" --force-9p --exec "$peers/peer_load") ;;
    vmtest)
      local initrd namespace=(unshare --mount)
      ((EUID == 0)) || namespace+=(--map-root-user)
      mkdir -p "$scratch/dev" "$scratch/vmtest"
      {
        printf '[[target]]\nname = "peer"\nkernel = "%s"\nkernel_args = "ro"\n' "$2"
        printf 'command = "%s"\n[target.vm]\nnum_cpus = 1\nmemory = "512M"\n' "$peers/peer_load"
        initrd=$(initramfs_with_9p "$2") && printf 'extra_args = ["-initrd", "%s"]\n' "$initrd"
      } >"$scratch/vmtest/vmtest.toml" || true
      job=("${namespace[@]}" bash -c "$without_kvm" "$scratch/dev" "$scratch/vmtest"
        env VMTEST_NO_UI=1 RUST_BACKTRACE=0 vmtest)
      ;;
    vimto) job=(vimto -kernel "$2" -- "$peers/peer_load") ;;
  esac
}

# Sets used to the processor seconds of all children since it was last called.
processor_seconds() {
  local before=${children:-0}
  times >"$scratch/times"
  children=$(awk -F '[ms ]+' 'NR == 2 { print ($1 + $3) * 60 + $2 + $4 }' "$scratch/times")
  used=$(awk "BEGIN { printf \"%.2f\", $children - $before }")
}

# attempt CONTESTANT IMAGE: does the job, sets wall and used; fails unless the log came back.
attempt() {
  local start code=0
  job_of "$1" "$2"
  processor_seconds
  start=$EPOCHREALTIME
  limited "$limit" "$scratch/output" "${job[@]}" || code=$?
  wall=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $start }")
  processor_seconds
  ((code != 124 && code != 137)) || return 1
  # Not the code alone: virtme-ng ends with 255 where the guest has no udev to bring its code back.
  grep -aq 'processed 2 insns' "$scratch/output" && return 0
  echo "(ended with $code; no log came back)" >>"$scratch/output"
  return 1
}

# --- The trial ------------------------------------------------------------------------------------

# why_not CONTESTANT: prints why it cannot be tried, if so.
why_not() {
  local tool
  for tool in $(case $1 in
    "virtme-ng, virtiofs") echo vng virtiofsd ;;
    "virtme-ng, 9p") echo vng ;;
    vmtest | vimto) echo "$1" ;;
  esac); do
    [[ -z ${missing[$tool]-} ]] || echo "$tool cannot be had: ${missing[$tool]}"
  done
}

# block TITLE IMAGE: tries each once, untimed (it also fetches, builds and keeps what a first run
# does), then times those that work, in turns; bpfmatrix runs what `selection` says.
block() {
  local name reason round
  local -a fit=()
  local -A walls=() uses=() failures=()
  printf '\n%s\n' "$1"
  for name in "${contestants[@]}"; do
    echo "Trying $name." >&2
    reason=$(why_not "$name")
    if [[ -n $reason ]]; then
      failures[$name]=$reason
    elif attempt "$name" "$2"; then
      fit+=("$name")
    else
      failures[$name]=$(error_text "$scratch/output")
    fi
  done
  for ((round = 1; round <= rounds; ++round)); do
    echo "Round $round of $rounds." >&2
    for name in "${fit[@]}"; do
      if attempt "$name" "$2"; then
        walls[$name]+="$wall "
        uses[$name]+="$used "
      else
        failures[$name]="round $round: $(error_text "$scratch/output")"
      fi
    done
  done
  printf '  %-20s %7s %7s %7s %9s   %s\n' "" median least ratio processor "each round"
  for name in "${contestants[@]}"; do
    [[ -z ${walls[$name]-} ]] ||
      table_row "$name" "${walls[${contestants[0]}]-}" "${walls[$name]}" "${uses[$name]}"
    [[ -z ${failures[$name]-} ]] || printf '  %-20s not timed: %s\n' "$name" "${failures[$name]}"
  done
}

# table_row NAME TIMES_OF_THE_FIRST TIMES PROCESSOR_SECONDS
table_row() {
  awk -v name="$1" -v first="$2" -v all="$3" -v used="$4" '
    function sorted(text, into, n, i, j, x) {
      n = split(text, into, " ")
      for (i = 2; i <= n; ++i) {
        x = into[i] + 0
        for (j = i - 1; j > 0 && into[j] + 0 > x; --j) into[j + 1] = into[j]
        into[j + 1] = x
      }
      return n
    }
    function median(values, n) { return (values[int((n + 1) / 2)] + values[int(n / 2) + 1]) / 2 }
    BEGIN {
      m = sorted(first, reference)
      n = sorted(all, own)
      ratio = m ? sprintf("%.1f", median(own, n) / median(reference, m)) : "?"
      printf "  %-20s %7.1f %7.1f %7s %9.1f   %s\n", name, median(own, n), own[1], ratio,
        median(work, sorted(used, work)), all
    }'
}

install_missing quickstart crates peers || exit
if [[ -z $program ]]; then
  configure program_only
  build_targets bpfmatrix testprogs
  program=$build/bin/bpfmatrix
fi
install_peers

contestants=(bpfmatrix "virtme-ng, virtiofs" "virtme-ng, 9p" vmtest vimto)
# Where machines are kept warm, a cold one is what the others are held against.
! known_option --cold || contestants=("bpfmatrix --cold" "${contestants[@]}")
! known_option --warm || contestants+=("bpfmatrix --warm")

echo "Fetching $kernel and its packages." >&2
selection=(quick -k "$kernel" -l raw -p trivial -m 'prog_load:2:4096')
"$program" run "${selection[@]}" --accel tcg >"$scratch/table" 2>&1 ||
  { cat "$scratch/table" >&2 && exit 1; }
"$program" export latest >"$scratch/run.json"
read -r package version < <(sed -nE \
  '/"kernels":\[/{s/.*"source":"debian [^ ]+ ([^ "]+) ([^"]+)".*/\1 \2/p;q}' "$scratch/run.json")
kernel_package "$package" "$version" || exit
image=$(echo "$peers/kernels/$package/boot/vmlinuz-"*)
grep -q "\"sha256\":\"$(sha256sum "$image" | cut -d' ' -f1)\"" "$scratch/run.json" ||
  { echo "$package is not the kernel that bpfmatrix booted." >&2 && exit 1; }

processor_name=$(sed -n '/^model name/{s/^[^:]*: //p;q}' /proc/cpuinfo)
printf '%s, %s cores, Linux %s, %s, QEMU %s\n' "$processor_name" "$(nproc)" "$(uname -r)" \
  "$(date -u '+%F %R UTC')" "$(version_of qemu-system-x86_64)"
printf 'bpfmatrix %s, virtme-ng %s with virtiofsd %s, vmtest %s, vimto %s\n' \
  "$(version_of "$program")" "$(version_of vng)" "$(version_of virtiofsd)" "$(version_of vmtest)" \
  "$(version_of vimto)"
printf 'TCG, one processor; /dev/kvm is hidden from vmtest. Seconds; ratio: of the medians\n'
block "$kernel, the same image for all: ${image##*/vmlinuz-}" "$image"

if [[ -z $kernel_image ]]; then
  generic=${package/-cloud-/-}
  kernel_package "$generic" "$version" || exit
  image=$(echo "$peers/kernels/$generic/boot/vmlinuz-"*)
  modules=$(echo "$peers/kernels/$generic/lib/modules/"*)
else
  # Where the others look for modules: beside the image, as in an installed system.
  release=$(basename "${modules:-none}")
  mkdir -p "$scratch/local/boot" "$scratch/local/lib/modules"
  image=$scratch/local/boot/vmlinuz-$release
  cp "$kernel_image" "$image"
  [[ -z $modules ]] || cp -a "$modules" "$scratch/local/lib/modules/"
fi
printf '%s\n' "kernels: [{id: second, file: $image${modules:+, modules: $modules}}]" \
  "loaders: [raw]" "programs: [{match: trivial, modes: [{level: 2, buffer: 4KiB}]}]" \
  >"$scratch/second.yaml"
selection=("$scratch/second.yaml")
block "The same image for all: ${image##*/vmlinuz-}; vmtest with an initramfs for 9p" "$image"
