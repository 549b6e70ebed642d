# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house tests share: the project's files, temporary trees with something wrong in them, and comparing what was
found with what is there.
"""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
FOLDERS = ["app", "widgets", "backend", "shaders", "resources", "po", "tests", ".ci"]


def project_files(root=ROOT):
    """All files of the project, but nothing that was built or fetched."""
    files = [path for path in root.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return sorted(path for path in files if "__pycache__" not in path.parts)


class Project:
    """What meson.build says of the project, and where the files that bear its id lie."""

    def __init__(self, root):
        text = (root / "meson.build").read_text()
        self.program = re.search(r"^project\('(.*?)'", text)[1]
        self.version = re.search("^  version: '(.*)',$", text, re.MULTILINE)[1]
        self.licence = re.search("^  license: '(.*)',$", text, re.MULTILINE)[1]
        self.app_id = re.search("^app_id = '(.*)'$", text, re.MULTILINE)[1]
        self.address = "https://github.com/" + "/".join(self.app_id.split(".")[2:])
        self.manifest = root / "resources" / "flatpak" / f"{self.app_id}.json"
        self.desktop = root / "resources" / f"{self.app_id}.desktop"
        self.metainfo = root / "resources" / f"{self.app_id}.metainfo.xml"
        self.icon = root / "resources" / "icons" / f"{self.app_id}.svg"
        self.symbolic = root / "resources" / "icons" / f"{self.app_id}-symbolic.svg"
        self.screenshots = root / "resources" / "screenshots"


def lines_of(*command):
    """What a validator prints, line by line, and how it ended where it failed. Where it is missing the test is skipped,
    but not in CI.
    """
    if shutil.which(command[0]) is None and not os.environ.get("CI"):
        raise unittest.SkipTest(f"{command[0]} is missing")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"})
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines + [f"status {done.returncode}"] * (done.returncode != 0)


def plant(root, files):
    for name, content in files.items():
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def seeded(files):
    """A decorator: hands a test the root of a temporary tree of these files, from path to text or bytes."""
    def decorate(test):
        @functools.wraps(test)
        def run():
            with tempfile.TemporaryDirectory() as folder:
                plant(folder, files)
                test(pathlib.Path(folder))
        return run
    return decorate


def expect(found, *expected):
    """Fails with a line for each thing that was found and not expected, or expected and not found."""
    found, expected = set(found), set(expected)
    lines = [f"found: {line}" for line in sorted(found - expected)]
    lines += [f"not found: {line}" for line in sorted(expected - found)]
    assert not lines, "\n".join(["", *lines])


def expect_found(rule, files, faults):
    """Fails unless `rule` finds nothing in a tree of these files and, with each fault (file, old, new, line) in it,
    that line alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, files)
        expect(rule(pathlib.Path(folder)))
        for name, old, new, line in faults:
            assert files[name].count(old) == 1, f"{name} holds {old!r} {files[name].count(old)} times"
            plant(folder, {name: files[name].replace(old, new)})
            try:
                expect(rule(pathlib.Path(folder)), line)
            except AssertionError as error:
                raise AssertionError(f"{old!r} -> {new!r}: {error}") from None
            plant(folder, {name: files[name]})
