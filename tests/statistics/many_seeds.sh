#!/usr/bin/env bash
# Many seeds of the d = 20 multi-well at T = 0.3 with the shipped model of T = 1: every observable of every run |z| < 4.
#   many_seeds.sh BIN PLUGIN SOURCE
set -euo pipefail
bin=$1 plugin=$2 source=$3
for seed in 1 2 3 4; do
  "$bin/lmp" -in "$source/examples/multiwell/in.mc" -log none -screen none -var plugin "$plugin" -var T 0.3 -var steps 10000 \
    -var seed $seed -var energy "$source/potentials/multiwell20.pt" -var model "$source/potentials/multiwell20_tsf.pt"
  "$bin/nflow-reference" compare --energy "$source/potentials/multiwell20.pt" --temperature 0.3 --dump mc.dump.gz
done
