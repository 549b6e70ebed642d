/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* Experts: which of them a token gets, and what they make of it. Which ones these are stays on the device: the products'
 * shader reads it. Few tokens are multiplied one by one; many are put in order by experts first, so that what is read of a
 * weight serves several of them. */

/* Bytes for what experts make on their way. */
#define MOST_SCRATCH ((guint64) 64 << 20)

/* Pairs of a token and an expert that are worth an order. */
#define MANY_PAIRS 64

/* Specialisation constant of sort-experts.comp. */
#define INVOCATIONS COLLATE_SPEC_1

/* Multiplications that one exponential costs, or so. */
#define EXPONENTIAL 16

static gboolean
check (CollateVulkanDevice *self, gboolean can, const char *what, gint64 n)
{
  if (!can && !self->error)
    g_set_error (&self->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%" G_GINT64_FORMAT " %s", n, what);
  return can;
}

void
collate_vulkan_route (CollateDevice *device, const CollateRoute *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderRoute shader = {
    .logits = collate_vulkan_get_offset (params->logits, sizeof (float)),
    .experts = collate_vulkan_get_offset (params->experts, sizeof (gint32)),
    .shares = collate_vulkan_get_offset (params->shares, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_experts = (guint32) params->n_experts,
    .n_used = (guint32) params->n_used,
    .n_groups = (guint32) params->n_groups,
    .n_groups_used = (guint32) params->n_groups_used,
    .is_sigmoid = params->gating == COLLATE_GATING_SIGMOID,
    .has_bias = params->bias != NULL,
    .normalised = params->normalised,
    .scale = params->scale,
  };
  CollateVulkanSlice logits = params->logits.buffer->slice;

  if (!check (self, params->n_experts <= COLLATE_MOST_EXPERTS, "experts", params->n_experts))
    return;
  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_ROUTE,
          .slices = { logits,
                      params->bias ? collate_vulkan_get_row (params->bias) : logits,
                      params->experts.buffer->slice,
                      params->shares.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n_tokens, 1), 1, 1 },
          .work = (double) (params->n_tokens * params->n_experts) * (double) (params->n_used + EXPONENTIAL),
      });
}

CollateVulkanSlice
collate_vulkan_get_scratch (CollateVulkanDevice *self, guint64 n_bytes)
{
  if (self->scratch.size < n_bytes && !self->error)
    {
      if (self->recorder.is_open)
        collate_vulkan_finish (self, &self->error);
      collate_vulkan_slice_drop (self, &self->scratch);
      if (!self->error)
        collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, n_bytes, &self->scratch, &self->error);
    }
  return self->error ? (CollateVulkanSlice){ 0 } : self->scratch;
}

/* What some tokens' experts make on their way. */
typedef struct
{
  CollateVulkanSlice list;     /* of pairs, where they are put in order */
  CollateVulkanSlice gate, up; /* [pair][hidden] */
  CollateVulkanSlice results;  /* [pair][width] */
  guint64 size;                /* of all, bytes */
  guint32 n_pairs, n_tiles, tile;
} Room;

static CollateVulkanSlice
take (CollateVulkanDevice *self, Room *room, const CollateVulkanSlice *scratch, guint64 n_bytes)
{
  guint64 alignment = MAX (self->traits.alignment, 16);
  guint64 size = (n_bytes + alignment - 1) / alignment * alignment;
  CollateVulkanSlice slice =
      scratch ? collate_vulkan_slice_part (scratch, room->size, size) : (CollateVulkanSlice){ 0 };

  room->size += size;
  return slice;
}

static gboolean
is_aligned (const CollateExperts *params)
{
  return params->in.offset % 16 == 0 && params->width % 4 == 0 && params->hidden % 4 == 0;
}

/* Cuts the scratch for so many tokens; without one, how much that will be. */
static Room
cut (CollateVulkanDevice *self,
     const CollateExperts *params,
     gint64 n_tokens,
     const CollateVulkanSlice *scratch)
{
  guint64 n_pairs = (guint64) (n_tokens * params->n_used);
  guint64 hidden = n_pairs * (guint64) params->hidden * sizeof (float);
  guint64 tile = n_pairs < MANY_PAIRS ? 1 : is_aligned (params) ? 8 : 4;
  Room room = { .n_pairs = (guint32) n_pairs, .tile = (guint32) tile };

  room.n_tiles =
      (guint32) (tile == 1 ? n_pairs : n_pairs / tile + MIN (n_pairs, (guint64) params->n_experts));
  if (tile > 1)
    room.list = take (self, &room, scratch, (room.n_tiles * COLLATE_LIST_TILE + n_pairs) * sizeof (guint32));
  room.gate = take (self, &room, scratch, hidden);
  room.up = take (self, &room, scratch, hidden);
  room.results = take (self, &room, scratch, n_pairs * (guint64) params->width * sizeof (float));
  return room;
}

static void
sort (CollateVulkanDevice *self, const CollateExperts *params, const Room *room)
{
  const CollateShaderSort shader = {
    .experts = collate_vulkan_get_offset (params->experts, sizeof (gint32)),
    .n_pairs = room->n_pairs,
    .n_experts = (guint32) params->n_experts,
    .n_tiles = room->n_tiles,
    .size = room->tile,
  };

  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = COLLATE_SHADER_SORT_EXPERTS,
                               .constants = { [INVOCATIONS] = COLLATE_SORTERS },
                               .slices = { params->experts.buffer->slice, room->list },
                               .params = &shader,
                               .groups = { 1, 1, 1 },
                               .work = (double) room->n_pairs * 2,
                           });
}

/* Multiplies pairs with their experts; n_shared of them have the same activations. */
static void
multiply (CollateVulkanDevice *self,
          const CollateExperts *params,
          const Room *room,
          const CollateWeight *weight,
          CollateVulkanSlice in,
          guint32 in_offset,
          guint32 n_shared,
          CollateVulkanSlice out)
{
  gboolean is_sorted = room->tile > 1;

  for (guint i = 0; i < weight->parts->len; i++)
    {
      const CollateVulkanPart *part = &g_array_index (weight->parts, CollateVulkanPart, i);

      collate_vulkan_multiply_part (
          self,
          &(CollateVulkanProduct){
              .weight = weight,
              .part = part,
              .ways = COLLATE_VULKAN_STRIPS,
              .in = in,
              .out = out,
              .more = is_sorted ? room->list : params->experts.buffer->slice,
              .shader = {
                  .in_offset = in_offset,
                  .in_stride = part->shape.columns,
                  /* Rows of a product are counted from the weight's first row. */
                  .out_offset = 0 - part->shape.first_row,
                  .out_stride = part->shape.n_rows,
                  .n_tokens = room->tile,
                  .list = is_sorted ? 0 : collate_vulkan_get_offset (params->experts, sizeof (gint32)),
                  .n_tiles = room->n_tiles,
                  .n_used = n_shared,
              },
              .listed = is_sorted ? COLLATE_LIST_SORTED : COLLATE_LIST_PAIRS,
              .work = (double) part->shape.n_rows * part->shape.columns * room->n_pairs /
                      (double) params->n_experts,
          });
    }
}

static void
add_up (CollateVulkanDevice *self, const CollateExperts *params, const Room *room)
{
  gint64 n = params->n_tokens * params->width;
  const CollateShaderSumExperts shader = {
    .shares = collate_vulkan_get_offset (params->shares, sizeof (float)),
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_used = (guint32) params->n_used,
    .columns = (guint32) params->width,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_SUM_EXPERTS,
          .slices = { room->results, params->shares.buffer->slice, params->out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, n, self->lanes), 1, 1 },
          .work = (double) (n * params->n_used),
      });
}

static void
activate (CollateVulkanDevice *self, const CollateExperts *params, const Room *room)
{
  const CollateShaderSwiglu shader = { .n = room->n_pairs * (guint32) params->hidden };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_SWIGLU,
          .slices = { room->gate, room->up, room->gate },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, shader.n, self->lanes), 1, 1 },
          .work = (double) shader.n * EXPONENTIAL,
      });
}

static void
run (CollateVulkanDevice *self, const CollateExperts *params, const Room *room)
{
  CollateVulkanSlice in = params->in.buffer->slice;
  guint32 in_offset = collate_vulkan_get_offset (params->in, sizeof (float));

  if (room->tile > 1)
    sort (self, params, room);
  multiply (self, params, room, params->gate, in, in_offset, (guint32) params->n_used, room->gate);
  multiply (self, params, room, params->up, in, in_offset, (guint32) params->n_used, room->up);
  activate (self, params, room);
  multiply (self, params, room, params->down, room->gate, 0, 1, room->results);
  add_up (self, params, room);
}

/* The same for n_tokens of the tokens, from `first` on. */
static CollateExperts
take_tokens (const CollateExperts *params, gint64 first, gint64 n_tokens)
{
  CollateExperts some = *params;

  some.n_tokens = n_tokens;
  some.in.offset += (gsize) (first * params->width) * sizeof (float);
  some.out.offset += (gsize) (first * params->width) * sizeof (float);
  some.experts.offset += (gsize) (first * params->n_used) * sizeof (gint32);
  some.shares.offset += (gsize) (first * params->n_used) * sizeof (float);
  return some;
}

void
collate_vulkan_experts (CollateDevice *device, const CollateExperts *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  guint64 a_token = (guint64) (params->n_used * (2 * params->hidden + params->width)) * sizeof (float);
  gint64 most = CLAMP ((gint64) (MOST_SCRATCH / a_token), 1, MAX (params->n_tokens, 1));
  CollateVulkanSlice scratch;

  if (params->n_tokens == 0 ||
      !check (self, params->n_experts <= COLLATE_MOST_EXPERTS, "experts", params->n_experts))
    return;
  scratch = collate_vulkan_get_scratch (self, cut (self, params, most, NULL).size);
  for (gint64 t = 0; scratch.slab && t < params->n_tokens; t += most)
    {
      CollateExperts some = take_tokens (params, t, MIN (most, params->n_tokens - t));
      Room room = cut (self, &some, some.n_tokens, &scratch);

      run (self, &some, &room);
    }
}
