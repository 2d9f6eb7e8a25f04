#!/usr/bin/env bash
# What exchange costs and what flows buy: fix nflow/temper against LAMMPS's temper, with and without flows, and against
# nonequilibrium switching. Prints one table; asserts nothing. All that is compared runs in turns.
#
#   bench/temper.sh              all parts
#   bench/temper.sh a            steps per second with plain exchange against temper, 43, 1290 and 10,000 atoms
#   bench/temper.sh b            round trips per CPU second and per energy evaluation; of one system only: multiwell, doublewell, ka2d
#   bench/temper.sh c            flows against plain exchange and against switching by damped dynamics (RENS)
#   bench/temper.sh --quick ..   a tenth of the steps, one round: to see that it works
#   bench/temper.sh --scale 4 --rounds 1 ..   4 tenths of the steps, one round instead of two
#   bench/temper.sh --splines .. KA2D flows with splines, 3,500 steps of training each, instead of scalars only and 800
#
# Flows are trained once, into build/bench/temper, with the times that this took (remove the folder to train anew). CPU seconds
# are user and system time of all ranks, so that waiting counts as far as MPI spins.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$here/build/bin
out=$here/build/bench/temper
scale=10 rounds=2
parts=""
kind=scalars training=(--scalars --steps 800)
while [ $# -gt 0 ]; do
  case $1 in
    --quick) scale=1 rounds=1 ;;
    --scale) scale=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --splines) kind=splines training=(--steps 3500) ;;
    a | b | c | multiwell | doublewell | ka2d) parts+=" $1 " ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
  esac
  shift
done
parts=${parts:- a b c }
[ -x "$bin/nflow-train" ] && [ -x "$bin/nflow-reference" ] || "$here/scripts/setup.sh"
mkdir -p "$out"
cd "$here"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
TIMEFORMAT='%U %S'
mpi=(mpirun --oversubscribe)
[ "$(id -u)" -ne 0 ] || mpi=(mpirun --allow-run-as-root --oversubscribe)
die() { printf 'bench/temper: %s\n' "$*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }

# CPU seconds of a command, whose output goes to a log.
cpu() { # log command..; exit code 5 of nflow-train: a flow worse than none
  local log=$1
  shift
  { time "$@" > "$log" 2>&1; } 2> "$log.time" || [ $? -eq 5 ] || { cat "${log}s" "$log" 2>/dev/null | grep -m 1 -i error >&2 || tail -n 3 "$log" >&2; die "failed: see $log"; }
  awk 'END { print $1 + $2 }' "$log.time"
}
tempering() { # name partitions input options..: CPU seconds
  local name=$1 n=$2 input=$3
  shift 3
  rm -f "$out/$name".log* "$out/$name.exchange"
  cpu "$out/$name.screen" "${mpi[@]}" -np "$n" "$bin/lmp" -partition "${n}x1" -in "$input" -log "$out/$name.log" \
    -screen "$out/$name.screens" -pscreen none -var output "$out/$name" "$@"
}
geometric() { # number hot cold
  awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { for (i = 0; i < n; i++) printf "%s%.4g", i ? " " : "", a * (b / a)^(i / (n - 1)) }'
}

# Attempts, accepted fraction, round trips (of all replicas: from one end of the ladder to the other and back), from the exchange log
# of the fix, or from the last tempering in the log of the universe that temper writes.
replicas() { # name
  local file=$out/$1.exchange
  [ -e "$file" ] || file=$out/$1.log
  awk '
    function at(r, t) { # replica r is at temperature t
      if (t == 0) { if (state[r] == 2) trips++; state[r] = 1 }
      if (t == R - 1 && state[r] == 1) state[r] = 2
    }
    /^# T/ { R = NF - 2; fix = 1; at(0, 0); at(R - 1, R - 1); next }
    /^#/ { next }
    fix { attempts++; if ($7) { accepted++; at($8, $4); at($9, $3) } next }
    /^Step T0/ { n = accepted = attempts = trips = 0; split("", last); split("", state); next }
    $1 ~ /^[0-9]+$/ && NF > 2 {
      R = NF - 1
      if (n) attempts += (n % 2) ? int(R / 2) : int((R - 1) / 2)
      for (r = 1; r <= R; r++) {
        if (n && $(r + 1) != last[r]) accepted += 0.5
        last[r] = $(r + 1)
        at(r, $(r + 1))
      }
      n++
    }
    END { print attempts, accepted / (attempts ? attempts : 1), trips + 0 }' "$file"
}
# Energies for exchange over all partitions, from the last line of their logs ("energies for exchange N").
exchange_energies() { # name
  cat "$out/$1".log.* 2>/dev/null | awk '/^T [0-9].*energies for exchange/ { sub(/.*energies for exchange /, ""); sum += $1 } END { print sum + 0 }'
}

# ---- (a)

cost_row() { # name atoms steps options..
  local name=$1 atoms=$2 steps=$3
  shift 3
  tempering "cost$atoms" 2 bench/temper/in.cost -var steps "$steps" -var rounds $((rounds * 5)) "$@" > /dev/null
  awk -v name="$name" -v atoms="$atoms" -v steps="$steps" '
    function median(v, n,   i, j, t) {
      for (i = 1; i < n; i++) for (j = i; j > 0 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
      return n % 2 ? v[(n - 1) / 2] : (v[n / 2 - 1] + v[n / 2]) / 2
    }
    /^Loop time/ { if (++k > 1) { if (k % 2 == 0) a[m] = $4; else { b[m] = $4; ratio[m] = $4 / a[m]; m++ } } }
    /^ACCEPTANCE/ { accepted += $2 }
    END {
      ra = median(ratio, m)
      for (i = 0; i < m; i++) deviation[i] = ratio[i] > ra ? ratio[i] - ra : ra - ratio[i]
      printf "%-8s %6d %7d %12.0f %12.0f %8.3f %7.3f %11.3f\n", name, atoms, m, steps / median(a, m), steps / median(b, m), ra,
        1.2533 * 1.4826 * median(deviation, m) / sqrt(m), accepted / m
    }' "$out/cost$atoms.log.0"
}
part_a() {
  local start=$out/ka2d_n1290.data
  [ -e "$start" ] || cpu "$out/equilibrate.screen" "$bin/lmp" -in examples/ka2d/in.equilibrate -log "$out/equilibrate.log" -var N 1290 \
    -var T 1.0 -var cool 20000 -var hold 20000 -var output "$start" > /dev/null
  say "(a) plain exchange every 100 steps, 2 partitions of 1 rank: steps a second; time of the fix over that of temper, median of the rounds"
  printf '%-8s %6s %7s %12s %12s %8s %7s %11s\n' system atoms rounds temper fix ratio error acceptance
  cost_row KA2D 43 $((20000 * scale)) -var ladder "1.0 0.82"
  cost_row KA2D 1290 $((500 * scale)) -var ladder "1.0 0.966" -var start "$start"
  cost_row melt 10000 $((100 * scale)) -var system melt -var ladder "1.44 1.42"
}

# ---- flows for (b) and (c), and what they cost

# Frames of KA2D at temperature T, from the start nearest to it.
ka2d_samples() { # T
  local T=$1 start
  [ -e "$out/T$T.cpu" ] && return
  start=$(awk -v T="$T" 'BEGIN { n = split("1.00 0.72 0.60 0.50 0.40 0.35", s); for (i = 1; i <= n; i++) { d = log(s[i] / T); d *= d
    if (i == 1 || d < best) { best = d; name = s[i] } } print name }')
  cpu "$out/T$T.screen" "$bin/lmp" -in examples/ka2d/in.md -log "$out/T$T.log" -var T "$T" -var start "examples/ka2d/start/n43_T$start.data" \
    -var steps 1000000 -var dt 0.0035 -var swaps 50 -var output "$out/T$T.dump.gz" > "$out/T$T.seconds"
  mv "$out/T$T.seconds" "$out/T$T.cpu"
}
ka2d_flow() { # name T0 T1 options..
  local name=$1 hot=$2 cold=$3
  shift 3
  [ -e "$out/$name.cpu" ] && return
  ka2d_samples "$hot"
  ka2d_samples "$cold"
  cpu "$out/$name.screen" "$bin/nflow-train" --lammps examples/ka2d/in.system --prior-temperature "$hot" --temperature "$cold" \
    --prior-data "$out/T$hot.dump.gz" --data "$out/T$cold.dump.gz" --layers 16 --validation 0.3 --output "$out/$name.pt" "$@" > "$out/$name.seconds"
  mv "$out/$name.seconds" "$out/$name.cpu"
}
trained() { ka2d_flow "${kind}_$1_$2" "$1" "$2" "${training[@]}"; }
# The same number of force evaluations without training: damped dynamics, with the best of some time steps, by the acceptance of
# held-out samples.
switching() { # T0 T1
  local dt best=0 acceptance name=rens_$1_$2
  [ -e "$out/$name.pt" ] && return
  for dt in 0.012 0.015 0.018 0.021; do
    ka2d_flow "${name}_dt$dt" "$1" "$2" --steps 1 --learning-rate 1e-12 --timestep "$dt"
    acceptance=$(awk '$1 == "untrained" { print $5 }' "$out/${name}_dt$dt.screen")
    if awk -v a="$acceptance" -v b="$best" 'BEGIN { exit !(a > b) }'; then
      best=$acceptance
      cp "$out/${name}_dt$dt.pt" "$out/$name.pt.part"
    fi
  done
  mv "$out/$name.pt.part" "$out/$name.pt"
}
seconds() { # names..: CPU seconds of what made them
  local name total=0
  for name in "$@"; do total=$(awk -v a="$total" '{ print a + $1 }' "$out/$name.cpu"); done
  echo "$total"
}

# ---- (b)

trip_header() {
  printf '%-11s %-34s %3s %6s %7s %8s %6s %9s %12s %12s %14s\n' system method T every scans accepted trips CPU-s trips/CPU-s trips/1e6-E "with training"
}
# One line; energies are those of dynamics or Monte Carlo in all partitions and those for exchange; training is counted once.
trip_row() { # system method partitions every steps energies_a_step training_seconds name cpu_seconds
  replicas "$8" | awk -v what="$1" -v method="$2" -v R="$3" -v every="$4" -v steps="$5" -v each="$6" -v training="$7" \
    -v extra="$(exchange_energies "$8")" -v cpu="$9" '{
      energies = R * steps * each + extra
      printf "%-11s %-34s %3d %6d %7d %8.3f %6d %9.1f %12.4f %12.3f %14.4f\n", what, method, R, every, steps / every, $2, $3, cpu, $3 / cpu,
        1e6 * $3 / energies, $3 / (cpu + training) }'
}
ka2d_trips() { # method partitions every training name options..
  local method=$1 n=$2 every=$3 cost=$4 name=$5 steps=$((50000 * scale)) used
  shift 5
  used=$(tempering "$name" "$n" examples/ka2d/in.temper -var every "$every" -var steps $steps -var settle 20000 "$@")
  trip_row KA2D "$method" "$n" "$every" $steps 1 "$cost" "$name" "$used"
}
ladder_flows() { printf '%s' "models"; for pair in 1.0_0.67 0.67_0.45 0.45_0.3; do printf ' %s' "$out/$1_$pair.pt"; done; }
part_b_ka2d() {
  local round n pair every cost
  local flow_ladder="1.0 0.67 0.45 0.3"
  for pair in "1.0 0.67" "0.67 0.45" "0.45 0.3"; do
    # shellcheck disable=SC2086
    trained $pair
    # shellcheck disable=SC2086
    switching $pair
  done
  cost=$(seconds T1.0 T0.67 T0.45 T0.3 "${kind}_1.0_0.67" "${kind}_0.67_0.45" "${kind}_0.45_0.3")
  for ((round = 0; round < rounds; round++)); do
    for every in 25 100; do
      ka2d_trips "temper" 6 $every 0 b_temper6 -var with temper -var ladder "$(geometric 6 1 0.3)" -var seed $((round + 1))
      ka2d_trips "fix, plain" 6 $every 0 b_plain6 -var ladder "$(geometric 6 1 0.3)" -var seed $((round + 1))
      ka2d_trips "fix, flows ($kind)" 4 $every "$cost" b_flow4 -var ladder "$flow_ladder" -var exchange "$(ladder_flows $kind)" -var seed $((round + 1))
      ka2d_trips "fix, switching (RENS)" 4 $every 0 b_rens4 -var ladder "$flow_ladder" -var exchange "$(ladder_flows rens)" -var seed $((round + 1))
      for n in 8 10; do
        ka2d_trips "temper" $n $every 0 b_temper$n -var with temper -var ladder "$(geometric $n 1 0.3)" -var seed $((round + 1))
      done
    done
  done
}
# Samples of T = 5 by dynamics and of T = 1 by plain exchange (its cold dump), then a flow between them.
double_well_flow() {
  [ -e "$out/doublewell64.cpu" ] && return
  cpu "$out/doublewell64.screen" "$bin/nflow-train" --config examples/doublewell64/train.cfg --energy potentials/doublewell64.pt --prior-data "$out/dw_data_T5.dump.gz" \
    --data "$out/dw_data_T1.dump.gz" --output "$out/doublewell64.pt" > "$out/doublewell64.seconds"
  mv "$out/doublewell64.seconds" "$out/doublewell64.cpu"
}
double_well_trips() { # method partitions training name options..
  local method=$1 n=$2 cost=$3 name=$4 steps=$((20000 * scale)) used
  shift 4
  used=$(tempering "$name" "$n" examples/doublewell64/in.temper -var steps $steps "$@")
  trip_row "double well" "$method" "$n" 50 $steps 1 "$cost" "$name" "$used"
}
part_b_double_well() {
  local round
  [ -e "$out/dw_data.cpu" ] || {
    tempering dw_data 6 examples/doublewell64/in.temper -var steps 200000 > "$out/dw_data.seconds"
    mv "$out/dw_data.seconds" "$out/dw_data.cpu"
  }
  double_well_flow
  for ((round = 0; round < rounds; round++)); do
    double_well_trips "fix, plain" 6 0 b_dw_plain -var seed $((round + 1))
    double_well_trips "fix, flow" 2 "$(seconds dw_data doublewell64)" b_dw_flow -var ladder "1 5" \
      -var exchange "scheme random model $out/doublewell64.pt" -var seed $((round + 1))
  done
}
multi_well_trips() { # method partitions name options..
  local method=$1 n=$2 name=$3 steps=$((500 * scale)) used
  shift 3
  used=$(tempering "$name" "$n" examples/multiwell/in.temper -var steps $steps -var settle 200 "$@")
  trip_row multi-well "$method" "$n" 1 $steps 5 0 "$name" "$used"
}
part_b_multi_well() {
  local round F=potentials/multiwell20_tsf.pt
  for ((round = 0; round < rounds; round++)); do
    multi_well_trips "fix, plain" 10 b_mw_plain -var seed $((round + 1))
    # Above T = 2 plain exchange is the better one.
    multi_well_trips "fix, flow below T = 2" 9 b_mw_flow -var ladder "0.1 0.172 0.296 0.509 0.877 1.51 2.6 5.1 10" \
      -var exchange "models $F $F $F $F $F NULL NULL NULL" -var seed $((round + 1))
  done
}
part_b() {
  say "(b) round trips, ladders at equal acceptance; trips/1e6-E: per million energy evaluations; with training: per CPU second, training and its samples included"
  trip_header
  case $parts in *" b "* | *multiwell*) part_b_multi_well ;; esac
  case $parts in *" b "* | *doublewell*) part_b_double_well ;; esac
  case $parts in *" b "* | *ka2d*) part_b_ka2d ;; esac
}

# ---- (c)

pair_row() { # T0 T1 method name exchange
  local used
  used=$(tempering "$4" 2 examples/ka2d/in.temper -var ladder "$1 $2" -var every 50 -var steps $((40000 * scale)) -var settle 20000 \
    -var exchange "scheme random $5")
  awk -v pair="$1 -> $2" -v method="$3" -v cpu="$used" '/^#/ { next }
    { n++; w = $5 + $6; a = w > 0 ? exp(-w) : 1; sum += a; J += w; b = int(n / 200); block[b] += a; size[b]++ }
    END {
      for (b in block) if (size[b] >= 100) { blocks++; e += (block[b] / size[b] - sum / n)^2 }
      printf "%-12s %-22s %8d %8.4f %8.4f %8.2f %9.1f\n", pair, method, n, sum / n, (blocks > 1) ? sqrt(e / blocks / (blocks - 1)) : 0, J / n, cpu
    }' "$out/$4.exchange"
}
part_c() {
  local round
  for pair in "1.0 0.7" "1.0 0.6" "0.6 0.4"; do
    # shellcheck disable=SC2086
    trained $pair
    # shellcheck disable=SC2086
    switching $pair
  done
  say "(c) KA2D, acceptance of exchange in the fix, every 50 steps: plain, damped dynamics of 16 force evaluations (RENS), flow of 16 layers"
  printf '%-12s %-22s %8s %8s %8s %8s %9s\n' pair method attempts accepted error J CPU-s
  for ((round = 0; round < rounds; round++)); do
    for pair in "1.0 0.7" "1.0 0.6" "0.6 0.4"; do
      # shellcheck disable=SC2086
      set -- $pair
      pair_row "$1" "$2" plain "c_plain" ""
      pair_row "$1" "$2" "switching (RENS)" "c_rens" "model $out/rens_$1_$2.pt"
      pair_row "$1" "$2" "flow, $kind" "c_flow" "model $out/${kind}_$1_$2.pt"
    done
  done
}

printf 'fix nflow/temper on %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
case $parts in *" a "*) part_a ;; esac
case $parts in *" b "* | *multiwell* | *doublewell* | *ka2d*) part_b ;; esac
case $parts in *" c "*) part_c ;; esac
