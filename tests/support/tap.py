# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's functions named test_… and reports them in the Test Anything Protocol."""

import os
import sys
import traceback
import unittest


def run(names):
    """Runs every test in `names` (a module's globals()) whose name holds $COLLATE_TEST; SkipTest skips one."""
    wanted = os.environ.get("COLLATE_TEST", "")
    tests = [(name, test) for name, test in names.items() if name.startswith("test_") and wanted in name]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:]}", flush=True)
        except unittest.SkipTest as reason:
            print(f"ok {number} - {name[5:]} # SKIP {reason}", flush=True)
        except Exception:  # a failed test must not hide those after it
            failed += 1
            print("".join("# " + line for line in traceback.format_exc().splitlines(True)), flush=True)
            print(f"not ok {number} - {name[5:]}", flush=True)
    sys.exit(1 if failed else 0)
