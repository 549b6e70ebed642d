#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files on this machine, from the command line: tiny random ones, and the one that COLLATE_MODEL names."""

import csv
import io
import json
import math
import os
import random
import shutil
import signal
import struct
import subprocess

import cli
import tap

WRITE_MODEL = os.environ["COLLATE_WRITE_MODEL"]
BROKEN_CARD = os.environ["COLLATE_BROKEN_CARD"]
WRONG_TOP_K = ["0", "-1", "4097", "many", "", "8,16", "1e3", " 8"]
REAL_MODEL = os.environ.get("COLLATE_MODEL")


def add_model(home, name="tiny", architecture="llama", *, folder="data"):
    path = home.path / folder / "collate" / "models" / f"{name}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([WRITE_MODEL, path, architecture], check=True)
    return str(path)


def make_coin(path):
    """Changes a tiny deepseek32 so that it writes nothing but "a" and "b", and some of its drafts are right: its file ends
    with the output's weights, and of the rows, one a token, all but these two's are zero now."""
    width, vocabulary, first, block = 64, 275, 3 + ord("a"), 34
    generator = random.Random(1)
    rows = bytearray(vocabulary * width // 32 * block)
    for i in range(width // 32):
        weights = [generator.randrange(-127, 128) for _ in range(32)]
        for j, sign in enumerate((1, -1)):
            struct.pack_into("<e32b", rows, ((first + j) * width // 32 + i) * block, 1, *(sign * weight for weight in weights))
    with open(path, "r+b") as file:
        file.seek(-len(rows), os.SEEK_END)
        file.write(rows)


def ask(home, *arguments, status=0):
    return home.json("ask", "--question", "Why?", "--max-output", "8", *arguments, status=status)["results"]


def entry(home, id):
    [model] = [model for model in home.json("models")["models"] if model["id"] == id]
    return model


def test_devices():
    with cli.Home() as home:
        devices = home.json("devices")["devices"]
        assert (devices[0]["name"], devices[0]["type"]) == ("cpu", "cpu") and devices[0]["description"], devices
        assert list(devices[0]) == ["name", "type", "description"]
        assert "cpu" in home.run("devices").stdout


def test_models_are_listed():
    with cli.Home() as home:
        add_model(home)
        add_model(home, "other", "qwen3")
        home.write("data/collate/models/torn.gguf", open(add_model(home), "rb").read()[:1000])
        home.write("data/collate/models/note.txt", "no model")
        home.write("data/collate/models/.hidden.gguf", "half a download")
        assert entry(home, "local:tiny") == {
            "id": "local:tiny", "name": "tiny", "provider": "local", "available": True, "reason": None}
        assert entry(home, "local:other")["available"] is True
        torn = entry(home, "local:torn")
        assert torn["available"] is False and "damaged" in torn["reason"], torn
        ids = [model["id"] for model in home.json("models")["models"] if model["id"].startswith("local:")]
        assert ids == ["local:other", "local:other@sparse", "local:tiny", "local:tiny@sparse", "local:torn"], ids
        assert entry(home, "local:tiny@sparse") == {
            "id": "local:tiny@sparse", "name": "tiny, sparse", "provider": "local", "available": True, "reason": None}


def test_models_are_found_that_a_package_installs():
    """The person's own file of a name wins, and a second folder of everybody's yields to the first."""
    with cli.Home() as home:
        home.environment["XDG_DATA_DIRS"] = f"{home.path}/share:{home.path}/second"
        add_model(home, "torn")
        home.write("share/collate/models/torn.gguf", "GGUF")
        path = add_model(home, "given", folder="share")
        home.write("second/collate/models/given.gguf", "GGUF")
        add_model(home, "last", folder="second")
        for name in ["torn", "given", "last"]:
            assert entry(home, f"local:{name}")["available"] is True, name
        assert ask(home, "--models", "local:given")[0]["state"] == "done"

        # The commands that take a model file take its entry, too.
        [row] = home.json("bench", "--model", "local:given", "--prompt", "8")
        assert row["model"] == "given.gguf" and home.json("bench", "--model", path, "--prompt", "8")[0]["model"] == "given.gguf"
        text = home.write("text.txt", "The quick brown fox. " * 20)
        assert home.json("perplexity", "--model", "local:given", "--text", text, "--context", "32")["tokens"] > 0
        for wrong in ["local:none", "local:", "local:../models/given", "local:" + path[:-5]]:
            for command in [["bench"], ["serve", "--port", "0"], ["perplexity", "--text", text]]:
                cli.assert_usage(home.run(*command, "--model", wrong), wrong)


def test_ask():
    with cli.Home() as home:
        add_model(home)
        [result] = ask(home, "--models", "local:tiny")
        assert (result["id"], result["route"], result["served_model"]) == ("local:tiny", "local/tiny", "tiny")
        assert result["state"] == "done" and result["finish_reason"] in ("stop", "length"), result
        assert (result["cost"], result["cost_known"]) == (0.0, True)
        assert (result["price"]["input"], result["price"]["output"]) == (0, 0)
        assert result["usage_estimated"] is False and result["input_tokens"] > 0 and result["cached_input_tokens"] == 0
        assert 1 <= result["output_tokens"] <= 8 and result["requests"] == 1
        assert 0 < result["time_to_first_token"] <= result["time"]
        text = home.run("history", "show", "1").stdout
        assert "no charge" in text, text


def test_repeats_reuse_what_was_read_and_write_the_same():
    with cli.Home() as home:
        add_model(home)
        first, second = ask(home, "--models", "local:tiny", "--repeat", "2")
        assert first["response"] == second["response"] and first["response"] != ""
        assert second["input_tokens"] == first["input_tokens"]
        assert second["cached_input_tokens"] >= first["input_tokens"] - 1


def test_several_are_asked():
    with cli.Home() as home:
        add_model(home)
        add_model(home, "other", "qwen3")
        report = home.json("ask", "--question", "Why?", "--max-output", "4", "--models", "local:tiny,local:other")
        assert [result["state"] for result in report["results"]] == ["done", "done"], report
        assert report["findings"]["most_cost_effective"] is None


def test_dense_and_sparse_are_asked():
    """Two entries of one file, and two answers, each in the time that is its own."""
    with cli.Home() as home:
        add_model(home)
        document = home.write("a.txt", "The quick brown fox jumps over the lazy dog. " * 4)
        both = ["--documents", document, "--models", "local:tiny,local:tiny@sparse"]
        dense, sparse = ask(home, *both)
        assert (sparse["id"], sparse["model"]) == ("local:tiny@sparse", "tiny, sparse"), sparse
        assert (sparse["route"], sparse["served_model"]) == ("local/tiny@sparse", "tiny@sparse"), sparse
        assert [dense["state"], sparse["state"]] == ["done", "done"]
        # All that is there is read, until there is more of it than 512 tokens.
        assert (sparse["response"], sparse["input_tokens"]) == (dense["response"], dense["input_tokens"])
        assert sparse["cached_input_tokens"] == dense["cached_input_tokens"] == 0
        assert sparse["keys_read"] == dense["keys_read"] == 1, (dense, sparse)
        few, = ask(home, "--documents", document, "--models", "local:tiny@sparse", "--top-k", "4")
        assert few["state"] == "done" and few["output_tokens"] > 0, few
        # The last token is not read any more by the one that would follow it.
        length = few["input_tokens"] + few["output_tokens"] - 1
        assert math.isclose(few["keys_read"], (4 + sum(4 / n for n in range(5, length + 1))) / length), few
        [past] = home.json("history", "show", "2")["results"]
        assert past["keys_read"] == few["keys_read"], past
        assert f"{few['keys_read'] * 100:.1f}\u00a0%" in home.run("history", "show", "2").stdout.splitlines()[-1]
        html = home.run("history", "show", "1", "--format", "html").stdout
        assert "Time per token: All take" in html or "for a token at the end" in html, html
        for k in WRONG_TOP_K:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", "local:tiny@sparse", "--top-k", k), "--top-k")
        cli.assert_usage(home.run("ask", "--question", "q", "--models", "local:tiny", "--top-k", "4"), "@sparse")


def test_drafts():
    """A model that drafts says how many of its drafts were right, now and later; one that does not says nothing of them."""
    with cli.Home() as home:
        add_model(home)
        make_coin(add_model(home, "deep", "deepseek32"))
        [plain] = ask(home, "--models", "local:tiny")
        assert "drafted_tokens" not in plain, plain
        for id in ["local:deep", "local:deep@sparse"]:
            [result] = ask(home, "--models", id, "--max-output", "60")
            drafted, right = result["drafted_tokens"], result["accepted_draft_tokens"]
            # Each token but the last is either a right draft, or comes with a draft of the next one, if there is one.
            assert 0 < right < drafted and 0 <= result["output_tokens"] - 1 - drafted - right <= 1, result
            assert result["draft_acceptance_rate"] == right / drafted, result
            number = "2" if id == "local:deep" else "3"
            [past] = home.json("history", "show", number)["results"]
            assert (past["drafted_tokens"], past["accepted_draft_tokens"]) == (drafted, right), past
            sentence = f"Drafts right: {right} of {drafted} ({right / drafted * 100:.0f}\u00a0%)"
            for format in ["text", "markdown", "html"]:
                assert sentence in home.run("history", "show", number, "--format", format).stdout
        rows = list(csv.DictReader(io.StringIO(home.run("history", "show", "3", "--format", "csv").stdout)))
        assert (rows[0]["drafted_tokens"], rows[0]["accepted_draft_tokens"]) == (str(drafted), str(right)), rows


def test_drafts_of_a_server():
    """Asked through a server, a model tells of the drafts that it tells of when it is asked here."""
    with cli.Home() as home:
        path = add_model(home, "deep", "deepseek32")
        make_coin(path)
        [here] = ask(home, "--models", "local:deep", "--max-output", "60")
        process = home.start("serve", "--port", "0", "--model", path)
        try:
            providers = {"lab": {"name": "Lab", "base_url": process.stdout.readline().strip() + "/v1"}}
            models = [{"id": "far", "name": "Far", "routes": [{"provider": "lab", "model": "deep"}]}]
            home.environment["COLLATE_MODELS"] = home.write(
                "models.json", json.dumps({"version": 1, "providers": providers, "models": models}))
            [there] = ask(home, "--models", "far", "--max-output", "60")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        for member in ["response", "output_tokens", "drafted_tokens", "accepted_draft_tokens", "draft_acceptance_rate"]:
            assert there[member] == here[member], (member, there, here)
        assert "keys_read" not in there and there["drafted_tokens"] > there["accepted_draft_tokens"] > 0, there


def test_too_long():
    with cli.Home() as home:
        add_model(home)
        document = home.write("long.txt", "word " * 5000)
        [result] = ask(home, "--models", "local:tiny", "--documents", document, status=1)
        assert result["state"] == "failed" and result["error"]["code"] == "too_long", result
        assert "512" in result["error"]["message"], result["error"]


def test_damaged_and_missing():
    with cli.Home() as home:
        whole = add_model(home)
        home.write("data/collate/models/torn.gguf", open(whole, "rb").read()[:1000])
        os.remove(whole)
        [result] = ask(home, "--models", "local:torn", status=1)
        assert result["error"]["code"] == "unsupported" and "damaged" in result["error"]["message"], result
        for id in ["local:missing", "local:missing@sparse", "local:torn@sparse", "gpt-5@sparse", "local:@sparse"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", id), id)
        add_model(home)
        for id in ["local:tiny@dense", "local:tiny@", "local:tiny@sparse@sparse", "local:tiny@Sparse"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", id), id)


def test_default_without_any_key():
    with cli.Home() as home:
        add_model(home)
        assert [result["id"] for result in ask(home)] == ["local:tiny"]
        home.environment["OPENAI_API_KEY"] = "a key\n that is none"
        assert "local:tiny" not in [result["id"] for result in ask(home, status=1)]


def test_device():
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "a " * 100)
        for device in ["cpu", "auto"]:
            assert ask(home, "--models", "local:tiny", "--device", device)[0]["state"] == "done"
        for command in [["ask", "--question", "q"], ["perplexity", "--model", model, "--text", text],
                        ["bench", "--model", model]]:
            for name in ["gpu", "", "CPU", "cuda:0"]:
                cli.assert_usage(home.run(*command, "--device", name), name)


def test_a_graphics_card_that_fails():
    """It is left for the processor, and that is said with the answer, also later; one that is named is not left."""
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 20)
        [whole] = ask(home, "--models", "local:tiny")
        assert "avoided" not in whole, whole
        home.environment["LD_LIBRARY_PATH"] = BROKEN_CARD
        assert [device["type"] for device in home.json("devices")["devices"]] == ["cpu", "discrete"]

        [result] = ask(home, "--models", "local:tiny")
        assert (result["state"], result["response"]) == ("done", whole["response"]), result
        avoided = result["avoided"]
        assert list(avoided) == ["code", "detail", "message"] and avoided["code"] == "server", avoided
        assert avoided["detail"].startswith("vulkan:0: Broken Card"), avoided
        assert "processor computes" in avoided["message"] and avoided["detail"] in avoided["message"], avoided
        [past] = home.json("history", "show", "2")["results"]
        assert past["avoided"] == avoided, past
        for arguments in [["ask", "--question", "Why?", "--models", "local:tiny"], ["history", "show", "2"]]:
            assert avoided["message"] in home.run(*arguments).stdout

        for command in [["bench", "--model", model, "--prompt", "8"],
                        ["perplexity", "--model", model, "--text", text, "--context", "64"]]:
            result = home.run(*command)
            assert result.returncode == 0 and result.stderr.count(avoided["message"]) == 1, result
            assert home.run(*command, "--device", "cpu").stderr == ""
        [named] = ask(home, "--models", "local:tiny", "--device", "vulkan:0", status=1)
        assert named["state"] == "failed" and named["error"]["code"] == "server", named
        assert "Broken Card" in named["error"]["message"] and "avoided" not in named, named


def test_stopped():
    with cli.Home() as home:
        add_model(home)
        process = home.start("ask", "--question", "Why?", "--models", "local:tiny", "--repeat", "20", "--format", "json")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode in (1, -signal.SIGINT), process.returncode


def test_tokens():
    with cli.Home() as home:
        model = add_model(home)
        report = home.json("tokens", home.write("a.txt", "~~~~"), "--encoding", f"gguf:{model}")
        assert report["encoding"] == f"gguf:{model}" and 1 <= report["documents"][0]["tokens"] <= 4, report
        special = home.json("tokens", home.write("b.txt", "<|im_end|>"), "--encoding", f"gguf:{model}")
        assert special["documents"][0]["tokens"] > 1, special
        for name in ["gguf:", "gguf:missing.gguf", f"gguf:{home.write('torn.gguf', 'GGUF')}"]:
            cli.assert_usage(home.run("tokens", home.write("a.txt", "a"), "--encoding", name))


def test_perplexity():
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 20)
        tokens = home.json("tokens", text, "--encoding", f"gguf:{model}")["documents"][0]["tokens"]
        report = home.json("perplexity", "--model", model, "--text", text, "--context", "64")
        assert list(report) == ["perplexity", "tokens", "context", "attention", "top_k", "selected_fraction"], report
        assert (report["context"], report["attention"], report["selected_fraction"]) == (64, "dense", 1)
        assert report["tokens"] in ((tokens // 64) * 31, ((tokens + 1) // 64) * 31), (report, tokens)
        assert 1 < report["perplexity"] and math.isfinite(report["perplexity"])
        again = home.json("perplexity", "--model", model, "--text", text, "--context", "64", "--attention", "dense")
        assert again == report
        assert "erplexity" in home.run("perplexity", "--model", model, "--text", text, "--context", "64").stdout


def test_every_device_computes_the_same():
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 20)
        expected = None
        # What Mesa compiled once is of use to each process, and to the next run.
        home.environment["MESA_SHADER_CACHE_DIR"] = os.path.expanduser("~/.cache/mesa_shader_cache")
        for device in [device["name"] for device in home.json("devices")["devices"]]:
            report = home.json("perplexity", "--model", model, "--text", text, "--context", "64", "--device", device)
            expected = expected or report["perplexity"]
            assert math.isclose(report["perplexity"], expected, rel_tol=0.005), (device, report, expected)
            [result] = ask(home, "--models", "local:tiny", "--device", device)
            assert result["state"] == "done" and result["output_tokens"] > 0, (device, result)


def selected_fraction(context, k):
    seen = range(context // 2 + 1, context)
    return sum(min(k, n) / n for n in seen) / len(seen)


def test_perplexity_of_sparse_attention():
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 20)
        command = ["perplexity", "--model", model, "--text", text, "--context", "64"]
        dense = home.json(*command)
        for k, named in [(64, "64"), (512, None), (4096, "4096")]:
            whole = home.json(*command, "--attention", "sparse", *(["--top-k", named] if named else []))
            assert whole == {**dense, "attention": "sparse", "top_k": k}, (k, whole, dense)
        for k in [1, 8, 40]:
            report = home.json(*command, "--attention", "sparse", "--top-k", str(k))
            assert (report["attention"], report["top_k"], report["tokens"]) == ("sparse", k, dense["tokens"]), report
            assert math.isclose(report["selected_fraction"], selected_fraction(64, k)), report
            assert 1 < report["perplexity"] and math.isfinite(report["perplexity"]), report
        assert "8" in home.run(*command, "--attention", "sparse", "--top-k", "8").stdout.splitlines()[1]


def test_perplexity_of_a_narrow_index():
    with cli.Home() as home:
        model = add_model(home, "deep", "deepseek32")
        text = home.write("text.txt", "The quick brown fox jumps over the lazy dog. " * 20)
        command = ["perplexity", "--model", model, "--text", text, "--context", "128", "--attention", "sparse"]
        [plain, wide, narrow] = [home.json(*command, "--top-k", "16", *bits)["perplexity"]
                                 for bits in [[], ["--index-bits", "16"], ["--index-bits", "8"]]]
        # Two processes may choose kernels that round otherwise.
        assert math.isclose(plain, wide, rel_tol=1e-5), (plain, wide)
        assert 1e-5 < abs(narrow / wide - 1) < 0.1, (wide, narrow)
        for bits in ["", "4", "16 "]:
            cli.assert_usage(home.run(*command, "--index-bits", bits), "--index-bits")
        cli.assert_usage(home.run(*command[:-2], "--index-bits", "8"), "--index-bits")


def test_perplexity_refuses():
    with cli.Home() as home:
        model = add_model(home)
        text = home.write("text.txt", "short")
        for arguments in [["--model", model], ["--text", text], ["--model", model, "--text", text, "--context", "3"],
                          ["--model", model, "--text", text, "--attention", "sparser"],
                          ["--model", model, "--text", text, "--attention", ""],
                          ["--model", model, "--text", text, "--attention", "dense,sparse"]]:
            cli.assert_usage(home.run("perplexity", *arguments))
        for arguments in [["4"], ["4", "--attention", "dense"], *([k, "--attention", "sparse"] for k in WRONG_TOP_K)]:
            cli.assert_usage(home.run("perplexity", "--model", model, "--text", text, "--top-k", *arguments), "--top-k")
        for arguments in [["--model", "missing.gguf", "--text", text], ["--model", model, "--text", "missing.txt"],
                          ["--model", text, "--text", text], ["--model", model, "--text", text]]:
            result = home.run("perplexity", *arguments)
            assert (result.returncode, result.stdout) == (1, "") and result.stderr, (arguments, result)


def test_bench():
    with cli.Home() as home:
        model = add_model(home)
        rows = home.json("bench", "--model", model, "--prompt", "16,0,32", "--generate", "4", "--depth", "0,8")
        assert [(row["prompt_tokens"], row["generate_tokens"], row["depth"]) for row in rows] == [
            (16, 0, 0), (32, 0, 0), (0, 4, 0), (16, 0, 8), (32, 0, 8), (0, 4, 8)], rows
        for row in rows:
            assert list(row) == ["model", "device", "attention", "prompt_tokens", "generate_tokens", "depth",
                                 "tokens_per_second", "peak_memory_bytes"], row
            assert row["device"] == "cpu" and row["attention"] == "dense" and row["model"] == "tiny.gguf"
            assert row["tokens_per_second"] > 0 and row["peak_memory_bytes"] > 0, row
        assert len(home.json("bench", "--model", model, "--generate", "2")) == 1
        for arguments in [[], ["--model", model, "--prompt", "x"], ["--model", model, "--depth", "-1"],
                          ["--model", model, "--attention", "dense,"], ["--model", model, "--prompt", ""]]:
            cli.assert_usage(home.run("bench", *arguments))
        assert home.run("bench", "--model", "missing.gguf").returncode == 1
        assert home.run("bench", "--model", model, "--prompt", "16", "--depth", "100000").returncode == 1


def test_bench_of_both_attentions():
    with cli.Home() as home:
        command = ["bench", "--model", add_model(home), "--prompt", "16", "--generate", "2", "--depth", "0,8"]
        rows = home.json(*command, "--attention", "dense,sparse", "--top-k", "4")
        assert [(row["depth"], row["prompt_tokens"], row["attention"]) for row in rows] == [
            (depth, prompt, attention) for depth in (0, 8) for prompt in (16, 0) for attention in ("dense", "sparse")]
        assert all(row["tokens_per_second"] > 0 for row in rows), rows
        assert {row["attention"] for row in home.json(*command, "--attention", "sparse")} == {"sparse"}
        assert "sparse" in home.run(*command, "--attention", "dense,sparse").stdout
        for arguments in [["4"], ["4", "--attention", "dense"], *([k, "--attention", "sparse"] for k in WRONG_TOP_K)]:
            cli.assert_usage(home.run(*command, "--top-k", *arguments), "--top-k")


def ask_a_real_model():
    with cli.Home() as home:
        path = home.path / "data" / "collate" / "models" / "real.gguf"
        path.parent.mkdir(parents=True)
        shutil.copy(REAL_MODEL, path)
        report = home.json("ask", "--question", "What is the capital of France?", "--models", "local:real")
        assert "Paris" in report["results"][0]["response"], report


if REAL_MODEL is not None:
    test_a_real_model_answers = ask_a_real_model
else:
    print("# No real model is asked: COLLATE_MODEL names no file.")
tap.run(globals())
