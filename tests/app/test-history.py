#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`collate history`: what is kept, in order, also when the program is killed."""

import json

import cli
import scripted
import tap


def ask(home, question, *models):
    return home.json("ask", "--question", question, "--models", ",".join(models))


def test_empty():
    with cli.Home() as home:
        assert home.json("history") == {"comparisons": []}
        result = home.run("history")
        assert (result.returncode, result.stderr) == (0, "")


def test_list_and_show():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer("One.", reasoning="Hm.", usage={"input": 3, "output": 2, "reasoning": 1})],
            "beta": [scripted.answer("Two.")]}) as server:
        home.serve(server)
        document = home.write("a.txt", "text")
        first = home.json("ask", "--documents", document, "--question", "First?", "--models", "beta,alpha")
        second = ask(home, "Second?", "alpha")
        [newest, oldest] = home.json("history")["comparisons"]
        assert list(newest) == ["id", "created", "question", "documents", "models", "state"]
        assert newest == {"id": second["id"], "created": second["created"], "question": "Second?", "documents": [],
                          "models": ["alpha"], "state": "done"}
        assert oldest["documents"] == ["a.txt"] and oldest["models"] == ["beta", "alpha"]
        assert home.json("history", "show", str(first["id"])) == first
        assert home.json("history", "show", str(second["id"])) == second
        for format in ["text", "csv", "markdown", "html"]:
            result = home.run("history", "show", str(first["id"]), "--format", format)
            assert result.returncode == 0 and "One." in result.stdout and "Two." in result.stdout, format
        lines = home.run("history").stdout.splitlines()
        assert len(lines) == 3 and "Second?" in lines[1] and "First?" in lines[2]


def test_no_path_is_kept_or_told():
    """Where a file lies says nothing tomorrow: a sandbox's file dialog gives another path each time."""
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer("One.")], "lost": [{"error": {"status": 500, "message": "no", "type": "x"}}] * 4}) as server:
        home.serve(server)
        home.environment["HERE_API_KEY"] = scripted.KEY
        folder = "run/user/1000/doc/5ec2e7f1"
        good = home.write(f"{folder}/paper.txt", "Sparse attention reads less.")
        empty = home.write(f"{folder}/empty.txt", "")
        out = str(home.path / folder / "out")
        told = home.run("ask", "--documents", good, "--documents", empty, "--question", "Why?", "--models", "alpha,lost",
                        "--format", "json", "--output", out + ".json", "--charts", out + ".svg").stdout
        (home.path / folder / "paper.txt").unlink()
        for format in ["text", "json", "csv", "markdown", "html"]:
            shown = home.run("history", "show", "1", "--format", format)
            assert shown.returncode == 0 and "One." in shown.stdout, (format, shown)
            told += shown.stdout + shown.stderr
        told += "".join(path.read_text() for path in home.path.glob(f"{folder}/out.*"))
        assert "One." in told and "5ec2e7f1" not in told
        assert [document["name"] for document in home.json("history", "show", "1")["documents"]] == ["paper.txt"]
        stored = b"".join(path.read_bytes() for part in ["data", "config", "cache"] for path in (home.path / part).rglob("*")
                          if path.is_file())
        assert b"paper.txt" in stored and b"5ec2e7f1" not in stored


def test_unknown_id():
    with cli.Home() as home:
        result = home.run("history", "show", "7")
        assert result.returncode == 1 and result.stdout == "" and "7" in result.stderr, result
        assert len(result.stderr.splitlines()) == 1


def test_prices_of_the_day_stay():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer(usage={"input": 1000, "output": 1000})]}) as server:
        home.serve(server)
        before = ask(home, "q", "alpha")
        home.serve(server, {"alpha": {"routes": [
            {"provider": "here", "model": "alpha", "price": {"input": 100, "output": 100}}]}})
        assert home.json("history", "show", "1") == before
        assert ask(home, "q", "alpha")["results"][0]["cost"] > before["results"][0]["cost"]


def test_killed_program():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "quick": [scripted.answer("Done.")],
            "slow": [scripted.answer("word " * 5000, tokens_per_second=50)]}) as server:
        home.serve(server)
        process = home.start("ask", "--question", "q", "--models", "quick,slow")
        text = ""
        while len(text) < 50:
            shown = home.run("history", "show", "1", "--format", "json")
            results = json.loads(shown.stdout)["results"] if shown.stdout else []
            text = results[1]["response"] or "" if results else ""
            assert process.poll() is None
        assert results[1]["state"] == "streaming"
        assert home.json("history")["comparisons"][0]["state"] == "running"
        process.kill()
        process.communicate()
        [quick, slow] = home.json("history", "show", "1")["results"]
        assert quick["state"] == "done" and slow["state"] == "interrupted"
        assert slow["response"].startswith(text) and slow["error"]["code"] == "interrupted"
        assert home.json("history")["comparisons"][0]["state"] == "interrupted"


def test_damaged_history():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer("Still there.")]}) as server:
        home.serve(server)
        home.write("data/collate/history.sqlite", b"no database at all" * 100)
        result = home.run("history")
        assert result.returncode == 1 and result.stderr, result
        result = home.run("ask", "--question", "q", "--models", "alpha")
        assert "Still there." in result.stdout and "istory" in result.stderr, result


tap.run(globals())
