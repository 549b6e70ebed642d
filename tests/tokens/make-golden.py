#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes golden.txt: texts and what the real tokenizers make of them. make-golden.py > golden.txt

A line is an encoding, the base64 of the text's bytes (not always UTF-8), and the ids.
"""

import base64

import golden_texts
import oracle

def main():
    for name, encode in oracle.load(oracle.enter()).items():
        for text in [*(text.encode() for text in golden_texts.TEXTS), *golden_texts.BYTES]:
            ids = encode(text.decode("utf-8", "replace"))
            print(name, base64.b64encode(text).decode(), " ".join(map(str, ids)), sep="\t")


main()
