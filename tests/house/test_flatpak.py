#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flatpak's manifest: what it asks of the sandbox, and what Flathub asks of every manifest."""

import json
import re

import tree
import tap  # noqa: E402

MOST_BYTES = 1_000_000  # of the manifest's folder, which is copied at every build
HOSTS = {"github": "io", "gitlab": "io", "codeberg": "page"}
# A window on either display server, a graphics card, the network; what is a person's comes through portals.
PERMISSIONS = ["--device=dri", "--share=ipc", "--share=network", "--socket=fallback-x11", "--socket=wayland"]
BUILD_SYSTEMS = {"autotools", "cmake", "cmake-ninja", "meson", "qmake", "simple"}

# What flatpak-builder's manual knows, less what is of no use here. It warns of other properties, and ignores them.
PROPERTIES = {
    "manifest": """add-extensions build-options cleanup cleanup-commands command finish-args id modules runtime
                   runtime-version sdk sdk-extensions separate-locales""",
    "module": """build-commands build-options builddir buildsystem cleanup config-opts make-args modules name
                 no-parallel-make only-arches post-install run-tests skip-arches sources subdir test-commands""",
    "archive": "archive-type dest dest-filename only-arches path sha256 skip-arches strip-components type url",
    "dir": "dest path skip type",
    "file": "dest dest-filename only-arches path sha256 skip-arches type url",
    "git": "commit dest disable-submodules tag type url",
    "patch": "dest path paths strip-components type",
    "shell": "commands dest type",
}
PROPERTIES = {name: set(words.split()) for name, words in PROPERTIES.items()}


def wrong_properties(kind, found):
    for name in sorted(set(found) - PROPERTIES[kind]):
        if not name.startswith("x-"):
            yield f"{kind}: no property {name}"


def wrong_id(name):
    parts = name.split(".")
    if not 3 <= len(parts) <= 5 or len(name) > 255:
        yield "id: not of 3 to 5 parts"
    if not all(re.fullmatch(r"[A-Za-z_][\w-]*", part, re.ASCII) for part in parts):
        yield "id: a part is no word"
    if parts[:-1] != [part.lower() for part in parts[:-1]]:
        yield "id: the domain has capitals"
    if parts[-1].lower() in ("app", "desktop", "linux"):
        yield "id: ends in a word that says nothing"
    host = parts[1] if len(parts) > 1 else ""
    if host in HOSTS and (parts[0] != HOSTS[host] or len(parts) < 4):
        yield "id: not a repository of its host"


def wrong_options(options):
    """Of the manifest or of a module, for all machines or for one."""
    yield from ("building reaches the network" for value in options.get("build-args", []) if value == "--share=network")
    for of_machine in options.get("arch", {}).values():
        yield from wrong_options(of_machine)


def wrong_cleanup(of):
    for pattern in of.get("cleanup", []):
        if re.match("/lib/debug(/|$)", pattern):
            yield "cleanup: debug information is flatpak-builder's"


def wrong_source(source):
    kind = source.get("type")
    if kind not in PROPERTIES:
        yield f"a source of type {kind}"
        return
    yield from wrong_properties(kind, source)
    if "/" in source.get("dest-filename", ""):
        yield "dest-filename is a path"
    if "commit-query" in source.get("x-checker-data", {}):
        yield "the newest commit is no release"
    if kind == "git":
        if not re.fullmatch("[0-9a-f]{40}", source.get("commit", "")):
            yield "git: no commit"
    elif "url" in source and not re.fullmatch("[0-9a-f]{64}", source.get("sha256", "")):
        yield "no sha256"
    if kind in ("archive", "file", "git") and "path" not in source and not source.get("url", "").startswith("https://"):
        yield "url: not https"


def wrong_module(module):
    yield from wrong_properties("module", module)
    if module.get("buildsystem", "autotools") not in BUILD_SYSTEMS:
        yield "an unknown buildsystem"
    # A build system's sources bring their licence, which flatpak-builder installs; these commands have to.
    if module.get("buildsystem") == "simple":
        if not any("/share/licenses/${FLATPAK_ID}/" in command for command in module.get("build-commands", [])):
            yield "its licence is not installed"
    if not module.get("sources"):
        yield "no sources"
    yield from wrong_options(module.get("build-options", {}))
    yield from wrong_cleanup(module)
    for source in module.get("sources", []):
        yield from wrong_source(source)


def all_modules(of):
    for module in of.get("modules", []):
        yield module
        yield from all_modules(module)


def wrong_content(manifest, program):
    yield from wrong_properties("manifest", manifest)
    yield from wrong_id(manifest["id"])
    yield from wrong_options(manifest.get("build-options", {}))
    yield from wrong_cleanup(manifest)
    if manifest.get("command") != program:
        yield f"command: not {program}"
    if sorted(manifest.get("finish-args", [])) != PERMISSIONS:
        yield "finish-args: other permissions"
    if (manifest.get("runtime"), manifest.get("sdk")) != ("org.gnome.Platform", "org.gnome.Sdk"):
        yield "runtime: not GNOME's"
    if not re.fullmatch("[0-9]+", manifest.get("runtime-version", "")):
        yield "runtime-version: not a release"
    if manifest.get("separate-locales") is not False:
        yield "separate-locales: a bundle of one file would lack translations"
    modules = list(all_modules(manifest))
    names = [module.get("name", "") for module in modules]
    if not names or not all(names) or len(names) != len(set(names)):
        yield "modules: names are not their own"
    for module in modules:
        yield from (f"{module.get('name')}: {line}" for line in wrong_module(module))


def read_once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def wrong_manifests(root):
    project = tree.Project(root)
    path = project.manifest
    if not path.is_file() or path.is_symlink():
        yield f"{path.name} is missing"
        return
    try:
        manifest = json.loads(path.read_text(), object_pairs_hook=read_once)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    if manifest.get("id") != project.app_id:
        yield "id: not the file's name"
    else:
        yield from wrong_content(manifest, project.program)
    if sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file()) > MOST_BYTES:
        yield "its folder is large"


def test_the_manifest_asks_for_no_more_than_it_may():
    tree.expect(wrong_manifests(tree.ROOT))


GOOD = """{
  "id": "io.github.ann.Pears",
  "runtime": "org.gnome.Platform", "runtime-version": "50", "sdk": "org.gnome.Sdk",
  "command": "pears",
  "finish-args": ["--share=network", "--share=ipc", "--socket=wayland", "--socket=fallback-x11", "--device=dri"],
  "separate-locales": false, "cleanup": ["/include", "/lib/debugger"],
  "modules": [
    { "name": "stone", "buildsystem": "cmake-ninja", "x-note": 1,
      "build-options": { "arch": { "aarch64": { "build-args": [] } } },
      "modules": [
        { "name": "core", "sources": [ { "type": "git", "url": "https://core.example/", "commit": "COMMIT" } ] } ],
      "sources": [
        { "type": "archive", "url": "https://stone.example/", "sha256": "SUM", "x-checker-data": { "type": "x" } } ] },
    { "name": "flesh", "buildsystem": "simple",
      "build-commands": ["install LICENSE ${FLATPAK_DEST}/share/licenses/${FLATPAK_ID}/flesh/LICENSE"],
      "sources": [ { "type": "file", "path": "flesh.txt", "dest-filename": "flesh" } ] },
    { "name": "pears", "buildsystem": "meson", "sources": [ { "type": "dir", "path": "../.." } ] } ]
}
""".replace("COMMIT", "c0" * 20).replace("SUM", "5a" * 32)
FOLDER = "resources/flatpak"
MANIFEST = f"{FOLDER}/io.github.ann.Pears.json"
MESON = "project('pears', 'c',\n  version: '0.9',\n  license: 'MIT',\n)\napp_id = 'io.github.ann.Pears'\n"
FILES = {"meson.build": MESON, MANIFEST: GOOD, f"{FOLDER}/notes.txt": "short"}
FAULTS = [(MANIFEST, *fault) for fault in (
    ("{\n", "{ /* pears */\n", "no JSON: Expecting property name enclosed in double quotes: line 1 column 3 (char 2)"),
    ('"command":', '"command": "pears", "command":', "no JSON: a name stands twice"),
    ('"name": "flesh",', '"name": "flesh", "name": "flesh",', "no JSON: a name stands twice"),
    ('"io.github.ann.Pears"', '"io.github.ann.Apples"', "id: not the file's name"),
    ('"command":', '"branch": "stable", "command":', "manifest: no property branch"),
    ('"buildsystem": "meson",', '"buildsystem": "meson", "sorces": [],', "pears: module: no property sorces"),
    ('"path": "../.."', '"path": "../..", "branch": "x"', "pears: dir: no property branch"),
    ('"command": "pears"', '"command": "/app/bin/pears"', "command: not pears"),
    ('"command": "pears",', "", "command: not pears"),
    ('"--share=ipc", ', "", "finish-args: other permissions"),
    ('"--device=dri"', '"--device=dri", "--filesystem=home"', "finish-args: other permissions"),
    ('"--device=dri"', '"--device=all"', "finish-args: other permissions"),
    ('"--device=dri"', '"--device=dri", "--talk-name=org.freedesktop.secrets"', "finish-args: other permissions"),
    ("org.gnome.Platform", "org.freedesktop.Platform", "runtime: not GNOME's"),
    ("org.gnome.Sdk", "org.freedesktop.Sdk", "runtime: not GNOME's"),
    ('"50"', '"master"', "runtime-version: not a release"),
    ("false", "true", "separate-locales: a bundle of one file would lack translations"),
    ('"/include"', '"/lib/debug"', "cleanup: debug information is flatpak-builder's"),
    ('"x-note": 1', '"cleanup": ["/lib/debug/x"]', "stone: cleanup: debug information is flatpak-builder's"),
    ('"cleanup":',
     '"build-options": { "build-args": ["--share=network"] }, "cleanup":', "building reaches the network"),
    ('"build-args": []', '"build-args": ["--share=network"]', "stone: building reaches the network"),
    ('"name": "flesh"', '"name": "core"', "modules: names are not their own"),
    ('"name": "flesh", ', "", "modules: names are not their own"),
    ("cmake-ninja", "make", "stone: an unknown buildsystem"),
    ("/share/licenses/", "/share/doc/", "flesh: its licence is not installed"),
    ('[ { "type": "dir", "path": "../.." } ]', "[]", "pears: no sources"),
    ('"type": "dir"', '"type": "svn"', "pears: a source of type svn"),
    ("https://stone", "http://stone", "stone: url: not https"),
    ("https://core", "git@core", "core: url: not https"),
    ('"path": "flesh.txt", ', "", "flesh: url: not https"),
    ('"path": "flesh.txt"', '"url": "https://flesh.example/"', "flesh: no sha256"),
    ('"sha256": "5a', '"sha256": "5A', "stone: no sha256"),
    ('"x-checker-data": {', '"md5": "0", "x-checker-data": {', "stone: archive: no property md5"),
    ('"x-checker-data": {', '"sha1": "0", "x-checker-data": {', "stone: archive: no property sha1"),
    ('"type": "x"', '"commit-query": "."', "stone: the newest commit is no release"),
    ('"commit": "c0', '"commit": "', "core: git: no commit"),
    ('"commit":', '"branch": "main", "commit":', "core: git: no property branch"),
    ('"dest-filename": "flesh"', '"dest-filename": "a/flesh"', "flesh: dest-filename is a path"),
)] + [
    (f"{FOLDER}/notes.txt", "short", "long" * MOST_BYTES, "its folder is large"),
    ("meson.build", "Pears", "Apples", "io.github.ann.Apples.json is missing"),
]


def test_each_fault_of_a_manifest_is_found():
    tree.expect_found(wrong_manifests, FILES, FAULTS)


def test_what_is_no_id_is_found():
    assert not list(wrong_id("io.github.ann.Pears")) and not list(wrong_id("org.gnome.Pears"))
    for name, line in (
        ("gnome.Pears", "id: not of 3 to 5 parts"), ("a.b.c.d.e.f", "id: not of 3 to 5 parts"),
        ("org.gnome." + "p" * 250, "id: not of 3 to 5 parts"), ("org.gnome.2pears", "id: a part is no word"),
        ("org.gnome.", "id: a part is no word"), ("org.Gnome.Pears", "id: the domain has capitals"),
        ("org.gnome.pears.desktop", "id: ends in a word that says nothing"),
        ("com.github.ann.Pears", "id: not a repository of its host"),
        ("io.github.pears", "id: not a repository of its host"),
    ):
        tree.expect(wrong_id(name), line)


tap.run(globals())
