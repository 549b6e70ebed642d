#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files that would cost memory or time without end, or compute nonsense, through the whole program: each is refused
with one sentence, within a bound on its memory. Such a file is small, or has holes for what it claims."""

import os
import resource
import struct
import subprocess

import cli
import tap

U32, F32, BOOL, STRING, ARRAY, U64 = 4, 6, 7, 8, 9, 10
SANITIZED = any(name in open(cli.COLLATE, "rb").read() for name in (b"__asan_init", b"__tsan_init"))

MIB = 1024 * 1024
# More than enough for the program itself.
MEMORY = 1024 * MIB

# The tiny model: a layer of two heads, a vocabulary of four.
WIDTH, HIDDEN, VOCABULARY = 64, 64, ["a", "b", "c", "d"]


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def strings(texts):
    return ARRAY, struct.pack("<IQ", STRING, len(texts)) + b"".join(map(string, texts))


def u32(value):
    return U32, struct.pack("<I", value)


def u64(value):
    return U64, struct.pack("<Q", value)


def f32(value):
    return F32, struct.pack("<f", value)


def text(value):
    return STRING, string(value)


KEYS = {
    "general.architecture": text("llama"), "llama.block_count": u32(1), "llama.embedding_length": u32(WIDTH),
    "llama.feed_forward_length": u32(HIDDEN), "llama.context_length": u32(64), "llama.attention.head_count": u32(2),
    "llama.attention.head_count_kv": u32(2), "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
    "llama.rope.freq_base": f32(10000), "tokenizer.ggml.model": text("gpt2"), "tokenizer.ggml.pre": text("default"),
    "tokenizer.ggml.tokens": strings(VOCABULARY), "tokenizer.ggml.merges": strings([]),
}

SQUARE = [WIDTH, WIDTH]
TENSORS = {
    "token_embd.weight": [WIDTH, len(VOCABULARY)], "output_norm.weight": [WIDTH],
    **{f"blk.0.{name}.weight": [WIDTH] for name in ("attn_norm", "ffn_norm")},
    **{f"blk.0.{name}.weight": SQUARE
       for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")},
}


def model(keys={}, tensors={}, data=True):
    """A file with other keys and tensors than the right one's; without its data where that is not to be there."""
    described, offset = b"", 0
    for name, dimensions in {**TENSORS, **tensors}.items():
        described += string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, 0, offset)
        size = 4
        for dimension in dimensions:
            size *= dimension
        offset = (offset + size + 31) // 32 * 32 % 2**63
    keys = {**KEYS, **keys}
    head = b"GGUF" + struct.pack("<IQQ", 3, len({**TENSORS, **tensors}), len(keys))
    head += b"".join(string(name) + struct.pack("<I", kind) + value for name, (kind, value) in keys.items())
    head += described
    return head + bytes(-len(head) % 32) + bytes(offset if data and offset < MIB else 0)


def array_of(kind, count, content=b""):
    return ARRAY, struct.pack("<IQ", kind, count) + content


NAN, INFINITY = float("nan"), float("inf")

BOMBS = {
    "a tensor of 10 GB in a file of a few kB": model(tensors={"token_embd.weight": [WIDTH, 40_000_000]}, data=False),
    "2^31 tokens": model({"tokenizer.ggml.tokens": array_of(STRING, 2**31)}),
    "2^63 tokens": model({"tokenizer.ggml.tokens": array_of(STRING, 2**63)}),
    "2^31 merges": model({"tokenizer.ggml.merges": array_of(STRING, 2**31)}),
    "2^62 numbers": model({"tokenizer.ggml.scores": array_of(F32, 2**62)}),
    "no tokens": model({"tokenizer.ggml.tokens": strings([])}),
    "2^31 layers": model({"llama.block_count": u32(2**31)}),
    "2^64 - 1 layers": model({"llama.block_count": u64(2**64 - 1)}),
    "no layers": model({"llama.block_count": u32(0)}),
    "a thousand layers that are not there": model({"llama.block_count": u32(1000)}),
    "a context of 2^40": model({"llama.context_length": u64(2**40)}),
    "no context": model({"llama.context_length": u32(0)}),
    "heads that do not divide": model({"llama.attention.head_count_kv": u32(3)}),
    "no heads": model({"llama.attention.head_count": u32(0)}),
    "2^31 heads": model({"llama.attention.head_count": u32(2**31)}),
    "a width of 2^31": model({"llama.embedding_length": u32(2**31)}),
    "no width": model({"llama.embedding_length": u32(0)}),
    "heads of 2^31 numbers": model({"llama.attention.key_length": u32(2**31)}),
    "a tensor without columns": model(tensors={"token_embd.weight": [0, 4]}),
    "a tensor without rows": model(tensors={"token_embd.weight": [WIDTH, 0]}),
    "a tensor of 2^64 numbers": model(tensors={"token_embd.weight": [2**32, 2**32]}, data=False),
    "an epsilon that is none": model({"llama.attention.layer_norm_rms_epsilon": f32(NAN)}),
    "an endless epsilon": model({"llama.attention.layer_norm_rms_epsilon": f32(INFINITY)}),
    "a base that is none": model({"llama.rope.freq_base": f32(NAN)}),
    "an endless base": model({"llama.rope.freq_base": f32(INFINITY)}),
    "a base of 0": model({"llama.rope.freq_base": f32(0)}),
    "arrays in arrays": model({"x": (ARRAY, struct.pack("<IQ", ARRAY, 1) * 1000 + struct.pack("<IQ", U32, 0))}),
    "2^64 - 1 keys": b"GGUF" + struct.pack("<IQQ", 3, 0, 2**64 - 1) + bytes(500),
    "65,536 keys that are not there": b"GGUF" + struct.pack("<IQQ", 3, 0, 65536) + bytes(500),
    "2^64 - 1 tensors": b"GGUF" + struct.pack("<IQQ", 3, 2**64 - 1, 0) + bytes(500),
}

# The tokenizer alone has nothing to say about the network.
NETWORK = ("layers", "context", "heads", "width", "epsilon", "base")


def limit():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


def run(home, *arguments):
    return subprocess.run([cli.COLLATE, *arguments], env=home.environment, cwd=home.path, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, preexec_fn=limit)


def assert_one_sentence(name, result, *statuses):
    assert result.returncode in statuses, (name, result)
    assert len(result.stderr.splitlines()) == 1 and result.stderr.startswith("collate: "), (name, result.stderr)


def check_ask(home, name):
    """The answer failed, and says why in a sentence; the command line names nothing else."""
    result = run(home, "ask", "--models", "local:bomb", "--question", "Why?", "--format", "json", "--max-output", "2")
    assert result.returncode in (1, 2), (name, result)
    assert "CRITICAL" not in result.stderr and "memory" not in result.stderr, (name, result.stderr)
    if result.returncode == 2:
        assert_one_sentence(name, result, 2)
    else:
        assert '"state": "failed"' in result.stdout and '"message": null' not in result.stdout, (name, result.stdout)


def check_tokens(home, name, path):
    result = run(home, "tokens", home.write("x.txt", "abcd"), "--encoding", f"gguf:{path}")
    if result.returncode != 0 or not any(word in name for word in NETWORK):
        assert_one_sentence(name, result, 1, 2)


def check_serve(home, name, path):
    result = run(home, "serve", "--port", "0", "--model", path)
    assert result.stdout == "", (name, result.stdout)
    assert_one_sentence(name, result, 1, 2)


def check(home, name, path):
    check_ask(home, name)
    check_tokens(home, name, path)
    check_serve(home, name, path)


def check_lists(home, name):
    """It stands in the list of models, and does not keep anything else from working."""
    assert run(home, "devices").returncode == 0
    listed = [line for line in run(home, "models").stdout.splitlines() if "bomb" in line]
    assert len(listed) == 1, (name, listed)


def test_the_right_one_is_right():
    with cli.Home() as home:
        path = home.write("data/collate/models/bomb.gguf", model())
        result = run(home, "ask", "--models", "local:bomb", "--question", "abcd", "--max-output", "2")
        assert result.returncode == 0, result
        assert run(home, "tokens", home.write("x.txt", "abcd"), "--encoding", f"gguf:{path}").returncode == 0


def test_small_files_that_claim_much():
    for name, data in BOMBS.items():
        with cli.Home() as home:
            check(home, name, home.write("data/collate/models/bomb.gguf", data))
    with cli.Home() as home:
        home.write("data/collate/models/bomb.gguf", BOMBS["2^31 tokens"])
        check_lists(home, "2^31 tokens")


def test_files_of_holes():
    """As large as they say, and all zeros, which are no bytes on the disk: empty strings without end."""
    cut = struct.pack("<I", ARRAY) + struct.pack("<IQ", STRING, 2**24 - 2**16)
    for key in ["x", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"]:
        with cli.Home() as home:
            path = home.write("data/collate/models/bomb.gguf",
                              b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string(key) + cut)
            os.truncate(path, 256 * MIB)
            check(home, key, path)
            check_lists(home, key)


def test_templates_without_end():
    """A chat template that is longer than any program would be."""
    for piece in ["\\n", "'<think>\\n", "</think>", "a"]:
        with cli.Home() as home:
            template = "<|im_start|> add_generation_prompt '<think>" + piece * (60 * MIB // len(piece))
            path = home.write("data/collate/models/bomb.gguf", model({"tokenizer.chat_template": text(template)}))
            result = run(home, "ask", "--models", "local:bomb", "--question", "abcd", "--max-output", "2")
            assert result.returncode in (0, 1) and "memory" not in result.stderr, (piece, result)
            assert run(home, "models").returncode == 0, path


tap.run(globals())
