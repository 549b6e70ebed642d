/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <arm_neon.h>

/* NEON: a strip is four vectors, of which there are 32. What its two levels share; they add TARGET before, and
 * add_products() after it. */
#define LANES 4
#define TILE_STRIPS 1
#define QUANT_TOKENS 2
#define FLOAT_TOKENS 6
#define ATTENTION_ROWS 4
#define NEEDS_SIGN TRUE

#include "engine/cpu/collate-cpu-vectors.h"

INLINE Floats
largest (Floats a, Floats b)
{
  return vmaxq_f32 (a, b);
}

INLINE float
max_lanes (Floats in)
{
  return vmaxvq_f32 (in);
}

INLINE float
add_lanes (Floats in)
{
  return vaddvq_f32 (in);
}

INLINE void
add_lanes_of_four (const Floats *in, float *out)
{
  vst1q_f32 (out, vpaddq_f32 (vpaddq_f32 (in[0], in[1]), vpaddq_f32 (in[2], in[3])));
}

INLINE Ints
round_lanes (Floats in)
{
  return vcvtnq_s32_f32 (in);
}

INLINE Floats
load_halves (const guint16 *in)
{
  return vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (in)));
}

INLINE void
store_halves (guint16 *out, Floats in)
{
  vst1_u16 (out, vreinterpret_u16_f16 (vcvt_f16_f32 (in)));
}

INLINE guint
get_mask (Ints in)
{
  const Ints bits = { 1, 2, 4, 8 };

  return vaddvq_u32 ((uint32x4_t) (in & bits));
}

/* Quants as bytes with a sign: those that are below 64 have none. */
INLINE int8x16_t
get_signed (Bytes quants, gboolean with_sign)
{
  return vreinterpretq_s8_u8 (with_sign ? quants ^ 0x80 : quants);
}

#define multiply_power multiply_power_twice
#define put_lanes put_lanes_singly
