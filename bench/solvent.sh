#!/usr/bin/env bash
# What implicit solvent adds to a step of dynamics: alanine dipeptide with and without gb_obc, in turn (A B A B), microseconds of
# CPU time a step, and the ratio of what is added to the rest. From two lengths of run, so that starting does not count.
#
#   bench/solvent.sh [rounds] [steps]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-5}
steps=${2:-200000}
out=build/bench/solvent
mkdir -p "$out"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

build/bin/nflow-reference gb-obc --table examples/ala2/obc.ff99sbildn.txt --output "$out/gb.pt" > "$out/gb.log"
cat > "$out/in.step" <<'END'
include examples/ala2/in.system
timestep 1.0
velocity all create 600 1 loop all
fix bath all langevin 600 600 1000.0 1
fix integrate all nve
fix centre all recenter INIT INIT INIT
run ${steps}
END
seconds() { # solvent steps
  local TIMEFORMAT=%U
  { time build/bin/lmp -in "$out/in.step" -log none -screen none -var gb "$out/gb.pt" -var solvent "$1" -var steps "$2" \
    > "$out/lmp.log" 2>&1; } 2>&1
}
uptime
for ((round = 0; round < rounds; round++)); do
  for solvent in none obc; do
    echo "$solvent $(seconds "$solvent" 2000) $(seconds "$solvent" $((2000 + steps)))"
  done
done | awk -v steps="$steps" '
  function median(key,  i, j, t, m) {
    m = n[key]
    for (i = 1; i <= m; i++) a[i] = v[key, i]
    for (i = 1; i <= m; i++) for (j = i + 1; j <= m; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
    return (a[int((m + 1) / 2)] + a[int(m / 2) + 1]) / 2
  }
  { v[$1, ++n[$1]] = 1e6 * ($3 - $2) / steps; print $1, v[$1, n[$1]] }
  END {
    rest = median("none"); all = median("obc")
    printf "vacuum %.2f us a step, with gb_obc %.2f us: %.2f us added, %.2f of the rest\n", rest, all, all - rest, (all - rest) / rest
  }'
uptime
