#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes SPIR-V, as glslc -mfmt=num puts it, as arrays of C named shader_ and after their files: embed.py HEADER FILE..."""

import pathlib
import sys

HEADER, *FILES = (pathlib.Path(name) for name in sys.argv[1:])

HEADER.write_text("".join(f"static const guint32 shader_{file.stem.replace('-', '_')}[] = {{\n{file.read_text()}\n}};\n"
                          for file in FILES))
