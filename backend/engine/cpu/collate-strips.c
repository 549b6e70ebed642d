/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-strips.h"

#include <string.h>

/* 32 numbers of a row of a file's weight, taken apart: as many scales and minima as there are groups. */
typedef struct
{
  guint8 quants[COLLATE_BLOCK];
  float scales[2];
  float minimum;
} Parts;

typedef void (*TakeApart) (const guint8 *row, gint64 block, Parts *parts);

typedef struct
{
  CollateForm form;
  guint group;
  gboolean wide_scales;
  gboolean has_minima;
  int offset;
  TakeApart take_apart; /* NULL: these are no quants */
} FormInfo;

static guint16
read_u16 (const guint8 *bytes)
{
  return (guint16) (bytes[0] | bytes[1] << 8);
}

static float
read_f16 (const guint8 *bytes)
{
  return collate_f16_to_f32 (read_u16 (bytes));
}

static void
take_nibbles (const guint8 *nibbles, Parts *parts)
{
  for (guint i = 0; i < 16; i++)
    {
      parts->quants[i] = nibbles[i] & 15;
      parts->quants[i + 16] = nibbles[i] >> 4;
    }
}

static void
take_fifth_bits (const guint8 *bits, Parts *parts)
{
  for (guint i = 0; i < COLLATE_BLOCK; i++)
    parts->quants[i] |= (bits[i / 8] >> i % 8 & 1) << 4;
}

static void
take_q4_0 (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block * 18;

  parts->scales[0] = read_f16 (bytes);
  take_nibbles (bytes + 2, parts);
}

static void
take_q4_1 (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block * 20;

  parts->scales[0] = read_f16 (bytes);
  parts->minimum = read_f16 (bytes + 2);
  take_nibbles (bytes + 4, parts);
}

static void
take_q5_0 (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block * 22;

  parts->scales[0] = read_f16 (bytes);
  take_nibbles (bytes + 6, parts);
  take_fifth_bits (bytes + 2, parts);
}

static void
take_q5_1 (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block * 24;

  parts->scales[0] = read_f16 (bytes);
  parts->minimum = read_f16 (bytes + 2);
  take_nibbles (bytes + 8, parts);
  take_fifth_bits (bytes + 4, parts);
}

static void
take_q8_0 (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block * 34;

  parts->scales[0] = read_f16 (bytes);
  for (guint i = 0; i < COLLATE_BLOCK; i++)
    parts->quants[i] = bytes[2 + i] ^ 0x80;
}

/* The scale and the minimum of sub-block s of the eight of a block of 256: six bits each, packed in twelve bytes. */
static void
take_packed_scales (const guint8 *bytes, guint s, Parts *parts)
{
  const guint8 *packed = bytes + 4;
  guint scale, minimum;

  if (s < 4)
    {
      scale = packed[s] & 63;
      minimum = packed[s + 4] & 63;
    }
  else
    {
      scale = (packed[s + 4] & 15) | packed[s - 4] >> 6 << 4;
      minimum = packed[s + 4] >> 4 | packed[s] >> 6 << 4;
    }
  parts->scales[0] = read_f16 (bytes) * (float) scale;
  parts->minimum = -read_f16 (bytes + 2) * (float) minimum;
}

static void
take_pair_of_sub_blocks (const guint8 *nibbles, guint s, Parts *parts)
{
  for (guint i = 0; i < COLLATE_BLOCK; i++)
    parts->quants[i] = nibbles[s / 2 * 32 + i] >> (s % 2 * 4) & 15;
}

static void
take_q4_k (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block / 8 * 144;
  guint s = block % 8;

  take_packed_scales (bytes, s, parts);
  take_pair_of_sub_blocks (bytes + 16, s, parts);
}

static void
take_q5_k (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block / 8 * 176;
  guint s = block % 8;

  take_packed_scales (bytes, s, parts);
  take_pair_of_sub_blocks (bytes + 48, s, parts);
  for (guint i = 0; i < COLLATE_BLOCK; i++)
    parts->quants[i] |= (bytes[16 + i] >> s & 1) << 4;
}

static void
take_q6_k (const guint8 *row, gint64 block, Parts *parts)
{
  const guint8 *bytes = row + block / 8 * 210;
  guint s = block % 8;
  guint quarter = s % 4;
  const guint8 *low = bytes + s / 4 * 64 + quarter % 2 * 32;
  const guint8 *high = bytes + 128 + s / 4 * 32;

  for (guint i = 0; i < 2; i++)
    parts->scales[i] = read_f16 (bytes + 208) * (float) (gint8) bytes[192 + s * 2 + i];
  for (guint i = 0; i < COLLATE_BLOCK; i++)
    parts->quants[i] = (guint8) ((low[i] >> (quarter / 2 * 4) & 15) | (high[i] >> (quarter * 2) & 3) << 4);
}

static const FormInfo infos[] = {
  [COLLATE_F32] = { COLLATE_FORM_F32 },
  [COLLATE_F16] = { COLLATE_FORM_F16 },
  [COLLATE_BF16] = { COLLATE_FORM_BF16 },
  [COLLATE_Q4_0] = { COLLATE_FORM_NIBBLES, 32, FALSE, FALSE, 8, take_q4_0 },
  [COLLATE_Q4_1] = { COLLATE_FORM_NIBBLES, 32, FALSE, TRUE, 0, take_q4_1 },
  [COLLATE_Q5_0] = { COLLATE_FORM_BYTES, 32, FALSE, FALSE, 16, take_q5_0 },
  [COLLATE_Q5_1] = { COLLATE_FORM_BYTES, 32, FALSE, TRUE, 0, take_q5_1 },
  [COLLATE_Q8_0] = { COLLATE_FORM_BYTES, 32, FALSE, FALSE, 128, take_q8_0 },
  [COLLATE_Q4_K] = { COLLATE_FORM_NIBBLES, 32, TRUE, TRUE, 0, take_q4_k },
  [COLLATE_Q5_K] = { COLLATE_FORM_BYTES, 32, TRUE, TRUE, 0, take_q5_k },
  [COLLATE_Q6_K] = { COLLATE_FORM_BYTES, 16, TRUE, FALSE, 32, take_q6_k },
};

static gsize
get_number_bytes (CollateForm form)
{
  return form == COLLATE_FORM_F32 ? 4 : 2;
}

gboolean
collate_strips_init (CollateStrips *strips, const CollateTensor *tensor)
{
  const FormInfo *info = &infos[tensor->type];
  gsize columns = (gsize) tensor->columns;
  gint64 n_groups = MAX (tensor->n_groups, 1);
  gsize n_bytes, limit, n_strips;

  /* No product below overflows: a number takes at most four bytes with its share of scales. */
  if (tensor->columns <= 0 || tensor->rows <= 0 || tensor->rows % n_groups != 0 ||
      columns > G_MAXSSIZE / (COLLATE_STRIP * 8) ||
      !g_size_checked_add (&limit, (gsize) (tensor->rows / n_groups), COLLATE_STRIP) ||
      !g_size_checked_mul (&n_strips, (limit - 1) / COLLATE_STRIP, (gsize) n_groups))
    return FALSE;

  *strips = (CollateStrips){
    .form = info->form,
    .group = info->group,
    .wide_scales = info->wide_scales,
    .has_minima = info->has_minima,
    .offset = info->offset,
    .columns = tensor->columns,
    .rows = tensor->rows,
    .n_strips = (gint64) n_strips,
    .n_groups = n_groups,
  };
  if (info->take_apart == NULL)
    strips->strip_bytes = columns * COLLATE_STRIP * get_number_bytes (info->form);
  else
    {
      gsize n_scales_bytes = columns / info->group * COLLATE_STRIP * (info->wide_scales ? 4 : 2);

      strips->scales_at = columns * COLLATE_STRIP / (info->form == COLLATE_FORM_NIBBLES ? 2 : 1);
      strips->minima_at = strips->scales_at + n_scales_bytes;
      strips->strip_bytes = strips->minima_at + (info->has_minima ? n_scales_bytes : 0);
    }
  strips->strip_bytes = (strips->strip_bytes + 63) & ~(gsize) 63; /* a line of the cache */
  return g_size_checked_mul (&n_bytes, strips->strip_bytes, (gsize) strips->n_strips);
}

/* Four bytes of a row at a time go to a strip: the quants of four columns. */
static void
pack_quants (const CollateStrips *strips, const Parts *parts, gint64 block, guint row, guint8 *strip)
{
  if (strips->form == COLLATE_FORM_BYTES)
    {
      for (guint i = 0; i < COLLATE_BLOCK; i += 4)
        memcpy (strip + (block * 32 + i) * COLLATE_STRIP + row * 4, parts->quants + i, 4);
      return;
    }
  for (guint i = 0; i < 16; i++)
    strip[block * 256 + i / 4 * 64 + row * 4 + i % 4] =
        (guint8) (parts->quants[i] | parts->quants[i + 16] << 4);
}

static void
pack_scale (const CollateStrips *strips, guint8 *scales, gint64 index, float scale)
{
  if (strips->wide_scales)
    ((float *) (gpointer) scales)[index] = scale;
  else
    ((guint16 *) (gpointer) scales)[index] = collate_f32_to_f16 (scale);
}

static void
pack_quantized_row (const CollateStrips *strips,
                    const FormInfo *info,
                    const guint8 *from,
                    guint row,
                    guint8 *strip)
{
  guint n_groups = COLLATE_BLOCK / strips->group;

  for (gint64 block = 0; block < strips->columns / COLLATE_BLOCK; block++)
    {
      Parts parts = { 0 };

      info->take_apart (from, block, &parts);
      pack_quants (strips, &parts, block, row, strip);
      for (guint i = 0; i < n_groups; i++)
        pack_scale (
            strips, strip + strips->scales_at, (block * n_groups + i) * COLLATE_STRIP + row, parts.scales[i]);
      if (strips->has_minima)
        pack_scale (strips, strip + strips->minima_at, block * COLLATE_STRIP + row, parts.minimum);
    }
}

static void
pack_plain_row (const CollateStrips *strips, const guint8 *from, guint row, guint8 *strip)
{
  if (strips->form == COLLATE_FORM_F32)
    for (gint64 i = 0; i < strips->columns; i++)
      memcpy (strip + (i * COLLATE_STRIP + row) * 4, from + i * 4, 4);
  else
    for (gint64 i = 0; i < strips->columns; i++)
      memcpy (strip + (i * COLLATE_STRIP + row) * 2, from + i * 2, 2);
}

void
collate_strips_pack_one (const CollateStrips *strips, const CollateTensor *tensor, gint64 n, guint8 *to)
{
  const FormInfo *info = &infos[tensor->type];
  gsize row_bytes = collate_type_get_row_bytes (tensor->type, tensor->columns);
  gint64 n_strips = strips->n_strips / strips->n_groups, n_rows = strips->rows / strips->n_groups;
  gint64 first_row = n % n_strips * COLLATE_STRIP; /* of its group */

  memset (to, 0, strips->strip_bytes);
  for (guint row = 0; row < COLLATE_STRIP && first_row + row < n_rows; row++)
    {
      gint64 at = n / n_strips * n_rows + first_row + row;
      const guint8 *from = (const guint8 *) tensor->data + (gsize) at * row_bytes;

      if (info->take_apart != NULL)
        pack_quantized_row (strips, info, from, row, to);
      else
        pack_plain_row (strips, from, row, to);
    }
}

void
collate_strips_pack (CollateStrips *strips, const CollateTensor *tensor, gint64 first, gint64 end)
{
  for (gint64 n = first; n < end; n++)
    collate_strips_pack_one (strips, tensor, n, strips->data + (gsize) n * strips->strip_bytes);
}

CollateStrips
collate_strips_get_group (const CollateStrips *strips, gint64 group)
{
  CollateStrips own = *strips;

  own.rows /= strips->n_groups;
  own.n_strips /= strips->n_groups;
  own.n_groups = 1;
  if (own.data != NULL)
    own.data += (gsize) (group * own.n_strips) * strips->strip_bytes;
  return own;
}

CollateTensor
collate_strips_get_group_tensor (const CollateTensor *tensor, gint64 group)
{
  CollateTensor own = *tensor;

  own.n_groups = 1;
  own.rows /= MAX (tensor->n_groups, 1);
  own.n_bytes /= (gsize) MAX (tensor->n_groups, 1);
  own.data = (const guint8 *) tensor->data + (gsize) group * own.n_bytes;
  return own;
}
