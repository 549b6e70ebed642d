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
  float *numbers;       /* of a tensor of one row, else NULL */
  CollateStrips strips; /* without data where they stay in the file */
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
  guint8 *strips;     /* a panel of them for each thread: of weights that stay in the file */
  gsize strips_bytes; /* of a thread */
  guint8 *rows;       /* activations as quants */
  gsize n_row_bytes;
  float *partials; /* of attention; of experts */
  gint64 n_partials;
} CollateCpuDevice;

/* Of the scratch of a thread, in bytes: a panel of f32 and the sums of a matmul; the most that attention takes. */
#define COLLATE_SCRATCH_BYTES ((gsize) 1024 * 1024)

static inline float *
collate_place_get (CollatePlace place)
{
  return (float *) (gpointer) (place.buffer->data + place.offset);
}

static inline guint16 *
collate_place_get_halves (CollatePlace place)
{
  return (guint16 *) (gpointer) collate_place_get (place);
}

static inline gint32 *
collate_place_get_ints (CollatePlace place)
{
  return (gint32 *) (gpointer) collate_place_get (place);
}

/* Memory on a line of the cache, on large pages where there is much; COLLATE_ERROR_TOO_LARGE. */
gpointer collate_cpu_allocate (gsize n_bytes, GError **error);

/* Makes room for so many rows of activations as quants. */
gboolean collate_cpu_reserve_rows (CollateCpuDevice *cpu, gint64 n_rows, gint64 columns, GError **error);

/* Room for so many numbers, reused by the next caller; (nullable) (transfer none). */
float *collate_cpu_reserve_partials (CollateCpuDevice *cpu, gint64 n_numbers, GError **error);

/* A kernel at work, for the functions that threads call. */
typedef struct
{
  CollateCpuDevice *cpu;
  gconstpointer params;
} CollateCpuCall;

/* Numbers that one thread works on before it is worth to wake another. */
#define COLLATE_GRAIN 16384

/* Rows of so many numbers for a piece of work. */
gint64 collate_cpu_get_grain (gint64 n_numbers);

void collate_cpu_rms_norm (CollateDevice *device, const CollateRmsNorm *params);
void collate_cpu_layer_norm (CollateDevice *device, const CollateLayerNorm *params);
void collate_cpu_hadamard (CollateDevice *device, const CollateHadamard *params);
void collate_cpu_matmul (CollateDevice *device, const CollateMatmul *params);
void collate_cpu_grouped_matmul (CollateDevice *device, const CollateGroupedMatmul *params);
void collate_cpu_rope (CollateDevice *device, const CollateRope *params);
void collate_cpu_store (CollateDevice *device, const CollateStore *params);
void collate_cpu_store_bytes (CollateDevice *device, const CollateStoreBytes *params);
void collate_cpu_attention (CollateDevice *device, const CollateAttention *params);
void collate_cpu_bound (CollateDevice *device, const CollateBound *params);
void collate_cpu_sum_signs (CollateDevice *device, const CollateSumSigns *params);
void collate_cpu_index (CollateDevice *device, const CollateIndex *params);
void collate_cpu_select (CollateDevice *device, const CollateSelect *params);
void collate_cpu_route (CollateDevice *device, const CollateRoute *params);
void collate_cpu_experts (CollateDevice *device, const CollateExperts *params);

/* As collate_cpu_device_new(), held to one instruction set; NULL where the processor lacks it. For tests. */
CollateDevice *collate_cpu_device_new_with (guint n_threads, CollateLevel level);

G_END_DECLS
