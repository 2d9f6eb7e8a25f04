#!/usr/bin/env bash
# Builds everything and runs the tests. Does its own set-up; safe to run again.
#
#   scripts/test.sh           all tests but those labelled long
#   scripts/test.sh --long    those as well
#   scripts/test.sh -R NAME   further options go to ctest
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
labels=(-LE long)
if [ "${1:-}" = --long ]; then labels=(); shift; fi

"$here/scripts/setup.sh"
printf '\n== tests\n'
# The tests are of one core each, but for those of MPI, which ctest knows.
cd "$here/build" && ctest --output-on-failure --parallel "${NFLOW_JOBS:-$(nproc)}" "${labels[@]}" "$@"
