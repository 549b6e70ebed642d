/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"
#include "engine/cpu/collate-cpu-loops.h"
#include "engine/cpu/collate-pool.h"

G_BEGIN_DECLS

/* What the files of the CPU device share. */

struct _CollateBuffer
{
  guint8 *data;
  gsize n_bytes;
};

struct _CollateWeight
{
  CollateTensor tensor;
  float *numbers; /* of a tensor of one row, else NULL */
  CollateStrips strips;
  gsize n_bytes;
};

typedef struct
{
  CollateDevice head;
  CollatePool *pool;
  const CollateCpuLoops *loops;
  gint64 memory;
  GError *error; /* of a kernel since begin() */

  guint8 **scratches; /* one a thread */
  guint8 *rows;       /* activations as quants */
  gint64 rows_columns;
  float *partials; /* of attention */
  gint64 n_partials;
} CollateCpuDevice;

/* Of the scratch of a thread, in bytes: a panel of f32 and the sums of a matmul; the most that attention takes. */
#define COLLATE_SCRATCH_BYTES ((gsize) 768 * 1024)

static inline float *
collate_place_get (CollatePlace place)
{
  return (float *) (gpointer) (place.buffer->data + place.offset);
}

/* Memory on a line of the cache, on large pages where there is much; COLLATE_ERROR_TOO_LARGE. */
gpointer collate_cpu_allocate (gsize n_bytes, GError **error);

/* Makes room for the activations of weights of so many columns. */
gboolean collate_cpu_reserve_rows (CollateCpuDevice *cpu, gint64 columns, GError **error);

/* Room for so many numbers, reused by the next caller; (nullable) (transfer none). */
float *collate_cpu_reserve_partials (CollateCpuDevice *cpu, gint64 n_numbers, GError **error);

void collate_cpu_matmul (CollateDevice *device, const CollateMatmul *params);
void collate_cpu_attention (CollateDevice *device, const CollateAttention *params);

/* As collate_cpu_device_new(), held to one instruction set; NULL where the processor lacks it. For tests. */
CollateDevice *collate_cpu_device_new_with (guint n_threads, CollateLevel level);

G_END_DECLS
