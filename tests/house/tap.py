# SPDX-License-Identifier: GPL-3.0-or-later
"""House tests: a check is a function that gives what is wrong, a line each."""

import pathlib
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDERS = ["app", "widgets", "backend", "shaders", "resources", "po", "tests", ".ci"]


def project_files(root=ROOT):
    """All files of the project, but nothing that was built or fetched."""
    files = [path for path in root.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return sorted(path for path in files if "__pycache__" not in path.parts)


def in_tree(files):
    """A decorator: hands a check the root of a temporary tree of these files, from path to text."""
    def decorate(check):
        def run():
            with tempfile.TemporaryDirectory() as folder:
                for name, text in files.items():
                    path = pathlib.Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
                return check(pathlib.Path(folder))
        run.__name__ = check.__name__
        return run
    return decorate


def unlike(found, expected):
    """What is wrong with a check that finds this where it should find that."""
    return [] if sorted(found) == sorted(expected) else [f"found {sorted(found)}", f"expected {sorted(expected)}"]


def run(checks):
    print(f"1..{len(checks)}")
    for number, check in enumerate(checks, 1):
        wrong = list(check())
        print(f"{'not ok' if wrong else 'ok'} {number} - {check.__name__.replace('_', ' ')}")
        for line in wrong:
            print("# " + line)
