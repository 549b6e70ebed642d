/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/collate-error.h"
#include "engine/collate-memory.h"

/* The CPU as a device: memory, weights in strips, and the kernels that are no more than a loop. Every kernel runs at
 * once, on all threads of the pool. */

/* From here on it is worth to ask the system whether there is so much, and for large pages. */
#define MUCH ((gsize) 4 << 20)

gpointer
collate_cpu_allocate (gsize n_bytes, GError **error)
{
  gsize alignment = n_bytes >= MUCH ? (gsize) 2 << 20 : 64;
  gpointer data;

  if (n_bytes >= MUCH &&
      !collate_memory_check ((gint64) MIN (n_bytes, G_MAXINT64), "Weights and caches", error))
    return NULL;
  data = n_bytes <= G_MAXSSIZE - alignment
             ? aligned_alloc (alignment, MAX ((n_bytes + alignment - 1) / alignment, 1) * alignment)
             : NULL;
  if (data == NULL)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_TOO_LARGE,
                   "There are no %" G_GSIZE_FORMAT " bytes of memory",
                   n_bytes);
      return NULL;
    }
  if (n_bytes >= MUCH)
    madvise (data, n_bytes, MADV_HUGEPAGE);
  return data;
}

float *
collate_cpu_reserve_partials (CollateCpuDevice *cpu, gint64 n_numbers, GError **error)
{
  float *partials;

  if (n_numbers <= cpu->n_partials)
    return cpu->partials;
  partials = collate_cpu_allocate ((gsize) n_numbers * sizeof *partials, error);
  if (partials == NULL)
    return NULL;
  free (cpu->partials);
  cpu->partials = partials;
  cpu->n_partials = n_numbers;
  return partials;
}

static CollateBuffer *
allocate (CollateDevice *device, gsize n_bytes, GError **error)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  guint8 *data = collate_cpu_allocate (n_bytes, error);
  CollateBuffer *buffer;

  if (data == NULL)
    return NULL;
  buffer = g_new (CollateBuffer, 1);
  *buffer = (CollateBuffer){ data, n_bytes };
  cpu->memory += (gint64) n_bytes;
  return buffer;
}

static void
free_buffer (CollateDevice *device, CollateBuffer *buffer)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;

  if (buffer == NULL)
    return;
  cpu->memory -= (gint64) buffer->n_bytes;
  free (buffer->data);
  g_free (buffer);
}

static gboolean
write_bytes (CollateDevice *device, CollatePlace to, const void *data, gsize n_bytes, GError **error)
{
  memcpy (collate_place_get (to), data, n_bytes);
  return TRUE;
}

static gboolean
read_bytes (CollateDevice *device, CollatePlace from, void *data, gsize n_bytes, GError **error)
{
  memcpy (data, collate_place_get (from), n_bytes);
  return TRUE;
}

static void
free_weight (CollateDevice *device, CollateWeight *weight)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;

  if (weight == NULL)
    return;
  cpu->memory -= (gint64) weight->n_bytes;
  free (weight->strips.data);
  free (weight->numbers);
  g_free (weight);
}

static void
pack_strips (gpointer data, gint64 first, gint64 end, guint thread)
{
  CollateWeight *weight = data;

  collate_strips_pack (&weight->strips, &weight->tensor, first, end);
}

/* Of a weight that stays in the file, whose pages the system keeps as long as it can, strips are made when they are wanted:
 * makes room for a panel of them for each thread. */
static gboolean
reserve_strips (CollateCpuDevice *cpu, const CollateStrips *strips, GError **error)
{
  gsize n_bytes = strips->strip_bytes * COLLATE_PANEL_STRIPS;
  guint8 *data;

  if (n_bytes <= cpu->strips_bytes)
    return TRUE;
  data = collate_cpu_allocate (n_bytes * collate_pool_get_n_threads (cpu->pool), error);
  if (data == NULL)
    return FALSE;
  free (cpu->strips);
  cpu->strips = data;
  cpu->strips_bytes = n_bytes;
  return TRUE;
}

static gboolean
fill_weight (CollateCpuDevice *cpu, CollateWeight *weight, GError **error)
{
  CollateStrips *strips = &weight->strips;
  gsize n_bytes;

  if (!collate_strips_init (strips, &weight->tensor))
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "A weight is too large to be addressed");
      return FALSE;
    }
  if (collate_strips_have_quants (strips) &&
      !collate_cpu_reserve_rows (cpu, COLLATE_PANEL_TOKENS, strips->columns, error))
    return FALSE;

  n_bytes = strips->strip_bytes * (gsize) strips->n_strips;
  if (weight->tensor.stays_in_file)
    return reserve_strips (cpu, strips, error);
  strips->data = collate_cpu_allocate (n_bytes, error);
  if (strips->data == NULL)
    return FALSE;
  weight->n_bytes = n_bytes;
  collate_pool_run (cpu->pool, pack_strips, weight, strips->n_strips, 1);

  if (weight->tensor.rows == 1)
    {
      weight->numbers = collate_cpu_allocate ((gsize) weight->tensor.columns * sizeof (float), error);
      if (weight->numbers == NULL)
        return FALSE;
      collate_type_expand (weight->tensor.type, weight->tensor.data, weight->numbers, weight->tensor.columns);
      weight->n_bytes += (gsize) weight->tensor.columns * sizeof (float);
    }
  return TRUE;
}

static CollateWeight *
load (CollateDevice *device, const CollateTensor *tensor, GError **error)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  CollateWeight *weight = g_new0 (CollateWeight, 1);
  gboolean loaded;

  weight->tensor = *tensor;
  loaded = fill_weight (cpu, weight, error);
  cpu->memory += (gint64) weight->n_bytes;
  if (!loaded)
    {
      free_weight (device, weight);
      return NULL;
    }
  return weight;
}

static void
begin (CollateDevice *device)
{
  g_clear_error (&((CollateCpuDevice *) device)->error);
}

static gboolean
end (CollateDevice *device, GError **error)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;

  if (cpu->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cpu->error));
  return FALSE;
}

gint64
collate_cpu_get_grain (gint64 n_numbers)
{
  return MAX (COLLATE_GRAIN / MAX (n_numbers, 1), 1);
}

static void
embed_tokens (gpointer data, gint64 first, gint64 end_, guint thread)
{
  const CollateEmbed *params = ((const CollateCpuCall *) data)->params;
  const CollateTensor *table = &params->table->tensor;
  gsize row_bytes = collate_type_get_row_bytes (table->type, table->columns);

  for (gint64 t = first; t < end_; t++)
    {
      const guint8 *row = (const guint8 *) table->data + (gsize) params->ids[t] * row_bytes;

      collate_type_expand (
          table->type, row, collate_place_get (params->out) + t * table->columns, table->columns);
    }
}

static void
embed (CollateDevice *device, const CollateEmbed *params)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  CollateCpuCall call = { cpu, params };

  collate_pool_run (cpu->pool,
                    embed_tokens,
                    &call,
                    params->n_tokens,
                    collate_cpu_get_grain (params->table->tensor.columns));
}

static void
gate_numbers (gpointer data, gint64 first, gint64 end_, guint thread)
{
  const CollateCpuCall *call = data;
  const CollateSwiglu *params = call->params;

  call->cpu->loops->swiglu (collate_place_get (params->gate) + first,
                            collate_place_get (params->up) + first,
                            collate_place_get (params->out) + first,
                            end_ - first);
}

static void
swiglu (CollateDevice *device, const CollateSwiglu *params)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  CollateCpuCall call = { cpu, params };

  collate_pool_run (cpu->pool, gate_numbers, &call, params->n, COLLATE_GRAIN);
}

static gint64
get_memory (CollateDevice *device)
{
  return ((CollateCpuDevice *) device)->memory;
}

static gint64
get_available (CollateDevice *device)
{
  return collate_memory_get_available ();
}

static gint64
get_most (CollateDevice *device)
{
  return G_MAXINT64;
}

static void
free_device (CollateDevice *device)
{
  CollateCpuDevice *cpu = (CollateCpuDevice *) device;
  guint n_threads = collate_pool_get_n_threads (cpu->pool);

  collate_pool_free (cpu->pool);
  for (guint i = 0; i < n_threads; i++)
    g_aligned_free (cpu->scratches[i]);
  g_free (cpu->scratches);
  free (cpu->strips);
  free (cpu->rows);
  free (cpu->partials);
  g_clear_error (&cpu->error);
  g_free (cpu->head.name);
  g_free (cpu->head.description);
  g_free (cpu);
}

static const CollateDeviceKernels kernels = {
  .type = "cpu",
  .reads_files = TRUE,
  .allocate = allocate,
  .free_buffer = free_buffer,
  .write = write_bytes,
  .read = read_bytes,
  .load = load,
  .free_weight = free_weight,
  .begin = begin,
  .end = end,
  .embed = embed,
  .rms_norm = collate_cpu_rms_norm,
  .matmul = collate_cpu_matmul,
  .rope = collate_cpu_rope,
  .store = collate_cpu_store,
  .attention = collate_cpu_attention,
  .swiglu = swiglu,
  .layer_norm = collate_cpu_layer_norm,
  .grouped_matmul = collate_cpu_grouped_matmul,
  .hadamard = collate_cpu_hadamard,
  .store_bytes = collate_cpu_store_bytes,
  .bound = collate_cpu_bound,
  .sum_signs = collate_cpu_sum_signs,
  .index = collate_cpu_index,
  .select = collate_cpu_select,
  .route = collate_cpu_route,
  .experts = collate_cpu_experts,
  .get_memory = get_memory,
  .get_available = get_available,
  .get_most = get_most,
  .free = free_device,
};

/* "model name" of the first processor, or what the compiler calls the machine. */
static char *
get_processor_name (void)
{
  g_autofree char *text = NULL;
  const char *line, *colon;

  if (g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL) &&
      (line = strstr (text, "model name")) != NULL && (colon = strchr (line, ':')) != NULL)
    return g_strstrip (g_strndup (colon + 1, strcspn (colon + 1, "\n")));
  return g_strdup ("CPU");
}

CollateDevice *
collate_cpu_device_new_with (guint n_threads, CollateLevel level)
{
  const CollateCpuLoops *loops = collate_cpu_loops_get (level);
  g_autofree char *name = get_processor_name ();
  CollateCpuDevice *cpu;

  if (loops == NULL)
    return NULL;
  cpu = g_new0 (CollateCpuDevice, 1);
  cpu->loops = loops;
  cpu->pool = collate_pool_new (n_threads);
  n_threads = collate_pool_get_n_threads (cpu->pool);
  cpu->scratches = g_new (guint8 *, n_threads);
  for (guint i = 0; i < n_threads; i++)
    cpu->scratches[i] = g_aligned_alloc (1, COLLATE_SCRATCH_BYTES, 64);

  cpu->head.kernels = &kernels;
  cpu->head.name = g_strdup ("cpu");
  cpu->head.description =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s, %s, %u thread", "%s, %s, %u threads", n_threads),
                       name,
                       loops->name,
                       n_threads);
  return &cpu->head;
}

CollateDevice *
collate_cpu_device_new (guint n_threads)
{
  return collate_cpu_device_new_with (n_threads, COLLATE_LEVEL_BEST);
}
