/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/collate-strips.h"

G_BEGIN_DECLS

/* The inner loops of the CPU device, a table of them for each instruction set. */

#define COLLATE_PANEL_STRIPS 3 /* strips that are worked on together */
#define COLLATE_PANEL (COLLATE_PANEL_STRIPS * COLLATE_STRIP)
#define COLLATE_PANEL_COLUMNS 640 /* whole blocks of a panel that the nearest cache holds, at most */
#define COLLATE_PANEL_TOKENS 256  /* activations that are worked on together */

/* One token's activations as signed bytes in blocks of 32 with a scale each. */
typedef struct
{
  gint8 *quants;
  float *scales;  /* of a block */
  float *sums;    /* of a block: scale * Σ quants */
  gint32 *biases; /* of a group of the weight: -offset * Σ quants */
} CollateQuantRow;

/* Three strips expanded to bytes and f32 scales, some blocks of them: [strip][block]… in the order of strips. */
typedef struct
{
  guint8 *quants;
  float *scales;
  float *minima; /* (nullable) */
  guint group;
  int offset;
  gint64 n_blocks;
} CollateQuantPanel;

/* The inner loops, once for each instruction set. Sums are kept in `sums`, COLLATE_PANEL for a token, and added to. What
 * one token's sums are never depends on how many others there are, nor on which of these functions made them. */
typedef struct
{
  const char *name;

  void (*quantize) (const float *in, gint64 columns, guint group, int offset, const CollateQuantRow *row);

  /* One strip against one token, `sums` of 16 set. */
  void (*dot_quants) (const CollateStrips *strips,
                      const guint8 *strip,
                      const CollateQuantRow *row,
                      float *sums);
  void (*dot_floats) (const CollateStrips *strips, const guint8 *strip, const float *in, float *sums);

  /* Many tokens: blocks (columns) of a strip are expanded to place `n` of a panel, then tokens go over the panel. */
  void (*expand_quants) (const CollateStrips *strips,
                         const guint8 *strip,
                         gint64 first_block,
                         const CollateQuantPanel *panel,
                         guint n);
  void (*multiply_quants) (const CollateQuantPanel *panel,
                           const CollateQuantRow *rows,
                           gint64 first_block,
                           gint64 n_tokens,
                           float *sums);
  void (*expand_floats) (const CollateStrips *strips,
                         const guint8 *strip,
                         gint64 first_column,
                         gint64 n_columns,
                         float *panel); /* rows of COLLATE_PANEL */

  /* sums[t][0 … 16 n_strips) += Σ in[t][c] * panel[c][…] */
  void (*multiply_floats) (const float *panel,
                           gint64 panel_stride,
                           gint64 n_columns,
                           guint n_strips,
                           const float *in,
                           gint64 in_stride,
                           gint64 n_tokens,
                           float *sums,
                           gint64 sums_stride);

  void (*to_f16) (const float *in, guint16 *out, gint64 n);
  void (*from_f16) (const guint16 *in, float *out, gint64 n);

  /* out[i][n] = in[n][i], for n_rows rows `stride` numbers apart. */
  void (*transpose_f16) (const guint16 *in,
                         gint64 stride,
                         gint64 n_rows,
                         gint64 n_columns,
                         float *out,
                         gint64 out_stride);

  /* NULL where panels are better in any case. scores[r][n] = Σ queries[r][i] * keys[n][i];
   * sums[r][i] += Σ weights[r][n] * values[n][i]. */
  void (*score_keys) (const float *queries,
                      gint64 n_rows,
                      const guint16 *keys,
                      gint64 stride,
                      gint64 n_keys,
                      gint64 head_size,
                      float *scores,
                      gint64 scores_stride);
  void (*add_values) (const float *weights,
                      gint64 weights_stride,
                      gint64 n_rows,
                      const guint16 *values,
                      gint64 stride,
                      gint64 n_keys,
                      gint64 head_size,
                      float *sums,
                      gint64 sums_stride);

  float (*add_squares) (const float *in, gint64 n);
  void (*swiglu) (const float *gate, const float *up, float *out, gint64 n);

  /* Raises *most to the largest of the numbers; numbers = exp (numbers - *most); their sum. */
  float (*weigh) (float *numbers, gint64 n, float *most);
} CollateCpuLoops;

/* The instruction sets, worst first. */
typedef enum
{
  COLLATE_LEVEL_PLAIN,
  COLLATE_LEVEL_AVX2,
  COLLATE_LEVEL_AVX512,
  COLLATE_LEVEL_BEST,
} CollateLevel;

/* The loops of a level, or NULL where this processor has no such instructions. */
const CollateCpuLoops *collate_cpu_loops_get (CollateLevel level);

/* Activations of a block that are all below this count as zero: 127 / most is a number. */
#define COLLATE_LEAST_SCALED 1e-30f

extern const CollateCpuLoops collate_plain_loops;
#ifdef __x86_64__
extern const CollateCpuLoops collate_avx2_loops, collate_avx512_loops;
#endif

G_END_DECLS
