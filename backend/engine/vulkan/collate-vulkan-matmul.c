/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* The product of weights and activations: which shape of the shader makes it. */

/* Specialisation constants of the shader. */
#define TOKENS COLLATE_SPEC_1
#define STRIPS COLLATE_SPEC_2
#define ALIGNED COLLATE_SPEC_3

/* Subgroups of so many lanes or fewer are those of processors: each load of a lane is one of its own. */
#define FEW_LANES 16

/* What a product costs that moves a weight and multiplies nothing, in multiplications for each of its numbers. */
#define MOVING 8

typedef struct
{
  guint32 tokens, strips;
} Tile;

/* What one lane loads is worth most where many sums use it; with many lanes, many groups count more. */
static Tile
choose_tile (CollateVulkanDevice *self, gint64 n_tokens, gboolean aligned)
{
  gboolean few = self->lanes <= FEW_LANES && aligned;

  if (n_tokens == 1)
    return (Tile){ 1, few ? 4 : 1 };
  if (n_tokens <= 4 || !aligned)
    return (Tile){ 4, 1 };
  return (Tile){ 8, few ? 4 : 2 };
}

/* Whether the rows of activations can be loaded four numbers at a time. */
static gboolean
is_aligned (const CollateShaderMatmul *shader)
{
  return shader->in_offset % 4 == 0 && shader->in_stride % 4 == 0 && shader->weight.columns % 4 == 0;
}

static void
multiply_part (CollateVulkanDevice *self,
               const CollateMatmul *params,
               const CollateProduct *product,
               const CollateVulkanPart *part)
{
  const CollateVulkanSlice *in = &params->in.buffer->slice;
  const CollateWeight *bias = product->bias;
  guint32 n_tokens = (guint32) params->n_tokens;
  guint32 n_strips = (part->shape.n_rows + part->shape.n_lanes - 1) / part->shape.n_lanes;
  const CollateShaderMatmul shader = {
    .weight = part->shape,
    .in_offset = (guint32) (params->in.offset / sizeof (float)),
    .out_offset = (guint32) (product->out.offset / sizeof (float)),
    .in_stride = (guint32) (params->in_stride > 0 ? params->in_stride : product->weight->columns),
    .out_stride = (guint32) (product->out_stride > 0 ? product->out_stride : product->weight->rows),
    .n_tokens = n_tokens,
    .accumulate = params->accumulate,
    .has_bias = bias != NULL,
  };
  gboolean aligned = is_aligned (&shader);
  Tile tile = choose_tile (self, params->n_tokens, aligned);

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_MATMUL + product->weight->form,
          .constants = { [TOKENS] = tile.tokens, [STRIPS] = tile.strips, [ALIGNED] = aligned },
          .slices = { part->codes,
                      part->bits,
                      part->scales,
                      *in,
                      product->out.buffer->slice,
                      bias ? g_array_index (bias->parts, CollateVulkanPart, 0).codes : *in },
          .params = &shader,
          .groups = { (n_strips + tile.strips - 1) / tile.strips,
                      (n_tokens + tile.tokens - 1) / tile.tokens,
                      1 },
          .work = (double) part->shape.n_rows * part->shape.columns * (n_tokens + MOVING),
      });
}

void
collate_vulkan_matmul (CollateDevice *device, const CollateMatmul *params)
{
  for (gsize n = 0; n < params->n_products; n++)
    for (guint i = 0; i < params->products[n].weight->parts->len; i++)
      multiply_part ((CollateVulkanDevice *) device,
                     params,
                     &params->products[n],
                     &g_array_index (params->products[n].weight->parts, CollateVulkanPart, i));
}
