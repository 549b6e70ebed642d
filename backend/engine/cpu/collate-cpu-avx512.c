/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-loops.h"

#ifdef __x86_64__

#include <string.h>

#include "engine/cpu/collate-cpu-avx512.h"

/* The inner loops for AVX-512 with VNNI: a strip is one register wide. */

/* Accumulators are the limit of 32 registers: 3 × 4 sums of integers and as many of floats; 3 × 8 of floats. */
#define QUANT_TOKENS 4
#define FLOAT_TOKENS 8

INLINE __m512i
broadcast_quants (const gint8 *quants)
{
  gint32 four;

  memcpy (&four, quants, sizeof four);
  return _mm512_set1_epi32 (four);
}

INLINE __m512
load_scales (const guint8 *scales, gint64 group, gboolean wide)
{
  if (wide)
    return _mm512_loadu_ps (scales + group * COLLATE_STRIP * 4);
  return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) (scales + group * COLLATE_STRIP * 2)));
}

TARGET static void
quantize (const float *in, gint64 columns, guint group, int offset, const CollateQuantRow *row)
{
  for (gint64 block = 0; block < columns / COLLATE_BLOCK; block++)
    {
      __m512 a = _mm512_loadu_ps (in + block * 32), b = _mm512_loadu_ps (in + block * 32 + 16);
      float most = _mm512_reduce_max_ps (_mm512_max_ps (_mm512_abs_ps (a), _mm512_abs_ps (b)));
      float scale = most > COLLATE_LEAST_SCALED ? most / 127 : 0;
      __m512 inverse = _mm512_set1_ps (most > COLLATE_LEAST_SCALED ? 127 / most : 0);
      __m512i low = _mm512_cvtps_epi32 (_mm512_mul_ps (a, inverse));
      __m512i high = _mm512_cvtps_epi32 (_mm512_mul_ps (b, inverse));
      int low_sum = _mm512_reduce_add_epi32 (low), high_sum = _mm512_reduce_add_epi32 (high);

      _mm_storeu_si128 ((__m128i *) (row->quants + block * 32), _mm512_cvtsepi32_epi8 (low));
      _mm_storeu_si128 ((__m128i *) (row->quants + block * 32 + 16), _mm512_cvtsepi32_epi8 (high));
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

/* The products of 32 columns, by halves: those are what lies in the halves of bytes, and what groups of 16 need. */
INLINE void
multiply_block (const guint8 *strip,
                gint64 block,
                gboolean nibbles,
                const gint8 *in,
                __m512i *low,
                __m512i *high)
{
  for (guint i = 0; i < 4; i++)
    {
      __m512i first, second;

      if (nibbles)
        {
          __m512i both = _mm512_loadu_si512 (strip + block * 256 + i * 64);

          first = _mm512_and_si512 (both, _mm512_set1_epi8 (15));
          second = _mm512_and_si512 (_mm512_srli_epi16 (both, 4), _mm512_set1_epi8 (15));
        }
      else
        {
          first = _mm512_loadu_si512 (strip + block * 512 + i * 64);
          second = _mm512_loadu_si512 (strip + block * 512 + 256 + i * 64);
        }
      *low = _mm512_dpbusd_epi32 (*low, first, broadcast_quants (in + i * 4));
      *high = _mm512_dpbusd_epi32 (*high, second, broadcast_quants (in + 16 + i * 4));
    }
}

INLINE __m512
add_scaled (__m512 sums, __m512i products, __m512 scales, float scale)
{
  return _mm512_fmadd_ps (
      _mm512_cvtepi32_ps (products), _mm512_mul_ps (scales, _mm512_set1_ps (scale)), sums);
}

INLINE void
dot (const CollateStrips *strips,
     const guint8 *strip,
     const CollateQuantRow *row,
     float *result,
     gboolean nibbles,
     gboolean halves,
     gboolean wide,
     gboolean minima)
{
  __m512 sums = _mm512_setzero_ps ();

  for (gint64 block = 0; block < strips->columns / COLLATE_BLOCK; block++)
    {
      __m512i low = _mm512_set1_epi32 (row->biases[halves ? block * 2 : block]);
      __m512i high = halves ? _mm512_set1_epi32 (row->biases[block * 2 + 1]) : _mm512_setzero_si512 ();
      float scale = row->scales[block];

      multiply_block (strip, block, nibbles, row->quants + block * 32, &low, &high);
      if (halves)
        {
          sums = add_scaled (sums, low, load_scales (strip + strips->scales_at, block * 2, wide), scale);
          sums = add_scaled (sums, high, load_scales (strip + strips->scales_at, block * 2 + 1, wide), scale);
        }
      else
        sums = add_scaled (
            sums, _mm512_add_epi32 (low, high), load_scales (strip + strips->scales_at, block, wide), scale);
      if (minima)
        sums = _mm512_fmadd_ps (
            load_scales (strip + strips->minima_at, block, wide), _mm512_set1_ps (row->sums[block]), sums);
    }
  _mm512_storeu_ps (result, sums);
}

/* A copy of the loop for each kind of strip. */
TARGET static void
dot_quants (const CollateStrips *strips, const guint8 *strip, const CollateQuantRow *row, float *sums)
{
  if (strips->group == 16)
    dot (strips, strip, row, sums, FALSE, TRUE, TRUE, FALSE);
  else if (strips->form == COLLATE_FORM_NIBBLES && strips->wide_scales)
    dot (strips, strip, row, sums, TRUE, FALSE, TRUE, TRUE);
  else if (strips->form == COLLATE_FORM_NIBBLES && strips->has_minima)
    dot (strips, strip, row, sums, TRUE, FALSE, FALSE, TRUE);
  else if (strips->form == COLLATE_FORM_NIBBLES)
    dot (strips, strip, row, sums, TRUE, FALSE, FALSE, FALSE);
  else if (strips->wide_scales)
    dot (strips, strip, row, sums, FALSE, FALSE, TRUE, TRUE);
  else if (strips->has_minima)
    dot (strips, strip, row, sums, FALSE, FALSE, FALSE, TRUE);
  else
    dot (strips, strip, row, sums, FALSE, FALSE, FALSE, FALSE);
}

INLINE __m512
load_column (const guint8 *strip, gint64 column, CollateForm form)
{
  const guint8 *at = strip + column * COLLATE_STRIP * (form == COLLATE_FORM_F32 ? 4 : 2);

  if (form == COLLATE_FORM_F32)
    return _mm512_loadu_ps (at);
  if (form == COLLATE_FORM_F16)
    return _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) at));
  return _mm512_castsi512_ps (
      _mm512_slli_epi32 (_mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) at)), 16));
}

INLINE void
dot_form (const guint8 *strip, gint64 columns, const float *in, float *result, CollateForm form)
{
  __m512 sums[8];
  gint64 column = 0;

  for (guint i = 0; i < 8; i++)
    sums[i] = _mm512_setzero_ps ();
  for (; column + 8 <= columns; column += 8)
    for (guint i = 0; i < 8; i++)
      sums[i] =
          _mm512_fmadd_ps (load_column (strip, column + i, form), _mm512_set1_ps (in[column + i]), sums[i]);
  for (; column < columns; column++)
    sums[0] = _mm512_fmadd_ps (load_column (strip, column, form), _mm512_set1_ps (in[column]), sums[0]);
  for (guint n = 4; n > 0; n /= 2)
    for (guint i = 0; i < n; i++)
      sums[i] = _mm512_add_ps (sums[i], sums[i + n]);
  _mm512_storeu_ps (result, sums[0]);
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

  if (strips->form == COLLATE_FORM_BYTES)
    memcpy (quants, strip + first_block * 512, (gsize) panel->n_blocks * 512);
  else
    for (gint64 i = 0; i < panel->n_blocks * 4; i++)
      {
        __m512i both = _mm512_loadu_si512 (strip + first_block * 256 + i * 64);
        guint8 *at = quants + i / 4 * 512 + i % 4 * 64;

        _mm512_storeu_si512 (at, _mm512_and_si512 (both, _mm512_set1_epi8 (15)));
        _mm512_storeu_si512 (at + 256, _mm512_and_si512 (_mm512_srli_epi16 (both, 4), _mm512_set1_epi8 (15)));
      }

  for (gint64 i = 0; i < n_groups; i++)
    _mm512_storeu_ps (panel->scales + (n * n_groups + i) * COLLATE_STRIP,
                      load_scales (strip + strips->scales_at, first_group + i, strips->wide_scales));
  if (strips->has_minima)
    for (gint64 i = 0; i < n_groups; i++)
      _mm512_storeu_ps (panel->minima + (n * n_groups + i) * COLLATE_STRIP,
                        load_scales (strip + strips->minima_at, first_group + i, strips->wide_scales));
}

/* A panel against four tokens, one group of columns after the other. Where there are fewer tokens the last one stands in
 * for the missing ones, and nothing of them is kept. */
INLINE void
multiply_quant_tile (const CollateQuantPanel *panel,
                     const CollateQuantRow *rows,
                     gint64 first_block,
                     gint64 n_tokens,
                     float *result,
                     gint64 group,
                     gboolean minima)
{
  gint64 n_groups = panel->n_blocks * COLLATE_BLOCK / group;
  const gint8 *in[QUANT_TOKENS];
  const CollateQuantRow *row[QUANT_TOKENS];
  __m512 sums[QUANT_TOKENS][COLLATE_PANEL_STRIPS];

  for (guint t = 0; t < QUANT_TOKENS; t++)
    {
      gint64 token = MIN (t, n_tokens - 1);

      row[t] = &rows[token];
      in[t] = row[t]->quants + first_block * COLLATE_BLOCK;
      for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
        sums[t][s] = _mm512_loadu_ps (result + token * COLLATE_PANEL + s * COLLATE_STRIP);
    }

  for (gint64 g = 0; g < n_groups; g++)
    {
      gint64 in_group = first_block * COLLATE_BLOCK / group + g;
      gint64 block = in_group * group / COLLATE_BLOCK;
      __m512i products[QUANT_TOKENS][COLLATE_PANEL_STRIPS];

      for (guint t = 0; t < QUANT_TOKENS; t++)
        for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
          products[t][s] = _mm512_set1_epi32 (row[t]->biases[in_group]);
#pragma GCC unroll 8
      for (gint64 i = 0; i < group / 4; i++)
        {
          __m512i quants[COLLATE_PANEL_STRIPS];

          for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
            quants[s] =
                _mm512_loadu_si512 (panel->quants + (s * n_groups + g) * group * COLLATE_STRIP + i * 64);
          for (guint t = 0; t < QUANT_TOKENS; t++)
            {
              __m512i four = broadcast_quants (in[t] + g * group + i * 4);

              for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
                products[t][s] = _mm512_dpbusd_epi32 (products[t][s], quants[s], four);
            }
        }
      for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
        {
          gint64 at = (s * n_groups + g) * COLLATE_STRIP;
          __m512 scales = _mm512_loadu_ps (panel->scales + at);

          for (guint t = 0; t < QUANT_TOKENS; t++)
            sums[t][s] = add_scaled (sums[t][s], products[t][s], scales, row[t]->scales[block]);
          if (minima)
            for (guint t = 0; t < QUANT_TOKENS; t++)
              sums[t][s] = _mm512_fmadd_ps (
                  _mm512_loadu_ps (panel->minima + at), _mm512_set1_ps (row[t]->sums[block]), sums[t][s]);
        }
    }

  for (guint t = 0; t < QUANT_TOKENS && t < n_tokens; t++)
    for (guint s = 0; s < COLLATE_PANEL_STRIPS; s++)
      _mm512_storeu_ps (result + t * COLLATE_PANEL + s * COLLATE_STRIP, sums[t][s]);
}

TARGET static void
multiply_quants (const CollateQuantPanel *panel,
                 const CollateQuantRow *rows,
                 gint64 first_block,
                 gint64 n_tokens,
                 float *sums)
{
  for (gint64 t = 0; t < n_tokens; t += QUANT_TOKENS)
    {
      float *at = sums + t * COLLATE_PANEL;

      if (panel->group == 16)
        multiply_quant_tile (panel, rows + t, first_block, n_tokens - t, at, 16, FALSE);
      else if (panel->minima != NULL)
        multiply_quant_tile (panel, rows + t, first_block, n_tokens - t, at, 32, TRUE);
      else
        multiply_quant_tile (panel, rows + t, first_block, n_tokens - t, at, 32, FALSE);
    }
}

INLINE void
expand_form (const guint8 *strip, gint64 first_column, gint64 n_columns, float *panel, CollateForm form)
{
  for (gint64 c = 0; c < n_columns; c++)
    _mm512_storeu_ps (panel + c * COLLATE_PANEL, load_column (strip, first_column + c, form));
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

/* As with quants: the last token stands in for missing ones. */
INLINE void
multiply_float_tile (const float *panel,
                     gint64 panel_stride,
                     gint64 n_columns,
                     const float *in,
                     gint64 in_stride,
                     gint64 n_tokens,
                     float *result,
                     gint64 result_stride,
                     guint tile,
                     guint n_strips)
{
  __m512 sums[FLOAT_TOKENS][COLLATE_PANEL_STRIPS];
  const float *rows[FLOAT_TOKENS];

  for (guint t = 0; t < tile; t++)
    {
      gint64 token = MIN (t, n_tokens - 1);

      rows[t] = in + token * in_stride;
      for (guint s = 0; s < n_strips; s++)
        sums[t][s] = _mm512_loadu_ps (result + token * result_stride + s * COLLATE_STRIP);
    }
  for (gint64 c = 0; c < n_columns; c++)
    {
      __m512 column[COLLATE_PANEL_STRIPS];

      for (guint s = 0; s < n_strips; s++)
        column[s] = _mm512_loadu_ps (panel + c * panel_stride + s * COLLATE_STRIP);
      for (guint t = 0; t < tile; t++)
        {
          __m512 number = _mm512_set1_ps (rows[t][c]);

          for (guint s = 0; s < n_strips; s++)
            sums[t][s] = _mm512_fmadd_ps (number, column[s], sums[t][s]);
        }
    }
  for (guint t = 0; t < tile && t < n_tokens; t++)
    for (guint s = 0; s < n_strips; s++)
      _mm512_storeu_ps (result + t * result_stride + s * COLLATE_STRIP, sums[t][s]);
}

INLINE void
multiply_float_tokens (const float *panel,
                       gint64 panel_stride,
                       gint64 n_columns,
                       const float *in,
                       gint64 in_stride,
                       gint64 n_tokens,
                       float *sums,
                       gint64 sums_stride,
                       guint n_strips)
{
  gint64 t = 0;

  for (; n_tokens - t > FLOAT_TOKENS / 2; t += FLOAT_TOKENS)
    multiply_float_tile (panel,
                         panel_stride,
                         n_columns,
                         in + t * in_stride,
                         in_stride,
                         n_tokens - t,
                         sums + t * sums_stride,
                         sums_stride,
                         FLOAT_TOKENS,
                         n_strips);
  if (t < n_tokens)
    multiply_float_tile (panel,
                         panel_stride,
                         n_columns,
                         in + t * in_stride,
                         in_stride,
                         n_tokens - t,
                         sums + t * sums_stride,
                         sums_stride,
                         FLOAT_TOKENS / 2,
                         n_strips);
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
  if (n_strips == 3)
    multiply_float_tokens (panel, panel_stride, n_columns, in, in_stride, n_tokens, sums, sums_stride, 3);
  else if (n_strips == 2)
    multiply_float_tokens (panel, panel_stride, n_columns, in, in_stride, n_tokens, sums, sums_stride, 2);
  else
    multiply_float_tokens (panel, panel_stride, n_columns, in, in_stride, n_tokens, sums, sums_stride, 1);
}

TARGET static void
to_f16 (const float *in, guint16 *out, gint64 n)
{
  for (gint64 i = 0; i < n; i += 16)
    {
      __mmask16 mask = get_mask (n - i);
      __m256i halves = _mm512_cvtps_ph (_mm512_maskz_loadu_ps (mask, in + i), _MM_FROUND_TO_NEAREST_INT);

      _mm256_mask_storeu_epi16 (out + i, mask, halves);
    }
}

TARGET static void
from_f16 (const guint16 *in, float *out, gint64 n)
{
  for (gint64 i = 0; i < n; i += 16)
    _mm512_mask_storeu_ps (out + i, get_mask (n - i), load_halves (in + i, get_mask (n - i)));
}

TARGET static float
add_squares (const float *in, gint64 n)
{
  __m512 sum = _mm512_setzero_ps ();

  for (gint64 i = 0; i < n; i += 16)
    {
      __m512 numbers = _mm512_maskz_loadu_ps (get_mask (n - i), in + i);

      sum = _mm512_fmadd_ps (numbers, numbers, sum);
    }
  return _mm512_reduce_add_ps (sum);
}

const CollateCpuLoops collate_avx512_loops = {
  .name = "AVX-512 VNNI",
  .quantize = quantize,
  .dot_quants = dot_quants,
  .dot_floats = dot_floats,
  .expand_quants = expand_quants,
  .multiply_quants = multiply_quants,
  .expand_floats = expand_floats,
  .multiply_floats = multiply_floats,
  .to_f16 = to_f16,
  .from_f16 = from_f16,
  .transpose_f16 = collate_avx512_transpose_f16,
  .score_keys = collate_avx512_score_keys,
  .add_values = collate_avx512_add_values,
  .add_squares = add_squares,
  .swiglu = collate_avx512_swiglu,
  .weigh = collate_avx512_weigh,
};

#endif
