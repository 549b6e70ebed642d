/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "bench-machine.h"

/* How fast the products of SmolLM2's shapes are, as parts of what this machine gives in the same run: for one token the
 * bytes of the weight against a plain read, for many the operations against a loop of nothing but multiplications.
 *
 *   bench-kernels [threads [level [type]]]    level: plain, avx2, avx512, best; type: Q4_1 … */

typedef struct
{
  CollateWeight *weight;
  guint8 *data;
} Loaded;

/* Seconds of one product; the weights of many copies go by in turn, so that none waits in a cache, as in a model. */
static double
measure_matmul (CollateDevice *device, CollateType type, gint64 rows, gint64 columns, gint64 n_tokens)
{
  gsize n_bytes = collate_type_get_row_bytes (type, columns) * (gsize) rows;
  guint n_copies = n_tokens > 1 ? 1 : CLAMP (BENCH_READ_BYTES / n_bytes, 1, 512);
  g_autofree Loaded *loaded = g_new (Loaded, n_copies);
  CollatePlace in = { device->kernels->allocate (device, (gsize) (columns * n_tokens) * 4, NULL), 0 };
  CollatePlace out = { device->kernels->allocate (device, (gsize) (rows * n_tokens) * 4, NULL), 0 };
  double best = G_MAXDOUBLE;

  for (gint64 i = 0; i < columns * n_tokens; i++)
    collate_place_get (in)[i] = (float) (i % 13) - 6;
  for (guint i = 0; i < n_copies; i++)
    loaded[i].weight = bench_load (device, type, 1, rows, columns, &loaded[i].data);
  for (guint n = 0; n < BENCH_BEST_OF; n++)
    {
      double start = bench_get_seconds ();

      for (guint i = 0; i < n_copies; i++)
        device->kernels->matmul (
            device,
            &(CollateMatmul){
                in, n_tokens, .n_products = 1, .products = { { loaded[i].weight, .out = out } } });
      best = MIN (best, (bench_get_seconds () - start) / n_copies);
    }
  for (guint i = 0; i < n_copies; i++)
    {
      device->kernels->free_weight (device, loaded[i].weight);
      g_free (loaded[i].data);
    }
  device->kernels->free_buffer (device, in.buffer);
  device->kernels->free_buffer (device, out.buffer);
  return best;
}

static double
measure_attention (CollateDevice *device, gint64 n_tokens, gint64 position)
{
  gint64 n_heads = 9, n_kv_heads = 3, head_size = 64;
  gsize n_cache = (gsize) ((position + n_tokens) * n_kv_heads * head_size) * 2;
  gsize n_queries = (gsize) (n_tokens * n_heads * head_size) * sizeof (float);
  CollatePlace queries = { device->kernels->allocate (device, n_queries, NULL), 0 };
  CollatePlace out = { device->kernels->allocate (device, n_queries, NULL), 0 };
  CollatePlace keys = { device->kernels->allocate (device, n_cache, NULL), 0 };
  CollatePlace values = { device->kernels->allocate (device, n_cache, NULL), 0 };
  guint n_repeats = (guint) MAX (100000 / ((position + n_tokens) * n_tokens), 1); /* what is short, often */
  double best = G_MAXDOUBLE;

  memset (queries.buffer->data, 0, n_queries);
  memset (keys.buffer->data, 0x11, n_cache);
  memset (values.buffer->data, 0x11, n_cache);
  for (guint i = 0; i < BENCH_BEST_OF; i++)
    {
      double start = bench_get_seconds ();

      for (guint n = 0; n < n_repeats; n++)
        device->kernels->attention (device,
                                    &(CollateAttention){
                                        .queries = queries,
                                        .key_cache = keys,
                                        .value_cache = values,
                                        .out = out,
                                        .n_tokens = n_tokens,
                                        .n_heads = n_heads,
                                        .n_kv_heads = n_kv_heads,
                                        .head_size = head_size,
                                        .stride = n_heads * head_size,
                                        .position = position,
                                        .scale = 0.125f,
                                    });
      best = MIN (best, (bench_get_seconds () - start) / n_repeats);
    }
  device->kernels->free_buffer (device, queries.buffer);
  device->kernels->free_buffer (device, out.buffer);
  device->kernels->free_buffer (device, keys.buffer);
  device->kernels->free_buffer (device, values.buffer);
  return best;
}

static void
report_matmuls (CollateDevice *device, double read_speed, double peak, const char *only)
{
  static const CollateType types[] = {
    COLLATE_F16,  COLLATE_Q8_0, COLLATE_Q4_0, COLLATE_Q4_1, COLLATE_F32,  COLLATE_BF16,
    COLLATE_Q5_0, COLLATE_Q5_1, COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K,
  };
  static const gint64 shapes[][2] = { { 576, 576 }, { 1536, 576 }, { 576, 1536 }, { 49152, 576 } };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint j = 0; j < G_N_ELEMENTS (shapes); j++)
      {
        gint64 rows = shapes[j][0], columns = shapes[j][1];
        double n_bytes = (double) collate_type_get_row_bytes (types[i], columns) * (double) rows;
        double one, many;

        if (columns % collate_type_get_block (types[i]) != 0 ||
            (only != NULL && strcmp (only, collate_type_get_name (types[i])) != 0))
          continue;
        one = n_bytes / measure_matmul (device, types[i], rows, columns, 1);
        g_print ("%-5s %5" G_GINT64_FORMAT " x %-5" G_GINT64_FORMAT " 1 token %6.1f GB/s (%4.2f of reading)",
                 collate_type_get_name (types[i]),
                 rows,
                 columns,
                 one / 1e9,
                 one / read_speed);
        /* The rows of the vocabulary are for the last token alone. */
        if (rows <= 2000)
          {
            many =
                2.0 * 512 * (double) (rows * columns) / measure_matmul (device, types[i], rows, columns, 512);
            g_print ("   512 tokens %6.0f GFLOP/s (%4.2f of the peak)", many / 1e9, many / peak);
          }
        g_print ("\n");
      }
}

#define EXPERTS 64
#define EXPERTS_USED 8
#define EXPERT_WIDTH 2048
#define EXPERT_HIDDEN 768

/* Each time other experts go first, so that none waits in a cache. */
static double
measure_experts (CollateDevice *device, CollateType type, gint64 n_tokens)
{
  gsize n_bytes = (gsize) (n_tokens * EXPERT_WIDTH) * sizeof (float);
  gsize n_chosen = (gsize) (n_tokens * EXPERTS_USED);
  CollatePlace in = { device->kernels->allocate (device, n_bytes, NULL), 0 };
  CollatePlace out = { device->kernels->allocate (device, n_bytes, NULL), 0 };
  CollatePlace experts = { device->kernels->allocate (device, n_chosen * sizeof (gint32), NULL), 0 };
  CollatePlace shares = { device->kernels->allocate (device, n_chosen * sizeof (float), NULL), 0 };
  Loaded loaded[3];
  double best = G_MAXDOUBLE;

  memset (in.buffer->data, 0, n_bytes);
  memset (out.buffer->data, 0, n_bytes);
  memset (shares.buffer->data, 0, n_chosen * sizeof (float));
  loaded[0].weight =
      bench_load (device, type, EXPERTS, EXPERTS * EXPERT_HIDDEN, EXPERT_WIDTH, &loaded[0].data);
  loaded[1].weight =
      bench_load (device, type, EXPERTS, EXPERTS * EXPERT_HIDDEN, EXPERT_WIDTH, &loaded[1].data);
  loaded[2].weight =
      bench_load (device, type, EXPERTS, EXPERTS * EXPERT_WIDTH, EXPERT_HIDDEN, &loaded[2].data);
  for (guint n = 0; n < 4 * BENCH_BEST_OF; n++)
    {
      double start;

      for (gsize i = 0; i < n_chosen; i++)
        collate_place_get_ints (experts)[i] =
            (gint32) ((i * 7 + i / EXPERTS_USED * 3 + n * EXPERTS_USED) % EXPERTS);
      start = bench_get_seconds ();
      device->kernels->experts (device,
                                &(CollateExperts){ in,
                                                   out,
                                                   experts,
                                                   shares,
                                                   loaded[0].weight,
                                                   loaded[1].weight,
                                                   loaded[2].weight,
                                                   n_tokens,
                                                   EXPERTS,
                                                   EXPERTS_USED,
                                                   EXPERT_WIDTH,
                                                   EXPERT_HIDDEN });
      best = MIN (best, bench_get_seconds () - start);
    }
  for (guint i = 0; i < G_N_ELEMENTS (loaded); i++)
    {
      device->kernels->free_weight (device, loaded[i].weight);
      g_free (loaded[i].data);
    }
  device->kernels->free_buffer (device, in.buffer);
  device->kernels->free_buffer (device, out.buffer);
  device->kernels->free_buffer (device, experts.buffer);
  device->kernels->free_buffer (device, shares.buffer);
  return best;
}

static void
report_experts (CollateDevice *device, double read_speed, double peak)
{
  static const CollateType types[] = { COLLATE_F16, COLLATE_Q8_0, COLLATE_Q4_K };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      double n_numbers = 3.0 * EXPERTS_USED * EXPERT_HIDDEN * EXPERT_WIDTH;
      double n_bytes =
          n_numbers / collate_type_get_block (types[i]) * (double) collate_type_get_block_bytes (types[i]);
      double one = n_bytes / measure_experts (device, types[i], 1);
      double many = 2.0 * 256 * n_numbers / measure_experts (device, types[i], 256);

      g_print ("%-5s %d of %d experts of %d x %d: 1 token %6.1f GB/s (%4.2f of reading)   256 tokens %6.0f "
               "GFLOP/s (%4.2f of the peak)\n",
               collate_type_get_name (types[i]),
               EXPERTS_USED,
               EXPERTS,
               EXPERT_WIDTH,
               EXPERT_HIDDEN,
               one / 1e9,
               one / read_speed,
               many / 1e9,
               many / peak);
    }
}

static void
report_attention (CollateDevice *device)
{
  static const gint64 cases[][2] = { { 1, 0 }, { 1, 512 }, { 1, 4095 }, { 512, 0 }, { 512, 3584 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 n_tokens = cases[i][0], position = cases[i][1];
      double seconds = measure_attention (device, n_tokens, position);
      double n_pairs = (double) n_tokens * ((double) position + (double) (n_tokens + 1) / 2);

      g_print ("attention 9/3 of 64: %3" G_GINT64_FORMAT " tokens at %4" G_GINT64_FORMAT
               ": %9.1f us, %6.1f GFLOP/s, %5.1f GB/s of cache\n",
               n_tokens,
               position,
               seconds * 1e6,
               n_pairs * 9 * 64 * 4 / seconds / 1e9,
               (double) (position + n_tokens) * 3 * 64 * 4 / seconds / 1e9);
    }
}

int
main (int argc, char *argv[])
{
  guint n_threads = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 0;
  BenchMachine machine;

  if (!bench_machine_open (&machine, n_threads, bench_parse_level (argc > 2 ? argv[2] : NULL)))
    return 77;
  report_matmuls (machine.device, machine.read_speed, machine.peak, argc > 3 ? argv[3] : NULL);
  report_experts (machine.device, machine.read_speed, machine.peak);
  report_attention (machine.device);
  bench_machine_close (&machine);
  return 0;
}
