#!/usr/bin/env bash
# Installs what lammps-nflow needs on Debian 12, 13 or sid and builds LAMMPS once into the user's cache, or takes Debian's.
# Safe to run again: what is already there is left alone.
#
#   scripts/setup.sh                     packages, this Debian's LAMMPS, then build/ of this checkout
#   scripts/setup.sh --lammps 4Feb2025   the same with that LAMMPS (or 29Sep2021, 4Jul2026), then build-4Feb2025/
#   scripts/setup.sh --apt               with Debian's package of LAMMPS: none is built; then build-apt/ of this checkout
#   scripts/setup.sh --programs          builds what a user runs, without the tests
#   scripts/setup.sh --only "TARGET .."  builds these targets of CMake
#   scripts/setup.sh --sanitized         unit and statistics tests with sanitizers, without LAMMPS, in build-sanitize/
#   scripts/setup.sh --deps              packages only
#   scripts/setup.sh --lammps-only       packages and LAMMPS only
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(build-essential ccache cmake ninja-build ca-certificates dpkg-dev xz-utils
  libtorch-dev libopenblas-dev libopenmpi-dev openmpi-bin
  libgtest-dev libcli11-dev nlohmann-json3-dev librandom123-dev libxsimd-dev zlib1g-dev gnuplot-nox)

# For scripts/check-format.sh and for flows written in Python, where there are tests.
checkers=(clang-format-14 python3-torch)

lammps_packages="PLUGIN MC REPLICA MOLECULE KSPACE EXTRA-PAIR"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lammps-nflow
jobs=${NFLOW_JOBS:-$(nproc)}

say() { printf '\n== %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "'$*' needs root: run this as root, or install sudo"; fi
}

# The Kokkos of Debian 12 and of sid is one that its LAMMPS wants; Debian 13 has none for its LAMMPS.
choose_lammps() {
  debian=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  own_suites=$debian
  case $debian in
    bookworm) lammps=29Sep2021 ;;
    trixie) lammps=4Feb2025 ;;
    forky | sid) lammps=4Jul2026 own_suites="forky|sid|testing|unstable" debian=sid ;;
    *) die "this script is for Debian 12, 13 and sid: elsewhere build with CMake as README.md says" ;;
  esac
  # Elsewhere clang-format is newer.
  [ ${#checkers[@]} -eq 0 ] || [ "$debian" = bookworm ] || checkers=(python3-torch)
  build_dir=$here/build
  [ -z "$1" ] || { lammps=$1 build_dir=$here/build-$1; }
  if [ $apt = yes ]; then
    [ -z "$1" ] || die "--apt takes the LAMMPS of this Debian: leave out --lammps, or --apt"
    build_dir=$here/build-apt
    packages+=(lammps file) # which cpack asks about files
    case $targets in all | *test_*) packages+=(python3-lammps) ;; esac
  fi
  case $lammps in
    29Sep2021) suite=bookworm ;;
    4Feb2025) suite=trixie ;;
    4Jul2026) suite=sid ;;
    *) die "no Debian release is known to have LAMMPS $lammps: $known are" ;;
  esac
  kokkos=off openmp=off standard=17
  case $lammps/$debian/$apt in
    29Sep2021/bookworm/no) kokkos=serial packages+=(libtrilinos-kokkos-dev) ;;
    4Jul2026/sid/no) kokkos=openmp openmp=on standard=20 packages+=(libkokkos-dev) ;;
  esac
  [ $kokkos = off ] || lammps_packages="KOKKOS $lammps_packages"
}

install_packages() {
  local missing=() p
  for p in "${packages[@]}" "${checkers[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  if [ ${#missing[@]} -eq 0 ]; then say "Debian packages: all there"; return; fi
  say "Debian packages: installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Writes deb-src entries for the Debian release $suite, derived from the machine's own ones for its
# release, into $1; the machine's entries are left as they are.
source_entries() {
  local f
  for f in /etc/apt/sources.list.d/*.sources; do
    [ -e "$f" ] || continue
    awk -v RS= -v own="$own_suites" -v wanted="$suite" '
      $0 ~ "(^|\n)Suites:([^\n]*[ \t])?(" own ")([ \t\n]|$)" && /(^|\n)Components:[^\n]*[ \t]main([ \t\n]|$)/ {
        sub(/Types:[^\n]*/, "Types: deb-src")
        sub(/Suites:[^\n]*/, "Suites: " wanted)
        sub(/Components:[^\n]*/, "Components: main")
        print $0 "\n"
      }' "$f" > "$1/$(basename "$f")"
  done
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$f" ] || continue
    sed -nE "s/^deb([ \t].*[ \t])($own_suites)[ \t](.*[ \t])?main([ \t].*)?$/deb-src\1$suite main/p" "$f" > "$1/$(basename "$f")"
  done
}

# Downloads and unpacks LAMMPS's source package, through apt with a private configuration. Lists of a frozen mirror are
# taken, too: which version came is looked at afterwards.
fetch_lammps() {
  local dest=$1 work
  work=$(mktemp -d)
  mkdir -p "$work/parts" "$work/lists/partial" "$work/archives/partial" "$work/get"
  source_entries "$work/parts"
  # apt drops its privileges while it downloads: let it into the folders.
  chmod -R a+rwX "$work"
  local opts=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts"
    -o Dir::State::Lists="$work/lists" -o Dir::Cache::Archives="$work/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User="$(id -un)"
    -o Dir::State::Status=/dev/null -o Acquire::Check-Valid-Until=false)
  apt-get "${opts[@]}" update -qq
  (cd "$work/get" && apt-get "${opts[@]}" source -qq --download-only --tar-only lammps)
  local tarball
  for tarball in "$work"/get/lammps_*.orig.tar.*; do break; done
  [ -e "$tarball" ] || die "apt gave no LAMMPS source package: check that a Debian mirror is reachable"
  mkdir -p "$dest.part"
  tar -xf "$tarball" -C "$dest.part"
  rm -rf "$work"
  # Some of these archives have one folder that holds all, some have not.
  local top=$dest.part
  [ -e "$top/src" ] || top=$(dirname "$(ls -d "$dest.part"/*/src)")
  mv "$top" "$dest"
  rm -rf "$dest.part"
}

# The key of a LAMMPS build: source version, packages and flags.
build_key() {
  printf '%s' "$1 $lammps_packages kokkos-$kokkos shared exceptions Release $(g++ -dumpfullversion)${standard#17}" | sha256sum | cut -c1-12
}

# One at a time, whoever asks: a second script waits and then finds it done.
lock() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
}

# The LAMMPS source and, for Debian's Kokkos, the folder of its CMake configuration: beside the
# builds, for these outlive the checkout that made them.
prepare_lammps() {
  source_dir=$cache/lammps-$lammps
  if [ ! -e "$source_dir/src/version.h" ]; then
    say "LAMMPS $lammps: getting the source package through apt"
    rm -rf "$source_dir" "$source_dir.part"
    fetch_lammps "$source_dir"
  fi
  version=$(sed -n 's/^#define LAMMPS_\(VERSION\|UPDATE\) "\(.*\)"/\2/p' "$source_dir/src/version.h" | paste -sd' ')
  case ${version// /} in
    "$lammps"*) ;;
    *) rm -rf "$source_dir"; die "Debian's $suite gave LAMMPS $version, not $lammps" ;;
  esac
  kokkos_options=()
  local described=trilinos-kokkos
  [ $kokkos != openmp ] || described=debian-kokkos
  if [ $kokkos != off ]; then
    mkdir -p "$cache/$described"
    cp "$here/cmake/$described"/*.cmake "$cache/$described/"
    kokkos_options=(-DKokkos_DIR="$cache/$described")
  fi
}

# Debian's LAMMPS: its library, and of its source the headers alone.
take_lammps() {
  lock
  prepare_lammps
  flock -u 9
  local library
  # Its package is liblammps0 or, in Debian 13, liblammps0t64.
  library=$(dpkg-query -S '*/liblammps.so.*' | sed -nE 's|^[^ ]+: (/.*/liblammps\.so\.[0-9]+)$|\1|p' | head -n 1) ||
    library=
  [ -n "$library" ] || die "Debian's package lammps came without a liblammps.so: install it again"
  say "LAMMPS $version: Debian's, $library"
  lammps_options=(-DLAMMPS_LIBRARY="$library" -DNFLOW_COMPARE_BUILD="$here/build")
}

build_lammps() {
  lock
  prepare_lammps
  binary_dir=$cache/build-$(build_key "$version")
  if [ -e "$binary_dir/.done" ]; then
    say "LAMMPS $version: built already in $binary_dir"
  else
    say "LAMMPS $version: building with $lammps_packages (about 6 minutes on 2 cores, 15 with Kokkos, once)"
    local p on=() log=$cache/lammps-$lammps
    for p in $lammps_packages; do on+=("-DPKG_$p=on"); done
    cmake -S "$source_dir/cmake" -B "$binary_dir" -G Ninja "${on[@]}" "${kokkos_options[@]}" \
      -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=on -DBUILD_MPI=on -DBUILD_OMP=$openmp \
      -DBUILD_TOOLS=off -DLAMMPS_EXCEPTIONS=on -DWITH_JPEG=off -DWITH_PNG=off -DWITH_GZIP=on -DFFT=KISS \
      -DEXTERNAL_KOKKOS=on -DCMAKE_CXX_STANDARD=$standard -DCMAKE_CXX_FLAGS="-w" > "$log.configure.log" 2>&1 \
      || { tail -n 20 "$log.configure.log" >&2; die "LAMMPS did not configure: see $log.configure.log"; }
    cmake --build "$binary_dir" --parallel "$jobs" > "$log.build.log" 2>&1 \
      || { tail -n 20 "$log.build.log" >&2; die "LAMMPS did not build: see $log.build.log"; }
    touch "$binary_dir/.done"
  fi
  flock -u 9
  lammps_options=(-DLAMMPS_BINARY_DIR="$binary_dir" "${kokkos_options[@]}")
}

# build_nflow "TARGET .." CMAKE_OPTION..
build_nflow() {
  local targets=$1 log=$build_dir.configure.log
  shift
  say "lammps-nflow: building into $build_dir"
  if command -v ccache >/dev/null; then
    set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
    # Two builds of a checkout, for two LAMMPS, share most of what they compile; so do two checkouts. What ccache
    # would have to see to be sure of a precompiled header (macros of dates, definitions) ours have not.
    export CCACHE_BASEDIR=$here CCACHE_SLOPPINESS=pch_defines,time_macros
  fi
  cmake -S "$here" -B "$build_dir" -G Ninja "$@" > "$log" 2>&1 ||
    { tail -n 30 "$log" >&2; die "lammps-nflow did not configure"; }
  rm -f "$log"
  cmake --build "$build_dir" --parallel "$jobs" --target $targets -- ${NFLOW_NINJA_FLAGS:-}
}

known="29Sep2021, 4Feb2025 and 4Jul2026"
last=nflow wanted= targets=all apt=no
while [ $# -gt 0 ]; do
  case $1 in
    --deps) last=deps ;;
    --lammps-only) last=lammps ;;
    --apt) apt=yes ;;
    --programs) targets=programs checkers=() ;;
    --only)
      targets=${2:-} checkers=()
      [ -n "$targets" ] || die "--only needs targets of CMake, such as \"nflowplugin nflow-train\""
      shift
      ;;
    --sanitized) last=sanitized ;;
    --lammps)
      wanted=${2:-}
      [ -n "$wanted" ] || die "--lammps needs a version: $known are known"
      shift
      ;;
    *) die "unknown option '$1' (--lammps VERSION, --apt, --programs, --only TARGETS, --sanitized, --deps, --lammps-only, or none)" ;;
  esac
  shift
done
choose_lammps "$wanted"
install_packages
[ $last = deps ] && exit 0
if [ $last = sanitized ]; then
  build_dir=$here/build-sanitize
  build_nflow fast-tests --preset sanitize
  exit 0
fi
if [ $apt = yes ]; then take_lammps; else build_lammps; fi
[ $last = lammps ] && exit 0
build_nflow "$targets" -DCMAKE_BUILD_TYPE=Release -DLAMMPS_SOURCE_DIR="$source_dir" "${lammps_options[@]}"
