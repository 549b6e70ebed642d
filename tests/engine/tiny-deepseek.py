#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes data/tiny-*: small models of DeepSeek's architectures with random weights, and what Hugging Face's own
classes compute with them, for test-deepseek.c.

    pip install torch==2.15.0 transformers==5.23.0 gguf==0.19.0
    tiny-deepseek.py data [NAME]...

For each model there are NAME.gguf.gz, the weights in float32 under the names and keys of llama.cpp's converter;
NAME.f32, the logits after each position, [position][vocabulary], and behind them those of the drafts where the model
has a module for them, each from a position and the token that follows; NAME-narrow.f32, for one of them, the logits
with index keys in eight bits; and NAME.json: its tokens, and which positions its indexers chose for the last ones.

The engine keeps keys in float16, and that moves logits further than its arithmetic does. So the caches of these
models round to float16, too; exact_difference in the JSON tells how far their logits are from those with exact
caches, relative to the largest logit.

Which keys a row reads and which experts compute it are choices, and a close choice would hold rounding errors against
each other and not programs. So the tokens are chosen one by one, such that the last key or expert that a row takes is
well ahead of the first that it leaves (margins are in standard deviations of what is chosen from), and that no number
that is cached lies where the least error would round it the other way, but for numbers so small that it does not
matter.
"""

import argparse
import contextlib
import copy
import gzip
import json
import math
import pathlib
import tempfile
import types

import gguf
import torch
import transformers
from transformers import (DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM,
                          DeepseekV32Config, DeepseekV32ForCausalLM, DynamicCache, GlmMoeDsaConfig,
                          GlmMoeDsaForCausalLM)
from transformers.modeling_layers import MtpLayer

from deepseek_gguf import write_model

N_TOKENS = 96
LAST_ROWS = 8
LEAST_MARGIN = 0.01
LEAST_NARROW_MARGIN = 1e-4
MASKED = -1e30  # and what is below
COARSE_STEP = 2.0**-14
LEAST_DISTANCE = 5e-7

VOCABULARY = ["<|begin|>", "<|end|>", *map(chr, range(ord("!"), ord("~"))), "he"]

SHAPE = dict(vocab_size=len(VOCABULARY), hidden_size=32, intermediate_size=96, num_hidden_layers=3,
             num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=128, first_k_dense_replace=1,
             q_lora_rank=32, kv_lora_rank=64, qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=24,
             moe_intermediate_size=32, n_routed_experts=12, n_shared_experts=1, num_experts_per_tok=4, n_group=3,
             topk_group=2, routed_scaling_factor=2.5)
INDEX = dict(index_topk=16, index_head_dim=64, index_n_heads=16)
PLAIN = dict(rope_type="default", rope_theta=10000.0)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32, beta_fast=32,
            beta_slow=1)
SIGMOID, SOFTMAX = gguf.ExpertGatingFuncType.SIGMOID, gguf.ExpertGatingFuncType.SOFTMAX


class Case:
    def __init__(self, name, architecture, gating, model, config, n_drafts=0, narrow=False, **changes):
        self.name, self.architecture, self.gating, self.n_drafts, self.narrow = (
            name, architecture, gating, n_drafts, narrow)
        self.model_class, self.config_class = model, config
        self.changes = changes


CASES = [
    # As V2-Lite: no rank of the query, softmax, no shares that sum to one; and V2's groups, by their best expert.
    Case("tiny-deepseek2-v2", "deepseek2", SOFTMAX, DeepseekV2ForCausalLM, DeepseekV2Config, q_lora_rank=None,
         topk_method="group_limited_greedy", norm_topk_prob=False, n_shared_experts=2,
         rope_parameters=YARN | dict(mscale=0.707, mscale_all_dim=0.707)),
    Case("tiny-deepseek2-v3", "deepseek2", SIGMOID, DeepseekV3ForCausalLM, DeepseekV3Config, norm_topk_prob=True,
         num_mtp_layers=0, rope_parameters=YARN | dict(mscale=1.0, mscale_all_dim=1.0)),
    Case("tiny-deepseek32", "deepseek32", SIGMOID, DeepseekV32ForCausalLM, DeepseekV32Config, narrow=True,
         norm_topk_prob=True, rope_parameters=YARN | dict(mscale=1.0, mscale_all_dim=1.0), **INDEX),
    # Angles are not scaled, and a module drafts.
    Case("tiny-deepseek32-mtp", "deepseek32", SIGMOID, DeepseekV32ForCausalLM, DeepseekV32Config, n_drafts=1,
         num_hidden_layers=2, norm_topk_prob=True, rope_parameters=PLAIN, **INDEX),
    # Its indexer turns pairs of neighbours, and the last layer reads what the one before it chose.
    Case("tiny-glm-dsa", "glm-dsa", SIGMOID, GlmMoeDsaForCausalLM, GlmMoeDsaConfig, norm_topk_prob=True,
         rms_norm_eps=1e-6, indexer_types=["full", "full", "shared"], rope_parameters=PLAIN, **INDEX),
]


def draw(generator, name, shape):
    """A tensor's values: for matrices whole numbers times a power of two, which gzip packs well."""
    numbers = torch.randn(shape, generator=generator)
    if name.endswith("norm.bias") or name.endswith("e_score_correction_bias"):
        return 0.1 * numbers
    if len(shape) == 1:
        return 1 + 0.1 * numbers
    columns = 1 if "embed_tokens" in name else shape[-1]
    step = 2.0 ** round(math.log2(1 / math.sqrt(columns) / 3))
    return torch.clamp(torch.round(numbers * 3), -7, 7) * step


def fill(generator, module):
    with torch.no_grad():
        for name, tensor in sorted(module.state_dict().items()):
            tensor.copy_(draw(generator, name, tensor.shape))


class HalfCache(DynamicCache):
    """Keeps what is cached in float16, index keys as `keep` has them."""

    def __init__(self, config, keep=torch.Tensor.half):
        super().__init__(config=config)
        self.distances = []  # from where a number would be rounded the other way: [batch][position], for each layer
        self.keep = keep

    def round(self, numbers):
        rounded = numbers.half().to(numbers.dtype)
        step = torch.exp2(torch.frexp(rounded).exponent - 11.0)
        distance = torch.where(step >= COARSE_STEP, step / 2 - (numbers - rounded).abs(), math.inf)
        self.distances.append(distance.amin((1, -1)))
        return rounded

    def update(self, keys, values, *args, **kwargs):
        return super().update(self.round(keys), self.round(values), *args, **kwargs)

    def update_indexer(self, keys, *args, **kwargs):
        return super().update_indexer(self.keep(keys).to(keys.dtype), *args, **kwargs)


def keep_rotated(keys):
    """In float16 after Hadamard's rotation."""
    rotation = hadamard(keys.shape[-1]).to(keys.dtype)
    return (keys @ rotation).half().to(keys.dtype) @ rotation


def keep_narrow(keys):
    """In eight bits after Hadamard's rotation, with a power of two for each key."""
    rotation = hadamard(keys.shape[-1]).to(keys.dtype)
    rotated = keys @ rotation
    scale = torch.exp2(torch.ceil(torch.log2(rotated.abs().amax(-1, keepdim=True).clamp(min=1e-4) / 448)))
    return (rotated / scale).to(torch.float8_e4m3fn).to(keys.dtype) * scale @ rotation


def hadamard(n):
    matrix = torch.ones(1, 1)
    while matrix.shape[0] < n:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix / math.sqrt(n)


class Choices:
    """Notes what a model chooses: every choice is a top-k over the last dimension."""

    def __init__(self):
        self.margins = []  # [batch][position], for each choice
        self.selected = []  # [batch][position][k], for each indexer

    def note(self, values, k, indices):
        if values.dim() == 3 and k == 2:
            return  # the two best experts of a group make a sum
        if k < values.shape[-1]:
            best = values.topk(k + 1, dim=-1).values
            visible = torch.where(values > MASKED, values, torch.nan)
            deviation = (visible - visible.nanmean(-1, keepdim=True)).square().nanmean(-1).sqrt()
            margins = torch.where(best[..., k] > MASKED, (best[..., k - 1] - best[..., k]) / deviation, math.inf)
            self.margins.append(margins.reshape(self.n_batch, -1))
        if values.dim() == 3:
            self.selected.append(indices)

    @contextlib.contextmanager
    def watch(self, n_batch):
        self.n_batch = n_batch
        function, method = torch.topk, torch.Tensor.topk

        def topk(values, k, *args, **kwargs):
            result = method(values, k, *args, **kwargs)
            torch.Tensor.topk = method
            self.note(values, k, result[1])
            torch.Tensor.topk = topk
            return result

        torch.topk = torch.Tensor.topk = topk
        try:
            yield
        finally:
            torch.topk, torch.Tensor.topk = function, method


class Network:
    """A model of Hugging Face's, and their module that drafts; the same weights each time."""

    def __init__(self, case, dtype=torch.float32):
        generator = torch.Generator().manual_seed(1)
        self.config = case.config_class(**(SHAPE | case.changes))
        self.config._attn_implementation = self.config._experts_implementation = "eager"
        self.model = case.model_class(self.config).eval()
        fill(generator, self.model)
        self.draft = None
        if case.n_drafts:
            self.draft_config = copy.deepcopy(self.config)
            self.draft_config.mlp_layer_types = ["sparse"]
            self.draft_config.index_topk = 1 << 20  # all that is visible
            layer = self.model.model.layers[-1]
            self.draft = MtpLayer(self.draft_config, type(layer), type(layer.input_layernorm), 0).eval()
            fill(generator, self.draft)
            self.draft.to(dtype)
        self.model.to(dtype)

    @torch.no_grad()
    def run(self, tokens, cache=None):
        """For a batch of lists of tokens: the logits after each, those of the token after the next if there are
        drafts, and the choices that were made; without a cache, or with an empty HalfCache, of which drafts get their
        own."""
        choices, drafts = Choices(), None
        with choices.watch(len(tokens)):
            out = self.model.model(torch.tensor(tokens), past_key_values=cache, use_cache=cache is not None)
            selected = choices.selected.copy()
            if self.draft and len(tokens[0]) > 1:
                drafts = self.run_draft(tokens, out.last_hidden_state, cache)
        return types.SimpleNamespace(logits=self.model.lm_head(out.last_hidden_state), drafts=drafts,
                                     margins=choices.margins, sets=get_sets(selected))

    def run_draft(self, tokens, hidden, cache):
        embedded = self.model.model.embed_tokens(torch.tensor(tokens)[:, 1:])
        n = embedded.shape[1]
        positions = torch.arange(n)[None]
        angles = self.model.model.rotary_emb(embedded, positions)
        mask = torch.full((1, 1, n, n), torch.finfo(embedded.dtype).min, dtype=embedded.dtype).triu(1)
        own_cache = None
        if cache is not None:
            own_cache = HalfCache(self.draft_config)
            own_cache.distances = cache.distances
        return self.model.lm_head(self.draft(embedded, hidden[:, :-1], angles, mask, positions, own_cache))


def get_sets(selected):
    """The visible positions that each indexer chose for each position, of the first of the batch."""
    return [[sorted(s for s in row if s <= t) for t, row in enumerate(layer[0].tolist())] for layer in selected]


def get_last(values):
    """The least of each last position."""
    return torch.stack([value[:, -1] for value in values]).amin(0)


def choose_tokens(network):
    """One by one, always that of all the vocabulary's which is clearest."""
    candidates = range(2, len(VOCABULARY))
    tokens = []
    while len(tokens) < N_TOKENS:
        cache = HalfCache(network.config)
        margins = get_last(network.run([[*tokens, candidate] for candidate in candidates], cache).margins)
        clearness = torch.minimum(margins / LEAST_MARGIN, get_last(cache.distances) / LEAST_DISTANCE)
        tokens.append(candidates[clearness.argmax()])
    return tokens


def get_difference(ours, theirs):
    return float((ours - theirs).abs().max() / theirs.abs().max())


def check(case, network, tokens, result):
    """What must hold for the figures to be worth anything; prints how well it does. How far exact caches are."""
    def run(dtype, cache=None):
        """In another precision, or with other caches; the same must be read."""
        other = Network(case, dtype).run([tokens], cache)
        assert other.sets == result.sets, "rounding decides what is read"
        return other.logits

    exact = run(torch.float32)
    wide = run(torch.float64, HalfCache(network.config))
    figures = {"float64 from float32": get_difference(run(torch.float64), exact),
               "the same with float16 caches": get_difference(wide, result.logits)}
    cache = HalfCache(network.config)
    steps = [network.run([[token]], cache).logits for token in tokens]
    figures["token by token"] = get_difference(torch.cat(steps, 1), result.logits)

    if result.sets:
        run(torch.float32, HalfCache(network.config, keep_rotated))
        dense = DeepseekV3ForCausalLM(DeepseekV3Config(**(SHAPE | {
            key: value for key, value in case.changes.items() if key not in (*INDEX, "indexer_types")}))).eval()
        dense.load_state_dict(network.model.state_dict(), strict=False)
        whole = Network(case)
        for layer in whole.model.model.layers:
            if layer.self_attn.indexer:
                layer.self_attn.indexer.index_topk = N_TOKENS
        logits = whole.run([tokens]).logits
        assert get_difference(logits, exact) > 0.1, "the selection does not bind"
        with torch.no_grad():
            figures["dense, by V3's class"] = get_difference(dense(torch.tensor([tokens])).logits, logits)

    for what, figure in figures.items():
        print(f"  {what}: {figure:.1e}")
        assert figure < 3e-5, what
    return get_difference(exact, result.logits)


def get_tensors(network):
    """All of a network's tensors by the names of their checkpoints."""
    tensors = dict(network.model.state_dict())
    if network.draft:
        layer = f"model.layers.{network.config.num_hidden_layers}."
        for name, tensor in network.draft.state_dict().items():
            tensors[layer + name.removeprefix("mtp_block.").replace("post_norm", "shared_head.norm")] = tensor
    return tensors


def pack_model(path, case, network):
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder) / "model"
        tensors = ((name, tensor.numpy()) for name, tensor in get_tensors(network).items())
        write_model(plain, case.name, case.architecture, network.config, case.gating, case.n_drafts,
                    (VOCABULARY, ["h e"]), tensors)
        path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))


def write_narrow(folder, case, network, tokens, sets):
    """Eight bits choose other keys, and less clearly: by a margin that only float32's own errors keep."""
    result = network.run([tokens], HalfCache(network.config, keep_narrow))
    margin = min(float(margins.min()) for margins in result.margins)
    n_changed = sum(ours != theirs for layer in zip(result.sets, sets) for ours, theirs in zip(*layer))
    print(f"  eight bits: least margin: {margin:.1e}, rows that read other keys: {n_changed}")
    assert margin > LEAST_NARROW_MARGIN and n_changed > 0
    (folder / f"{case.name}-narrow.f32").write_bytes(result.logits.numpy().astype("<f4").tobytes())


def make(folder, case):
    network = Network(case)
    tokens = choose_tokens(network)
    cache = HalfCache(network.config)
    result = network.run([tokens], cache)
    margin = min(float(margins.min()) for margins in result.margins)
    distance = min(float(distances.min()) for distances in cache.distances)
    print(f"{case.name}\n  least margin: {margin:.3f}, distance: {distance:.1e}")
    assert margin > LEAST_MARGIN and distance > LEAST_DISTANCE
    difference = check(case, network, tokens, result)
    print(f"  exact caches from float16: {difference:.1e}")

    logits = [result.logits] + ([result.drafts] if network.draft else [])
    (folder / f"{case.name}.f32").write_bytes(torch.cat(logits, 1).numpy().astype("<f4").tobytes())
    if case.narrow:
        write_narrow(folder, case, network, tokens, result.sets)
    pack_model(folder / f"{case.name}.gguf.gz", case, network)
    description = dict(made_with=f"torch {torch.__version__}, transformers {transformers.__version__}",
                       architecture=case.architecture, exact_difference=difference, tokens=tokens,
                       selected=[layer[-LAST_ROWS:] for layer in result.sets])
    (folder / f"{case.name}.json").write_text(json.dumps(description, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these models")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for case in CASES:
        if not arguments.names or case.name in arguments.names:
            make(arguments.folder, case)


if __name__ == "__main__":
    main()
