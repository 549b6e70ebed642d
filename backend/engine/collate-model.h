/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "engine/collate-device.h"
#include "engine/collate-gguf.h"

G_BEGIN_DECLS

/* A network: its shape and its weights on a device, bound by the names that its architecture gives them. Immutable but
 * for the device, which runs one forward pass at a time: whoever uses it holds `lock`. */

/* Multi-head latent attention (arXiv:2405.04434, section 2.1): keys and values of all heads come from one latent row, which
 * is all that is cached. Here in its absorbed form, in which a query is compared with that row itself: to the attention it
 * is one head of keys. */
typedef struct
{
  gint64 query_rank; /* that queries are made from; 0: from the stream */
  gint64
      rank; /* of the latent row, its rotated numbers not counted; 0: there is none, heads have their own keys */
  gint64 n_plain;  /* numbers of a query's head that carry no position */
  gint64 out_size; /* of a head, as its values are made from the latent ones */
} CollateLatentShape;

/* A mixture of experts (arXiv:2412.19437, section 2.1.2). */
typedef struct
{
  gint64 n_experts; /* 0: there are none */
  gint64 n_used;    /* by a token */
  gint64 hidden;    /* width of an expert */
  gint64 n_shared;  /* that every token uses: together one network of n_shared * hidden */
  gint64 n_groups, n_groups_used;
  gint64 n_dense_layers; /* the first ones, which have no experts */
  CollateGating gating;
  gboolean normalised;
  float scale;
} CollateExpertsShape;

/* The lightning indexer (DeepSeek-V3.2-Exp, section 2.1). */
typedef struct
{
  gint64 n_heads; /* 0: there is none */
  gint64 size;    /* of a head */
  gboolean interleaved;
} CollateIndexShape;

/* The shape, from the file's keys; every size is checked, and agrees with the tensors. */
typedef struct
{
  gint64 n_layers; /* without those that draft */
  gint64 n_drafts; /* layers that predict one token further (arXiv:2412.19437, section 2.2): 0 or 1 */
  gint64 width;    /* of the residual stream */
  gint64 n_heads;  /* of queries; a multiple of n_kv_heads */
  gint64 n_kv_heads;
  gint64 head_size;  /* of queries and keys, as they are compared */
  gint64 value_size; /* of what attention sums up */
  gint64 hidden;     /* width of the feed-forward network */
  gint64 n_vocabulary;
  gint64 context;   /* that it was trained for */
  gint64 n_rotated; /* numbers of a head that carry the position */
  float epsilon;    /* of the norms */
  float attention_scale;
  float rotation_scale; /* that rotated numbers are multiplied with */
  gboolean interleaved; /* how rotated numbers are paired */

  CollateLatentShape latent;
  CollateExpertsShape experts;
  CollateIndexShape index;
} CollateShape;

/* A layer's weights, [rows][columns]; the model's. Those that an architecture or a layer lacks are NULL. */
typedef struct
{
  CollateWeight *attention_norm;        /* [width] */
  CollateWeight *query, *key, *value;   /* [heads * head_size][width] */
  CollateWeight *query_bias, *key_bias; /* [heads * head_size] */
  CollateWeight *value_bias;            /* [n_kv_heads * head_size] */
  CollateWeight *query_norm, *key_norm; /* [head_size] */
  CollateWeight *attention_out;         /* [width][n_heads * head_size] */
  CollateWeight *hidden_norm;           /* [width] */
  CollateWeight *gate, *up;             /* [hidden][width]; beside experts the shared ones */
  CollateWeight *down;                  /* [width][hidden] */

  /* Latent attention, whose `query` is [n_heads * (n_plain + n_rotated)][query_rank or width], and whose attention_out is
   * [width][n_heads * out_size]. */
  CollateWeight *query_down;        /* [query_rank][width] */
  CollateWeight *latent_query_norm; /* [query_rank] */
  CollateWeight *latent;            /* [rank + n_rotated][width] */
  CollateWeight *latent_norm;       /* [rank] */
  CollateWeight *absorb; /* [n_heads][rank][n_plain]: queries → what is compared with latent rows */
  CollateWeight *expand; /* [n_heads][out_size][rank]: sums of latent rows → values */

  /* Experts. */
  CollateWeight *route;                     /* [n_experts][width] */
  CollateWeight *route_bias;                /* [n_experts] */
  CollateWeight *experts_gate, *experts_up; /* [n_experts][hidden][width] */
  CollateWeight *experts_down;              /* [n_experts][width][hidden] */

  /* The indexer. A layer without one uses what the layer before selected. */
  CollateWeight *index_query;                  /* [n_heads * size][query_rank] */
  CollateWeight *index_key;                    /* [size][width] */
  CollateWeight *index_norm, *index_norm_bias; /* [size] */
  CollateWeight *index_weights;                /* [n_heads][width] */

  /* A layer that drafts. */
  CollateWeight *draft_token_norm, *draft_stream_norm; /* [width] */
  CollateWeight *draft_join; /* [width][2 * width]: of the token, then of the stream */
  CollateWeight *draft_norm; /* [width] */
} CollateLayer;

/* Up to how many visible keys a chunk of tokens is quicker over all of them, as a session that reads top_k of them, and sees
 * n_keys, measured it. */
typedef struct
{
  gint64 top_k, n_keys;
  gint64 n_dense; /* as CollateAttention has it */
} CollateCrossover;

typedef struct
{
  CollateShape shape;
  float *frequencies;       /* n_rotated / 2 */
  CollateWeight *embedding; /* [n_vocabulary][width] */
  CollateLayer *layers;     /* n_layers + n_drafts */
  CollateWeight *norm;      /* [width] */
  CollateWeight *output;    /* [n_vocabulary][width]; may be the embedding */
  gint64 n_bytes;           /* that the weights take on the device */
  gboolean leaves_experts;  /* in the file, from which the device reads those that are wanted */

  CollateDevice *device;
  GMutex lock;        /* of the device */
  GArray *crossovers; /* of CollateCrossover; under the lock */

  CollateGguf *gguf;  /* whose mapping the weights may be in */
  GPtrArray *weights; /* all of them, once */
} CollateEngineModel;

/* Reads a file's shape as its architecture has it; COLLATE_ERROR_UNSUPPORTED where that is not known, COLLATE_ERROR_INVALID. */
gboolean collate_engine_model_read_shape (CollateGguf *gguf, CollateShape *shape, GError **error);

/* Bytes of the experts in a file of this shape. */
gint64 collate_engine_model_count_expert_bytes (CollateGguf *gguf, const CollateShape *shape);

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
