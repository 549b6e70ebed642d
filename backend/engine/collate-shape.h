/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-model.h"

G_BEGIN_DECLS

/* A file's key of its architecture: "llama.block_count"; (transfer full). */
char *collate_shape_key (CollateGguf *gguf, const char *name);

/* Reads and checks a file's shape; COLLATE_ERROR_INVALID names the key. `interleaved` is the architecture's. */
gboolean collate_shape_read (CollateGguf *gguf, gboolean interleaved, CollateShape *shape, GError **error);

/* The angle per position of each rotated pair, with the file's scaling, which may change shape->attention_scale;
 * (nullable) (transfer full). */
float *collate_shape_read_frequencies (CollateGguf *gguf, CollateShape *shape, GError **error);

G_END_DECLS
