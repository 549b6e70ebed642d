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
  gint64 in_stride, out_stride; /* from row to row, in numbers; 0: columns */
  float epsilon;
} CollateRmsNorm;

/* out = weight * (in - mean (in)) * rsqrt (variance (in) + epsilon) + bias, for n_rows rows of `columns` (layer
 * normalisation, arXiv:1607.06450). `in` may be `out`. */
typedef struct
{
  CollatePlace in, out;
  const CollateWeight *weight, *bias;
  gint64 n_rows, columns;
  float epsilon;
} CollateLayerNorm;

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

/* One product for each group (head) of a token, whose weights stand one below the other: out[t][g][r] =
 * Σ_c weight[g * rows + r][c] * in[t][g][c], with rows = the weight's / n_groups. `out` lies outside of `in`. */
typedef struct
{
  CollatePlace in, out;
  const CollateWeight *weight;
  gint64 n_tokens, n_groups;
  gint64 in_stride, in_group_stride;   /* from token to token, from group to group, in numbers */
  gint64 out_stride, out_group_stride; /* the same */
} CollateGroupedMatmul;

/* Rotates the first n_rotated numbers of each head (RoFormer, arXiv:2104.09864): angle = position * frequencies[i];
 * pairs (2i, 2i+1) where interleaved, (i, i + n_rotated/2) otherwise. In place, or to `out`, which then gets the rotated
 * numbers alone. */
typedef struct
{
  CollatePlace heads;       /* [n_tokens][n_heads][head_size], rows `stride` numbers apart */
  const float *frequencies; /* host memory until end(), n_rotated / 2, scaling included */
  gint64 n_tokens, n_heads, head_size, n_rotated, stride;
  gint64 position; /* of the first token */
  gboolean interleaved;
  float magnitude; /* that rotated numbers are multiplied with; 0: 1 */

  CollatePlace out; /* (nullable) */
  gint64 out_head_size, out_stride;
} CollateRope;

/* rows = H rows / sqrt (columns), in place: Sylvester's matrix in its natural order. */
typedef struct
{
  CollatePlace rows;
  gint64 n_rows, columns; /* a power of two, 2 to 1024 */
} CollateHadamard;

/* Writes keys and values of n_tokens into a layer's caches as f16, from `position` on: [position][n_columns]. */
typedef struct
{
  CollatePlace keys, values; /* f32, rows `stride` numbers apart; (nullable) values */
  CollatePlace key_cache, value_cache;
  gint64 n_tokens, n_columns, stride;
  gint64 position;
} CollateStore;

/* Writes keys of n_tokens as e4m3 (8 bits: 4 of exponent, 3 of mantissa, to the nearest, halves to even) with a scale
 * each, from `position` on: the power of two from max |key| / 448 up, where the maximum counts as 1e-4 at least
 * (DeepSeek-V3.2-Exp, act_quant with ue8m0). */
typedef struct
{
  CollatePlace keys;          /* f32, [n_tokens][n_columns] */
  CollatePlace cache;         /* bytes, [position][n_columns] */
  CollatePlace scales;        /* f32, [position] */
  gint64 n_tokens, n_columns; /* a multiple of 4 */
  gint64 position;
} CollateStoreBytes;

/* Causal attention of grouped queries over the caches (arXiv:2305.13245): token t at position + t sees keys up to
 * itself, or those of them that are selected for it. Multi-head latent attention in its absorbed form
 * (arXiv:2405.04434, section 2.1) is one head of keys, whose first numbers are the values: one cache. out
 * [n_tokens][n_heads][value_size]. With all visible keys selected the result is the same to the last bit as without a
 * selection, if it was that of as many tokens. */
typedef struct
{
  CollatePlace queries;                /* [n_tokens][n_heads][head_size], rows `stride` numbers apart */
  CollatePlace key_cache, value_cache; /* f16, [position][n_kv_heads][head_size], … [value_size] */
  CollatePlace out;
  gint64 n_tokens, n_heads, n_kv_heads, head_size, stride;
  gint64 value_size;               /* 0: head_size */
  gint64 key_stride, value_stride; /* from position to position, in numbers; 0: what the heads take */
  gint64 position;
  float scale;

  CollatePlace selected; /* gint32, [n_tokens][n_selected], as CollateSelect writes it; (nullable) */
  gint64 n_selected;
  /* Tokens that see at most so many keys may go over them all under a mask, where that is quicker; 0: all gather those that
   * are selected. As many as COLLATE_FEW_TOKENS always do. */
  gint64 n_dense;
} CollateAttention;

/* That hardly share what they read. */
#define COLLATE_FEW_TOKENS 8

/* Keys whose bounds make a page. */
#define COLLATE_PAGE 16

/* Writes the bounds of the pages that end among the n_tokens keys from `position` on, f16: of each number of a page's keys
 * the largest, then of each the least: [page][2][n_columns]. */
typedef struct
{
  CollatePlace key_cache; /* f16, [position][n_columns] */
  CollatePlace bounds;
  gint64 n_tokens, n_columns;
  gint64 position;
} CollateBound;

/* The sums over the heads that share keys of their queries' positive numbers, then of the negative ones: out
 * [n_tokens][2][n_kv_heads * head_size]. Its product with a page's bounds is the sum over all heads of the most that a key
 * of that page can score (Quest, arXiv:2406.10774, section 3.2). */
typedef struct
{
  CollatePlace queries; /* [n_tokens][n_heads][head_size], rows `stride` numbers apart */
  CollatePlace out;
  gint64 n_tokens, n_heads, n_kv_heads, head_size, stride;
} CollateSumSigns;

/* What each key is worth to each token: scores[t][s] = scale * Σ_h weights[t][h] * max (0, queries[t][h] · keys[s]) (the
 * lightning indexer: DeepSeek-V3.2-Exp, section 2.1, equation 1), or scale * Σ_h queries[t][h] · keys[s] where there are no
 * weights; for the keys s ≤ (position + t) / page, of `page` positions each. What stands behind them is left alone. */
typedef struct
{
  CollatePlace queries; /* [n_tokens][n_heads][head_size] */
  CollatePlace weights; /* [n_tokens][n_heads]; (nullable) */
  CollatePlace keys;    /* f16, [key][head_size]; with scales e4m3 as CollateStoreBytes writes them */
  CollatePlace scales;  /* f32, [key]; (nullable) */
  CollatePlace scores;  /* f32, rows `scores_stride` numbers apart */
  gint64 n_tokens, n_heads, head_size; /* a multiple of 4 */
  gint64 position, page, scores_stride;
  float scale;
} CollateIndex;

/* The most keys that a token can read in sparse attention. */
#define COLLATE_MOST_SELECTED 4096

/* For each token the min (k, position + t + 1) visible keys of the largest scores, the earlier of equal ones first, in
 * ascending order: selected[t][i], -1 behind the last. 0 equals -0, and what is no number is below all others. Key s has
 * the score s / page of its row; the first n_first and the last n_last visible ones come before all others. */
typedef struct
{
  CollatePlace scores;
  CollatePlace selected; /* gint32, [n_tokens][k] */
  gint64 n_tokens, k;    /* 1 to COLLATE_MOST_SELECTED */
  gint64 position, page, scores_stride;
  gint64 n_first, n_last;
} CollateSelect;

typedef enum
{
  COLLATE_GATING_SOFTMAX = 1, /* GGUF's own numbers */
  COLLATE_GATING_SIGMOID = 2,
} CollateGating;

/* Chooses each token's experts (arXiv:2412.19437, section 2.1.2): s = gating (logits); the n_used largest s + bias among
 * those of the n_groups_used best groups, a group counting as the sum of its two largest s + bias (as its largest s with
 * softmax); the earlier of equal ones. Their shares are s without bias, divided by their sum where `normalised`, times
 * `scale`. */
typedef struct
{
  CollatePlace logits;       /* [n_tokens][n_experts] */
  const CollateWeight *bias; /* [n_experts]; (nullable) */
  CollatePlace experts;      /* gint32, [n_tokens][n_used], the largest s + bias first */
  CollatePlace shares;       /* f32, [n_tokens][n_used] */
  gint64 n_tokens, n_experts, n_used;
  gint64 n_groups, n_groups_used; /* n_groups 1: none */
  CollateGating gating;
  gboolean normalised;
  float scale;
} CollateRoute;

/* out[t] += Σ_u shares[t][u] * down[e] (silu (gate[e] in[t]) * up[e] in[t]) with e = experts[t][u]. The experts of a weight
 * stand one below the other: gate and up [n_experts * hidden][width], down [n_experts * width][hidden]. */
typedef struct
{
  CollatePlace in;      /* [n_tokens][width] */
  CollatePlace out;     /* [n_tokens][width], not `in` */
  CollatePlace experts; /* gint32, [n_tokens][n_used], each below n_experts */
  CollatePlace shares;  /* f32, [n_tokens][n_used] */
  const CollateWeight *gate, *up, *down;
  gint64 n_tokens, n_experts, n_used, width, hidden;
} CollateExperts;

/* out = silu (gate) * up, for n numbers. */
typedef struct
{
  CollatePlace gate, up, out;
  gint64 n;
} CollateSwiglu;

typedef struct
{
  const char *type;     /* "cpu", "discrete" … as in the list of devices */
  gboolean reads_files; /* it can compute with weights that stay in their files */

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
  void (*layer_norm) (CollateDevice *device, const CollateLayerNorm *params);
  void (*grouped_matmul) (CollateDevice *device, const CollateGroupedMatmul *params);
  void (*hadamard) (CollateDevice *device, const CollateHadamard *params);
  void (*store_bytes) (CollateDevice *device, const CollateStoreBytes *params);
  void (*bound) (CollateDevice *device, const CollateBound *params);
  void (*sum_signs) (CollateDevice *device, const CollateSumSigns *params);
  void (*index) (CollateDevice *device, const CollateIndex *params);
  void (*select) (CollateDevice *device, const CollateSelect *params);
  void (*route) (CollateDevice *device, const CollateRoute *params);
  void (*experts) (CollateDevice *device, const CollateExperts *params);

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
