#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes collate-classes.h: what the splitters must know of every code point.

The tokenizers that are matched here know Unicode 16.0, whatever the machine knows, so the data is that
version's and no other's: pip install unicodedata2==16.0.0, then make-classes.py > collate-classes.h.
"""

import sys

import unicodedata2

BLOCK = 128
CATEGORIES = {"Lu": 1, "Lt": 1, "Ll": 2, "Lm": 3, "Lo": 3}
GROUPS = {"M": 4, "N": 5, "P": 6, "S": 7}
# White_Space, which no release since 6.3 has changed.
SPACES = [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F,
          0x3000]

HEADER = """/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made by make-classes.py from Unicode {version}: do not edit. */
#pragma once

#include <glib.h>

/* clang-format off */
"""


def class_of(code_point):
    if code_point in (0x0A, 0x0D):
        return 9
    if code_point in SPACES:
        return 8
    category = unicodedata2.category(chr(code_point))
    return CATEGORIES.get(category) or GROUPS.get(category[0], 0)


def main():
    if unicodedata2.unidata_version != "16.0.0":
        sys.exit("unicodedata2 has Unicode " + unicodedata2.unidata_version + ", not 16.0.0")
    digits = "".join(str(class_of(code_point)) for code_point in range(0x110000))
    blocks = {}
    index = [blocks.setdefault(digits[i:i + BLOCK], len(blocks)) for i in range(0, len(digits), BLOCK)]
    assert len(blocks) <= 256

    print(HEADER.format(version=unicodedata2.unidata_version))
    print("/* The block of classes of each %d code points. */" % BLOCK)
    print("static const guint8 collate_class_index[] = {")
    for i in range(0, len(index), 32):
        print("  " + ",".join(map(str, index[i:i + 32])) + ",")
    print("};\n")
    print("/* A digit a code point, a line a block: CollateClass. */")
    print("static const char collate_class_blocks[] =")
    print("\n".join('  "%s"' % block for block in blocks) + ";")


main()
