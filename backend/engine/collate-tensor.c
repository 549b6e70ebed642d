/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-tensor.h"

#include <string.h>

/* The types of weights in a model file, and what their blocks mean. Plain and slow on purpose: the definition that the
 * kernels of the devices are held against. All products here are exact in f32 (11 bits of an f16 times at most 6 bits
 * of scale and 6 of quant), so that it does not matter whether a compiler contracts them with the sum. */

#define BLOCK 32
#define SUPER_BLOCK 256

typedef void (*ExpandBlock) (const guint8 *block, float *numbers);

static guint16
read_u16 (const guint8 *bytes)
{
  return (guint16) (bytes[0] | bytes[1] << 8);
}

static guint32
read_u32 (const guint8 *bytes)
{
  return read_u16 (bytes) | (guint32) read_u16 (bytes + 2) << 16;
}

static float
read_f16 (const guint8 *bytes)
{
  return collate_f16_to_f32 (read_u16 (bytes));
}

static float
float_from_bits (guint32 bits)
{
  float number;

  memcpy (&number, &bits, sizeof number);
  return number;
}

static void
expand_f32 (const guint8 *block, float *numbers)
{
  *numbers = float_from_bits (read_u32 (block));
}

static void
expand_f16 (const guint8 *block, float *numbers)
{
  *numbers = read_f16 (block);
}

static void
expand_bf16 (const guint8 *block, float *numbers)
{
  *numbers = float_from_bits ((guint32) read_u16 (block) << 16);
}

/* f16 scale; 32 signed bytes. */
static void
expand_q8_0 (const guint8 *block, float *numbers)
{
  float scale = read_f16 (block);

  for (guint i = 0; i < BLOCK; i++)
    numbers[i] = scale * (gint8) block[2 + i];
}

/* Number i of 32: in the low halves of 16 bytes the first 16, in the high halves the others. */
static int
get_nibble (const guint8 *nibbles, guint i)
{
  return nibbles[i % 16] >> (i < 16 ? 0 : 4) & 15;
}

/* f16 scale; 16 bytes of halves, 8 stands for zero. */
static void
expand_q4_0 (const guint8 *block, float *numbers)
{
  float scale = read_f16 (block);

  for (guint i = 0; i < BLOCK; i++)
    numbers[i] = scale * (get_nibble (block + 2, i) - 8);
}

/* f16 scale, f16 minimum; 16 bytes of halves. */
static void
expand_q4_1 (const guint8 *block, float *numbers)
{
  float scale = read_f16 (block);
  float minimum = read_f16 (block + 2);

  for (guint i = 0; i < BLOCK; i++)
    numbers[i] = scale * get_nibble (block + 4, i) + minimum;
}

/* A nibble with its fifth bit, which is bit i of 32. */
static int
get_five_bits (const guint8 *fifth_bits, const guint8 *nibbles, guint i)
{
  return get_nibble (nibbles, i) | (int) (read_u32 (fifth_bits) >> i & 1) << 4;
}

/* f16 scale; 32 fifth bits; 16 bytes of halves, 16 stands for zero. */
static void
expand_q5_0 (const guint8 *block, float *numbers)
{
  float scale = read_f16 (block);

  for (guint i = 0; i < BLOCK; i++)
    numbers[i] = scale * (get_five_bits (block + 2, block + 6, i) - 16);
}

/* f16 scale, f16 minimum; 32 fifth bits; 16 bytes of halves. */
static void
expand_q5_1 (const guint8 *block, float *numbers)
{
  float scale = read_f16 (block);
  float minimum = read_f16 (block + 2);

  for (guint i = 0; i < BLOCK; i++)
    numbers[i] = scale * get_five_bits (block + 4, block + 8, i) + minimum;
}

/* Eight scales and eight minima of six bits in twelve bytes: those of the first four sub-blocks lie in the low bits of
 * bytes 0–3 and 4–7; those of the others have their low halves in bytes 8–11 and their two high bits above the first. */
static void
get_scale_and_minimum (const guint8 *packed, guint sub_block, guint *scale, guint *minimum)
{
  if (sub_block < 4)
    {
      *scale = packed[sub_block] & 63;
      *minimum = packed[sub_block + 4] & 63;
    }
  else
    {
      *scale = (packed[sub_block + 4] & 15) | packed[sub_block - 4] >> 6 << 4;
      *minimum = packed[sub_block + 4] >> 4 | packed[sub_block] >> 6 << 4;
    }
}

/* Q4_K and Q5_K: f16 scale of scales, f16 scale of minima; 12 bytes of both; for Q5_K 32 bytes of fifth bits, bit s of
 * byte i for number i of sub-block s; then 32 bytes of halves for each pair of sub-blocks. */
static void
expand_sub_blocks (const guint8 *block, const guint8 *fifth_bits, const guint8 *nibbles, float *numbers)
{
  float scale_of_scales = read_f16 (block);
  float scale_of_minima = read_f16 (block + 2);

  for (guint s = 0; s < 8; s++)
    {
      guint scale, minimum;

      get_scale_and_minimum (block + 4, s, &scale, &minimum);
      for (guint i = 0; i < 32; i++)
        {
          guint quant = nibbles[s / 2 * 32 + i] >> (s % 2 * 4) & 15;

          if (fifth_bits != NULL)
            quant |= (fifth_bits[i] >> s & 1u) << 4;
          numbers[s * 32 + i] =
              scale_of_scales * (float) scale * (float) quant - scale_of_minima * (float) minimum;
        }
    }
}

static void
expand_q4_k (const guint8 *block, float *numbers)
{
  expand_sub_blocks (block, NULL, block + 16, numbers);
}

static void
expand_q5_k (const guint8 *block, float *numbers)
{
  expand_sub_blocks (block, block + 16, block + 48, numbers);
}

/* 128 bytes of low halves, 64 bytes of four times two high bits, 16 signed scales of 16 numbers each, f16 scale of
 * scales. In each half of the block (128 numbers) number i has its low half in byte i % 64, low before high, and its
 * high bits in byte i % 32; 32 stands for zero. */
static void
expand_q6_k (const guint8 *block, float *numbers)
{
  const gint8 *scales = (const gint8 *) block + 192;
  float scale_of_scales = read_f16 (block + 208);

  for (guint n = 0; n < SUPER_BLOCK; n++)
    {
      guint half = n / 128;
      guint i = n % 128;
      int low = block[half * 64 + i % 64] >> (i / 64 * 4) & 15;
      int high = block[128 + half * 32 + i % 32] >> (i / 32 * 2) & 3;

      numbers[n] = scale_of_scales * scales[n / 16] * (float) ((low | high << 4) - 32);
    }
}

typedef struct
{
  const char *name;
  guint block; /* numbers; 0: no type */
  gsize block_bytes;
  ExpandBlock expand;
} TypeInfo;

static const TypeInfo types[] = {
  [COLLATE_F32] = { "F32", 1, 4, expand_f32 },
  [COLLATE_F16] = { "F16", 1, 2, expand_f16 },
  [COLLATE_Q4_0] = { "Q4_0", BLOCK, 18, expand_q4_0 },
  [COLLATE_Q4_1] = { "Q4_1", BLOCK, 20, expand_q4_1 },
  [COLLATE_Q5_0] = { "Q5_0", BLOCK, 22, expand_q5_0 },
  [COLLATE_Q5_1] = { "Q5_1", BLOCK, 24, expand_q5_1 },
  [COLLATE_Q8_0] = { "Q8_0", BLOCK, 34, expand_q8_0 },
  [COLLATE_Q4_K] = { "Q4_K", SUPER_BLOCK, 144, expand_q4_k },
  [COLLATE_Q5_K] = { "Q5_K", SUPER_BLOCK, 176, expand_q5_k },
  [COLLATE_Q6_K] = { "Q6_K", SUPER_BLOCK, 210, expand_q6_k },
  [COLLATE_BF16] = { "BF16", 1, 2, expand_bf16 },
};

gboolean
collate_type_is_known (guint32 type)
{
  return type < G_N_ELEMENTS (types) && types[type].block != 0;
}

const char *
collate_type_get_name (CollateType type)
{
  return types[type].name;
}

guint
collate_type_get_block (CollateType type)
{
  return types[type].block;
}

gsize
collate_type_get_block_bytes (CollateType type)
{
  return types[type].block_bytes;
}

gsize
collate_type_get_row_bytes (CollateType type, gint64 columns)
{
  gsize n_bytes;

  if (columns < 0 || columns % types[type].block != 0 ||
      !g_size_checked_mul (&n_bytes, (gsize) columns / types[type].block, types[type].block_bytes))
    return 0;

  return n_bytes;
}

void
collate_type_expand (CollateType type, const void *data, float *numbers, gint64 count)
{
  const TypeInfo *info = &types[type];
  const guint8 *block = data;

  for (gint64 i = 0; i < count; i += info->block, block += info->block_bytes)
    info->expand (block, numbers + i);
}

float
collate_f16_to_f32 (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16;
  guint32 exponent = half >> 10 & 31;
  guint32 fraction = half & 0x3ff;

  if (exponent == 31)
    return float_from_bits (sign | 0x7f800000 | fraction << 13);
  if (exponent != 0)
    return float_from_bits (sign | (exponent + 112) << 23 | fraction << 13);

  /* Zero and subnormals: fraction * 2⁻²⁴, exact in f32. */
  return (sign != 0 ? -1.0f : 1.0f) * (float) fraction * 0x1p-24f;
}

/* A value shifted right by `bits` (1 to 31), to nearest, ties to even. */
static guint32
shift_rounded (guint32 value, guint bits)
{
  guint32 kept = value >> bits;
  guint32 rest = value & ((1u << bits) - 1);
  guint32 tie = 1u << (bits - 1);

  return kept + (rest > tie || (rest == tie && kept % 2 == 1));
}

guint16
collate_f32_to_f16 (float number)
{
  guint32 bits, magnitude;
  guint16 sign;

  memcpy (&bits, &number, sizeof bits);
  magnitude = bits & 0x7fffffff;
  sign = (guint16) (bits >> 16 & 0x8000);

  if (magnitude > 0x7f800000) /* not a number, a quiet one, with what fits of its payload */
    return sign | 0x7e00 | (guint16) (magnitude >> 13 & 0x3ff);
  if (magnitude >= 0x477ff000) /* 65520 and above lie nearer to 2¹⁶, which is infinity */
    return sign | 0x7c00;
  if (magnitude >= 0x38800000) /* normal: a carry of the fraction moves the exponent on, as it should */
    return sign | (guint16) (shift_rounded (magnitude, 13) - (112u << 10));
  if (magnitude < 0x33000000) /* below half of the least subnormal */
    return sign;

  /* Subnormal: the fraction with its leading 1, in steps of 2⁻²⁴. */
  return sign | (guint16) shift_rounded ((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >> 23));
}
