/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-attention.h"

#include <math.h>
#include <string.h>

/* Chunks of keys that threads share out: what each gave for a row, and the row that is made of them. How many there are
 * depends on the number of keys and never on the number of threads. */

#define MOST_CHUNKS 16

gboolean
collate_attention_plan_chunks (CollateAttentionJob *job, gint64 n_keys, gint64 least, GError **error)
{
  const CollateAttention *params = job->params;
  gint64 n_blocks = (n_keys + COLLATE_BLOCK_KEYS - 1) / COLLATE_BLOCK_KEYS;

  job->keys_a_chunk = MAX (least, (n_blocks + MOST_CHUNKS - 1) / MOST_CHUNKS * COLLATE_BLOCK_KEYS);
  job->n_chunks = (n_keys + job->keys_a_chunk - 1) / job->keys_a_chunk;
  if (job->n_chunks == 1)
    return TRUE;
  job->partial_stride = 2 + job->value_size;
  job->partials = collate_cpu_reserve_partials (
      job->cpu, params->n_tokens * params->n_heads * job->n_chunks * job->partial_stride, error);
  return job->partials != NULL;
}

/* The first token may not see any key of the last chunk. */
static void
join_row (const CollateAttentionJob *job, gint64 row)
{
  float *out = job->out + row * job->value_size;
  float most = COLLATE_LEAST_SCORE, weights = 0;

  memset (out, 0, (gsize) job->value_size * sizeof *out);
  for (gint64 chunk = 0; chunk < job->n_chunks; chunk++)
    most = MAX (most, collate_attention_get_partial (job, row, chunk)[0]);
  for (gint64 chunk = 0; chunk < job->n_chunks; chunk++)
    {
      const float *partial = collate_attention_get_partial (job, row, chunk);
      float factor = exp2f (partial[0] - most);

      weights += partial[1] * factor;
      for (gint64 i = 0; i < job->value_size; i++)
        out[i] += partial[2 + i] * factor;
    }
  for (gint64 i = 0; i < job->value_size; i++)
    out[i] /= weights;
}

static void
join_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;

  for (gint64 row = first; row < end; row++)
    join_row (job, job->first_token * job->params->n_heads + row);
}

void
collate_attention_join_chunks (CollateAttentionJob *job, gint64 n_tokens)
{
  if (job->n_chunks > 1)
    collate_pool_run (job->cpu->pool,
                      join_rows,
                      job,
                      n_tokens * job->params->n_heads,
                      collate_cpu_get_grain (job->n_chunks * job->value_size));
}
