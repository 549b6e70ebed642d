/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* The product of weights and activations: which shape of the shader makes it. */

/* Specialisation constants of the shader. */
#define TOKENS COLLATE_SPEC_1
#define STRIPS COLLATE_SPEC_2

/* What a product costs that moves a weight and multiplies nothing, in multiplications for each of its numbers. */
#define MOVING 8

typedef struct
{
  guint32 tokens, strips;
} Tile;

/* A tile for one token wastes no sums; one for many uses each number of a weight often. */
static Tile
choose_tile (gint64 n_tokens)
{
  if (n_tokens == 1)
    return (Tile){ 1, 1 };
  if (n_tokens <= 4)
    return (Tile){ 4, 1 };
  return (Tile){ 8, 2 };
}

static void
multiply_part (CollateVulkanDevice *self,
               const CollateMatmul *params,
               const CollateProduct *product,
               const CollateVulkanPart *part)
{
  const CollateVulkanSlice *in = &params->in.buffer->slice;
  const CollateWeight *bias = product->bias;
  Tile tile = choose_tile (params->n_tokens);
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

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_MATMUL + product->weight->form,
          .constants = { [TOKENS] = tile.tokens, [STRIPS] = tile.strips },
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
