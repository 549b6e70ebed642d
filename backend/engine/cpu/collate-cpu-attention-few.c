/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-attention.h"

#include <math.h>
#include <string.h>

/* Attention of few rows, as while a text is written, or where each token reads keys of its own: they go over keys and
 * values as these lie in the caches, whose memory's speed is the limit. Threads share the keys out in chunks, as many as
 * the number of keys says and never as the number of threads. */

#define FEW_ROWS 8
#define MOST_GROUP 64                       /* rows of one piece */
#define CHUNK_KEYS (5 * COLLATE_BLOCK_KEYS) /* at least */

/* What a thread works on. */
typedef struct
{
  gint64 kv_head, chunk;
  gint64 first_row, n_rows;
  const gint32 *places; /* of the keys, where these are selected */
  gint64 n_keys;

  float *queries;            /* [row][head_size], scaled */
  float *sums;               /* [row][value_size], of values */
  float *scores;             /* [row][COLLATE_BLOCK_KEYS] */
  float most[MOST_GROUP];    /* of the scores so far */
  float weights[MOST_GROUP]; /* sum of 2 ** (score - most) */
} Piece;

gboolean
collate_attention_is_few (const CollateAttentionJob *job)
{
  gint64 n_tokens = job->params->n_tokens;

  return n_tokens * job->group <= FEW_ROWS || (n_tokens == 1 && job->group <= MOST_GROUP);
}

static void
init_rows (const CollateAttentionJob *job, guint thread, Piece *piece)
{
  gint64 head_size = job->params->head_size;

  piece->queries = (float *) (gpointer) job->cpu->scratches[thread];
  piece->sums = piece->queries + piece->n_rows * head_size;
  piece->scores = piece->sums + piece->n_rows * job->value_size;
  memset (piece->sums, 0, (gsize) (piece->n_rows * job->value_size) * sizeof *piece->sums);
  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      const float *query = collate_attention_get_query (job, piece->kv_head, piece->first_row + row);

      for (gint64 i = 0; i < head_size; i++)
        piece->queries[row * head_size + i] = query[i] * job->scale;
      piece->most[row] = COLLATE_LEAST_SCORE;
      piece->weights[row] = 0;
    }
}

/* Of n_keys keys from `first_key` on those that a row sees: whoever has selected keys sees them all. */
static gint64
count_visible (const CollateAttentionJob *job,
               const Piece *piece,
               gint64 row,
               gint64 first_key,
               gint64 n_keys)
{
  if (piece->places != NULL)
    return n_keys;
  return CLAMP (collate_attention_get_end (job, piece->first_row + row) - first_key, 0, n_keys);
}

/* Scores of a row become weights relative to the largest so far; what was summed before is scaled to it. */
static void
weigh_row (const CollateAttentionJob *job, Piece *piece, gint64 row, gint64 first_key, gint64 n_keys)
{
  gint64 n_visible = count_visible (job, piece, row, first_key, n_keys);
  float *scores = piece->scores + row * COLLATE_BLOCK_KEYS;
  float *sums = piece->sums + row * job->value_size;
  float before = piece->most[row];
  gint64 n_padded = (n_keys + COLLATE_STRIP - 1) / COLLATE_STRIP * COLLATE_STRIP;
  float added, factor;

  /* What is not there, or not seen, counts for nothing. */
  for (gint64 i = n_visible; i < n_padded; i++)
    scores[i] = -INFINITY;
  added = job->cpu->loops->weigh (scores, n_padded, &piece->most[row]);
  for (gint64 i = n_visible; i < n_keys; i++)
    scores[i] = 0;
  factor = exp2f (before - piece->most[row]);
  if (factor != 1)
    for (gint64 i = 0; i < job->value_size; i++)
      sums[i] *= factor;
  piece->weights[row] = piece->weights[row] * factor + added;
}

static void
attend_block (const CollateAttentionJob *job, Piece *piece, gint64 first_key, gint64 n_keys)
{
  const CollateCpuLoops *loops = job->cpu->loops;
  gint64 head_size = job->params->head_size, value_size = job->value_size;
  const guint16 *keys = job->keys + piece->kv_head * head_size;
  const guint16 *values = job->values + piece->kv_head * value_size;
  const gint32 *places = NULL;

  if (piece->places != NULL)
    places = piece->places + first_key;
  else
    {
      keys += first_key * job->key_stride;
      values += first_key * job->value_stride;
    }
  loops->score_keys (piece->queries,
                     piece->n_rows,
                     keys,
                     job->key_stride,
                     places,
                     n_keys,
                     head_size,
                     piece->scores,
                     COLLATE_BLOCK_KEYS);
  for (gint64 row = 0; row < piece->n_rows; row++)
    weigh_row (job, piece, row, first_key, n_keys);
  loops->add_values (piece->scores,
                     COLLATE_BLOCK_KEYS,
                     piece->n_rows,
                     values,
                     job->value_stride,
                     places,
                     n_keys,
                     value_size,
                     piece->sums);
}

static void
put (const CollateAttentionJob *job, const Piece *piece)
{
  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      float *out = job->out +
                   collate_attention_get_row (job, piece->kv_head, piece->first_row + row) * job->value_size;

      for (gint64 i = 0; i < job->value_size; i++)
        out[i] = piece->sums[row * job->value_size + i] / piece->weights[row];
    }
}

static void
put_partials (const CollateAttentionJob *job, const Piece *piece)
{
  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      gint64 whole_row = collate_attention_get_row (job, piece->kv_head, piece->first_row + row);
      float *partial = collate_attention_get_partial (job, whole_row, piece->chunk);

      partial[0] = piece->most[row];
      partial[1] = piece->weights[row];
      memcpy (partial + 2, piece->sums + row * job->value_size, (gsize) job->value_size * sizeof (float));
    }
}

static void
attend_chunk (const CollateAttentionJob *job, guint thread, Piece *piece)
{
  gint64 end_key = MIN ((piece->chunk + 1) * job->keys_a_chunk, piece->n_keys);

  init_rows (job, thread, piece);
  for (gint64 key = piece->chunk * job->keys_a_chunk; key < end_key; key += COLLATE_BLOCK_KEYS)
    attend_block (job, piece, key, MIN (COLLATE_BLOCK_KEYS, end_key - key));
  if (job->n_chunks > 1)
    put_partials (job, piece);
  else
    put (job, piece);
}

static void
attend (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;

  for (gint64 item = first; item < end; item++)
    {
      Piece piece = {
        .kv_head = item / job->n_chunks,
        .chunk = item % job->n_chunks,
        .n_rows = job->n_rows,
        .n_keys = job->params->position + job->params->n_tokens,
      };

      attend_chunk (job, thread, &piece);
    }
}

void
collate_attention_run_few (CollateAttentionJob *job)
{
  const CollateAttention *params = job->params;

  if (!collate_attention_plan_chunks (job, params->position + params->n_tokens, CHUNK_KEYS, &job->cpu->error))
    return;
  collate_pool_run (job->cpu->pool, attend, job, params->n_kv_heads * job->n_chunks, 1);
  collate_attention_join_chunks (job, job->n_rows / job->group);
}

/* A piece is a token, some of its heads that share keys, and a chunk of what is selected for it. */
static void
attend_selected (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;
  gint64 n_parts = (job->group + MOST_GROUP - 1) / MOST_GROUP;

  for (gint64 item = first; item < end; item++)
    {
      gint64 part = item / job->n_chunks % n_parts, head = item / job->n_chunks / n_parts;
      gint64 token = job->first_token + head / job->params->n_kv_heads;
      Piece piece = {
        .kv_head = head % job->params->n_kv_heads,
        .chunk = item % job->n_chunks,
        .first_row = token * job->group + part * MOST_GROUP,
        .n_rows = MIN (job->group - part * MOST_GROUP, MOST_GROUP),
        .places = job->selected + token * job->params->n_selected,
        .n_keys = job->params->n_selected,
      };

      attend_chunk (job, thread, &piece);
    }
}

void
collate_attention_run_few_selected (CollateAttentionJob *job)
{
  const CollateAttention *params = job->params;
  gint64 n_tokens = params->n_tokens - job->first_token;
  gint64 n_parts = (job->group + MOST_GROUP - 1) / MOST_GROUP;

  collate_pool_run (
      job->cpu->pool, attend_selected, job, n_tokens * params->n_kv_heads * n_parts * job->n_chunks, 1);
}
