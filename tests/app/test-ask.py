#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`collate ask` and `collate models` against a scripted server."""

import csv
import html.parser
import io
import json
import os
import signal
import time

import cli
import scripted
import tap

RESULT_KEYS = ["id", "model", "route", "served_model", "reading", "run", "state", "response", "reasoning",
               "finish_reason", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
               "reasoning_tokens", "total_tokens", "usage_estimated", "cost", "cost_known", "price",
               "dropped_parameters", "requests", "sources", "time", "time_to_first_token", "tokens_per_second", "error"]


def error_of(code, status):
    return {"error": {"status": status, "message": "no", "code": code, "type": code}}


def tutorial_server():
    return scripted.Server(cli.SERVER, {
        id: [scripted.answer(f"{name} says **so**.", usage={"input": tokens_in, "output": tokens_out},
                             first_token_ms=10 + 20 * i, served_model=id)]
        for i, (id, (name, _, _, _, tokens_in, tokens_out, _)) in enumerate(scripted.TUTORIAL.items())})


def ask_tutorial(home, *arguments, status=0):
    return home.json("ask", "--documents", home.write("paper.txt", "Sparse attention."), "--question", "What?",
                     "--models", ",".join(scripted.TUTORIAL), *arguments, status=status)


def test_tutorial():
    with cli.Home() as home, tutorial_server() as server:
        home.serve(server, scripted.tutorial_models())
        report = ask_tutorial(home)
        assert list(report) == ["id", "question", "created", "documents", "context_tokens", "results", "findings"]
        assert report["question"] == "What?" and report["id"] == 1
        time.strptime(report["created"], "%Y-%m-%dT%H:%M:%SZ")
        counted = home.json("tokens", str(home.path / "paper.txt"))
        assert (report["documents"], report["context_tokens"]) == (counted["documents"], counted["context_tokens"])
        assert [result["id"] for result in report["results"]] == list(scripted.TUTORIAL)
        for result in report["results"]:
            name, _, price_in, price_out, tokens_in, tokens_out, bill = scripted.TUTORIAL[result["id"]]
            assert list(result) == RESULT_KEYS, list(result)
            assert (result["model"], result["state"], result["error"]) == (name, "done", None)
            assert result["response"] == f"{name} says **so**." and result["reasoning"] is None
            assert (result["input_tokens"], result["output_tokens"]) == (tokens_in, tokens_out)
            assert result["total_tokens"] == tokens_in + tokens_out
            assert abs(result["cost"] - (tokens_in * price_in + tokens_out * price_out) / 1e6) < 1e-12
            assert f"${result['cost']:.4f}" == bill or bill == "$0.1623", result["cost"]
            assert result["cost_known"] is True and result["usage_estimated"] is False
            assert (result["price"]["input"], result["price"]["output"]) == (price_in, price_out)
            assert result["served_model"] == result["id"] and result["run"] == 1 and result["reading"] == "whole"
            assert result["finish_reason"] in ("stop", "end_turn") and result["requests"] == 1
            assert result["dropped_parameters"] == [] and result["sources"] == []
            assert 0 < result["time_to_first_token"] <= result["time"]
        assert report["findings"]["most_cost_effective"] == "deepseek-v3.2-exp"
        assert list(report["findings"]) == ["most_cost_effective", "fastest"]
        text = home.run("history", "show", "1").stdout
        for name, *_, bill in scripted.TUTORIAL.values():
            assert name in text and bill in text, (name, bill, text)


def test_documents_reach_the_model_whole():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        folder = home.write("docs/a.txt", "First text é.\n")
        home.write("docs/b.md", "# Second")
        report = home.json("ask", "--documents", os.path.dirname(folder), "--question", "Why?", "--models", "alpha")
        context = home.run("tokens", os.path.dirname(folder), "--text").stdout
        assert report["context_tokens"] == home.json("tokens", os.path.dirname(folder))["context_tokens"]
        [request] = server.journal()
        system, user = [message["content"] for message in request["body"]["messages"]]
        assert system.endswith(context) and user == "Why?"
        assert request["headers"]["authorization"] == "Bearer " + scripted.KEY
        assert "temperature" not in request["body"]


def test_documents_are_repeatable():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        report = home.json("ask", "--documents", home.write("b.txt", "b"), "--documents", home.write("a.txt", "a"),
                           "--question", "q", "--models", "alpha")
        assert [document["name"] for document in report["documents"]] == ["a.txt", "b.txt"]


def test_no_documents_and_default_line_up():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()], "beta": [scripted.answer()]}) as server:
        home.serve(server, line_up=["beta", "alpha"])
        report = home.json("ask", "--question-file", home.write("q.txt", "Who?\n"))
        assert report["question"] == "Who?"
        assert report["documents"] == [] and report["context_tokens"] == 0
        assert [result["id"] for result in report["results"]] == ["beta", "alpha"]


def test_documents_without_text():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        empty, good = home.write("empty.txt", ""), home.write("good.txt", "text")
        os.mkdir(home.path / "hollow")
        for paths in [[empty], ["/nonexistent/x.txt"], [str(home.path / "hollow")]]:
            named = [word for path in paths for word in ("--documents", path)]
            result = home.run("ask", *named, "--question", "q", "--models", "alpha")
            assert result.returncode == 1 and result.stdout == "" and result.stderr, result
        assert server.journal() == []
        report = home.json("ask", "--documents", empty, "--documents", good, "--question", "q", "--models", "alpha",
                           status=1)
        assert [document["name"] for document in report["documents"]] == ["good.txt"]
        assert report["results"][0]["state"] == "done"


def test_repeats():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer(f"a{run}", usage={"input": 10, "output": run}) for run in (1, 2, 3)],
            "beta": [scripted.answer("b", usage={"input": 10, "output": 50})]}) as server:
        home.serve(server)
        report = home.json("ask", "--question", "q", "--models", "beta,alpha", "--repeat", "3")
        assert [(result["id"], result["run"]) for result in report["results"]] == [
            ("beta", 1), ("beta", 2), ("beta", 3), ("alpha", 1), ("alpha", 2), ("alpha", 3)]
        assert [result["response"] for result in report["results"][3:]] == ["a1", "a2", "a3"]
        assert report["findings"]["most_cost_effective"] == "alpha"


def test_repeats_that_fail():
    good = scripted.answer("a", usage={"input": 10, "output": 1})
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [good, error_of("x", 400), good],
            "beta": [scripted.answer("b", usage={"input": 10, "output": 50000}, first_token_ms=300)] * 3}) as server:
        home.serve(server)
        report = home.json("ask", "--question", "q", "--models", "alpha,beta", "--repeat", "3", status=1)
        assert [result["state"] for result in report["results"]] == ["done", "failed", "done"] + ["done"] * 3
        assert report["findings"] == {"most_cost_effective": "alpha", "fastest": "alpha"}
        shown = home.run("history", "show", "1").stdout
        assert "Most cost-effective: Alpha" in shown and "Alpha · run 2 — failed" in shown, shown


def test_a_model_named_twice_is_asked_once():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer("a")], "beta": [scripted.answer("b")], "a+b": [scripted.answer("c")]}) as server:
        home.serve(server, line_up=["beta", "beta"])
        for models, asked in [("alpha,beta,alpha", ["alpha", "beta"]), ("alpha,alpha+whole", ["alpha"]),
                              ("a+b,a+b+whole", ["a+b"])]:
            report = home.json("ask", "--question", "q", "--models", models, "--repeat", "2")
            assert [(result["id"], result["run"]) for result in report["results"]] == [
                (id, run) for id in asked for run in (1, 2)], report
        assert [result["id"] for result in home.json("ask", "--question", "q")["results"]] == ["beta"]


def test_question_file():
    long = "Wörter und mehr. " * 300000
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer("a")]}) as server:
        home.serve(server)
        for data, question in [("\ufeffWhat?\n", "What?"), (" Why?\r\nReally?\n\n", " Why?\r\nReally?"),
                               (long, long.rstrip())]:
            report = home.json("ask", "--models", "alpha", "--question-file", home.write("q.txt", data))
            assert report["question"] == question
            assert server.journal()[-1]["body"]["messages"][-1]["content"] == question
        assert max(map(len, home.run("history").stdout.splitlines())) < 200


def test_max_output():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        home.json("ask", "--question", "q", "--models", "alpha")
        home.json("ask", "--question", "q", "--models", "alpha", "--max-output", "123")
        assert [request["body"]["max_tokens"] for request in server.journal()] == [4096, 123]


def test_failures_leave_others_alone():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer("Good.")], "poor": [error_of("insufficient_quota", 429)],
            "bad": [error_of("invalid_api_key", 401)], "mute": [scripted.answer("")]}) as server:
        home.serve(server)
        report = home.json("ask", "--question", "q", "--models", "poor,alpha,bad,mute", status=1)
        states = {result["id"]: (result["state"], result["error"] and result["error"]["code"])
                  for result in report["results"]}
        assert states == {"poor": ("failed", "quota"), "alpha": ("done", None), "bad": ("failed", "key"),
                          "mute": ("failed", "empty")}, states
        poor = report["results"][0]
        assert list(poor["error"]) == ["code", "message", "status"] and poor["error"]["status"] == 429
        assert poor["requests"] == 1
        assert report["findings"] == {"most_cost_effective": None, "fastest": None}


def test_missing_key():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        for value in [None, "", "  "]:
            home.environment.pop("HERE_API_KEY", None)
            if value is not None:
                home.environment["HERE_API_KEY"] = value
            result = home.run("ask", "--question", "q", "--models", "alpha", "--format", "json")
            [answer] = json.loads(result.stdout)["results"]
            assert result.returncode == 1 and answer["error"]["code"] == "key"
            assert "HERE_API_KEY" in answer["error"]["message"] and "HERE_API_KEY" in result.stderr
            [model] = [model for model in home.json("models")["models"] if model["id"] == "alpha"]
            assert model["available"] is False and "HERE_API_KEY" in model["reason"], model
        assert server.journal() == []


def test_refused_key_characters():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        for key in ["abc\ndef", "abc\x01def", "schlüssel"]:
            home.environment["HERE_API_KEY"] = key
            [answer] = home.json("ask", "--question", "q", "--models", "alpha", status=1)["results"]
            assert answer["error"]["code"] == "key", answer
            assert key not in json.dumps(answer, ensure_ascii=False)
        assert server.journal() == []


def test_key_from_env_file():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        del home.environment["HERE_API_KEY"]
        home.write("config/collate/.env", "HERE_API_KEY=from-configuration\n")
        home.json("ask", "--question", "q", "--models", "alpha")
        home.write(".env", "HERE_API_KEY=from-folder\n")
        home.json("ask", "--question", "q", "--models", "alpha")
        home.environment["HERE_API_KEY"] = "from-environment"
        home.json("ask", "--question", "q", "--models", "alpha")
        assert [request["headers"]["authorization"] for request in server.journal()] == [
            "Bearer from-configuration", "Bearer from-folder", "Bearer from-environment"]


def test_key_is_never_repeated():
    echo = f"the key {scripted.KEY} is wrong"
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [{"error": {"status": 401, "message": echo, "code": "x", "type": "x"}}],
            "beta": [scripted.answer("Fine.")]}) as server:
        home.serve(server)
        for format in ["text", "json", "csv", "markdown", "html"]:
            result = home.run("ask", "--question", "q", "--models", "alpha,beta", "--format", format,
                              "--output", str(home.path / f"out.{format}"))
            assert result.returncode == 1
            assert scripted.KEY not in result.stdout + result.stderr
        assert scripted.KEY not in home.run("history", "--format", "json").stdout
        assert scripted.KEY.encode() not in home.everything_stored()


def test_output_and_charts():
    with cli.Home() as home, tutorial_server() as server:
        home.serve(server, scripted.tutorial_models())
        starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
        for ending, start in starts.items():
            path = home.path / f"charts.{ending}"
            result = home.run("ask", "--question", "q", "--format", "json", "--output", str(home.path / "out.json"),
                              "--charts", str(path))
            assert (result.returncode, result.stdout) == (0, ""), result
            assert path.read_bytes().startswith(start) and path.stat().st_size > 2000
            assert len(json.loads((home.path / "out.json").read_text())["results"]) == 4
        leftovers = {path.name for path in home.path.iterdir()} - {
            "charts.png", "charts.svg", "charts.pdf", "out.json", "models.json", "config", "data", "cache", "dconf"}
        assert leftovers == set(), leftovers


def test_output_that_cannot_be_written():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer("Paid for.")]}) as server:
        home.serve(server)
        result = home.run("ask", "--question", "q", "--models", "alpha", "--output", "/nonexistent/x.txt")
        assert result.returncode == 1 and "Paid for." in result.stdout and "/nonexistent/x.txt" in result.stderr
        result = home.run("ask", "--question", "q", "--models", "alpha", "--charts", "/nonexistent/x.png")
        assert result.returncode == 1 and "Paid for." in result.stdout and "/nonexistent/x.png" in result.stderr
        assert "cannot be written" in result.stderr and "cannot be read" not in result.stderr
        result = home.run("ask", "--question", "q", "--models", "alpha", "--output", str(home.path))
        assert result.returncode == 1 and "Paid for." in result.stdout and "printed instead" in result.stderr
        assert len(home.json("history")["comparisons"]) == 3


def test_output_through_a_link():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer("Paid for.")]}) as server:
        home.serve(server)
        target, link = home.path / "target.txt", home.path / "link.txt"
        target.write_text("before")
        link.symlink_to(target)
        result = home.run("ask", "--question", "q", "--models", "alpha", "--output", str(link))
        assert (result.returncode, result.stdout) == (0, "") and link.is_symlink() and "Paid for." in target.read_text()


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href") and tag != "a"]


def test_formats():
    evil = "=cmd|x <script>alert(1)</script> \"quoted\", **bold**\nline"
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer(evil, usage={"input": 1, "output": 2})], "beta": [error_of("x", 400)]}) as server:
        home.serve(server)
        arguments = ["ask", "--question", "<b>q</b>", "--models", "alpha,beta"]
        rows = list(csv.reader(io.StringIO(home.run(*arguments, "--format", "csv").stdout)))
        assert len(rows) == 3 and len({len(row) for row in rows}) == 1
        assert "'" + evil in rows[1] and not any(cell.startswith("=") for cell in rows[1])
        page = home.run(*arguments, "--format", "html").stdout
        tags = Tags(page)
        assert "script" not in tags.tags and "svg" in tags.tags and "table" in tags.tags and "strong" in tags.tags
        assert all(address.startswith(("#", "data:")) for address in tags.addresses), tags.addresses
        assert "&lt;b&gt;q&lt;/b&gt;" in page
        markdown = home.run(*arguments, "--format", "markdown").stdout
        assert "Alpha" in markdown and "Beta" in markdown and "**bold**" in markdown
        text = home.run(*arguments).stdout
        assert "Alpha" in text and "Beta" in text and "\x1b" not in text


def test_no_progress_where_there_is_no_terminal():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer(first_token_ms=600)]}) as server:
        home.serve(server)
        assert home.run("ask", "--question", "q", "--models", "alpha").stderr == ""


def stopped_by(number):
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "quick": [scripted.answer("Done.")],
            "slow": [scripted.answer("word " * 5000, tokens_per_second=20)],
            "late": [scripted.answer("never", first_token_ms=60000)]}) as server:
        home.serve(server)
        process = home.start("ask", "--question", "q", "--models", "quick,slow,late", "--format", "json")
        while True:
            rows = home.run("history", "show", "1", "--format", "json")
            results = json.loads(rows.stdout)["results"] if rows.returncode in (0, 1) and rows.stdout else []
            if results and results[0]["state"] == "done" and "word word" in (results[1]["response"] or ""):
                break
            assert process.poll() is None
        assert results[1]["state"] == "streaming" and results[2]["state"] == "waiting", results
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        results = json.loads(output)["results"]
        assert process.returncode == 1
        assert [result["state"] for result in results] == ["done", "stopped", "stopped"]
        assert results[1]["response"].startswith("word word")
        assert results[1]["usage_estimated"] is True, results[1]
        assert results[2]["error"]["code"] == "stopped"
        assert home.json("history", "show", "1")["results"] == results


def test_interrupt():
    stopped_by(signal.SIGINT)


def test_terminate():
    stopped_by(signal.SIGTERM)


def test_models_file_missing_or_damaged():
    with cli.Home() as home:
        assert home.run("models").stderr == ""
        builtin = home.json("models")
        assert {"gpt-5", "claude-sonnet-4.5", "deepseek-v3.2-exp", "deepseek-v3.1-terminus"} <= {
            model["id"] for model in builtin["models"]}
        for path in ["/nonexistent/models.json", home.write("torn.json", '{ "version": 1, "mod'),
                     home.write("list.json", "[]"), home.write("empty.json", "")]:
            home.environment["COLLATE_MODELS"] = path
            result = home.run("models", "--format", "json")
            assert result.returncode == 1 and path in result.stderr, result
            assert json.loads(result.stdout) == builtin
        del home.environment["COLLATE_MODELS"]
        own = home.write("config/collate/models.json", "no json")
        result = home.run("models", "--format", "json")
        assert result.returncode == 1 and own in result.stderr and json.loads(result.stdout) == builtin


def test_damaged_models_file_lets_ask_go_on():
    with cli.Home() as home:
        home.environment["COLLATE_MODELS"] = "/nonexistent/models.json"
        result = home.run("ask", "--question", "q", "--models", "gpt-5", "--format", "json")
        assert result.returncode == 1 and "/nonexistent/models.json" in result.stderr
        assert json.loads(result.stdout)["results"][0]["error"]["code"] == "key"


def test_models():
    with cli.Home() as home, scripted.Server(cli.SERVER, {}) as server:
        home.serve(server, {
            "open": {"routes": [{"provider": "open", "model": "open"}]},
            "gone": {"routes": [{"provider": "open", "model": "gone", "retired": "2020-01-01"}]},
            "moved": {"routes": [{"provider": "open", "model": "old", "retired": "2020-01-01"},
                                 {"provider": "here", "model": "new"}]}})
        models = {model["id"]: model for model in home.json("models")["models"]}
        assert list(models["open"]) == ["id", "name", "provider", "available", "reason"]
        assert models["open"] == {"id": "open", "name": "Open", "provider": "open", "available": True, "reason": None}
        assert models["moved"]["provider"] == "here" and models["moved"]["available"] is True
        assert models["gone"]["available"] is False and "2020-01-01" in models["gone"]["reason"]
        [answer] = home.json("ask", "--question", "q", "--models", "gone", status=1)["results"]
        assert answer["error"]["code"] == "retired"
        table = home.run("models").stdout.splitlines()
        assert len(table) == len(models) + 1 and any("2020-01-01" in line for line in table)


def test_unknown_price_is_unknown():
    with cli.Home() as home, scripted.Server(cli.SERVER, {
            "alpha": [scripted.answer(usage={"input": 5, "output": 5})]}) as server:
        home.serve(server, {"alpha": {"routes": [{"provider": "open", "model": "alpha"}]}})
        [answer] = home.json("ask", "--question", "q", "--models", "alpha")["results"]
        assert answer["cost"] is None and answer["cost_known"] is False and answer["price"] is None


def test_unreachable_server():
    with cli.Home() as home:
        home.environment["COLLATE_MODELS"] = home.write(
            "models.json", json.dumps(scripted.models_file("http://127.0.0.1:1", {"alpha": {}})))
        [answer] = home.json("ask", "--question", "q", "--models", "alpha", status=1)["results"]
        assert answer["error"]["code"] == "offline" and answer["error"]["status"] is None, answer


tap.run(globals())
