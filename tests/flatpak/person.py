#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does who installs the bundle: tried in a desktop of its own with the portals of GTK, by test-sandbox.py.

Each session is a login with a bus of its own: what is to be there later has to outlive it.
"""

import configparser
import http.server
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
MODULES = ["md4c", "poppler", "poppler-data", "smollm2-135m-instruct"]
PAPER = "measuring-answers.pdf"
KEY = "sk-collate-sandbox-0123456789"
SECRET = "what only the person may read"

# With fallback-x11, Flatpak writes x11 down, too, and gives it where there is no Wayland.
PERMISSIONS = {"shared": {"network", "ipc"}, "sockets": {"wayland", "fallback-x11", "x11"}, "devices": {"dri"}}

# The portal's files lie below the person's own folder; the display has another one.
os.environ["XDG_RUNTIME_DIR"] = f"/run/user/{os.getuid()}"


def run(*command, **options):
    """Its status, and all that it said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    return done.returncode, done.stdout


def output(*command, **options):
    status, said = run(*command, **options)
    assert status == 0, said
    return said


def inside(script):
    """A shell in the sandbox."""
    return run("flatpak", "run", "--command=sh", ID, "-c", script)


def run_session(name, bus=("dbus-run-session", "--")):
    """A session of sessions.py, from login to logout; by default with all that the desktop's bus can start."""
    status, said = run(*bus, sys.executable, "-W", "ignore", SHARED / "tests" / "flatpak" / "sessions.py", name)
    run("fusermount3", "-u", "-q", "-z", f"{os.environ['XDG_RUNTIME_DIR']}/doc")
    assert status == 0, said


def files_with(text, *folders):
    return run("grep", "-rlF", text, *folders)[1]


def test_bundle_installs():
    output("flatpak", "install", "--user", "-y", "--noninteractive", "--no-deps", "--bundle",
           str(SHARED / "build-flatpak" / "collate.flatpak"))
    permissions = configparser.ConfigParser()
    permissions.read_string(output("flatpak", "info", "--show-permissions", ID))
    assert permissions.sections() == ["Context"], permissions.sections()
    given = {name: set(value.strip(";").split(";")) for name, value in permissions["Context"].items()}
    assert given == PERMISSIONS, given
    exported = HOME / ".local" / "share" / "flatpak" / "exports" / "share"
    for name in (f"applications/{ID}.desktop", f"icons/hicolor/scalable/apps/{ID}.svg",
                 f"icons/hicolor/symbolic/apps/{ID}-symbolic.svg"):
        assert (exported / name).exists(), name
    licences = inside(f"ls /app/share/licenses/{ID}")[1].split()
    assert {"collate", *MODULES} <= set(licences), licences
    # Files that are opened with the program from outside are handed into the sandbox.
    assert "@@ %F @@" in (exported / f"applications/{ID}.desktop").read_text()


def test_repository_installs():
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=SHARED / "build-flatpak" / "site")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 18473), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {**os.environ, "FLATPAK_USER_DIR": str(HOME / "other")}
        output("flatpak", "install", "--user", "-y", "--noninteractive", "--no-deps",
               "http://127.0.0.1:18473/collate.flatpakref", env=environment)
        installed = output("flatpak", "info", "--user", ID, env=environment)
        remotes = output("flatpak", "remotes", "--user", "--columns=name,options", env=environment)
        server.shutdown()
    assert "Collate" in installed, installed
    # What comes from there later has to be signed with the same key.
    assert "collate" in remotes and "no-gpg-verify" not in remotes, remotes


def test_sandbox_refuses():
    (HOME / "private.txt").write_text(SECRET)
    status, said = inside(f"cat {HOME}/private.txt")
    assert status != 0 and SECRET not in said, said
    status, said = inside("cd ~ && ls -A")
    assert "private.txt" not in said, said
    for place in ("/usr", "/app"):
        assert inside(f"touch {place}/mark")[0] != 0, place
    status, said = inside("cat /proc/self/status")
    facts = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert (int(facts["CapEff"], 16), facts["NoNewPrivs"], facts["Seccomp"]) == (0, "1", "2"), facts
    run_session("bus")


def test_keys_go_through_the_portal():
    run_session("keys")
    found = files_with(KEY, DATA, HOME / ".local")
    assert not found, found


def test_documents_are_asked_about_and_exported():
    run_session("first")


def test_comparisons_outlive_their_documents():
    (HOME / "Documents" / PAPER).unlink()
    run_session("again")
    # What the portal showed a file as is gone with the session.
    found = files_with(f"/run/user/{os.getuid()}/doc", DATA)
    assert not found, found


def test_files_are_dropped():
    run_session("drop")


def test_without_portals_it_is_said():
    run_session("bare", bus=[SHARED / "tests" / "support" / "with-bus.sh"])


def test_device_is_said():
    run_session("device")


def test_command_line_is_handed_files():
    run_session("command")


if __name__ == "__main__":
    tap.run(globals())
