/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* The product of weights and activations: which shader makes it, in which shape. */

/* Specialisation constants of matmul.comp and, but for the last, matmul-dot.comp, */
#define TOKENS COLLATE_SPEC_1
#define STRIPS COLLATE_SPEC_2
#define STRIPS_ALIGNED COLLATE_SPEC_3
#define LISTED COLLATE_SPEC_5

/* and of matmul-tile.comp; LISTED is of all. */
#define INVOCATIONS COLLATE_SPEC_1
#define TILE_ALIGNED COLLATE_SPEC_2
#define M COLLATE_SPEC_2
#define N COLLATE_SPEC_3
#define K COLLATE_SPEC_4

/* Subgroups of so many lanes or fewer are those of processors: each load of a lane is one of its own. */
#define FEW_LANES 16

/* Tokens of which a tile would hold little but what is thrown away. */
#define FEW_TOKENS 8

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
  return shader->in_offset % 4 == 0 && shader->in_stride % 4 == 0 && shader->group_in % 4 == 0 &&
         shader->weight.columns % 4 == 0;
}

static guint32
divide_up (guint32 n, guint32 by)
{
  return (n + by - 1) / by;
}

/* A subgroup makes strips of rows, by itself or in whole numbers. */
static void
use_strips (CollateVulkanDevice *self,
            const CollateShaderMatmul *shader,
            gboolean on_dots,
            CollateVulkanDispatch *dispatch)
{
  gboolean aligned = on_dots || is_aligned (shader);
  Tile tile = choose_tile (self, shader->n_tokens, aligned);

  dispatch->shader += on_dots ? COLLATE_SHADER_DOT : COLLATE_SHADER_MATMUL;
  dispatch->constants[TOKENS] = tile.tokens;
  dispatch->constants[STRIPS] = tile.strips;
  if (!on_dots)
    dispatch->constants[STRIPS_ALIGNED] = aligned;
  dispatch->groups[0] = divide_up (divide_up (shader->weight.n_rows, shader->weight.n_lanes), tile.strips);
  dispatch->groups[1] = divide_up (shader->n_tokens, tile.tokens);
}

/* Several subgroups make a tile, by themselves or on matrix units. */
static void
use_tiles (CollateVulkanDevice *self,
           const CollateShaderMatmul *shader,
           gboolean on_matrices,
           CollateVulkanDispatch *dispatch)
{
  const CollateVulkanMatrices *matrices = &self->traits.matrices;

  dispatch->shader += on_matrices ? COLLATE_SHADER_MATRIX : COLLATE_SHADER_TILE;
  dispatch->constants[INVOCATIONS] = COLLATE_TILE_SUBGROUPS * self->lanes;
  if (on_matrices)
    {
      dispatch->constants[M] = matrices->m;
      dispatch->constants[N] = matrices->n;
      dispatch->constants[K] = matrices->k;
    }
  else
    dispatch->constants[TILE_ALIGNED] = is_aligned (shader);
  dispatch->groups[0] = divide_up (shader->weight.n_rows, COLLATE_TILE);
  dispatch->groups[1] = divide_up (shader->n_tokens, COLLATE_TILE);
}

/* Numbers of f32 may be larger than those of f16 can be, and what is no quant has no whole numbers. */
static CollateVulkanWays
find_ways (CollateVulkanDevice *self, const CollateMatmul *params, guint form)
{
  CollateVulkanWays ways = params->n_tokens > FEW_TOKENS ? self->many : self->few;

  if (ways == COLLATE_VULKAN_MATRICES && form == COLLATE_FORM_F32)
    return COLLATE_VULKAN_TILES;
  if (ways == COLLATE_VULKAN_DOTS && form < COLLATE_FORM_Q8)
    return COLLATE_VULKAN_STRIPS;
  return ways;
}

/* Whether activations are to be converted first. */
static gboolean
converts (CollateVulkanWays ways)
{
  return ways == COLLATE_VULKAN_DOTS || ways == COLLATE_VULKAN_MATRICES;
}

void
collate_vulkan_multiply_part (CollateVulkanDevice *self, const CollateVulkanProduct *product)
{
  const CollateVulkanPart *part = product->part;
  CollateShaderMatmul shader = product->shader;
  gboolean is_listed = product->listed != COLLATE_LIST_NONE;
  CollateVulkanDispatch dispatch = {
    .shader = product->weight->form,
    .constants = { [LISTED] = product->listed },
    .slices = { part->codes, part->bits, part->scales, product->in, product->out, product->more },
    .params = &shader,
    .groups = { 0, 0, is_listed ? 1 : part->n_groups },
    .work = product->work * part->n_groups,
  };

  shader.weight = part->shape;
  shader.group_strips = part->group_strips;
  shader.first_group = part->first_group;
  shader.n_groups = part->n_groups;
  if (product->ways == COLLATE_VULKAN_STRIPS || product->ways == COLLATE_VULKAN_DOTS)
    use_strips (self, &shader, product->ways == COLLATE_VULKAN_DOTS, &dispatch);
  else
    use_tiles (self, &shader, product->ways == COLLATE_VULKAN_MATRICES, &dispatch);
  if (is_listed)
    dispatch.groups[1] = shader.n_tiles;
  collate_vulkan_dispatch (self, &dispatch);
}

/* `stride`: from a token to the next in the converted activations, where the product takes those. */
static void
multiply_part (CollateVulkanDevice *self,
               const CollateMatmul *params,
               const CollateProduct *product,
               const CollateVulkanPart *part,
               CollateVulkanWays ways,
               guint32 stride)
{
  CollateVulkanSlice in = converts (ways) ? self->converted : params->in.buffer->slice;
  const CollateWeight *bias = product->bias;
  gint64 in_stride = params->in_stride > 0 ? params->in_stride : part->shape.columns;

  collate_vulkan_multiply_part (
      self,
      &(CollateVulkanProduct){
          .weight = product->weight,
          .part = part,
          .ways = ways,
          .in = in,
          .out = product->out.buffer->slice,
          .more = bias ? collate_vulkan_get_row (bias) : in,
          .shader = {
              .in_offset = converts (ways) ? 0 : collate_vulkan_get_offset (params->in, sizeof (float)),
              .in_stride = converts (ways) ? stride : (guint32) in_stride,
              .out_offset = collate_vulkan_get_offset (product->out, sizeof (float)),
              .out_stride = (guint32) (product->out_stride > 0 ? product->out_stride : product->weight->rows),
              .n_tokens = (guint32) params->n_tokens,
              .accumulate = params->accumulate,
              .has_bias = bias != NULL,
          },
          .work = (double) part->shape.n_rows * part->shape.columns * (double) (params->n_tokens + MOVING),
      });
}

static void
multiply (CollateVulkanDevice *self, const CollateMatmul *params)
{
  guint32 stride = 0;

  for (gsize n = 0; n < params->n_products; n++)
    {
      const CollateProduct *product = &params->products[n];
      CollateVulkanWays ways = find_ways (self, params, product->weight->form);

      if (stride == 0 && converts (ways))
        stride = collate_vulkan_convert (self, params, ways);
      for (guint i = 0; i < product->weight->parts->len; i++)
        multiply_part (self,
                       params,
                       product,
                       &g_array_index (product->weight->parts, CollateVulkanPart, i),
                       ways,
                       stride);
    }
}

/* The same for n_tokens of the tokens, from `first` on. */
static CollateMatmul
take_tokens (const CollateMatmul *params, gint64 first, gint64 n_tokens)
{
  CollateMatmul some = *params;
  gint64 in_stride = params->in_stride > 0 ? params->in_stride : params->products[0].weight->columns;

  some.n_tokens = n_tokens;
  some.in.offset += (gsize) (first * in_stride) * sizeof (float);
  for (gsize n = 0; n < params->n_products; n++)
    {
      const CollateProduct *product = &params->products[n];
      gint64 out_stride = product->out_stride > 0 ? product->out_stride : product->weight->rows;

      some.products[n].out.offset += (gsize) (first * out_stride) * sizeof (float);
    }
  return some;
}

void
collate_vulkan_matmul (CollateDevice *device, const CollateMatmul *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 most =
      self->converted.size > 0 ? collate_vulkan_get_most_converted (self, params) : params->n_tokens;

  for (gint64 t = 0; t < params->n_tokens; t += most)
    {
      CollateMatmul some = take_tokens (params, t, MIN (most, params->n_tokens - t));

      multiply (self, &some);
    }
}

/* Activations of groups are taken as they are. */
static CollateVulkanWays
find_grouped_ways (CollateVulkanDevice *self, gint64 n_tokens)
{
  return n_tokens > FEW_TOKENS &&
                 (self->many == COLLATE_VULKAN_TILES || self->many == COLLATE_VULKAN_MATRICES)
             ? COLLATE_VULKAN_TILES
             : COLLATE_VULKAN_STRIPS;
}

void
collate_vulkan_grouped_matmul (CollateDevice *device, const CollateGroupedMatmul *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  CollateVulkanSlice in = params->in.buffer->slice;

  for (guint i = 0; i < params->weight->parts->len; i++)
    {
      const CollateVulkanPart *part = &g_array_index (params->weight->parts, CollateVulkanPart, i);
      guint32 in_offset = collate_vulkan_get_offset (params->in, sizeof (float));
      guint32 out_offset = collate_vulkan_get_offset (params->out, sizeof (float));

      collate_vulkan_multiply_part (
          self,
          &(CollateVulkanProduct){
              .weight = params->weight,
              .part = part,
              .ways = find_grouped_ways (self, params->n_tokens),
              .in = in,
              .out = params->out.buffer->slice,
              .more = in,
              .shader = {
                  .in_offset = in_offset + part->first_group * (guint32) params->in_group_stride,
                  .in_stride = (guint32) params->in_stride,
                  /* Rows of a product are counted from the weight's first row. */
                  .out_offset = out_offset + part->first_group * (guint32) params->out_group_stride -
                                part->shape.first_row,
                  .out_stride = (guint32) params->out_stride,
                  .n_tokens = (guint32) params->n_tokens,
                  .group_in = (guint32) params->in_group_stride,
                  .group_out = (guint32) params->out_group_stride,
              },
              .work =
                  (double) part->shape.n_rows * part->shape.columns * (double) (params->n_tokens + MOVING),
          });
    }
}
