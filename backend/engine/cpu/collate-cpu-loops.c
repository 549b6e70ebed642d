/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-loops.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/* Which instructions this processor has. */

#ifdef __x86_64__
/* Clang's __builtin_cpu_supports() does not know the word. */
static gboolean
has_f16c (void)
{
  unsigned a, b, c = 0, d;

  return __get_cpuid (1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}

static const CollateCpuLoops *
get_avx2 (void)
{
  gboolean has_all = __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && has_f16c ();

  return has_all ? &collate_avx2_loops : NULL;
}

static const CollateCpuLoops *
get_avx512 (void)
{
  gboolean has_all = __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
                     __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl") &&
                     __builtin_cpu_supports ("avx512vnni") && __builtin_cpu_supports ("fma");

  return has_all ? &collate_avx512_loops : NULL;
}
#endif

static const CollateCpuLoops *
get_best (void)
{
  const CollateCpuLoops *loops = NULL;

  for (int level = COLLATE_LEVEL_BEST - 1; loops == NULL; level--)
    loops = collate_cpu_loops_get ((CollateLevel) level);
  return loops;
}

const CollateCpuLoops *
collate_cpu_loops_get (CollateLevel level)
{
  switch (level)
    {
    case COLLATE_LEVEL_PLAIN:
      return &collate_plain_loops;

    case COLLATE_LEVEL_BEST:
      return get_best ();

#ifdef __x86_64__
    case COLLATE_LEVEL_AVX2:
      return get_avx2 ();

    case COLLATE_LEVEL_AVX512:
      return get_avx512 ();
#elif defined(__aarch64__)
    case COLLATE_LEVEL_NEON:
      return &collate_neon_loops;

    case COLLATE_LEVEL_NEON_DOT:
      return getauxval (AT_HWCAP) & HWCAP_ASIMDDP ? &collate_neon_dot_loops : NULL;
#endif

    default:
      return NULL;
    }
}
