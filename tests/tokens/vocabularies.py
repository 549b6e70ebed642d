# SPDX-License-Identifier: GPL-3.0-or-later
"""Vocabularies of model files, and tokenizers that nobody here wrote with the very same vocabulary.

A vocabulary is a dict: model, pre, tokens (bytes), types, scores, merges (bytes) and, where there are, unknown and
add_space_prefix. Small ones are trained on the project's own texts; a model file's is read from it.
"""

import base64
import io
import struct

import corpora
import peers

ROOT = corpora.ROOT

REQUIREMENTS = ["tokenizers==0.23.3", "sentencepiece==0.2.3"]

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED_TOKENS = ["<think>", "<thinking>", "\n\n\n", "é!"]

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
# Each expression sees the pieces of the one before, as the models' own tokenizer.json files say.
SPLITS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "llama-bpe": [LLAMA3],
    "qwen2": [LLAMA3.replace("{1,3}", "")],
    "deepseek-v3": [
        r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"""
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}


def enter():
    peers.enter("vocabularies", REQUIREMENTS, {})


def train_bpe(texts):
    """A byte-level BPE vocabulary; its ids lie in another order than its merges.

    It is trained on texts that nothing splits, so that its merges reach across every boundary that a rule can set: a
    boundary in another place gives other tokens.
    """
    import json

    import tokenizers

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.train_from_iterator(texts, tokenizers.trainers.BpeTrainer(
        vocab_size=2000, show_progress=False, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()))
    trained = json.loads(tokenizer.to_str())["model"]
    normal = sorted(trained["vocab"], key=lambda token: token[::-1])
    tokens = [*CONTROLS, *normal, *USER_DEFINED_TOKENS]
    types = [CONTROL] * len(CONTROLS) + [NORMAL] * len(normal) + [USER_DEFINED] * len(USER_DEFINED_TOKENS)
    return {"model": "gpt2", "tokens": [token.encode() for token in tokens], "types": types,
            "scores": [0.0] * len(tokens), "merges": [" ".join(pair).encode() for pair in trained["merges"]]}


def train_sentencepiece(texts):
    """A SentencePiece model like Llama 2's: BPE by scores, bytes for what it lacks, nothing normalised."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in texts for line in text.splitlines() if line), model_writer=model,
        model_type="bpe", vocab_size=1200, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True, minloglevel=2,
        num_threads=1)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def read_sentencepiece(processor):
    ids = range(processor.vocab_size())
    types = [BYTE if processor.is_byte(id) else CONTROL if processor.is_control(id) else
             UNKNOWN if processor.is_unknown(id) else NORMAL for id in ids]
    return {"model": "llama", "unknown": processor.unk_id(), "add_space_prefix": True, "types": types, "merges": [],
            "tokens": [processor.id_to_piece(id).encode() for id in ids], "scores": [processor.get_score(id) for id in ids]}


def read_gguf(path):
    """The vocabulary in a model file's keys."""
    numbers = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

    with open(path, "rb") as file:
        def number(form):
            return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]

        def value(kind):
            if kind == 8:
                return file.read(number("Q"))
            if kind == 9:
                kind, count = number("I"), number("Q")
                return [value(kind) for _ in range(count)]
            return number(numbers[kind])

        assert file.read(4) == b"GGUF"
        number("I"), number("Q")
        keys = {}
        for _ in range(number("Q")):
            key = value(8).decode()
            keys[key.removeprefix("tokenizer.ggml.")] = value(number("I"))
    return {"model": keys["model"].decode(), "pre": keys["pre"].decode(), "tokens": keys["tokens"],
            "types": keys["token_type"], "scores": [0.0] * len(keys["tokens"]), "merges": keys["merges"],
            "unknown": keys["unknown_token_id"]}


def splitter_of(pre):
    """The real pre-tokenizer of a split rule."""
    import tokenizers
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Sequence([pre_tokenizers.Split(tokenizers.Regex(split), "isolated") for split in SPLITS[pre]])


def peer_of_split(pre):
    """The function that gives the lengths, in bytes, of the pieces of a string."""
    splitter = splitter_of(pre)
    return lambda text: [len(piece.encode()) for piece, _ in splitter.pre_tokenize_str(text)]


def peer_of_bpe(vocabulary):
    """The real tokenizer of a BPE vocabulary: the function that gives the ids of a string."""
    import tokenizers
    from tokenizers import pre_tokenizers

    tokens = [token.decode() for token in vocabulary["tokens"]]
    types = vocabulary["types"]
    # Bytes without a token are left out here, and are the unknown token there.
    unknown = tokens[types.index(CONTROL)]
    model = tokenizers.models.BPE(
        vocab={token: id for id, token in enumerate(tokens)}, unk_token=unknown,
        merges=[tuple(merge.decode().split(" ")) for merge in vocabulary["merges"]],
        ignore_merges=vocabulary["pre"] == "llama-bpe")
    tokenizer = tokenizers.Tokenizer(model)
    if vocabulary["pre"] == "smollm":
        # The models' own: the same rule, but for numbers that came to Unicode after version 16.
        steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    else:
        steps = [splitter_of(vocabulary["pre"]), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.add_tokens([tokenizers.AddedToken(token, normalized=False)
                          for token, kind in zip(tokens, types) if kind == USER_DEFINED])
    controls = {id for id, kind in enumerate(types) if kind == CONTROL}
    return lambda text: [id for id in tokenizer.encode(text, add_special_tokens=False).ids if id not in controls]


def train():
    """Small vocabularies by name, one a split rule and one of SentencePiece, each with its real tokenizer."""
    prose = [(ROOT / "tests" / "tokens" / "texts" / name).read_text() for name in ("french.txt", "chinese.txt")]
    prose += [path.read_text() for path in sorted(ROOT.glob("resources/vocabularies/*.*")) if path.suffix != ".tiktoken"]
    shapes = [a + b for a in corpora.SHAPES for b in corpora.SHAPES]
    bpe = train_bpe([*prose, *shapes, *shapes, *corpora.CONTRACTIONS])
    processor = train_sentencepiece(prose)
    return {pre: (bpe | {"pre": pre}, peer_of_bpe(bpe | {"pre": pre})) for pre in SPLITS} | {
        "sentencepiece": (read_sentencepiece(processor), processor.encode)}


def write(vocabulary, path):
    """Writes what vocabulary-file.c reads."""
    def text(data):
        return base64.b64encode(data).decode()

    with open(path, "w") as file:
        for key in ("model", "pre", "unknown", "add_space_prefix"):
            if key in vocabulary:
                print(key, vocabulary[key], sep="\t", file=file)
        for token, kind, score in zip(vocabulary["tokens"], vocabulary["types"], vocabulary["scores"]):
            print("token", kind, f"{score:g}", text(token), sep="\t", file=file)
        for merge in vocabulary["merges"]:
            print("merge", text(merge), sep="\t", file=file)
