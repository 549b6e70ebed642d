#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many times the speed of the real tokenizers the program's encodings have, in one run: bench-encode.py ENCODE

The text is the project's own code and its sample papers, counted once as it is and once as one million equal letters.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import oracle

RUNS = 5


def real_seconds(encode, text):
    begin = time.perf_counter()
    encode(text)
    return time.perf_counter() - begin


def main():
    encodings = oracle.load(oracle.enter())
    paths = sorted([*oracle.ROOT.glob("backend/*/*.[ch]"), *oracle.ROOT.glob("tests/tokens/texts/*.txt")])
    texts = {"code and prose": "".join(path.read_text() for path in paths), "one million letters": "a" * 1000000}

    with tempfile.NamedTemporaryFile() as file:
        for what, text in texts.items():
            pathlib.Path(file.name).write_text(text)
            for name, encode in encodings.items():
                command = [sys.argv[1], "--time", name, *[file.name] * RUNS]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                ours = statistics.median(int(word) / 1e9 for word in output.split())
                real = statistics.median(real_seconds(encode, text) for _ in range(RUNS))
                print(f"{what}, {len(text)} characters, {name}: {ours * 1000:.1f} ms, "
                      f"the real one {real * 1000:.1f} ms, {real / ours:.1f} times")


main()
