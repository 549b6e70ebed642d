/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gguf-writer.h"

#include <math.h>
#include <string.h>

/* From numbers to blocks, the inverse of collate_type_expand(). */

static void
put_u16 (guint8 *bytes, guint16 value)
{
  bytes[0] = (guint8) value;
  bytes[1] = (guint8) (value >> 8);
}

/* Stores a scale as f16, and returns what is left of it there. */
static float
put_f16 (guint8 *bytes, float number)
{
  guint16 half = collate_f32_to_f16 (number);

  put_u16 (bytes, half);
  return collate_f16_to_f32 (half);
}

static int
quantize (float number, float scale, int least, int most)
{
  return scale == 0 ? CLAMP (0, least, most) : (int) lrintf (CLAMP (number / scale, least, most));
}

/* The number that is farthest from zero, with its sign. */
static float
get_extreme (const float *numbers, guint n)
{
  float extreme = 0;

  for (guint i = 0; i < n; i++)
    if (fabsf (numbers[i]) > fabsf (extreme))
      extreme = numbers[i];

  return extreme;
}

static void
get_range (const float *numbers, guint n, float *least, float *most)
{
  *least = *most = numbers[0];
  for (guint i = 1; i < n; i++)
    {
      *least = MIN (*least, numbers[i]);
      *most = MAX (*most, numbers[i]);
    }
}

static void
pack_q8_0 (const float *numbers, guint8 *block)
{
  float scale = put_f16 (block, fabsf (get_extreme (numbers, 32)) / 127);

  for (guint i = 0; i < 32; i++)
    block[2 + i] = (guint8) quantize (numbers[i], scale, -127, 127);
}

/* The low four bits of 32 quants, and the fifth ones where `fifth_bits` is there. */
static void
put_quants (const guint8 *quants, guint8 *fifth_bits, guint8 *nibbles)
{
  for (guint i = 0; i < 32; i++)
    {
      nibbles[i % 16] |= (guint8) ((quants[i] & 15) << (i < 16 ? 0 : 4));
      if (fifth_bits != NULL)
        fifth_bits[i / 8] |= (guint8) (quants[i] >> 4 << i % 8);
    }
}

/* Q4_0, Q5_0: `half` stands for zero, and 0 for the extreme. */
static void
pack_symmetric (const float *numbers, int half, guint8 *block, guint8 *fifth_bits, guint8 *nibbles)
{
  float scale = put_f16 (block, get_extreme (numbers, 32) / (float) -half);
  guint8 quants[32];

  for (guint i = 0; i < 32; i++)
    quants[i] = (guint8) (quantize (numbers[i], scale, -half, half - 1) + half);
  put_quants (quants, fifth_bits, nibbles);
}

/* Q4_1, Q5_1. */
static void
pack_with_minimum (const float *numbers, int largest, guint8 *block, guint8 *fifth_bits, guint8 *nibbles)
{
  guint8 quants[32];
  float least, most, scale;

  get_range (numbers, 32, &least, &most);
  scale = put_f16 (block, (most - least) / (float) largest);
  least = put_f16 (block + 2, least);
  for (guint i = 0; i < 32; i++)
    quants[i] = (guint8) quantize (numbers[i] - least, scale, 0, largest);
  put_quants (quants, fifth_bits, nibbles);
}

/* The six bits of a scale and of a minimum into the twelve bytes that hold eight of both. */
static void
put_scale_and_minimum (guint8 *packed, guint sub_block, int scale, int minimum)
{
  if (sub_block < 4)
    {
      packed[sub_block] |= (guint8) scale;
      packed[sub_block + 4] |= (guint8) minimum;
    }
  else
    {
      packed[sub_block + 4] = (guint8) ((scale & 15) | (minimum & 15) << 4);
      packed[sub_block - 4] |= (guint8) (scale >> 4 << 6);
      packed[sub_block] |= (guint8) (minimum >> 4 << 6);
    }
}

/* Q4_K, Q5_K. Minima are stored as what is taken away, so a sub-block reaches down to zero at least. */
static void
pack_sub_blocks (const float *numbers, int largest, guint8 *block, guint8 *fifth_bits, guint8 *nibbles)
{
  float scales[8], minima[8], scale_of_scales, scale_of_minima;

  for (guint s = 0; s < 8; s++)
    {
      float least, most;

      get_range (numbers + s * 32, 32, &least, &most);
      minima[s] = -MIN (least, 0);
      scales[s] = (most + minima[s]) / (float) largest;
    }
  scale_of_scales = put_f16 (block, fabsf (get_extreme (scales, 8)) / 63);
  scale_of_minima = put_f16 (block + 2, get_extreme (minima, 8) / 63);

  for (guint s = 0; s < 8; s++)
    {
      int scale = quantize (scales[s], scale_of_scales, 0, 63);
      int minimum = quantize (minima[s], scale_of_minima, 0, 63);

      put_scale_and_minimum (block + 4, s, scale, minimum);
      for (guint i = 0; i < 32; i++)
        {
          int quant = quantize (numbers[s * 32 + i] + scale_of_minima * (float) minimum,
                                scale_of_scales * (float) scale,
                                0,
                                largest);

          nibbles[s / 2 * 32 + i] |= (guint8) ((quant & 15) << s % 2 * 4);
          if (fifth_bits != NULL)
            fifth_bits[i] |= (guint8) (quant >> 4 << s);
        }
    }
}

static void
pack_q6_k (const float *numbers, guint8 *block)
{
  float scales[16], scale_of_scales;

  for (guint s = 0; s < 16; s++)
    scales[s] = get_extreme (numbers + s * 16, 16) / -32;
  scale_of_scales = put_f16 (block + 208, get_extreme (scales, 16) / -128);

  for (guint n = 0; n < 256; n++)
    {
      int scale = quantize (scales[n / 16], scale_of_scales, -128, 127);
      int quant = quantize (numbers[n], scale_of_scales * (float) scale, -32, 31) + 32;
      guint half = n / 128, i = n % 128;

      block[192 + n / 16] = (guint8) scale;
      block[half * 64 + i % 64] |= (guint8) ((quant & 15) << i / 64 * 4);
      block[128 + half * 32 + i % 32] |= (guint8) (quant >> 4 << i / 32 * 2);
    }
}

static void
pack_block (CollateType type, const float *numbers, guint8 *block)
{
  guint32 bits;

  switch (type)
    {
    case COLLATE_F32:
      memcpy (block, numbers, sizeof *numbers);
      break;
    case COLLATE_F16:
      put_f16 (block, *numbers);
      break;
    case COLLATE_BF16:
      memcpy (&bits, numbers, sizeof bits);
      put_u16 (block, (guint16) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
      break;
    case COLLATE_Q8_0:
      pack_q8_0 (numbers, block);
      break;
    case COLLATE_Q4_0:
      pack_symmetric (numbers, 8, block, NULL, block + 2);
      break;
    case COLLATE_Q5_0:
      pack_symmetric (numbers, 16, block, block + 2, block + 6);
      break;
    case COLLATE_Q4_1:
      pack_with_minimum (numbers, 15, block, NULL, block + 4);
      break;
    case COLLATE_Q5_1:
      pack_with_minimum (numbers, 31, block, block + 4, block + 8);
      break;
    case COLLATE_Q4_K:
      pack_sub_blocks (numbers, 15, block, NULL, block + 16);
      break;
    case COLLATE_Q5_K:
      pack_sub_blocks (numbers, 31, block, block + 16, block + 48);
      break;
    case COLLATE_Q6_K:
      pack_q6_k (numbers, block);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
gguf_pack (CollateType type, const float *numbers, gpointer data, gint64 count)
{
  gsize block_bytes = collate_type_get_block_bytes (type);
  guint block = collate_type_get_block (type);
  guint8 *bytes = data;

  memset (data, 0, (gsize) count / block * block_bytes);
  for (gint64 i = 0; i < count; i += block, bytes += block_bytes)
    pack_block (type, numbers + i, bytes);
}

float
gguf_random (guint64 *state)
{
  guint64 bits = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  bits = (bits ^ bits >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  bits = (bits ^ bits >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  bits ^= bits >> 31;
  return ((float) (bits >> 41) + 0.5f) * 0x1p-22f - 1.0f;
}
