/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* Activations in the form that some products take: f16 for matrix units, whole numbers for products of bytes. */

/* Bytes of them. */
#define CONVERTED ((guint64) 16 << 20)

gboolean
collate_vulkan_convert_init (CollateVulkanDevice *self, GError **error)
{
  return collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, CONVERTED, &self->converted, error);
}

static guint32
count_blocks (const CollateMatmul *params)
{
  gint64 columns = params->products[0].weight->columns;

  return (guint32) ((columns + COLLATE_FORM_BLOCK - 1) / COLLATE_FORM_BLOCK);
}

/* Units of 16 bytes of a token: as halve.comp and quantise.comp say. */
static guint32
get_stride (const CollateMatmul *params, CollateVulkanWays ways)
{
  guint32 n_blocks = count_blocks (params);

  return ways == COLLATE_VULKAN_MATRICES ? n_blocks * (COLLATE_FORM_BLOCK / 8) + 1
                                         : n_blocks * COLLATE_STEPS_UNITS;
}

gint64
collate_vulkan_get_most_converted (CollateVulkanDevice *self, const CollateMatmul *params)
{
  guint64 stride =
      MAX (get_stride (params, COLLATE_VULKAN_MATRICES), get_stride (params, COLLATE_VULKAN_DOTS));

  return (gint64) MAX (self->converted.size / (stride * 16), 1);
}

static void
convert (CollateVulkanDevice *self,
         CollateVulkanWays ways,
         CollatePlace in,
         const CollateShaderConvert *shader)
{
  gboolean halves = ways == COLLATE_VULKAN_MATRICES;
  guint32 n_groups = halves ? shader->n_tokens : shader->n_tokens * shader->n_blocks / self->lanes + 1;

  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = halves ? COLLATE_SHADER_HALVE : COLLATE_SHADER_QUANTISE,
                               .slices = { in.buffer->slice, self->converted },
                               .params = shader,
                               .groups = { MIN (n_groups, self->traits.most_groups), 1, 1 },
                               .work = (double) shader->n_tokens * shader->columns,
                           });
}

guint32
collate_vulkan_convert (CollateVulkanDevice *self, const CollateMatmul *params, CollateVulkanWays ways)
{
  gint64 columns = params->products[0].weight->columns;

  convert (self,
           ways,
           params->in,
           &(CollateShaderConvert){
               .in_offset = collate_vulkan_get_offset (params->in, sizeof (float)),
               .in_stride = (guint32) (params->in_stride > 0 ? params->in_stride : columns),
               .n_tokens = (guint32) params->n_tokens,
               .columns = (guint32) columns,
               .n_blocks = count_blocks (params),
           });
  return get_stride (params, ways);
}

gint64
collate_vulkan_get_most_halved (CollateVulkanDevice *self, gint64 columns)
{
  return (gint64) self->converted.size / (columns * 2 + 16);
}

void
collate_vulkan_halve (CollateVulkanDevice *self, CollatePlace rows, gint64 n_rows, gint64 columns)
{
  convert (self,
           COLLATE_VULKAN_MATRICES,
           rows,
           &(CollateShaderConvert){
               .in_offset = collate_vulkan_get_offset (rows, sizeof (float)),
               .in_stride = (guint32) columns,
               .n_tokens = (guint32) n_rows,
               .columns = (guint32) columns,
               .n_blocks = (guint32) (columns / COLLATE_FORM_BLOCK),
           });
}
