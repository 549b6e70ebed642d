/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#ifdef __x86_64__

#include <immintrin.h>

/* AVX2 with FMA and F16C: a strip is two vectors, of which there are 16. */
#define TARGET __attribute__ ((target ("avx2,fma,f16c")))
#define LANES 8
#define TILE_STRIPS 1
#define QUANT_TOKENS 2
#define FLOAT_TOKENS 6
#define ATTENTION_ROWS 3
#define NEEDS_SIGN TRUE

#include "engine/cpu/collate-cpu-vectors.h"

INLINE Floats
largest (Floats a, Floats b)
{
  return _mm256_max_ps (a, b);
}

INLINE float
max_lanes (Floats in)
{
  __m128 four = _mm_max_ps (_mm256_castps256_ps128 (in), _mm256_extractf128_ps (in, 1));
  __m128 two = _mm_max_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_max_ss (two, _mm_movehdup_ps (two)));
}

INLINE float
add_lanes (Floats in)
{
  __m128 four = _mm_add_ps (_mm256_castps256_ps128 (in), _mm256_extractf128_ps (in, 1));
  __m128 two = _mm_add_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_add_ss (two, _mm_movehdup_ps (two)));
}

INLINE void
add_lanes_of_four (const Floats *in, float *out)
{
  __m256 all = _mm256_hadd_ps (_mm256_hadd_ps (in[0], in[1]), _mm256_hadd_ps (in[2], in[3]));

  _mm_storeu_ps (out, _mm256_castps256_ps128 (all) + _mm256_extractf128_ps (all, 1));
}

INLINE Ints
round_lanes (Floats in)
{
  return (Ints) _mm256_cvtps_epi32 (in);
}

INLINE Floats
load_halves (const guint16 *in)
{
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (gconstpointer) in));
}

INLINE void
store_halves (guint16 *out, Floats in)
{
  _mm_storeu_si128 ((__m128i *) (gpointer) out, _mm256_cvtps_ph (in, _MM_FROUND_TO_NEAREST_INT));
}

INLINE guint
get_mask (Ints in)
{
  return (guint) _mm256_movemask_ps ((__m256) in);
}

/* No pair of products is more than 2¹⁵ - 1: quants are below 64, or have signs and lend them to the other factor. */
INLINE Ints
add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
{
  __m256i pairs;

  if (with_sign)
    {
      __m256i whole = (__m256i) (quants ^ 0x80);

      pairs = _mm256_maddubs_epi16 (_mm256_abs_epi8 (whole), _mm256_sign_epi8 ((__m256i) in, whole));
    }
  else
    pairs = _mm256_maddubs_epi16 ((__m256i) quants, (__m256i) in);
  return sums + (Ints) _mm256_madd_epi16 (pairs, _mm256_set1_epi16 (1));
}

#define multiply_power multiply_power_twice
#define put_lanes put_lanes_singly

#include "engine/cpu/collate-cpu-products-form.h"

#include "engine/cpu/collate-cpu-rows-form.h"

#include "engine/cpu/collate-cpu-index-form.h"

#include "engine/cpu/collate-cpu-select-form.h"

const CollateCpuLoops collate_avx2_loops = COLLATE_FORM_LOOPS ("AVX2");

#endif
