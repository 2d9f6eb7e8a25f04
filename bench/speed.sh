#!/usr/bin/env bash
# This build against an older one, on the same inputs, in turn (A B A B): what issue "speed" is judged by.
#
#   bench/speed.sh OLD [rounds]     OLD: a checkout of an older version that is built in OLD/build
#
# Each takes the models of its own potentials/, which are the same flows. Rows are medians over the rounds; "ratio" is old by new.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
old=$(cd "${1:?usage: bench/speed.sh OLD [rounds]}" && pwd)
rounds=${2:-3}
out=$here/build/bench/speed
mkdir -p "$out"
cd "$out"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Prints "name value" lines of all rounds to a table: medians of both builds and their ratio.
table() { # file: lines "build row value"
  awk '{ key = $1 SUBSEP $2; v[key, ++n[key]] = $3; if (!seen[$2]++) order[++rows] = $2 }
    function median(key,  i, j, t, m) {
      m = n[key]; if (m == 0) return 0
      for (i = 1; i <= m; i++) a[i] = v[key, i]
      for (i = 1; i <= m; i++) for (j = i + 1; j <= m; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
      return (a[int((m + 1) / 2)] + a[int(m / 2) + 1]) / 2
    }
    END {
      printf "%-44s %12s %12s %8s\n", "row", "old", "new", "ratio"
      for (i = 1; i <= rows; i++) {
        o = median("old" SUBSEP order[i]); w = median("new" SUBSEP order[i])
        printf "%-44s %12.2f %12.2f %8s\n", order[i], o, w, (o > 0 && w > 0) ? sprintf("%.2f", o / w) : "-"
      }
    }' "$1"
}
lammps() { # tree input variables..
  local tree=$1 input=$2
  shift 2
  (cd "$tree" && TIMEFORMAT=%U && { time build/bin/lmp -in "$input" -screen none -log "$out/log.speed" \
    -var plugin build/lib/nflowplugin.so "$@"; } 2>&1 | tail -n 1)
}
# Microseconds an attempt: flow, energy and all as the fix has them, and by LAMMPS's loop time of the last run.
attempts() { # build row attempts
  awk -v build="$1" -v row="$2" -v n="$3" '/^Loop time/ { loop = $4; steps = $9 }
    /^COST/ { print build, row "_flow", $2; print build, row "_energy", $3; print build, row "_all", $4
      print build, row "_overhead_percent", 100 * ($4 / ($2 + $3) - 1) }
    END { print build, row "_loop", 1e6 * loop / steps / n }' log.speed
}
cost='print "COST $(1e6*f_mc[7]) $(1e6*f_mc[8]) $(1e6*f_mc[9])"'

# The moves of the demo at T = 0.3.
multiwell() { # build tree
  sed -e '/^dump/d' -e '/^print/d' -e '/^run  *1000$/d' "$here/examples/multiwell/in.mc" > in.multiwell
  echo "$cost" >> in.multiwell
  lammps "$2" "$out/in.multiwell" -var energy potentials/multiwell20.pt -var model potentials/multiwell20_tsf.pt -var T 0.3 \
    -var steps 2000 > cpu
  attempts "$1" multiwell20_T0.3 10
  echo "$1 multiwell20_T0.3_cpu $(awk '{ print 1e6 * $1 / 20000 }' cpu)"
}
# To T = 5, where one or five steps of dynamics move it, and back to T = 1; the flow is of x alone, so that no reservoir serves.
doublewell() { # build tree
  local steps
  for steps in 1 5; do
    cat > in.doublewell <<END
variable seed index 1
include examples/doublewell64/in.system
fix mc all nflow/mc 1 10 1 1.0 potentials/doublewell64_spline.pt move excursion steps $steps timestep 0.05
thermo_style custom step pe f_mc
thermo 1000
run 1000
$cost
END
    lammps "$2" "$out/in.doublewell" > cpu
    attempts "$1" "doublewell64_excursion$steps" 10
  done
}
ka2d() { # build tree
  local move
  [ -s ka2d.pt ] || make_ka2d
  for move in "mapped reservoir $out/hot.dump" "excursion steps 10 timestep 0.015"; do
    cat > in.ka2d <<END
include examples/ka2d/in.system
fix mc all nflow/mc 1 10 1 0.4 $out/ka2d.pt batch 64 move $move
thermo_style custom step pe f_mc
thermo 1000
run 200
$cost
END
    sed -i '1i variable folder index examples/ka2d\nvariable start index examples/ka2d/start/n43_T0.40.data\nplugin load ${plugin}' in.ka2d
    lammps "$2" "$out/in.ka2d" > cpu
    attempts "$1" "ka2d_${move%% *}" 10
  done
}
make_ka2d() {
  (cd "$here" && build/bin/lmp -in examples/ka2d/in.md -screen none -log none -var T 0.6 -var start examples/ka2d/start/n43_T0.60.data \
    -var seed 1 -var steps 200000 -var every 200 -var swaps 50 -var dt 0.0035 -var first 0 -var output "$out/hot.dump" \
    -var rdf "$out/rdf.dat")
  (cd "$here" && build/bin/nflow-train --lammps examples/ka2d/in.system --prior-temperature 0.6 --temperature 0.4 \
    --prior-data "$out/hot.dump" --steps 50 --validation-samples 50 --output "$out/ka2d.pt" > "$out/ka2d.log" 2>&1) || [ $? -eq 5 ]
}
flows() { # build tree
  local model
  for model in multiwell20_tsf doublewell64_spline; do
    (cd "$2" && build/bin/nflow-check potentials/$model.pt) | awk -v build="$1" -v row="$model" '
      /^batch  *forward/ { reading = 1; next } reading && NF == 3 { print build, row "_forward_batch" $1, $2 / $1 }'
  done
}
# Milliseconds a step of the TSF of the demo.
training() { # build tree
  [ -s exact20.dump.gz ] || "$here/build/bin/nflow-reference" sample "$here/potentials/multiwell20.pt" --temperature 1 \
    --count 20000 --seed 3 --output exact20.dump.gz > exact20.log
  "$2/build/bin/nflow-train" --data exact20.dump.gz --energy "$here/potentials/multiwell20.pt" --temperature 1 --steps 200 \
    --validate-every 200 --output "train_$1.pt" > "train_$1.log" 2>&1 || [ $? -eq 5 ]
  awk -v build="$1" '/^step 200/ { for (i = 2; i <= NF; i++) if ($i ~ /^ms/) print build, "training_step_ms", $(i - 1) }' "train_$1.log"
}
# The same weights in plain PyTorch, against the operator, microseconds a configuration at batch 256.
eager() {
  local python=/usr/bin/python3 # whose PyTorch is that of the LibTorch here
  "$python" -c 'import torch' 2> /dev/null || { echo "no PyTorch in $python: eager is left out" >&2; return 0; }
  [ -s portable.pt ] || "$here/build/bin/nflow-train" --convert "$here/potentials/multiwell20_tsf.pt" --portable --output portable.pt \
    > portable.log
  "$python" "$here/bench/eager_tsf.py" portable.pt | awk '{ print "old eager_pytorch_batch" $1, $2 }'
  (cd "$here" && build/bin/nflow-check potentials/multiwell20_tsf.pt) | awk '
    /^batch  *forward/ { reading = 1; next } reading && NF == 3 { print "new eager_pytorch_batch" $1, $2 / $1 }'
}

uptime
: > rows
for ((round = 0; round < rounds; round++)); do
  for part in multiwell doublewell ka2d flows training; do
    "$part" old "$old" >> rows
    "$part" new "$here" >> rows
  done
  eager >> rows
done
table rows
uptime
