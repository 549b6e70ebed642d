#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a person through the window, driven through accessibility: open, tick, ask, read, sort, stop, retry,
export, come back to it after a restart."""

import contextlib
import json
import os
import pathlib
import sqlite3
import tempfile

import desk

desk.ensure()

import accessible  # noqa: E402
import scripted  # noqa: E402
import tap  # noqa: E402
from accessible import Atspi, GLib, find, every, press, read, wait_for, write  # noqa: E402

PROGRAM = os.environ["COLLATE_PROGRAM"]
SERVER = os.environ["COLLATE_SCRIPTED_SERVER"]

SCRIPT = {
    "alpha": [scripted.answer("First **bold** answer.\n\n- one\n- two", usage={"input": 1000, "output": 20})],
    "beta": [scripted.answer("Second answer.", usage={"input": 3000, "output": 10}, reasoning="Let me think.")],
    "slow": [scripted.answer("word " * 3000, tokens_per_second=4), scripted.answer("At once.")],
    "poor": [{"error": {"status": 429, "message": "no money", "code": "insufficient_quota", "type": "x"}}],
}


class Desk:
    """Folders, a scripted server and the program over them."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name
        self.server = scripted.Server(SERVER, SCRIPT).__enter__()
        names = {name: {"name": name.title()} for name in SCRIPT}
        pathlib.Path(self.path, "models.json").write_text(
            json.dumps(scripted.models_file(self.server.address, names, line_up=["alpha", "beta"])))
        pathlib.Path(self.path, "paper.txt").write_text("Sparse attention reads less.")
        return self

    def __exit__(self, *failure):
        self.server.__exit__()
        self.folder.cleanup()

    def start(self, *files, **more):
        environment = desk.folders(self.path, COLLATE_MODELS=f"{self.path}/models.json",
                                   HERE_API_KEY=scripted.KEY, G_DEBUG="", **more)
        return accessible.Application(PROGRAM, *files, environment=environment)

    def file(self, name):
        return os.path.join(self.path, name)


def tick(application, *names):
    """Ticks exactly these models."""
    for name in SCRIPT:
        accessible.tick(application.window, find(application.window, "check box", name.title()), name in names)


def ask(window, question):
    write(find(window, "text", "Question"), question)
    press(find(window, "button", "Ask…"))


def answer(window, name):
    """The group of the answer by this model."""
    return wait_for(f"the answer of {name}", lambda: next(
        (node for node in every(window, None, name + "…") if node.get_role_name() in ("group", "panel", "grouping")),
        None))


def wait_for_text(node, text):
    wait_for(repr(text), lambda: text in read(node))


def metrics_order(window):
    """The models' names in the table, from top to bottom."""
    table = find(window, "table", "Metrics")
    names = {name.title() for name in SCRIPT}
    return [label.get_name() for label in every(table, "label") if label.get_name() in names]


def test_first_start():
    with Desk() as here, here.start() as application:
        window = application.window
        assert accessible.has(find(window, "check box", "Alpha"), Atspi.StateType.CHECKED)
        assert not accessible.has(find(window, "check box", "Slow"), Atspi.StateType.CHECKED)
        find(window, "button", "Open…")
        find(window, "list", "Documents")
        find(window, "list", "History")
        ask_button = find(window, "button", "Ask…")
        assert not accessible.has(ask_button, Atspi.StateType.SENSITIVE)
        application.quit()


def test_ask_read_and_come_back():
    with Desk() as here:
        with here.start(here.file("paper.txt")) as application:
            window = application.window
            wait_for_text(find(window, "list", "Documents"), "paper.txt")
            tick(application, "alpha", "beta")
            ask(window, "What reads less?")
            wait_for_text(answer(window, "Alpha"), "two")
            assert "First bold answer." in read(answer(window, "Alpha"))
            wait_for_text(answer(window, "Beta"), "Second answer.")
            wait_for("four charts", lambda: all(
                any(node.get_description() for node in every(window, None, name)) for name in
                ["Cost…", "Response time…", "Tokens…", "Cost and time…"]))
            # Nobody tells how long a server took for each token.
            assert not every(window, None, "Time per token…")
            wait_for_text(find(window, "list", "History"), "What reads less?")
            request = here.server.journal()[0]["body"]
            assert "Sparse attention reads less." in request["messages"][0]["content"]
            application.quit()
        with here.start() as application:
            window = application.window
            row = find(find(window, "list", "History"), "button", "What reads less?…")
            press(row)
            wait_for_text(answer(window, "Alpha"), "First bold answer.")
            wait_for_text(answer(window, "Beta"), "Second answer.")
            assert len(here.server.journal()) == 2
            application.quit()


def test_no_path_is_kept():
    """A file may lie elsewhere tomorrow, as a sandbox's files do: what was asked opens again from what is stored."""
    with Desk() as here:
        folder = pathlib.Path(here.path, "run", "user", "1000", "doc", "5ec2e7f1")
        folder.mkdir(parents=True)
        paper = folder / "moved.txt"
        pathlib.Path(here.path, "paper.txt").rename(paper)
        with here.start(str(paper)) as application:
            window = application.window
            wait_for_text(find(window, "list", "Documents"), "moved.txt")
            tick(application, "alpha")
            ask(window, "What reads less?")
            wait_for_text(answer(window, "Alpha"), "two")
            assert "5ec2e7f1" not in read(window)
            application.quit()
        paper.unlink()
        with here.start() as application:
            window = application.window
            press(find(find(window, "list", "History"), "button", "What reads less?…"))
            wait_for_text(answer(window, "Alpha"), "First bold answer.")
            application.quit()
        kept = {path: path.read_bytes() for part in ["data", "config", "cache"]
                for path in pathlib.Path(here.path, part).rglob("*") if path.is_file()}
        assert any(b"moved.txt" in content for content in kept.values())
        assert not [path for path, content in kept.items() if b"5ec2e7f1" in content]


def messages_of(here, number):
    """What a request said, when it was made."""
    wait_for(f"request {number}", lambda: len(here.server.journal()) > number)
    return here.server.journal()[number]["body"]["messages"]


def ask_once(here):
    """Asks over the paper, and ends the program."""
    with here.start(here.file("paper.txt")) as application:
        wait_for_text(find(application.window, "list", "Documents"), "paper.txt")
        tick(application, "alpha")
        ask(application.window, "What reads less?")
        wait_for_text(answer(application.window, "Alpha"), "two")
        application.quit()


def open_and_ask_again(application):
    press(find(find(application.window, "list", "History"), "button", "What reads less?…"))
    wait_for_text(answer(application.window, "Alpha"), "First bold answer.")
    press(find(application.window, "button", "Put this question again…"))


def test_ask_again_without_the_file():
    with Desk() as here:
        ask_once(here)
        pathlib.Path(here.path, "paper.txt").unlink()
        with here.start() as application:
            open_and_ask_again(application)
            assert messages_of(here, 1) == messages_of(here, 0)
            wait_for_text(find(application.window, "list", "Documents"), "paper.txt")
            assert "replace those" not in read(application.window)
            # Now it is loaded as any other: another model is asked about it, and it is taken out.
            tick(application, "beta")
            wait_for_text(answer(application.window, "Alpha"), "two")
            press(find(application.window, "button", "Ask…"))
            assert messages_of(here, 2) == messages_of(here, 0)
            wait_for_text(answer(application.window, "Beta"), "Second answer.")
            press(find(find(application.window, "list", "Documents"), "button", "Remove paper.txt"))
            wait_for("no document", lambda: "paper.txt" not in read(find(application.window, "list", "Documents")))
            application.quit()


def test_ask_again_over_the_text_of_then():
    """What the file holds now, and what else is open, is not what the question was asked over."""
    with Desk() as here:
        ask_once(here)
        pathlib.Path(here.path, "paper.txt").write_text("Another text by now.")
        pathlib.Path(here.path, "other.txt").write_text("Another paper.")
        with here.start(here.file("paper.txt"), here.file("other.txt")) as application:
            wait_for_text(find(application.window, "list", "Documents"), "other.txt")
            open_and_ask_again(application)
            assert messages_of(here, 1) == messages_of(here, 0)
            wait_for_text(application.window, "The documents of this question replace those that were open.")
            assert "other.txt" not in read(find(application.window, "list", "Documents"))
            application.quit()


def test_ask_again_where_no_text_is_kept():
    with Desk() as here:
        ask_once(here)
        file = next(pathlib.Path(here.path, "data").rglob("history.sqlite"))
        with contextlib.closing(sqlite3.connect(file)) as history:
            history.execute("DELETE FROM text")
            history.commit()
        with here.start() as application:
            open_and_ask_again(application)
            wait_for_text(application.window, "Open the same documents first, then ask.")
            assert len(here.server.journal()) == 1
            application.quit()
        with here.start(here.file("paper.txt")) as application:
            wait_for_text(find(application.window, "list", "Documents"), "tokens")
            open_and_ask_again(application)
            assert messages_of(here, 1) == messages_of(here, 0)
            application.quit()


def test_sort_metrics():
    with Desk() as here, here.start() as application:
        window = application.window
        tick(application, "alpha", "beta")
        ask(window, "q")
        wait_for("both rows", lambda: len(metrics_order(window)) == 2)
        wait_for_text(answer(window, "Beta"), "Second answer.")
        header = find(find(window, "table", "Metrics"), "label", "Input")
        orders = set()
        for _ in range(2):
            before = metrics_order(window)
            accessible.click(window, header)
            wait_for("another order", lambda: metrics_order(window) != before or len(orders) == 0)
            orders.add(tuple(metrics_order(window)))
        assert orders == {("Alpha", "Beta"), ("Beta", "Alpha")}, orders
        application.quit()


def press_in_answer(window, name, button):
    """A button of a model's answer, whose row may become another one while others end."""
    press(wait_for(f"{button!r} of {name}", lambda: next(iter(every(answer(window, name), "button", button)), None)))


def test_stop_and_retry():
    with Desk() as here, here.start() as application:
        window = application.window
        tick(application, "alpha", "slow", "poor")
        ask(window, "q")
        wait_for_text(answer(window, "Slow"), "word word")
        press_in_answer(window, "Slow", "Stop…")
        wait_for("the end of all", lambda: not every(window, "button", "Stop…"))
        assert "word word" in read(answer(window, "Slow"))
        wait_for_text(answer(window, "Alpha"), "First bold answer.")
        press_in_answer(window, "Slow", "Retry…")
        wait_for_text(answer(window, "Slow"), "At once.")
        assert "word word" not in read(answer(window, "Slow"))
        application.quit()


def test_stop_all_and_close_while_running():
    with Desk() as here:
        with here.start() as application:
            window = application.window
            tick(application, "slow")
            ask(window, "q")
            wait_for_text(answer(window, "Slow"), "word word")
            application.quit()
        with here.start() as application:
            press(find(find(application.window, "list", "History"), "button", "q…"))
            wait_for_text(answer(application.window, "Slow"), "word word")
            assert "stopped" in read(answer(application.window, "Slow")).lower() or \
                "stopped" in answer(application.window, "Slow").get_name().lower()
            application.quit()


def test_open_by_dialog():
    with Desk() as here, here.start() as application:
        press(find(application.window, "button", "Open…"))
        accessible.choose_file(application, "Open Documents", "_Open…", here.file("paper.txt"))
        wait_for_text(find(application.window, "list", "Documents"), "paper.txt")
        application.quit()


def test_export():
    with Desk() as here, here.start() as application:
        window = application.window
        tick(application, "alpha")
        ask(window, "q")
        wait_for_text(answer(window, "Alpha"), "First bold answer.")
        press(find(window, "button", "Export…"))
        accessible.choose_file(application, "Export as…", "_Save…", here.file("out.json"))
        wait_for("out.json", lambda: os.path.exists(here.file("out.json")))
        # The menu button's inner button is the one that can be pressed.
        press(wait_for("the formats", lambda: every(window, "button", "File formats")[-1]))
        press(find(application.root, "menu item", "Picture (PNG)…"))
        accessible.choose_file(application, "Export as…", "_Save…", here.file("out.png"))
        wait_for("out.png", lambda: os.path.exists(here.file("out.png")))
        assert json.loads(pathlib.Path(here.file("out.json")).read_text())["question"] == "q"
        assert pathlib.Path(here.file("out.png")).read_bytes().startswith(b"\x89PNG")
        application.quit()


def test_add_a_server():
    with Desk() as here, here.start() as application:
        application.activate("preferences", GLib.Variant("s", "servers"))
        write(find(application.root, "text", "Name"), "My server")
        write(find(application.root, "text", "Address"), here.server.address)
        press(find(application.root, "button", "Test"))
        model = wait_for("the server's models", lambda: every(application.root, "check box", "alpha"))
        assert len(every(application.root, "check box", "beta")) == 1
        accessible.tick(find(application.root, None, "Preferences"), model[0], True)
        press(find(application.root, "button", "Add Server"))
        own = wait_for("its entry", lambda: json.loads(pathlib.Path(here.path, "models.json").read_text())["providers"])
        wait_for("the new provider", lambda: "My server" in pathlib.Path(here.path, "models.json").read_text())
        assert "here" in own


def test_remove_from_history():
    with Desk() as here, here.start() as application:
        window = application.window
        accessible.tick(window, find(window, "check box", "Beta"), False)
        ask(window, "Short-lived?")
        wait_for_text(find(window, "list", "History"), "Short-lived?")
        wait_for_text(answer(window, "Alpha"), "First bold answer.")
        for button, left in [("_Cancel…", True), ("_Remove…", False)]:
            press(find(find(window, "list", "History"), "button", "Remove…"))
            press(find(application.root, "button", button))
            wait_for("the dialog's end", lambda: application.root.get_child_count() == 1)
            wait_for("what is left", lambda: ("Short-lived?" in read(find(window, "list", "History"))) == left)
        application.quit()


def test_what_is_missing_is_said():
    with Desk() as here:
        environment = {"COLLATE_MODELS": "/nonexistent/models.json", "OPENAI_API_KEY": ""}
        with here.start() as application:
            application.quit()
        with accessible.Application(PROGRAM, environment={**desk.folders(here.path), **environment}) as application:
            wait_for_text(application.window, "OPENAI_API_KEY")
            wait_for_text(application.window, "/nonexistent/models.json")
            press(find(application.window, "button", "Enter a Key…"))
            find(application.root, None, "OpenAI")


tap.run(globals())
