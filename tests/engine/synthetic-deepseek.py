#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a model of DeepSeek V3.2's architecture with random weights, 95.7 million of them, for measuring: its layers
have all that the real one's have, and at a few thousand tokens of context attention is most of its work.

    pip install gguf==0.19.0
    synthetic-deepseek.py MODEL.gguf [F16|Q8_0|F32]
"""

import argparse
import types

import gguf
import numpy as np

from deepseek_gguf import write_model

N_DRAFTS = 1
CONFIG = types.SimpleNamespace(
    vocab_size=32768, hidden_size=512, intermediate_size=1536, num_hidden_layers=6, num_attention_heads=8,
    max_position_embeddings=163840, first_k_dense_replace=1, q_lora_rank=256, kv_lora_rank=512, qk_nope_head_dim=128,
    qk_rope_head_dim=64, v_head_dim=128, moe_intermediate_size=256, n_routed_experts=16, n_shared_experts=1,
    num_experts_per_tok=4, n_group=1, topk_group=1, routed_scaling_factor=2.5, norm_topk_prob=True, rms_norm_eps=1e-6,
    index_topk=512, index_head_dim=128, index_n_heads=8,
    rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=40.0, original_max_position_embeddings=4096,
                         beta_fast=32, beta_slow=1, mscale=1.0, mscale_all_dim=1.0))


def list_layer(config, layer):
    """Names and shapes of a layer's tensors."""
    heads, hidden, inner = config.num_attention_heads, config.hidden_size, config.moe_intermediate_size
    yield "input_layernorm.weight", [hidden]
    yield "self_attn.q_a_proj.weight", [config.q_lora_rank, hidden]
    yield "self_attn.q_a_layernorm.weight", [config.q_lora_rank]
    yield "self_attn.q_b_proj.weight", [heads * (config.qk_nope_head_dim + config.qk_rope_head_dim), config.q_lora_rank]
    yield "self_attn.kv_a_proj_with_mqa.weight", [config.kv_lora_rank + config.qk_rope_head_dim, hidden]
    yield "self_attn.kv_a_layernorm.weight", [config.kv_lora_rank]
    yield "self_attn.kv_b_proj.weight", [heads * (config.qk_nope_head_dim + config.v_head_dim), config.kv_lora_rank]
    yield "self_attn.o_proj.weight", [hidden, heads * config.v_head_dim]
    yield "self_attn.indexer.wq_b.weight", [config.index_n_heads * config.index_head_dim, config.q_lora_rank]
    yield "self_attn.indexer.wk.weight", [config.index_head_dim, hidden]
    yield "self_attn.indexer.k_norm.weight", [config.index_head_dim]
    yield "self_attn.indexer.k_norm.bias", [config.index_head_dim]
    yield "self_attn.indexer.weights_proj.weight", [config.index_n_heads, hidden]
    yield "post_attention_layernorm.weight", [hidden]
    if layer < config.first_k_dense_replace:
        yield "mlp.gate_proj.weight", [config.intermediate_size, hidden]
        yield "mlp.up_proj.weight", [config.intermediate_size, hidden]
        yield "mlp.down_proj.weight", [hidden, config.intermediate_size]
        return
    yield "mlp.gate.weight", [config.n_routed_experts, hidden]
    yield "mlp.gate.e_score_correction_bias", [config.n_routed_experts]
    yield "mlp.experts.gate_up_proj", [config.n_routed_experts, 2 * inner, hidden]
    yield "mlp.experts.down_proj", [config.n_routed_experts, hidden, inner]
    yield "mlp.shared_experts.gate_proj.weight", [config.n_shared_experts * inner, hidden]
    yield "mlp.shared_experts.up_proj.weight", [config.n_shared_experts * inner, hidden]
    yield "mlp.shared_experts.down_proj.weight", [hidden, config.n_shared_experts * inner]


def list_tensors(config):
    yield "model.embed_tokens.weight", [config.vocab_size, config.hidden_size]
    for layer in range(config.num_hidden_layers + N_DRAFTS):
        for name, shape in list_layer(config, layer):
            yield f"model.layers.{layer}.{name}", shape
    draft = f"model.layers.{config.num_hidden_layers}"
    yield f"{draft}.enorm.weight", [config.hidden_size]
    yield f"{draft}.hnorm.weight", [config.hidden_size]
    yield f"{draft}.eh_proj.weight", [config.hidden_size, 2 * config.hidden_size]
    yield f"{draft}.shared_head.norm.weight", [config.hidden_size]
    yield "model.norm.weight", [config.hidden_size]
    yield "lm_head.weight", [config.vocab_size, config.hidden_size]


def draw(config):
    generator = np.random.default_rng(1)
    for name, shape in list_tensors(config):
        numbers = generator.standard_normal(shape, dtype=np.float32)
        if len(shape) > 1:
            numbers /= np.sqrt(shape[-1], dtype=np.float32)
        else:
            numbers = numbers * np.float32(0.1) + np.float32(not name.endswith("bias"))
        yield name, numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    parser.add_argument("type", nargs="?", default="F16", choices=["F16", "Q8_0", "F32"])
    arguments = parser.parse_args()
    tokens = ["<|begin|>", "<|end|>", "h", "e", "he"]
    tokens += [f"t{i}" for i in range(len(tokens), CONFIG.vocab_size)]
    write_model(arguments.path, "DeepSeek32 tiny", "deepseek32", CONFIG, gguf.ExpertGatingFuncType.SIGMOID, N_DRAFTS,
                (tokens, ["h e"]), draw(CONFIG), gguf.GGMLQuantizationType[arguments.type])


if __name__ == "__main__":
    main()
