#!/usr/bin/env bash
# The main job from end to end, on the multi-well of the temperature-steerable flows paper: LAMMPS samples it,
# nflow-train fits a flow at T = 1, LAMMPS samples three temperatures with fix nflow/mc and that one flow, and
# everything is compared with the exact answer and drawn. Then the second part, scripts/demo_liquid.sh, on a glass former:
# a flow between two temperatures. Does its own set-up; safe to run again.
# Uses Debian's LAMMPS, of which nothing is compiled. A first picture, sampled with the flow that the repository has, comes
# before anything is trained.
#
#   scripts/demo.sh                  about 7 minutes on 2 cores once it is built; results in build-apt/demo
#   scripts/demo.sh --full           trains the baseline and the plain form at d = 20 too
#   scripts/demo.sh --output FOLDER  results there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
full=no
build=$here/build-apt
out=$build/demo
while [ $# -gt 0 ]; do
  case $1 in
    --full) full=yes ;;
    --output) [ $# -ge 2 ] || { echo "demo: --output needs a folder" >&2; exit 2; }; out=$2; shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "demo: unknown option '$1' (--full, --output FOLDER)" >&2; exit 2 ;;
  esac
  shift
done

start=$SECONDS
say() { printf '\n== [%d s] %s\n' "$((SECONDS - start))" "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

"$here/scripts/setup.sh" --apt --only "lmp-nflow nflowplugin nflow-reference"
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/*.png "$out"/*.csv "$out"/*.txt
cd "$out"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

bin=$build/bin
example=$here/examples/multiwell
reference=$bin/nflow-reference
temperatures="1 0.5 0.3"
wide="0.1 0.2 0.5 1 2 5 10"

# Stops what still runs in the background when this script stops early.
jobs_running=()
cleanup() { for p in "${jobs_running[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null || true; done; }
trap cleanup EXIT
# wait_for PID LOG WHAT
wait_for() { wait "$1" || { tail -n 5 "$2" >&2; die "$3 failed: see $2"; }; }

lammps() { # input log variables..
  local input=$1 log=$2
  shift 2
  "$bin/lmp-nflow" -in "$example/$input" -log "$log" -var plugin "$build/lib/nflowplugin.so" "$@" > "$log.screen" 2>&1
}

train() { # model dump energy options..
  local model=$1 dump=$2 energy=$3
  shift 3
  "$bin/nflow-train" --data "$dump" --energy "$energy" --temperature 1 --output "$model" "$@"
}

# Each in turn, on one core.
train_pair() {
  train tsf5.pt exact5.dump.gz multiwell5.pt --architecture tsf
  # This width gives it the parameters of the other, to 1 %.
  train rnvp5.pt exact5.dump.gz multiwell5.pt --architecture rnvp --hidden 71
}
evaluate() { # name dim
  "$reference" evaluate "$1.pt" --energy "multiwell$2.pt" --temperatures $wide --csv "nll_$1.csv"
}
sample() { # temperature steps energy model
  lammps in.mc "mc_T$1.log" -var energy "$3" -var model "$4" -var T "$1" -var steps "$2" \
    -var output "mc_T$1.dump.gz" -var summary "mc_T$1.csv"
}
# Three temperatures on two cores. sample_all STEPS_1 STEPS_0.5 STEPS_0.3 ENERGY MODEL
sample_all() {
  { sample 1 "$1" "$4" "$5" && sample 0.5 "$2" "$4" "$5"; } & warm=$!
  jobs_running+=("$warm")
  sample 0.3 "$3" "$4" "$5" ||
    { tail -n 5 mc_T0.3.log.screen >&2; die "Monte Carlo at T = 0.3 failed: see $PWD/mc_T0.3.log.screen"; }
  wait_for "$warm" mc_T1.log.screen "Monte Carlo at T = 1 or 0.5"
}
compare() { # temperature energy
  "$reference" compare --energy "$2" --temperature "$1" --dump "mc_T$1.dump.gz" --density "density_T$1.csv"
}
# The same pictures from the flow that the repository has, in a minute.
first_picture() {
  mkdir -p first
  cd first
  rm -f ./*.png ./*.csv
  local energy=$here/potentials/multiwell20.pt
  sample_all 1000 1000 2000 "$energy" "$here/potentials/multiwell20_tsf.pt"
  for T in $temperatures; do compare "$T" "$energy" > "compare_T$T.txt" || true; done
  gnuplot -e "folder='.'" "$example/marginals.gp"
  cd ..
}

say "first, LAMMPS: fix nflow/mc at T = 1, 0.5 and 0.3 with one flow, the one in potentials/, against the exact answer"
first_picture
say "the first picture: $out/first/marginals.png"

"$here/scripts/setup.sh" --apt --programs
say "the potentials: multi-wells of 20 and of 5 dimensions with random A and a (seed 7), and exact values"
"$reference" multiwell --dim 20 --seed 7 --output multiwell20.pt
"$reference" multiwell --dim 5 --seed 7 --output multiwell5.pt
"$reference" exact multiwell20.pt --temperature $temperatures > exact20.txt
"$reference" sample multiwell5.pt --temperature 1 --count 50000 --seed 3 --output exact5.dump.gz

say "in the background: nflow-train fits TSF and RNVP at d = 5, T = 1 (log: train5.log)"
train_pair > train5.log 2>&1 &
pair=$!
jobs_running+=("$pair")

say "(a) LAMMPS: Langevin dynamics at d = 20, T = 1, with fix nflow/energy"
lammps in.langevin langevin.log -var energy multiwell20.pt -var output langevin.dump.gz ||
  { tail -n 5 langevin.log.screen >&2; die "the Langevin run failed: see langevin.log.screen"; }
grep -E '^Loop time' langevin.log | tail -n 1

say "(b) nflow-train: the structured TSF at d = 20, T = 1, on those samples"
train tsf20.pt langevin.dump.gz multiwell20.pt --architecture tsf 2>&1 | tee train20.log

say "(c) LAMMPS: fix nflow/mc with this one flow at T = 1, 0.5 and 0.3"
wait_for "$pair" train5.log "training at d = 5"
sample_all 8000 12000 24000 multiwell20.pt tsf20.pt

say "(d) compared with the exact answer"
agrees=yes
for T in $temperatures; do
  compare "$T" multiwell20.pt | tee "compare_T$T.txt" || agrees=no
  echo
done
printf 'Acceptance of the moves, effective sample size of the proposals, and the cost of a move against its floor\n'
printf '(one energy and one flow evaluation), in microseconds, as measured by fix nflow/mc:\n'
for T in $temperatures; do cat "mc_T$T.csv"; done | awk -F, '
  NR == 1 { printf "%6s %13s %9s %7s %9s %9s %9s %12s\n", "T", "independence", "latent", "ESS", "flow", "energy", "total", "total/floor" }
  $1 + 0 > 0 { printf "%6g %12.1f%% %8.1f%% %6.1f%% %9.1f %9.1f %9.1f %12.3f\n", $1, 100*$2, 100*$3, 100*$4, $5, $6, $7, $8 }' |
  tee moves.txt

say "NLL against temperature, of flows trained at T = 1 only"
evaluate tsf5 5
evaluate rnvp5 5
evaluate tsf20 20
if [ $full = yes ]; then
  say "--full: the baseline and the plain TSF at d = 20"
  train rnvp20.pt langevin.dump.gz multiwell20.pt --architecture rnvp --hidden 138 > train_rnvp20.log 2>&1 &
  baseline=$!
  jobs_running+=("$baseline")
  train tsfplain20.pt langevin.dump.gz multiwell20.pt --architecture tsf --plain 2>&1 | tee train_tsfplain20.log
  wait_for "$baseline" train_rnvp20.log "training RNVP at d = 20"
  evaluate rnvp20 20
  evaluate tsfplain20 20
fi

say "(e) gnuplot: marginals.png and nll.png"
gnuplot -e "folder='.'" "$example/marginals.gp"
gnuplot -e "folder='.'" "$example/nll.gp"

say "second part: a glass former between two temperatures, in $out/ka2d"
"$here/scripts/demo_liquid.sh" "$out/ka2d"

say "done in $((SECONDS - start)) s: $out"
tail -qn 1 compare_T*.txt
[ $agrees = yes ] || die "the samples disagree with the exact values"
