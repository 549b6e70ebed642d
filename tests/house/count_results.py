#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums what meson's test logs say, and ends with "N passed, N failed, N skipped": count_results.py testlog.json...

Every subtest counts. A program that failed without saying which subtest did (it crashed, it ran out of time) is one
failure; so is a log that is missing or empty, for then nothing was tested. Exits with 1 where anything failed.
"""

import collections
import json
import pathlib
import re
import sys

SUBTEST = re.compile(r"^(not )?ok\b(?:.*#\s*(skip|todo)\b)?", re.IGNORECASE)
GOOD = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def count_program(result, stdout):
    """The outcomes of one program's subtests."""
    counts = collections.Counter()
    for line in stdout.splitlines():
        subtest = SUBTEST.match(line)
        if subtest:
            failed, directive = subtest.groups()
            counts["skipped" if directive else "failed" if failed else "passed"] += 1
    if result not in GOOD and not counts["failed"]:
        counts["failed"] += 1
    if not counts:
        counts[GOOD[result]] += 1
    return counts


def count_log(path):
    counts = collections.Counter()
    lines = path.read_text().splitlines() if path.exists() else []
    for test in map(json.loads, lines):
        one = count_program(test["result"], test["stdout"] or "")
        if one["failed"]:
            print(f"{path}: {test['name']}: {test['result']}, {one['failed']} failed")
        counts += one
    if not lines:
        print(f"{path}: nothing was tested")
        counts["failed"] += 1
    return counts


def main():
    counts = sum((count_log(pathlib.Path(name)) for name in sys.argv[1:]), collections.Counter())
    print(", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")))
    sys.exit(1 if counts["failed"] else 0)


main()
