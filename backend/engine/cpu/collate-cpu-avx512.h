/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <immintrin.h>

#include "engine/cpu/collate-cpu-loops.h"

G_BEGIN_DECLS

/* What the two files of loops for AVX-512 share. */

#define TARGET __attribute__ ((target ("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")))
#define INLINE static inline __attribute__ ((always_inline)) TARGET

INLINE __mmask16
get_mask (gint64 n)
{
  return n >= 16 ? 0xffff : (__mmask16) ((1u << n) - 1);
}

INLINE __m512
load_halves (const guint16 *in, __mmask16 mask)
{
  return _mm512_cvtph_ps (_mm256_maskz_loadu_epi16 (mask, in));
}

void collate_avx512_transpose_f16 (const guint16 *in,
                                   gint64 stride,
                                   gint64 n_rows,
                                   gint64 n_columns,
                                   float *out,
                                   gint64 out_stride);
void collate_avx512_score_keys (const float *queries,
                                gint64 n_rows,
                                const guint16 *keys,
                                gint64 stride,
                                gint64 n_keys,
                                gint64 head_size,
                                float *scores,
                                gint64 scores_stride);
void collate_avx512_add_values (const float *weights,
                                gint64 weights_stride,
                                gint64 n_rows,
                                const guint16 *values,
                                gint64 stride,
                                gint64 n_keys,
                                gint64 head_size,
                                float *sums,
                                gint64 sums_stride);
void collate_avx512_swiglu (const float *gate, const float *up, float *out, gint64 n);
float collate_avx512_weigh (float *numbers, gint64 n, float *most);

G_END_DECLS
