/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"

/* Attention, block by block of keys with a running maximum (online softmax, arXiv:1805.02867). The heads of some tokens
 * that share keys are rows of one product: keys and values are expanded once for all of them. */

#define MOST_ROWS 48
#define KEYS 96 /* of a block */
#define MOST_HEAD_SIZE 512

/* So few rows go over keys and values as they lie in the caches: a panel would cost more than the products. Where they
 * are all that there is, threads share the keys out in chunks, as many as the number of keys says and never as the
 * number of threads. */
#define FEW_ROWS 8
#define CHUNK_KEYS (5 * KEYS) /* at least */
#define MOST_CHUNKS 16

typedef struct
{
  CollateCpuDevice *cpu;
  const CollateAttention *params;
  const float *queries;
  const guint16 *keys, *values;
  float *out;

  gint64 width; /* head_size in whole strips */
  gint64 group; /* heads that share keys */
  gint64 heads_a_piece, n_head_pieces;
  gint64 tokens_a_piece, n_token_pieces;
  gint64 keys_a_chunk, n_chunks;

  /* [head][chunk], where there are chunks. */
  float *partials;
  gint64 partial_stride;
} Attention;

/* What a thread works on: heads × tokens as rows, the heads of a token together. */
typedef struct
{
  gint64 kv_head, first_head, n_heads;
  gint64 first_token, n_rows;
  gint64 chunk, first_key, end_key;

  float *queries;           /* [row][head_size], scaled */
  float *sums;              /* [row][width], of values */
  float *scores;            /* [row][KEYS] */
  float *key_panel;         /* [head_size][KEYS] */
  float *value_panel;       /* [KEYS][width] */
  float most[MOST_ROWS];    /* of the scores so far */
  float weights[MOST_ROWS]; /* sum of exp (score - most) */
} Piece;

static void
init_piece (const Attention *attention, gint64 item, guint thread, Piece *piece)
{
  gint64 chunk = item % attention->n_chunks;
  const CollateAttention *params = attention->params;
  gint64 rest = item / attention->n_chunks;
  /* The last tokens, which see most keys, first: that leaves small pieces for the end. */
  gint64 token_piece = attention->n_token_pieces - 1 - rest % attention->n_token_pieces;
  gint64 head_piece = rest / attention->n_token_pieces % attention->n_head_pieces;
  float *scratch = (float *) (gpointer) attention->cpu->scratches[thread];
  gint64 first = head_piece * attention->heads_a_piece;
  gint64 n_tokens;

  piece->kv_head = rest / attention->n_token_pieces / attention->n_head_pieces;
  piece->first_head = piece->kv_head * attention->group + first;
  piece->n_heads = MIN (attention->heads_a_piece, attention->group - first);
  piece->first_token = token_piece * attention->tokens_a_piece;
  n_tokens = MIN (attention->tokens_a_piece, params->n_tokens - piece->first_token);
  piece->n_rows = n_tokens * piece->n_heads;
  piece->chunk = chunk;
  piece->first_key = chunk * attention->keys_a_chunk;
  piece->end_key =
      MIN (piece->first_key + attention->keys_a_chunk, params->position + piece->first_token + n_tokens);

  piece->queries = scratch;
  piece->sums = piece->queries + MOST_ROWS * attention->width;
  piece->scores = piece->sums + MOST_ROWS * attention->width;
  piece->key_panel = piece->scores + MOST_ROWS * KEYS;
  piece->value_panel = piece->key_panel + KEYS * attention->width;
  memset (piece->sums, 0, (gsize) (piece->n_rows * attention->width) * sizeof *piece->sums);

  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      const float *query = attention->queries + (piece->first_token + row / piece->n_heads) * params->stride +
                           (piece->first_head + row % piece->n_heads) * params->head_size;

      for (gint64 i = 0; i < params->head_size; i++)
        piece->queries[row * params->head_size + i] = query[i] * params->scale;
      piece->most[row] = -INFINITY;
      piece->weights[row] = 0;
    }
}

/* Keys as the columns of a panel, values as its rows; zeros where a head is no whole number of strips, and beyond the
 * last key. */
static void
expand_block (const Attention *attention, Piece *piece, gint64 first_key, gint64 n_keys)
{
  const CollateCpuLoops *loops = attention->cpu->loops;
  gint64 head_size = attention->params->head_size;
  gint64 stride = attention->params->n_kv_heads * head_size;
  gint64 at = first_key * stride + piece->kv_head * head_size;

  if (n_keys < KEYS)
    memset (piece->key_panel, 0, (gsize) (head_size * KEYS) * sizeof (float));
  loops->transpose_f16 (attention->keys + at, stride, n_keys, head_size, piece->key_panel, KEYS);
  for (gint64 key = 0; key < n_keys; key++)
    {
      float *value = piece->value_panel + key * attention->width;

      loops->from_f16 (attention->values + at + key * stride, value, head_size);
      for (gint64 i = head_size; i < attention->width; i++)
        value[i] = 0;
    }
}

static void
multiply (const Attention *attention,
          const float *panel,
          gint64 width,
          gint64 n_columns,
          const float *in,
          gint64 in_stride,
          gint64 n_rows,
          float *sums)
{
  for (gint64 at = 0; at < width; at += COLLATE_PANEL)
    attention->cpu->loops->multiply_floats (panel + at,
                                            width,
                                            n_columns,
                                            (guint) MIN (COLLATE_PANEL, width - at) / COLLATE_STRIP,
                                            in,
                                            in_stride,
                                            n_rows,
                                            sums + at,
                                            width);
}

/* Scores of a row become weights relative to the largest so far; what was summed before is scaled to it. */
static void
weigh_row (const Attention *attention, Piece *piece, gint64 row, gint64 first_key, gint64 n_keys)
{
  gint64 position = attention->params->position + piece->first_token + row / piece->n_heads;
  gint64 n_visible = CLAMP (position + 1 - first_key, 0, n_keys);
  float *scores = piece->scores + row * KEYS;
  float *sums = piece->sums + row * attention->width;
  float before = piece->most[row];
  float added, factor;

  for (gint64 i = n_visible; i < n_keys; i++)
    scores[i] = 0;
  if (n_visible == 0)
    return;

  added = attention->cpu->loops->weigh (scores, n_visible, &piece->most[row]);
  factor = expf (before - piece->most[row]);
  if (factor != 1)
    for (gint64 i = 0; i < attention->width; i++)
      sums[i] *= factor;
  piece->weights[row] = piece->weights[row] * factor + added;
}

static void
attend_panel (const Attention *attention, Piece *piece, gint64 first_key, gint64 n_keys)
{
  gint64 head_size = attention->params->head_size;

  expand_block (attention, piece, first_key, n_keys);
  memset (piece->scores, 0, (gsize) (piece->n_rows * KEYS) * sizeof (float));
  multiply (
      attention, piece->key_panel, KEYS, head_size, piece->queries, head_size, piece->n_rows, piece->scores);
  for (gint64 row = 0; row < piece->n_rows; row++)
    weigh_row (attention, piece, row, first_key, n_keys);
  multiply (attention,
            piece->value_panel,
            attention->width,
            n_keys,
            piece->scores,
            KEYS,
            piece->n_rows,
            piece->sums);
}

static void
attend_few (const Attention *attention, Piece *piece, gint64 first_key, gint64 n_keys)
{
  const CollateCpuLoops *loops = attention->cpu->loops;
  gint64 head_size = attention->params->head_size;
  gint64 stride = attention->params->n_kv_heads * head_size;
  gint64 at = first_key * stride + piece->kv_head * head_size;

  loops->score_keys (
      piece->queries, piece->n_rows, attention->keys + at, stride, n_keys, head_size, piece->scores, KEYS);
  for (gint64 row = 0; row < piece->n_rows; row++)
    weigh_row (attention, piece, row, first_key, n_keys);
  loops->add_values (piece->scores,
                     KEYS,
                     piece->n_rows,
                     attention->values + at,
                     stride,
                     n_keys,
                     head_size,
                     piece->sums,
                     attention->width);
}

static void
put (const Attention *attention, const Piece *piece)
{
  const CollateAttention *params = attention->params;

  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      gint64 token = piece->first_token + row / piece->n_heads;
      gint64 head = piece->first_head + row % piece->n_heads;
      float *out = attention->out + (token * params->n_heads + head) * params->head_size;

      for (gint64 i = 0; i < params->head_size; i++)
        out[i] = piece->sums[row * attention->width + i] / piece->weights[row];
    }
}

static float *
get_partial (const Attention *attention, gint64 row, gint64 chunk)
{
  return attention->partials + (row * attention->n_chunks + chunk) * attention->partial_stride;
}

/* What a chunk of keys gave: the largest score, the sum of the weights, the sums of the values. */
static void
put_partials (const Attention *attention, const Piece *piece)
{
  for (gint64 row = 0; row < piece->n_rows; row++)
    {
      gint64 head = piece->first_head + row % piece->n_heads;
      gint64 token = piece->first_token + row / piece->n_heads;
      float *partial = get_partial (attention, token * attention->params->n_heads + head, piece->chunk);

      partial[0] = piece->most[row];
      partial[1] = piece->weights[row];
      memcpy (partial + 2,
              piece->sums + row * attention->width,
              (gsize) attention->params->head_size * sizeof (float));
    }
}

/* One head of one token from its chunks. The first token may not see any key of the last chunk. */
static void
join_partials (const Attention *attention, gint64 row)
{
  gint64 head_size = attention->params->head_size;
  float *out = attention->out + row * head_size;
  float most = -INFINITY, weights = 0;

  memset (out, 0, (gsize) head_size * sizeof *out);
  for (gint64 chunk = 0; chunk < attention->n_chunks; chunk++)
    most = MAX (most, get_partial (attention, row, chunk)[0]);
  for (gint64 chunk = 0; chunk < attention->n_chunks; chunk++)
    {
      const float *partial = get_partial (attention, row, chunk);
      float factor = expf (partial[0] - most);

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
  const Attention *attention = data;
  gboolean has_few_loops = attention->cpu->loops->score_keys != NULL;

  for (gint64 item = first; item < end; item++)
    {
      Piece piece;

      init_piece (attention, item, thread, &piece);
      for (gint64 key = piece.first_key; key < piece.end_key; key += KEYS)
        if (has_few_loops && piece.n_rows <= FEW_ROWS)
          attend_few (attention, &piece, key, MIN (KEYS, piece.end_key - key));
        else
          attend_panel (attention, &piece, key, MIN (KEYS, piece.end_key - key));
      if (attention->n_chunks > 1)
        put_partials (attention, &piece);
      else
        put (attention, &piece);
    }
}

/* How the work is shared out. */
static gboolean
plan (Attention *attention, GError **error)
{
  const CollateAttention *params = attention->params;
  gint64 n_keys = params->position + params->n_tokens;
  gint64 n_blocks = (n_keys + KEYS - 1) / KEYS;
  gint64 n_rows = params->n_tokens * params->n_heads;

  attention->heads_a_piece = MIN (attention->group, MOST_ROWS);
  attention->n_head_pieces = (attention->group + MOST_ROWS - 1) / MOST_ROWS;
  attention->tokens_a_piece = MOST_ROWS / attention->heads_a_piece;
  attention->n_token_pieces = (params->n_tokens + attention->tokens_a_piece - 1) / attention->tokens_a_piece;
  attention->keys_a_chunk = n_blocks * KEYS;
  attention->n_chunks = 1;
  if (params->n_tokens * attention->heads_a_piece > FEW_ROWS || n_keys <= CHUNK_KEYS)
    return TRUE;

  attention->keys_a_chunk = MAX (CHUNK_KEYS, (n_blocks + MOST_CHUNKS - 1) / MOST_CHUNKS * KEYS);
  attention->n_chunks = (n_keys + attention->keys_a_chunk - 1) / attention->keys_a_chunk;
  attention->partial_stride = 2 + params->head_size;
  attention->partials = collate_cpu_reserve_partials (
      attention->cpu, n_rows * attention->n_chunks * attention->partial_stride, error);
  return attention->partials != NULL;
}

void
collate_cpu_attention (CollateDevice *device, const CollateAttention *params)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  Attention attention = {
    .cpu = cpu,
    .params = params,
    .queries = collate_place_get (params->queries),
    .keys = (const guint16 *) (gconstpointer) collate_place_get (params->key_cache),
    .values = (const guint16 *) (gconstpointer) collate_place_get (params->value_cache),
    .out = collate_place_get (params->out),
    .width = (params->head_size + COLLATE_STRIP - 1) / COLLATE_STRIP * COLLATE_STRIP,
    .group = params->n_heads / params->n_kv_heads,
  };

  if (cpu->error != NULL)
    return;
  if (params->head_size > MOST_HEAD_SIZE)
    {
      g_set_error (&cpu->error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_UNSUPPORTED,
                   "heads of %" G_GINT64_FORMAT " numbers; %d at most",
                   params->head_size,
                   MOST_HEAD_SIZE);
      return;
    }
  if (!plan (&attention, &cpu->error))
    return;

  collate_pool_run (cpu->pool,
                    attend,
                    &attention,
                    params->n_kv_heads * attention.n_head_pieces * attention.n_token_pieces *
                        attention.n_chunks,
                    1);
  if (attention.n_chunks > 1)
    for (gint64 row = 0; row < params->n_tokens * params->n_heads; row++)
      join_partials (&attention, row);
}
