/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/collate-cpu-private.h"

G_BEGIN_DECLS

/* Attention's two ways: the one for many rows, and the one for few. A row is a head of a token; those that share keys
 * are numbered by token, the heads of a token together. */

#define COLLATE_BLOCK_KEYS 96 /* that are worked on together */

typedef struct
{
  CollateCpuDevice *cpu;
  const CollateAttention *params;
  const float *queries;
  const guint16 *keys, *values;
  float *out;

  gint64 group;  /* heads that share keys */
  gint64 n_rows; /* that share keys, of those tokens that read all keys */
  gint64 value_size, key_stride, value_stride;
  float scale; /* of scores, which are exponents of two */

  gint64 first_token;            /* of those at work */
  gint64 rows_a_piece, n_pieces; /* of many rows */
  const gint32 *selected;        /* [token][n_selected]; NULL: all keys are */

  gint64 keys_a_chunk, n_chunks;
  float *partials; /* [token][head][chunk], where there is more than one chunk */
  gint64 partial_stride;
} CollateAttentionJob;

static inline const float *
collate_attention_get_query (const CollateAttentionJob *job, gint64 kv_head, gint64 row)
{
  const CollateAttention *params = job->params;

  return job->queries + row / job->group * params->stride +
         (kv_head * job->group + row % job->group) * params->head_size;
}

/* The number of a row among those of all keys. */
static inline gint64
collate_attention_get_row (const CollateAttentionJob *job, gint64 kv_head, gint64 row)
{
  return row / job->group * job->params->n_heads + kv_head * job->group + row % job->group;
}

/* Keys that a row sees. */
static inline gint64
collate_attention_get_end (const CollateAttentionJob *job, gint64 row)
{
  return job->params->position + row / job->group + 1;
}

/* What a chunk of keys gave for a row: the largest score, the sum of the weights, the sums of the values. */
static inline float *
collate_attention_get_partial (const CollateAttentionJob *job, gint64 row, gint64 chunk)
{
  return job->partials + (row * job->n_chunks + chunk) * job->partial_stride;
}

/* Chunks of at least so many keys. */
gboolean collate_attention_plan_chunks (CollateAttentionJob *job,
                                        gint64 n_keys,
                                        gint64 least,
                                        GError **error);

/* The rows of n_tokens from the first of the job on. */
void collate_attention_join_chunks (CollateAttentionJob *job, gint64 n_tokens);

/* TRUE where all tokens of the call together are few rows. */
gboolean collate_attention_is_few (const CollateAttentionJob *job);
void collate_attention_run_few (CollateAttentionJob *job);

/* Those tokens, from the first of the job on, that read the keys selected for them. */
void collate_attention_run_few_selected (CollateAttentionJob *job);

G_END_DECLS
