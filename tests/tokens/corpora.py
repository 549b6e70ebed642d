# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts to compare tokenizers on, and the comparison itself, text by text.

COLLATE_PAPERS names a folder of PDF files to compare on too.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
CODE_POINTS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
CONTRACTIONS = ["'s", "'S", "'ſ", "'t", "'ll", "'lL", "'Re", "'VE", "'d", "'M", "'", "'l", "'r"]
# What the splitters treat in different ways, so that each meets each: letters of every case, marks, numbers, signs,
# spaces, line ends, the edges of DeepSeek's ranges.
SHAPES = [*"aZéÉßǅʰª文カ・ー゛\u0301\u0e31٣Ⅷ½19!.'/_☃€ \t\r\n\u00a0\u3000\u0085\u2028\u200b\u180e\ufeff\x01\u0378\U000f0000",
          *"\u303f\u3040\u30ff\u3100\u4dff\u4e00\u9fa5\u9fa6", "the", "ABC", " x", "  ", "\n\n", "12345", "//\n", "=="]
STRAY_BYTES = [0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xE2, 0xED, 0xA0, 0xEF, 0xF0, 0x90, 0xF4, 0xF5, 0xFF, 0x00]


def random_texts(alphabets, count):
    chance = random.Random(1)
    for _ in range(count):
        alphabet = chance.choice(alphabets)
        yield "".join(chance.choices(alphabet, k=chance.choice([1, 2, 3, 5, 8, 20, 100]))).encode()


def random_bytes(count):
    chance = random.Random(2)
    for text in random_texts([SHAPES, CODE_POINTS], count):
        data = bytearray(text)
        for _ in range(chance.randint(1, 5)):
            place = chance.randint(0, len(data))
            data[place:place + chance.randint(0, 1)] = bytes([chance.choice(STRAY_BYTES)] * chance.randint(0, 2))
        yield bytes(data)


def papers():
    folders = [ROOT / "resources" / "samples"]
    if os.environ.get("COLLATE_PAPERS"):
        folders.append(pathlib.Path(os.environ["COLLATE_PAPERS"]))
    for path in sorted(path for folder in folders for path in folder.glob("*.pdf")):
        yield subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True).stdout


def files(*patterns):
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        yield path.read_bytes()


CORPORA = {
    "papers": papers,
    "code": lambda: files("backend/*/*.[ch]", "tests/*/*.py", "meson.build", "backend/**/meson.build", "tests/**/meson.build",
                          "resources/**/*.json"),
    "French": lambda: files("tests/tokens/texts/french.txt"),
    "Chinese": lambda: files("tests/tokens/texts/chinese.txt"),
    "every code point, alone": lambda: [" ".join(CODE_POINTS).encode(), "a".join(CODE_POINTS[:0x3000]).encode()],
    "every code point, shuffled": lambda: ["".join(random.Random(3).sample(CODE_POINTS, len(CODE_POINTS))).encode()],
    "random text of every plane": lambda: random_texts([CODE_POINTS, [*CODE_POINTS, *SHAPES * 20000]], 1000),
    "every neighbourhood": lambda: [(a + b + c).encode() for a in SHAPES for b in SHAPES for c in ("a", " ", "\n", "")],
    "random shapes": lambda: random_texts([SHAPES, SHAPES + CONTRACTIONS, CONTRACTIONS + ["a", " ", "1"]], 2000),
    "bytes that are no UTF-8": lambda: random_bytes(1500),
    "long runs": lambda: [shape.encode() * 3000 for shape in SHAPES],
}


def ids_of(program, encoding, paths):
    """The program's ids for each file, as many files a run as a command line holds."""
    for first in range(0, len(paths), 1000):
        command = [program, encoding, *paths[first:first + 1000]]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        yield from ([int(word) for word in line.split()] for line in output.splitlines())


def compare(program, encoding, real, texts):
    assert texts, "no text to compare on"
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, str(number)) for number in range(len(texts))]
        for path, text in zip(paths, texts):
            path.write_bytes(text)
        found = list(ids_of(program, encoding, paths))
    assert len(found) == len(texts), f"{len(found)} answers to {len(texts)} texts"
    wrong = [text for text, ids in zip(texts, found) if ids != real(text.decode("utf-8", "replace"))]
    assert not wrong, f"{len(wrong)} of {len(texts)} texts differ, the first: {wrong[0][:200]!r}"
