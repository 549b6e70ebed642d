/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-tensor.h"

G_BEGIN_DECLS

/* A weight as the CPU's kernels want it: strips of 16 rows, so that the lanes of a vector are rows, one activation is
 * broadcast to all of them, and no sum crosses lanes. Missing rows of the last strip are zero.
 *
 * Numbers that are no quants: [column][16 rows].
 * Quants: [4 columns][16 rows][4 columns] bytes without sign, 0 standing for -offset; where they fit, two of them in a
 * byte: of 32 columns the first 16 in the low halves. After them scales, after them minima: [group][16 rows]; a number
 * is scale * (quant - offset) + minimum.
 *
 * The rows of each group begin at a strip of their own. */

#define COLLATE_STRIP 16 /* rows */
#define COLLATE_BLOCK 32 /* columns that share the scale of an activation */

typedef enum
{
  COLLATE_FORM_F32,
  COLLATE_FORM_F16,
  COLLATE_FORM_BF16,
  COLLATE_FORM_NIBBLES,
  COLLATE_FORM_BYTES,
} CollateForm;

typedef struct
{
  CollateForm form;
  guint group;          /* columns that share a scale: 32 or 16 */
  gboolean wide_scales; /* scales and minima are f32, not f16 */
  gboolean has_minima;
  int offset;

  gint64 columns, rows, n_strips;
  gint64 n_groups;                         /* of as many rows and strips each */
  gsize scales_at, minima_at, strip_bytes; /* in bytes of a strip */
  guint8 *data;
} CollateStrips;

/* The layout of a tensor's strips, without data; FALSE where their bytes cannot be counted. */
gboolean collate_strips_init (CollateStrips *strips, const CollateTensor *tensor);

/* Fills the strips from `first` up to (not including) `end`. Any number of threads at a time, on different ones. */
void collate_strips_pack (CollateStrips *strips, const CollateTensor *tensor, gint64 first, gint64 end);

static inline gboolean
collate_strips_have_quants (const CollateStrips *strips)
{
  return strips->form == COLLATE_FORM_NIBBLES || strips->form == COLLATE_FORM_BYTES;
}

/* Writes one strip to `to` alone: strips need not have any data. */
void collate_strips_pack_one (const CollateStrips *strips, const CollateTensor *tensor, gint64 n, guint8 *to);

/* Those of one group, as if they were all; the same of a tensor. */
CollateStrips collate_strips_get_group (const CollateStrips *strips, gint64 group);
CollateTensor collate_strips_get_group_tensor (const CollateTensor *tensor, gint64 group);

static inline const guint8 *
collate_strips_get (const CollateStrips *strips, gint64 n)
{
  return strips->data + (gsize) n * strips->strip_bytes;
}

G_END_DECLS
