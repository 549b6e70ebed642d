/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How the numbers of a weight are stored: GGUF's own type numbers. Blocks of 32 (or 256 for the K types) along a row. */
typedef enum
{
  COLLATE_F32 = 0,
  COLLATE_F16 = 1,
  COLLATE_Q4_0 = 2,
  COLLATE_Q4_1 = 3,
  COLLATE_Q5_0 = 6,
  COLLATE_Q5_1 = 7,
  COLLATE_Q8_0 = 8,
  COLLATE_Q4_K = 12,
  COLLATE_Q5_K = 13,
  COLLATE_Q6_K = 14,
  COLLATE_BF16 = 30,
} CollateType;

/* TRUE for the types above. Any thread. */
gboolean collate_type_is_known (guint32 type);
const char *collate_type_get_name (CollateType type);

/* Numbers in a block, bytes of a block. */
guint collate_type_get_block (CollateType type);
gsize collate_type_get_block_bytes (CollateType type);

/* Bytes of a row of `columns` numbers; 0 where they are no whole number of blocks. */
gsize collate_type_get_row_bytes (CollateType type, gint64 columns);

/* Expands `count` numbers (whole blocks) to f32: the definition that every kernel is held against. Plain C. */
void collate_type_expand (CollateType type, const void *data, float *numbers, gint64 count);

/* f16 and back, round to nearest even. */
float collate_f16_to_f32 (guint16 half);
guint16 collate_f32_to_f16 (float number);

/* A weight in a mapped file: `columns` is the contiguous dimension (GGUF's ne0), `rows` all others. Kernels take the rows of
 * a weight of several groups (heads, experts) group by group. */
typedef struct
{
  CollateType type;
  gint64 columns;
  gint64 rows;
  const void *data;
  gsize n_bytes;
  gint64 n_groups; /* of rows, as many each; 0: one */

  /* On devices that can read it there, since only some of its groups are wanted at a time. */
  gboolean stays_in_file;
} CollateTensor;

G_END_DECLS
