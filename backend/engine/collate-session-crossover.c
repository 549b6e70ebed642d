/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-graph.h"
#include "engine/collate-session-private.h"

/* How many keys a token of a prefill may see before it is quicker to gather those that are selected for it than to go over
 * all of them under a mask: both are tried on the session's caches. What comes of it is time alone, but for last bits: the
 * figure is coarse, and all sessions of a model that read as many have the same, so that they agree. */

/* Keys that are seen, times those that are selected: about where the two take as long. */
#define DEPTH 2

/* Tokens of a trial, and how many times more the next one has where that was too short to tell, in µs. */
#define LEAST_TOKENS (COLLATE_FEW_TOKENS * 3 / 2)
#define GROWTH 4
#define LEAST_TIME 4000

/* Both ways are tried in turn, so often, or for so many µs: whatever else the machine does is then not only beside one of
 * them, and leaves some tries alone. */
#define MOST_TRIES 16
#define ENOUGH_TIME 40000

/* Of a whole chunk, in µs: in less there is nothing to be saved, and chance would choose. */
#define WORTHY_TIME 500

typedef struct
{
  CollateDevice *device;
  gint64 n_keys;          /* that the last token sees */
  gint64 n_tokens;        /* at most */
  CollateAttention whole; /* of all these tokens */
} Trial;

static gboolean
write_zeros (const Trial *trial, CollatePlace to, gint64 n_bytes, GError **error)
{
  g_autofree guint8 *zeros = g_malloc0 ((gsize) n_bytes);

  return trial->device->kernels->write (trial->device, to, zeros, (gsize) n_bytes, error);
}

/* Selects keys that lie evenly among those that a token sees. */
static gboolean
write_lists (const Trial *trial, GError **error)
{
  gint64 k = trial->whole.n_selected;
  g_autofree gint32 *lists = g_new (gint32, trial->n_tokens * k);

  for (gint64 t = 0; t < trial->n_tokens; t++)
    for (gint64 i = 0; i < k; i++)
      lists[t * k + i] = (gint32) (i * (trial->whole.position + t + 1) / k);
  return trial->device->kernels->write (
      trial->device, trial->whole.selected, lists, (gsize) (trial->n_tokens * k) * sizeof *lists, error);
}

/* Memory that nobody wrote to is no measure. */
static gboolean
prepare (const Trial *trial, GError **error)
{
  const CollateAttention *whole = &trial->whole;
  gint64 n_keys = trial->n_keys * whole->n_kv_heads * (gint64) sizeof (guint16);

  return write_zeros (trial,
                      whole->queries,
                      trial->n_tokens * whole->n_heads * whole->head_size * (gint64) sizeof (float),
                      error) &&
         write_zeros (trial, whole->key_cache, n_keys * whole->head_size, error) &&
         (whole->value_stride != 0 ||
          write_zeros (trial, whole->value_cache, n_keys * whole->value_size, error)) &&
         write_lists (trial, error);
}

/* The last of the tokens → how long they took at least, µs. */
static gboolean
try (const Trial *trial, gint64 n_tokens, gint64 n_dense, gint64 *time, GError **error)
{
  CollateAttention params = trial->whole;
  gint64 n_skipped = trial->n_tokens - n_tokens;
  gint64 start = g_get_monotonic_time ();

  params.n_tokens = n_tokens;
  params.position += n_skipped;
  params.selected.offset += (gsize) (n_skipped * params.n_selected) * sizeof (gint32);
  params.n_dense = n_dense;
  trial->device->kernels->begin (trial->device);
  trial->device->kernels->attention (trial->device, &params);
  if (!trial->device->kernels->end (trial->device, error))
    return FALSE;
  *time = MIN (*time, MAX (g_get_monotonic_time () - start, 1));
  return TRUE;
}

/* As many of the last tokens as take some time, but for the first time, when the device gets ready. */
static gboolean
choose_tokens (const Trial *trial, gint64 *n_tokens, gint64 *masked, GError **error)
{
  *n_tokens = LEAST_TOKENS;
  *masked = G_MAXINT64;
  if (!try (trial, *n_tokens, trial->n_keys, masked, error))
    return FALSE;
  *masked = G_MAXINT64;
  if (!try (trial, *n_tokens, trial->n_keys, masked, error))
    return FALSE;
  while (*masked < LEAST_TIME && *n_tokens < trial->n_tokens)
    {
      *n_tokens = MIN (*n_tokens * GROWTH, trial->n_tokens);
      *masked = G_MAXINT64;
      if (!try (trial, *n_tokens, trial->n_keys, masked, error))
        return FALSE;
    }
  return TRUE;
}

/* What all keys take grows with their number, what selected ones take does not. */
static gboolean
find_crossover (const Trial *trial, double *n_keys, GError **error)
{
  gint64 n_tokens, masked, gathered = G_MAXINT64, start;

  if (!prepare (trial, error) || !choose_tokens (trial, &n_tokens, &masked, error))
    return FALSE;
  start = g_get_monotonic_time ();
  for (guint i = 0; i == 0 || (i < MOST_TRIES && g_get_monotonic_time () - start < ENOUGH_TIME); i++)
    if (!try (trial, n_tokens, 0, &gathered, error) || !try (trial, n_tokens, trial->n_keys, &masked, error))
      return FALSE;
  if (n_tokens == trial->n_tokens && masked < WORTHY_TIME)
    {
      *n_keys = 0;
      return TRUE;
    }
  *n_keys = ((double) trial->n_keys - (double) n_tokens / 2) * (double) gathered / (double) masked;
  return TRUE;
}

/* The nearest of a few multiples of what is selected, by what it has to be multiplied with; 0: that itself. */
static gint64
round_coarsely (double n_keys, gint64 top_k)
{
  static const double multiples[] = { 8, 6, 4, 3, 2, 1.5, 1 };
  double ratio = n_keys / (double) top_k;

  for (gsize i = 0; i + 1 < G_N_ELEMENTS (multiples); i++)
    if (ratio * ratio >= multiples[i] * multiples[i + 1])
      return (gint64) (multiples[i] * (double) top_k);
  return 0;
}

static Trial
describe_trial (CollateEngineSession *self, gint64 n_keys)
{
  gint64 top_k = self->reading.top_k;
  Trial trial = {
    .device = self->model->device,
    .n_keys = n_keys,
    .n_tokens = MIN (n_keys - top_k, self->chunk),
    .whole = collate_graph_describe_attention (self->model, &self->at, 0),
  };

  trial.whole.position = n_keys - trial.n_tokens;
  trial.whole.selected = self->at.selected;
  trial.whole.n_selected = top_k;
  return trial;
}

/* What another session of the model measured; NULL: none did. */
static const CollateCrossover *
find_measured (CollateEngineModel *model, gint64 top_k, gint64 n_keys)
{
  for (guint i = 0; i < model->crossovers->len; i++)
    {
      const CollateCrossover *measured = &g_array_index (model->crossovers, CollateCrossover, i);

      if (measured->top_k == top_k && measured->n_keys == n_keys)
        return measured;
    }
  return NULL;
}

static const CollateCrossover *
measure_model (CollateEngineSession *self, gint64 n_keys, GError **error)
{
  CollateEngineModel *model = self->model;
  CollateCrossover measured = { self->reading.top_k, n_keys, 0 };
  Trial trial = describe_trial (self, n_keys);
  double crossover;

  if (!find_crossover (&trial, &crossover, error))
    return NULL;
  measured.n_dense = round_coarsely (crossover, measured.top_k);
  g_array_append_val (model->crossovers, measured);
  return find_measured (model, measured.top_k, n_keys);
}

gboolean
collate_session_find_crossover (CollateEngineSession *self, GError **error)
{
  gint64 n_keys = MIN (self->context, self->reading.top_k * DEPTH);
  const CollateCrossover *measured;

  if (!self->reading.sparse || n_keys - self->reading.top_k < LEAST_TOKENS || self->chunk < LEAST_TOKENS)
    return TRUE;
  g_mutex_lock (&self->model->lock);
  measured = find_measured (self->model, self->reading.top_k, n_keys);
  if (measured == NULL)
    measured = measure_model (self, n_keys, error);
  self->at.n_dense = measured != NULL ? measured->n_dense : 0;
  g_mutex_unlock (&self->model->lock);
  return measured != NULL;
}
