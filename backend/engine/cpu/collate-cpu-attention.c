/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-attention.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"

/* Attention, block by block of keys with a running maximum (online softmax, arXiv:1805.02867). Here the many rows of a
 * prefill: they are the columns of panels, so that the lanes of a vector are rows, a key's number is broadcast to all of
 * them, and no maximum and no sum crosses lanes. Keys and values are expanded once for the panels of a piece. Where tokens
 * have keys selected, they go over all keys under a mask, or gather their own. */

#define MOST_HEAD_SIZE 576
#define MOST_VALUE_SIZE 512
#define MOST_PANELS 4 /* of a piece */
#define PIECES_A_THREAD 3
#define CHUNK_KEYS                                                                                           \
  (5 * COLLATE_BLOCK_KEYS) /* at least; of what is selected, whose memory is slower, a block */
#define MANY_HEADS 12      /* of one token that share keys: from here on panels are worth it */

/* The rows of a panel: [head_size or value_size][COLLATE_PANEL]. */
typedef struct
{
  gint64 first_row, n_rows;
  guint n_strips;
  float *queries; /* scaled */
  float *sums;    /* of values */
  float most[COLLATE_PANEL], weights[COLLATE_PANEL];
  gint64 cursors[COLLATE_PANEL]; /* of each token, in the list of the keys that are selected for it */
} Panel;

/* What a thread works on. */
typedef struct
{
  gint64 kv_head, chunk;
  const gint32 *places; /* of the keys, where these are selected */
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
      panel->cursors[row] = 0;
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

/* Rows from `first_row` to before `end`. */
static void
init_piece (const CollateAttentionJob *job, gint64 first_row, gint64 end, guint thread, Piece *piece)
{
  gint64 head_size = job->params->head_size;
  float *at = (float *) (gpointer) job->cpu->scratches[thread];

  piece->n_panels = 0;
  piece->scores = at;
  piece->keys = at + COLLATE_BLOCK_KEYS * COLLATE_PANEL;
  piece->values = are_joined (job) ? piece->keys : piece->keys + COLLATE_BLOCK_KEYS * head_size;
  piece->values_stride = are_joined (job) ? head_size : job->value_size;
  at += count_block_numbers (job);
  for (gint64 row = first_row; row < end; row += COLLATE_PANEL, at += count_panel_numbers (job))
    {
      Panel *panel = &piece->panels[piece->n_panels++];

      panel->first_row = row;
      panel->n_rows = MIN (end - row, COLLATE_PANEL);
      panel->queries = at;
      panel->sums = at + head_size * COLLATE_PANEL;
      init_panel (job, piece->kv_head, panel);
    }
}

/* Selected keys lie anywhere: they are asked for some keys before they are wanted. */
#define KEYS_AHEAD 4

static void
ask_for_key (const CollateAttentionJob *job, const Piece *piece, gint64 n)
{
  const guint16 *key =
      job->keys + piece->places[n] * job->key_stride + piece->kv_head * job->params->head_size;

  for (gint64 i = 0; i < job->params->head_size; i += 32)
    __builtin_prefetch (key + i);
}

static void
expand_block (const CollateAttentionJob *job, Piece *piece, gint64 first_key, gint64 n_keys)
{
  gint64 head_size = job->params->head_size;
  const guint16 *keys = job->keys + piece->kv_head * head_size;
  const guint16 *values = job->values + piece->kv_head * job->value_size;

  for (gint64 n = 0; n < n_keys; n++)
    {
      gint64 place = piece->places != NULL ? piece->places[first_key + n] : first_key + n;

      if (piece->places != NULL && n + KEYS_AHEAD < n_keys)
        ask_for_key (job, piece, first_key + n + KEYS_AHEAD);
      job->cpu->loops->from_f16 (keys + place * job->key_stride, piece->keys + n * head_size, head_size);
      if (piece->values != piece->keys)
        job->cpu->loops->from_f16 (
            values + place * job->value_stride, piece->values + n * job->value_size, job->value_size);
    }
}

/* Which rows see a key: those of earlier tokens than the first that sees it do not. */
static void
mark_visible (const CollateAttentionJob *job,
              const Panel *panel,
              gint64 first_key,
              gint64 n_keys,
              guint64 *seen)
{
  for (gint64 key = 0; key < n_keys; key++)
    {
      gint64 n_blind = (first_key + key - job->params->position) * job->group - panel->first_row;

      seen[key] = ~(guint64) 0 << CLAMP (n_blind, 0, COLLATE_PANEL);
    }
}

/* A panel's rows of a token. */
static guint64
get_rows (const CollateAttentionJob *job, const Panel *panel, gint64 token)
{
  gint64 first = MAX (token * job->group - panel->first_row, 0);
  gint64 end = MIN ((token + 1) * job->group - panel->first_row, COLLATE_PANEL);

  return (((guint64) 1 << (end - first)) - 1) << first;
}

/* The same where the rows see what is selected for their tokens, block after block; what stands behind the end of a list is
 * above all keys as a number without a sign. */
static void
mark_selected (const CollateAttentionJob *job, Panel *panel, gint64 first_key, gint64 n_keys, guint64 *seen)
{
  gint64 first = panel->first_row / job->group, last = (panel->first_row + panel->n_rows - 1) / job->group;
  gint64 n_selected = job->params->n_selected;

  memset (seen, 0, (gsize) n_keys * sizeof *seen);
  for (gint64 token = first; token <= last; token++)
    {
      const gint32 *list = job->selected + token * n_selected;
      guint64 rows = get_rows (job, panel, token);
      gint64 *n = &panel->cursors[token - first];

      for (; *n < n_selected && (guint32) list[*n] < (guint32) (first_key + n_keys); ++*n)
        seen[list[*n] - first_key] |= rows;
    }
}

/* Marks who sees what of a block, where not all rows see all of it; (nullable): all see all. */
static const guint64 *
mark_block (const CollateAttentionJob *job,
            const Piece *piece,
            Panel *panel,
            gint64 first_key,
            gint64 n_keys,
            guint64 *seen)
{
  gint64 last_row = panel->first_row + panel->n_rows - 1;

  if (piece->places != NULL)
    return NULL;
  if (job->selected != NULL && collate_attention_get_end (job, last_row) > job->params->n_selected)
    mark_selected (job, panel, first_key, n_keys, seen);
  else if (first_key + n_keys > collate_attention_get_end (job, panel->first_row))
    mark_visible (job, panel, first_key, n_keys, seen);
  else
    return NULL;
  return seen;
}

static gboolean
is_seen (const guint64 *seen, gint64 n_keys)
{
  guint64 rows = 0;

  for (gint64 key = 0; key < n_keys; key++)
    rows |= seen[key];
  return rows != 0;
}

static void
attend_block (const CollateAttentionJob *job,
              const Piece *piece,
              Panel *panel,
              const guint64 *seen,
              gint64 n_keys)
{
  const CollateCpuLoops *loops = job->cpu->loops;
  gint64 head_size = job->params->head_size;
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
  loops->weigh_rows (piece->scores, seen, n_keys, panel->n_strips, panel->most, panel->weights, factors);
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
put (const CollateAttentionJob *job, const Piece *piece, const Panel *panel)
{
  for (gint64 row = 0; row < panel->n_rows; row++)
    {
      gint64 whole_row = collate_attention_get_row (job, piece->kv_head, panel->first_row + row);
      float *out = job->out + whole_row * job->value_size;
      float factor = 1 / panel->weights[row];

      if (job->n_chunks > 1)
        {
          out = collate_attention_get_partial (job, whole_row, piece->chunk);
          *out++ = panel->most[row];
          *out++ = panel->weights[row];
          factor = 1;
        }
      for (gint64 i = 0; i < job->value_size; i++)
        out[i] = panel->sums[i * COLLATE_PANEL + row] * factor;
    }
}

/* What a row sees of n_keys keys: all those that are selected. */
static gint64
count_seen (const CollateAttentionJob *job, const Piece *piece, const Panel *panel, gint64 n_keys)
{
  if (piece->places != NULL)
    return n_keys;
  return MIN (n_keys, collate_attention_get_end (job, panel->first_row + panel->n_rows - 1));
}

/* A block of n_keys keys, of which there are n_all; what no row of a panel sees is passed over. */
static void
attend_panels (const CollateAttentionJob *job, Piece *piece, gint64 first_key, gint64 n_keys, gint64 n_all)
{
  gboolean is_expanded = FALSE;

  for (guint i = 0; i < piece->n_panels; i++)
    {
      Panel *panel = &piece->panels[i];
      gint64 n = MIN (n_keys, count_seen (job, piece, panel, n_all) - first_key);
      guint64 marks[COLLATE_BLOCK_KEYS];
      const guint64 *seen;

      if (n <= 0)
        continue;
      seen = mark_block (job, piece, panel, first_key, n, marks);
      if (seen != NULL && !is_seen (seen, n))
        continue;
      if (!is_expanded)
        expand_block (job, piece, first_key, n_keys);
      is_expanded = TRUE;
      attend_block (job, piece, panel, seen, n);
    }
}

/* A piece's chunk of n_keys keys. */
static void
attend_keys (const CollateAttentionJob *job, Piece *piece, gint64 n_keys)
{
  gint64 first_key = piece->chunk * job->keys_a_chunk, end_key = MIN (first_key + job->keys_a_chunk, n_keys);

  end_key = MIN (end_key, count_seen (job, piece, &piece->panels[piece->n_panels - 1], n_keys));
  for (gint64 key = first_key; key < end_key; key += COLLATE_BLOCK_KEYS)
    attend_panels (job, piece, key, MIN (COLLATE_BLOCK_KEYS, end_key - key), n_keys);
  for (guint i = 0; i < piece->n_panels; i++)
    put (job, piece, &piece->panels[i]);
}

static void
attend (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;

  for (gint64 item = first; item < end; item++)
    {
      gint64 rest = item / job->n_chunks;
      /* The last tokens, which see most keys, first: that leaves small pieces for the end. */
      gint64 first_row = (job->n_pieces - 1 - rest % job->n_pieces) * job->rows_a_piece;
      Piece piece = { .kv_head = rest / job->n_pieces, .chunk = item % job->n_chunks };

      init_piece (job, first_row, MIN (first_row + job->rows_a_piece, job->n_rows), thread, &piece);
      attend_keys (job, &piece, job->params->position + job->params->n_tokens);
    }
}

/* A piece is some of a token's heads that share keys, and a chunk of what is selected for it. */
static void
attend_selected (gpointer data, gint64 first, gint64 end, guint thread)
{
  const CollateAttentionJob *job = data;

  for (gint64 item = first; item < end; item++)
    {
      gint64 rest = item / job->n_chunks, head = rest / job->n_pieces;
      gint64 token = job->first_token + head / job->params->n_kv_heads;
      gint64 first_row = token * job->group + rest % job->n_pieces * job->rows_a_piece;
      gint64 end_row = MIN (first_row + job->rows_a_piece, (token + 1) * job->group);
      Piece piece = {
        .kv_head = head % job->params->n_kv_heads,
        .chunk = item % job->n_chunks,
        .places = job->selected + token * job->params->n_selected,
      };

      init_piece (job, first_row, end_row, thread, &piece);
      attend_keys (job, &piece, job->params->n_selected);
    }
}

/* Panels of a piece: as many as the scratch holds. */
static gint64
count_held_panels (const CollateAttentionJob *job)
{
  gint64 n_numbers = (gint64) (COLLATE_SCRATCH_BYTES / sizeof (float));

  return CLAMP ((n_numbers - count_block_numbers (job)) / count_panel_numbers (job), 1, MOST_PANELS);
}

static void
share_rows (CollateAttentionJob *job, gint64 n_rows, gint64 n_panels)
{
  job->rows_a_piece = n_panels * COLLATE_PANEL;
  job->n_pieces = (n_rows + job->rows_a_piece - 1) / job->rows_a_piece;
}

/* Large pieces, but enough of them for all threads: of the keys where there is one token alone. */
static void
run_many (CollateAttentionJob *job)
{
  const CollateAttention *params = job->params;
  gint64 n_keys = params->position + params->n_tokens;
  gint64 n_wanted = (gint64) collate_pool_get_n_threads (job->cpu->pool) * PIECES_A_THREAD;
  gint64 n_panels = params->n_kv_heads * ((job->n_rows + COLLATE_PANEL - 1) / COLLATE_PANEL);

  if (!collate_attention_plan_chunks (
          job, n_keys, params->n_tokens == 1 ? CHUNK_KEYS : n_keys, &job->cpu->error))
    return;
  share_rows (job, job->n_rows, CLAMP (n_panels * job->n_chunks / n_wanted, 1, count_held_panels (job)));
  collate_pool_run (job->cpu->pool, attend, job, params->n_kv_heads * job->n_pieces * job->n_chunks, 1);
  collate_attention_join_chunks (job, job->n_rows / job->group);
}

/* All heads of a token together where the scratch holds them, since each piece expands the keys for itself. */
static void
run_selected (CollateAttentionJob *job)
{
  const CollateAttention *params = job->params;
  gint64 n_tokens = params->n_tokens - job->first_token;

  if (!collate_attention_plan_chunks (job,
                                      params->n_selected,
                                      params->n_tokens == 1 ? COLLATE_BLOCK_KEYS : params->n_selected,
                                      &job->cpu->error))
    return;
  if (job->group < MANY_HEADS)
    collate_attention_run_few_selected (job);
  else
    {
      share_rows (job, job->group, count_held_panels (job));
      collate_pool_run (job->cpu->pool,
                        attend_selected,
                        job,
                        n_tokens * params->n_kv_heads * job->n_pieces * job->n_chunks,
                        1);
    }
  collate_attention_join_chunks (job, n_tokens);
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

/* Tokens that see no more keys than are selected for them read them all, as without a selection; some more go over all of
 * them for the sake of time. */
static gint64
count_dense_tokens (const CollateAttention *params)
{
  gint64 n_keys = params->n_selected;

  if (params->selected.buffer == NULL)
    return params->n_tokens;
  if (params->n_tokens > COLLATE_FEW_TOKENS)
    n_keys = MAX (n_keys, params->n_dense);
  return CLAMP (n_keys - params->position, 0, params->n_tokens);
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
    .selected = params->selected.buffer != NULL ? collate_place_get_ints (params->selected) : NULL,
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
  job.first_token = n_dense;
  if (n_dense < params->n_tokens && job.cpu->error == NULL)
    run_selected (&job);
}
