#!/usr/bin/env bash
# Fails with every line of a tracked .cpp or .h that is not as clang-format 14 would have it (.clang-format); other versions of it
# lay some lines out in other ways. Called by scripts/test.sh.
#
#   scripts/check-format.sh        looks only
#   scripts/check-format.sh --fix  lays the files out
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
format=
for name in clang-format-14 clang-format; do
  if "$name" --version 2>/dev/null | grep -q 'version 14\.'; then format=$name && break; fi
done
[ -n "$format" ] || { echo "check-format: clang-format 14 was not found: install clang-format-14" >&2; exit 2; }
mode=(--dry-run -Werror)
case ${1:-} in
  --fix) mode=(-i) ;;
  '') ;;
  *) echo "check-format: unknown option '$1' (--fix, or none)" >&2; exit 2 ;;
esac
git ls-files -z -- '*.cpp' '*.h' | xargs -0 -n 20 -P "$(nproc)" "$format" "${mode[@]}" ||
  { echo "check-format: run scripts/check-format.sh --fix" >&2; exit 1; }
echo "format: as .clang-format says"
