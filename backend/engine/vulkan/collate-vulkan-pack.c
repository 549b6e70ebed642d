/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine/vulkan/collate-vulkan-weights.h"

/* From the blocks of a model file to the strips that shaders read. Nothing is rounded: codes stay as they are, and so do
 * scales; where a type has a code for zero, it becomes a minimum, or the shader's constant. */

#define BLOCK COLLATE_FORM_BLOCK

/* A block of a row: codes of any width, and the scales. */
typedef struct
{
  guint8 codes[BLOCK];
  guint16 scale, minimum; /* f16 */
  guint16 within;         /* of a K form: the block's own two bytes; scale and minimum are the outer ones */
} Block;

static const guint forms[] = {
  [COLLATE_F32] = COLLATE_FORM_F32,   [COLLATE_F16] = COLLATE_FORM_F16,   [COLLATE_BF16] = COLLATE_FORM_BF16,
  [COLLATE_Q8_0] = COLLATE_FORM_Q8,   [COLLATE_Q4_0] = COLLATE_FORM_Q4,   [COLLATE_Q4_1] = COLLATE_FORM_Q4,
  [COLLATE_Q5_0] = COLLATE_FORM_Q5,   [COLLATE_Q5_1] = COLLATE_FORM_Q5,   [COLLATE_Q4_K] = COLLATE_FORM_Q4_K,
  [COLLATE_Q5_K] = COLLATE_FORM_Q5_K, [COLLATE_Q6_K] = COLLATE_FORM_Q6_K,
};

guint
collate_vulkan_get_form (CollateType type)
{
  return forms[type];
}

static guint
get_n_words (guint form)
{
  switch (form)
    {
    case COLLATE_FORM_F32:
      return 32;
    case COLLATE_FORM_F16:
    case COLLATE_FORM_BF16:
      return 16;
    case COLLATE_FORM_Q8:
      return 8;
    default:
      return 4;
    }
}

static guint
get_n_bits (guint form)
{
  return form == COLLATE_FORM_Q6_K ? 2 : form == COLLATE_FORM_Q5 || form == COLLATE_FORM_Q5_K ? 1 : 0;
}

CollateVulkanStripBytes
collate_vulkan_get_strip_bytes (guint form, guint32 n_blocks, guint32 n_lanes)
{
  guint64 n = (guint64) n_blocks * n_lanes * sizeof (guint32);

  return (CollateVulkanStripBytes){
    .codes = n * get_n_words (form),
    .bits = n * get_n_bits (form),
    .scales = form < COLLATE_FORM_Q8     ? 0
              : form < COLLATE_FORM_Q4_K ? n
                                         : n / COLLATE_FORM_SUPER * 5,
  };
}

static guint16
read_u16 (const guint8 *bytes)
{
  return (guint16) (bytes[0] | bytes[1] << 8);
}

/* f16, times a power of two that it holds. */
static guint16
scale_f16 (guint16 half, float factor)
{
  return collate_f32_to_f16 (collate_f16_to_f32 (half) * factor);
}

static void
read_nibbles (const guint8 *nibbles, Block *block)
{
  for (guint i = 0; i < BLOCK; i++)
    block->codes[i] = nibbles[i % 16] >> (i < 16 ? 0 : 4) & 15;
}

static void
read_fifth_bits (const guint8 *bits, Block *block)
{
  for (guint i = 0; i < BLOCK; i++)
    block->codes[i] |= (bits[i / 8] >> i % 8 & 1) << 4;
}

static void
read_plain (CollateType type, const guint8 *data, Block *block)
{
  block->scale = read_u16 (data);
  block->minimum = 0;
  switch (type)
    {
    case COLLATE_Q8_0:
      memcpy (block->codes, data + 2, BLOCK);
      break;
    case COLLATE_Q4_0:
      read_nibbles (data + 2, block);
      block->minimum = scale_f16 (block->scale, -8);
      break;
    case COLLATE_Q4_1:
      read_nibbles (data + 4, block);
      block->minimum = read_u16 (data + 2);
      break;
    case COLLATE_Q5_0:
      read_nibbles (data + 6, block);
      read_fifth_bits (data + 2, block);
      block->minimum = scale_f16 (block->scale, -16);
      break;
    case COLLATE_Q5_1:
    default:
      read_nibbles (data + 8, block);
      read_fifth_bits (data + 4, block);
      block->minimum = read_u16 (data + 2);
      break;
    }
}

/* Eight scales and eight minima of six bits in twelve bytes, as collate-tensor.c says. */
static guint16
read_scale_and_minimum (const guint8 *packed, guint n)
{
  guint scale = packed[n] & 63, minimum = packed[n + 4] & 63;

  if (n >= 4)
    {
      scale = (packed[n + 4] & 15) | packed[n - 4] >> 6 << 4;
      minimum = packed[n + 4] >> 4 | packed[n] >> 6 << 4;
    }
  return (guint16) (scale | minimum << 8);
}

/* Block n of eight of Q4_K or Q5_K. */
static void
read_k (const guint8 *data, guint n, gboolean has_fifth_bits, Block *block)
{
  const guint8 *nibbles = data + (has_fifth_bits ? 48 : 16) + n / 2 * BLOCK;

  block->scale = read_u16 (data);
  block->minimum = read_u16 (data + 2);
  block->within = read_scale_and_minimum (data + 4, n);
  for (guint i = 0; i < BLOCK; i++)
    {
      block->codes[i] = nibbles[i] >> n % 2 * 4 & 15;
      if (has_fifth_bits)
        block->codes[i] |= (data[16 + i] >> n & 1) << 4;
    }
}

static void
read_q6_k (const guint8 *data, guint n, Block *block)
{
  guint half = n / 4;

  block->scale = read_u16 (data + 208);
  block->minimum = 0;
  block->within = read_u16 (data + 192 + n * 2);
  for (guint i = 0; i < BLOCK; i++)
    {
      guint at = n % 4 * BLOCK + i; /* within the half of the super-block */
      guint low = data[half * 64 + at % 64] >> at / 64 * 4 & 15;
      guint high = data[128 + half * 32 + at % 32] >> at / 32 * 2 & 3;

      block->codes[i] = (guint8) (low | high << 4);
    }
}

static void
read_block (const CollateTensor *tensor, const guint8 *row, guint n, Block *block)
{
  gsize size = collate_type_get_block_bytes (tensor->type);

  switch (tensor->type)
    {
    case COLLATE_Q4_K:
    case COLLATE_Q5_K:
      read_k (
          row + n / COLLATE_FORM_SUPER * size, n % COLLATE_FORM_SUPER, tensor->type == COLLATE_Q5_K, block);
      break;
    case COLLATE_Q6_K:
      read_q6_k (row + n / COLLATE_FORM_SUPER * size, n % COLLATE_FORM_SUPER, block);
      break;
    default:
      read_plain (tensor->type, row + n * size, block);
      break;
    }
}

/* Words that stand `n_lanes` apart in groups of four. */
static void
put_words (const guint32 *words, guint n_words, guint32 n_lanes, guint32 *to)
{
  for (guint i = 0; i < n_words; i++)
    to[i / 4 * 4 * n_lanes + i % 4] = words[i];
}

/* Where a code's low bits stand, as collate-shaders.h says: the eight of Q8 in a byte, else four in half of one. */
static void
put_codes (const Block *block, guint form, guint32 n_lanes, guint32 *to)
{
  guint32 words[8] = { 0 };

  for (guint i = 0; i < BLOCK; i++)
    if (form == COLLATE_FORM_Q8)
      words[i / 4] |= (guint32) block->codes[i] << i % 4 * 8;
    else
      words[i / 8] |= (guint32) (block->codes[i] & 15) << (i % 4 * 8 + i / 4 % 2 * 4);
  put_words (words, get_n_words (form), n_lanes, to);
}

static void
put_bits (const Block *block, guint form, guint32 n_lanes, guint32 *to)
{
  guint width = get_n_bits (form); /* one bit in one word, two in two */
  guint fours = 8 / width;         /* codes of a word, in fours */
  guint32 words[2] = { 0 };

  for (guint i = 0; i < BLOCK; i++)
    words[i / 4 / fours] |= (guint32) (block->codes[i] >> 4) << (i % 4 * 8 + i / 4 % fours * width);
  for (guint i = 0; i < width; i++)
    to[i * n_lanes] = words[i];
}

static void
put_scales (const Block *block, guint form, guint n, guint32 n_lanes, guint32 *scales)
{
  guint32 both = block->scale | (guint32) block->minimum << 16;
  guint within = n % COLLATE_FORM_SUPER;
  guint32 *super = scales + (gsize) n / COLLATE_FORM_SUPER * 5 * n_lanes;

  if (form < COLLATE_FORM_Q4_K)
    {
      scales[(gsize) n * n_lanes] = both;
      return;
    }
  if (within == 0)
    super[0] = both;
  super += (1 + within / 2) * n_lanes;
  *super = within % 2 == 0 ? block->within : *super | (guint32) block->within << 16;
}

/* The numbers of a block of F32, F16 or BF16, in words. */
static void
put_numbers (const CollateTensor *tensor,
             guint form,
             const guint8 *row,
             guint n,
             guint32 n_lanes,
             guint32 *to)
{
  gint64 first = (gint64) n * BLOCK;
  gint64 count = MIN (BLOCK, tensor->columns - first);
  gsize size = collate_type_get_block_bytes (tensor->type);
  guint32 words[32] = { 0 };

  memcpy (words, row + (gsize) first * size, (gsize) count * size);
  put_words (words, get_n_words (form), n_lanes, to);
}

static void
pack_row (const CollateTensor *tensor,
          guint form,
          guint32 n_lanes,
          gint64 row,
          guint lane,
          const CollateVulkanStrip *strip)
{
  const guint8 *data = (const guint8 *) tensor->data +
                       collate_type_get_row_bytes (tensor->type, tensor->columns) * (gsize) row;
  guint n_blocks = (guint) ((tensor->columns + BLOCK - 1) / BLOCK);
  gsize codes = (gsize) get_n_words (form) * n_lanes;
  gsize bits = (gsize) get_n_bits (form) * n_lanes;

  for (guint n = 0; n < n_blocks; n++)
    {
      guint32 *to = strip->codes + n * codes + (gsize) lane * 4;
      Block block = { 0 };

      if (form < COLLATE_FORM_Q8)
        {
          put_numbers (tensor, form, data, n, n_lanes, to);
          continue;
        }
      read_block (tensor, data, n, &block);
      put_codes (&block, form, n_lanes, to);
      if (bits > 0)
        put_bits (&block, form, n_lanes, strip->bits + n * bits + lane);
      put_scales (&block, form, n, n_lanes, strip->scales + lane);
    }
}

void
collate_vulkan_pack_strip (const CollateTensor *tensor,
                           guint form,
                           guint32 n_lanes,
                           gint64 first,
                           guint n_rows,
                           const CollateVulkanStrip *strip)
{
  guint n_blocks = (guint) ((tensor->columns + BLOCK - 1) / BLOCK);
  CollateVulkanStripBytes bytes = collate_vulkan_get_strip_bytes (form, n_blocks, n_lanes);

  if (n_rows < n_lanes)
    {
      memset (strip->codes, 0, bytes.codes);
      memset (strip->bits, 0, bytes.bits);
      memset (strip->scales, 0, bytes.scales);
    }
  for (guint lane = 0; lane < n_rows; lane++)
    pack_row (tensor, form, n_lanes, first + lane, lane, strip);
}
