/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "engine/collate-device.h"
#include "engine/collate-gguf.h"

G_BEGIN_DECLS

/* A network: its shape and its weights on a device, bound by the names that its architecture gives them. Immutable but
 * for the device, which runs one forward pass at a time: whoever uses it holds `lock`. */

/* The shape, from the file's keys; every size is checked, and agrees with the tensors. */
typedef struct
{
  gint64 n_layers;
  gint64 width;   /* of the residual stream */
  gint64 n_heads; /* of queries; a multiple of n_kv_heads */
  gint64 n_kv_heads;
  gint64 head_size;
  gint64 hidden; /* width of the feed-forward network */
  gint64 n_vocabulary;
  gint64 context;   /* that it was trained for */
  gint64 n_rotated; /* numbers of a head that carry the position */
  float epsilon;    /* of the norms */
  float attention_scale;
  gboolean interleaved; /* how rotated numbers are paired */
} CollateShape;

/* A layer's weights, [rows][columns]; the model's. Those that an architecture lacks are NULL. */
typedef struct
{
  CollateWeight *attention_norm;        /* [width] */
  CollateWeight *query, *key, *value;   /* [heads * head_size][width] */
  CollateWeight *query_bias, *key_bias; /* [heads * head_size] */
  CollateWeight *value_bias;            /* [n_kv_heads * head_size] */
  CollateWeight *query_norm, *key_norm; /* [head_size] */
  CollateWeight *attention_out;         /* [width][n_heads * head_size] */
  CollateWeight *hidden_norm;           /* [width] */
  CollateWeight *gate, *up;             /* [hidden][width] */
  CollateWeight *down;                  /* [width][hidden] */
} CollateLayer;

typedef struct
{
  CollateShape shape;
  float *frequencies;       /* n_rotated / 2 */
  CollateWeight *embedding; /* [n_vocabulary][width] */
  CollateLayer *layers;
  CollateWeight *norm;   /* [width] */
  CollateWeight *output; /* [n_vocabulary][width]; may be the embedding */
  gint64 n_bytes;        /* that the weights take on the device */

  CollateDevice *device;
  GMutex lock; /* of the device */

  CollateGguf *gguf;  /* whose mapping the weights may be in */
  GPtrArray *weights; /* all of them, once */
} CollateEngineModel;

/* COLLATE_ERROR_UNSUPPORTED where an architecture ("llama"; (nullable)) is not known. */
gboolean collate_engine_model_check_architecture (const char *name, GError **error);

/* Reads a file's shape and loads its weights on a device, which it takes; (nullable) (transfer full).
 * COLLATE_ERROR_UNSUPPORTED (an architecture or a scaling that is not known), COLLATE_ERROR_INVALID (names the key or
 * tensor), COLLATE_ERROR_TOO_LARGE, COLLATE_ERROR_UNREADABLE (it is cut short meanwhile), COLLATE_ERROR_STOPPED. */
CollateEngineModel *collate_engine_model_load (CollateGguf *gguf,
                                               CollateDevice *device,
                                               GCancellable *cancellable,
                                               GError **error);
void collate_engine_model_free (CollateEngineModel *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateEngineModel, collate_engine_model_free)

G_END_DECLS
