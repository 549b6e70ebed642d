# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command line in folders of its own: what its tests share."""

import json
import os
import pathlib
import subprocess
import tempfile

import scripted

COLLATE = os.environ["COLLATE_PROGRAM"]
SERVER = os.environ["COLLATE_SCRIPTED_SERVER"]


class Home:
    """A person's folders, empty, for the length of a with block; `run` runs collate there."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.path), "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.path / "config"), "XDG_DATA_HOME": str(self.path / "data"),
            "XDG_CACHE_HOME": str(self.path / "cache"), "XDG_RUNTIME_DIR": str(self.path),
            "XDG_DATA_DIRS": f"{self.path}/share:/usr/local/share:/usr/share",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "G_DEBUG": "fatal-criticals",
            "HERE_API_KEY": scripted.KEY, "THERE_API_KEY": scripted.KEY,
        }
        # What a sanitizer or a coverage run needs.
        self.environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        return self

    def __exit__(self, *failure):
        self.folder.cleanup()

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def serve(self, server, models=None, **more):
        """Lets COLLATE_MODELS lead to the server."""
        names = models if models is not None else {name: {} for name in server.script["models"]}
        content = scripted.models_file(server.address, names, **more)
        self.environment["COLLATE_MODELS"] = self.write("models.json", json.dumps(content))

    def start(self, *arguments):
        return subprocess.Popen([COLLATE, *arguments], env=self.environment, cwd=self.path, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments):
        return subprocess.run([COLLATE, *arguments], env=self.environment, cwd=self.path, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def json(self, *arguments, status=0):
        """The JSON that a command prints, ended with this status."""
        result = self.run(*arguments, "--format", "json")
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        return json.loads(result.stdout)

    def everything_stored(self):
        """All bytes below the folders, the history's included."""
        return b"".join(path.read_bytes() for path in self.path.rglob("*") if path.is_file())


def assert_usage(result, *words):
    """Refused as usage: status 2, nothing printed, one sentence that holds these words."""
    assert result.returncode == 2, (result.returncode, result.stdout, result.stderr)
    assert result.stdout == "", result.stdout
    assert len(result.stderr.splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr, (word, result.stderr)
