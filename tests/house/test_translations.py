#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""po/POTFILES names every file that has words for people, in order: test_translations.py --write writes it so."""

import re
import sys

import tree
import tap  # noqa: E402

MARKS = {
    ".c": r"(?<!\w)(_|N_|C_|NC_|ngettext|gettext|g_dngettext|g_dpgettext2) ?\(",
    ".h": r"(?<!\w)(N_|C_|NC_) ?\(",
    ".ui": r'translatable="(yes|true)"',
    ".xml": r"<component type=|l10n=|translatable=\"yes\"",
    ".desktop": r"^\[Desktop Entry\]",
}


def has_words(path):
    mark = MARKS.get(path.suffix)
    return mark is not None and re.search(mark, path.read_text(), re.MULTILINE) is not None


def files_with_words(root):
    paths = [path for path in tree.project_files(root) if path.relative_to(root).parts[0] not in ("tests", "po")]
    return [str(path.relative_to(root)) for path in paths if has_words(path)]


def read_potfiles(root):
    return [line for line in (root / "po" / "POTFILES").read_text().splitlines() if line and not line.startswith("#")]


def wrong_lines(root):
    listed, wanted = read_potfiles(root), files_with_words(root)
    for name in sorted(set(wanted) - set(listed)):
        yield f"{name} is missing"
    for name in sorted(set(listed) - set(wanted)):
        yield f"{name} has no words"
    if listed != sorted(set(listed)):
        yield "the names are not in order"


def test_potfiles_name_what_has_words():
    tree.expect(wrong_lines(tree.ROOT))


@tree.seeded({
    "po/POTFILES": "# a comment\nwidgets/a.ui\napp/none.c\napp/a.c\n", "app/a.c": 'f (_ ("Ask"));', "app/b.c": 'g(_("Stop"))',
    "app/c.c": 'x = ngettext ("%d", "%d", n);', "app/none.c": 'test_ ("no"); my_gettext_ (1);', "widgets/a.ui": 'translatable="yes"',
    "widgets/b.ui": '<property translatable="yes">', "tests/a.c": '_("no")',
})
def test_what_they_lack_is_found(root):
    tree.expect(wrong_lines(root), "app/b.c is missing", "app/c.c is missing", "app/none.c has no words",
                "widgets/b.ui is missing", "the names are not in order")


if sys.argv[1:] == ["--write"]:
    (tree.ROOT / "po" / "POTFILES").write_text("\n".join(files_with_words(tree.ROOT)) + "\n")
else:
    tap.run(globals())
