#!/usr/bin/env bash
# Makes Debian's package of this checkout, installs it with apt in a root folder that debootstrap makes (2 GB; it is kept
# for the next time) and runs it there: examples to their ends, models, training, LAMMPS's Python module. The root folder
# has this machine's Debian. Needs debootstrap, and root:
#
#   sudo scripts/test-package.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root=${1:?"give the folder in which the Debian with the package is to live"}
suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")

"$here/scripts/setup.sh" --apt --programs
rm -f "$here"/build-apt/lammps-nflow_*.deb
(cd "$here/build-apt" && cpack -G DEB)

[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates "$suite" "$root"
cp -L /etc/resolv.conf "$root/etc/"
rm -rf "$root/root/package"
mkdir -p "$root/root/package"
cp "$here"/build-apt/lammps-nflow_*.deb "$here/scripts/use_package.sh" "$root/root/package/"

# What is mounted goes when the command ends, however it ends, and nobody else sees it.
unshare --mount bash -c '
  mount -t proc proc "$root/proc" && mount -t sysfs sysfs "$root/sys" && mount --rbind /dev "$root/dev" &&
  exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /root/package/use_package.sh
'
