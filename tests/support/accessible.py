# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the window through accessibility, as a person with a screen reader does."""

import os
import subprocess
import tempfile
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gio", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

BORDER = 5  # what a window without a window manager draws around itself
# GTK 4.8 complains of itself when it is asked about a widget that has just gone.
GTK_ACCESSIBLE_RACE = "g_variant_is_object_path"
PATIENCE = 120  # seconds until what is waited for counts as missing


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
    root.clear_cache()  # libatspi misses changes that come while it looks
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
        self.environment = {**os.environ, "GSK_RENDERER": "cairo", "GTK_A11Y": "atspi", "GSETTINGS_BACKEND": "keyfile",
                            **(environment or {})}

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, env=self.environment, stderr=self.log)
        try:
            self.root = wait_for("the application", self._find_root)
            self.window = find(self.root, "frame")
        except BaseException:
            self.process.kill()
            raise
        return self

    def _find_root(self):
        assert self.process.poll() is None, f"the program ended: {self.read_log()}"
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and child.get_name() == "collate" and self.is_mine(child):
                return child
        return None

    def is_mine(self, root):
        return root.get_process_id() == self.process.pid

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def activate(self, action, *parameter):
        """An action of the application, as the desktop's shell would."""
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        bus.call_sync("io.github.collate.Collate", "/io/github/collate/Collate", "org.gtk.Actions", "Activate",
                      GLib.Variant("(sava{sv})", (action, list(parameter), {})), None, Gio.DBusCallFlags.NONE, -1, None)

    def quit(self):
        self.activate("quit")
        assert self.process.wait(timeout=PATIENCE) == 0, self.process.returncode
        complaints = [line for line in self.read_log().splitlines() if "CRITICAL" in line and GTK_ACCESSIBLE_RACE not in line]
        assert not complaints, complaints

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.log.close()


def middle(window, node):
    """Where a node's middle lies on the screen."""
    extents = node.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
    frame = window.get_component_iface().get_extents(Atspi.CoordType.WINDOW)
    # Without a window manager the window lies in the screen's corner. On GTK 4.8 extents leave its border out.
    border_x = BORDER if frame.x == 0 else -frame.x
    border_y = BORDER if frame.y == 0 else -frame.y
    return extents.x + border_x + extents.width // 2, extents.y + border_y + extents.height // 2


def click(window, node):
    """A real click in the middle of a node, scrolled into view with the wheel where it has to be."""
    height = window.get_component_iface().get_extents(Atspi.CoordType.WINDOW).height

    def turn_the_wheel():
        x, y = middle(window, node)
        if 0.2 * height < y < 0.9 * height:
            return True
        Atspi.generate_mouse_event(x, height // 2, "b5c" if y > height // 2 else "b4c")
        time.sleep(.1)
        return middle(window, node)[1] == y  # the end of what can be scrolled

    wait_for(f"{node.get_name()!r} to come into view", turn_the_wheel)
    Atspi.generate_mouse_event(*middle(window, node), "b1c")


def strike(keys):
    """Types on the keyboard; without a window manager the keys go to the window beneath the pointer."""
    Atspi.generate_mouse_event(2 * BORDER, 2 * BORDER, "abs")
    Atspi.generate_keyboard_event(0, keys, Atspi.KeySynthType.STRING)


def tick(window, node, ticked):
    """Ticks a check box (on GTK 4.8 it has no action), or takes the tick away."""
    if has(node, Atspi.StateType.CHECKED) != ticked:
        click(window, node)
        wait_for(f"{node.get_name()!r} to be ticked", lambda: has(node, Atspi.StateType.CHECKED) == ticked)


def choose_file(application, title, button, path):
    """Names a file in GTK's own file chooser, and accepts it."""
    dialog = find(application.root, None, title)

    def entry():
        return next(iter(every(dialog, "text", "Name:") + every(dialog, "text", "GtkFileChooserEntry")), None)

    # The dialog that opens files shows its entry to whoever begins to type.
    wait_for("the entry of the dialog", lambda: entry() or [strike("/"), time.sleep(.5), entry()][-1])
    write(entry(), path)
    press(find(dialog, "button", button))
