/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "engine/cpu/collate-strips.h"

G_BEGIN_DECLS

/* The inner loops of the CPU device, a table of them for each instruction set. */

#define COLLATE_PANEL_STRIPS 3                               /* strips that are worked on together */
#define COLLATE_PANEL (COLLATE_PANEL_STRIPS * COLLATE_STRIP) /* 64 at most */
#define COLLATE_PANEL_COLUMNS 640 /* whole blocks of a panel that the nearest cache holds, at most */
#define COLLATE_PANEL_TOKENS 256  /* activations that are worked on together */

/* One token's activations as steps in blocks of 32 with a scale each: COLLATE_STEPS * quant + rest, two signed bytes. One
 * byte alone would be as fast as other programs are, and as far from what the model says: its rounding is the largest
 * error there is. */
typedef struct
{
  gint8 *quants;
  gint8 *rests;
  float *scales;  /* of a block */
  float *sums;    /* of a block: scale * Σ steps */
  gint32 *biases; /* of a group of the weight: -offset * Σ steps */
} CollateQuantRow;

#define COLLATE_STEPS 255
#define COLLATE_MOST_STEPS (127 * COLLATE_STEPS) /* of the largest activation of a block */

/* Blocks of three strips as bytes and f32 scales, each strip as it lies in a CollateStrips. */
typedef struct
{
  const guint8 *quants[COLLATE_PANEL_STRIPS]; /* from the first block on, as all of a strip's */
  const float *scales[COLLATE_PANEL_STRIPS];
  const float *minima[COLLATE_PANEL_STRIPS]; /* (nullable) */
  guint group;
  int offset;
  gint64 first_block, n_blocks;
} CollateQuantPanel;

/* The inner loops, once for each instruction set. Products go to `sums`, COLLATE_PANEL of them for a token (or as many as
 * n_strips have rows), tokens `stride` numbers apart; they are added to what is there where `add` says so. Where
 * weights are quants, one token's sums never depend on how many others there are, nor on which of these functions made
 * them. */
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

  /* Many tokens go over panels. */
  void (*expand_nibbles) (const guint8 *nibbles, gint64 n_blocks, guint8 *quants);
  void (*multiply_quants) (const CollateQuantPanel *panel,
                           const CollateQuantRow *rows,
                           gint64 n_tokens,
                           float *sums,
                           gint64 stride,
                           gboolean add);
  void (*expand_floats) (const CollateStrips *strips,
                         const guint8 *strip,
                         gint64 first_column,
                         gint64 n_columns,
                         float *panel); /* rows of COLLATE_PANEL */

  /* sums[t][r] += Σ in[t][c] * panel[c][r]; the second one for in[c][t]. */
  void (*multiply_floats) (const float *panel,
                           gint64 n_columns,
                           guint n_strips,
                           const float *in,
                           gint64 in_stride,
                           gint64 n_tokens,
                           float *sums,
                           gint64 stride,
                           gboolean add);
  void (*multiply_columns) (const float *panel,
                            gint64 n_columns,
                            guint n_strips,
                            const float *in,
                            gint64 in_stride,
                            gint64 n_tokens,
                            float *sums,
                            gint64 stride,
                            gboolean add);

  void (*to_f16) (const float *in, guint16 *out, gint64 n);
  void (*from_f16) (const guint16 *in, float *out, gint64 n);

  /* Attention of many rows, which are columns here, COLLATE_PANEL of them: scores[n][r] = 2 ** (scores[n][r] - most[r])
   * with most[r] raised to the largest; factors[r] = 2 ** (most before - most); weights[r] is scaled by it and added to.
   * Bit r of seen[n] says whether key n counts for row r; if not, its score becomes 0. NULL: all do.
   * The last: sums[n][r] *= factors[r]. */
  void (*weigh_rows) (float *scores,
                      const guint64 *seen,
                      gint64 n_keys,
                      guint n_strips,
                      float *most,
                      float *weights,
                      float *factors);
  void (*scale_rows) (float *sums, gint64 n, guint n_strips, const float *factors);

  /* Attention of few rows: scores[r][n] = Σ queries[r][i] * keys[n][i]; sums[r][i] += Σ weights[r][n] * values[n][i].
   * Rows of queries and sums are head_size numbers. Key (value) n is the one numbered places[n]; n without places. */
  void (*score_keys) (const float *queries,
                      gint64 n_rows,
                      const guint16 *keys,
                      gint64 stride,
                      const gint32 *places,
                      gint64 n_keys,
                      gint64 head_size,
                      float *scores,
                      gint64 scores_stride);
  void (*add_values) (const float *weights,
                      gint64 weights_stride,
                      gint64 n_rows,
                      const guint16 *values,
                      gint64 stride,
                      const gint32 *places,
                      gint64 n_keys,
                      gint64 head_size,
                      float *sums);

  /* Raises *most to the largest of the numbers, whole strips of them; numbers = 2 ** (numbers - *most); their sum. */
  float (*weigh) (float *numbers, gint64 n, float *most);

  /* Indices: panel[c][n] = keys[n][c], up to COLLATE_PANEL keys, filled up to whole strips with what nobody looks at.
   * sums[t][n] = Σ_h weights[t][h] * max (0, Σ_c queries[t][h][c] * panel[c][n]), t being COLLATE_PANEL numbers apart. */
  void (*widen_bytes) (const guint8 *bytes,
                       guint16 *halves,
                       gint64 n); /* of e4m3, to what counts as much less */
  void (*lay_out_keys) (const guint16 *keys, gint64 stride, gint64 n_keys, gint64 n_columns, float *panel);
  void (*score_panel) (const float *panel,
                       gint64 head_size,
                       guint n_strips,
                       const float *queries,
                       const float *weights,
                       gint64 n_tokens,
                       gint64 n_heads,
                       float *sums);

  /* Selection: how many of the scores have each first digit of their order; the places of those whose order is within
   * bounds, ascending, room for a strip more. */
  void (*count_orders) (const float *scores, gint64 n, guint32 *counts);
  gint64 (*find_orders) (const float *scores, gint64 n, gint32 least, gint32 most, gint32 *places);

  float (*add_squares) (const float *in, gint64 n);
  void (*swiglu) (const float *gate, const float *up, float *out, gint64 n);
} CollateCpuLoops;

/* The largest score where there is none: below all others, and a number to count with. */
#define COLLATE_LEAST_SCORE -1e30f

/* What widened bytes have to be multiplied with. */
#define COLLATE_BYTE_FACTOR 256

/* The first digit of a score's order: the bits from COLLATE_ORDER_SHIFT on, counted from the least there is. */
#define COLLATE_ORDER_SHIFT 21
#define COLLATE_ORDER_DIGITS 2048

/* A whole number that is larger for larger scores, the same for zeros of both signs, and the least there is for what is
 * no number. */
static inline gint32
collate_cpu_get_order (float score)
{
  float positive = score + 0.0f;
  gint32 bits;

  memcpy (&bits, &positive, sizeof bits);
  return positive != positive ? G_MININT32 : bits ^ (bits >> 31 & G_MAXINT32);
}

/* The instruction sets, worst first. */
typedef enum
{
  COLLATE_LEVEL_PLAIN,
  COLLATE_LEVEL_AVX2,
  COLLATE_LEVEL_AVX512,
  COLLATE_LEVEL_NEON,
  COLLATE_LEVEL_NEON_DOT,
  COLLATE_LEVEL_BEST,
} CollateLevel;

/* The loops of a level, or NULL where this processor has no such instructions. */
const CollateCpuLoops *collate_cpu_loops_get (CollateLevel level);

/* Activations of a block that are all below this count as zero: COLLATE_MOST_STEPS / most is a number. */
#define COLLATE_LEAST_SCALED 1e-30f

extern const CollateCpuLoops collate_plain_loops;
#ifdef __x86_64__
extern const CollateCpuLoops collate_avx2_loops, collate_avx512_loops;
#elif defined(__aarch64__)
extern const CollateCpuLoops collate_neon_loops, collate_neon_dot_loops;
#endif

G_END_DECLS
