/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <string.h>

#include "base/collate-error.h"

/* What keys are worth to tokens: panels of keys, laid out once for all tokens, against the queries of some tokens at a
 * time. Products of heads stay in registers until they are weighed and added up. */

#define MOST_HEAD_SIZE 1024 /* where heads have weights */
#define MOST_PANELS 8       /* of a piece of work */
#define PIECES_A_THREAD 3

/* Numbers of queries that are worked on together: what the second cache holds beside a piece's panels. */
#define SOME_QUERIES (64 * 1024)

typedef struct
{
  CollateCpuDevice *cpu;
  const CollateIndex *params;
  const float *queries, *weights; /* of one head where there are no weights */
  gint64 n_keys, panels_a_piece;
} Job;

/* `n_columns` of the numbers of a panel's keys, from one column on; `halves` is room for them. */
static void
lay_out (const Job *job,
         gint64 first_key,
         gint64 n_keys,
         gint64 column,
         gint64 n_columns,
         guint16 *halves,
         float *panel)
{
  gint64 head_size = job->params->head_size, at = first_key * head_size + column;
  const CollateCpuLoops *loops = job->cpu->loops;

  if (job->params->scales.buffer == NULL)
    {
      loops->lay_out_keys (
          collate_place_get_halves (job->params->keys) + at, head_size, n_keys, n_columns, panel);
      return;
    }
  for (gint64 key = 0; key < n_keys; key++)
    loops->widen_bytes ((const guint8 *) collate_place_get (job->params->keys) + at + key * head_size,
                        halves + key * n_columns,
                        n_columns);
  loops->lay_out_keys (halves, n_columns, n_keys, n_columns, panel);
}

/* Sums of a panel, as far as a token sees its keys. */
static void
put (const Job *job, gint64 t, gint64 first_key, gint64 n_keys, const float *sums)
{
  const CollateIndex *params = job->params;
  float *scores = collate_place_get (params->scores) + t * params->scores_stride + first_key;
  const float *scales = params->scales.buffer != NULL ? collate_place_get (params->scales) + first_key : NULL;

  n_keys = MIN (n_keys, (params->position + t) / params->page + 1 - first_key);
  for (gint64 key = 0; key < n_keys; key++)
    scores[key] = sums[key] * params->scale * (scales != NULL ? scales[key] * COLLATE_BYTE_FACTOR : 1);
}

static guint
count_strips (gint64 n_keys)
{
  return (guint) ((n_keys + COLLATE_STRIP - 1) / COLLATE_STRIP);
}

/* The first token that sees this key. */
static gint64
find_first_token (const Job *job, gint64 key)
{
  return MAX (key * job->params->page - job->params->position, 0);
}

/* Some panels against all tokens, heads weighed. */
static void
score_heads (const Job *job, gint64 first_key, gint64 n_keys, float *scratch)
{
  const CollateIndex *params = job->params;
  gint64 row = params->n_heads * params->head_size, panel_numbers = params->head_size * COLLATE_PANEL;
  gint64 n_some = CLAMP (SOME_QUERIES / row, 1, COLLATE_PANEL_TOKENS);
  float *panels = scratch + n_some * COLLATE_PANEL;
  guint16 *halves = (guint16 *) (gpointer) (panels + job->panels_a_piece * panel_numbers);

  for (gint64 key = 0; key < n_keys; key += COLLATE_PANEL)
    lay_out (job,
             first_key + key,
             MIN (n_keys - key, COLLATE_PANEL),
             0,
             params->head_size,
             halves,
             panels + key / COLLATE_PANEL * panel_numbers);
  for (gint64 t = find_first_token (job, first_key); t < params->n_tokens; t += n_some)
    for (gint64 key = 0; key < n_keys; key += COLLATE_PANEL)
      {
        gint64 n = MIN (n_keys - key, COLLATE_PANEL), n_tokens = MIN (params->n_tokens - t, n_some);

        job->cpu->loops->score_panel (panels + key / COLLATE_PANEL * panel_numbers,
                                      params->head_size,
                                      count_strips (n),
                                      job->queries + t * row,
                                      job->weights + t * params->n_heads,
                                      n_tokens,
                                      params->n_heads,
                                      scratch);
        for (gint64 i = 0; i < n_tokens; i++)
          put (job, t + i, first_key + key, n, scratch + i * COLLATE_PANEL);
      }
}

/* One panel against all tokens, nothing weighed: any number of columns, some at a time. */
static void
score_sums (const Job *job, gint64 first_key, gint64 n_keys, float *scratch)
{
  const CollateIndex *params = job->params;
  float *panel = scratch + COLLATE_PANEL_TOKENS * COLLATE_PANEL;
  guint16 *halves = (guint16 *) (gpointer) (panel + COLLATE_PANEL_COLUMNS * COLLATE_PANEL);

  for (gint64 t = find_first_token (job, first_key); t < params->n_tokens; t += COLLATE_PANEL_TOKENS)
    {
      gint64 n_tokens = MIN (params->n_tokens - t, COLLATE_PANEL_TOKENS);

      for (gint64 column = 0; column < params->head_size; column += COLLATE_PANEL_COLUMNS)
        {
          gint64 n_columns = MIN (params->head_size - column, COLLATE_PANEL_COLUMNS);

          lay_out (job, first_key, n_keys, column, n_columns, halves, panel);
          job->cpu->loops->multiply_floats (panel,
                                            n_columns,
                                            count_strips (n_keys),
                                            job->queries + t * params->head_size + column,
                                            params->head_size,
                                            n_tokens,
                                            scratch,
                                            COLLATE_PANEL,
                                            column > 0);
        }
      for (gint64 i = 0; i < n_tokens; i++)
        put (job, t + i, first_key, n_keys, scratch + i * COLLATE_PANEL);
    }
}

static void
score_pieces (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Job *job = data;
  gint64 keys_a_piece = job->panels_a_piece * COLLATE_PANEL;
  float *scratch = (float *) (gpointer) job->cpu->scratches[thread];

  for (gint64 piece = first; piece < end; piece++)
    {
      gint64 first_key = piece * keys_a_piece, n_keys = MIN (keys_a_piece, job->n_keys - first_key);

      if (job->weights != NULL)
        score_heads (job, first_key, n_keys, scratch);
      else
        score_sums (job, first_key, n_keys, scratch);
    }
}

/* As many panels a piece as the scratch holds, but pieces enough for all threads. */
static gint64
plan (const Job *job)
{
  gint64 n_panels = (job->n_keys + COLLATE_PANEL - 1) / COLLATE_PANEL;
  gint64 n_held = (gint64) (COLLATE_SCRATCH_BYTES / 2) / (job->params->head_size * COLLATE_PANEL * 4);
  gint64 n_wanted = (gint64) collate_pool_get_n_threads (job->cpu->pool) * PIECES_A_THREAD;

  if (job->weights == NULL)
    return 1;
  return CLAMP (n_panels / n_wanted, 1, CLAMP (n_held, 1, MOST_PANELS));
}

/* Where heads have no weights, their sum is one head. */
static const float *
sum_heads (const Job *job, GError **error)
{
  const CollateIndex *params = job->params;
  const float *queries = collate_place_get (params->queries);
  float *sums;

  if (params->n_heads == 1)
    return queries;
  sums = collate_cpu_reserve_partials (job->cpu, params->n_tokens * params->head_size, error);
  for (gint64 t = 0; sums != NULL && t < params->n_tokens; t++)
    for (gint64 i = 0; i < params->head_size; i++)
      {
        const float *at = queries + t * params->n_heads * params->head_size + i;
        float sum = 0;

        for (gint64 head = 0; head < params->n_heads; head++)
          sum += at[head * params->head_size];
        sums[t * params->head_size + i] = sum;
      }
  return sums;
}

static gboolean
init_queries (Job *job, GError **error)
{
  if (job->weights == NULL)
    {
      job->queries = sum_heads (job, error);
      return job->queries != NULL;
    }
  if (job->params->head_size <= MOST_HEAD_SIZE)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_UNSUPPORTED,
               "index heads of %" G_GINT64_FORMAT " numbers; %d at most",
               job->params->head_size,
               MOST_HEAD_SIZE);
  return FALSE;
}

void
collate_cpu_index (CollateDevice *device, const CollateIndex *params)
{
  Job job = {
    .cpu = (CollateCpuDevice *) device,
    .params = params,
    .queries = collate_place_get (params->queries),
    .weights = params->weights.buffer != NULL ? collate_place_get (params->weights) : NULL,
    .n_keys = (params->position + params->n_tokens - 1) / params->page + 1,
  };
  gint64 n_panels = (job.n_keys + COLLATE_PANEL - 1) / COLLATE_PANEL;

  if (job.cpu->error != NULL || !init_queries (&job, &job.cpu->error))
    return;
  job.panels_a_piece = plan (&job);
  collate_pool_run (
      job.cpu->pool, score_pieces, &job, (n_panels + job.panels_a_piece - 1) / job.panels_a_piece, 1);
}
