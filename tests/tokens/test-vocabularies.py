#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the pieces of the split rules, and the ids of vocabularies, with the real tokenizers', text by text:
test-vocabularies.py ENCODE

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
# Bytes that are no UTF-8 are kept; the real tokenizers cannot be given any.
TEXTS = {name: texts for name, texts in corpora.CORPORA.items() if "no UTF-8" not in name} | {
    "marks": lambda: corpora.random_texts([MARKS], 1000)}
# Where the pieces are right, the tokens within them need no text a neighbourhood.
FEWER = [name for name in TEXTS if not name.startswith("every")]


def find_peers(folder):
    """A name, what encode calls a split rule or a vocabulary, the function of the real one, and the texts for it."""
    for pre in vocabularies.SPLITS:
        yield f"pieces of {pre}", f"split:{pre}", vocabularies.peer_of_split(pre), TEXTS

    known = {name: peer for name, peer in vocabularies.train().items() if name in ("smollm", "llama-bpe", "sentencepiece")}
    if os.environ.get("COLLATE_MODEL"):
        model = vocabularies.read_gguf(os.environ["COLLATE_MODEL"])
        known["model file"] = model, vocabularies.peer_of_bpe(model)
    for name, (vocabulary, real) in known.items():
        path = pathlib.Path(folder, name)
        vocabularies.write(vocabulary, path)
        yield f"tokens of {name}", path, real, FEWER


def main():
    vocabularies.enter()
    texts = {name: list(make()) for name, make in TEXTS.items()}
    with tempfile.TemporaryDirectory() as folder:
        tap.run({f"test_{name}: {what}": functools.partial(corpora.compare, sys.argv[1], encoding, real, texts[what])
                 for name, encoding, real, wanted in find_peers(folder) for what in wanted})


main()
