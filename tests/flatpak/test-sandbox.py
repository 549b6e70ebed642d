#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the bundle and the repository as the README says, on a stand-in runtime and without network, and has a person of
its own install them, start the program in its sandbox and use it: person.py, whose results these are.

Needs root, and fetches a runtime: skipped where that cannot be, but not in CI.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from mirror import Missing  # noqa: E402
import runtime  # noqa: E402
import sources  # noqa: E402

KEY = "somebody@example.org"


def skip(reason):
    if os.environ.get("CI"):
        sys.exit(f"In CI this may not be left out: {reason}")
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def find_parts():
    """What a build needs: the installation that has the runtime, and the folder of fetched sources."""
    if os.geteuid() != 0:
        skip("a person of its own takes root")
    missing = [name for name in ("mmdebstrap", "flatpak-builder", "bwrap", "unshare") if not shutil.which(name)]
    if missing:
        skip(f"not installed: {', '.join(missing)}")
    version = json.loads(sources.MANIFEST.read_text())["runtime-version"]
    try:
        return runtime.make_runtime(version), sources.fetch_all(ROOT / ".peers" / "flatpak-sources")
    except Missing as reason:
        skip(reason)


def make(system, folder):
    """The bundle, and the repository, signed with a key of its own."""
    with tempfile.TemporaryDirectory() as keys:
        environment = {**os.environ, "FLATPAK_SYSTEM_DIR": str(system), "GNUPGHOME": keys}
        gpg = ["gpg", "--batch", "--quiet", "--passphrase", ""]
        run([*gpg, "--quick-gen-key", KEY, "default", "default", "never"], environment)
        run([ROOT / "dev", "bundle", "--disable-download", f"--extra-sources={folder}"], environment)
        run([ROOT / "dev", "repository", "http://127.0.0.1:18473", KEY], environment)
        run(["gpgconf", "--kill", "all"], environment)


def run(command, environment):
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    if done.returncode != 0:
        sys.exit("\n".join(f"# {line}" for line in done.stdout.splitlines()[-60:]))


def main():
    system, folder = find_parts()
    make(system, folder)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as home:
        for name in ("scripted-server", "drag-source"):
            shutil.copy2(os.environ[f"COLLATE_{name.upper().replace('-', '_')}"], pathlib.Path(home, name))
        tests = pathlib.Path("/srv/shared/tests")
        here = [ROOT / "tests" / "flatpak" / "with-person.sh", system, home, ROOT]
        there = [tests / "support" / "with-display.sh", tests / "flatpak" / "person.py"]
        sys.exit(subprocess.run([*here, *there]).returncode)


if __name__ == "__main__":
    main()
