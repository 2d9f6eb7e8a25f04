#!/usr/bin/env bash
# The second part of scripts/demo.sh, on the KA2D glass former: LAMMPS samples T = 0.6, nflow-train fits a flow from 0.6 to
# 0.4 with LAMMPS's energies and forces, LAMMPS samples T = 0.4 with fix nflow/mc and that flow, and a plain run judges it.
#
#   scripts/demo_liquid.sh OUTPUT_FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 1 ] || { echo "demo_liquid: give the output folder" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
build=$here/build-apt # made by scripts/demo.sh
bin=$build/bin
example=$here/examples/ka2d
start=$SECONDS
say() { printf '\n== [%d s] %s\n' "$((SECONDS - start))" "$*"; }
die() { printf 'demo_liquid: %s\n' "$*" >&2; exit 1; }

jobs_running=()
cleanup() { for p in "${jobs_running[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null || true; done; }
trap cleanup EXIT

lammps() { # input log variables..
  local input=$1 log=$2
  shift 2
  "$bin/lmp-nflow" -in "$example/$input" -log "$log" -screen none -var folder "$example" -var nflow_potentials "$here/potentials" \
    -var plugin "$build/lib/nflowplugin.so" "$@" || { tail -n 3 "$log" >&2; die "LAMMPS failed: see $log"; }
}
# Energies per atom of the last run of a log, without its first tenth.
energies() { # log column
  awk -v column="$2" '/^Step/ { n = 0; reading = 1; next } /^Loop time/ { reading = 0 } reading && NF > 2 { value[n++] = $column }
    END { for (i = int(n / 10); i < n; i++) print value[i] }' "$1"
}
mcmc() { # seed
  lammps in.mc "liquid_mc$1.log" -var model ka2d.pt -var reservoir hot.dump.gz -var calls 30000 -var seed "$1" \
    -var output "liquid_mc$1.dump.gz" -var summary "liquid_mc$1.csv" -var rdf "rdf_mc$1.dat"
}
mpi=(mpirun --oversubscribe -np 2)
[ "$(id -u)" -ne 0 ] || mpi=(mpirun --allow-run-as-root --oversubscribe -np 2)

say "LAMMPS: dynamics of KA2D with exchanges of species at T = 0.6 (the reservoir) and, for validation, at T = 0.4"
sample() { # name T start seed steps first-step
  lammps in.md "$1.log" -var T "$2" -var start "$example/start/n43_T$3.data" -var seed "$4" -var steps "$5" -var every 500 \
    -var swaps 50 -var dt 0.0035 -var first "$6" -var output "$1.dump.gz" -var rdf "rdf_$1.dat"
}
sample hot1 0.6 0.60 1 4000000 0 &
first=$!
jobs_running+=("$first")
sample hot2 0.6 0.60 2 3000000 6000000 # goes behind the other in one file
sample cold 0.4 0.40 3 1000000 0
wait "$first" || die "the run at T = 0.6 failed: see hot1.log"
cat hot1.dump.gz hot2.dump.gz > hot.dump.gz

say "nflow-train: a kick-drift flow of 8 layers from 0.6 to 0.4, energies and forces from LAMMPS, two ranks"
(cd "$here" && "${mpi[@]}" "$bin/nflow-train" --lammps examples/ka2d/in.system --prior-temperature 0.6 --temperature 0.4 \
  --prior-data "$OLDPWD/hot.dump.gz" --data "$OLDPWD/cold.dump.gz" --output "$OLDPWD/ka2d.pt" --steps 2000) 2>&1 | tee train_liquid.log |
  grep -v '^step' || true
[ -e ka2d.pt ] || { tail -n 3 train_liquid.log >&2; die "the training failed: see train_liquid.log"; }

say "LAMMPS: fix nflow/mc at T = 0.4 with mapped configurations and excursions, two chains; then a plain run with species swaps"
mcmc 1 &
first=$!
jobs_running+=("$first")
mcmc 2
wait "$first" || die "Monte Carlo failed: see liquid_mc1.log"
reference() { # seed
  lammps in.reference "cold_reference$1.log" -var T 0.4 -var start "$example/start/n43_T0.40.data" -var swaps 10 -var dt 0.005 \
    -var steps 1000000 -var settle 50000 -var seed "$1" -var rdf "rdf_T0.4_$1.dat"
}
reference 1 &
first=$!
jobs_running+=("$first")
reference 2
wait "$first" || die "the plain run failed: see cold_reference1.log"

say "compared"
cp rdf_mc1.dat rdf_mc.dat
cp rdf_T0.4_1.dat rdf_T0.4.dat
cp rdf_hot1.dat rdf_T0.6.dat
for i in 1 2; do energies hot$i.log 4; done > energies_T0.6.dat
for i in 1 2; do energies cold_reference$i.log 4; done > energies_T0.4.dat
for i in 1 2; do energies liquid_mc$i.log 3; done > energies_mc.dat
# Mapped configurations, accepted or not.
for i in 1 2; do
  awk -v atoms=43 '/^Step/ { reading = 1; next } /^Loop time/ { reading = 0 }
    reading && NF > 5 { if ($5 > count) print (before + $4) / atoms; count = $5; before = $2 }' liquid_mc$i.log
done > energies_mapped.dat
"$bin/nflow-reference" average cold_reference1.log cold_reference2.log --atoms 43 | tee liquid_plain.txt
"$bin/nflow-reference" average liquid_mc1.log liquid_mc2.log --atoms 43 | tee liquid_mc.txt
printf '\nacceptance of the moves (mapped, excursion, local excursion), rearrangements per CPU second, cost of an attempt:\n'
cat liquid_mc1.csv
tail -n 1 liquid_mc2.csv
gnuplot -e "folder='.'" "$example/liquid.gp"
say "done: liquid.png in $PWD"
