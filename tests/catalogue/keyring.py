#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys in a real keyring: gnome-keyring on a bus of its own, with a home of its own.

One process stores, others read, replace and forget; and no file in that home holds a key as it is.
usage: keyring.py CLIENT"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

NAME = "OPENAI_API_KEY"
FIRST = "sk-first-7f3a9c51d2"
SECOND = "sk-second-b84e06fa11"
CLIENT = None


# A bus that starts nothing by itself: the machine's portals would mount files into the home.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=%s</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""


def start_bus(home):
    """Starts a bus; gives the environment to reach it by, and its process id."""
    runtime = os.path.join(home, "run")
    os.mkdir(runtime, 0o700)
    environment = {
        "HOME": home,
        "XDG_RUNTIME_DIR": runtime,
        "XDG_DATA_HOME": os.path.join(home, "data"),
        "XDG_CACHE_HOME": os.path.join(home, "cache"),
        "XDG_CONFIG_HOME": os.path.join(home, "config"),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
    }
    configuration = os.path.join(home, "bus.conf")
    with open(configuration, "w") as file:
        file.write(BUS % runtime)
    lines = subprocess.run(
        ["dbus-daemon", f"--config-file={configuration}", "--fork", "--print-address=1", "--print-pid=1"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    ).stdout.split()
    environment["DBUS_SESSION_BUS_ADDRESS"] = lines[0]
    return environment, int(lines[1])


class Keyring(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="collate-keyring-")
        self.addCleanup(shutil.rmtree, self.home)
        self.environment, bus = start_bus(self.home)
        self.addCleanup(os.kill, bus, 15)
        self.daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.daemon.wait)
        self.addCleanup(self.daemon.terminate)
        self.daemon.stdin.write(b"a password\n")
        self.daemon.stdin.close()
        subprocess.run(
            ["gdbus", "wait", "--session", "--timeout", "30", "org.freedesktop.secrets"],
            env=self.environment, check=True,
        )

    def client(self, *words, key="", **variables):
        """Runs one process of the client; gives what it printed, and lets it print no error."""
        done = subprocess.run(
            [CLIENT, *words], env=dict(self.environment, G_DEBUG="fatal-criticals", **variables),
            input=key, capture_output=True, text=True,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.strip()

    def files_with(self, key):
        """The files below the home that hold the key in any encoding that a careless writer would use."""
        spellings = [key.encode(), key.encode("utf-16-le"), key.encode().hex().encode()]
        found = []
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        data = file.read()
                    if any(spelling in data for spelling in spellings):
                        found.append(path)
        return found

    def test_stores_reads_forgets(self):
        self.assertEqual(self.client("show", NAME), "none -")
        self.assertEqual(self.client("store", NAME, key=FIRST), f"keyring {FIRST}")
        self.assertEqual(self.client("show", NAME), f"keyring {FIRST}")
        self.assertEqual(self.client("show", "OTHER_API_KEY"), "none -")

        self.assertEqual(self.client("store", NAME, key=SECOND), f"keyring {SECOND}")
        self.assertEqual(self.client("store", "OTHER_API_KEY", key=FIRST), f"keyring {FIRST}")
        self.assertEqual(self.client("show", NAME), f"keyring {SECOND}")

        self.assertEqual(self.client("forget", NAME), "none -")
        self.assertEqual(self.client("show", NAME), "none -")
        self.assertEqual(self.client("show", "OTHER_API_KEY"), f"keyring {FIRST}")
        self.assertEqual(self.client("forget", NAME), "none -")

    def test_in_a_sandbox_without_a_portal(self):
        """A sandbox that is let through to the keyring uses it, as libsecret does."""
        self.assertEqual(self.client("store", NAME, "sandboxed", key=FIRST), f"keyring {FIRST}")
        self.assertEqual(self.client("show", NAME, "sandboxed"), f"keyring {FIRST}")
        self.assertEqual(self.client("forget", NAME, "sandboxed"), "none -")

    def test_a_file_without_a_portal_keeps_nothing(self):
        """libsecret's other way: a file, which only the portal has a password for."""
        done = subprocess.run([CLIENT, "store", NAME], env=dict(self.environment, SECRET_BACKEND="file"),
                              input=FIRST, capture_output=True, text=True, timeout=90)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(self.files_with(FIRST), [])

    def test_environment_wins(self):
        self.client("store", NAME, key=FIRST)
        self.assertEqual(self.client("show", NAME, **{NAME: SECOND}), f"environment {SECOND}")
        self.assertEqual(self.client("show", NAME, **{NAME: ""}), f"keyring {FIRST}")

    def test_leaves_no_trace(self):
        probe = os.path.join(self.home, "probe")
        with open(probe, "w") as file:
            file.write(f"x{FIRST}x")
        self.assertEqual(self.files_with(FIRST), [probe])
        os.unlink(probe)

        self.client("store", NAME, key=FIRST)
        self.client("show", NAME)
        self.assertEqual(self.files_with(FIRST), [])
        self.assertTrue(os.path.exists(os.path.join(self.home, "data", "keyrings")))

    def test_found_by_others(self):
        """What other programs see of it: the name that the desktop's list of passwords shows."""
        self.client("store", NAME, key=FIRST)
        shown = subprocess.run(
            ["secret-tool", "search", "xdg:schema", "io.github.collate.Collate.Key", "name", NAME],
            env=self.environment, capture_output=True, text=True,
        ).stdout
        self.assertIn(f"label = Collate: {NAME}", shown)
        self.assertIn(f"secret = {FIRST}", shown)


class BusWithoutKeyring(unittest.TestCase):
    """A desktop without any keyring: soon said, and nothing but that is said."""

    def test_is_told(self):
        home = tempfile.mkdtemp(prefix="collate-keyring-")
        self.addCleanup(shutil.rmtree, home)
        environment, bus = start_bus(home)
        self.addCleanup(os.kill, bus, 15)
        for more in [[], ["sandboxed"]]:
            done = subprocess.run([CLIENT, "show", NAME, *more], env=environment, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn("org.freedesktop.secrets", done.stderr)


if __name__ == "__main__":
    for program in ("dbus-daemon", "gdbus", "gnome-keyring-daemon", "secret-tool"):
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            sys.exit(77)
    CLIENT = sys.argv.pop(1)
    unittest.main()
