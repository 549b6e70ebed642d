#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files on this machine, in the window: ticked at a first start without any key, asked, listed and removed."""

import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import desk

desk.ensure()

import accessible  # noqa: E402
import scripted  # noqa: E402
import tap  # noqa: E402
from accessible import Atspi, GLib, find, every, press, read, wait_for, write  # noqa: E402

BROKEN_CARD = os.environ["COLLATE_BROKEN_CARD"]
PROGRAM = os.environ["COLLATE_PROGRAM"]
WRITE_MODEL = os.environ["COLLATE_WRITE_MODEL"]
SERVER = os.environ["COLLATE_SCRIPTED_SERVER"]


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

    def write_model(self, name, folder=None):
        folder = folder or self.models
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([WRITE_MODEL, folder / f"{name}.gguf", "llama"], check=True)

    def install_model(self, name):
        """As a package does, for everybody."""
        self.write_model(name, pathlib.Path(self.folder.name, "share", "collate", "models"))

    def start(self, *files, **more):
        environment = desk.folders(self.folder.name, G_DEBUG="", **more)
        return accessible.Application(PROGRAM, *files, environment=environment)


def test_first_start_without_any_key():
    with Desk() as here, here.start() as application:
        window = application.window
        box = wait_for("the model", lambda: next(iter(every(window, "check box", "tiny")), None))
        wait_for("its tick", lambda: accessible.has(box, Atspi.StateType.CHECKED))
        ticked = wait_for("the ticks", lambda: [
            node for node in every(window, "check box") if accessible.has(node, Atspi.StateType.CHECKED)])
        assert len(ticked) == 1, [node.get_name() for node in ticked]
        write(find(window, "text", "Question"), "Why?")
        press(find(window, "button", "Ask…"))
        wait_for("the end of the answer", lambda: "no charge" in read(window))
        application.quit()


def test_dense_and_sparse_side_by_side():
    """One file, two entries: what each reads stands in the table, and how long a token takes in a chart; also later."""
    with Desk() as here:
        with here.start() as application:
            window = application.window
            wait_for("its tick", lambda: accessible.has(find(window, "check box", "tiny"), Atspi.StateType.CHECKED))
            assert not accessible.every(window, None, "Time per token…")
            press(find(window, "check box", "tiny, sparse"))
            write(find(window, "text", "Question"), "Why?")
            press(find(window, "button", "Ask…"))
            wait_for("both answers", lambda: len(re.findall("no charge", read(window))) == 2)
            wait_for("the chart", lambda: "for a token at the end" in find(window, None, "Time per token…").get_description())
            wait_for("the keys read", lambda: read(find(window, "table", "Metrics")).count("100\u00a0%") == 2)
            # The file is one, and so it is listed in the preferences.
            page = open_page(application)
            wait_for("the list", lambda: "Remove tiny" in [node.get_name() for node in every(page, "button")])
            assert "tiny, sparse" not in read(page)
            application.quit()
        with here.start() as application:
            press(find(find(application.window, "list", "History"), "button", "Why?…"))
            wait_for("the chart", lambda: "for a token at the end" in
                     find(application.window, None, "Time per token…").get_description())
            application.quit()


def test_where_there_is_no_card_it_is_said():
    nothing = {"VK_DRIVER_FILES": "/nonexistent", "VK_ICD_FILENAMES": "/nonexistent", "LD_LIBRARY_PATH": ""}
    with Desk() as here, here.start(**nothing) as application:
        open_page(application)
        wait_for("the reason", lambda: "Automatic: the processor, since no graphics card" in read(application.root))
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


def test_what_is_installed_for_everybody_stays_until_an_own_file_takes_its_place():
    with Desk() as here:
        here.install_model("given")
        own = here.models / "given.gguf"
        with here.start() as application:
            find(application.window, "check box", "given")
            page = open_page(application)
            find(page, "button", "Remove tiny")
            wait_for("whose it is", lambda: read(page).count("Installed for everybody.") == 1)
            assert not every(page, "button", "Remove given")

            here.write_model("given")
            press(find(page, "button", "Remove given"))
            assert "Installed for everybody" not in read(page)
            press(find(application.root, "button", "_Remove…"))
            wait_for("the other one", lambda: "Installed for everybody." in read(page))
            assert not own.exists() and not every(page, "button", "Remove given")
            find(application.window, "check box", "given")
            application.quit()


def serve(*replies):
    return scripted.Server(SERVER, {}, paths={"GET /other.gguf": list(replies)})


def whole(data):
    return {"headers": {"ETag": '"a"'}, "steps": [{"send_base64": base64.b64encode(data).decode()}]}


def half(data, *, wait_ms):
    """The first half, and then nothing for a while, and the end."""
    return {"headers": {"ETag": '"a"', "Content-Length": str(len(data))},
            "steps": [{"send_base64": base64.b64encode(data[:len(data) // 2]).decode()}, {"wait_ms": wait_ms}, {"close": True}]}


def rest(data):
    start = len(data) // 2
    return {"status": 206, "headers": {"ETag": '"a"', "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"},
            "steps": [{"send_base64": base64.b64encode(data[start:]).decode()}]}


def open_page(application):
    application.activate("preferences", GLib.Variant("s", "local"))
    return find(application.root, "list", "Models on this machine")


def enter(application, address, digest=""):
    write(find(application.root, "text", "Address of the file"), address)
    write(find(application.root, "text", "SHA-256, where it is known"), digest)
    press(find(application.root, "button", "Download"))


def test_a_model_is_downloaded():
    with Desk() as here:
        data = (here.models / "tiny.gguf").read_bytes()
        with serve(whole(data)) as server, here.start() as application:
            page = open_page(application)
            enter(application, "http://example.invalid/other.gguf")
            find(application.root, "label", "Enter an address that begins with https://…")
            enter(application, server.address + "/other.gguf", "123")
            find(application.root, "label", "A SHA-256 has 64 characters…")
            assert not server.journal()

            enter(application, server.address + "/other.gguf", hashlib.sha256(data).hexdigest().upper())
            downloads = find(application.root, "list", "Downloads")
            wait_for("its end", lambda: "the SHA-256 is the one that was given" in read(downloads))
            wait_for("its row", lambda: "other" in read(page))
            find(application.window, "check box", "other")
            assert (here.models / "other.gguf").read_bytes() == data
            assert sorted(path.name for path in here.models.iterdir()) == ["other.gguf", "tiny.gguf"]

            # What is there is not replaced unasked.
            (here.models / "other.gguf").write_bytes(b"mine")
            enter(application, server.address + "/other.gguf")
            press(find(application.root, "button", "_Replace…"))
            wait_for("the other one", lambda: (here.models / "other.gguf").read_bytes() == data)
            press(find(application.root, "button", "Close the note on other"))
            wait_for("an empty list", lambda: not every(application.root, "list", "Downloads"))
            application.quit()


def test_a_download_goes_on_after_a_start():
    with Desk() as here:
        data = (here.models / "tiny.gguf").read_bytes()
        with serve(half(data, wait_ms=60000), rest(data)) as server:
            with here.start() as application:
                open_page(application)
                enter(application, server.address + "/other.gguf")
                find(application.root, "button", "Stop the download of other")
                partial = here.models / "other.gguf.download"
                wait_for("a half", lambda: partial.exists() and partial.stat().st_size == len(data) // 2)
                application.quit()
            with here.start() as application:
                open_page(application)
                downloads = find(application.root, "list", "Downloads")
                wait_for("where it is", lambda: "stopped" in read(downloads))
                press(find(application.root, "button", "Go on with the download of other"))
                find(application.window, "check box", "other")
                assert (here.models / "other.gguf").read_bytes() == data
                assert server.journal()[-1]["headers"]["range"] == f"bytes={len(data) // 2}-"
                application.quit()


def test_what_is_no_model_is_said_and_discarded():
    page = {"headers": {"Content-Type": "text/html"}, "steps": [{"send": "<!doctype html>"}]}
    with Desk() as here, serve(page) as server, here.start() as application:
        open_page(application)
        enter(application, server.address + "/other.gguf")
        downloads = find(application.root, "list", "Downloads")
        wait_for("what is wrong", lambda: "no model file" in read(downloads))
        press(find(application.root, "button", "Discard the download of other"))
        wait_for("the end of it", lambda: [path.name for path in here.models.iterdir()] == ["tiny.gguf"])
        application.quit()


def test_the_list_says_what_a_file_is():
    with Desk() as here:
        subprocess.run([WRITE_MODEL, here.models / "tiny.gguf", "qwen3"], check=True)
        with here.start() as application:
            page = open_page(application)
            for words in ["qwen3", "parameters", "context of", "Needs about", "are free"]:
                wait_for(words, lambda: words in read(page))
            find(application.root, "button", "Open the Folder")
            application.quit()


def test_a_model_file_is_added_by_the_dialog():
    with Desk() as here:
        given = os.path.join(here.folder.name, "given.gguf")
        shutil.move(here.models / "tiny.gguf", given)
        with here.start() as application:
            application.activate("preferences", GLib.Variant("s", "local"))
            press(find(application.root, "button", "Add a Model File…"))
            accessible.choose_file(application, "Add a Model File", "_Add…", given)
            find(application.window, "check box", "given")
            assert (here.models / "given.gguf").exists() and os.path.exists(given)
            application.quit()


def test_a_device_that_is_not_there_is_said():
    with Desk() as here:
        desk.write_settings(here.folder.name, device="'vulkan:9'")
        with here.start() as application:
            open_page(application)
            wait_for("the device", lambda: "vulkan:9, which is not there" in read(application.root))
            write(find(application.window, "text", "Question"), "Why?")
            press(find(application.window, "button", "Ask…"))
            wait_for("the failure", lambda: "cannot run on this machine" in read(application.window))
            assert "vulkan:9" in read(application.window)
            application.quit()


def test_a_graphics_card_that_fails_is_said_under_the_answer():
    with Desk() as here, here.start(LD_LIBRARY_PATH=BROKEN_CARD) as application:
        write(find(application.window, "text", "Question"), "Why?")
        press(find(application.window, "button", "Ask…"))
        wait_for("the end of the answer", lambda: "no charge" in read(application.window))
        sentence = wait_for("the sentence", lambda: re.search(r"The graphics card failed.*", read(application.window)))
        assert "processor computes" in sentence[0] and "vulkan:0: Broken Card" in sentence[0], sentence[0]
        # Of its 4096 MiB an eighth is everybody else's.
        page = open_page(application)
        wait_for("the card's memory", lambda: re.search(r"memory of the graphics card vulkan:0; 3\.8.GB", read(page)))
        application.quit()


def test_what_fits_is_counted_by_its_own_tokenizer():
    """The row's figure, before anything is asked, is the one that the engine refuses by."""
    with Desk() as here:
        document = pathlib.Path(here.folder.name, "paper.txt")
        document.write_text("Grüße, 2026! " * 45)
        with here.start(str(document)) as application:
            window = application.window
            write(find(window, "text", "Question"), "Why, and how?")
            needed = wait_for("the row's figure", lambda: re.search(r"holds 512 tokens, needs (\d+)", read(window)))
            press(find(window, "button", "Ask…"))
            refused = wait_for("the refusal", lambda: re.search(r"\((\d+) tokens, (\d+) too many", read(window)))
            assert int(needed[1]) == int(refused[1]) + 1, (needed[0], refused[0])
            assert int(refused[2]) == int(refused[1]) + 1 - 512, refused[0]
            application.quit()


tap.run(globals())
