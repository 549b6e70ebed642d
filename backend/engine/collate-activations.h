/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"
#include "engine/collate-model.h"

G_BEGIN_DECLS

/* Where forward passes work: f32, one row a token, as many rows as a chunk has; those of a kind that a model, or a way of
 * reading, does without have no buffer. And a layer's caches, as many rows as the context. */
typedef struct
{
  CollatePlace stream; /* [width]: what the layers add to */
  CollatePlace normed; /* [width] */
  CollatePlace query;  /* [n_heads * head_size]; of latent attention [n_heads][n_plain + n_rotated] */
  CollatePlace key;    /* [n_kv_heads * head_size] */
  CollatePlace value;  /* [n_kv_heads * head_size] */
  CollatePlace heads;  /* [n_heads * value_size] */
  CollatePlace gate;   /* [hidden], or of shared experts if they have more */
  CollatePlace up;     /* [hidden] */

  /* Of latent attention. */
  CollatePlace query_rank; /* [query_rank] */
  CollatePlace absorbed;   /* [n_heads * head_size] */
  CollatePlace expanded;   /* [n_heads * out_size] */

  /* Of experts. */
  CollatePlace route;   /* [n_experts] */
  CollatePlace experts; /* gint32, [n_used] */
  CollatePlace shares;  /* [n_used] */

  /* Of sparse attention. */
  CollatePlace index_query;   /* [index.n_heads * index.size], or [2 * n_kv_heads * head_size] for bounds */
  CollatePlace index_key;     /* [index.size] */
  CollatePlace index_weights; /* [index.n_heads] */
  CollatePlace selected;      /* gint32, [top_k] */
  CollatePlace scores;        /* [n_scored][context] */
  gint64 n_scored;            /* tokens whose keys are scored at once */
  gint64 n_dense; /* keys that a token may see without gathering some of them: as CollateAttention has it */

  /* Of drafts. */
  CollatePlace hidden; /* [chunk + 1][width]: what the network made of tokens whose drafts are not made yet */
  CollatePlace joined; /* [2 * width]: a token, and what was made of the one before */

  CollatePlace *key_caches;   /* [layer] of f16 [n_kv_heads * head_size]; a draft's after the model's */
  CollatePlace *value_caches; /* [layer] of f16 [n_kv_heads * head_size]; none of latent attention */
  CollatePlace *indexes;      /* [layer] of f16 [index.size] or bytes, or bounds by the page */
  CollatePlace *index_scales; /* [layer] of f32, of bytes */
} CollateActivations;

/* TRUE where a session drafts. */
gboolean collate_activations_draft (const CollateShape *shape, const CollateEngineReading *reading);

/* Bytes that a session of this shape takes, however long it is, and for each token of its context. */
void collate_activations_measure (const CollateShape *shape,
                                  const CollateEngineReading *reading,
                                  gint64 *n_fixed,
                                  gint64 *n_per_token);

/* Tokens computed at once: enough to keep a core's multipliers busy, few enough that stopping is prompt. */
#define COLLATE_CHUNK 256

/* Takes all of it for chunks of so many tokens; what was taken is appended to `buffers` in any case. Under the model's lock.
 * COLLATE_ERROR_TOO_LARGE. */
gboolean collate_activations_take (CollateActivations *at,
                                   CollateEngineModel *model,
                                   const CollateEngineReading *reading,
                                   gint64 context,
                                   gint64 chunk,
                                   GPtrArray *buffers,
                                   gint64 *n_bytes,
                                   GError **error);

/* Frees what is not a buffer. */
void collate_activations_clear (CollateActivations *at);

G_END_DECLS
