#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`collate tokens`: what is read, how it is joined, how it is counted."""

import os
import pathlib
import subprocess

import cli
import tap


def names(report):
    return [document["name"] for document in report["documents"]]


def test_json():
    with cli.Home() as home:
        report = home.json("tokens", home.write("a.txt", "hello world"), home.write("b.md", "# Title\n\nText\n"))
        assert list(report) == ["encoding", "documents", "context_tokens"]
        assert report["encoding"] == "cl100k_base"
        assert report["documents"][0] == {"name": "a.txt", "pages": 1, "tokens": 2, "warnings": []}
        assert [list(document) for document in report["documents"]] == [["name", "pages", "tokens", "warnings"]] * 2
        assert report["context_tokens"] > sum(document["tokens"] for document in report["documents"])


def test_text_is_byte_for_byte():
    with cli.Home() as home:
        content = "One\r\n\ttwo  \n\n\nthree é 中文 <|endoftext|>\n"
        path = home.write("a.txt", content)
        report = home.json("tokens", path, "--text")
        assert report["documents"][0]["text"] == content
        joined = "\n\n=== Document: a.txt ===\n\n" + content
        raw = subprocess.run([cli.COLLATE, "tokens", path, "--text"], env=home.environment, capture_output=True)
        assert raw.stdout == joined.encode(), raw.stdout
        assert raw.returncode == 0


def test_order_and_join():
    with cli.Home() as home:
        for name in ["docs/b.txt", "docs/a.txt", "docs/B.txt", "docs/é.txt", "docs/a.txt.md", "docs/sub/c.txt"]:
            home.write(name, name)
        report = home.json("tokens", str(home.path / "docs"), "--text")
        assert names(report) == sorted(names(report), key=lambda name: name.encode())
        assert names(report) == ["B.txt", "a.txt", "a.txt.md", "b.txt", "é.txt"]
        joined = "".join(f"\n\n=== Document: {each['name']} ===\n\n{each['text']}" for each in report["documents"])
        assert home.run("tokens", str(home.path / "docs"), "--text").stdout == joined


def test_same_name_in_two_folders():
    with cli.Home() as home:
        second, first = home.write("y/same.txt", "second"), home.write("x/same.txt", "first")
        report = home.json("tokens", second, first, "--text")
        assert [document["text"] for document in report["documents"]] == ["first", "second"]
        assert len(home.json("tokens", first, first)["documents"]) == 1


def test_encodings():
    with cli.Home() as home:
        path = home.write("a.txt", "DeepSeek 稀疏注意力 dense and sparse attention, naïve façade\n" * 5)
        counts = {}
        for encoding in ["cl100k_base", "o200k_base", "deepseek-v3"]:
            report = home.json("tokens", path, "--encoding", encoding)
            assert report["encoding"] == encoding
            counts[encoding] = report["documents"][0]["tokens"], report["context_tokens"]
        assert len(set(counts.values())) == 3, counts
        assert counts["cl100k_base"] == (home.json("tokens", path)["documents"][0]["tokens"],
                                         home.json("tokens", path)["context_tokens"])


def test_other_character_sets():
    with cli.Home() as home:
        latin = home.write("latin.txt", "Übergröße\n".encode("latin-1"))
        wide = home.write("wide.txt", "Übergröße\n".encode("utf-16"))
        report = home.json("tokens", latin, wide, "--text")
        assert [document["text"] for document in report["documents"]] == ["Übergröße\n"] * 2


def test_file_without_text():
    with cli.Home() as home:
        good = home.write("good.txt", "text")
        for bad in [home.write("empty.txt", ""), home.write("broken.pdf", "%PDF-1.4 nothing"), "/nonexistent/x.txt"]:
            result = home.run("tokens", good, bad)
            assert result.returncode == 1 and "good.txt" in result.stdout, result
            assert pathlib.Path(bad).name in result.stderr, result
            report = home.json("tokens", good, bad, status=1)
            assert names(report) == ["good.txt"]
        report = home.json("tokens", "/nonexistent/x.txt", status=1)
        assert report["documents"] == [] and report["context_tokens"] == 0


def test_locale_does_not_matter():
    with cli.Home() as home:
        path = home.write("ünïcode.txt", "text")
        for locale in ["C", "C.UTF-8", "POSIX"]:
            home.environment["LC_ALL"] = locale
            assert names(home.json("tokens", path)) == ["ünïcode.txt"]


def test_needs_neither_models_nor_history():
    with cli.Home() as home:
        home.environment["COLLATE_MODELS"] = "/nonexistent/models.json"
        assert home.run("tokens", home.write("a.txt", "text")).returncode == 0
        assert not os.path.exists(home.path / "data")


tap.run(globals())
