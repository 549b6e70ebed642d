/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gguf-writer.h"

G_BEGIN_DECLS

/* What tiny models are written with. */

void gguf_tiny_add_vocabulary (GgufWriter *writer, const char *architecture);

/* A key of the architecture. */
void gguf_tiny_add_figure (GgufWriter *writer, const char *architecture, const char *what, gint64 value);
void gguf_tiny_add_number (GgufWriter *writer, const char *architecture, const char *what, double value);

/* A tensor of numbers around `middle`, at most `reach` away; a matrix that keeps the size of what it is multiplied with; the
 * weight of a norm. */
void gguf_tiny_add_random (GgufWriter *writer,
                           guint64 *state,
                           const char *name,
                           CollateType type,
                           gint64 columns,
                           gint64 rows,
                           float middle,
                           float reach);
void gguf_tiny_add_matrix (GgufWriter *writer,
                           guint64 *state,
                           const char *name,
                           CollateType type,
                           gint64 columns,
                           gint64 rows);
void gguf_tiny_add_norm (GgufWriter *writer, guint64 *state, const char *name, gint64 columns);

/* All of a model of DeepSeek's family; older files have joined what makes latent rows' keys and values. */
void gguf_tiny_add_deepseek (GgufWriter *writer,
                             const char *architecture,
                             CollateType type,
                             gboolean joined,
                             guint64 *state);

G_END_DECLS
