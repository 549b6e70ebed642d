#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does who installs the bundle: tried in a desktop of its own with the portals of GTK, by test-flatpak.py.

Each session is a login with a bus of its own: what is to be there later has to outlive it.
"""

import filecmp
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

SHARED = pathlib.Path("/srv/shared")
sys.path[:0] = [str(SHARED / "tests" / "support"), str(SHARED / "tests" / "app")]

import tap  # noqa: E402

ID = "io.github.collate.Collate"
HOME = pathlib.Path.home()
DATA = HOME / ".var" / "app" / ID
PAPER = "measuring-answers.pdf"
LOCAL = "smollm2-135m-instruct"
KEY = "sk-collate-sandbox-0123456789"
SECRET = "what only the person may read"

PERMISSIONS = {"shared": "network;ipc;", "sockets": "wayland;fallback-x11;", "devices": "dri;"}


def output(*command, **options):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options).stdout


def inside(script, *options):
    """A shell in the sandbox: its status, and all that it said."""
    command = ["flatpak", "run", *options, "--command=sh", ID, "-c", script]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def run_session(name):
    """A session of this file, from login to logout."""
    done = subprocess.run(["dbus-run-session", "--", sys.executable, "-W", "ignore", __file__, name],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    subprocess.run(["fusermount3", "-u", "-q", "-z", f"{os.environ['XDG_RUNTIME_DIR']}/doc"], stderr=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout


def test_bundle_installs():
    output("flatpak", "install", "--user", "-y", "--noninteractive", "--no-deps", "--bundle",
           str(SHARED / "build-flatpak" / "collate.flatpak"))
    lines = output("flatpak", "info", "--show-permissions", ID).split("\n[")
    assert len(lines) == 1, lines
    assert dict(line.split("=", 1) for line in lines[0].splitlines()[1:] if line) == PERMISSIONS, lines[0]
    exported = HOME / ".local" / "share" / "flatpak" / "exports" / "share"
    for name in (f"applications/{ID}.desktop", f"icons/hicolor/scalable/apps/{ID}.svg",
                 f"icons/hicolor/symbolic/apps/{ID}-symbolic.svg", f"metainfo/{ID}.metainfo.xml"):
        assert (exported / name).exists(), name
    # Files that are opened with the program from outside are handed into the sandbox.
    assert "@@ %F @@" in (exported / f"applications/{ID}.desktop").read_text()


def test_repository_installs():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=SHARED / "build-flatpak" / "site")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {**os.environ, "FLATPAK_USER_DIR": str(HOME / "other")}
        output("flatpak", "install", "--user", "-y", "--noninteractive", "--no-deps",
               "http://127.0.0.1:8000/collate.flatpakref", env=environment)
        installed = output("flatpak", "info", "--user", ID, env=environment)
        server.shutdown()
    assert "Collate" in installed, installed


def test_sandbox_refuses():
    (HOME / "private.txt").write_text(SECRET)
    status, said = inside(f"cat {HOME}/private.txt")
    assert status != 0 and SECRET not in said, said
    status, said = inside("cd ~ && ls -A")
    assert "private.txt" not in said, said
    for place in ("/usr", "/app", "/etc"):
        assert inside(f"touch {place}/mark")[0] != 0, place
    status, said = inside("cat /proc/self/status")
    facts = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert (int(facts["CapEff"], 16), facts["NoNewPrivs"], facts["Seccomp"]) == (0, "1", "2"), facts
    run_session("bus")


def session_bus():
    """A name that another program has is there for programs outside, and not inside."""
    from gi.repository import Gio, GLib
    name = "org.example.Elsewhere"
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    owned = bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                          GLib.Variant("(su)", (name, 0)), None, Gio.DBusCallFlags.NONE, -1, None)
    assert owned.unpack() == (1,)
    ask = ("gdbus call --session --timeout 5 --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus "
           f"--method org.freedesktop.DBus.GetNameOwner {name}")
    assert subprocess.run(ask.split(), stdout=subprocess.DEVNULL).returncode == 0
    status, said = inside(ask)
    assert status != 0 and "NameHasNoOwner" in said, said


def start(*arguments, options=()):
    """The program in its sandbox."""
    import accessible

    class Sandboxed(accessible.Application):
        # The sandbox's proxy speaks for it.
        def is_mine(self, root):
            return True

    return Sandboxed("flatpak", "run", *options, ID, *arguments)


def choose(title, button, path):
    """Names a file in the portal's dialog, which is a program of its own, and accepts it."""
    import accessible
    from accessible import Atspi, every, find, press, strike, wait_for, write

    def find_dialog():
        for i in range(Atspi.get_desktop(0).get_child_count()):
            child = Atspi.get_desktop(0).get_child_at_index(i)
            if child is not None and child.get_name() == "xdg-desktop-portal-gtk":
                return next(iter(every(child, "file chooser", title)), None)
        return None

    dialog = wait_for(title, find_dialog)
    accessible.dump(dialog)
    raise SystemExit


def write_models(server):
    import scripted
    models = scripted.models_file(server.address, {"far": {"name": "Far"}})
    folder = DATA / "config" / "collate"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "models.json").write_text(json.dumps(models))


def session_first():
    import scripted
    from accessible import find, press
    (HOME / "Documents").mkdir()
    paper = HOME / "Documents" / PAPER
    paper.write_bytes((SHARED / "resources" / "samples" / PAPER).read_bytes())
    with scripted.Server(HOME / "scripted-server", {"far": [scripted.answer("From afar.")]}) as server:
        write_models(server)
        with start() as application:
            window = application.window
            press(find(window, "button", "Open…"))
            choose("Open Documents", "Open", paper)


def test_first_session():
    run_session("first")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        globals()["session_" + sys.argv[1]]()
    else:
        tap.run(globals())
