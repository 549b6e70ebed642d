/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "engine/cpu/collate-cpu-loops.h"

/* Vectors of LANES numbers, of which a level's file says how many they are and for which TARGET its functions are
 * compiled. Operators are the compiler's own (its vector extensions); a sum of a product becomes one instruction where
 * there is one. What has no operator, the level's file adds:
 *
 *   Floats largest (Floats a, Floats b)
 *   float max_lanes (Floats in), add_lanes (Floats in)
 *   void add_lanes_of_four (const Floats *in, float *out) the sums of four vectors
 *   Ints round_lanes (Floats in)                       to the nearest, halves to even
 *   Floats load_halves (const guint16 *in)
 *   void store_halves (guint16 *out, Floats in)        to the nearest, halves to even
 *   Floats multiply_power (Floats in, Floats exponent) in * 2 ** exponent, which is whole and between -150 and 130
 *   guint get_mask (Ints in)                           a bit for each lane, which is 0 or -1
 *   gint64 put_lanes (gint32 *out, guint mask, gint32 first) first + n for each bit n; returns how many; what is
 *     behind them may be written too, up to LANES in all
 *   Ints add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
 *     sums[i] += Σ quants[4i + k] * (gint8) in[4i + k]; quants are below 64, or with_sign stand for quants - 128 where
 *     the level says NEEDS_SIGN, else any
 *
 * and how large tiles may be before registers run out: TILE_STRIPS strips against QUANT_TOKENS or FLOAT_TOKENS tokens,
 * ATTENTION_ROWS rows (3 or 4) against four keys. */

#define INLINE static inline __attribute__ ((always_inline)) TARGET

/* Vectors of a strip. */
#define WIDTH (COLLATE_STRIP / LANES)

typedef float Floats __attribute__ ((vector_size (LANES * 4)));
typedef gint32 Ints __attribute__ ((vector_size (LANES * 4)));
typedef guint8 Bytes __attribute__ ((vector_size (LANES * 4)));
typedef gint8 Narrow __attribute__ ((vector_size (LANES)));

INLINE Floats
load (const float *in)
{
  Floats out;

  memcpy (&out, in, sizeof out);
  return out;
}

INLINE void
store (float *out, Floats in)
{
  memcpy (out, &in, sizeof in);
}

INLINE Bytes
load_bytes (const guint8 *in)
{
  Bytes out;

  memcpy (&out, in, sizeof out);
  return out;
}

INLINE void
store_bytes (guint8 *out, Bytes in)
{
  memcpy (out, &in, sizeof in);
}

/* Subtracting zero changes no number: nothing is left of it. */
INLINE Floats
repeat (float number)
{
  return number - (Floats){ 0 };
}

INLINE Ints
repeat_int (gint32 number)
{
  return number - (Ints){ 0 };
}

/* Their lanes in turn: a0 b0 a1 b1 … of the first halves of both, and of the second ones. */
#if LANES == 16
#define mix_low(a, b) __builtin_shufflevector (a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define mix_high(a, b)                                                                                       \
  __builtin_shufflevector (a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define mix_low(a, b) __builtin_shufflevector (a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define mix_high(a, b) __builtin_shufflevector (a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define mix_low(a, b) __builtin_shufflevector (a, b, 0, 4, 1, 5)
#define mix_high(a, b) __builtin_shufflevector (a, b, 2, 6, 3, 7)
#endif

/* The same four quants in every lane. */
INLINE Bytes
repeat_four (const gint8 *quants)
{
  gint32 four;

  memcpy (&four, quants, sizeof four);
  return (Bytes) repeat_int (four);
}

/* A multiply_power() for levels without an instruction for it; in two steps, as the power alone may be no normal
 * number. */
INLINE Floats
multiply_power_twice (Floats in, Floats exponent)
{
  Ints whole = __builtin_convertvector(exponent, Ints);
  Ints half = whole >> 1;

  return in * (Floats) ((half + 127) << 23) * (Floats) ((whole - half + 127) << 23);
}

/* A put_lanes() for levels without an instruction for it. */
INLINE gint64
put_lanes_singly (gint32 *out, guint mask, gint32 first)
{
  gint64 n = 0;

  for (; mask != 0; mask &= mask - 1)
    out[n++] = first + __builtin_ctz (mask);
  return n;
}
