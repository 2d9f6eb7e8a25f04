#!/usr/bin/env bash
# Runs test.sh on another Debian, 13 (trixie) or sid, in a root folder that debootstrap makes (5 GB; it is kept for the
# next time). Needs debootstrap, and root:
#
#   sudo scripts/test-debian.sh trixie|sid FOLDER [options of test.sh]
#
# The host's debian-archive-keyring must know the keys of that Debian (that of Debian 12 does); one that is too old needs
# an update.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
usage="usage: test-debian.sh trixie|sid FOLDER [options of test.sh]"
suite=${1:?"$usage"} checkout=/root/lammps-nflow
root=${2:?"$usage"}
export root checkout
shift 2
case $suite in
  trixie | sid) ;;
  *)
    printf 'test-debian: %s is no Debian that this script makes: give trixie or sid\n' "$suite" >&2
    exit 2
    ;;
esac

if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root"
  # The lists of a mirror that has been stopped for a while have expired; tests can do with them.
  echo 'Acquire::Check-Valid-Until "false";' > "$root/etc/apt/apt.conf.d/50stopped-mirror"
fi
grep -qsE "[[:space:]]$suite([[:space:]]|\$)" "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/* ||
  { printf 'test-debian: %s holds another Debian than %s: give another folder\n' "$root" "$suite" >&2; exit 2; }
cp -L /etc/resolv.conf "$root/etc/"
mkdir -p "$root$checkout"
(cd "$here" && git ls-files -z | tar -c --null -T -) | tar -x -C "$root$checkout"

# What is mounted goes when the command ends, however it ends, and nobody else sees it. A sandbox may refuse /sys, of which
# Open MPI wants to know the machine.
unshare --mount bash -c '
  mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
  { mount -t sysfs sysfs "$root/sys" || echo "test-debian: no /sys in $root; going on without" >&2; } &&
  exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$checkout/scripts/test.sh" "$@"
' bash "$@"
