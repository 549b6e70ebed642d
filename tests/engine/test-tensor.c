/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "gguf-writer.h"

static const CollateType types[] = { COLLATE_F32,  COLLATE_F16,  COLLATE_BF16, COLLATE_Q8_0,
                                     COLLATE_Q4_0, COLLATE_Q4_1, COLLATE_Q5_0, COLLATE_Q5_1,
                                     COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K };

/* What packs comes back near to what it was: within a quant's step of a range of 2. */
static void
test_pack (void)
{
  const float steps[] = { 0,        0x1p-11,  0x1p-8,   1 / 126.0, 1 / 7.0, 1 / 14.0,
                          1 / 15.0, 1 / 30.0, 1 / 12.0, 1 / 25.0,  1 / 30.0 };
  guint64 state = 7;
  float numbers[1024], expanded[1024];
  guint8 data[4096];

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = gguf_random (&state);
  for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
    {
      gguf_pack (types[t], numbers, data, G_N_ELEMENTS (numbers));
      collate_type_expand (types[t], data, expanded, G_N_ELEMENTS (numbers));
      for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
        if (fabsf (expanded[i] - numbers[i]) > steps[t])
          g_error ("%s %zu: %g, not %g",
                   collate_type_get_name (types[t]),
                   i,
                   (double) expanded[i],
                   (double) numbers[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tensor/pack", test_pack);
  return g_test_run ();
}
