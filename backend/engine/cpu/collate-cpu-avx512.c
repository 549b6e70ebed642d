/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#ifdef __x86_64__

#include <immintrin.h>

/* AVX-512 with VNNI: a strip is one vector, of which there are 32. */
#define TARGET __attribute__ ((target ("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")))
#define LANES 16
#define TILE_STRIPS 3
#define QUANT_TOKENS 2
#define FLOAT_TOKENS 8
#define ATTENTION_ROWS 4
#define NEEDS_SIGN FALSE

#include "engine/cpu/collate-cpu-vectors.h"

INLINE Floats
largest (Floats a, Floats b)
{
  return _mm512_max_ps (a, b);
}

INLINE float
max_lanes (Floats in)
{
  return _mm512_reduce_max_ps (in);
}

INLINE float
add_lanes (Floats in)
{
  return _mm512_reduce_add_ps (in);
}

INLINE void
add_lanes_of_four (const Floats *in, float *out)
{
  __m512 first = _mm512_unpacklo_ps (in[0], in[1]) + _mm512_unpackhi_ps (in[0], in[1]);
  __m512 second = _mm512_unpacklo_ps (in[2], in[3]) + _mm512_unpackhi_ps (in[2], in[3]);
  __m512 all = _mm512_shuffle_ps (first, second, 0x44) + _mm512_shuffle_ps (first, second, 0xee);
  __m256 half = _mm512_castps512_ps256 (all) + _mm512_extractf32x8_ps (all, 1);

  _mm_storeu_ps (out, _mm256_castps256_ps128 (half) + _mm256_extractf128_ps (half, 1));
}

INLINE Ints
round_lanes (Floats in)
{
  return (Ints) _mm512_cvtps_epi32 (in);
}

INLINE Floats
load_halves (const guint16 *in)
{
  return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) (gconstpointer) in));
}

INLINE void
store_halves (guint16 *out, Floats in)
{
  _mm256_storeu_si256 ((__m256i *) (gpointer) out, _mm512_cvtps_ph (in, _MM_FROUND_TO_NEAREST_INT));
}

INLINE Floats
multiply_power (Floats in, Floats exponent)
{
  return _mm512_scalef_ps (in, exponent);
}

INLINE guint
get_mask (Ints in)
{
  return _mm512_movepi32_mask ((__m512i) in);
}

INLINE gint64
put_lanes (gint32 *out, guint mask, gint32 first)
{
  const Ints lanes = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

  _mm512_storeu_si512 (out, _mm512_maskz_compress_epi32 ((__mmask16) mask, (__m512i) (lanes + first)));
  return __builtin_popcount (mask);
}

INLINE Ints
add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
{
  return (Ints) _mm512_dpbusd_epi32 ((__m512i) sums, (__m512i) quants, (__m512i) in);
}

#include "engine/cpu/collate-cpu-products-form.h"

#include "engine/cpu/collate-cpu-rows-form.h"

#include "engine/cpu/collate-cpu-index-form.h"

#include "engine/cpu/collate-cpu-select-form.h"

const CollateCpuLoops collate_avx512_loops = COLLATE_FORM_LOOPS ("AVX-512 VNNI");

#endif
