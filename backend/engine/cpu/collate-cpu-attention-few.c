/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-attention.h"

#include <math.h>
#include <string.h>

/* Attention of few rows, as while a text is written: they go over keys and values as these lie in the caches, whose
 * memory's speed is the limit. Threads share the keys out in chunks, as many as the number of keys says and never as
 * the number of threads. */

#define FEW_ROWS 8
#define MOST_GROUP 64                       /* rows of one token */
#define CHUNK_KEYS (5 * COLLATE_BLOCK_KEYS) /* at least */
#define MOST_CHUNKS 16

/* What a thread works on. */
typedef struct
{
  gint64 kv_head, chunk;

  float *queries;            /* [row][head_size], scaled */
  float *sums;               /* [row][head_size], of values */
  float *scores;             /* [row][COLLATE_BLOCK_KEYS] */
  float most[MOST_GROUP];    /* of the scores so far */
  float weights[MOST_GROUP]; /* sum of 2 ** (score - most) */
} Piece;

gboolean
collate_attention_is_few (const CollateAttentionJob *job)
{
  return job->n_rows <= FEW_ROWS || (job->params->n_tokens == 1 && job->group <= MOST_GROUP);
}

static void
init_piece (const CollateAttentionJob *job, gint64 item, guint thread, Piece *piece)
{
  gint64 head_size = job->params->head_size;

  piece->kv_head = item / job->n_chunks;
  piece->chunk = item % job->n_chunks;
  piece->queries = (float *) (gpointer) job->cpu->scratches[thread];
  piece->sums = piece->queries + job->n_rows * head_size;
  piece->scores = piece->sums + job->n_rows * head_size;
  memset (piece->sums, 0, (gsize) (job->n_rows * head_size) * sizeof *piece->sums);
  for (gint64 row = 0; row < job->n_rows; row++)
    {
      const float *query = collate_attention_get_query (job, piece->kv_head, row);

      for (gint64 i = 0; i < head_size; i++)
        piece->queries[row * head_size + i] = query[i] * job->scale;
      piece->most[row] = COLLATE_LEAST_SCORE;
      piece->weights[row] = 0;
    }
}

/* Scores of a row become weights relative to the largest so far; what was summed before is scaled to it. */
static void
weigh_row (const CollateAttentionJob *job, Piece *piece, gint64 row, gint64 first_key, gint64 n_keys)
{
  gint64 head_size = job->params->head_size;
  gint64 n_visible = CLAMP (collate_attention_get_end (job, row) - first_key, 0, n_keys);
  float *scores = piece->scores + row * COLLATE_BLOCK_KEYS;
  float *sums = piece->sums + row * head_size;
  float before = piece->most[row];
  float added, factor;

  /* What is not there, or not seen, counts for nothing. */
  for (gint64 i = n_visible; i < n_keys || i % COLLATE_STRIP != 0; i++)
    scores[i] = -INFINITY;
  n_keys = (n_keys + COLLATE_STRIP - 1) / COLLATE_STRIP * COLLATE_STRIP;
  added = job->cpu->loops->weigh (scores, n_keys, &piece->most[row]);
  factor = exp2f (before - piece->most[row]);
  if (factor != 1)
    for (gint64 i = 0; i < head_size; i++)
      sums[i] *= factor;
  piece->weights[row] = piece->weights[row] * factor + added;
}

static void
attend_block (const CollateAttentionJob *job, Piece *piece, gint64 first_key, gint64 n_keys)
{
  const CollateCpuLoops *loops = job->cpu->loops;
  gint64 head_size = job->params->head_size;
  gint64 stride = job->params->n_kv_heads * head_size;
  gint64 at = first_key * stride + piece->kv_head * head_size;

  loops->score_keys (piece->queries,
                     job->n_rows,
                     job->keys + at,
                     stride,
                     n_keys,
                     head_size,
                     piece->scores,
                     COLLATE_BLOCK_KEYS);
  for (gint64 row = 0; row < job->n_rows; row++)
    weigh_row (job, piece, row, first_key, n_keys);
  loops->add_values (piece->scores,
                     COLLATE_BLOCK_KEYS,
                     job->n_rows,
                     job->values + at,
                     stride,
                     n_keys,
                     head_size,
                     piece->sums);
}

static void
put (const CollateAttentionJob *job, const Piece *piece)
{
  gint64 head_size = job->params->head_size;

  for (gint64 row = 0; row < job->n_rows; row++)
    {
      float *out = job->out + collate_attention_get_row (job, piece->kv_head, row) * head_size;

      for (gint64 i = 0; i < head_size; i++)
        out[i] = piece->sums[row * head_size + i] / piece->weights[row];
    }
}

static float *
get_partial (const CollateAttentionJob *job, gint64 row, gint64 chunk)
{
  return job->partials + (row * job->n_chunks + chunk) * job->partial_stride;
}

/* What a chunk of keys gave: the largest score, the sum of the weights, the sums of the values. */
static void
put_partials (const CollateAttentionJob *job, const Piece *piece)
{
  gint64 head_size = job->params->head_size;

  for (gint64 row = 0; row < job->n_rows; row++)
    {
      float *partial = get_partial (job, collate_attention_get_row (job, piece->kv_head, row), piece->chunk);

      partial[0] = piece->most[row];
      partial[1] = piece->weights[row];
      memcpy (partial + 2, piece->sums + row * head_size, (gsize) head_size * sizeof (float));
    }
}

/* One head of one token from its chunks. The first token may not see any key of the last chunk. */
static void
join_partials (const CollateAttentionJob *job, gint64 row)
{
  gint64 head_size = job->params->head_size;
  float *out = job->out + row * head_size;
  float most = COLLATE_LEAST_SCORE, weights = 0;

  memset (out, 0, (gsize) head_size * sizeof *out);
  for (gint64 chunk = 0; chunk < job->n_chunks; chunk++)
    most = MAX (most, get_partial (job, row, chunk)[0]);
  for (gint64 chunk = 0; chunk < job->n_chunks; chunk++)
    {
      const float *partial = get_partial (job, row, chunk);
      float factor = exp2f (partial[0] - most);

      weights += partial[1] * factor;
      for (gint64 i = 0; i < head_size; i++)
        out[i] += partial[2 + i] * factor;
    }
  for (gint64 i = 0; i < head_size; i++)
    out[i] /= weights;
}

static void
attend (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;
  gint64 n_keys = job->params->position + job->params->n_tokens;

  for (gint64 item = first; item < end; item++)
    {
      Piece piece;
      gint64 end_key;

      init_piece (job, item, thread, &piece);
      end_key = MIN ((piece.chunk + 1) * job->keys_a_chunk, n_keys);
      for (gint64 key = piece.chunk * job->keys_a_chunk; key < end_key; key += COLLATE_BLOCK_KEYS)
        attend_block (job, &piece, key, MIN (COLLATE_BLOCK_KEYS, end_key - key));
      if (job->n_chunks > 1)
        put_partials (job, &piece);
      else
        put (job, &piece);
    }
}

static gboolean
plan (CollateAttentionJob *job, GError **error)
{
  const CollateAttention *params = job->params;
  gint64 n_keys = params->position + params->n_tokens;
  gint64 n_blocks = (n_keys + COLLATE_BLOCK_KEYS - 1) / COLLATE_BLOCK_KEYS;

  job->keys_a_chunk = MAX (CHUNK_KEYS, (n_blocks + MOST_CHUNKS - 1) / MOST_CHUNKS * COLLATE_BLOCK_KEYS);
  job->n_chunks = (n_keys + job->keys_a_chunk - 1) / job->keys_a_chunk;
  if (job->n_chunks == 1)
    return TRUE;
  job->partial_stride = 2 + params->head_size;
  job->partials = collate_cpu_reserve_partials (
      job->cpu, params->n_tokens * params->n_heads * job->n_chunks * job->partial_stride, error);
  return job->partials != NULL;
}

void
collate_attention_run_few (CollateAttentionJob *job)
{
  const CollateAttention *params = job->params;

  if (!plan (job, &job->cpu->error))
    return;
  collate_pool_run (job->cpu->pool, attend, job, params->n_kv_heads * job->n_chunks, 1);
  if (job->n_chunks > 1)
    for (gint64 row = 0; row < params->n_tokens * params->n_heads; row++)
      join_partials (job, row);
}
