/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "engine/vulkan/collate-vulkan-private.h"

/* The kernels that are one shader each: what the graph asks for becomes a shader's parameters. */

/* Where a place stands in its buffer, in elements of `size` bytes. */
guint32
collate_vulkan_get_offset (CollatePlace place, gsize size)
{
  return (guint32) (place.offset / size);
}

guint32
collate_vulkan_count_groups (gint64 n, gint64 a_group)
{
  return (guint32) ((n + a_group - 1) / a_group);
}

guint32
collate_vulkan_count_looping_groups (CollateVulkanDevice *device, gint64 n, gint64 a_group)
{
  return MIN (collate_vulkan_count_groups (n, a_group), device->traits.most_groups);
}

CollateVulkanSlice
collate_vulkan_get_row (const CollateWeight *weight)
{
  return g_array_index (weight->parts, CollateVulkanPart, 0).codes;
}

/* Binds a weight's part to bindings 0 to 2. */
static void
bind_part (CollateVulkanDispatch *dispatch, const CollateVulkanPart *part)
{
  dispatch->slices[0] = part->codes;
  dispatch->slices[1] = part->bits;
  dispatch->slices[2] = part->scales;
}

void
collate_vulkan_embed (CollateDevice *device, const CollateEmbed *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  CollateVulkanSlice ids =
      collate_vulkan_upload (self, params->ids, (gsize) params->n_tokens * sizeof *params->ids);

  for (guint i = 0; ids.slab && i < params->table->parts->len; i++)
    {
      const CollateVulkanPart *part = &g_array_index (params->table->parts, CollateVulkanPart, i);
      const CollateShaderEmbed shader = {
        .weight = part->shape,
        .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
        .n_tokens = (guint32) params->n_tokens,
      };
      CollateVulkanDispatch dispatch = {
        .shader = COLLATE_SHADER_EMBED + params->table->form,
        .slices = { [3] = ids, [4] = params->out.buffer->slice },
        .params = &shader,
        .groups = { collate_vulkan_count_groups (part->shape.n_blocks, self->lanes),
                    (guint32) params->n_tokens,
                    1 },
        .work = (double) params->n_tokens * part->shape.columns,
      };

      bind_part (&dispatch, part);
      collate_vulkan_dispatch (self, &dispatch);
    }
}

static gint64
get_stride (gint64 stride, gint64 columns)
{
  return stride > 0 ? stride : columns;
}

void
collate_vulkan_rms_norm (CollateDevice *device, const CollateRmsNorm *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderNorm shader = {
    .in_offset = collate_vulkan_get_offset (params->in, sizeof (float)),
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .in_stride = (guint32) get_stride (params->in_stride, params->columns),
    .out_stride = (guint32) get_stride (params->out_stride, params->columns),
    .n_rows = (guint32) params->n_rows,
    .columns = (guint32) params->columns,
    .has_weight = params->weight != NULL,
    .epsilon = params->epsilon,
  };
  CollateVulkanSlice in = params->in.buffer->slice;

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_RMS_NORM,
          .slices = { in,
                      params->weight ? collate_vulkan_get_row (params->weight) : in,
                      params->out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n_rows, 1), 1, 1 },
          .work = (double) (params->n_rows * params->columns),
      });
}

void
collate_vulkan_layer_norm (CollateDevice *device, const CollateLayerNorm *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderNorm shader = {
    .in_offset = collate_vulkan_get_offset (params->in, sizeof (float)),
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .in_stride = (guint32) params->columns,
    .out_stride = (guint32) params->columns,
    .n_rows = (guint32) params->n_rows,
    .columns = (guint32) params->columns,
    .epsilon = params->epsilon,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_LAYER_NORM,
          .slices = { params->in.buffer->slice,
                      collate_vulkan_get_row (params->weight),
                      collate_vulkan_get_row (params->bias),
                      params->out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n_rows, 1), 1, 1 },
          .work = (double) (params->n_rows * params->columns),
      });
}

/* Cosine and sine of every angle. Queries and keys of all layers turn by the same: they are made once a recording. */
static CollateVulkanSlice
make_angles (CollateVulkanDevice *self, const CollateRope *params)
{
  gint64 n_pairs = params->n_rotated / 2;
  gsize n_bytes = (gsize) (params->n_tokens * n_pairs) * 2 * sizeof (float);
  g_autofree float *angles = NULL;
  CollateVulkanAngles *last = &self->angles;
  float magnitude = params->magnitude != 0 ? params->magnitude : 1;

  if (last->slice.slab && last->position == params->position && last->n_tokens == params->n_tokens &&
      last->n_pairs == n_pairs && last->frequencies == params->frequencies && last->magnitude == magnitude)
    return last->slice;

  angles = g_malloc (n_bytes);
  for (gint64 t = 0; t < params->n_tokens; t++)
    for (gint64 i = 0; i < n_pairs; i++)
      {
        float angle = (float) (params->position + t) * params->frequencies[i];

        angles[(t * n_pairs + i) * 2] = cosf (angle) * magnitude;
        angles[(t * n_pairs + i) * 2 + 1] = sinf (angle) * magnitude;
      }
  *last = (CollateVulkanAngles){ collate_vulkan_upload (self, angles, n_bytes),
                                 params->frequencies,
                                 params->position,
                                 params->n_tokens,
                                 n_pairs,
                                 magnitude };
  return last->slice;
}

void
collate_vulkan_rope (CollateDevice *device, const CollateRope *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 n = params->n_tokens * params->n_heads * (params->n_rotated / 2);
  gboolean in_place = params->out.buffer == NULL;
  CollatePlace out = in_place ? params->heads : params->out;
  const CollateShaderRope shader = {
    .heads = collate_vulkan_get_offset (params->heads, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_heads = (guint32) params->n_heads,
    .head_size = (guint32) params->head_size,
    .n_pairs = (guint32) (params->n_rotated / 2),
    .stride = (guint32) params->stride,
    .interleaved = params->interleaved,
    .out_offset = collate_vulkan_get_offset (out, sizeof (float)),
    .out_head_size = (guint32) (in_place ? params->head_size : params->out_head_size),
    .out_stride = (guint32) (in_place ? params->stride : params->out_stride),
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_ROPE,
          .slices = { params->heads.buffer->slice, make_angles (self, params), out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, n, self->lanes), 1, 1 },
          .work = (double) n,
      });
}

void
collate_vulkan_store (CollateDevice *device, const CollateStore *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 n = params->n_tokens * params->n_columns;
  gboolean has_values = params->values.buffer != NULL;
  CollatePlace values = has_values ? params->values : params->keys;
  CollatePlace value_cache = has_values ? params->value_cache : params->key_cache;
  const CollateShaderStore shader = {
    .keys = collate_vulkan_get_offset (params->keys, sizeof (float)),
    .values = collate_vulkan_get_offset (values, sizeof (float)),
    .key_cache = collate_vulkan_get_offset (params->key_cache, sizeof (guint16)),
    .value_cache = collate_vulkan_get_offset (value_cache, sizeof (guint16)),
    .n_tokens = (guint32) params->n_tokens,
    .n_columns = (guint32) params->n_columns,
    .stride = (guint32) params->stride,
    .position = (guint32) params->position,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_STORE,
          .slices = { params->keys.buffer->slice,
                      values.buffer->slice,
                      params->key_cache.buffer->slice,
                      value_cache.buffer->slice },
          .params = &shader,
          .groups = { n > 0 ? collate_vulkan_count_looping_groups (self, n / 2 + 1, self->lanes) : 0,
                      has_values ? 2 : 1,
                      1 },
          .work = (double) n * 2,
      });
}

void
collate_vulkan_swiglu (CollateDevice *device, const CollateSwiglu *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderSwiglu shader = {
    .gate = collate_vulkan_get_offset (params->gate, sizeof (float)),
    .up = collate_vulkan_get_offset (params->up, sizeof (float)),
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .n = (guint32) params->n,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_SWIGLU,
          .slices = { params->gate.buffer->slice, params->up.buffer->slice, params->out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n, self->lanes), 1, 1 },
          .work = (double) params->n,
      });
}
