/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-tensor.h"

G_BEGIN_DECLS

/* What the kernels of every device are held against: plain, in double precision. Where `sizes` is asked for, it gets
 * the sum of the absolute values of what was added up to each number: the scale of its rounding errors. */

/* out[t][r] += Σ_c weight[r][c] * in[t][c], of a weight that collate_type_expand() expanded. */
void reference_matmul (const float *weight,
                       gint64 rows,
                       gint64 columns,
                       const float *in,
                       gint64 in_stride,
                       gint64 n_tokens,
                       double *out,
                       double *sizes);

/* The nearest of the steps of each block of 32 between -most and most: what a device that multiplies integers makes of
 * its activations first. */
#define REFERENCE_STEPS 32385

void reference_round_activations (float *numbers, gint64 count);

void reference_rms_norm (const float *in,
                         const float *weight,
                         gint64 n_rows,
                         gint64 columns,
                         double epsilon,
                         double *out);

void reference_rope (double *heads,
                     const float *frequencies,
                     gint64 n_tokens,
                     gint64 n_heads,
                     gint64 head_size,
                     gint64 n_rotated,
                     gint64 stride,
                     gint64 position,
                     gboolean interleaved);

void reference_attention (const float *queries,
                          const guint16 *keys,
                          const guint16 *values,
                          gint64 n_tokens,
                          gint64 n_heads,
                          gint64 n_kv_heads,
                          gint64 head_size,
                          gint64 stride,
                          gint64 position,
                          double scale,
                          double *out);

void reference_swiglu (const float *gate, const float *up, gint64 n, double *out);

G_END_DECLS
