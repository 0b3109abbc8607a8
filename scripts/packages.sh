# The Debian 12 packages that bpfmatrix needs, and the one function that installs them. Sourced by
# the other scripts; the only place where packages are named.
# shellcheck shell=bash disable=SC2034  # install_missing finds the groups by their names

# To build the program and to run a matrix. cc, make and the static libraries are needed at run time
# too: every version of libbpf is built from its own source.
quickstart_packages=(
  cmake ninja-build g++ gcc libc6-dev make ccache
  libboost1.81-dev libboost-filesystem1.81-dev   # Boost.Process v2 needs its filesystem
  libyaml-cpp-dev libcli11-dev nlohmann-json3-dev libfmt-dev libexpected-dev
  libpugixml-dev libarchive-dev libdtl-dev libsqlitecpp-dev libsqlite3-dev libssl-dev
  libbpf-dev libelf-dev zlib1g-dev nettle-dev linux-libc-dev
  clang-16                                       # the test programs: BTF_KIND_ENUM64 came with 16
  qemu-system-x86
  bubblewrap                                     # around QEMU; without it a run warns and goes on
  busybox-static                                 # the prompt of `bpfmatrix shell`
  debian-archive-keyring ca-certificates         # what is fetched is checked against these
)

# To build the HTML page (report --format html); without them there is none.
page_packages=(nodejs npm)

# For the tests in addition: git for those of loaders from a git repository, gnupg to sign archives,
# and the readers of what the program writes for others: out of the kernel's source veristat and the parser
# of KTAP.
tests_packages=(
  libgtest-dev libgmock-dev librapidcheck-dev git gnupg
  zsh fish mandoc                                # completions, the man page
  chromium                                       # the HTML page
  libxml2-dev perl python3-jsonschema cmark-gfm linux-source-6.1  # the formats of reports
)

# For the label fuzz in addition: libFuzzer.
fuzz_packages=(clang-16 libclang-rt-16-dev)

# For versions of libbpf that come from the crate libbpf-sys in addition. The `cargo` of Debian 12
# (0.66, that is 1.65) knows no sparse index and clones the git index from GitHub; `cargo-web` of
# the same suite is a present-day cargo (1.85 or newer) under the same name.
crates_packages=(cargo-web)

# For scripts/cleanroom.sh in addition.
cleanroom_packages=(debootstrap git)

# For scripts/bench-peers.sh in addition: what other tools that boot kernels want to find on the host,
# and the libraries that virtiofsd is built with.
peers_packages=(
  python3-venv busybox-static kmod cpio          # virtme-ng; an initramfs with 9p for vmtest
  libcap-ng-dev libseccomp-dev                   # virtiofsd, for virtme-ng
  qemu-guest-agent                               # vmtest runs the host's in its guest
)

# For scripts/bench-scale.sh in addition.
plot_packages=(gnuplot-nox)

# version_at_least FOUND WANTED
version_at_least() {
  [[ -n $1 ]] && printf '%s\n%s\n' "$2" "$1" | sort --check=quiet --version-sort
}

# tool_serves PACKAGE: is there a tool outside dpkg that does what the package is wanted for?
tool_serves() {
  case $1 in
    cmake) version_at_least "$(cmake --version 2>/dev/null | sed -n '1s/.* //p')" 3.24 ;;
    ninja-build) version_at_least "$(ninja --version 2>/dev/null)" 1.10 ;;
    # 1.68 is the first that reads the sparse index without being told to ask for it.
    nodejs) version_at_least "$(node --version 2>/dev/null | tr -d v)" 18 ;;
    cargo-web) version_at_least "$(cargo --version 2>/dev/null | cut -d' ' -f2)" 1.68 ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    make | git | ccache | debootstrap | cpio | npm | chromium) type -P "$1" >/dev/null ;;
    *) return 1 ;;
  esac
}

# missing_packages PACKAGE...: prints those that are neither installed nor served by another tool.
missing_packages() {
  local installed package
  # dpkg-query fails as soon as one of them is unknown, and still prints the others.
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null ||
    true)
  for package in "$@"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || tool_serves "$package" ||
      printf '%s\n' "$package"
  done
}

# install_missing GROUP...: installs what is missing of the groups (quickstart, page, tests, fuzz,
# crates, cleanroom, peers, plot). Says what before it does so; silent when nothing is missing.
# Returns 75 when this user or this machine cannot install, after a sentence that says what to type.
install_missing() {
  local group log
  local -a wanted=() missing=() as_root=()
  for group in "$@"; do
    local -n list="${group}_packages"
    wanted+=("${list[@]}")
  done
  if ! type -P dpkg-query apt-get >/dev/null; then
    echo "This is no Debian: install what Debian calls ${wanted[*]}, then configure with" \
      "cmake --preset release and build with cmake --build build." >&2
    return 75
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    if ! type -P sudo >/dev/null; then
      echo "Packages are missing, and neither are you root nor is there sudo. As root, type:" >&2
      echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
      return 75
    fi
    as_root=(sudo)
  fi
  echo "Installing Debian packages${as_root[*]:+ with sudo}: ${missing[*]}" >&2
  log=$(mktemp "${TMPDIR:-/tmp}/bpfmatrix-apt.XXXXXX")
  # A list that cannot be refreshed (a third party's, say) matters only if packages cannot be had.
  "${as_root[@]}" apt-get update >"$log" 2>&1 || true
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes \
    --no-install-recommends --no-remove "${missing[@]}" </dev/null >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install them (above: its last lines; all of it: $log)." \
      "The names are those of Debian 12." >&2
    return 75
  fi
  rm -f "$log"
}
