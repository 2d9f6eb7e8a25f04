#!/usr/bin/env bash
# Alanine dipeptide in implicit solvent as in figure 3 of the paper on temperature-steerable flows (Dibak, Klein, Noe 2020):
# LAMMPS samples it at 600 K, nflow-train fits one flow in internal coordinates to that, and the flow is used at 300 K: raw,
# which is biased, and made exact by Monte Carlo and by tempering. Everything is compared with references and charged.
# Does its own set-up; safe to run again.
#
#   scripts/ala2.sh                  about 10 minutes on 2 cores once the programs are built; results in build-apt/ala2
#   scripts/ala2.sh --full           four times as long
#   scripts/ala2.sh --output FOLDER  results there
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$here/build-apt
out=$build/ala2
times=1
while [ $# -gt 0 ]; do
  case $1 in
    --full) times=4 ;;
    --output) [ $# -ge 2 ] || { echo "ala2: --output needs a folder" >&2; exit 2; }; out=$2; shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "ala2: unknown option '$1' (--full, --output FOLDER)" >&2; exit 2 ;;
  esac
  shift
done

start=$SECONDS
say() { printf '\n== [%d s] %s\n' "$((SECONDS - start))" "$*"; }
die() { printf 'ala2: %s\n' "$*" >&2; exit 1; }

"$here/scripts/setup.sh" --apt --programs
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$out"
rm -f ./*.png ./*.csv ./*.txt ./*.cpu
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
bin=$build/bin
example=$here/examples/ala2
phi="5 7 9 15"
psi="7 9 15 17"
running=()
cleanup() { for p in "${running[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null || true; done; }
trap cleanup EXIT

# charged NAME COMMAND ..: its CPU seconds, those of its children too, go to NAME.cpu
charged() {
  local name=$1
  shift
  ( TIMEFORMAT='%U %S'; { time "$@" > "$name.screen" 2>&1; } 2> "$name.time" ) ||
    { tail -n 5 "$name.screen" >&2; die "$name failed: see $out/$name.screen"; }
  awk '{ print $1 + $2 }' "$name.time" > "$name.cpu"
}
lammps() { # name input variables ..
  local name=$1 input=$2
  shift 2
  charged "$name" "$bin/lmp-nflow" -in "$example/$input" -log "$name.log" -var folder "$example" \
    -var plugin "$build/lib/nflowplugin.so" "$@"
}
partitions() { # number name input variables ..
  local number=$1 name=$2 input=$3
  shift 3
  local root=()
  [ "$(id -u)" -ne 0 ] || root=(--allow-run-as-root)
  charged "$name" mpirun --oversubscribe "${root[@]}" -np "$number" "$bin/lmp-nflow" -partition "${number}x1" \
    -in "$example/$input" -log "$name.log" -plog "$name.log" -pscreen none -var folder "$example" \
    -var plugin "$build/lib/nflowplugin.so" "$@"
}
dynamics() { # T steps name
  lammps "$3" in.md -var T "$1" -var steps "$2" -var every 200 -var output "$3.dump.gz"
}

say "the solvent, as an energy file"
"$bin/nflow-reference" gb-obc --table "$example/obc.ff99sbildn.txt" --output ala2_gb.pt

say "LAMMPS: Langevin dynamics at 600 K, and beside it at 300 K, where phi will stay where it is"
dynamics 300 $((6000000 * times)) md300 & running+=($!)
cold=$!
dynamics 600 $((6000000 * times)) md600

say "nflow-train: a steerable flow in internal coordinates, trained at 600 K"
charged train "$bin/nflow-train" --architecture tsf --coordinates internal --lammps "$example/in.system" \
  --variable "folder=$example" --variable "plugin=$build/lib/nflowplugin.so" --units real --temperature 600 \
  --data md600.dump.gz --output ala2.pt
tail -n 5 train.screen
wait "$cold"

say "the flow as it draws, at 600 and 300 K, and weights of what it drew"
for T in 600 300; do
  charged "raw$T" "$bin/nflow-check" ala2.pt --temperatures "$T" --draw $((20000 * times)) --dump "raw$T.dump.gz"
  lammps "weights$T" in.weights -var T "$T" -var model ala2.pt -var input "raw$T.dump.gz" -var output "weights$T.txt"
done

say "LAMMPS: fix nflow/mc at both temperatures, fresh configurations and steps in the latent space"
lammps mc600 in.mc -var T 600 -var steps $((12000 * times)) -var output mc600.dump.gz -var summary mc600.csv & running+=($!)
warm=$!
lammps mc300 in.mc -var T 300 -var steps $((12000 * times)) -var output mc300.dump.gz -var summary mc300.csv
wait "$warm"

say "tempering 600 <-> 300 K: two replicas through the flow, with steps in the latent space too, and six plainly"
partitions 2 flow in.temper -var exchange "model ala2.pt" -var steps $((1000000 * times)) -var output flow
partitions 2 latent in.temper -var exchange "model ala2.pt" -var pcn 0.3 -var steps $((500000 * times)) -var output latent
partitions 6 plain in.temper -var ladder "300 345 396 455 522 600" -var exchange "scheme deo" \
  -var steps $((700000 * times)) -var output plain
"$bin/nflow-stats" flow.exchange > exchange_flow.txt
"$bin/nflow-stats" plain.exchange > exchange_plain.txt

say "populations of phi > 0 and mean energies against the reference, and what each costs"
measure() { # name dump
  "$bin/nflow-stats" "$2" --dihedral $phi --dihedral $psi --border 0 180 --series "$1.csv" \
    --csv "histogram_$1.csv" > "stats_$1.txt"
}
energies() { # name log: columns step and PotEng after the first run of the script
  awk '/^ *Step/ { part++; for (i = 1; i <= NF; i++) if ($i == "PotEng") column = i; inside = 1; next }
       /^Loop time/ { inside = 0 }
       inside && part == 2 && NF >= column && $1 ~ /^[0-9]+$/ { print $1, $column }' "$2" > "energies_$1.txt"
}
row() { # name T log method exact? CPU seconds of training and its samples
  energies "$1" "$3"
  local mean
  mean=$("$bin/nflow-reference" average "$3" --column PotEng | awk '$1 == "mean" { print $2, $4 }')
  echo "$2|$4|$5|$(awk '$1 == "0" && $2 == ".." { print $4, $6; exit }' "stats_$1.txt")|$mean|$(cat "${7:-$1}.cpu")|$6"
}
training=$(awk '{ s += $1 } END { print s }' md600.cpu train.cpu)
for T in 600 300; do
  for name in md mc raw; do measure "$name$T" "$name$T.dump.gz"; done
  for kind in flow latent plain; do measure "$kind$T" "${kind}_T$T.dump.gz"; done
done
for T in 600 300; do
  last=1; [ "$T" = 600 ] || last=0
  row "md$T" "$T" "md$T.log" "dynamics" no 0
  awk -v T="$T" -v cpu="$(awk '{ s += $1 } END { print s }' "raw$T.cpu" "weights$T.cpu")" -v training="$training" \
    -f "$example/weights.awk" "weights$T.txt" "raw$T.csv"
  row "mc$T" "$T" "mc$T.log" "Monte Carlo with the flow" yes "$training"
  row "flow$T" "$T" "flow.log.$last" "exchange through the flow" yes "$training" flow
  row "latent$T" "$T" "latent.log.$last" "the same, with latent moves" yes "$training" latent
  [ "$T" = 300 ] || last=5
  row "plain$T" "$T" "plain.log.$last" "six temperatures, plainly" no 0 plain
done > rows.txt
awk -F'|' -f "$example/table.awk" rows.txt | tee table.txt
grep -h "accepted" exchange_flow.txt exchange_plain.txt | head -n 12 || true

say "pictures: ramachandran.png, phi.png, energies.png"
for name in md600 raw600 mc600 md300 raw300 mc300; do awk -f "$example/ramachandran.awk" "$name.csv" > "density_$name.txt"; done
gnuplot -e "folder='.'" "$example/figure3.gp"
say "done in $((SECONDS - start)) s: $out"
grep -q ' !' table.txt && die "a method that is exact disagrees with the reference: see table.txt"
exit 0
