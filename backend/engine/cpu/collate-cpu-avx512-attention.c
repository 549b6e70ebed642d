/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#ifdef __x86_64__

#include "engine/cpu/collate-cpu-avx512.h"

/* The inner loops for AVX-512 of attention and of the exponential function. */

/* Rows of attention in one go: what most models have as heads for one key, or half of it. */
#define ATTENTION_ROWS 3

/* 16 rows of 16 numbers: pairs of numbers, of pairs, of quarters of a register, of halves change places. */
INLINE void
transpose_square (__m512 *rows)
{
  __m512 pairs[16], fours[16];

  for (guint i = 0; i < 16; i += 2)
    {
      pairs[i] = _mm512_unpacklo_ps (rows[i], rows[i + 1]);
      pairs[i + 1] = _mm512_unpackhi_ps (rows[i], rows[i + 1]);
    }
  for (guint i = 0; i < 16; i += 4)
    for (guint k = 0; k < 2; k++)
      {
        __m512d a = _mm512_castps_pd (pairs[i + k]), b = _mm512_castps_pd (pairs[i + 2 + k]);

        fours[i + 2 * k] = _mm512_castpd_ps (_mm512_unpacklo_pd (a, b));
        fours[i + 2 * k + 1] = _mm512_castpd_ps (_mm512_unpackhi_pd (a, b));
      }
  for (guint k = 0; k < 4; k++)
    {
      __m512 even_low = _mm512_shuffle_f32x4 (fours[k], fours[4 + k], 0x88);
      __m512 odd_low = _mm512_shuffle_f32x4 (fours[k], fours[4 + k], 0xdd);
      __m512 even_high = _mm512_shuffle_f32x4 (fours[8 + k], fours[12 + k], 0x88);
      __m512 odd_high = _mm512_shuffle_f32x4 (fours[8 + k], fours[12 + k], 0xdd);

      rows[k] = _mm512_shuffle_f32x4 (even_low, even_high, 0x88);
      rows[8 + k] = _mm512_shuffle_f32x4 (even_low, even_high, 0xdd);
      rows[4 + k] = _mm512_shuffle_f32x4 (odd_low, odd_high, 0x88);
      rows[12 + k] = _mm512_shuffle_f32x4 (odd_low, odd_high, 0xdd);
    }
}

TARGET void
collate_avx512_transpose_f16 (const guint16 *in,
                              gint64 stride,
                              gint64 n_rows,
                              gint64 n_columns,
                              float *out,
                              gint64 out_stride)
{
  for (gint64 n = 0; n < n_rows; n += 16)
    for (gint64 i = 0; i < n_columns; i += 16)
      {
        __mmask16 mask = get_mask (n_columns - i);
        __m512 rows[16];

        for (gint64 k = 0; k < 16; k++)
          rows[k] = n + k < n_rows ? load_halves (in + (n + k) * stride + i, mask) : _mm512_setzero_ps ();
        transpose_square (rows);
        for (gint64 k = 0; k < 16 && i + k < n_columns; k++)
          _mm512_mask_storeu_ps (out + (i + k) * out_stride + n, get_mask (n_rows - n), rows[k]);
      }
}

/* The sums over the lanes of four registers. */
INLINE __m128
reduce_four (const __m512 *sums)
{
  __m512 first = _mm512_add_ps (_mm512_unpacklo_ps (sums[0], sums[1]), _mm512_unpackhi_ps (sums[0], sums[1]));
  __m512 second =
      _mm512_add_ps (_mm512_unpacklo_ps (sums[2], sums[3]), _mm512_unpackhi_ps (sums[2], sums[3]));
  __m512 both =
      _mm512_add_ps (_mm512_shuffle_ps (first, second, 0x44), _mm512_shuffle_ps (first, second, 0xee));
  __m256 half = _mm256_add_ps (_mm512_castps512_ps256 (both), _mm512_extractf32x8_ps (both, 1));

  return _mm_add_ps (_mm256_castps256_ps128 (half), _mm256_extractf128_ps (half, 1));
}

/* Four keys at a time; beyond the last key it stands in for those that are missing. */
INLINE void
score_rows (const float *queries,
            guint n_rows,
            const guint16 *keys,
            gint64 stride,
            gint64 n_keys,
            gint64 head_size,
            float *scores,
            gint64 scores_stride)
{
  for (gint64 n = 0; n < n_keys; n += 4)
    {
      __m512 sums[ATTENTION_ROWS][4];

      for (guint r = 0; r < n_rows; r++)
        for (guint k = 0; k < 4; k++)
          sums[r][k] = _mm512_setzero_ps ();
      for (gint64 i = 0; i < head_size; i += 16)
        {
          __mmask16 mask = get_mask (head_size - i);
          __m512 parts[ATTENTION_ROWS];

          for (guint r = 0; r < n_rows; r++)
            parts[r] = _mm512_maskz_loadu_ps (mask, queries + r * head_size + i);
          for (guint k = 0; k < 4; k++)
            {
              __m512 key = load_halves (keys + MIN (n + k, n_keys - 1) * stride + i, mask);

              for (guint r = 0; r < n_rows; r++)
                sums[r][k] = _mm512_fmadd_ps (parts[r], key, sums[r][k]);
            }
        }
      for (guint r = 0; r < n_rows; r++)
        _mm_mask_storeu_ps (
            scores + r * scores_stride + n, get_mask (MIN (n_keys - n, 4)) & 15, reduce_four (sums[r]));
    }
}

TARGET void
collate_avx512_score_keys (const float *queries,
                           gint64 n_rows,
                           const guint16 *keys,
                           gint64 stride,
                           gint64 n_keys,
                           gint64 head_size,
                           float *scores,
                           gint64 scores_stride)
{
  gint64 r = 0;

  for (; r + ATTENTION_ROWS <= n_rows; r += ATTENTION_ROWS)
    score_rows (queries + r * head_size,
                ATTENTION_ROWS,
                keys,
                stride,
                n_keys,
                head_size,
                scores + r * scores_stride,
                scores_stride);
  for (; r < n_rows; r++)
    score_rows (queries + r * head_size,
                1,
                keys,
                stride,
                n_keys,
                head_size,
                scores + r * scores_stride,
                scores_stride);
}

/* Up to 64 numbers of each value. */
INLINE void
add_value_rows (const float *weights,
                gint64 weights_stride,
                guint n_rows,
                const guint16 *values,
                gint64 stride,
                gint64 n_keys,
                gint64 n_numbers,
                float *result,
                gint64 result_stride)
{
  __m512 sums[ATTENTION_ROWS][4];
  __mmask16 masks[4];

  for (gint64 k = 0; k < 4; k++)
    {
      masks[k] = get_mask (CLAMP (n_numbers - k * 16, 0, 16));
      for (guint r = 0; r < n_rows; r++)
        sums[r][k] = _mm512_maskz_loadu_ps (masks[k], result + r * result_stride + k * 16);
    }
  for (gint64 n = 0; n < n_keys; n++)
    for (guint k = 0; k < 4; k++)
      {
        __m512 value = load_halves (values + n * stride + k * 16, masks[k]);

        for (guint r = 0; r < n_rows; r++)
          sums[r][k] = _mm512_fmadd_ps (value, _mm512_set1_ps (weights[r * weights_stride + n]), sums[r][k]);
      }
  for (guint k = 0; k < 4; k++)
    for (guint r = 0; r < n_rows; r++)
      _mm512_mask_storeu_ps (result + r * result_stride + k * 16, masks[k], sums[r][k]);
}

TARGET void
collate_avx512_add_values (const float *weights,
                           gint64 weights_stride,
                           gint64 n_rows,
                           const guint16 *values,
                           gint64 stride,
                           gint64 n_keys,
                           gint64 head_size,
                           float *sums,
                           gint64 sums_stride)
{
  for (gint64 i = 0; i < head_size; i += 64)
    {
      gint64 r = 0;

      for (; r + ATTENTION_ROWS <= n_rows; r += ATTENTION_ROWS)
        add_value_rows (weights + r * weights_stride,
                        weights_stride,
                        ATTENTION_ROWS,
                        values + i,
                        stride,
                        n_keys,
                        head_size - i,
                        sums + r * sums_stride + i,
                        sums_stride);
      for (; r < n_rows; r++)
        add_value_rows (weights + r * weights_stride,
                        weights_stride,
                        1,
                        values + i,
                        stride,
                        n_keys,
                        head_size - i,
                        sums + r * sums_stride + i,
                        sums_stride);
    }
}

/* 2ⁿ · exp (rest), the rest by its series, whose eighth term is below the last place. Infinite and zero where exp is. */
INLINE __m512
exponential (__m512 x)
{
  static const float terms[] = { 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1, 1 };
  __m512 bounded = _mm512_min_ps (_mm512_max_ps (x, _mm512_set1_ps (-110)), _mm512_set1_ps (90));
  __m512 n = _mm512_roundscale_ps (_mm512_mul_ps (bounded, _mm512_set1_ps (1.44269504f)),
                                   _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  /* The logarithm of 2 in two parts: n times the first is exact. */
  __m512 rest = _mm512_fnmadd_ps (n, _mm512_set1_ps (0.693359375f), bounded);
  __m512 sum = _mm512_set1_ps (terms[0]);

  rest = _mm512_fnmadd_ps (n, _mm512_set1_ps (-2.12194440e-4f), rest);
  for (guint i = 1; i < G_N_ELEMENTS (terms); i++)
    sum = _mm512_fmadd_ps (sum, rest, _mm512_set1_ps (terms[i]));
  return _mm512_scalef_ps (sum, n);
}

TARGET void
collate_avx512_swiglu (const float *gate, const float *up, float *out, gint64 n)
{
  for (gint64 i = 0; i < n; i += 16)
    {
      __mmask16 mask = get_mask (n - i);
      __m512 numbers = _mm512_maskz_loadu_ps (mask, gate + i);
      __m512 one = _mm512_set1_ps (1);
      __m512 below = _mm512_add_ps (one, exponential (_mm512_sub_ps (_mm512_setzero_ps (), numbers)));
      __m512 gated = _mm512_mul_ps (_mm512_div_ps (numbers, below), _mm512_maskz_loadu_ps (mask, up + i));

      _mm512_mask_storeu_ps (out + i, mask, gated);
    }
}

TARGET float
collate_avx512_weigh (float *numbers, gint64 n, float *most)
{
  __m512 largest = _mm512_set1_ps (*most), sum = _mm512_setzero_ps ();

  for (gint64 i = 0; i < n; i += 16)
    largest = _mm512_mask_max_ps (
        largest, get_mask (n - i), largest, _mm512_maskz_loadu_ps (get_mask (n - i), numbers + i));
  *most = _mm512_reduce_max_ps (largest);
  largest = _mm512_set1_ps (*most);
  for (gint64 i = 0; i < n; i += 16)
    {
      __mmask16 mask = get_mask (n - i);
      __m512 in = _mm512_maskz_loadu_ps (mask, numbers + i);
      __m512 out = _mm512_maskz_mov_ps (mask, exponential (_mm512_sub_ps (in, largest)));

      _mm512_mask_storeu_ps (numbers + i, mask, out);
      sum = _mm512_add_ps (sum, out);
    }
  return _mm512_reduce_add_ps (sum);
}

#endif
