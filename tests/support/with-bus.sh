#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a program on a session bus of its own that can start the accessibility service and nothing else, so that no
# portal, keyring or settings service of the machine takes part: with-bus.sh PROGRAM [ARGUMENT]...
set -eu

command -v dbus-run-session >/dev/null || exit 77

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/services"
cp /usr/share/dbus-1/services/org.a11y.Bus.service "$folder/services/" || exit 77
cat >"$folder/bus.conf" <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=$folder</listen>
  <servicedir>$folder/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
EOF

# What services of the bus print must not come between a test's lines: only the program has standard output.
status=0
dbus-run-session --config-file="$folder/bus.conf" -- sh -c 'exec "$@" >&3 3>&-' sh "$@" 3>&1 >&2 || status=$?
exit "$status"
