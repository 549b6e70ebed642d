# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk with nothing on it: a display, a session bus and folders of one's own."""

import os
import pathlib
import sys

SUPPORT = pathlib.Path(__file__).resolve().parent
MARK = "COLLATE_DESK"


def ensure(width=1440, height=1200):
    """Goes on in a display and on a bus of their own: the script starts anew there."""
    if MARK in os.environ:
        return
    environment = {**os.environ, MARK: "1", "COLLATE_SCREEN": f"{width}x{height}", "NO_AT_BRIDGE": "0"}
    environment.pop("WAYLAND_DISPLAY", None)
    os.execve(SUPPORT / "with-display.sh",
              ["with-display.sh", str(SUPPORT / "with-bus.sh"), sys.executable, "-W", "ignore", *sys.argv], environment)


def folders(path, **more):
    """The environment of a person whose folders lie below `path`."""
    return {"HOME": path, "XDG_CONFIG_HOME": f"{path}/config", "XDG_DATA_HOME": f"{path}/data",
            "XDG_CACHE_HOME": f"{path}/cache", "XDG_DATA_DIRS": f"{path}/share:/usr/local/share:/usr/share", **more}


def write_settings(path, **values):
    """Settings of the window, in GVariant's text format."""
    folder = pathlib.Path(path, "config", "collate")
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name.replace('_', '-')}={value}\n" for name, value in values.items()]
    (folder / "settings.ini").write_text("[Collate]\n" + "".join(lines))
