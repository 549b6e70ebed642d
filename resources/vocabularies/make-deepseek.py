#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes deepseek-v3.tiktoken from DeepSeek's tokenizer.json: make-deepseek.py tokenizer.json > FILE.

A rank table says less than a list of merges: it merges every pair whose bytes together are a token, in the order
of their ids. So this also proves that, for this vocabulary, the two mean the same: merges stand in the order of
the ids that they make, one a token, and the ranks alone lead every token to the very pair of its merge.
"""

import base64
import json
import sys


def byte_alphabet():
    """The byte of each letter that byte-level vocabularies are spelt in."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


def last_pair(token, ranks):
    """The pair that merging by rank, short of the token itself, leaves of its bytes."""
    parts = [token[i:i + 1] for i in range(len(token))]
    while len(parts) > 2:
        found = [(ranks.get(a + b, sys.maxsize), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
        rank, i = min(found)
        if rank == sys.maxsize:
            return None
        parts[i:i + 2] = [parts[i] + parts[i + 1]]
    return tuple(parts)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tokenizer = json.load(file)
    letters = byte_alphabet()
    special = {token["id"] for token in tokenizer["added_tokens"]}
    ranks = {bytes(letters[letter] for letter in token): rank
             for token, rank in tokenizer["model"]["vocab"].items() if rank not in special}

    made = []
    for merge in tokenizer["model"]["merges"]:
        pair = merge.split(" ") if isinstance(merge, str) else merge
        pair = tuple(bytes(letters[letter] for letter in part) for part in pair)
        made.append(ranks[b"".join(pair)])
        assert last_pair(b"".join(pair), ranks) == pair, pair
    assert made == sorted(set(made)), "merges do not stand in the order of ids"
    assert len(made) + 256 == len(ranks), "tokens that no merge makes"

    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        print(base64.b64encode(token).decode(), rank)


main()
