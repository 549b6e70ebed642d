#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every C file is laid out as clang-format lays it out: ./dev format mends it."""

import re
import subprocess

import tree
import tap  # noqa: E402


def wrong_files(paths):
    """The files that clang-format would change."""
    done = subprocess.run(["clang-format", "--style", f"file:{tree.ROOT}/.clang-format", "--dry-run", "--Werror", *paths],
                          capture_output=True, text=True)
    wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error:", done.stderr, re.MULTILINE)))
    if done.returncode != 0 and not wrong:
        wrong.append(done.stderr)
    return wrong


def test_c_files_are_laid_out():
    tree.expect(wrong_files([path for path in tree.project_files() if path.suffix in (".c", ".h")]))


@tree.seeded({"good.c": "int\nf (void)\n{\n  return 1;\n}\n", "bad.c": "int f(void){return 1;}\n"})
def test_what_is_not_is_found(root):
    tree.expect(wrong_files([root / "good.c", root / "bad.c"]), f"{root}/bad.c")


tap.run(globals())
