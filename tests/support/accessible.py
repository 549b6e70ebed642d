# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the window through accessibility, as a person with a screen reader does."""

import os
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gio", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

PATIENCE = 30  # seconds until what is waited for counts as missing


def wait_for(what, get):
    """The first value of get() that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            value = get()
            if value:
                return value
        except GLib.Error:  # a widget that went away while it was looked at
            pass
        time.sleep(.05)
    raise AssertionError(f"waited in vain for {what}")


def has(node, state):
    return node.get_state_set().contains(state)


def walk(node):
    """The node and all visible ones below it, in the order of reading."""
    yield node
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        # GTK 4.8 knows "visible", which is not inherited, and not "showing".
        if child is not None and has(child, Atspi.StateType.VISIBLE):
            yield from walk(child)


def matches(node, role, name):
    have = node.get_name() or ""
    named = name is None or have == name or (name.endswith("…") and have.startswith(name[:-1]))
    return named and (role is None or role in node.get_role_name())


def every(root, role=None, name=None):
    """All that match and can be seen; a name that ends in … is a beginning."""
    return [node for node in walk(root) if matches(node, role, name)]


def find(root, role=None, name=None):
    """The first that matches, once it is there."""
    return wait_for(f"{role} {name!r}", lambda: next(iter(every(root, role, name)), None))


def press(node):
    wait_for(f"{node.get_name()!r} to be sensitive", lambda: has(node, Atspi.StateType.SENSITIVE))
    assert node.get_action_iface().do_action(0), node.get_name()


def write(node, text):
    assert node.get_editable_text_iface().set_text_contents(text), node.get_name()


def read(node):
    """All that the labels beneath say."""
    return "\n".join(each.get_name() for each in walk(node) if each.get_role_name() == "label" and each.get_name())


def dump(node, depth=0):
    """The tree, for whoever wonders why something is not found."""
    print("#", "  " * depth + node.get_role_name(), repr(node.get_name()))
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child is not None and has(child, Atspi.StateType.VISIBLE):
            dump(child, depth + 1)


class Application:
    """The program with its window, for the length of a with block."""

    def __init__(self, program, *arguments, environment=None):
        self.command = [program, *arguments]
        self.environment = {**os.environ, "GSK_RENDERER": "cairo", "GTK_A11Y": "atspi", "NO_AT_BRIDGE": "0",
                            "G_ENABLE_DIAGNOSTIC": "0", **(environment or {})}
        # Settings are to be kept in their file, as on a desk.
        self.environment.pop("GSETTINGS_BACKEND", None)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.environment)
        try:
            self.root = wait_for("the application", self._find_root)
            self.window = find(self.root, "frame")
        except BaseException:
            self.process.kill()
            raise
        return self

    def _find_root(self):
        assert self.process.poll() is None, "the program ended"
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and child.get_name() == "collate" and child.get_process_id() == self.process.pid:
                return child
        return None

    def activate(self, action):
        """An action of the application, as the desktop's shell would."""
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        bus.call_sync("io.github.collate.Collate", "/io/github/collate/Collate", "org.gtk.Actions", "Activate",
                      GLib.Variant("(sava{sv})", (action, [], {})), None, Gio.DBusCallFlags.NONE, -1, None)

    def quit(self):
        self.activate("quit")
        assert self.process.wait(timeout=PATIENCE) == 0, self.process.returncode

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def click(application, node):
    """A real click in the middle of a node."""
    extents = node.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
    frame = application.window.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
    # Without a window manager the window lies in the screen's corner; its own border is not part of the extents.
    border = 5
    x = extents.x - min(frame.x, 0) + border * (frame.x == 0) + extents.width // 2
    y = extents.y - min(frame.y, 0) + border * (frame.y == 0) + extents.height // 2
    Atspi.generate_mouse_event(x, y, "b1c")
