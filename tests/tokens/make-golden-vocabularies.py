#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains two small vocabularies, bpe.txt and sentencepiece.txt, and writes golden-vocabularies.txt: texts and what the
real tokenizers make of them.

A line is a split rule or "sentencepiece", the base64 of the text, and the ids.
"""

import base64

import golden_texts
import vocabularies

FOLDER = vocabularies.ROOT / "tests" / "tokens"


def main():
    vocabularies.enter()
    texts = [*golden_texts.TEXTS, "".join(vocabularies.USER_DEFINED_TOKENS), "a<thinking>b <think\n\n\n\n<|im_end|>é!"]
    with open(FOLDER / "golden-vocabularies.txt", "w") as file:
        for name, (vocabulary, encode) in vocabularies.train().items():
            vocabularies.write(vocabulary, FOLDER / ("sentencepiece.txt" if name == "sentencepiece" else "bpe.txt"))
            for text in texts:
                print(name, base64.b64encode(text.encode()).decode(), " ".join(map(str, encode(text))), sep="\t", file=file)


main()
