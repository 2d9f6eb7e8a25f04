#!/usr/bin/env bash
# The rooms of src/ and lammps-plugin/ in their order, and what each may include: rooms above it in this
# list alone. Fails with every include that runs back up, or that brings LAMMPS or LibTorch into a room
# that is to be free of them. Called by scripts/test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# room: rooms it may include ; headers of other projects it may include
rooms='
base:
arrays:        base
estimators:    base
files:         base
flow:          base arrays
mcmc:          base arrays estimators flow
tempering:     base arrays estimators files flow mcmc
operators:     base arrays ; torch
model:         base arrays files flow operators ; torch
stats:         base estimators files tempering
lammps:        base arrays flow model ; lammps
reference:     base estimators files flow operators model ; torch
architectures: base operators model ; torch
trainer:       base estimators files flow operators model lammps architectures ; torch lammps
lammps-plugin: base arrays estimators files flow mcmc tempering model lammps ; lammps
'

awk -v rooms="$rooms" '
  BEGIN {
    count = split(rooms, lines, "\n")
    for (i = 1; i <= count; i++) {
      if (lines[i] !~ /:/) continue
      room = lines[i]; sub(/:.*/, "", room)
      rest = lines[i]; sub(/^[^:]*:/, "", rest)
      split(rest, halves, ";")
      known[room] = 1
      allowed[room, room] = 1
      number = split(halves[1], names, " ")
      for (k = 1; k <= number; k++) {
        if (!(names[k] in known)) { print "check-layers: " room " comes before " names[k]; bad = 1 }
        allowed[room, names[k]] = 1
      }
      number = split(halves[2], names, " ")
      for (k = 1; k <= number; k++) outside[room, names[k]] = 1
    }
  }
  FNR == 1 { room = FILENAME; sub(/^src\//, "", room); sub(/\/.*/, "", room) }
  /^#include/ {
    path = $2
    gsub(/["<>]/, "", path)
    target = path
    if (sub(/\/.*/, "", target) == 0) target = ""
    wrong = ""
    if (!(room in known)) wrong = "a room that scripts/check-layers.sh does not list"
    else if (target in known) { if (!((room, target) in allowed)) wrong = "runs back up" }
    else if (path ~ /^(torch|ATen|c10)\//) { if (!((room, "torch") in outside)) wrong = "LibTorch has no place here" }
    else if ($2 ~ /^"/ && target == "") { if (!((room, "lammps") in outside)) wrong = "no room is named; LAMMPS has no place here" }
    if (wrong != "") { print FILENAME ":" FNR ": #include " $2 ": " wrong; bad = 1 }
  }
  END { exit bad }
' $(git ls-files -co --exclude-standard 'src/*.h' 'src/*.cpp' 'lammps-plugin/*.h' 'lammps-plugin/*.cpp')
echo "layers: in order"
