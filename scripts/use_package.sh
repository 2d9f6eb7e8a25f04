#!/usr/bin/env bash
# The second half of test-package.sh, which runs it as root in a Debian of its own: installs the package that lies beside
# this file, and uses it as its pages say.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive OMP_NUM_THREADS=1
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf '\n== [%d s] %s\n' "$SECONDS" "$*"; }
die() { printf 'test-package: %s\n' "$*" >&2; exit 1; }
# A user without rights, in a folder of their own.
as_user() { timeout 600 setpriv --reuid=user --regid=user --clear-groups env HOME=/home/user "$@"; }
# run NAME COMMAND..: what it says goes into NAME.log
run() {
  local name=$1 code=0
  shift
  as_user "$@" > "$name.log" 2>&1 || code=$?
  [ $code = 0 ] || { tail -n 20 "$name.log" >&2; die "$name failed with $code: $*"; }
}
says() { grep -q -e "$2" "$1.log" || { tail -n 20 "$1.log" >&2; die "$1 did not say '$2'"; }; }
lines() { zcat -f "$1" | wc -l; }

say "apt-get install ./lammps-nflow_*.deb"
apt-get update -qq
apt-get remove -qq -y lammps-nflow > /dev/null 2>&1 || true
apt-get install -qq -y --no-install-recommends ./lammps-nflow_*.deb > install.log 2>&1 ||
  { tail -n 20 install.log >&2; die "apt-get did not install it"; }
dpkg-query -W lammps-nflow lammps 'liblammps0*'
[ -z "$(dpkg -V lammps-nflow)" ] || die "files of the package are not as it brought them"
[ -s /usr/share/doc/lammps-nflow/copyright ] || die "the package has no copyright file"

id user > /dev/null 2>&1 || useradd --create-home user
rm -rf ~user/work
install -d -o user ~user/work
cd ~user/work

data=/usr/share/lammps-nflow
plugin=/usr/lib/lammps-nflow/nflowplugin.so
mpirun="mpirun --oversubscribe -np 2"
multiwell="-var energy $data/potentials/multiwell20.pt -var model $data/potentials/multiwell20_tsf.pt -var steps 1000"

say "nflow-check of the models that it brings; --help of the programs"
for model in multiwell20_tsf doublewell64_spline; do
  run "check_$model" nflow-check "$data/potentials/$model.pt"
done
for program in nflow-train nflow-stats nflow-reference nflow-check; do
  run "$program" "$program" --help
  says "$program" --version
done

say "examples/multiwell/in.mc from where it was installed, against the exact averages"
run in_mc lmp-nflow -in $data/examples/multiwell/in.mc $multiwell
says in_mc "Total wall time"
[ "$(lines mc.dump.gz)" -gt 20000 ] || die "mc.dump.gz is not complete"
run compare nflow-reference compare --energy $data/potentials/multiwell20.pt --temperature 1 --dump mc.dump.gz

say "examples/doublewell64/in.temper in two partitions, from a copy"
as_user cp -r $data copy
(
  cd copy
  # shellcheck disable=SC2086
  run in_temper $mpirun lmp-nflow -partition 2x1 -in examples/doublewell64/in.temper -var ladder "1 5" \
    -var exchange "model potentials/doublewell64_spline.pt" -var steps 5000 -var settle 500 -var output flow
  for partition in 0 1; do
    grep -q "Total wall time" log.lammps.$partition || die "partition $partition did not come to its end"
  done
  run stats nflow-stats flow.exchange
)
grep -m 3 . copy/stats.log

say "nflow-train with Debian's LAMMPS, and the flow that it made"
(
  cd copy
  run train nflow-train --lammps examples/ka2d/in.system --prior-temperature 0.6 --temperature 0.4 --sample 60 \
    --steps 20 --output liquid.pt
  run check_liquid nflow-check liquid.pt
)

say "LAMMPS's Python module"
apt-get install -qq -y --no-install-recommends python3-lammps liblammps-dev > python.log 2>&1 ||
  { tail -n 20 python.log >&2; die "python3-lammps and liblammps-dev cannot be installed beside it"; }
mv mc.dump.gz program.dump.gz
# shellcheck disable=SC2086
run mc_py python3 $data/examples/multiwell/mc.py $plugin $multiwell
cmp <(zcat mc.dump.gz) <(zcat program.dump.gz) || die "Python gave other samples than lmp-nflow"

say "apt-get remove"
apt-get remove -qq -y lammps-nflow > /dev/null
[ ! -e $data ] && [ ! -e /usr/lib/lammps-nflow ] || die "files were left behind"
say "all of it works"
