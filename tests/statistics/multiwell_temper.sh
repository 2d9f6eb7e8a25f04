#!/usr/bin/env bash
# examples/multiwell/in.temper, plain and through the flow: every observable at every temperature |z| < 4.
#   multiwell_temper.sh BIN PLUGIN SOURCE
set -euo pipefail
bin=$1 plugin=$2 source=$3
energy=$source/potentials/multiwell20.pt model=$source/potentials/multiwell20_tsf.pt
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mpi=(mpirun --oversubscribe -np 10)
[ "$(id -u)" -ne 0 ] || mpi=(mpirun --allow-run-as-root --oversubscribe -np 10)
run() { # name exchange
  local dump T
  rm -f "$1"_T*.dump.gz
  "${mpi[@]}" "$bin/lmp" -partition 10x1 -in "$source/examples/multiwell/in.temper" -log none -screen none -var plugin "$plugin" \
    -var energy "$energy" -var model "$model" -var exchange "$2" -var output "$1"
  for dump in "$1"_T*.dump.gz; do
    T=${dump#"$1"_T}
    "$bin/nflow-reference" compare --energy "$energy" --temperature "${T%.dump.gz}" --dump "$dump"
  done
}
run plain "scheme deo"
run flow "models $model $model $model $model $model $model NULL NULL NULL"
run any "model $model partners any"
