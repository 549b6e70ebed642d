# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes models of DeepSeek's family as GGUF: from the names and shapes of Hugging Face's classes to those of
llama.cpp's converter, whose own library gives them. pip install gguf==0.19.0
"""

import gguf
import numpy as np


def add_keys(writer, architecture, config, gating, n_drafts):
    rope = config.rope_parameters
    writer.add_block_count(config.num_hidden_layers + n_drafts)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
        writer.add_rope_scaling_yarn_log_mul(0.1 * rope["mscale_all_dim"])
    if config.q_lora_rank:
        writer.add_q_lora_rank(config.q_lora_rank)
    writer.add_kv_lora_rank(config.kv_lora_rank)
    writer.add_key_length(config.kv_lora_rank + config.qk_rope_head_dim)
    writer.add_value_length(config.kv_lora_rank)
    writer.add_key_length_mla(config.qk_nope_head_dim + config.qk_rope_head_dim)
    writer.add_value_length_mla(config.v_head_dim)
    writer.add_rope_dimension_count(config.qk_rope_head_dim)
    writer.add_leading_dense_block_count(config.first_k_dense_replace)
    writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    writer.add_expert_count(config.n_routed_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_expert_shared_count(config.n_shared_experts)
    writer.add_expert_group_count(config.n_group)
    writer.add_expert_group_used_count(config.topk_group)
    writer.add_expert_weights_scale(config.routed_scaling_factor)
    if config.norm_topk_prob:
        writer.add_expert_weights_norm(True)
    writer.add_expert_gating_func(gating)
    if n_drafts:
        writer.add_nextn_predict_layers(n_drafts)
    if hasattr(config, "index_topk"):
        writer.add_indexer_head_count(config.index_n_heads)
        writer.add_indexer_key_length(config.index_head_dim)
        writer.add_indexer_top_k(config.index_topk)
    if hasattr(config, "indexer_types"):
        writer.add_array(f"{architecture}.attention.indexer.types", [kind == "full" for kind in config.indexer_types])


def add_vocabulary(writer, tokens, merges):
    """Byte-level, the first two control tokens: of the beginning and the end."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("deepseek-v3")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.NORMAL] * (len(tokens) - 2))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)


def split_tensor(config, name, numbers):
    """What one tensor of a checkpoint becomes, as the converter does it."""
    if name.endswith("kv_b_proj.weight"):
        heads = numbers.reshape(config.num_attention_heads, -1, config.kv_lora_rank)
        keys, values = np.split(heads, [config.qk_nope_head_dim], axis=1)
        yield name.replace("kv_b_proj", "k_b_proj"), keys.transpose(0, 2, 1)
        yield name.replace("kv_b_proj", "v_b_proj"), values
    elif name.endswith("experts.gate_up_proj"):
        gate, up = np.split(numbers, 2, axis=1)
        yield name.replace("gate_up_proj", "gate_proj.weight"), gate
        yield name.replace("gate_up_proj", "up_proj.weight"), up
    elif name.endswith("experts.down_proj"):
        yield name + ".weight", numbers
    else:
        yield name.replace("e_score_correction_bias", "e_score_correction.bias"), numbers


def get_type(name, numbers, wanted):
    """Vectors, the router and the indexer's weights of heads stay as they are."""
    exact = numbers.ndim == 1 or name.endswith(("ffn_gate_inp.weight", "indexer.proj.weight"))
    return gguf.GGMLQuantizationType.F32 if exact else wanted


def write_model(path, name, architecture, config, gating, n_drafts, vocabulary, tensors,
                wanted=gguf.GGMLQuantizationType.F32):
    """`config` has the members of Hugging Face's, `tensors` gives their names and arrays of float32."""
    kind = gguf.MODEL_ARCH.GLM_DSA if hasattr(config, "index_topk") else gguf.MODEL_ARCH.DEEPSEEK2
    names = gguf.get_tensor_name_map(kind, config.num_hidden_layers + n_drafts)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    add_keys(writer, architecture, config, gating, n_drafts)
    add_vocabulary(writer, *vocabulary)
    for their_name, numbers in tensors:
        for part, piece in split_tensor(config, their_name, numbers):
            our_name = names.get_name(part, try_suffixes=(".weight", ".bias"))
            assert our_name, part
            to = get_type(our_name, piece, wanted)
            writer.add_tensor(our_name, gguf.quantize(np.ascontiguousarray(piece), to), raw_dtype=to)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
