/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-activations.h"

#include <stddef.h>

/* A list of what a session takes of its device's memory, which is measured before it is taken. */

/* Numbers of scores at once: what a chunk of a short context has, and few enough for any context. */
#define MOST_SCORES ((gint64) 4 << 20)

/* A place of CollateActivations, and what a token takes there, in numbers of four bytes. */
typedef struct
{
  gsize field;
  gint64 n_numbers;
} Row;

#define FIELD(name) offsetof (CollateActivations, name)
#define MOST_ROWS 20

/* Bytes that a token of the context takes in a layer's caches. */
typedef struct
{
  gint64 keys, values, index, index_scales;
} CacheRow;

gboolean
collate_activations_draft (const CollateShape *shape, const CollateEngineReading *reading)
{
  return reading->drafts && shape->n_drafts > 0;
}

static gboolean
has_index (const CollateShape *shape, const CollateEngineReading *reading)
{
  return reading->sparse && shape->index.n_heads > 0;
}

static gsize
list_rows (const CollateShape *shape, const CollateEngineReading *reading, Row *rows)
{
  const CollateLatentShape *latent = &shape->latent;
  gint64 n_queries = shape->n_heads * shape->head_size, n_keys = shape->n_kv_heads * shape->head_size;
  gint64 n_hidden = MAX (shape->hidden, shape->experts.n_shared * shape->experts.hidden);
  gboolean is_latent = latent->rank > 0, indexed = has_index (shape, reading);
  gboolean drafts = collate_activations_draft (shape, reading);
  const Row all[] = {
    { FIELD (stream), shape->width },
    { FIELD (normed), shape->width },
    { FIELD (query), is_latent ? shape->n_heads * (latent->n_plain + shape->n_rotated) : n_queries },
    { FIELD (key), n_keys },
    { FIELD (value), is_latent ? 0 : n_keys },
    { FIELD (heads), shape->n_heads * shape->value_size },
    { FIELD (gate), n_hidden },
    { FIELD (up), n_hidden },
    { FIELD (query_rank), latent->query_rank },
    { FIELD (absorbed), is_latent ? n_queries : 0 },
    { FIELD (expanded), shape->n_heads * latent->out_size },
    { FIELD (route), shape->experts.n_experts },
    { FIELD (experts), shape->experts.n_used },
    { FIELD (shares), shape->experts.n_used },
    { FIELD (index_query),
      indexed           ? shape->index.n_heads * shape->index.size
      : reading->sparse ? 2 * n_keys
                        : 0 },
    { FIELD (index_key), indexed ? shape->index.size : 0 },
    { FIELD (index_weights), indexed ? shape->index.n_heads : 0 },
    { FIELD (selected), reading->sparse ? reading->top_k : 0 },
    { FIELD (joined), drafts ? 2 * shape->width : 0 },
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (all) <= MOST_ROWS);
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    rows[i] = all[i];
  return G_N_ELEMENTS (all);
}

/* Bounds are two numbers of each of a page's. */
static CacheRow
get_cache_row (const CollateShape *shape, const CollateEngineReading *reading)
{
  gint64 n_keys = shape->n_kv_heads * shape->head_size * (gint64) sizeof (guint16);
  CacheRow row = { n_keys, shape->latent.rank > 0 ? 0 : n_keys };

  if (has_index (shape, reading) && reading->narrow_index)
    {
      row.index = shape->index.size;
      row.index_scales = sizeof (float);
    }
  else if (has_index (shape, reading))
    row.index = shape->index.size * (gint64) sizeof (guint16);
  else if (reading->sparse)
    row.index = 2 * n_keys / COLLATE_PAGE;
  return row;
}

/* Layers that are run beyond the model's. */
static gint64
count_drafts (const CollateShape *shape, const CollateEngineReading *reading)
{
  return collate_activations_draft (shape, reading) ? shape->n_drafts : 0;
}

static gint64
count_scored (gint64 context, gint64 chunk)
{
  return CLAMP (MOST_SCORES / context, 1, chunk);
}

void
collate_activations_measure (const CollateShape *shape,
                             const CollateEngineReading *reading,
                             gint64 *n_fixed,
                             gint64 *n_per_token)
{
  Row rows[MOST_ROWS];
  gsize n_rows = list_rows (shape, reading, rows);
  CacheRow cache = get_cache_row (shape, reading);
  gint64 n_numbers = 0;

  for (gsize i = 0; i < n_rows; i++)
    n_numbers += rows[i].n_numbers;
  *n_fixed = COLLATE_CHUNK * n_numbers * (gint64) sizeof (float);
  if (reading->sparse)
    *n_fixed += MOST_SCORES * (gint64) sizeof (float);
  if (collate_activations_draft (shape, reading))
    *n_fixed += (COLLATE_CHUNK + 1) * shape->width * (gint64) sizeof (float);
  *n_per_token = shape->n_layers * (cache.keys + cache.values + cache.index + cache.index_scales) +
                 count_drafts (shape, reading) * (cache.keys + cache.values);
}

typedef struct
{
  CollateDevice *device;
  GPtrArray *buffers;
  gint64 *n_bytes;
  GError **error;
} Taking;

/* What takes nothing gets no buffer. */
static gboolean
take (Taking *taking, gint64 n_bytes, CollatePlace *place)
{
  if (n_bytes == 0)
    return TRUE;
  place->buffer = taking->device->kernels->allocate (taking->device, (gsize) n_bytes, taking->error);
  if (!place->buffer)
    return FALSE;
  g_ptr_array_add (taking->buffers, place->buffer);
  *taking->n_bytes += n_bytes;
  return TRUE;
}

static gboolean
take_caches (CollateActivations *at,
             const CollateShape *shape,
             const CollateEngineReading *reading,
             gint64 context,
             Taking *taking)
{
  CacheRow row = get_cache_row (shape, reading);
  gint64 n_layers = shape->n_layers + count_drafts (shape, reading);
  gint64 n_indexed = (context + COLLATE_PAGE - 1) / COLLATE_PAGE * COLLATE_PAGE; /* whole pages */

  at->key_caches = g_new0 (CollatePlace, n_layers);
  at->value_caches = g_new0 (CollatePlace, n_layers);
  at->indexes = g_new0 (CollatePlace, n_layers);
  at->index_scales = g_new0 (CollatePlace, n_layers);
  for (gint64 i = 0; i < n_layers; i++)
    if (!take (taking, context * row.keys, &at->key_caches[i]) ||
        !take (taking, context * row.values, &at->value_caches[i]) ||
        (i < shape->n_layers && (!take (taking, n_indexed * row.index, &at->indexes[i]) ||
                                 !take (taking, context * row.index_scales, &at->index_scales[i]))))
      return FALSE;
  return TRUE;
}

gboolean
collate_activations_take (CollateActivations *at,
                          CollateEngineModel *model,
                          const CollateEngineReading *reading,
                          gint64 context,
                          gint64 chunk,
                          GPtrArray *buffers,
                          gint64 *n_bytes,
                          GError **error)
{
  Taking taking = { model->device, buffers, n_bytes, error };
  const CollateShape *shape = &model->shape;
  Row rows[MOST_ROWS];
  gsize n_rows = list_rows (shape, reading, rows);

  for (gsize i = 0; i < n_rows; i++)
    if (!take (&taking,
               chunk * rows[i].n_numbers * (gint64) sizeof (float),
               G_STRUCT_MEMBER_P (at, rows[i].field)))
      return FALSE;
  at->n_scored = count_scored (context, chunk);
  return (!reading->sparse ||
          take (&taking, at->n_scored * context * (gint64) sizeof (float), &at->scores)) &&
         (!collate_activations_draft (shape, reading) ||
          take (&taking, (chunk + 1) * shape->width * (gint64) sizeof (float), &at->hidden)) &&
         take_caches (at, shape, reading, context, &taking);
}

void
collate_activations_clear (CollateActivations *at)
{
  g_free (at->key_caches);
  g_free (at->value_caches);
  g_free (at->indexes);
  g_free (at->index_scales);
}
