/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-loops.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <math.h>
#include <string.h>

/* The inner loops for AVX2 with FMA and F16C: a strip is two registers wide, of which there are 16. */

#define TARGET __attribute__ ((target ("avx2,fma,f16c")))
#define INLINE static inline __attribute__ ((always_inline)) TARGET

#define HALF 8 /* rows of a strip in a register */
#define FLOAT_TOKENS 4

/* Quants of Q8_0 need all eight bits of a byte, and pairs of products of them more than the sixteen that they get on
 * the way: they are multiplied with their sign. */
#define WIDE_OFFSET 128

INLINE __m256i
broadcast_quants (const gint8 *quants)
{
  gint32 four;

  memcpy (&four, quants, sizeof four);
  return _mm256_set1_epi32 (four);
}

INLINE __m256
load_scales (const guint8 *scales, gint64 index, gboolean wide)
{
  if (wide)
    return _mm256_loadu_ps ((const float *) (gconstpointer) scales + index);
  return _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (scales + index * 2)));
}

INLINE float
reduce_max (__m256 numbers)
{
  __m128 four = _mm_max_ps (_mm256_castps256_ps128 (numbers), _mm256_extractf128_ps (numbers, 1));
  __m128 two = _mm_max_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_max_ss (two, _mm_movehdup_ps (two)));
}

INLINE float
reduce_add (__m256 numbers)
{
  __m128 four = _mm_add_ps (_mm256_castps256_ps128 (numbers), _mm256_extractf128_ps (numbers, 1));
  __m128 two = _mm_add_ps (four, _mm_movehl_ps (four, four));

  return _mm_cvtss_f32 (_mm_add_ss (two, _mm_movehdup_ps (two)));
}

INLINE __m256
get_magnitude (__m256 numbers)
{
  return _mm256_andnot_ps (_mm256_set1_ps (-0.0f), numbers);
}

/* Sixteen numbers as signed bytes; their sum. */
INLINE int
quantize_half (const float *in, __m256 inverse, gint8 *quants)
{
  __m256i low = _mm256_cvtps_epi32 (_mm256_mul_ps (_mm256_loadu_ps (in), inverse));
  __m256i high = _mm256_cvtps_epi32 (_mm256_mul_ps (_mm256_loadu_ps (in + 8), inverse));
  __m256i words = _mm256_permute4x64_epi64 (_mm256_packs_epi32 (low, high), 0xd8);
  __m128i bytes = _mm_packs_epi16 (_mm256_castsi256_si128 (words), _mm256_extracti128_si256 (words, 1));
  __m256i pairs = _mm256_madd_epi16 (words, _mm256_set1_epi16 (1));
  __m128i sum = _mm_add_epi32 (_mm256_castsi256_si128 (pairs), _mm256_extracti128_si256 (pairs, 1));

  _mm_storeu_si128 ((__m128i *) quants, bytes);
  sum = _mm_add_epi32 (sum, _mm_shuffle_epi32 (sum, 0x4e));
  return _mm_cvtsi128_si32 (_mm_add_epi32 (sum, _mm_shuffle_epi32 (sum, 0xb1)));
}

TARGET static void
quantize (const float *in, gint64 columns, guint group, int offset, const CollateQuantRow *row)
{
  for (gint64 block = 0; block < columns / COLLATE_BLOCK; block++)
    {
      const float *at = in + block * COLLATE_BLOCK;
      gint8 *quants = row->quants + block * COLLATE_BLOCK;
      __m256 largest = get_magnitude (_mm256_loadu_ps (at));
      int low_sum, high_sum;
      float most, scale;
      __m256 inverse;

      for (guint i = 8; i < COLLATE_BLOCK; i += 8)
        largest = _mm256_max_ps (largest, get_magnitude (_mm256_loadu_ps (at + i)));
      most = reduce_max (largest);
      scale = most > COLLATE_LEAST_SCALED ? most / 127 : 0;
      inverse = _mm256_set1_ps (most > COLLATE_LEAST_SCALED ? 127 / most : 0);
      low_sum = quantize_half (at, inverse, quants);
      high_sum = quantize_half (at + 16, inverse, quants + 16);

      row->scales[block] = scale;
      row->sums[block] = scale * (float) (low_sum + high_sum);
      if (group == 32)
        row->biases[block] = -offset * (low_sum + high_sum);
      else
        {
          row->biases[block * 2] = -offset * low_sum;
          row->biases[block * 2 + 1] = -offset * high_sum;
        }
    }
}

/* Products of bytes without sign and bytes with it, four of them in a sum: no pair of them is more than 2¹⁵ - 1, as the
 * former are below 64 here, or have signs and lend them to the latter. */
INLINE __m256i
add_products (__m256i sums, __m256i quants, __m256i in, gboolean wide)
{
  __m256i pairs;

  if (wide)
    {
      __m256i with_sign = _mm256_xor_si256 (quants, _mm256_set1_epi8 (-128));

      pairs = _mm256_maddubs_epi16 (_mm256_abs_epi8 (with_sign), _mm256_sign_epi8 (in, with_sign));
    }
  else
    pairs = _mm256_maddubs_epi16 (quants, in);
  return _mm256_add_epi32 (sums, _mm256_madd_epi16 (pairs, _mm256_set1_epi16 (1)));
}

INLINE __m256
add_scaled (__m256 sums, __m256i products, __m256 scales, float scale)
{
  return _mm256_fmadd_ps (
      _mm256_cvtepi32_ps (products), _mm256_mul_ps (scales, _mm256_set1_ps (scale)), sums);
}

/* One half of a strip's rows against one token, a group of columns after the other. */
INLINE __m256
dot_half (const CollateStrips *strips,
          const guint8 *strip,
          const CollateQuantRow *row,
          guint half,
          gboolean nibbles,
          gboolean wide)
{
  gint64 group = strips->group;
  __m256 sums = _mm256_setzero_ps ();
  __m256i low_bits = _mm256_set1_epi8 (15);

  for (gint64 g = 0; g < strips->columns / group; g++)
    {
      const gint8 *in = row->quants + g * group;
      const guint8 *quants = strip + g * group * COLLATE_STRIP / (nibbles ? 2 : 1) + half * 32;
      gint64 block = g * group / COLLATE_BLOCK;
      __m256i products = _mm256_set1_epi32 (wide ? 0 : row->biases[g]);

      if (nibbles)
        for (guint i = 0; i < 4; i++)
          {
            __m256i both = _mm256_loadu_si256 ((const __m256i *) (quants + i * 64));
            __m256i high = _mm256_and_si256 (_mm256_srli_epi16 (both, 4), low_bits);

            products = add_products (
                products, _mm256_and_si256 (both, low_bits), broadcast_quants (in + i * 4), FALSE);
            products = add_products (products, high, broadcast_quants (in + 16 + i * 4), FALSE);
          }
      else
        for (gint64 i = 0; i < group / 4; i++)
          products = add_products (products,
                                   _mm256_loadu_si256 ((const __m256i *) (quants + i * 64)),
                                   broadcast_quants (in + i * 4),
                                   wide);
      sums = add_scaled (
          sums,
          products,
          load_scales (strip + strips->scales_at, g * COLLATE_STRIP + half * HALF, strips->wide_scales),
          row->scales[block]);
      if (strips->has_minima)
        sums = _mm256_fmadd_ps (
            load_scales (strip + strips->minima_at, g * COLLATE_STRIP + half * HALF, strips->wide_scales),
            _mm256_set1_ps (row->sums[block]),
            sums);
    }
  return sums;
}

TARGET static void
dot_quants (const CollateStrips *strips, const guint8 *strip, const CollateQuantRow *row, float *sums)
{
  for (guint half = 0; half < 2; half++)
    {
      __m256 result;

      if (strips->form == COLLATE_FORM_NIBBLES)
        result = dot_half (strips, strip, row, half, TRUE, FALSE);
      else if (strips->offset == WIDE_OFFSET)
        result = dot_half (strips, strip, row, half, FALSE, TRUE);
      else
        result = dot_half (strips, strip, row, half, FALSE, FALSE);
      _mm256_storeu_ps (sums + half * HALF, result);
    }
}

INLINE __m256
load_column (const guint8 *strip, gint64 index, CollateForm form)
{
  __m128i halves;

  if (form == COLLATE_FORM_F32)
    return _mm256_loadu_ps ((const float *) (gconstpointer) strip + index);
  halves = _mm_loadu_si128 ((const __m128i *) (strip + index * 2));
  if (form == COLLATE_FORM_F16)
    return _mm256_cvtph_ps (halves);
  return _mm256_castsi256_ps (_mm256_slli_epi32 (_mm256_cvtepu16_epi32 (halves), 16));
}

INLINE void
dot_form (const guint8 *strip, gint64 columns, const float *in, float *result, CollateForm form)
{
  __m256 sums[8];
  gint64 column = 0;

  for (guint i = 0; i < 8; i++)
    sums[i] = _mm256_setzero_ps ();
  for (; column + 4 <= columns; column += 4)
    for (guint i = 0; i < 8; i++)
      sums[i] = _mm256_fmadd_ps (load_column (strip, column * COLLATE_STRIP + i * HALF, form),
                                 _mm256_set1_ps (in[column + i / 2]),
                                 sums[i]);
  for (; column < columns; column++)
    for (guint i = 0; i < 2; i++)
      sums[i] = _mm256_fmadd_ps (
          load_column (strip, column * COLLATE_STRIP + i * HALF, form), _mm256_set1_ps (in[column]), sums[i]);
  for (guint i = 0; i < 2; i++)
    _mm256_storeu_ps (
        result + i * HALF,
        _mm256_add_ps (_mm256_add_ps (sums[i], sums[i + 2]), _mm256_add_ps (sums[i + 4], sums[i + 6])));
}

TARGET static void
dot_floats (const CollateStrips *strips, const guint8 *strip, const float *in, float *sums)
{
  if (strips->form == COLLATE_FORM_F32)
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_F32);
  else if (strips->form == COLLATE_FORM_F16)
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_F16);
  else
    dot_form (strip, strips->columns, in, sums, COLLATE_FORM_BF16);
}

/* Scales or minima of a strip to f32. */
INLINE void
expand_scales (const CollateStrips *strips,
               const guint8 *scales,
               gint64 first_group,
               gint64 n_groups,
               float *out)
{
  for (gint64 i = 0; i < n_groups * COLLATE_STRIP; i += HALF)
    _mm256_storeu_ps (out + i, load_scales (scales, first_group * COLLATE_STRIP + i, strips->wide_scales));
}

TARGET static void
expand_quants (const CollateStrips *strips,
               const guint8 *strip,
               gint64 first_block,
               const CollateQuantPanel *panel,
               guint n)
{
  guint8 *quants = panel->quants + n * panel->n_blocks * COLLATE_BLOCK * COLLATE_STRIP;
  gint64 n_groups = panel->n_blocks * COLLATE_BLOCK / strips->group;
  gint64 first_group = first_block * COLLATE_BLOCK / strips->group;
  gint64 at = n * n_groups * COLLATE_STRIP;
  __m256i low_bits = _mm256_set1_epi8 (15);

  if (strips->form == COLLATE_FORM_BYTES)
    memcpy (quants, strip + first_block * 512, (gsize) panel->n_blocks * 512);
  else
    for (gint64 i = 0; i < panel->n_blocks * 8; i++)
      {
        __m256i both = _mm256_loadu_si256 ((const __m256i *) (strip + first_block * 256 + i * 32));
        guint8 *out = quants + i / 8 * 512 + i % 8 * 32;

        _mm256_storeu_si256 ((__m256i *) out, _mm256_and_si256 (both, low_bits));
        _mm256_storeu_si256 ((__m256i *) (out + 256),
                             _mm256_and_si256 (_mm256_srli_epi16 (both, 4), low_bits));
      }
  expand_scales (strips, strip + strips->scales_at, first_group, n_groups, panel->scales + at);
  if (strips->has_minima)
    expand_scales (strips, strip + strips->minima_at, first_group, n_groups, panel->minima + at);
}

/* A strip of a panel against two tokens; where there is but one it stands in for the other. */
INLINE void
multiply_quant_tile (const CollateQuantPanel *panel,
                     guint strip,
                     const CollateQuantRow *rows,
                     gint64 first_block,
                     gint64 n_tokens,
                     float *result,
                     gboolean wide)
{
  gint64 group = panel->group;
  gint64 n_groups = panel->n_blocks * COLLATE_BLOCK / group;
  const CollateQuantRow *row[2] = { rows, rows + (n_tokens > 1) };
  __m256 sums[2][2];

  for (guint t = 0; t < 2; t++)
    for (guint half = 0; half < 2; half++)
      sums[t][half] = _mm256_loadu_ps (result + (row[t] - rows) * COLLATE_PANEL + half * HALF);
  for (gint64 g = 0; g < n_groups; g++)
    {
      gint64 in_group = first_block * COLLATE_BLOCK / group + g;
      gint64 block = in_group * group / COLLATE_BLOCK;
      gint64 at = (strip * n_groups + g) * COLLATE_STRIP;
      __m256i products[2][2];

      for (guint t = 0; t < 2; t++)
        for (guint half = 0; half < 2; half++)
          products[t][half] = _mm256_set1_epi32 (wide ? 0 : row[t]->biases[in_group]);
      for (gint64 i = 0; i < group; i += 4)
        for (guint half = 0; half < 2; half++)
          {
            const guint8 *from = panel->quants + at * group + i * COLLATE_STRIP + half * 32;
            __m256i quants = _mm256_loadu_si256 ((const __m256i *) from);

            for (guint t = 0; t < 2; t++)
              products[t][half] = add_products (
                  products[t][half], quants, broadcast_quants (row[t]->quants + in_group * group + i), wide);
          }
      for (guint t = 0; t < 2; t++)
        for (guint half = 0; half < 2; half++)
          {
            __m256 scales = _mm256_loadu_ps (panel->scales + at + half * HALF);

            sums[t][half] = add_scaled (sums[t][half], products[t][half], scales, row[t]->scales[block]);
            if (panel->minima != NULL)
              sums[t][half] = _mm256_fmadd_ps (_mm256_loadu_ps (panel->minima + at + half * HALF),
                                               _mm256_set1_ps (row[t]->sums[block]),
                                               sums[t][half]);
          }
    }
  for (guint t = 0; t < 2 && t < n_tokens; t++)
    for (guint half = 0; half < 2; half++)
      _mm256_storeu_ps (result + t * COLLATE_PANEL + half * HALF, sums[t][half]);
}

TARGET static void
multiply_quants (const CollateQuantPanel *panel,
                 const CollateQuantRow *rows,
                 gint64 first_block,
                 gint64 n_tokens,
                 float *sums)
{
  for (guint strip = 0; strip < COLLATE_PANEL_STRIPS; strip++)
    for (gint64 t = 0; t < n_tokens; t += 2)
      {
        float *at = sums + t * COLLATE_PANEL + strip * COLLATE_STRIP;

        if (panel->offset == WIDE_OFFSET)
          multiply_quant_tile (panel, strip, rows + t, first_block, n_tokens - t, at, TRUE);
        else
          multiply_quant_tile (panel, strip, rows + t, first_block, n_tokens - t, at, FALSE);
      }
}

INLINE void
expand_form (const guint8 *strip, gint64 first_column, gint64 n_columns, float *panel, CollateForm form)
{
  for (gint64 c = 0; c < n_columns; c++)
    for (guint i = 0; i < COLLATE_STRIP; i += HALF)
      _mm256_storeu_ps (panel + c * COLLATE_PANEL + i,
                        load_column (strip, (first_column + c) * COLLATE_STRIP + i, form));
}

TARGET static void
expand_floats (const CollateStrips *strips,
               const guint8 *strip,
               gint64 first_column,
               gint64 n_columns,
               float *panel)
{
  if (strips->form == COLLATE_FORM_F32)
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_F32);
  else if (strips->form == COLLATE_FORM_F16)
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_F16);
  else
    expand_form (strip, first_column, n_columns, panel, COLLATE_FORM_BF16);
}

/* One strip against four tokens: eight sums. The last token stands in for missing ones. */
INLINE void
multiply_float_tile (const float *panel,
                     gint64 panel_stride,
                     gint64 n_columns,
                     const float *in,
                     gint64 in_stride,
                     gint64 n_tokens,
                     float *result,
                     gint64 result_stride)
{
  __m256 sums[FLOAT_TOKENS][2];
  const float *rows[FLOAT_TOKENS];

  for (guint t = 0; t < FLOAT_TOKENS; t++)
    {
      gint64 token = MIN (t, n_tokens - 1);

      rows[t] = in + token * in_stride;
      for (guint half = 0; half < 2; half++)
        sums[t][half] = _mm256_loadu_ps (result + token * result_stride + half * HALF);
    }
  for (gint64 c = 0; c < n_columns; c++)
    for (guint half = 0; half < 2; half++)
      {
        __m256 column = _mm256_loadu_ps (panel + c * panel_stride + half * HALF);

        for (guint t = 0; t < FLOAT_TOKENS; t++)
          sums[t][half] = _mm256_fmadd_ps (_mm256_set1_ps (rows[t][c]), column, sums[t][half]);
      }
  for (guint t = 0; t < FLOAT_TOKENS && t < n_tokens; t++)
    for (guint half = 0; half < 2; half++)
      _mm256_storeu_ps (result + t * result_stride + half * HALF, sums[t][half]);
}

TARGET static void
multiply_floats (const float *panel,
                 gint64 panel_stride,
                 gint64 n_columns,
                 guint n_strips,
                 const float *in,
                 gint64 in_stride,
                 gint64 n_tokens,
                 float *sums,
                 gint64 sums_stride)
{
  for (guint strip = 0; strip < n_strips; strip++)
    for (gint64 t = 0; t < n_tokens; t += FLOAT_TOKENS)
      multiply_float_tile (panel + strip * COLLATE_STRIP,
                           panel_stride,
                           n_columns,
                           in + t * in_stride,
                           in_stride,
                           n_tokens - t,
                           sums + t * sums_stride + strip * COLLATE_STRIP,
                           sums_stride);
}

TARGET static void
to_f16 (const float *in, guint16 *out, gint64 n)
{
  gint64 i = 0;

  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128 ((__m128i *) (out + i),
                      _mm256_cvtps_ph (_mm256_loadu_ps (in + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; i++)
    out[i] = _cvtss_sh (in[i], _MM_FROUND_TO_NEAREST_INT);
}

TARGET static void
from_f16 (const guint16 *in, float *out, gint64 n)
{
  gint64 i = 0;

  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps (out + i, _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (in + i))));
  for (; i < n; i++)
    out[i] = _cvtsh_ss (in[i]);
}

TARGET static void
transpose_f16 (const guint16 *in,
               gint64 stride,
               gint64 n_rows,
               gint64 n_columns,
               float *out,
               gint64 out_stride)
{
  for (gint64 n = 0; n < n_rows; n++)
    for (gint64 i = 0; i < n_columns; i++)
      out[i * out_stride + n] = _cvtsh_ss (in[n * stride + i]);
}

TARGET static float
add_squares (const float *in, gint64 n)
{
  __m256 sums[2] = { _mm256_setzero_ps (), _mm256_setzero_ps () };
  gint64 i = 0;
  float sum;

  for (; i + 16 <= n; i += 16)
    for (guint k = 0; k < 2; k++)
      sums[k] = _mm256_fmadd_ps (_mm256_loadu_ps (in + i + k * 8), _mm256_loadu_ps (in + i + k * 8), sums[k]);
  sum = reduce_add (_mm256_add_ps (sums[0], sums[1]));
  for (; i < n; i++)
    sum += in[i] * in[i];
  return sum;
}

/* 2ⁿ · exp (rest), the rest by its series, whose eighth term is below the last place. What is far beyond f32 stays
 * within reach of its exponent: zero or infinite all the same once it is used. */
INLINE __m256
exponential (__m256 x)
{
  static const float terms[] = { 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1, 1 };
  __m256 bounded = _mm256_min_ps (_mm256_max_ps (x, _mm256_set1_ps (-110)), _mm256_set1_ps (90));
  __m256 n = _mm256_round_ps (_mm256_mul_ps (bounded, _mm256_set1_ps (1.44269504f)),
                              _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  /* The logarithm of 2 in two parts: n times the first is exact. */
  __m256 rest = _mm256_fnmadd_ps (n, _mm256_set1_ps (0.693359375f), bounded);
  __m256 sum = _mm256_set1_ps (terms[0]);
  __m256i exponent = _mm256_cvtps_epi32 (n);
  __m256i half = _mm256_srai_epi32 (exponent, 1);
  __m256i bias = _mm256_set1_epi32 (127);
  __m256 factors[2];

  rest = _mm256_fnmadd_ps (n, _mm256_set1_ps (-2.12194440e-4f), rest);
  for (guint i = 1; i < G_N_ELEMENTS (terms); i++)
    sum = _mm256_fmadd_ps (sum, rest, _mm256_set1_ps (terms[i]));
  /* In two steps, as 2ⁿ alone may be no normal number. */
  factors[0] = _mm256_castsi256_ps (_mm256_slli_epi32 (_mm256_add_epi32 (half, bias), 23));
  factors[1] = _mm256_castsi256_ps (
      _mm256_slli_epi32 (_mm256_add_epi32 (_mm256_sub_epi32 (exponent, half), bias), 23));
  return _mm256_mul_ps (_mm256_mul_ps (sum, factors[0]), factors[1]);
}

INLINE __m256
gate_eight (const float *gate, const float *up)
{
  __m256 numbers = _mm256_loadu_ps (gate);
  __m256 below =
      _mm256_add_ps (_mm256_set1_ps (1), exponential (_mm256_sub_ps (_mm256_setzero_ps (), numbers)));

  return _mm256_mul_ps (_mm256_div_ps (numbers, below), _mm256_loadu_ps (up));
}

TARGET static void
swiglu (const float *gate, const float *up, float *out, gint64 n)
{
  gint64 i = 0;

  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps (out + i, gate_eight (gate + i, up + i));
  if (i < n)
    {
      float gates[8] = { 0 }, ups[8] = { 0 }, outs[8];

      memcpy (gates, gate + i, (gsize) (n - i) * sizeof (float));
      memcpy (ups, up + i, (gsize) (n - i) * sizeof (float));
      _mm256_storeu_ps (outs, gate_eight (gates, ups));
      memcpy (out + i, outs, (gsize) (n - i) * sizeof (float));
    }
}

TARGET static float
weigh (float *numbers, gint64 n, float *most)
{
  __m256 largest = _mm256_set1_ps (*most), sums = _mm256_setzero_ps ();
  gint64 n_whole = n & ~(gint64) 7;
  float sum;

  for (gint64 i = 0; i < n_whole; i += 8)
    largest = _mm256_max_ps (largest, _mm256_loadu_ps (numbers + i));
  *most = reduce_max (largest);
  for (gint64 i = n_whole; i < n; i++)
    *most = MAX (*most, numbers[i]);
  largest = _mm256_set1_ps (*most);
  for (gint64 i = 0; i < n_whole; i += 8)
    {
      __m256 weights = exponential (_mm256_sub_ps (_mm256_loadu_ps (numbers + i), largest));

      _mm256_storeu_ps (numbers + i, weights);
      sums = _mm256_add_ps (sums, weights);
    }
  sum = reduce_add (sums);
  for (gint64 i = n_whole; i < n; i++)
    {
      numbers[i] = expf (numbers[i] - *most);
      sum += numbers[i];
    }
  return sum;
}

const CollateCpuLoops collate_avx2_loops = {
  .name = "AVX2",
  .quantize = quantize,
  .dot_quants = dot_quants,
  .dot_floats = dot_floats,
  .expand_quants = expand_quants,
  .multiply_quants = multiply_quants,
  .expand_floats = expand_floats,
  .multiply_floats = multiply_floats,
  .to_f16 = to_f16,
  .from_f16 = from_f16,
  .transpose_f16 = transpose_f16,
  .add_squares = add_squares,
  .swiglu = swiglu,
  .weigh = weigh,
};

#endif
