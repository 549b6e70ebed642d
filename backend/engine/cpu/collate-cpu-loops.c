/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-loops.h"

/* Which instructions this processor has. */

const CollateCpuLoops *
collate_cpu_loops_get (CollateLevel level)
{
  switch (level)
    {
    case COLLATE_LEVEL_PLAIN:
      return &collate_plain_loops;

    case COLLATE_LEVEL_BEST:
      for (int i = COLLATE_LEVEL_BEST - 1; i >= 0; i--)
        if (collate_cpu_loops_get ((CollateLevel) i) != NULL)
          return collate_cpu_loops_get ((CollateLevel) i);
      return NULL;

    case COLLATE_LEVEL_AVX2:
    case COLLATE_LEVEL_AVX512:
    case COLLATE_LEVEL_NEON:
    default:
      return NULL;
    }
}
