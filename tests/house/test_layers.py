#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom: reads every #include of the rooms, and knows nothing else."""

import pathlib
import re

import tree
import tap  # noqa: E402

# Each room, and the rooms below that it may include.
MAY_INCLUDE = {
    "app": {"widgets", "compare", "charts", "reading", "serve", "clients", "catalogue", "documents", "engine", "net",
            "tokens", "base"},
    "widgets": {"compare", "charts", "documents", "catalogue", "base"},
    "compare": {"reading", "clients", "documents", "catalogue", "base"},
    "reading": {"clients", "documents", "catalogue", "engine", "net", "tokens", "base"},
    "clients": {"engine", "net", "catalogue", "tokens", "base"},
    "serve": {"engine", "net", "catalogue", "tokens", "base"},
    "catalogue": {"net", "base"},
    "documents": {"tokens", "base"},
    "engine": {"tokens", "base", "shaders"},
    "charts": {"base"},
    "net": {"base"},
    "tokens": {"base"},
    "base": set(),
    "shaders": set(),
}

# Outside libraries that one file of one room knows.
ONE_FILE = {r"poppler\b": "documents", r"md4c": "compare", r"libsecret/": "catalogue", r"sqlite3": "base"}

# Outside libraries, and the rooms that know them.
ROOMS = {
    r"libsoup/": {"net"},
    r"(gtk|gdk|gsk)/|adwaita": {"app", "widgets"},
    r"cairo|pango": {"charts", "widgets", "app"},
    r"vulkan/": {"engine"},
}

# Words that stand in these files alone.
WORDS = {
    r"GtkFileChooser|gtk_file_chooser|GtkFileDialog|gtk_file_dialog": {"app/collate-dialogs.c"},
    r"(GTK|GDK|ADW|GLIB)_CHECK_VERSION": {"app/collate-dialogs.c", "widgets/collate-announcer.c"},
}

# What the build writes, on the path of every room.
GENERATED = {"config.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def sources(root):
    """Each source of a room: its name from the root, its room, its text."""
    for folder in ("app", "widgets", "backend"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            parts = path.relative_to(root).parts
            yield str(path.relative_to(root)), parts[1] if folder == "backend" else folder, path.read_text()


def wrong_quoted(root, name, room, target):
    """What is wrong with a quoted include, or None."""
    if target in GENERATED:
        return None
    if ".." in target.split("/"):
        return f"{name}: “{target}” leaves its folder"
    beside = root / pathlib.Path(name).parent / target
    other = room if beside.exists() else target.split("/")[0]
    if other not in MAY_INCLUDE:
        return f"{name}: “{target}” is no header of a room"
    if other != room and other not in MAY_INCLUDE[room]:
        return f"{name}: {room} may not include {other} (“{target}”)"
    places = [beside, root / target, root / "backend" / target]
    return None if any(place.exists() for place in places) else f"{name}: “{target}” does not exist"


def wrong_rooms(root):
    for name, room, text in sources(root):
        if room not in MAY_INCLUDE:
            yield f"{name}: “{room}” is no room"
            continue
        for kind, target in INCLUDE.findall(text):
            wrong = wrong_quoted(root, name, room, target) if kind == '"' else None
            if wrong:
                yield wrong


def wrong_libraries(root):
    knowing = {library: [] for library in ONE_FILE}
    for name, room, text in sources(root):
        for _, target in INCLUDE.findall(text):
            for library, rooms in ROOMS.items():
                if re.match(library, target) and room not in rooms:
                    yield f"{name}: {room} may not know <{target}>"
            for library in ONE_FILE:
                if re.match(library, target) and (name, room) not in knowing[library]:
                    knowing[library].append((name, room))
    for library, files in knowing.items():
        if [room for _, room in files] != [ONE_FILE[library]]:
            yield f"{library}: known by {[name for name, _ in files]}, not by one file of {ONE_FILE[library]}"


def wrong_words(root):
    for name, _, text in sources(root):
        for words, names in WORDS.items():
            found = re.search(words, text)
            if found and name not in names:
                yield f"{name}: {found.group()} belongs to {sorted(names)}"


def wrong_depth(root):
    for name, room, _ in sources(root):
        levels = len(pathlib.Path(name).parts) - 1
        if levels > (2 if name.startswith("backend/") else 1) and room != "engine":
            yield f"{name}: too deep a folder"


def test_rooms_include_only_rooms_below():
    tree.expect(wrong_rooms(tree.ROOT))


def test_outside_libraries_are_known_where_they_belong():
    tree.expect(wrong_libraries(tree.ROOT))


def test_file_choosers_and_versions_are_known_where_they_belong():
    tree.expect(wrong_words(tree.ROOT))


def test_folders_are_two_levels_deep():
    tree.expect(wrong_depth(tree.ROOT))


GOOD = {
    "app/main.c": '#include "config.h"\n#include "main.h"\n#include "widgets/a.h"\n#include "net/a.h"\n#include <gtk/gtk.h>',
    "app/main.h": "", "widgets/a.h": "", "backend/net/a.h": "#include <libsoup/soup.h>",
    "backend/documents/a.c": '#include <poppler.h>\n#include "tokens/a.h"', "backend/tokens/a.h": "",
    "backend/compare/a.c": "#include <md4c.h>", "backend/catalogue/a.c": "#include <libsecret/secret.h>",
    "backend/base/a.c": "#include <sqlite3.h>",
}
BAD = GOOD | {
    "backend/base/b.c": '#include "net/a.h"\n  #  include "tokens/a.h"\n#include "tokens/b.h"\n#include "x/y.h"',
    "backend/net/b.c": '#include "net/b.h"\n#include "../tokens/a.h"\n#include <gtk/gtk.h>\n#include "net/a.h"',
    "backend/cellar/a.c": "", "backend/charts/deep/a.c": "",
    "backend/compare/b.c": "#include <md4c.h>\n#include <libsoup/soup.h>\n#include <vulkan/vulkan.h>",
    "widgets/b.c": '#include "app/main.h"\n#include "tokens/a.h"\n#if GTK_CHECK_VERSION (4, 10, 0)\nGtkFileDialog *d;',
}


def all_wrong(root):
    return [*wrong_rooms(root), *wrong_libraries(root), *wrong_words(root), *wrong_depth(root)]


@tree.seeded(GOOD)
def test_a_good_tree_is_good(root):
    tree.expect(all_wrong(root))


@tree.seeded(BAD)
def test_what_is_wrong_with_a_bad_tree_is_found(root):
    tree.expect(
        all_wrong(root),
        "backend/base/b.c: base may not include net (“net/a.h”)",
        "backend/base/b.c: base may not include tokens (“tokens/a.h”)",
        "backend/base/b.c: base may not include tokens (“tokens/b.h”)",
        "backend/base/b.c: “x/y.h” is no header of a room",
        "backend/net/b.c: “net/b.h” does not exist",
        "backend/net/b.c: “../tokens/a.h” leaves its folder",
        "backend/net/b.c: net may not know <gtk/gtk.h>",
        "backend/cellar/a.c: “cellar” is no room",
        "backend/charts/deep/a.c: too deep a folder",
        "backend/compare/b.c: compare may not know <libsoup/soup.h>",
        "backend/compare/b.c: compare may not know <vulkan/vulkan.h>",
        "md4c: known by ['backend/compare/a.c', 'backend/compare/b.c'], not by one file of compare",
        "widgets/b.c: widgets may not include app (“app/main.h”)",
        "widgets/b.c: widgets may not include tokens (“tokens/a.h”)",
        "widgets/b.c: GTK_CHECK_VERSION belongs to ['app/collate-dialogs.c', 'widgets/collate-announcer.c']",
        "widgets/b.c: GtkFileDialog belongs to ['app/collate-dialogs.c']",
    )


tap.run(globals())
