#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sum at the end of ./dev test: a failure of any kind must show in it."""

import json
import pathlib
import subprocess
import sys

import tree
import tap  # noqa: E402

PROGRAM = pathlib.Path(__file__).with_name("count_results.py")


def log(*programs):
    return "".join(json.dumps({"name": "p", "result": result, "stdout": out}) + "\n" for result, out in programs)


def count(root, *names):
    """The last line that the program prints about these logs, and its exit status."""
    done = subprocess.run([sys.executable, PROGRAM, *(root / name for name in names)], capture_output=True, text=True)
    return f"{done.stdout.splitlines()[-1]}, status {done.returncode}"


LOGS = {
    "good": log(("OK", "1..3\nok 1 /a\n# ok\nok 2 /b # SKIP no display\n    ok 1 nested\nok 3 /todo # TODO later\n")),
    "failed": log(("OK", "ok 1\n"), ("FAIL", "not ok 1 /a\nok 2\nnot ok 3\n1..3\n")),
    "crashed": log(("ERROR", "1..3\nok 1\nok 2\n")),
    "crashed at once": log(("ERROR", "")),
    "timed out": log(("TIMEOUT", "1..2\nok 1\n")),
    "interrupted": log(("INTERRUPT", None)),
    "passed unexpectedly": log(("UNEXPECTEDPASS", "")),
    "no subtests": log(("OK", ""), ("OK", "hello"), ("EXPECTEDFAIL", "")),
    "skipped": log(("SKIP", "1..0 # SKIP offline\n")),
    "named like it": log(("OK", "okay\nok 1 the # of skips\nok 2 - skip nothing\n")),
    "empty": "",
}
SUMS = {
    "good": "1 passed, 0 failed, 2 skipped, status 0",
    "failed": "2 passed, 2 failed, 0 skipped, status 1",
    "crashed": "2 passed, 1 failed, 0 skipped, status 1",
    "crashed at once": "0 passed, 1 failed, 0 skipped, status 1",
    "timed out": "1 passed, 1 failed, 0 skipped, status 1",
    "interrupted": "0 passed, 1 failed, 0 skipped, status 1",
    "passed unexpectedly": "0 passed, 1 failed, 0 skipped, status 1",
    "no subtests": "3 passed, 0 failed, 0 skipped, status 0",
    "skipped": "0 passed, 0 failed, 1 skipped, status 0",
    "named like it": "2 passed, 0 failed, 0 skipped, status 0",
    "empty": "0 passed, 1 failed, 0 skipped, status 1",
    "missing": "0 passed, 1 failed, 0 skipped, status 1",
}


@tree.seeded(LOGS)
def test_every_log_has_its_sum(root):
    tree.expect((f"{name}: {count(root, name)}" for name in SUMS), *(f"{name}: {sum}" for name, sum in SUMS.items()))


@tree.seeded(LOGS)
def test_logs_add_up(root):
    tree.expect([count(root, "good", "failed", "skipped")], "3 passed, 2 failed, 3 skipped, status 1")


tap.run(globals())
