#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line refuses, and how it says so."""

import cli
import scripted
import tap


def test_help_and_version():
    with cli.Home() as home:
        for words in [["--help"], ["ask", "--help"], ["tokens", "--help"], ["models", "-h"], ["history", "--help"],
                      ["serve", "--help"], ["devices", "--help"], ["perplexity", "--help"], ["bench", "--help"]]:
            result = home.run(*words)
            assert (result.returncode, result.stderr) == (0, ""), (words, result)
            assert "collate" in result.stdout
        assert home.run("--version").stdout == "collate 0.1.0\n"


def test_needs_no_display():
    with cli.Home() as home:
        assert "DISPLAY" not in home.environment and "WAYLAND_DISPLAY" not in home.environment
        home.environment["DISPLAY"] = ":987"
        assert home.run("models").returncode == 0
        window = home.run(home.write("a.txt", "text"))
        assert window.returncode == 1 and "display" in window.stderr, window


def test_unknown_words_and_options():
    with cli.Home() as home:
        for word in ["search"]:
            cli.assert_usage(home.run(word), word)
        cli.assert_usage(home.run("aks"), "aks")
        cli.assert_usage(home.run("--frobnicate"), "--frobnicate")
        for command in [["ask", "--question", "q"], ["tokens", "."], ["models"], ["history"], ["devices"],
                        ["perplexity"], ["bench"]]:
            cli.assert_usage(home.run(*command, "--frobnicate"), "--frobnicate")
        cli.assert_usage(home.run("ask", "--question", "q", "stray"), "stray")
        cli.assert_usage(home.run("models", "stray"), "stray")
        for command in ["history", "devices", "perplexity", "bench"]:
            cli.assert_usage(home.run(command, "stray"), "stray")


def test_options_of_later_versions():
    with cli.Home() as home:
        cli.assert_usage(home.run("ask", "--question", "q", "--top-k", "64"), "--top-k")
        for model in ["local:smol", "gpt-5@sparse", "gpt-5+retrieved", "gpt-5+parts", "gpt-5+agent", "gpt-5+"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", model), model)
        cli.assert_usage(home.run("tokens", ".", "--encoding", "gguf:x.gguf"), "gguf:x.gguf")


def test_formats():
    with cli.Home() as home:
        for command in [["ask", "--question", "q"], ["tokens", "."], ["models"], ["history"], ["history", "show", "1"]]:
            cli.assert_usage(home.run(*command, "--format", "xml"), "xml")
            cli.assert_usage(home.run(*command, "--format", ""))
        for command in [["tokens", "."], ["models"], ["history"]]:
            cli.assert_usage(home.run(*command, "--format", "csv"), "csv")


def test_questions():
    with cli.Home() as home:
        cli.assert_usage(home.run("ask"), "--question")
        for blank in ["", " ", "\n\t", "\u3000"]:
            cli.assert_usage(home.run("ask", "--question", blank), "empty")
            cli.assert_usage(home.run("ask", "--question-file", home.write("q.txt", blank)), "empty")
        cli.assert_usage(home.run("ask", "--question", "q", "--question-file", home.write("q.txt", "q")), "both")
        cli.assert_usage(home.run("ask", "--question-file", "missing.txt"), "missing.txt")
        for data in [b"\xff\xfe", b"caf\xe9", b"What?\0And why?"]:
            cli.assert_usage(home.run("ask", "--question-file", home.write("q.txt", data)), "UTF-8")
        cli.assert_usage(home.run("ask", "--question-file", str(home.path)), str(home.path))
        cli.assert_usage(home.run("ask", "--question"), "--question")


def test_models():
    with cli.Home() as home:
        for ids in ["nobody", "gpt-5,nobody", "nobody,gpt-5"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", ids), "nobody")
        for ids in ["", ",", "gpt-5,", "gpt-5,,gpt-5"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--models", ids))
        cli.assert_usage(home.run("ask", "--question", "q", "--models", b"gpt\xff"), "not known")


def test_numbers_and_files():
    with cli.Home() as home:
        for value in ["0", "-1", "21", "x", "1.5", "99999999999999999999"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--repeat", value))
        for value in ["0", "-1", "-5", "x", "99999999999999999999"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--max-output", value))
        for path in ["charts", "charts.gif", ".png/x"]:
            cli.assert_usage(home.run("ask", "--question", "q", "--charts", path), path)
        cli.assert_usage(home.run("tokens"))
        cli.assert_usage(home.run("tokens", ".", "--encoding", "p50k_base"), "p50k_base")
        for id in ["x", "0", "-1", "1x", "99999999999999999999"]:
            cli.assert_usage(home.run("history", "show", id), id)
        cli.assert_usage(home.run("history", "show"))
        cli.assert_usage(home.run("history", "show", "1", "2"))


def test_nothing_is_asked_for_wrong_usage():
    with cli.Home() as home, scripted.Server(cli.SERVER, {"alpha": [scripted.answer()]}) as server:
        home.serve(server)
        cli.assert_usage(home.run("ask", "--question", "q", "--models", "alpha,nobody"))
        cli.assert_usage(home.run("ask", "--question", "q", "--charts", "x.gif"))
        assert server.journal() == []
        assert home.json("history") == {"comparisons": []}


tap.run(globals())
