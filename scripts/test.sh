#!/usr/bin/env bash
# Builds everything and runs the tests. Does its own set-up; safe to run again.
#
#   scripts/test.sh                     all tests but those labelled long
#   scripts/test.sh --long              those as well
#   scripts/test.sh --lammps 4Feb2025   with the LAMMPS of another Debian (setup.sh), in build-4Feb2025/
#   scripts/test.sh -R NAME             further options go to ctest, e.g. -L 'plugin|mpi'
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=build labels=(-LE long) lammps=()
while [ $# -gt 0 ]; do
  case $1 in
    --long) labels=() ;;
    --lammps) lammps=(--lammps "${2:?a version, see setup.sh}") build=build-$2; shift ;;
    *) break ;;
  esac
  shift
done

"$here/scripts/setup.sh" "${lammps[@]}"
printf '\n== tests in %s/\n' "$build"
# The tests are of one core each, but for those of MPI, which ctest knows.
cd "$here/$build" && ctest --output-on-failure --parallel "${NFLOW_JOBS:-$(nproc)}" "${labels[@]}" "$@"
