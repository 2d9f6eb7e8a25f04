#!/usr/bin/env bash
# Installs what lammps-nflow needs on Debian 12 and builds LAMMPS once into the user's cache.
# Safe to run again: what is already there is left alone.
#
#   scripts/setup.sh            packages, LAMMPS, then build/ of this checkout
#   scripts/setup.sh --deps     packages only
#   scripts/setup.sh --lammps   packages and LAMMPS only
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(build-essential cmake ninja-build ca-certificates dpkg-dev xz-utils
  libtorch-dev libopenblas-dev libopenmpi-dev openmpi-bin libtrilinos-kokkos-dev
  libgtest-dev libcli11-dev nlohmann-json3-dev librandom123-dev zlib1g-dev gnuplot-nox)

lammps_packages="KOKKOS PLUGIN MC REPLICA MOLECULE KSPACE EXTRA-PAIR"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lammps-nflow
jobs=${NFLOW_JOBS:-$(nproc)}

say() { printf '\n== %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "'$*' needs root: run this as root, or install sudo"; fi
}

install_packages() {
  local missing=() p
  for p in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  if [ ${#missing[@]} -eq 0 ]; then say "Debian packages: all there"; return; fi
  say "Debian packages: installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Writes deb-src entries derived from the machine's own apt sources into $1; changes nothing else.
source_entries() {
  local f
  for f in /etc/apt/sources.list.d/*.sources; do
    [ -e "$f" ] || continue
    sed -e 's/^Types:.*/Types: deb-src/' "$f" > "$1/$(basename "$f")"
  done
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$f" ] || continue
    sed -n -e 's/^deb\( \|\t\)/deb-src\1/p' "$f" > "$1/$(basename "$f")"
  done
}

# Downloads and unpacks LAMMPS's source package, through apt with a private configuration.
fetch_lammps() {
  local dest=$1 work
  work=$(mktemp -d)
  mkdir -p "$work/parts" "$work/lists/partial" "$work/archives/partial" "$work/get"
  source_entries "$work/parts"
  # apt drops its privileges while it downloads: let it into the folders.
  chmod -R a+rwX "$work"
  local opts=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts"
    -o Dir::State::Lists="$work/lists" -o Dir::Cache::Archives="$work/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User="$(id -un)")
  apt-get "${opts[@]}" update -qq
  (cd "$work/get" && apt-get "${opts[@]}" source -qq --download-only lammps)
  local tarball
  for tarball in "$work"/get/lammps_*.orig.tar.*; do break; done
  [ -e "$tarball" ] || die "apt gave no LAMMPS source package: check that a Debian mirror is reachable"
  mkdir -p "$dest.part"
  tar -xf "$tarball" -C "$dest.part" --strip-components=1
  rm -rf "$work"
  mv "$dest.part" "$dest"
}

# The key of a LAMMPS build: source version, packages and flags.
build_key() {
  printf '%s' "$1 $lammps_packages kokkos-serial shared exceptions Release $(g++ -dumpfullversion)" | sha256sum | cut -c1-12
}

build_lammps() {
  mkdir -p "$cache"
  # One build at a time, whoever asks: a second script waits and then finds it done.
  exec 9>"$cache/lock"
  flock 9
  source_dir=$cache/lammps-29Sep2021
  if [ ! -e "$source_dir/src/version.h" ]; then
    say "LAMMPS: getting the source package through apt"
    rm -rf "$source_dir" "$source_dir.part"
    fetch_lammps "$source_dir"
  fi
  # Beside the build, for a build outlives the checkout that made it.
  kokkos_dir=$cache/trilinos-kokkos
  mkdir -p "$kokkos_dir"
  cp "$here"/cmake/trilinos-kokkos/*.cmake "$kokkos_dir/"
  local version
  version=$(sed -n 's/^#define LAMMPS_\(VERSION\|UPDATE\) "\(.*\)"/\2/p' "$source_dir/src/version.h" | paste -sd' ')
  case $version in
    "29 Sep 2021"*) ;;
    *) die "apt gave LAMMPS $version, not 29 Sep 2021: this script is for Debian 12; elsewhere build with CMake as README.md says" ;;
  esac
  binary_dir=$cache/build-$(build_key "$version")
  if [ -e "$binary_dir/.done" ]; then
    say "LAMMPS $version: built already in $binary_dir"
  else
    say "LAMMPS $version: building with $lammps_packages (about 15 minutes on 2 cores, once)"
    local p on=()
    for p in $lammps_packages; do on+=("-DPKG_$p=on"); done
    cmake -S "$source_dir/cmake" -B "$binary_dir" -G Ninja "${on[@]}" \
      -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=on -DBUILD_MPI=on -DBUILD_OMP=off \
      -DBUILD_TOOLS=off -DLAMMPS_EXCEPTIONS=on -DWITH_JPEG=off -DWITH_PNG=off -DWITH_GZIP=on -DFFT=KISS \
      -DEXTERNAL_KOKKOS=on -DKokkos_DIR="$kokkos_dir" \
      -DCMAKE_CXX_STANDARD=17 -DCMAKE_CXX_FLAGS="-w" > "$cache/configure.log" 2>&1 \
      || { tail -n 20 "$cache/configure.log" >&2; die "LAMMPS did not configure: see $cache/configure.log"; }
    cmake --build "$binary_dir" --parallel "$jobs" > "$cache/build.log" 2>&1 \
      || { tail -n 20 "$cache/build.log" >&2; die "LAMMPS did not build: see $cache/build.log"; }
    touch "$binary_dir/.done"
  fi
  flock -u 9
}

build_nflow() {
  say "lammps-nflow: building into $here/build"
  cmake -S "$here" -B "$here/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DLAMMPS_SOURCE_DIR="$source_dir" -DLAMMPS_BINARY_DIR="$binary_dir" \
    -DKokkos_DIR="$kokkos_dir" > "$here/build.configure.log" 2>&1 \
    || { tail -n 30 "$here/build.configure.log" >&2; die "lammps-nflow did not configure"; }
  rm -f "$here/build.configure.log"
  cmake --build "$here/build" --parallel "$jobs" -- ${NFLOW_NINJA_FLAGS:-}
}

mode=${1:-all}
case $mode in all | --deps | --lammps) ;; *) die "unknown option '$mode' (--deps, --lammps, or none)" ;; esac
install_packages
[ "$mode" = --deps ] && exit 0
build_lammps
[ "$mode" = --lammps ] && exit 0
build_nflow
