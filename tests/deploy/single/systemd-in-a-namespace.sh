#!/usr/bin/env bash
# Becomes a systemd of its own: process ids, mounts, control groups and host name are not the machine's, and what it writes below /etc, /opt and /var
# goes to a folder. Started as the first process of new namespaces: systemd-in-a-namespace.sh <folder>. The network is the machine's.
set -euo pipefail
folder=$1
mount --make-rprivate /
for covered in etc opt var; do
  mkdir -p "$folder/$covered.new" "$folder/$covered.work"
  mount -t overlay overlay -o "lowerdir=/$covered,upperdir=$folder/$covered.new,workdir=$folder/$covered.work" "/$covered"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/lock
# Old and new control groups lie on one another on some machines; systemd shall see the new ones alone.
while umount -l /sys/fs/cgroup 2>/dev/null; do :; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys

# Nothing of the machine's own is started: the targets that units wait for are here and empty.
mkdir -p /run/targets
for target in sysinit basic shutdown umount network-online time-sync multi-user timers; do
  printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$target" >"/run/targets/$target.target"
done
rm -rf /etc/systemd/system
mkdir -p /etc/systemd/system
export container=samband-test SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/targets
exec /lib/systemd/systemd --system --unit=basic.target --log-target=console --show-status=no
