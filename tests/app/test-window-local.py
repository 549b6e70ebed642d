#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files on this machine, in the window: ticked at a first start without any key, asked, listed and removed."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import desk

desk.ensure()

import accessible  # noqa: E402
import tap  # noqa: E402
from accessible import Atspi, GLib, find, every, press, read, wait_for, write  # noqa: E402

PROGRAM = os.environ["COLLATE_PROGRAM"]
WRITE_MODEL = os.environ["COLLATE_WRITE_MODEL"]


class Desk:
    """Folders with a model file, and the program over them."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.models = pathlib.Path(self.folder.name, "data", "collate", "models")
        self.models.mkdir(parents=True)
        self.write_model("tiny")
        return self

    def __exit__(self, *failure):
        self.folder.cleanup()

    def write_model(self, name):
        subprocess.run([WRITE_MODEL, self.models / f"{name}.gguf", "llama"], check=True)

    def start(self, *files):
        return accessible.Application(PROGRAM, *files, environment=desk.folders(self.folder.name, G_DEBUG=""))


def test_first_start_without_any_key():
    with Desk() as here, here.start() as application:
        window = application.window
        box = wait_for("the model", lambda: next(iter(every(window, "check box", "tiny")), None))
        wait_for("its tick", lambda: accessible.has(box, Atspi.StateType.CHECKED))
        ticked = [node for node in every(window, "check box") if accessible.has(node, Atspi.StateType.CHECKED)]
        assert len(ticked) == 1, [node.get_name() for node in ticked]
        write(find(window, "text", "Question"), "Why?")
        press(find(window, "button", "Ask…"))
        wait_for("the end of the answer", lambda: "no charge" in read(window))
        application.quit()


def test_files_come_and_go():
    with Desk() as here, here.start() as application:
        window = application.window
        find(window, "check box", "tiny")
        here.write_model("second")
        find(window, "check box", "second")
        (here.models / "torn.gguf").write_bytes(b"GGUF")
        find(window, "check box", "torn")
        wait_for("what is wrong", lambda: "damaged" in read(window))
        application.activate("preferences", GLib.Variant("s", "local"))
        page = find(application.root, "list", "Models on this machine")
        wait_for("all three", lambda: all(name in read(page) for name in ["tiny", "second", "torn"]))
        press(find(page, "button", "Remove tiny"))
        press(find(application.root, "button", "_Remove…"))
        wait_for("its end", lambda: not every(window, "check box", "tiny"))
        assert not (here.models / "tiny.gguf").exists()
        application.quit()


def test_a_model_file_on_the_command_line_is_added():
    with Desk() as here:
        other = os.path.join(here.folder.name, "given.gguf")
        shutil.move(here.models / "tiny.gguf", other)
        with here.start(other) as application:
            find(application.window, "check box", "given")
            assert (here.models / "given.gguf").exists() and os.path.exists(other)
            application.quit()


tap.run(globals())
