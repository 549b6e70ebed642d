/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* Attention: which shape of the shader does it, and whether its keys are shared out. */

/* Specialisation constants of the shader. */
#define QUERIES COLLATE_SPEC_1
#define HEAD COLLATE_SPEC_2
#define EVEN COLLATE_SPEC_3
#define SPLIT COLLATE_SPEC_4

/* Larger ones would not stay in registers. */
#define MOST_HEAD_SIZE 512

#define MOST_QUERIES 8

/* Pairs of numbers that a lane adds up, of all its queries. */
#define MOST_PAIRS 64

/* Groups that keep a device busy; keys that are worth a group of their own. */
#define ENOUGH_GROUPS 64
#define LEAST_CHUNK 128

typedef struct
{
  guint32 n_queries; /* of a workgroup */
  guint32 groups[3];
  guint32 chunk; /* keys */
} Plan;

/* Few queries share their keys out among groups, as far as there is room for what each makes of them. */
static Plan
make_plan (CollateVulkanDevice *self, const CollateAttention *params)
{
  gint64 n_pairs = ((params->head_size + 1) / 2 + self->lanes - 1) / self->lanes;
  gint64 n_queries = params->n_tokens * (params->n_heads / params->n_kv_heads);
  gint64 n_keys = params->position + params->n_tokens;
  gint64 partial = params->n_tokens * params->n_heads * (params->head_size + 2) * (gint64) sizeof (float);
  gint64 tile = CLAMP (MOST_PAIRS / n_pairs, 1, MIN (MOST_QUERIES, n_queries));
  gint64 n_groups = (n_queries + tile - 1) / tile * params->n_kv_heads;
  gint64 n_chunks = MIN (ENOUGH_GROUPS / n_groups, n_keys / LEAST_CHUNK);
  gint64 chunk;

  n_chunks = MAX (MIN (n_chunks, (gint64) self->partials.size / partial), 1);
  chunk = (n_keys + n_chunks - 1) / n_chunks;
  return (Plan){
    .n_queries = (guint32) tile,
    .groups = { (guint32) ((n_queries + tile - 1) / tile),
                (guint32) params->n_kv_heads,
                (guint32) ((n_keys + chunk - 1) / chunk) },
    .chunk = (guint32) chunk,
  };
}

static void
combine (CollateVulkanDevice *self, const CollateAttention *params, guint32 n_chunks)
{
  const CollateShaderCombine shader = {
    .out_offset = (guint32) (params->out.offset / sizeof (float)),
    .n_queries = (guint32) (params->n_tokens * params->n_heads),
    .n_chunks = n_chunks,
    .head_size = (guint32) params->head_size,
  };

  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = COLLATE_SHADER_COMBINE,
                               .slices = { self->partials, params->out.buffer->slice },
                               .params = &shader,
                               .groups = { MIN (shader.n_queries, self->traits.most_groups), 1, 1 },
                               .work = (double) shader.n_queries * n_chunks * shader.head_size,
                           });
}

static void
attend (CollateVulkanDevice *self, const CollateAttention *params)
{
  Plan plan = make_plan (self, params);
  guint32 n_chunks = plan.groups[2];
  const CollateShaderAttention shader = {
    .queries = (guint32) (params->queries.offset / sizeof (float)),
    .key_cache = (guint32) (params->key_cache.offset / sizeof (guint16)),
    .value_cache = (guint32) (params->value_cache.offset / sizeof (guint16)),
    .out_offset = n_chunks > 1 ? 0 : (guint32) (params->out.offset / sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_heads = (guint32) params->n_heads,
    .n_kv_heads = (guint32) params->n_kv_heads,
    .stride = (guint32) params->stride,
    .position = (guint32) params->position,
    .n_chunks = n_chunks,
    .chunk = plan.chunk,
    .scale = params->scale,
  };
  gboolean even = params->head_size % 2 == 0 && shader.key_cache % 2 == 0 && shader.value_cache % 2 == 0;

  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = COLLATE_SHADER_ATTENTION,
                               .constants = { [QUERIES] = plan.n_queries,
                                              [HEAD] = (guint32) params->head_size,
                                              [EVEN] = even,
                                              [SPLIT] = n_chunks > 1 },
                               .slices = { params->queries.buffer->slice,
                                           params->key_cache.buffer->slice,
                                           params->value_cache.buffer->slice,
                                           n_chunks > 1 ? self->partials : params->out.buffer->slice },
                               .params = &shader,
                               .groups = { plan.groups[0], plan.groups[1], plan.groups[2] },
                               .work = (double) params->n_tokens * (params->position + params->n_tokens) *
                                       params->n_heads * params->head_size * 2,
                           });
  if (n_chunks > 1)
    combine (self, params, n_chunks);
}

void
collate_vulkan_attention (CollateDevice *device, const CollateAttention *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;

  if (params->n_tokens == 0)
    return;
  if (params->head_size <= MOST_HEAD_SIZE)
    attend (self, params);
  else if (!self->error)
    g_set_error (&self->error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_UNSUPPORTED,
                 "heads of %" G_GINT64_FORMAT " numbers",
                 params->head_size);
}
