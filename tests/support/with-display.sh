#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a program on an X display of its own, which ends with it: with-display.sh PROGRAM [ARGUMENT]...
# COLLATE_SCREEN is the display's size, 1440x1200 by default. Skips (77) where there is no Xvfb.
set -eu

command -v Xvfb >/dev/null || exit 77

folder=$(mktemp -d)
Xvfb -displayfd 3 -screen 0 "${COLLATE_SCREEN:-1440x1200}x24" -nolisten tcp -noreset \
  3>"$folder/display" 2>"$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

until [ -s "$folder/display" ]; do
  kill -0 "$server" || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done

# No bus but one that is started further on: GTK would start one by itself, and with it the machine's portals.
mkdir -m 700 "$folder/run"
status=0
DISPLAY=":$(cat "$folder/display")" XDG_RUNTIME_DIR="$folder/run" GDK_BACKEND=x11 \
  DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent "$@" || status=$?
exit "$status"
