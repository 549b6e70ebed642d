/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-model.h"

G_BEGIN_DECLS

/* A file's key of its architecture: "llama.block_count"; (transfer full). */
char *collate_shape_key (CollateGguf *gguf, const char *name);

/* What an architecture's files do not say themselves. */
typedef struct
{
  gboolean interleaved; /* rotated numbers */
  gboolean latent;      /* its attention is */
  gboolean has_experts;
  gboolean has_index;
  gboolean interleaved_index;
  CollateGating gating; /* where the file does not say */
} CollateFamily;

/* Reads and checks a file's shape; COLLATE_ERROR_INVALID names the key. */
gboolean collate_shape_read (CollateGguf *gguf,
                             const CollateFamily *family,
                             CollateShape *shape,
                             GError **error);

/* The angle per position of each rotated pair, with the file's scaling, which may change shape->attention_scale;
 * (nullable) (transfer full). */
float *collate_shape_read_frequencies (CollateGguf *gguf, CollateShape *shape, GError **error);

/* A size that must lie in 1 … most; a `fallback` above 0 stands where the file has no such key. For collate-shape-*.c. */
gboolean collate_shape_read_size (CollateGguf *gguf,
                                  const char *name,
                                  gint64 fallback,
                                  gint64 most,
                                  gint64 *size,
                                  GError **error);

/* A number that must lie in least … most. */
gboolean collate_shape_read_number (CollateGguf *gguf,
                                    const char *name,
                                    double fallback,
                                    double least,
                                    double most,
                                    double *number,
                                    GError **error);

/* The limits of any known model, and of what two sizes may be so that their product does not overflow. */
#define COLLATE_MOST_LAYERS 1024
#define COLLATE_MOST_HEADS 4096
#define COLLATE_MOST_WIDTH (1 << 20)

/* What only latent attention, experts, an indexer and drafts have. */
gboolean collate_shape_read_latent (CollateGguf *gguf, CollateShape *shape, GError **error);
gboolean collate_shape_read_experts (CollateGguf *gguf,
                                     const CollateFamily *family,
                                     CollateShape *shape,
                                     GError **error);
gboolean collate_shape_read_index (CollateGguf *gguf,
                                   const CollateFamily *family,
                                   CollateShape *shape,
                                   GError **error);
gboolean collate_shape_read_drafts (CollateGguf *gguf, CollateShape *shape, GError **error);

/* TRUE where the file has the layer that drafts behind so many others, and does not only count it. */
gboolean collate_shape_has_draft (CollateGguf *gguf, gint64 n_layers);

G_END_DECLS
