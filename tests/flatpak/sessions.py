#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does between login and logout, with the program in its sandbox: sessions.py NAME, started by person.py."""

import json
import subprocess
import sys
import time

from person import DATA, HOME, ID, KEY, PAPER, SHARED, inside, output, run

import accessible
import scripted
from accessible import Atspi, Gio, GLib, every, find, press, read, strike, tick, wait_for, write

LOCAL = "smollm2-135m-instruct"
DOCUMENTS = HOME / "Documents"
QUESTION = "What is measured?"
SAID = "From afar."
TEXT = "a Small Study of Agreement"  # in the document


class Sandboxed(accessible.Application):
    """The program in its sandbox, for whom a proxy speaks on the bus."""

    def __init__(self, *arguments):
        super().__init__("flatpak", "run", ID, *arguments)

    def is_mine(self, root):
        return True


class Desk:
    """A server on this machine whose one model wants a key, and the person's own list that leads to it."""

    def __enter__(self):
        self.server = scripted.Server(HOME / "scripted-server", {"far": [scripted.answer(SAID)] * 9}).__enter__()
        folder = DATA / "config" / "collate"
        folder.mkdir(parents=True, exist_ok=True)
        models = scripted.models_file(self.server.address, {"far": {"name": "Far"}})
        (folder / "models.json").write_text(json.dumps(models))
        return self

    def __exit__(self, *failure):
        self.server.__exit__()


def unlock_keyring():
    """As logging in with a password does."""
    subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input="password", text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def choose(title, button, path):
    """Names a file in the portal's dialog, which is a program of its own, and accepts it."""
    def find_dialog():
        desktop = Atspi.get_desktop(0)
        children = (desktop.get_child_at_index(i) for i in range(desktop.get_child_count()))
        return next((each for child in children if child is not None and child.get_name() == "xdg-desktop-portal-gtk"
                     for each in every(child, "file chooser", title)), None)

    def find_entry():
        return next(iter(every(dialog, "text")), None)

    dialog = wait_for(title, find_dialog)
    # The dialog that opens files shows its entry to whoever begins to type.
    wait_for("the entry", lambda: find_entry() or [strike("/"), time.sleep(.5), find_entry()][-1])
    write(find_entry(), str(path))
    press(wait_for(button, lambda: next(iter(every(dialog, "push button", button)), None)))
    wait_for("the dialog's end", lambda: not find_dialog())


def answer(window, name):
    """The group of the answer by this model."""
    return wait_for(f"the answer of {name}", lambda: next(
        (node for node in every(window, None, name + "…") if node.get_role_name() in ("group", "panel", "grouping")), None))


def wait_for_text(node, text):
    wait_for(repr(text), lambda: text in read(node))


def response(window, name):
    """What the model answered: the lines that are not about the answer."""
    return [line for line in read(answer(window, name)).splitlines() if not line.startswith(name) and line != "Stop"]


def ask(window, question, *models):
    for name in (LOCAL, "Far"):
        tick(window, find(window, "check box", name), name in models)
    write(find(window, "text", "Question"), question)
    press(find(window, "button", "Ask…"))


def enter_key(application, expected):
    """In the preferences; waits until they say of it what is expected."""
    application.activate("preferences", GLib.Variant("s", "keys"))
    window = find(application.root, None, "Preferences")
    accessible.click(window, find(window, "list item", "Here"))
    # What stands in the entry can be applied by whoever is writing in it.
    accessible.click(window, find(window, "text", "Enter a key"))
    strike(KEY)
    press(find(window, "button", "Apply"))
    wait_for_text(window, expected)


def session_bus():
    """A name that another program has is there for programs outside, and not inside."""
    name = "org.example.Elsewhere"
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    owned = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                          GLib.Variant("(su)", (name, 0)), None, Gio.DBusCallFlags.NONE, -1, None)
    assert owned.unpack() == (1,)
    call = ("gdbus call --session --timeout 5 --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus "
            f"--method org.freedesktop.DBus.GetNameOwner {name}")
    output(*call.split())
    status, said = inside(call)
    assert status != 0 and "NameHasNoOwner" in said, said


def session_keys():
    unlock_keyring()
    with Desk():
        with Sandboxed() as application:
            enter_key(application, "In the keyring: HERE_API_KEY")
            application.quit()


def session_first():
    unlock_keyring()
    DOCUMENTS.mkdir()
    (DOCUMENTS / PAPER).write_bytes((SHARED / "resources" / "samples" / PAPER).read_bytes())
    with Desk() as desk, Sandboxed() as application:
        window = application.window
        press(find(window, "button", "Open…"))
        choose("Open Documents", "Open", DOCUMENTS / PAPER)
        wait_for_text(find(window, "list", "Documents"), "tokens")
        ask(window, QUESTION, LOCAL, "Far")
        wait_for_text(answer(window, "Far"), SAID)
        # The text of the document, read by the helper, and the key, out of the keyring.
        request = desk.server.journal()[-1]
        assert TEXT in request["body"]["messages"][0]["content"], request["body"]
        assert request["headers"]["authorization"] == f"Bearer {KEY}"
        wait_for("the local model's answer", lambda: response(window, LOCAL))
        # A small model does not know when to end.
        for stop in every(answer(window, LOCAL), "button", "Stop…"):
            press(stop)
        wait_for("the end of all", lambda: not every(window, "button", "Stop…"))
        press(find(window, "button", "Export…"))
        choose("Export as…", "Save", DOCUMENTS / "answers.html")
        exported = wait_for("the export", lambda: (DOCUMENTS / "answers.html").exists()
                            and (DOCUMENTS / "answers.html").read_text())
        assert SAID in exported and PAPER in exported and KEY not in exported
        assert "/run/user" not in exported
        application.quit()


def session_again():
    unlock_keyring()
    with Desk() as desk, Sandboxed() as application:
        window = application.window
        press(find(find(window, "list", "History"), "button", f"{QUESTION}…"))
        wait_for_text(answer(window, "Far"), SAID)
        assert response(window, LOCAL)
        assert desk.server.journal() == []
        # The same question, about the same text, which is in no file any more.
        press(find(window, "button", "Put this question again"))
        wait_for_text(find(window, "list", "Documents"), PAPER)
        request = wait_for("the request", lambda: next(iter(desk.server.journal()), None))
        assert TEXT in request["body"]["messages"][0]["content"], request["body"]
        application.quit()


def drag(start, end):
    """Slowly, as a hand does: a drag begins after some way, and its target looks at what comes."""
    Atspi.generate_mouse_event(*start, "abs")
    Atspi.generate_mouse_event(*start, "b1p")
    for i in range(1, 21):
        Atspi.generate_mouse_event(*(a + (b - a) * i // 20 for a, b in zip(start, end)), "abs")
        time.sleep(.05)
    time.sleep(1)
    Atspi.generate_mouse_event(*end, "b1r")


def session_drop():
    unlock_keyring()
    (DOCUMENTS / PAPER).write_bytes((SHARED / "resources" / "samples" / PAPER).read_bytes())
    with Desk(), Sandboxed() as application:
        # A drag looks for windows that a window manager takes care of, and there is none.
        output("xprop", "-name", "Collate", "-f", "WM_STATE", "32c", "-set", "WM_STATE", "1")
        documents = find(application.window, "list", "Documents")
        source = subprocess.Popen([HOME / "drag-source", DOCUMENTS / PAPER])
        wait_for("the window to drag from", lambda: run("xprop", "-name", "A file")[0] == 0)
        time.sleep(1)
        # It stands in the display's corner, before the other.
        drag((60, 60), (200, 400))
        wait_for_text(documents, "tokens")
        assert PAPER in read(documents)
        source.terminate()
        application.quit()


def session_bare():
    """Neither a file dialog nor a keyring."""
    with Desk(), Sandboxed() as application:
        press(find(application.window, "button", "Open…"))
        wait_for_text(application.window, "file dialog")
        enter_key(application, "For this session only: HERE_API_KEY")
        application.quit()


def session_device():
    """On the stand-in's software alone, and on nothing else, the processor computes and it is said."""
    unlock_keyring()
    with Desk(), Sandboxed() as application:
        application.activate("preferences", GLib.Variant("s", "local"))
        wait_for_text(application.root, "Automatic: the processor, since no graphics card")
        application.quit()
    devices = inside("collate devices")[1]
    assert "cpu " in devices and "vulkan:0" in devices and "llvmpipe" in devices, devices


def session_command():
    (DOCUMENTS / PAPER).write_bytes((SHARED / "resources" / "samples" / PAPER).read_bytes())
    said = subprocess.run(["flatpak", "run", "--file-forwarding", ID, "ask", "--models", f"local:{LOCAL}", "--max-output", "8",
                           "--question", QUESTION, "--format", "json", "--documents", "@@", DOCUMENTS / PAPER, "@@"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    comparison = json.loads(said)
    assert [document["name"] for document in comparison["documents"]] == [PAPER], said
    assert comparison["results"][0]["state"] == "done" and comparison["results"][0]["response"], said
    assert "/run/user" not in said, said


if __name__ == "__main__":
    globals()["session_" + sys.argv[1]]()
