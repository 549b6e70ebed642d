/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* Matrix units: whether they do what they should. */

/* Specialisation constants of the shaders that use them. */
#define M COLLATE_SPEC_2
#define N COLLATE_SPEC_3
#define K COLLATE_SPEC_4

/* What probe-matrices.comp should make of its column and row. */
static float
get_expected (const CollateVulkanMatrices *matrices, guint32 row, guint32 token)
{
  guint32 sum = 1;

  for (guint32 k = 0; k < matrices->k; k++)
    sum += (row * matrices->k + k) % COLLATE_PROBE_ROWS * ((token * matrices->k + k) % COLLATE_PROBE_TOKENS);
  return (float) sum;
}

static gboolean
is_right (const CollateVulkanMatrices *matrices, const float *products)
{
  for (guint32 t = 0; t < matrices->n; t++)
    for (guint32 r = 0; r < matrices->m; r++)
      if (products[t * matrices->m + r] != get_expected (matrices, r, t))
        return FALSE;
  return TRUE;
}

static gboolean
run_probe (CollateVulkanDevice *self, const CollateVulkanMatrices *matrices)
{
  g_autofree float *products = g_new0 (float, matrices->m * matrices->n);
  gsize n_bytes = matrices->m * matrices->n * sizeof (float);
  CollateVulkanSlice slice;
  gboolean done;

  if (!collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, n_bytes, &slice, NULL))
    return FALSE;
  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = COLLATE_SHADER_PROBE_MATRICES,
                               .constants = { [M] = matrices->m, [N] = matrices->n, [K] = matrices->k },
                               .slices = { slice },
                               .groups = { 1, 1, 1 },
                           });
  done = collate_vulkan_read (self, &slice, products, n_bytes, NULL);
  collate_vulkan_slice_drop (self, &slice);
  return done && is_right (matrices, products);
}

gboolean
collate_vulkan_try_matrices (CollateVulkanDevice *self)
{
  return HAVE_MATRIX_SHADERS && self->traits.matrices.m > 0 && run_probe (self, &self->traits.matrices);
}
