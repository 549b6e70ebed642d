#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every source has: its licence in its first lines, no path of one machine, no word of unfinished work. What others
have licensed is installed with its licence.
"""

import re

import tree
import tap  # noqa: E402

SOURCES = {".c", ".h", ".py", ".comp", ".sh"}
TEXTS = SOURCES | {".build", ".md", ".ui", ".xml", ".json", ".css", ".desktop", ".yml", ".txt", ""}
LICENCE = re.compile(r"SPDX-License-Identifier: GPL-3\.0-or-later")
# The words are taken apart so that this file does not hold them.
MACHINE = re.compile(r"(?<![\w.~$}])/(?:home|root|work|farm|Users)/\w")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")


def is_script(path):
    return path.suffix == "" and path.read_bytes().startswith(b"#!")


def texts(root):
    for path in tree.project_files(root):
        if path.suffix in TEXTS and path.name != "COPYING":
            yield path, str(path.relative_to(root)), path.read_text(errors="replace")


def wrong_licences(root):
    for path, name, text in texts(root):
        if (path.suffix in SOURCES or is_script(path)) and not LICENCE.search("\n".join(text.splitlines()[:3])):
            yield f"{name}: no licence in its first lines"


def wrong_words(root):
    for _, name, text in texts(root):
        for line in text.splitlines():
            if MACHINE.search(line):
                yield f"{name}: the path of a machine: {line.strip()[:80]}"
            if UNFINISHED.search(line) and not name.startswith("tests/house/"):
                yield f"{name}: unfinished: {line.strip()[:80]}"


def licences_left_out(root):
    """Files with a licence that no meson.build names."""
    files = tree.project_files(root)
    named = "\n".join(path.read_text() for path in files if path.name == "meson.build")
    for path in files:
        if re.match("COPYING|LICEN[CS]E", path.name) and not re.search(rf"[/']{re.escape(path.name)}'", named):
            yield f"{path.relative_to(root)} is not installed"


def test_sources_name_their_licence():
    tree.expect(wrong_licences(tree.ROOT))


def test_licences_are_installed():
    tree.expect(licences_left_out(tree.ROOT))


def test_texts_have_no_path_of_a_machine_and_nothing_unfinished():
    tree.expect(wrong_words(tree.ROOT))


SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"


@tree.seeded({
    "app/a.c": f"/* {SPDX} */", "app/b.c": "", "app/c.c": f"\n\n\n/* {SPDX} */", "dev": "#!/bin/sh\n", "README.md": "",
    "tests/a.py": f"#!/usr/bin/python3\n# {SPDX}\n", "tests/b.py": "print ()",
})
def test_a_missing_licence_is_found(root):
    names = ("app/b.c", "app/c.c", "dev", "tests/b.py")
    tree.expect(wrong_licences(root), *(f"{name}: no licence in its first lines" for name in names))


@tree.seeded({
    "app/a.c": "x = \"/ho" "me/ann/x\";\n// TO" "DO\n", "README.md": "see ~/home/x, $HOME/root/y, a/root/b, /usr/bin\n",
    "po/b.txt": "/ro" "ot/x\n", "tests/t.py": "XX" "XXXX FIX" "MES\n",
})
def test_a_path_and_a_word_are_found(root):
    found = (": ".join(line.split(": ")[:2]) for line in wrong_words(root))
    tree.expect(found, "app/a.c: the path of a machine", "app/a.c: unfinished", "po/b.txt: the path of a machine")


@tree.seeded({
    "COPYING": "", "resources/LICENSE.a": "", "resources/b/LICENSE.b": "", "app/LICENCE": "", "app/licences.c": "",
    "resources/meson.build": "install_data('../COPYING', 'b/LICENSE.b', 'LICENSE.abc')",
})
def test_a_licence_that_is_left_out_is_found(root):
    tree.expect(licences_left_out(root), "resources/LICENSE.a is not installed", "app/LICENCE is not installed")


tap.run(globals())
