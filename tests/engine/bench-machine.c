/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-machine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gguf-writer.h"

#define PEAK_TOKENS 24 /* whole tiles at any level */

typedef struct
{
  CollateCpuDevice *cpu;
  guint8 *bytes;
  float sums[64][16];
} Trial;

static clockid_t clock_id = CLOCK_MONOTONIC;

double
bench_get_seconds (void)
{
  struct timespec now;

  clock_gettime (clock_id, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static void
read_part (gpointer data, gint64 first, gint64 end, guint thread)
{
  Trial *trial = data;
  const guint64 *words = (const guint64 *) (gpointer) trial->bytes;
  guint64 sums[16] = { 0 };

  for (gint64 i = first * 4096; i < end * 4096; i += 16)
    for (guint k = 0; k < 16; k++)
      sums[k] += words[i + k];
  for (guint k = 0; k < 16; k++)
    trial->sums[thread % 64][k] += (float) sums[k];
}

static double
measure_read (Trial *trial)
{
  double best = 0;

  trial->bytes = collate_cpu_allocate (BENCH_READ_BYTES, NULL);
  memset (trial->bytes, 1, BENCH_READ_BYTES);
  for (guint i = 0; i < BENCH_BEST_OF; i++)
    {
      double start = bench_get_seconds ();

      collate_pool_run (trial->cpu->pool, read_part, trial, (gint64) (BENCH_READ_BYTES / 32768), 16);
      best = MAX (best, (double) BENCH_READ_BYTES / (bench_get_seconds () - start));
    }
  free (trial->bytes);
  return best;
}

/* A small panel that stays in the nearest cache, again and again. */
static void
multiply_part (gpointer data, gint64 first, gint64 end, guint thread)
{
  Trial *trial = data;
  static const float panel[64 * COLLATE_PANEL], in[PEAK_TOKENS * 64];
  float sums[PEAK_TOKENS * COLLATE_PANEL] = { 0 };

  for (gint64 i = first; i < end; i++)
    for (guint k = 0; k < 100; k++)
      trial->cpu->loops->multiply_floats (
          panel, 64, COLLATE_PANEL_STRIPS, in, 64, PEAK_TOKENS, sums, COLLATE_PANEL, TRUE);
  trial->sums[thread % 64][0] += sums[0];
}

static double
measure_peak (Trial *trial)
{
  double best = 0;

  for (guint i = 0; i < BENCH_BEST_OF; i++)
    {
      double start = bench_get_seconds ();

      collate_pool_run (trial->cpu->pool, multiply_part, trial, 64, 1);
      best = MAX (best, 64 * 100 * 2.0 * PEAK_TOKENS * 64 * COLLATE_PANEL / (bench_get_seconds () - start));
    }
  return best;
}

CollateLevel
bench_parse_level (const char *name)
{
  static const char *const names[] = { "plain", "avx2", "avx512", NULL };

  for (guint i = 0; names[i] != NULL; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      return (CollateLevel) i;
  return COLLATE_LEVEL_BEST;
}

gboolean
bench_machine_open (BenchMachine *machine, guint n_threads, CollateLevel level)
{
  CollateDevice *device = collate_cpu_device_new_with (n_threads, level);
  Trial trial = { .cpu = (CollateCpuDevice *) device };

  if (device == NULL)
    return FALSE;
  if (collate_pool_get_n_threads (trial.cpu->pool) == 1)
    clock_id = CLOCK_THREAD_CPUTIME_ID;
  *machine = (BenchMachine){ device, measure_read (&trial), measure_peak (&trial) };
  g_print ("%s\nread %.1f GB/s, f32 peak %.0f GFLOP/s\n",
           device->description,
           machine->read_speed / 1e9,
           machine->peak / 1e9);
  return TRUE;
}

void
bench_machine_close (BenchMachine *machine)
{
  collate_device_free (machine->device);
}

CollateWeight *
bench_load (CollateDevice *device,
            CollateType type,
            gint64 n_groups,
            gint64 rows,
            gint64 columns,
            guint8 **data)
{
  gsize row_bytes = collate_type_get_row_bytes (type, columns);
  g_autofree float *row = g_new (float, columns);
  CollateTensor tensor = {
    type, columns, rows, g_malloc (row_bytes * (gsize) rows), row_bytes * (gsize) rows, n_groups
  };
  guint64 seed = 1;

  *data = (guint8 *) tensor.data;
  for (gint64 i = 0; i < columns; i++)
    row[i] = gguf_random (&seed);
  gguf_pack (type, row, *data, columns);
  for (gint64 r = 1; r < rows; r++)
    memcpy (*data + (gsize) r * row_bytes, *data, row_bytes);
  return device->kernels->load (device, &tensor, NULL);
}
