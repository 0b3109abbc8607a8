#!/usr/bin/env bash
# Does the README hold on a fresh machine? Makes a minimal Debian 12 in a temporary folder, copies
# this source tree into it (with what is not committed) and does there what a newcomer does:
#
#   scripts/quickstart.sh [MATRIX], the same once more, scripts/test.sh --label LABEL...
#
#   scripts/cleanroom.sh [--matrix MATRIX] [--label LABEL]... [--keep]
#     --matrix MATRIX  instead of quick     --label LABEL  instead of unit
#     --keep           leave the folder, with its build and its results, for a look
#
# Everything runs in a mount and a process namespace of its own: when it ends, however it ends, its
# mounts and processes are gone, and the folder (below ${TMPDIR:-/var/tmp}) is removed.
# Takes mirror, proxies and certificates from this machine. Needs root, about half an hour and the
# network. Exit code: that of the first command that failed, 125 when this user or machine cannot.

# shellcheck disable=SC2317  # functions are called by name, through step and trap
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self=$root/scripts/cleanroom.sh
suite=bookworm
inside=/home/newcomer/bpfmatrix

# What a machine behind a proxy needs for TLS; passed on when set, and the file copied when it is
# one.
passed_variables=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE
  SSL_CERT_DIR CURL_CA_BUNDLE GIT_SSL_CAINFO REQUESTS_CA_BUNDLE CARGO_HTTP_CAINFO CARGO_HTTP_PROXY)

cannot() {
  echo "$*" >&2
  exit 125
}

# The mirrors of the suite as this machine's apt resolves them: lines "URI SUITE".
host_mirrors() {
  # shellcheck disable=SC2016  # $(…) is apt's
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$suite" '$3 == "main" && ($2 == suite || index($2, suite "-") == 1) &&
      $2 !~ /backports/ && !seen[$2]++ { print $1, $2 }'
}

write_apt_sources() {
  local uri name
  while read -r uri name; do
    echo "deb $uri $name main"
  done <<<"$1" >"$2"
}

# The host's ways to the network: apt's proxies and checks, certificates, cargo's registry.
copy_network_settings() {
  local room=$1 name value cargo_home=${CARGO_HOME:-${HOME:-/root}/.cargo}
  local settings='^Acquire::[^ ]*(Proxy|Verify|Check-|CaInfo|CAInfo|Retries|Timeout)'
  apt-config dump | grep -E "$settings" | grep -v 'Auto-Detect' \
    >"$room/etc/apt/apt.conf.d/90-of-the-host" || true
  cp /etc/resolv.conf "$room/etc/resolv.conf"
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$room/usr/local/share/ca-certificates/"
  fi
  chroot "$room" update-ca-certificates >/dev/null 2>&1 || true
  for name in "${passed_variables[@]}"; do
    value=${!name-}
    # A bundle of the host's own may hold more than its parts in /usr/local.
    if [[ $value == /* && -f $value ]]; then
      mkdir -p "$room${value%/*}" && cat "$value" >"$room$value"
    fi
  done
  for name in config.toml config; do
    if [[ -f $cargo_home/$name ]]; then
      mkdir -p "$room/root/.cargo" && cp "$cargo_home/$name" "$room/root/.cargo/$name"
    fi
  done
}

copy_tree() {
  mkdir -p "$1"
  (
    cd "$root"
    # Deleted but still tracked files are in the list and not on the disk.
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
      if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi
    done | tar --create --null --no-recursion --files-from=-
  ) | tar --extract --directory="$1" --no-same-owner
}

mount_kernel_folders() {
  local room=$1 node
  mount -t proc proc "$room/proc"
  mount -t sysfs -o ro sysfs "$room/sys"
  mount -t tmpfs -o mode=755 tmpfs "$room/dev"
  for node in null zero full random urandom tty kvm; do
    [[ -c /dev/$node ]] || continue
    : >"$room/dev/$node"
    mount --bind "/dev/$node" "$room/dev/$node"
  done
  ln -s /proc/self/fd "$room/dev/fd"
  mkdir -m 1777 "$room/dev/shm"
}

# step NAME COMMAND...: as the newcomer types it; prints how long it took.
step() {
  local name=$1 before=$SECONDS code=0
  shift
  echo "== $name" >&2
  "$@" || code=$?
  echo "== $name: $((SECONDS - before)) s, exit code $code" >&2
  return "$code"
}

in_room() {
  local -a variables=(HOME=/root LANG=C.UTF-8 TERM=dumb
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  local name
  for name in "${passed_variables[@]}"; do
    [[ -z ${!name-} ]] || variables+=("$name=${!name}")
  done
  # shellcheck disable=SC2016  # expanded inside
  chroot "$room" /usr/bin/env -i "${variables[@]}" \
    /bin/bash -c 'cd "$0" && exec "$@"' "$inside" "$@"
}

# A second quickstart must not install, configure or build.
second_quickstart() {
  local code=0 said
  said=$room/tmp/second.txt
  in_room scripts/quickstart.sh "$matrix" 2> >(tee "$said" >&2) || code=$?
  if grep -E '^(Installing|Configuring|Building|The build took)' "$said"; then
    echo "The second quickstart did work that the first had done (lines above)." >&2
    return 1
  fi
  return "$code"
}

# The part that runs inside the namespaces, as their first process.
run_in_namespaces() {
  local mirrors uri
  mirrors=$(host_mirrors)
  grep -q " $suite\$" <<<"$mirrors" || cannot "No mirror of $suite is named in this machine's apt sources."
  uri=$(awk -v suite="$suite" '$2 == suite { print $1; exit }' <<<"$mirrors")
  # What the machine of anyone who has cloned the repository has.
  step "debootstrap of $suite from $uri" logged_debootstrap "$uri"
  write_apt_sources "$mirrors" "$room/etc/apt/sources.list"
  copy_network_settings "$room"
  mount_kernel_folders "$room"
  copy_tree "$room$inside"
  step "scripts/quickstart.sh $matrix" in_room scripts/quickstart.sh "$matrix"
  step "scripts/quickstart.sh $matrix, again" second_quickstart
  local -a arguments=()
  local label
  for label in "${labels[@]}"; do arguments+=(--label "$label"); done
  step "scripts/test.sh ${arguments[*]}" in_room scripts/test.sh "${arguments[@]}"
}

logged_debootstrap() {
  local log=$room.log
  if ! debootstrap --variant=minbase --include=ca-certificates,git "$suite" "$room" "$1" \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    return 1
  fi
}

matrix=quick
labels=()
keep=false
room=
while (($#)); do
  case $1 in
    --matrix) matrix=${2:?--matrix wants a name} && shift 2 ;;
    --label) labels+=("${2:?--label wants a label}") && shift 2 ;;
    --keep) keep=true && shift ;;
    --inside) room=${2:?} && shift 2 ;;  # this script's own second half
    -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "'$1' is no argument of cleanroom.sh; see --help." >&2 && exit 2 ;;
  esac
done
((${#labels[@]})) || labels=(unit)

if [[ -n $room ]]; then
  run_in_namespaces
  exit
fi

((EUID == 0)) || cannot "The clean room needs root: debootstrap, chroot and mount do."
for tool in debootstrap git; do
  type -P "$tool" >/dev/null || cannot "The clean room needs $tool: apt-get install $tool"
done
unshare --mount --pid --fork true 2>/dev/null ||
  cannot "The clean room needs namespaces of its own, and unshare(1) may not make them here."

place=$(mktemp --directory "${TMPDIR:-/var/tmp}/bpfmatrix-cleanroom.XXXXXX")
inner=
clean_up() {
  # Killing the outer unshare ends the namespace's first process (--kill-child), and with it all.
  if [[ -n $inner ]]; then
    kill "$inner" 2>/dev/null || true
    wait "$inner" 2>/dev/null || true
  fi
  if $keep; then
    echo "Kept: $place/room" >&2
    return
  fi
  # What was just killed may still be writing.
  rm -rf --one-file-system "$place" 2>/dev/null || { sleep 2 && rm -rf --one-file-system "$place"; }
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

arguments=(--inside "$place/room" --matrix "$matrix")
for label in "${labels[@]}"; do arguments+=(--label "$label"); done
# In the background, so that a signal is acted on at once and not when the child ends. Should this
# script be killed, its child ends too (setpriv), and with it the namespaces; the limit is below
# that of the test that calls it.
setpriv --pdeathsig TERM timeout --kill-after=10 85m \
  unshare --mount --pid --fork --kill-child=KILL --mount-proc --propagation private \
  bash "$self" "${arguments[@]}" &
inner=$!
code=0
wait "$inner" || code=$?
inner=
exit "$code"
