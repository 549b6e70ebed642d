/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "bench-machine.h"
#include "gguf-writer.h"

/* What sparse attention saves: index, selection and gathered attention at growing depths, against dense attention at the
 * same depth in the same run, for one token and for a chunk of a prefill.
 * Then keys that are gathered against all keys under a mask, at some multiples of those that are selected.
 *
 *   bench-sparse [threads [level [depth]]]    level: plain, avx2, avx512, best; depth: the largest; 0: masks alone */

typedef struct
{
  const char *name;
  gint64 n_heads, n_kv_heads, head_size, value_size;
  gint64 k;
  gint64 index_heads, index_size, page; /* without weights where there are pages */
} Shape;

static const Shape shapes[] = {
  { "9/3 heads of 64, k 512, index 4 x 64", 9, 3, 64, 0, 512, 4, 64, 1 },
  { "9/3 heads of 64, k 512, bounds of pages", 9, 3, 64, 0, 512, 1, 384, COLLATE_PAGE },
  { "latent, 8 heads, k 512, index 8 x 128", 8, 1, 576, 512, 512, 8, 128, 1 },
  { "latent, 128 heads, k 2048, index 64 x 128", 128, 1, 576, 512, 2048, 64, 128, 1 },
};

#define CHUNK 256
#define MOST_OPERATIONS 2e11 /* that are waited for: dense attention goes over fewer tokens then */

typedef struct
{
  CollateDevice *device;
  const Shape *shape;
  gint64 n_tokens, position;
  GPtrArray *buffers;

  CollateAttention attention;
  CollateIndex index, narrow;
  CollateSelect select;
} Trial;

/* Random bytes with exponents that are no extreme ones in f16 as in f32. */
static CollatePlace
fill (Trial *trial, gsize n_bytes, gboolean halves)
{
  CollatePlace place = { trial->device->kernels->allocate (trial->device, n_bytes, NULL), 0 };
  guint64 seed = n_bytes;

  for (gsize i = 0; i < n_bytes / 4; i++)
    {
      float number = gguf_random (&seed);
      guint32 two = collate_f32_to_f16 (number) | (guint32) collate_f32_to_f16 (-number) << 16;

      memcpy (place.buffer->data + i * 4, halves ? (gpointer) &two : (gpointer) &number, 4);
    }
  g_ptr_array_add (trial->buffers, place.buffer);
  return place;
}

static void
trial_init (Trial *trial, CollateDevice *device, const Shape *shape, gint64 n_tokens, gint64 depth)
{
  gint64 value_size = shape->value_size != 0 ? shape->value_size : shape->head_size;
  gint64 n_keys = (depth + shape->page - 1) / shape->page;
  gsize n_cache = (gsize) (depth * shape->n_kv_heads * shape->head_size) * 2;

  *trial = (Trial){ device, shape, n_tokens, depth - n_tokens, g_ptr_array_new () };
  trial->attention = (CollateAttention){
    .queries = fill (trial, (gsize) (n_tokens * shape->n_heads * shape->head_size) * 4, FALSE),
    .key_cache = fill (trial, n_cache, TRUE),
    .out = fill (trial, (gsize) (n_tokens * shape->n_heads * value_size) * 4, FALSE),
    .n_tokens = n_tokens,
    .n_heads = shape->n_heads,
    .n_kv_heads = shape->n_kv_heads,
    .head_size = shape->head_size,
    .stride = shape->n_heads * shape->head_size,
    .value_size = shape->value_size,
    .value_stride = shape->value_size != 0 ? shape->head_size : 0,
    .position = trial->position,
    .scale = 0.1f,
    .n_selected = shape->k,
  };
  trial->attention.value_cache =
      shape->value_size != 0 ? trial->attention.key_cache : fill (trial, n_cache, TRUE);
  trial->index = (CollateIndex){
    .queries = fill (trial, (gsize) (n_tokens * shape->index_heads * shape->index_size) * 4, FALSE),
    .keys = fill (trial, (gsize) (n_keys * shape->index_size) * 2, TRUE),
    .scores = fill (trial, (gsize) (n_tokens * n_keys) * 4, FALSE),
    .n_tokens = n_tokens,
    .n_heads = shape->index_heads,
    .head_size = shape->index_size,
    .position = trial->position,
    .page = shape->page,
    .scores_stride = n_keys,
    .scale = 1,
  };
  if (shape->page == 1)
    trial->index.weights = fill (trial, (gsize) (n_tokens * shape->index_heads) * 4, FALSE);
  trial->narrow = trial->index;
  trial->narrow.scales = fill (trial, (gsize) n_keys * 4, FALSE);
  trial->select = (CollateSelect){
    .scores = trial->index.scores,
    .selected = fill (trial, (gsize) (n_tokens * shape->k) * 4, FALSE),
    .n_tokens = n_tokens,
    .k = shape->k,
    .position = trial->position,
    .page = shape->page,
    .scores_stride = n_keys,
  };
}

static void
trial_clear (Trial *trial)
{
  for (guint i = 0; i < trial->buffers->len; i++)
    trial->device->kernels->free_buffer (trial->device, g_ptr_array_index (trial->buffers, i));
  g_ptr_array_unref (trial->buffers);
}

typedef void (*Kernel) (CollateDevice *device, gconstpointer params);

/* Seconds for a token: the best of some, and what is short often. */
static double
measure (Trial *trial, Kernel kernel, gconstpointer params, gint64 n_tokens)
{
  double best = G_MAXDOUBLE, spent = 0;

  for (guint i = 0; i < 50 && spent < 0.4; i++)
    {
      double start = bench_get_seconds (), seconds;

      kernel (trial->device, params);
      seconds = bench_get_seconds () - start;
      spent += seconds;
      best = MIN (best, seconds);
    }
  return best / (double) n_tokens;
}

static void
attend (CollateDevice *device, gconstpointer params)
{
  device->kernels->attention (device, params);
}

static void
score (CollateDevice *device, gconstpointer params)
{
  device->kernels->index (device, params);
}

static void
select_keys (CollateDevice *device, gconstpointer params)
{
  device->kernels->select (device, params);
}

/* As many tokens as can be waited for, the last ones of the chunk. */
static double
measure_dense (Trial *trial)
{
  const Shape *shape = trial->shape;
  CollateAttention dense = trial->attention;
  double n_operations = (double) (trial->position + trial->n_tokens) * (double) shape->n_heads * 2 *
                        (double) (shape->head_size * 2);
  gint64 n_tokens = MIN (trial->n_tokens, MAX (16, (gint64) (MOST_OPERATIONS / n_operations)));

  dense.position += dense.n_tokens - n_tokens;
  dense.n_tokens = n_tokens;
  return measure (trial, attend, &dense, n_tokens);
}

static void
report (CollateDevice *device, const Shape *shape, gint64 n_tokens, gint64 depth)
{
  Trial trial;
  double dense, index, narrow = 0, selection, sparse;
  gint64 n_pairs, n_keys;

  trial_init (&trial, device, shape, n_tokens, depth);
  n_keys = depth / shape->page;
  n_pairs = n_keys * shape->index_heads * shape->index_size;
  dense = measure_dense (&trial);
  index = measure (&trial, score, &trial.index, n_tokens);
  selection = measure (&trial, select_keys, &trial.select, n_tokens);
  trial.attention.selected = trial.select.selected;
  sparse = measure (&trial, attend, &trial.attention, n_tokens);
  if (shape->page == 1)
    narrow = measure (&trial, score, &trial.narrow, n_tokens);
  g_print (
      "  %3" G_GINT64_FORMAT " at %6" G_GINT64_FORMAT
      ": dense %9.1f us, index %8.1f (8 bits %8.1f; %5.1f GFLOP/s, %4.1f GB/s), select %6.1f, sparse %8.1f; "
      "attention %5.2fx, with all %5.2fx\n",
      n_tokens,
      depth,
      dense * 1e6,
      index * 1e6,
      narrow * 1e6,
      2e-9 * (double) n_pairs / index,
      2e-9 * (double) (n_keys * shape->index_size) / (index * (double) n_tokens),
      selection * 1e6,
      sparse * 1e6,
      dense / sparse,
      dense / (index + selection + sparse));
  trial_clear (&trial);
}

/* A chunk of a prefill whose last token sees so many keys, of which those that are selected lie anywhere. */
static void
report_mask (CollateDevice *device, const Shape *shape, double ratio)
{
  gint64 depth = (gint64) (ratio * (double) shape->k);
  double n_operations = (double) (depth * shape->n_heads * shape->head_size) * 4;
  gint64 n_tokens = CLAMP ((gint64) (MOST_OPERATIONS / 4 / n_operations), 16, CHUNK);
  double gathered, masked;
  Trial trial;

  n_tokens = MIN (n_tokens, depth - shape->k);
  trial_init (&trial, device, shape, n_tokens, depth);
  device->kernels->select (device, &trial.select);
  trial.attention.selected = trial.select.selected;
  gathered = measure (&trial, attend, &trial.attention, n_tokens);
  trial.attention.n_dense = depth;
  masked = measure (&trial, attend, &trial.attention, n_tokens);
  g_print ("  %3" G_GINT64_FORMAT " tokens, keys %5.2f times k: gathered %9.1f us, masked %9.1f us; %5.2fx\n",
           n_tokens,
           ratio,
           gathered * 1e6,
           masked * 1e6,
           gathered / masked);
  trial_clear (&trial);
}

int
main (int argc, char *argv[])
{
  static const double ratios[] = { 1.25, 1.5, 2, 3, 4, 8 };
  static const gint64 depths[] = { 1024, 2048, 8192, 32768, 131072 };
  guint n_threads = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 0;
  gint64 most = argc > 3 ? g_ascii_strtoll (argv[3], NULL, 10) : G_MAXINT64;
  BenchMachine machine;

  if (!bench_machine_open (&machine, n_threads, bench_parse_level (argc > 2 ? argv[2] : NULL)))
    return 77;
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_print ("%s; microseconds a token\n", shapes[i].name);
      for (guint j = 0; j < G_N_ELEMENTS (depths) && depths[j] <= most; j++)
        report (machine.device, &shapes[i], 1, depths[j]);
      for (guint j = 0; j < G_N_ELEMENTS (depths) && depths[j] <= most; j++)
        report (machine.device, &shapes[i], CHUNK, depths[j]);
      for (guint j = 0; j < G_N_ELEMENTS (ratios) && shapes[i].page == 1; j++)
        report_mask (machine.device, &shapes[i], ratios[j]);
    }
  bench_machine_close (&machine);
  return 0;
}
