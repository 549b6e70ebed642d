/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib.h>
#include <math.h>

/* No instructions but those that every processor of this kind has: the compiler makes of small vectors what it can. */
#define TARGET
#define LANES 4
#define TILE_STRIPS 1
#define QUANT_TOKENS 1
#define FLOAT_TOKENS 2
#define ATTENTION_ROWS 3
#define NEEDS_SIGN FALSE

#include "engine/cpu/collate-cpu-vectors.h"

INLINE Floats
largest (Floats a, Floats b)
{
  Ints above = a > b;

  return (Floats) (((Ints) a & above) | ((Ints) b & ~above));
}

INLINE float
max_lanes (Floats in)
{
  return MAX (MAX (in[0], in[1]), MAX (in[2], in[3]));
}

INLINE float
add_lanes (Floats in)
{
  return (in[0] + in[2]) + (in[1] + in[3]);
}

INLINE void
add_lanes_of_four (const Floats *in, float *out)
{
  for (guint i = 0; i < 4; i++)
    out[i] = add_lanes (in[i]);
}

INLINE Ints
round_lanes (Floats in)
{
  return (Ints){
    (gint32) lrintf (in[0]), (gint32) lrintf (in[1]), (gint32) lrintf (in[2]), (gint32) lrintf (in[3])
  };
}

INLINE Floats
load_halves (const guint16 *in)
{
  return (Floats){ collate_f16_to_f32 (in[0]),
                   collate_f16_to_f32 (in[1]),
                   collate_f16_to_f32 (in[2]),
                   collate_f16_to_f32 (in[3]) };
}

INLINE void
store_halves (guint16 *out, Floats in)
{
  for (guint i = 0; i < LANES; i++)
    out[i] = collate_f32_to_f16 (in[i]);
}

INLINE guint
get_mask (Ints in)
{
  return (guint) (-in[0] | -in[1] << 1 | -in[2] << 2 | -in[3] << 3);
}

INLINE Ints
add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
{
  for (guint i = 0; i < LANES * 4; i++)
    sums[i / 4] += quants[i] * (gint8) in[i];
  return sums;
}

#define multiply_power multiply_power_twice
#define put_lanes put_lanes_singly

#include "engine/cpu/collate-cpu-products-form.h"

#include "engine/cpu/collate-cpu-rows-form.h"

#include "engine/cpu/collate-cpu-index-form.h"

#include "engine/cpu/collate-cpu-select-form.h"

const CollateCpuLoops collate_plain_loops = COLLATE_FORM_LOOPS ("plain C");
