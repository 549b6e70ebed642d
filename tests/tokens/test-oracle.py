#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the ids of the program's encodings with the real tokenizers', text by text: test-oracle.py ENCODE"""

import functools
import sys

import corpora
import oracle
import tap


def main():
    program = sys.argv[1]
    real = oracle.load(oracle.enter())
    texts = {name: list(make()) for name, make in corpora.CORPORA.items()}
    tap.run({f"test_{encoding}: {name}": functools.partial(corpora.compare, program, encoding, real[encoding], texts[name])
             for encoding in real for name in texts})


main()
