#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the ids of model files' vocabularies with the real tokenizers', text by text: test-vocabularies.py ENCODE

COLLATE_MODEL names a model file (GGUF, byte-level BPE) whose vocabulary is compared too.
"""

import functools
import os
import pathlib
import sys
import tempfile

import corpora
import tap
import vocabularies

MARKS = [*vocabularies.CONTROLS, *vocabularies.USER_DEFINED_TOKENS, "<think", "ing>", "\n", " ", "a", "é", "!"]
# A vocabulary keeps bytes that are no UTF-8; the real tokenizers cannot be given any.
TEXTS = {name: texts for name, texts in corpora.CORPORA.items() if "no UTF-8" not in name} | {
    "marks": lambda: corpora.random_texts([MARKS], 1000)}


def find_tokenizers():
    """From a name to a vocabulary and the real tokenizer of it."""
    yield from vocabularies.train().items()
    if os.environ.get("COLLATE_MODEL"):
        model = vocabularies.read_gguf(os.environ["COLLATE_MODEL"])
        yield pathlib.Path(os.environ["COLLATE_MODEL"]).stem, (model, vocabularies.peer_of_bpe(model))


def main():
    vocabularies.enter()
    texts = {name: list(make()) for name, make in TEXTS.items()}
    with tempfile.TemporaryDirectory() as folder:
        tests = {}
        for name, (vocabulary, real) in find_tokenizers():
            path = pathlib.Path(folder, name)
            vocabularies.write(vocabulary, path)
            tests |= {f"test_{name}: {what}": functools.partial(corpora.compare, sys.argv[1], path, real, texts[what])
                      for what in texts}
        tap.run(tests)


main()
