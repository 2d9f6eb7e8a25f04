#!/usr/bin/env bash
# Runs test.sh on Debian 13, in a root folder that debootstrap makes (5 GB; it is kept for the next time). Needs
# debootstrap, and root:
#
#   sudo scripts/test-debian13.sh FOLDER [options of test.sh]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root=${1:?"give the folder in which Debian 13 is to live"} checkout=/root/lammps-nflow
shift

[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates trixie "$root"
cp -L /etc/resolv.conf "$root/etc/"
mkdir -p "$root$checkout"
(cd "$here" && git ls-files -z | tar -c --null -T -) | tar -x -C "$root$checkout"

# What is mounted goes when the command ends, however it ends, and nobody else sees it.
unshare --mount bash -c '
  mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" && mount --rbind /dev "$root/dev" &&
  exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$checkout/scripts/test.sh" "$@"
' bash "$@"
