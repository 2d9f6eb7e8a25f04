#!/usr/bin/env bash
# What an attempt of fix nflow/mc costs on the host and with Kokkos, and what a GPU makes of it. Prints tables; asserts nothing. All
# that is compared runs in turns.
#
#   bench/kokkos.sh               all parts
#   bench/kokkos.sh cost          KA2D of 43, 1290 and 10,320 atoms: host, '-k on -sf kk' but for this fix, '-k on -sf kk'
#   bench/kokkos.sh gpu           mapped moves per second by batch, kick-drift and torus-spline, and what is copied between host and GPU (with nsys, if it is there)
#   bench/kokkos.sh --quick ..    one round of a tenth of the attempts: to see that it works
#   bench/kokkos.sh --rounds 3 .. instead of 9
#   bench/kokkos.sh --atoms "43 1290" ..  these sizes only
#   bench/kokkos.sh --build DIR   another build folder than build
#
# The flows are not trained: only their cost counts here. They and the samples are made once, in build/bench/kokkos.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$here/build
rounds=9 scale=10 sizes="43 1290 10320"
parts=""
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 scale=1 ;;
    --rounds) rounds=$2; shift ;;
    --atoms) sizes=$2; shift ;;
    --build) build=$(cd "$2" && pwd); shift ;;
    cost | gpu) parts+=" $1 " ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
  esac
  shift
done
parts=${parts:- cost gpu }
bin=$build/bin out=$build/bench/kokkos
[ -x "$bin/lmp" ] && [ -x "$bin/nflow-train" ] || "$here/scripts/setup.sh"
mkdir -p "$out"
cd "$here"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
die() { printf 'bench/kokkos: %s\n' "$*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }
# A Kokkos with a GPU wants to be told how many.
on_gpu() { "$bin/lmp" -h | grep '^KOKKOS package API:.*CUDA' > /dev/null; }
has_kokkos() { "$bin/lmp" -h | grep '^KOKKOS package' > /dev/null; }
lammps() { # log options..
  local log=$1
  shift
  "$bin/lmp" -log "$log" -screen none "$@" || { grep -m 1 ERROR "$log" >&2; die "failed: see $log"; }
}

# Samples of KA2D, nx x ny times 43 atoms, and a flow as it is before training.
samples() { # atoms nx ny settle
  [ -e "$out/n$1.data" ] || lammps "$out/n$1.samples.log" -in bench/kokkos/in.samples -var nx "$2" -var ny "$3" -var settle "$4" \
    -var every $(($4 / 40)) -var output "$out/n$1"
}
# Exit code 5: worse than none, which an untrained flow may be.
flow() { # name atoms options of nflow-train..
  local name=$1 atoms=$2
  shift 2
  [ -e "$out/$name.pt" ] || "$bin/nflow-train" --lammps examples/ka2d/in.system --variable start="$out/n$atoms.data" \
    --prior-temperature 1.0 --temperature 0.9 --prior-data "$out/n$atoms.dump.gz" --steps 1 --learning-rate 1e-12 --batch 4 \
    --validation-samples 4 --output "$out/$name.pt" "$@" > "$out/$name.log" 2>&1 || [ $? -eq 5 ] || { tail -n 3 "$out/$name.log" >&2; die "no flow"; }
}
# Microseconds an attempt: of flow, energies, all, processor; and acceptance.
attempt() { # name of the flow, atoms, batch, calls, move, options of lmp..
  local name=$1 atoms=$2 batch=$3 calls=$4 move=$5
  shift 5
  lammps "$out/move.log" "$@" -in bench/kokkos/in.move -var plugin "$build/lib/nflowplugin.so" -var model "$out/$name.pt" \
    -var start "$out/n$atoms.data" -var batch "$batch" -var calls "$calls" -var move "$move"
  sed -n 's/^MOVE //p' "$out/move.log"
}

# ---- cost

# Lines "style flow energy total cpu acceptance", one style after the other, again and again: a row a style. The error is that of the
# median of the rounds' ratios.
cost_rows() { # atoms move
  awk -v atoms="$1" -v move="$2" '
    function median(v, n,   i, j, t, w) {
      for (i = 0; i < n; i++) w[i] = v[i]
      for (i = 1; i < n; i++) for (j = i; j > 0 && w[j] < w[j - 1]; j--) { t = w[j]; w[j] = w[j - 1]; w[j - 1] = t }
      return n % 2 ? w[(n - 1) / 2] : (w[n / 2 - 1] + w[n / 2]) / 2
    }
    function pick(column, s,   r, v) { for (r = 0; r < n[s]; r++) v[r] = x[s, column, r]; return median(v, n[s]) }
    function ratio(column, s,   r, v, d, m) {
      for (r = 0; r < n[s]; r++) v[r] = x[s, column, r] / x["host", column, r]
      m = median(v, n[s])
      for (r = 0; r < n[s]; r++) d[r] = v[r] > m ? v[r] - m : m - v[r]
      return sprintf("%7.3f +- %5.3f", m, 1.2533 * 1.4826 * median(d, n[s]) / sqrt(n[s]))
    }
    { s = $1; if (!(s in n)) order[++styles] = s; r = n[s]++; for (c = 2; c <= NF; c++) x[s, c, r] = $c; x[s, "rest", r] = $4 - $2 - $3 }
    END {
      for (k = 1; k <= styles; k++) {
        s = order[k]
        printf "%6d %-10s %-8s %10.1f %10.1f %9.1f %10.1f %10.1f %17s %17s %6.3f\n", atoms, move, s, pick(2, s), pick(3, s),
          pick("rest", s), pick(4, s), pick(5, s), ratio(4, s), ratio(5, s), pick(6, s)
      }
    }'
}
cost_of() { # atoms batch calls move
  local atoms=$1 batch=$2 calls=$3 move=$4 round
  calls=$(((calls * scale + 9) / 10))
  for ((round = 0; round < rounds; round++)); do
    printf 'host '; attempt "n$atoms" "$atoms" "$batch" "$calls" "$move"
    # On a GPU the host's fix is refused: LAMMPS would not see what it changes.
    [ ${#kokkos[@]} -gt 2 ] || { printf 'fix-host '; attempt "n$atoms" "$atoms" "$batch" "$calls" "$move" "${kokkos[@]}" -sf kk -var host yes; }
    printf 'kk '; attempt "n$atoms" "$atoms" "$batch" "$calls" "$move" "${kokkos[@]}" -sf kk
  done | cost_rows "$atoms" "${move%% *}"
}
part_cost() {
  local atoms nx ny settle batch calls
  say "microseconds an attempt, medians of $rounds rounds in turns; ratios to the host's; fix-host: -k on -sf kk, but this fix without"
  printf '%6s %-10s %-8s %10s %10s %9s %10s %10s %17s %17s %6s\n' atoms move style flow energy rest total CPU "total / host" "CPU / host" acc.
  while read -r atoms nx ny settle batch calls; do
    case " $sizes " in *" $atoms "*) ;; *) continue ;; esac
    samples "$atoms" "$nx" "$ny" "$settle"
    flow "n$atoms" "$atoms" --layers 4
    cost_of "$atoms" "$batch" "$calls" "mapped reservoir $out/n$atoms.dump.gz"
    cost_of "$atoms" "$batch" "$calls" "excursion steps 10 timestep 0.01"
  done <<'END'
43 1 1 20000 64 40
1290 5 6 4000 16 8
10320 15 16 1000 8 2
END
}

# ---- GPU

# Bytes that a run copies between host and GPU, in both directions.
copied() { # report
  nsys stats --report cuda_gpu_mem_size_sum --format csv "$1" 2> /dev/null |
    awk -F, '/Host-to-Device|HtoD/ { up = $1 } /Device-to-Host|DtoH/ { down = $1 } END { printf "%.0f %.0f\n", 1e6 * up, 1e6 * down }'
}
# The same for one attempt: what a run of 3 calls copies more than one of 1.
copied_per_attempt() { # name of the flow, batch, move
  local calls
  for calls in 1 3; do
    nsys profile -t cuda -f true -o "$out/copies$calls" "$bin/lmp" -k on g 1 -sf kk -log "$out/nsys.log" -screen none \
      -in bench/kokkos/in.move -var plugin "$build/lib/nflowplugin.so" -var model "$out/$1.pt" -var start "$out/n43.data" \
      -var batch "$2" -var calls $calls -var move "$3" > /dev/null
    copied "$out/copies$calls.nsys-rep"
  done | awk -v attempts=$((2 * $2)) 'NR == 1 { up = $1; down = $2 } NR == 2 { printf "%.0f %.0f\n", ($1 - up) / attempts, ($2 - down) / attempts }'
}
part_gpu() {
  local name batch move="mapped reservoir $out/n43.dump.gz" bytes
  if ! nvidia-smi -L 2> /dev/null | grep GPU > /dev/null; then say "GPU: no GPU: left out"; return; fi
  samples 43 1 1 20000
  flow n43 43 --layers 4
  flow torus 43 --architecture torus-spline
  say "KA2D, 43 atoms, -k on g 1 -sf kk: mapped moves; flow: fraction of the time; bytes an attempt to the GPU and back"
  printf '%-6s %6s %10s %8s %12s %12s\n' model batch moves/s flow "to the GPU" back
  for name in n43 torus; do
    for batch in 1 16 256 1024; do
      bytes="- -"
      ! command -v nsys > /dev/null || bytes=$(copied_per_attempt $name "$batch" "$move")
      attempt $name 43 "$batch" $((4000 * scale / 10 / batch + 2)) "$move" -k on g 1 -sf kk |
        awk -v name=$name -v batch="$batch" -v bytes="$bytes" '{ split(bytes, b, " ")
          printf "%-6s %6d %10.1f %8.3f %12s %12s\n", name, batch, 1e6 / $3, $1 / $3, b[1], b[2] }'
    done
    grep 'positions on' "$out/move.log"
  done
}

printf 'fix nflow/mc and Kokkos on %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
has_kokkos || die "this LAMMPS has no KOKKOS package"
kokkos=(-k on)
! on_gpu || kokkos=(-k on g 1)
case $parts in *" cost "*) part_cost ;; esac
case $parts in *" gpu "*) part_gpu ;; esac
