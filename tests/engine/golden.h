/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The numbers that golden values are made of: a linear congruential generator that any language has in a line. */
typedef struct
{
  guint32 state; /* the seed */
} Golden;

/* From -1 up to 1. */
static inline double
golden_draw (Golden *golden)
{
  golden->state = golden->state * 1664525 + 1013904223;
  return (golden->state >> 8) / 16777216.0 * 2 - 1;
}

G_END_DECLS
