# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree of a newer Debian's Vulkan: loader, software rasteriser, validation layers and compiler of shaders. As a program
it prints the path of that compiler.

Debian 12's layers miss a barrier that is missing, and its rasteriser and its compiler know no matrix units. The packages are fetched from the mirror that this machine's own come
from and only unpacked, into .peers, which git ignores: no root is needed, and nothing in the tree is run but programs
that were built here, by the tree's own dynamic linker.
"""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from mirror import Missing, find_mirror  # noqa: E402

SUITE = "trixie"
NEWER = "trixie-backports"
PACKAGES = [f"mesa-vulkan-drivers/{NEWER}", "vulkan-validationlayers", "libvulkan1", "libglib2.0-0t64", "glslc"]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LAYER = "VK_LAYER_KHRONOS_validation"

SETTINGS = """\
khronos_validation.validate_core = true
khronos_validation.validate_sync = true
khronos_validation.syncval_submit_time_validation = true
khronos_validation.syncval_shader_accesses_heuristic = true
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.report_flags = error,warn
khronos_validation.enable_message_limit = false
khronos_validation.log_filename = stdout
"""


def read_output(*command):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout


def fetch(folder, mirror):
    """The packages, and all that they need on a machine that has nothing."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text("".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
                                                 for suite in (SUITE, NEWER)))
    options = {
        "Dir::State": folder, "Dir::State::status": folder / "status", "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache", "Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "-",
        "Dir::Etc::trustedparts": "/etc/apt/trusted.gpg.d", "Acquire::Languages": "none", "Debug::NoLocking": "true",
        "APT::Install-Recommends": "false", "APT::Sandbox::User": "", "Acquire::Retries": "3",
    }
    apt_get = ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    read_output(*apt_get, "update")
    read_output(*apt_get, "install", "--yes", "--download-only", "--target-release", NEWER, *PACKAGES)
    return sorted((folder / "cache/archives").glob("*.deb"))


def unpack(packages, folder):
    for package in packages:
        read_output("dpkg-deb", "--extract", str(package), str(folder))


class Tree:
    def __init__(self, folder):
        self.folder = folder
        self.linker = next(folder.glob("usr/lib*/ld-linux-*.so.*"))
        self.libraries = next(folder.glob("usr/lib/*-linux-gnu"))
        self.compiler = folder / "glslc"

    def write_driver(self):
        """What the package has to say of its driver names a place that is not here."""
        library = str(self.libraries / "libvulkan_lvp.so")
        driver = {"file_format_version": "1.0.0", "ICD": {"library_path": library, "api_version": "1.4.0"}}
        (self.folder / "driver.json").write_text(json.dumps(driver))

    def write_settings(self):
        (self.folder / "validation.settings").write_text(SETTINGS)

    def write_compiler(self):
        """What starts the tree's own."""
        self.compiler.write_text(f'#!/bin/sh\nexec "{self.linker}" --library-path "{self.libraries}" '
                                 f'"{self.folder}/usr/bin/glslc" "$@"\n')
        self.compiler.chmod(0o755)

    def get_version(self):
        return next(path.name.split("_")[1] for path in (self.folder / "packages").iterdir()
                    if path.name.startswith("mesa-vulkan-drivers_"))

    def run(self, command, checked=False, before=(), **environment):
        """Runs a program on the tree's libraries, those in the folders `before` first; where it is checked, under the
        layers, which write whatever they find among its own output. (Into a file of its own each of a program's
        instances would write from the beginning, over what others found.)"""
        variables = dict(os.environ, VK_DRIVER_FILES=str(self.folder / "driver.json"),
                         VK_LOADER_LAYERS_DISABLE="~implicit~", MESA_SHADER_CACHE_DIR=str(self.folder / "cache"), **environment)
        if checked:
            settings = self.folder / "validation.settings"
            variables |= {"VK_INSTANCE_LAYERS": LAYER, "VK_LAYER_SETTINGS_PATH": str(settings),
                          "VK_LAYER_PATH": str(self.folder / "usr/share/vulkan/explicit_layer.d")}
        libraries = ":".join(str(folder) for folder in [*before, self.libraries])
        return subprocess.run([self.linker, "--library-path", libraries, *command], env=variables,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")


def make_tree():
    """Fetches it where it is missing, or was made of other packages."""
    folder = ROOT / ".peers" / "vulkan"
    stamp = folder / "stamp"
    wanted = "\n".join([SUITE, *PACKAGES, SETTINGS])
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            try:
                packages = fetch(folder / "apt", find_mirror())
                unpack(packages, folder)
            except (OSError, subprocess.CalledProcessError) as error:
                raise Missing(f"the packages cannot be fetched: {error} {getattr(error, 'stderr', '')}") from error
            (folder / "packages").mkdir()
            for package in packages:
                (folder / "packages" / package.name).touch()
            shutil.rmtree(folder / "apt")
            Tree(folder).write_driver()
            Tree(folder).write_settings()
            Tree(folder).write_compiler()
            stamp.write_text(wanted)
    return Tree(folder)


if __name__ == "__main__":
    try:
        print(make_tree().compiler)
    except Missing as reason:
        sys.exit(f"There is no newer compiler of shaders: {reason}")
