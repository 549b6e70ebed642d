/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#ifdef __aarch64__

/* With the dot product of bytes. */
#define TARGET __attribute__ ((target ("arch=armv8.2-a+dotprod")))

#include "engine/cpu/collate-cpu-neon.h"

INLINE Ints
add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
{
  return vdotq_s32 (sums, get_signed (quants, with_sign), vreinterpretq_s8_u8 (in));
}

#include "engine/cpu/collate-cpu-products-form.h"

#include "engine/cpu/collate-cpu-rows-form.h"

#include "engine/cpu/collate-cpu-index-form.h"

#include "engine/cpu/collate-cpu-select-form.h"

const CollateCpuLoops collate_neon_dot_loops = COLLATE_FORM_LOOPS ("NEON with dot products");

#endif
