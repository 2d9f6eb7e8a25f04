#!/usr/bin/env bash
# Checks the sources, builds everything and runs the tests. Does its own set-up; safe to run again.
#
#   scripts/test.sh                     all tests but those labelled long
#   scripts/test.sh --long              those as well
#   scripts/test.sh --lammps 4Feb2025   with the LAMMPS of another Debian (setup.sh), in build-4Feb2025/
#   scripts/test.sh --apt               with Debian's package of LAMMPS: what shows that it serves, in build-apt/
#   scripts/test.sh --sanitize          unit and statistics tests with address and undefined-behaviour sanitizers, in build-sanitize/
#   scripts/test.sh -R NAME             further options go to ctest, e.g. -L 'plugin|mpi'
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Those that need neither exceptions of LAMMPS's nor what else the command `plugin` can do.
apt_tests="test_host test_install test_fix_nflow_energy test_liquids test_misuse"
build=build labels=(-LE long) setup=()
while [ $# -gt 0 ]; do
  case $1 in
    --long) labels=() ;;
    --lammps) setup=(--lammps "${2:?a version, see setup.sh}") build=build-$2; shift ;;
    --apt) setup=(--apt --only "$apt_tests") build=build-apt labels=(-R "^(${apt_tests// /|}|cmake_refuses_.*)\$") ;;
    --sanitize) setup=(--sanitized) build=build-sanitize labels=(-L 'unit|statistics') ;;
    *) break ;;
  esac
  shift
done

"$here/scripts/setup.sh" --deps
# Of a checkout; another Debian (test-debian.sh) has a copy of the files, and another clang-format.
if [ -e "$here/.git" ]; then
  "$here/scripts/check-format.sh"
  "$here/scripts/check-layers.sh"
fi
"$here/scripts/setup.sh" "${setup[@]}"
# LibTorch and Open MPI keep memory until the process ends: no leak of ours could be told from theirs. Tests of what must
# not be touched end as they do without sanitizers.
export ASAN_OPTIONS=detect_leaks=0:handle_segv=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
printf '\n== tests in %s/\n' "$build"
# The tests are of one core each, but for those of MPI, which ctest knows.
cd "$here/$build" && ctest --output-on-failure --parallel "${NFLOW_JOBS:-$(nproc)}" "${labels[@]}" "$@"
