# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house tests share: the project's files, temporary trees with something wrong in them, and comparing what was
found with what is there.
"""

import functools
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
FOLDERS = ["app", "widgets", "backend", "shaders", "resources", "po", "tests", ".ci"]


def project_files(root=ROOT):
    """All files of the project, but nothing that was built or fetched."""
    files = [path for path in root.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return sorted(path for path in files if "__pycache__" not in path.parts)


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
    """Fails unless `rule` finds nothing in a tree of these files and, with each fault put into one of them, (file, old, new,
    line), that line alone.
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
