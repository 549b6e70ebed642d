/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-tensor.h"

G_BEGIN_DECLS

/* A device: memory and a table of kernels. The graph is written against this table alone, one kernel a line; no word of
 * threads or of Vulkan passes it. Activations are f32, row by row: [n_tokens][columns]. KV caches are f16. Kernels are
 * recorded between begin() and end(): the CPU runs each at once, Vulkan submits what was recorded; end() waits, and
 * says whether all of them ran. One thread at a time. */
typedef struct _CollateDevice CollateDevice;

/* Memory of a device. */
typedef struct _CollateBuffer CollateBuffer;

/* A place in a buffer, in bytes: a multiple of 4, and best one of 16; NULL buffer: none. */
typedef struct
{
  CollateBuffer *buffer;
  gsize offset;
} CollatePlace;

/* A weight as the device keeps it (mapped, copied or repacked). */
typedef struct _CollateWeight CollateWeight;

/* rows[ids[t]] of `table`, expanded → out [n_tokens][columns]. */
typedef struct
{
  const CollateWeight *table;
  const gint32 *ids; /* host memory */
  CollatePlace out;
  gint64 n_tokens;
} CollateEmbed;

/* out = weight * in * rsqrt (mean (in²) + epsilon), for n_rows rows of `columns` (RMSNorm, arXiv:1910.07467). `weight`
 * has `columns` numbers and repeats for each row; it may be NULL. `in` may be `out`. */
typedef struct
{
  CollatePlace in, out;
  const CollateWeight *weight;
  gint64 n_rows, columns;
  float epsilon;
} CollateRmsNorm;

/* One product of several that share their input. */
typedef struct
{
  const CollateWeight *weight;
  const CollateWeight *bias; /* (nullable) */
  CollatePlace out;
  gint64 out_stride; /* in numbers; 0: the weight's rows */
} CollateProduct;

#define COLLATE_MOST_PRODUCTS 3

/* For each product: out[t][r] = (accumulate ? out[t][r] : 0) + Σ_c weight[r][c] * in[t][c] + bias[r]. The weights have as
 * many columns as the first, and no product's `out` lies in another's or in `in`. */
typedef struct
{
  CollatePlace in;
  gint64 n_tokens;
  gint64 in_stride; /* in numbers; 0: columns */
  gboolean accumulate;
  gsize n_products; /* 1 to 3 */
  CollateProduct products[COLLATE_MOST_PRODUCTS];
} CollateMatmul;

/* Rotates the first n_rotated numbers of each head in place (RoFormer, arXiv:2104.09864): angle = position *
 * frequencies[i]; pairs (2i, 2i+1) where interleaved, (i, i + n_rotated/2) otherwise. */
typedef struct
{
  CollatePlace heads;       /* [n_tokens][n_heads][head_size], rows `stride` numbers apart */
  const float *frequencies; /* host memory until end(), n_rotated / 2, scaling included */
  gint64 n_tokens, n_heads, head_size, n_rotated, stride;
  gint64 position; /* of the first token */
  gboolean interleaved;
} CollateRope;

/* Writes keys and values of n_tokens into a layer's caches as f16, from `position` on: [position][n_columns]. */
typedef struct
{
  CollatePlace keys, values; /* f32, rows `stride` numbers apart */
  CollatePlace key_cache, value_cache;
  gint64 n_tokens, n_columns, stride;
  gint64 position;
} CollateStore;

/* Causal attention of grouped queries over the caches (arXiv:2305.13245): token t at position + t sees keys up to
 * itself. out [n_tokens][n_heads * head_size]. */
typedef struct
{
  CollatePlace queries;                /* [n_tokens][n_heads][head_size], rows `stride` numbers apart */
  CollatePlace key_cache, value_cache; /* f16, [position][n_kv_heads][head_size] */
  CollatePlace out;
  gint64 n_tokens, n_heads, n_kv_heads, head_size, stride;
  gint64 position;
  float scale;
} CollateAttention;

/* out = silu (gate) * up, for n numbers. */
typedef struct
{
  CollatePlace gate, up, out;
  gint64 n;
} CollateSwiglu;

typedef struct
{
  const char *type; /* "cpu", "discrete" … as in the list of devices */

  /* Memory; NULL with COLLATE_ERROR_TOO_LARGE. Freeing waits for kernels that use it. */
  CollateBuffer *(*allocate) (CollateDevice *device, gsize n_bytes, GError **error);
  void (*free_buffer) (CollateDevice *device, CollateBuffer *buffer);
  gboolean (*write) (CollateDevice *device, CollatePlace to, const void *data, gsize n_bytes, GError **error);
  gboolean (*read) (CollateDevice *device, CollatePlace from, void *data, gsize n_bytes, GError **error);

  /* A weight, whose mapped data stays valid as long as it. NULL with an error. */
  CollateWeight *(*load) (CollateDevice *device, const CollateTensor *tensor, GError **error);
  void (*free_weight) (CollateDevice *device, CollateWeight *weight);

  void (*begin) (CollateDevice *device);
  gboolean (*end) (CollateDevice *device, GError **error);

  void (*embed) (CollateDevice *device, const CollateEmbed *params);
  void (*rms_norm) (CollateDevice *device, const CollateRmsNorm *params);
  void (*matmul) (CollateDevice *device, const CollateMatmul *params);
  void (*rope) (CollateDevice *device, const CollateRope *params);
  void (*store) (CollateDevice *device, const CollateStore *params);
  void (*attention) (CollateDevice *device, const CollateAttention *params);
  void (*swiglu) (CollateDevice *device, const CollateSwiglu *params);

  gint64 (*get_memory) (CollateDevice *device);    /* bytes taken by buffers and weights */
  gint64 (*get_available) (CollateDevice *device); /* bytes that can still be taken */
  gint64 (*get_most) (CollateDevice *device);      /* bytes that one buffer may have */
  void (*free) (CollateDevice *device);
} CollateDeviceKernels;

/* The head of every device's own struct. */
struct _CollateDevice
{
  const CollateDeviceKernels *kernels;
  char *name;        /* "cpu" */
  char *description; /* for people */
  gboolean is_lost;  /* it failed, and nothing runs on it any more */
};

/* The CPU, with its best vector instructions; n_threads 0: one a core; (transfer full). */
CollateDevice *collate_cpu_device_new (guint n_threads);

/* A graphics card, or what stands in for one. */
typedef struct
{
  guint index; /* in the loader's order */
  char *name;  /* "vulkan:0" */
  const char *type;
  char *description; /* for people */
} CollateVulkanInfo;

/* The Vulkan devices that the engine can run on, an array of CollateVulkanInfo; none without a loader or a driver;
 * (transfer full). */
GPtrArray *collate_vulkan_list (void);

/* Bytes of its own memory that models could take on a Vulkan device: what is free, and what this process holds there
 * already; -1 where it is none to run on. */
gint64 collate_vulkan_get_room (guint index);

/* A Vulkan device by its index. COLLATE_ERROR_UNSUPPORTED (there is none, or it lacks something), _TOO_LARGE, _SERVER;
 * (nullable) (transfer full). */
CollateDevice *collate_vulkan_device_new (guint index, GError **error);

void collate_device_free (CollateDevice *device);

/* Whose memory that is, for people: NULL for the CPU, which has the machine's. */
const char *collate_device_get_memory_name (CollateDevice *device);

/* COLLATE_ERROR_TOO_LARGE with both figures where `what` takes more than the device can still give. */
gboolean collate_device_check_memory (CollateDevice *device,
                                      gint64 n_bytes,
                                      const char *what,
                                      GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateDevice, collate_device_free)

G_END_DECLS
