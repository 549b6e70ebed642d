#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a program as a person of its own: with-person.sh SYSTEM HOME SHARED PROGRAM [ARGUMENT]...
#
# The person has no rights but an ordinary one's, the folder HOME as home, and Flatpak's system-wide installation SYSTEM;
# the folder SHARED can be read as /srv/shared. What the program starts ends with it, and nothing of the machine is changed:
# all this is seen only here. Needs root.
set -eu

if [ "${COLLATE_PERSON:-}" != 1 ]; then
  exec env COLLATE_PERSON=1 unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
fi

system=$1 home=$2 shared=$3
shift 3
name=reader
id=1000

mkdir -p /run/user
mount -t tmpfs -o mode=755 tmpfs /run/user
mkdir -m 700 "/run/user/$id"
chown "$id:$id" "/run/user/$id" "$home"

# Files of the machine, as this person sees them.
mkdir -m 755 /run/user/.machine
printf 'root:x:0:0:root:/root:/bin/sh\n%s:x:%s:%s:%s:/home/%s:/bin/sh\n' "$name" "$id" "$id" "$name" "$name" >/run/user/.machine/passwd
printf 'root:x:0:\n%s:x:%s:\n' "$name" "$id" >/run/user/.machine/group
mount --bind /run/user/.machine/passwd /etc/passwd
mount --bind /run/user/.machine/group /etc/group

# The document portal shows files through FUSE, which desktops let everybody use.
mknod -m 666 /run/user/.machine/fuse c 10 229
mount --bind /run/user/.machine/fuse /dev/fuse

mount -t tmpfs -o mode=755 tmpfs /home
mkdir "/home/$name"
mount --bind "$home" "/home/$name"
mount -t tmpfs -o mode=755 tmpfs /srv
mkdir /srv/shared
mount --bind "$shared" /srv/shared
mount -o remount,bind,ro /srv/shared
mount --bind "$system" /var/lib/flatpak

cd "/home/$name"
# Flatpak wants a bus of the machine; nobody answers on this one. The shell stays, to see off what others leave behind.
setpriv --reuid="$id" --regid="$id" --clear-groups \
  env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="/home/$name" USER="$name" LOGNAME="$name" LANG=C.UTF-8 \
  XDG_RUNTIME_DIR="/run/user/$id" dbus-run-session -- \
  sh -c 'export DBUS_SYSTEM_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS"; unset DBUS_SESSION_BUS_ADDRESS; exec "$@"' sh "$@"
