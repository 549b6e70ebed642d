/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"

G_BEGIN_DECLS

/* What the kernels of every device are held against: plain, in double precision. Where `sizes` is asked for, it gets
 * the sum of the absolute values of what was added up to each number: the scale of its rounding errors. Of a kernel's parameters
 * only the numbers are read, never the places. */

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
                         gint64 in_stride,
                         double epsilon,
                         double *out);

void reference_layer_norm (const CollateLayerNorm *params,
                           const float *in,
                           const float *weight,
                           const float *bias,
                           double *out);

/* [n_tokens][n_groups][rows of a group]. */
void reference_grouped_matmul (const CollateGroupedMatmul *params,
                               const float *weight,
                               gint64 rows,
                               gint64 columns,
                               const float *in,
                               double *out,
                               double *sizes);

void reference_rope (double *heads,
                     const float *frequencies,
                     gint64 n_tokens,
                     gint64 n_heads,
                     gint64 head_size,
                     gint64 n_rotated,
                     gint64 stride,
                     gint64 position,
                     gboolean interleaved,
                     double magnitude);

/* By the definition of the matrix: its number at (i, j) is -1 where i & j has an odd number of bits. */
void reference_hadamard (double *rows, gint64 n_rows, gint64 columns);

/* Of all numbers of e4m3 the nearest, of two the one whose last bit is 0. */
void reference_store_bytes (const float *keys,
                            gint64 n_tokens,
                            gint64 n_columns,
                            guint8 *bytes,
                            float *scales);
double reference_e4m3 (guint8 byte);

/* `selected` may be NULL. */
void reference_attention (const CollateAttention *params,
                          const float *queries,
                          const guint16 *keys,
                          const guint16 *values,
                          const gint32 *selected,
                          double *out);

void reference_bound (const CollateBound *params, const guint16 *keys, guint16 *bounds);
void reference_sum_signs (const CollateSumSigns *params, const float *queries, double *out, double *sizes);

/* Keys are expanded, scales included; `weights` may be NULL. What is behind the last key is left alone. */
void reference_index (const CollateIndex *params,
                      const float *queries,
                      const float *weights,
                      const double *keys,
                      double *scores,
                      double *sizes);

/* By sorting all keys. The first and last that are forced count as equal, whatever their scores are. */
void reference_select (const CollateSelect *params, const float *scores, gint32 *selected);

void reference_route (const CollateRoute *params,
                      const float *logits,
                      const float *bias,
                      gint32 *experts,
                      double *shares);

/* Adds to `out`. The sizes also hold what rounding before the gate comes to. */
void reference_experts (const CollateExperts *params,
                        const float *in,
                        const gint32 *experts,
                        const float *shares,
                        const float *gate,
                        const float *up,
                        const float *down,
                        double *out,
                        double *sizes);

void reference_swiglu (const float *gate, const float *up, gint64 n, double *out);

G_END_DECLS
