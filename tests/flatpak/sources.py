# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manifest's modules are made of, fetched ahead so that the build itself needs no network.

Each file is asked for where the manifest says it is; where that cannot be reached, the distributions are asked, which keep
the same file under a name of theirs. What counts is the hash.
"""

import hashlib
import json
import pathlib
import re
import shutil
import sys
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from mirror import Missing, find_mirror  # noqa: E402

MANIFEST = ROOT / "resources" / "flatpak" / "io.github.collate.Collate.json"
ARCHIVE = re.compile(r"\d+(?:\.\d+)+(?P<kind>\.tar\.[a-z0-9]+)$")
PATIENCE = 20  # seconds for a server to begin


def find_sources():
    """The modules' names, and the sources that lie elsewhere."""
    manifest = json.loads(MANIFEST.read_text())
    return [(module["name"], source) for module in manifest["modules"] for source in module["sources"] if "url" in source]


def places(module, url):
    """Where the file may be found. A module is named as its project is, and so is the source package."""
    yield url
    name = url.rsplit("/", 1)[-1]
    match = ARCHIVE.search(name)
    if match:
        version = match[0].removesuffix(match["kind"])
        for mirror in (find_mirror().rstrip("/"), "http://archive.ubuntu.com/ubuntu"):
            yield f"{mirror}/pool/main/{module[0]}/{module}/{module}_{version}.orig{match['kind']}"


def has_hash(path, sha256):
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def fetch(module, source, path):
    reasons = []
    for url in places(module, source["url"]):
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer, open(path, "wb") as file:
                shutil.copyfileobj(answer, file)
            if has_hash(path, source["sha256"]):
                return
            reasons.append(f"{url} is another file")
        except (OSError, urllib.error.URLError) as error:
            reasons.append(f"{url}: {error}")
    path.unlink(missing_ok=True)
    raise Missing("; ".join(reasons))


def fetch_all(folder):
    """Fetches what is missing into the folder, as flatpak-builder's --extra-sources wants it; returns the folder."""
    for module, source in find_sources():
        path = folder / "downloads" / source["sha256"] / source["url"].rsplit("/", 1)[-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        if not has_hash(path, source["sha256"]):
            fetch(module, source, path)
    return folder
