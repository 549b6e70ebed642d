/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/collate-device.h"
#include "gguf-tiny-private.h"

/* Tiny random models of DeepSeek's family: latent attention, experts in groups, for "deepseek32" and "glm-dsa" an indexer, and
 * for those a layer that drafts. One layer has a plain network, two have experts. */

#define WIDTH 64
#define HIDDEN 96
#define LAYERS 3
#define HEADS 4
#define QUERY_RANK 32
#define RANK 32
#define ROTATED 16
#define PLAIN 32
#define VALUES 32
#define INDEX_HEADS 8
#define INDEX_SIZE 32
#define TOP_K 24
#define EXPERTS 8
#define EXPERT_HIDDEN 32
#define VOCABULARY 275

typedef struct
{
  GgufWriter *writer;
  const char *architecture;
  CollateType type;
  gboolean joined; /* what makes keys and values of latent rows is one weight, as in older files */
  guint64 *state;
  gint64 layer;
} Model;

static void
figure (Model *self, const char *what, gint64 value)
{
  gguf_tiny_add_figure (self->writer, self->architecture, what, value);
}

static gboolean
has_index (Model *self)
{
  return !g_str_equal (self->architecture, "deepseek2");
}

static void
add_shape (Model *self)
{
  figure (self, "context_length", 512);
  figure (self, "embedding_length", WIDTH);
  figure (self, "block_count", LAYERS + has_index (self));
  figure (self, "feed_forward_length", HIDDEN);
  figure (self, "leading_dense_block_count", 1);
  figure (self, "attention.head_count", HEADS);
  figure (self, "attention.head_count_kv", 1);
  figure (self, "attention.q_lora_rank", QUERY_RANK);
  figure (self, "attention.kv_lora_rank", RANK);
  figure (self, "attention.key_length", RANK + ROTATED);
  figure (self, "attention.value_length", RANK);
  figure (self, "attention.key_length_mla", PLAIN + ROTATED);
  figure (self, "attention.value_length_mla", VALUES);
  figure (self, "rope.dimension_count", ROTATED);
  figure (self, "expert_count", EXPERTS);
  figure (self, "expert_used_count", 2);
  figure (self, "expert_shared_count", 1);
  figure (self, "expert_feed_forward_length", EXPERT_HIDDEN);
  figure (self, "expert_group_count", 4);
  figure (self, "expert_group_used_count", 2);
  figure (self, "expert_gating_func", COLLATE_GATING_SIGMOID);
  gguf_tiny_add_number (self->writer, self->architecture, "expert_weights_scale", 1.5);
  gguf_tiny_add_number (self->writer, self->architecture, "attention.layer_norm_rms_epsilon", 1e-6);
  gguf_tiny_add_number (self->writer, self->architecture, "rope.freq_base", 10000);
  if (!has_index (self))
    return;
  figure (self, "attention.indexer.head_count", INDEX_HEADS);
  figure (self, "attention.indexer.key_length", INDEX_SIZE);
  figure (self, "attention.indexer.top_k", TOP_K);
  figure (self, "nextn_predict_layers", 1);
}

static char *
get_name (Model *self, const char *name)
{
  return g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", self->layer, name);
}

static void
matrix (Model *self, const char *name, gint64 columns, gint64 rows)
{
  g_autofree char *full = get_name (self, name);

  gguf_tiny_add_matrix (self->writer, self->state, full, self->type, columns, rows);
}

static void
norm (Model *self, const char *name, gint64 columns)
{
  g_autofree char *full = get_name (self, name);

  gguf_tiny_add_norm (self->writer, self->state, full, columns);
}

static void
bias (Model *self, const char *name, gint64 columns)
{
  g_autofree char *full = get_name (self, name);

  gguf_tiny_add_random (self->writer, self->state, full, COLLATE_F32, columns, 1, 0, 0.2f);
}

static void
add_numbers (Model *self, const char *name, gint64 columns, gint64 rows, const float *numbers)
{
  g_autofree char *full = get_name (self, name);

  gguf_writer_add_tensor (self->writer, full, self->type, columns, rows, numbers);
}

/* The same numbers, joined or not. */
static void
add_latent_halves (Model *self)
{
  g_autofree float *joined = g_new (float, (gsize) HEADS *(PLAIN + VALUES) * RANK);
  g_autofree float *keys = g_new (float, (gsize) HEADS *RANK *PLAIN);
  g_autofree float *values = g_new (float, (gsize) HEADS *VALUES *RANK);

  for (gsize i = 0; i < (gsize) HEADS * (PLAIN + VALUES) * RANK; i++)
    joined[i] = sqrtf (3.0f / RANK) * gguf_random (self->state);
  for (gsize head = 0; head < HEADS; head++)
    for (gsize r = 0; r < RANK; r++)
      {
        const float *column = joined + head * (PLAIN + VALUES) * RANK + r;

        for (gsize i = 0; i < PLAIN; i++)
          keys[(head * RANK + r) * PLAIN + i] = column[i * RANK];
        for (gsize i = 0; i < VALUES; i++)
          values[(head * VALUES + i) * RANK + r] = column[(PLAIN + i) * RANK];
      }
  if (self->joined)
    {
      add_numbers (self, "attn_kv_b.weight", RANK, (gint64) HEADS * (PLAIN + VALUES), joined);
      return;
    }
  add_numbers (self, "attn_k_b.weight", PLAIN, (gint64) RANK * HEADS, keys);
  add_numbers (self, "attn_v_b.weight", RANK, (gint64) VALUES * HEADS, values);
}

static void
add_attention (Model *self)
{
  norm (self, "attn_norm.weight", WIDTH);
  matrix (self, "attn_q_a.weight", WIDTH, QUERY_RANK);
  norm (self, "attn_q_a_norm.weight", QUERY_RANK);
  matrix (self, "attn_q_b.weight", QUERY_RANK, HEADS * (PLAIN + ROTATED));
  matrix (self, "attn_kv_a_mqa.weight", WIDTH, RANK + ROTATED);
  norm (self, "attn_kv_a_norm.weight", RANK);
  add_latent_halves (self);
  matrix (self, "attn_output.weight", HEADS * VALUES, WIDTH);
  if (!has_index (self))
    return;
  matrix (self, "indexer.attn_q_b.weight", QUERY_RANK, INDEX_HEADS * INDEX_SIZE);
  matrix (self, "indexer.attn_k.weight", WIDTH, INDEX_SIZE);
  norm (self, "indexer.k_norm.weight", INDEX_SIZE);
  bias (self, "indexer.k_norm.bias", INDEX_SIZE);
  matrix (self, "indexer.proj.weight", WIDTH, INDEX_HEADS);
}

static void
add_network (Model *self)
{
  norm (self, "ffn_norm.weight", WIDTH);
  if (self->layer == 0)
    {
      matrix (self, "ffn_gate.weight", WIDTH, HIDDEN);
      matrix (self, "ffn_up.weight", WIDTH, HIDDEN);
      matrix (self, "ffn_down.weight", HIDDEN, WIDTH);
      return;
    }
  matrix (self, "ffn_gate_inp.weight", WIDTH, EXPERTS);
  bias (self, "exp_probs_b.bias", EXPERTS);
  matrix (self, "ffn_gate_exps.weight", WIDTH, EXPERTS * EXPERT_HIDDEN);
  matrix (self, "ffn_up_exps.weight", WIDTH, EXPERTS * EXPERT_HIDDEN);
  matrix (self, "ffn_down_exps.weight", EXPERT_HIDDEN, EXPERTS * WIDTH);
  matrix (self, "ffn_gate_shexp.weight", WIDTH, EXPERT_HIDDEN);
  matrix (self, "ffn_up_shexp.weight", WIDTH, EXPERT_HIDDEN);
  matrix (self, "ffn_down_shexp.weight", EXPERT_HIDDEN, WIDTH);
}

static void
add_draft (Model *self)
{
  norm (self, "nextn.enorm.weight", WIDTH);
  norm (self, "nextn.hnorm.weight", WIDTH);
  norm (self, "nextn.shared_head_norm.weight", WIDTH);
  matrix (self, "nextn.eh_proj.weight", 2 * WIDTH, WIDTH);
}

void
gguf_tiny_add_deepseek (GgufWriter *writer,
                        const char *architecture,
                        CollateType type,
                        gboolean joined,
                        guint64 *state)
{
  Model self = { writer, architecture, type, joined, state, 0 };

  gguf_writer_add_string (writer, "general.architecture", architecture);
  gguf_writer_add_string (writer, "general.name", "Tiny");
  add_shape (&self);
  gguf_tiny_add_vocabulary (writer, architecture);
  gguf_tiny_add_random (writer, state, "token_embd.weight", type, WIDTH, VOCABULARY, 0, 1);
  for (; self.layer < LAYERS + has_index (&self); self.layer++)
    {
      add_attention (&self);
      add_network (&self);
      if (self.layer == LAYERS)
        add_draft (&self);
    }
  gguf_tiny_add_norm (writer, state, "output_norm.weight", WIDTH);
  gguf_tiny_add_matrix (writer, state, "output.weight", type, WIDTH, VOCABULARY);
}
