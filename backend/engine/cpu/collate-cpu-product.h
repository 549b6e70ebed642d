/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/collate-cpu-private.h"

G_BEGIN_DECLS

/* Products of weights and activations: any number of them in one go, each with activations of its own. */

/* A weight, and the tokens that meet it. */
typedef struct
{
  CollateStrips strips;
  CollateTensor tensor;      /* what strips without data are made of */
  const CollateWeight *bias; /* (nullable) */
  const float *in;
  gint64 in_stride;
  gint64 first_row; /* of these tokens among the activations as quants */
  float *out;
  gint64 out_stride;
  gint64 n_tokens;

  /* Pieces of work: units of strips by pieces of tokens, counted from `first` on among those of all. */
  gint64 first, n_units, tokens_a_piece;
} CollateFactor;

typedef struct
{
  CollateCpuDevice *cpu;
  CollateFactor *factors;
  gsize n_factors;
  gboolean accumulate;
  gint64 unit; /* strips that are worked on together */
} CollateProductJob;

/* A group of a weight, without tokens. */
CollateFactor collate_product_get_group (const CollateWeight *weight, gint64 group);

/* Writes activations as quants such as these strips want, from row `first_row` on of those that are reserved. */
void collate_product_quantize (CollateCpuDevice *cpu,
                               const CollateStrips *strips,
                               const float *in,
                               gint64 in_stride,
                               gint64 n_tokens,
                               gint64 first_row);

/* TRUE where both weights can be multiplied with the same quants, or both with none. */
gboolean collate_product_are_alike (const CollateStrips *a, const CollateStrips *b);

/* Runs all factors, whose strips are alike and of as many columns; where they are quants, activations are too. */
void collate_product_run (CollateProductJob *job);

G_END_DECLS
