/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#ifdef __aarch64__

/* What every 64-bit ARM has. */
#define TARGET

#include "engine/cpu/collate-cpu-neon.h"

INLINE Ints
add_products (Ints sums, Bytes quants, Bytes in, gboolean with_sign)
{
  int8x16_t a = get_signed (quants, with_sign), b = vreinterpretq_s8_u8 (in);
  int32x4_t low = vpaddlq_s16 (vmull_s8 (vget_low_s8 (a), vget_low_s8 (b)));
  int32x4_t high = vpaddlq_s16 (vmull_high_s8 (a, b));

  return sums + vpaddq_s32 (low, high);
}

#include "engine/cpu/collate-cpu-products-form.h"

#include "engine/cpu/collate-cpu-rows-form.h"

#include "engine/cpu/collate-cpu-index-form.h"

#include "engine/cpu/collate-cpu-select-form.h"

const CollateCpuLoops collate_neon_loops = COLLATE_FORM_LOOPS ("NEON");

#endif
