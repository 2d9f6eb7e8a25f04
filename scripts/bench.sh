#!/usr/bin/env bash
# Measures; prints tables; asserts nothing.
#
#   scripts/bench.sh moves   the cost of a move of fix nflow/mc against its floor, one energy and one flow evaluation
#   scripts/bench.sh liquid  the kick-drift flow and LAMMPS's energies in the trainer (bench/), one rank against two
#   scripts/bench.sh flows   TSF against RNVP at equal parameter counts, d = 5 and 20, three seeds (about 40 minutes)
#   scripts/bench.sh temper  fix nflow/temper: cost against temper, round trips, nonequilibrium switching (bench/temper.sh and its options)
#   scripts/bench.sh kokkos  fix nflow/mc on the host and with Kokkos, and on a GPU if there is one (bench/kokkos.sh and its options)
#   scripts/bench.sh positions  reading and replacing all positions against the energy, by number of atoms; 1 and 2 ranks
#   scripts/bench.sh speed OLD  this build against that of an older checkout, and against plain PyTorch (bench/speed.sh)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$here/build/bench
bin=$here/build/bin
[ -x "$bin/nflow-train" ] || "$here/scripts/setup.sh"
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# One run of the multi-well example with a single kind of move: microseconds an attempt, from inside and outside.
move_row() { # name steps move..
  local name=$1 steps=$2 log=move.log
  shift 2
  sed -e "s/^            move independence.*/            $*/" -e '/^dump/d' -e '/^variable    \(independence\|latent\)/d' \
    -e '/^print/d' "$here/examples/multiwell/in.mc" > in.move
  cat >> in.move <<'END'
variable audits equal 100*f_mc[17]
print "MOVE ${flow_us} ${energy_us} ${total_us} ${overhead} ${audits}"
END
  "$bin/lmp" -in in.move -log $log -screen none -var plugin "$here/build/lib/nflowplugin.so" -var steps "$steps" \
    -var energy "$here/potentials/multiwell20.pt" -var model "$here/potentials/multiwell20_tsf.pt"
  local outside
  outside=$(awk '/^Loop time/ { t = $4; n = $9 } END { print 1e6 * t / n / 10 }' $log)
  awk -v name="$name" -v outside="$outside" '/^MOVE/ { printf "%-22s %10.1f %10.1f %10.1f %8.3f %8.2f %12.1f %8.3f\n",
    name, $2, $3, $4, $5, $6, outside, outside / ($2 + $3) }' $log
}

moves() {
  printf 'fix nflow/mc on the d = 20 multi-well, 10 attempts a call; microseconds an attempt.\n'
  printf 'inside: as the fix measures itself; outside: loop time of LAMMPS by attempts, its own step included.\n\n'
  printf '%-22s %10s %10s %10s %8s %8s %12s %8s\n' move flow energy total ratio audits% "loop time" ratio
  for round in 1 2 3; do
    move_row "independence" 2000 "move independence batch 64"
    move_row "multitry 8" 500 "move multitry 8 batch 16"
    move_row "latent 0.3" 2000 "move latent sigma 0.3"
    move_row "latent 0.3, one by one" 2000 "move latent sigma 0.3 prefetch 1"
    move_row "pcn 0.3" 2000 "move pcn 0.3"
  done
}

flow_row() { # name dim seed options..
  local name=$1 dim=$2 seed=$3 tag=$1_$2_$3
  shift 3
  "$bin/nflow-train" --data "exact$dim.dump.gz" --energy "$here/potentials/multiwell$dim.pt" --temperature 1 \
    --seed "$seed" --output "$tag.pt" "$@" > "$tag.log" 2>&1
  "$bin/nflow-reference" evaluate "$tag.pt" --energy "$here/potentials/multiwell$dim.pt" \
    --temperatures 0.1 0.2 0.5 1 2 5 10 --csv "$tag.csv" > "$tag.txt"
  awk -v name="$name" -v dim="$dim" -v seed="$seed" \
    -v parameters="$(sed -n 's/.*couplings, \([0-9]*\) parameters.*/\1/p' "$tag.log")" \
    -v seconds="$(sed -n 's/^finished after \([0-9.]*\) s.*/\1/p; s/.*plateau.* after \([0-9.]*\) s.*/\1/p' "$tag.log" | tail -n 1)" '
    $1 ~ /^[0-9]/ { kl[$1] = $2; if ($1 == 1) { ess = $6; acceptance = $7 } }
    END { printf "%-16s %3d %5d %8d %7s %6.1f %6.1f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f\n", name, dim, seed, parameters,
      seconds, ess, acceptance, kl[0.1], kl[0.2], kl[0.5], kl[1], kl[2], kl[5], kl[10] }' "$tag.txt"
}

flows() {
  for dim in 5 20; do
    "$bin/nflow-reference" sample "$here/potentials/multiwell$dim.pt" --temperature 1 --count 50000 --seed 3 \
      --output "exact$dim.dump.gz" > /dev/null
  done
  printf 'trained at T = 1 on 50,000 exact samples; KL in nats at each temperature (joint with the momenta for TSF: an upper bound)\n\n'
  printf '%-16s %3s %5s %8s %7s %6s %6s %7s %7s %7s %7s %7s %7s %7s\n' flow d seed params s 'ESS%' 'acc%' \
    0.1 0.2 0.5 1 2 5 10
  # These widths give RNVP the parameters of the TSF beside it, to 2 %.
  for seed in 1 2 3; do
    flow_row tsf-structured 5 $seed
    flow_row rnvp-structured 5 $seed --architecture rnvp --hidden 71
    flow_row tsf-plain 5 $seed --plain
    flow_row rnvp-plain 5 $seed --plain --architecture rnvp --hidden 35
  done
  for seed in 1 2 3; do
    flow_row tsf-structured 20 $seed
    flow_row rnvp-structured 20 $seed --architecture rnvp --hidden 138
    flow_row tsf-plain 20 $seed --plain
    flow_row rnvp-plain 20 $seed --plain --architecture rnvp --hidden 75
  done
}

# nflow-train between two temperatures on KA2D: milliseconds a step on one rank and on two, in turn.
liquid() {
  cd "$here"
  build/bench/flow examples/ka2d/in.system 0.6 16
  printf '\n'
  build/bench/lammps_energy examples/ka2d/in.system 0.6
  local mpi=(mpirun --oversubscribe) round ranks
  [ "$(id -u)" -ne 0 ] || mpi=(mpirun --allow-run-as-root --oversubscribe)
  printf '\nnflow-train, KA2D 0.6 -> 0.4, 8 layers, batch 32: milliseconds a step\n'
  for round in 1 2 3; do
    for ranks in 1 2; do
      { "${mpi[@]}" -np $ranks build/bin/nflow-train --lammps examples/ka2d/in.system --prior-temperature 0.6 --temperature 0.4 \
        --sample 400 --output "$out/scaling.pt" --steps 1000 --validate-every 1000 --validation-samples 20 ||
        [ $? -eq 5 ]; } | # worse than none, by so few samples
        awk -v ranks=$ranks '/^step 1000/ { for (i = 2; i <= NF; i++) if ($i ~ /^ms/) print ranks, "ranks:", $(i - 1) }'
    done
  done
}

# On the host and with Kokkos, on one rank and on two.
positions() {
  cd "$here"
  local mpi=(mpirun --oversubscribe) ranks options
  [ "$(id -u)" -ne 0 ] || mpi=(mpirun --allow-run-as-root --oversubscribe)
  for ranks in 1 2; do
    for options in "" "-k on -sf kk"; do
      if [ -n "$options" ] && ! "$bin/lmp" -h | grep '^KOKKOS package' > /dev/null; then continue; fi
      # shellcheck disable=SC2086
      "${mpi[@]}" -np $ranks build/bench/positions $options
    done
  done
}

case ${1:-} in
  liquid) liquid ;;
  positions) positions ;;
  kokkos) shift; exec "$here/bench/kokkos.sh" "$@" ;;
  moves) moves ;;
  speed) shift; exec "$here/bench/speed.sh" "$@" ;;
  flows) flows ;;
  temper) shift; exec "$here/bench/temper.sh" "$@" ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$here/scripts/bench.sh"; exit 2 ;;
esac
