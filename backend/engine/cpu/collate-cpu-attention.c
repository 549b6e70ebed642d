/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-attention.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"

/* Attention, block by block of keys with a running maximum (online softmax, arXiv:1805.02867). Here the many rows of a
 * prefill: they are the columns of panels, so that the lanes of a vector are rows, a key's number is broadcast to all of
 * them, and no maximum and no sum crosses lanes. Keys and values are expanded once for the panels of a piece. */

#define MOST_HEAD_SIZE 576
#define MOST_VALUE_SIZE 512
#define MOST_PANELS 4 /* of a piece */
#define PIECES_A_THREAD 3

/* The rows of a panel: [head_size or value_size][COLLATE_PANEL]. */
typedef struct
{
  gint64 first_row, n_rows;
  guint n_strips;
  float *queries; /* scaled */
  float *sums;    /* of values */
  float most[COLLATE_PANEL], weights[COLLATE_PANEL];
} Panel;

/* What a thread works on. */
typedef struct
{
  gint64 kv_head;
  guint n_panels;
  Panel panels[MOST_PANELS];
  float *scores; /* [COLLATE_BLOCK_KEYS][COLLATE_PANEL] */
  float *keys;   /* [COLLATE_BLOCK_KEYS][head_size] */
  float *values; /* the keys where they begin with them, else [COLLATE_BLOCK_KEYS][value_size] */
  gint64 values_stride;
} Piece;

static void
init_panel (const CollateAttentionJob *job, gint64 kv_head, Panel *panel)
{
  gint64 head_size = job->params->head_size;

  panel->n_strips = (guint) (panel->n_rows + COLLATE_STRIP - 1) / COLLATE_STRIP;
  memset (panel->sums, 0, (gsize) (job->value_size * COLLATE_PANEL) * sizeof (float));
  if (panel->n_rows % COLLATE_STRIP != 0)
    memset (panel->queries, 0, (gsize) (head_size * COLLATE_PANEL) * sizeof (float));
  for (gint64 row = 0; row < panel->n_rows; row++)
    {
      const float *query = collate_attention_get_query (job, kv_head, panel->first_row + row);

      for (gint64 i = 0; i < head_size; i++)
        panel->queries[i * COLLATE_PANEL + row] = query[i] * job->scale;
    }
  for (guint row = 0; row < COLLATE_PANEL; row++)
    {
      panel->most[row] = COLLATE_LEAST_SCORE;
      panel->weights[row] = 0;
    }
}

/* TRUE where keys begin with their values. */
static gboolean
are_joined (const CollateAttentionJob *job)
{
  return job->keys == job->values && job->key_stride == job->value_stride && job->params->n_kv_heads == 1;
}

/* Numbers of the scratch that hold a block, and those that hold a panel. */
static gint64
count_block_numbers (const CollateAttentionJob *job)
{
  return COLLATE_BLOCK_KEYS *
         (COLLATE_PANEL + job->params->head_size + (are_joined (job) ? 0 : job->value_size));
}

static gint64
count_panel_numbers (const CollateAttentionJob *job)
{
  return (job->params->head_size + job->value_size) * COLLATE_PANEL;
}

static void
init_piece (const CollateAttentionJob *job, gint64 item, guint thread, Piece *piece)
{
  gint64 head_size = job->params->head_size;
  /* The last tokens, which see most keys, first: that leaves small pieces for the end. */
  gint64 first = (job->n_pieces - 1 - item % job->n_pieces) * job->rows_a_piece;
  gint64 end = MIN (first + job->rows_a_piece, job->n_rows);
  float *at = (float *) (gpointer) job->cpu->scratches[thread];

  piece->kv_head = item / job->n_pieces;
  piece->n_panels = 0;
  piece->scores = at;
  piece->keys = at + COLLATE_BLOCK_KEYS * COLLATE_PANEL;
  piece->values = are_joined (job) ? piece->keys : piece->keys + COLLATE_BLOCK_KEYS * head_size;
  piece->values_stride = are_joined (job) ? head_size : job->value_size;
  at += count_block_numbers (job);
  for (gint64 row = first; row < end; row += COLLATE_PANEL, at += count_panel_numbers (job))
    {
      Panel *panel = &piece->panels[piece->n_panels++];

      panel->first_row = row;
      panel->n_rows = MIN (end - row, COLLATE_PANEL);
      panel->queries = at;
      panel->sums = at + head_size * COLLATE_PANEL;
      init_panel (job, piece->kv_head, panel);
    }
}

static void
expand_block (const CollateAttentionJob *job, Piece *piece, gint64 first_key, gint64 n_keys)
{
  gint64 head_size = job->params->head_size;
  const guint16 *key = job->keys + first_key * job->key_stride + piece->kv_head * head_size;
  const guint16 *value = job->values + first_key * job->value_stride + piece->kv_head * job->value_size;

  for (gint64 n = 0; n < n_keys; n++, key += job->key_stride, value += job->value_stride)
    {
      job->cpu->loops->from_f16 (key, piece->keys + n * head_size, head_size);
      if (piece->values != piece->keys)
        job->cpu->loops->from_f16 (value, piece->values + n * job->value_size, job->value_size);
    }
}

/* What a row does not see: the rows of earlier tokens are those before the first that sees a key. */
static void
hide (const CollateAttentionJob *job,
      const Panel *panel,
      gint64 first_key,
      gint64 n_keys,
      float number,
      float *scores)
{
  gint64 position = job->params->position;

  for (gint64 key = MAX (0, position - first_key); key < n_keys; key++)
    {
      gint64 n_blind = (first_key + key - position) * job->group - panel->first_row;

      n_blind = MIN (n_blind, panel->n_strips * COLLATE_STRIP);
      for (gint64 row = 0; row < n_blind; row++)
        scores[key * COLLATE_PANEL + row] = number;
    }
}

static void
attend_block (const CollateAttentionJob *job,
              const Piece *piece,
              Panel *panel,
              gint64 first_key,
              gint64 n_keys)
{
  const CollateCpuLoops *loops = job->cpu->loops;
  gint64 head_size = job->params->head_size;
  gboolean hides = first_key + n_keys > collate_attention_get_end (job, panel->first_row);
  float factors[COLLATE_PANEL];

  loops->multiply_floats (panel->queries,
                          head_size,
                          panel->n_strips,
                          piece->keys,
                          head_size,
                          n_keys,
                          piece->scores,
                          COLLATE_PANEL,
                          FALSE);
  if (hides)
    hide (job, panel, first_key, n_keys, -INFINITY, piece->scores);
  loops->weigh_rows (piece->scores, n_keys, panel->n_strips, panel->most, panel->weights, factors);
  /* The least weight is not quite nothing; what a row makes of its keys is to be the same whoever is beside it. */
  if (hides)
    hide (job, panel, first_key, n_keys, 0, piece->scores);
  loops->scale_rows (panel->sums, job->value_size, panel->n_strips, factors);
  loops->multiply_columns (piece->scores,
                           n_keys,
                           panel->n_strips,
                           piece->values,
                           piece->values_stride,
                           job->value_size,
                           panel->sums,
                           COLLATE_PANEL,
                           TRUE);
}

static void
put (const CollateAttentionJob *job, gint64 kv_head, const Panel *panel)
{
  for (gint64 row = 0; row < panel->n_rows; row++)
    {
      float *out =
          job->out + collate_attention_get_row (job, kv_head, panel->first_row + row) * job->value_size;
      float factor = 1 / panel->weights[row];

      for (gint64 i = 0; i < job->value_size; i++)
        out[i] = panel->sums[i * COLLATE_PANEL + row] * factor;
    }
}

static void
attend (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;

  for (gint64 item = first; item < end; item++)
    {
      Piece piece;
      const Panel *last;
      gint64 end_key;

      init_piece (job, item, thread, &piece);
      last = &piece.panels[piece.n_panels - 1];
      end_key = collate_attention_get_end (job, last->first_row + last->n_rows - 1);
      for (gint64 key = 0; key < end_key; key += COLLATE_BLOCK_KEYS)
        {
          gint64 n_keys = MIN (COLLATE_BLOCK_KEYS, end_key - key);

          expand_block (job, &piece, key, n_keys);
          for (guint i = 0; i < piece.n_panels; i++)
            {
              Panel *panel = &piece.panels[i];
              gint64 seen = collate_attention_get_end (job, panel->first_row + panel->n_rows - 1) - key;

              if (seen > 0)
                attend_block (job, &piece, panel, key, MIN (n_keys, seen));
            }
        }
      for (guint i = 0; i < piece.n_panels; i++)
        put (job, piece.kv_head, &piece.panels[i]);
    }
}

/* As many panels a piece as the scratch holds, but pieces enough for all threads. */
static void
run_many (CollateAttentionJob *job)
{
  gint64 n_kv_heads = job->params->n_kv_heads;
  gint64 n_held = ((gint64) (COLLATE_SCRATCH_BYTES / sizeof (float)) - count_block_numbers (job)) /
                  count_panel_numbers (job);
  gint64 n_wanted = (gint64) collate_pool_get_n_threads (job->cpu->pool) * PIECES_A_THREAD;
  gint64 n_panels = n_kv_heads * ((job->n_rows + COLLATE_PANEL - 1) / COLLATE_PANEL);

  job->rows_a_piece = CLAMP (n_panels / n_wanted, 1, MIN (n_held, MOST_PANELS)) * COLLATE_PANEL;
  job->n_pieces = (job->n_rows + job->rows_a_piece - 1) / job->rows_a_piece;
  collate_pool_run (job->cpu->pool, attend, job, n_kv_heads * job->n_pieces, 1);
}

static gboolean
check_sizes (const CollateAttentionJob *job, GError **error)
{
  if (job->params->head_size <= MOST_HEAD_SIZE && job->value_size <= MOST_VALUE_SIZE)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_UNSUPPORTED,
               "heads of %" G_GINT64_FORMAT " numbers; %d at most",
               job->params->head_size,
               MOST_HEAD_SIZE);
  return FALSE;
}

/* Tokens that see no more keys than are selected for them read them all, as without a selection. */
static gint64
count_dense_tokens (const CollateAttention *params)
{
  if (params->selected.buffer == NULL)
    return params->n_tokens;
  return CLAMP (params->n_selected - params->position, 0, params->n_tokens);
}

void
collate_cpu_attention (CollateDevice *device, const CollateAttention *params)
{
  gint64 value_size = params->value_size != 0 ? params->value_size : params->head_size;
  gint64 n_dense = count_dense_tokens (params);
  CollateAttentionJob job = {
    .cpu = (CollateCpuDevice *) device,
    .params = params,
    .queries = collate_place_get (params->queries),
    .keys = collate_place_get_halves (params->key_cache),
    .values = collate_place_get_halves (params->value_cache),
    .out = collate_place_get (params->out),
    .group = params->n_heads / params->n_kv_heads,
    .value_size = value_size,
    .key_stride = params->key_stride != 0 ? params->key_stride : params->n_kv_heads * params->head_size,
    .value_stride = params->value_stride != 0 ? params->value_stride : params->n_kv_heads * value_size,
    .scale = params->scale * (float) M_LOG2E,
  };

  if (job.cpu->error != NULL || !check_sizes (&job, &job.cpu->error))
    return;
  job.n_rows = n_dense * job.group;
  if (n_dense > 0 && collate_attention_is_few (&job))
    collate_attention_run_few (&job);
  else if (n_dense > 0)
    run_many (&job);
  if (n_dense < params->n_tokens)
    collate_attention_run_selected (&job, n_dense);
}
