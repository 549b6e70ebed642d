# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for GNOME's runtime and SDK, where the real ones cannot be reached: Debian's packages under their names.

It is an installation of Flatpak's in .peers, which git ignores. It holds what GNOME's runtime holds of what the program
needs, in a newer Debian's versions, and nothing that the manifest has to bring along: a module that is forgotten there is
missed here. Needs root.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
from mirror import Missing, find_mirror  # noqa: E402

SUITE = "trixie"
PLATFORM = """
    libc-bin locales ca-certificates libgtk-4-1 libadwaita-1-0 libsoup-3.0-0 libjson-glib-1.0-0 libsecret-1-0 libsqlite3-0
    glib-networking gvfs-libs libglib2.0-bin dconf-gsettings-backend gsettings-desktop-schemas at-spi2-core
    librsvg2-common adwaita-icon-theme hicolor-icon-theme shared-mime-info
    fontconfig fonts-dejavu-core fonts-cantarell fonts-wqy-microhei
    libgl1 libglx-mesa0 libgl1-mesa-dri libegl1 libgles2 libvulkan1 mesa-vulkan-drivers
    libopenjp2-7 libtiff6 liblcms2-2 libjpeg62-turbo
""".split()
SDK = """
    gcc g++ libc6-dev make meson ninja-build cmake pkg-config gettext python3 git patch xz-utils bzip2 unzip
    libgtk-4-dev libadwaita-1-dev libsoup-3.0-dev libjson-glib-dev libsecret-1-dev libsqlite3-dev libvulkan-dev glslc
    libfreetype-dev libfontconfig-dev libopenjp2-7-dev libtiff-dev liblcms2-dev libjpeg-dev
    appstream appstream-util desktop-file-utils libgtk-4-bin gtk-update-icon-cache
""".split()
LOCALES = ["en_US", "fr_FR", "zh_CN"]

# What stands in for the compiler of C++ takes no time to optimise what others have written.
COMPILER = '#!/bin/sh\nexec /usr/bin/g++ "$@" -O0 -g0 -w\n'

# As in GNOME's runtime, programs find what their bundle brings along.
LIBRARIES = "/app/lib\ninclude /etc/ld.so.conf.d/*.conf\n"

# What a runtime does not have, since it belongs to a machine.
FOREIGN = """
    etc/passwd etc/passwd- etc/group etc/group- etc/shadow etc/shadow- etc/gshadow etc/gshadow- etc/machine-id
    etc/resolv.conf etc/hostname etc/hosts etc/mtab etc/apt etc/systemd etc/init.d etc/pam.d etc/security etc/.pwd.lock
    etc/ld.so.cache games src local lib/systemd share/doc share/man share/info
""".split()


def run(*command, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, **options)


def replace(path, text):
    """Puts a file of its own where a link may be."""
    path.unlink()
    path.write_text(text)


def bootstrap(tree):
    """A root file system with the platform's packages."""
    locales = " ".join(LOCALES)
    run("mmdebstrap", "--mode=root", "--variant=apt", f"--include={','.join(PLATFORM)}", "--quiet",
        "--aptopt=APT::Install-Recommends \"false\"", "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "info")),
        f"--customize-hook=for name in {locales}; do chroot \"$1\" localedef -i $name -f UTF-8 $name.UTF-8; done",
        "--customize-hook=chroot \"$1\" fc-cache -s", SUITE, str(tree), find_mirror())


def grow(tree):
    """Adds the SDK's packages."""
    for name in ("resolv.conf", "hosts"):
        shutil.copy(pathlib.Path("/etc", name), tree / "etc" / name)
    install = "apt-get -q update && apt-get -q -y -o Dpkg::Options::=--force-unsafe-io --no-install-recommends install"
    run("bwrap", "--bind", str(tree), "/", "--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp",
        "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "DEBIAN_FRONTEND", "noninteractive",
        "--setenv", "LC_ALL", "C.UTF-8", "sh", "-c", " ".join([install, *SDK]))
    compiler = tree / "usr" / "bin" / "c++"
    replace(compiler, COMPILER)
    compiler.chmod(0o755)


def make_harmless(usr):
    """Takes away what may not be in a runtime: devices, rights of another user, folders that not all can read."""
    for folder, names, files in os.walk(usr):
        os.chmod(folder, os.stat(folder).st_mode & 0o777 | 0o755)
        for path in (os.path.join(folder, name) for name in files):
            if not os.path.islink(path) and os.stat(path).st_mode & 0o6000:
                # A hard link of the tree's own: its rights are left as they are there.
                shutil.copy(path, path + ".new")
                os.replace(path + ".new", path)


def export(tree, repository, name, version):
    """Commits a tree's /usr and /etc as the runtime org.gnome.NAME."""
    work = repository.parent / name
    usr = work / "usr"
    (work / "files").mkdir(parents=True)
    (work / "var").mkdir()
    run("cp", "-al", str(tree / "usr"), str(usr))
    run("cp", "-a", str(tree / "etc"), str(usr / "etc"))
    for path in (usr / each for each in FOREIGN):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    replace(usr / "etc" / "ld.so.conf", LIBRARIES)
    # Flatpak looks for it in /usr/bin.
    if not (usr / "bin" / "ldconfig").exists():
        (usr / "bin" / "ldconfig").symlink_to("../sbin/ldconfig")
    make_harmless(usr)
    architecture = subprocess.run(["flatpak", "--default-arch"], check=True, capture_output=True, text=True).stdout.strip()
    (work / "metadata").write_text(f"[Runtime]\nname=org.gnome.{name}\n" + "".join(
        f"{key}=org.gnome.{value}/{architecture}/{version}\n" for key, value in (("runtime", "Platform"), ("sdk", "Sdk"))))
    run("flatpak", "build-export", "--runtime", "--disable-sandbox", "--no-update-summary",
        str(repository), str(work), version)
    shutil.rmtree(work)


def build(folder, version):
    tree, repository, system = folder / "tree", folder / "repository", folder / "system"
    run("ostree", "init", f"--repo={repository}", "--mode=archive")
    run("ostree", "config", f"--repo={repository}", "set", "archive.zlib-level", "1")
    bootstrap(tree)
    export(tree, repository, "Platform", version)
    grow(tree)
    export(tree, repository, "Sdk", version)
    shutil.rmtree(tree)
    run("flatpak", "build-update-repo", str(repository))
    environment = {**os.environ, "FLATPAK_SYSTEM_DIR": str(system)}
    flatpak = ["flatpak", "--system"]
    run(*flatpak, "remote-add", "--no-gpg-verify", "stand-in", repository.as_uri(), env=environment)
    run(*flatpak, "install", "-y", "--noninteractive", "stand-in",
        f"org.gnome.Platform//{version}", f"org.gnome.Sdk//{version}", env=environment)
    shutil.rmtree(repository)


def make_runtime(version):
    """The folder of the installation, made where it is missing or was made of something else."""
    folder = ROOT / ".peers" / "flatpak"
    stamp = folder / "stamp"
    wanted = f"{version}\n{pathlib.Path(__file__).read_text()}"
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                build(folder, version)
            except (OSError, subprocess.CalledProcessError) as error:
                raise Missing(f"the runtime cannot be made: {error}") from error
            stamp.write_text(wanted)
    return folder / "system"
