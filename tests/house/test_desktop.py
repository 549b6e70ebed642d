#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the desktop shows the program: its desktop file and its icons."""

import configparser
import os
import re
import unittest
import unittest.mock
import xml.etree.ElementTree as ElementTree

import tree
import tap  # noqa: E402

# Shops leave these out, so something else has to be there.
NO_CATEGORIES = {"GTK", "Qt", "KDE", "GNOME", "Motif", "Java", "Application", "XFCE", "DDE"}
READS = "backend/documents/collate-library.c"
SYMBOLIC = "#222222"  # what the desktop replaces by the colour of its text
# No pictures, letters, scripts, styles, nor shadows.
SHAPES = {"svg", "g", "path", "rect", "circle", "ellipse"}


def read_entry(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    parser.optionxform = str
    parser.read_string(path.read_text())
    return parser["Desktop Entry"]


def words(text):
    return [word for word in text.split(";") if word]


def wrong_desktop(root):
    project = tree.Project(root)
    try:
        entry = read_entry(project.desktop)
    except configparser.Error as error:
        yield f"not readable: {type(error).__name__}"
        return
    types = re.search(r"mime_types\[\] = \{(.*), NULL \};", (root / READS).read_text())[1]
    if entry.get("Icon") != project.app_id:
        yield "Icon: not the id"
    if entry.get("Exec") not in (f"{project.program} %F", f"{project.program} %U"):
        yield "Exec: not the program and its files"
    for key in ("Hidden", "NoDisplay", "Terminal"):
        if entry.getboolean(key, False):
            yield f"{key}: not in sight"
    if not set(words(entry.get("Categories", ""))) - NO_CATEGORIES:
        yield "Categories: none that tells"
    if not words(entry.get("Keywords", "")):
        yield "Keywords: missing"
    if words(entry.get("MimeType", "")) != re.findall('"(.*?)"', types):
        yield "MimeType: not what is read"


def wrong_icon(path, size):
    picture = ElementTree.parse(path).getroot()
    if [picture.get(key) for key in ("width", "height", "viewBox")] != [str(size), str(size), f"0 0 {size} {size}"]:
        yield f"{path.name}: not {size} units square"
    for element in picture.iter():
        tag = element.tag.split("}")[1]
        elsewhere = any("href" in key or key.startswith("on") or "url(" in value for key, value in element.items())
        if tag not in SHAPES or elsewhere:
            yield f"{path.name}: more than a shape: {tag}"


def wrong_icons(root):
    project = tree.Project(root)
    yield from wrong_icon(project.icon, 128)
    yield from wrong_icon(project.symbolic, 16)
    for element in ElementTree.parse(project.symbolic).iter():
        if element.get("fill", SYMBOLIC) != SYMBOLIC or element.get("stroke"):
            yield f"{project.symbolic.name}: a colour"


def invalid_desktop(root):
    return tree.lines_of("desktop-file-validate", str(tree.Project(root).desktop))


def test_the_desktop_file_is_good():
    tree.expect(wrong_desktop(tree.ROOT))


def test_the_icons_are_good():
    tree.expect(wrong_icons(tree.ROOT))


def test_the_desktop_file_is_valid():
    tree.expect(invalid_desktop(tree.ROOT))


ID = "io.github.ann.Pears"
DESKTOP = f"resources/{ID}.desktop"
ICON, SYMBOL = f"resources/icons/{ID}.svg", f"resources/icons/{ID}-symbolic.svg"
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}" viewBox="0 0 {0} {0}">
  <g><path fill="{1}" d="M1 1h2"/></g>
</svg>
"""
FILES = {
    "meson.build": f"project('pears', 'c',\n  version: '0.9',\n  license: 'MIT',\n)\napp_id = '{ID}'\n",
    READS: '  static const char *const mime_types[] = { "application/pdf", "text/plain", NULL };\n',
    ICON: SVG.format(128, "#3584e4"),
    SYMBOL: SVG.format(16, SYMBOLIC),
    DESKTOP: f"""[Desktop Entry]
Type=Application
Name=Pears
Comment=See what fruit costs
Exec=pears %F
Icon={ID}
Categories=Office;GTK;
Keywords=Fruit;
MimeType=application/pdf;text/plain;
""",
}


def test_each_fault_of_a_desktop_file_is_found():
    tree.expect_found(wrong_desktop, FILES, [
        (DESKTOP, "Comment=", "Icon=apples\nComment=", "not readable: DuplicateOptionError"),
        (DESKTOP, "[Desktop Entry]", "", "not readable: MissingSectionHeaderError"),
        (DESKTOP, f"Icon={ID}", "Icon=pears", "Icon: not the id"),
        (DESKTOP, f"Icon={ID}\n", "", "Icon: not the id"),
        (DESKTOP, "=pears %F", f"=flatpak run {ID} %F", "Exec: not the program and its files"),
        (DESKTOP, "=pears %F", "=pears", "Exec: not the program and its files"),
        (DESKTOP, "Comment=", "Hidden=true\nComment=", "Hidden: not in sight"),
        (DESKTOP, "Comment=", "NoDisplay=true\nComment=", "NoDisplay: not in sight"),
        (DESKTOP, "Comment=", "Terminal=true\nComment=", "Terminal: not in sight"),
        (DESKTOP, "Office;", "GNOME;", "Categories: none that tells"),
        (DESKTOP, "Keywords=Fruit;\n", "", "Keywords: missing"),
        (DESKTOP, "text/plain;", "", "MimeType: not what is read"),
        (READS, ', "text/plain"', ', "text/plain", "text/html"', "MimeType: not what is read"),
    ])


def test_each_fault_of_an_icon_is_found():
    full, symbolic = f"{ID}.svg", f"{ID}-symbolic.svg"
    tree.expect_found(wrong_icons, FILES, [
        (ICON, 'height="128"', 'height="64"', f"{full}: not 128 units square"),
        (ICON, "0 0 128 128", "0 0 128 64", f"{full}: not 128 units square"),
        (ICON, "<g>", '<g><image href="data:,"/>', f"{full}: more than a shape: image"),
        (ICON, "<g>", "<g><script/>", f"{full}: more than a shape: script"),
        (ICON, "<g>", "<g><text>Pears</text>", f"{full}: more than a shape: text"),
        (ICON, "<g>", "<g><style/>", f"{full}: more than a shape: style"),
        (ICON, "<g>", '<g filter="url(https://ann.example/x)">', f"{full}: more than a shape: g"),
        (ICON, "<path", '<path onload="x"', f"{full}: more than a shape: path"),
        (SYMBOL, "0 0 16 16", "0 0 24 24", f"{symbolic}: not 16 units square"),
        (SYMBOL, SYMBOLIC, "#3584e4", f"{symbolic}: a colour"),
        (SYMBOL, "<path", '<path stroke="#3584e4"', f"{symbolic}: a colour"),
    ])


@tree.seeded({**FILES, DESKTOP: FILES[DESKTOP].replace("Office", "Fruit")})
def test_an_invalid_desktop_file_is_found(root):
    assert any("Fruit" in line for line in invalid_desktop(root))


def test_a_missing_validator_is_no_success():
    for variable, error in (("", unittest.SkipTest), ("true", FileNotFoundError)):
        with unittest.mock.patch.dict(os.environ, CI=variable), unittest.TestCase().assertRaises(error):
            tree.lines_of("pears-validate")


def test_a_validator_that_fails_in_silence_is_no_success():
    tree.expect(tree.lines_of("false"), "status 1")
    tree.expect(tree.lines_of("true"))


tap.run(globals())
