/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* What sparse attention needs before it attends: keys to look for, what each is worth, and the choice among them. */

G_STATIC_ASSERT (COLLATE_PAGE == COLLATE_KEYS_OF_PAGE);

/* Specialisation constants of index.comp, */
#define TOKENS COLLATE_SPEC_1
#define HEADS COLLATE_SPEC_2
#define BYTES COLLATE_SPEC_3
#define HALVED COLLATE_SPEC_4

/* of index-matrix.comp, */
#define M COLLATE_SPEC_2
#define N COLLATE_SPEC_3
#define K COLLATE_SPEC_4
#define MATRIX_BYTES COLLATE_SPEC_5

/* and of select.comp. */
#define INVOCATIONS COLLATE_SPEC_1
#define PAGE COLLATE_SPEC_2

/* Tokens that matrix units are not worth. */
#define FEW_TOKENS 8

/* Sums that a lane of index.comp makes at once. */
#define SUMS 8

/* Invocations that look for a row's largest at most: those of a card's workgroup. */
#define MOST_SELECTORS 512

/* Of select.comp: passes over a row of scores. */
#define PASSES 6

void
collate_vulkan_hadamard (CollateDevice *device, const CollateHadamard *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderHadamard shader = {
    .rows = collate_vulkan_get_offset (params->rows, sizeof (float)),
    .n_rows = (guint32) params->n_rows,
    .columns = (guint32) params->columns,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_HADAMARD,
          .slices = { params->rows.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n_rows, 1), 1, 1 },
          .work = (double) (params->n_rows * params->columns) * 8,
      });
}

void
collate_vulkan_store_bytes (CollateDevice *device, const CollateStoreBytes *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  const CollateShaderStoreBytes shader = {
    .keys = collate_vulkan_get_offset (params->keys, sizeof (float)),
    .cache = collate_vulkan_get_offset (params->cache, sizeof (guint32)),
    .scales = collate_vulkan_get_offset (params->scales, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_columns = (guint32) params->n_columns,
    .position = (guint32) params->position,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_STORE_BYTES,
          .slices = { params->keys.buffer->slice, params->cache.buffer->slice, params->scales.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, params->n_tokens, 1), 1, 1 },
          .work = (double) (params->n_tokens * params->n_columns) * 4,
      });
}

void
collate_vulkan_bound (CollateDevice *device, const CollateBound *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 first = params->position / COLLATE_PAGE;
  gint64 n_pages = (params->position + params->n_tokens) / COLLATE_PAGE - first;
  gint64 n_words = n_pages * params->n_columns;
  const CollateShaderBound shader = {
    .key_cache = collate_vulkan_get_offset (params->key_cache, sizeof (guint16)),
    .bounds = collate_vulkan_get_offset (params->bounds, sizeof (guint16)),
    .first_page = (guint32) first,
    .n_pages = (guint32) n_pages,
    .n_columns = (guint32) params->n_columns,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_BOUND,
          .slices = { params->key_cache.buffer->slice, params->bounds.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, n_words, self->lanes), 1, 1 },
          .work = (double) n_words * 2 * COLLATE_PAGE,
      });
}

void
collate_vulkan_sum_signs (CollateDevice *device, const CollateSumSigns *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 n = params->n_tokens * params->n_kv_heads * params->head_size;
  const CollateShaderSumSigns shader = {
    .queries = collate_vulkan_get_offset (params->queries, sizeof (float)),
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_heads = (guint32) params->n_heads,
    .n_kv_heads = (guint32) params->n_kv_heads,
    .head_size = (guint32) params->head_size,
    .stride = (guint32) params->stride,
  };

  collate_vulkan_dispatch (self,
                           &(CollateVulkanDispatch){
                               .shader = COLLATE_SHADER_SUM_SIGNS,
                               .slices = { params->queries.buffer->slice, params->out.buffer->slice },
                               .params = &shader,
                               .groups = { collate_vulkan_count_looping_groups (self, n, self->lanes), 1, 1 },
                               .work = (double) (params->n_tokens * params->n_heads * params->head_size),
                           });
}

static CollateVulkanSlice
get_slice (CollatePlace place, CollateVulkanSlice otherwise)
{
  return place.buffer ? place.buffer->slice : otherwise;
}

/* With what both shaders have in common. */
static void
dispatch_index (CollateVulkanDevice *self,
                const CollateIndex *params,
                const CollateShaderIndex *shader,
                CollateVulkanSlice queries,
                CollateVulkanDispatch *dispatch)
{
  gint64 n_keys = (params->position + params->n_tokens - 1) / params->page + 1;

  dispatch->slices[0] = queries;
  dispatch->slices[1] = get_slice (params->weights, queries);
  dispatch->slices[2] = params->keys.buffer->slice;
  dispatch->slices[3] = get_slice (params->scales, queries);
  dispatch->slices[4] = params->scores.buffer->slice;
  dispatch->params = shader;
  dispatch->work = (double) (params->n_tokens * n_keys) * (double) (params->n_heads * params->head_size);
  collate_vulkan_dispatch (self, dispatch);
}

static CollateShaderIndex
describe_index (const CollateIndex *params)
{
  return (CollateShaderIndex){
    .queries = collate_vulkan_get_offset (params->queries, sizeof (float)),
    .weights = collate_vulkan_get_offset (params->weights, sizeof (float)),
    .keys = collate_vulkan_get_offset (params->keys, sizeof (guint32)),
    .scales = collate_vulkan_get_offset (params->scales, sizeof (float)),
    .scores = collate_vulkan_get_offset (params->scores, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_heads = (guint32) params->n_heads,
    .head_size = (guint32) params->head_size,
    .position = (guint32) params->position,
    .page = (guint32) params->page,
    .scores_stride = (guint32) params->scores_stride,
    .has_weights = params->weights.buffer != NULL,
    .scale = params->scale,
  };
}

/* Queries as matrix units take them, in the place of the parameters' own. */
static CollateVulkanSlice
halve (CollateVulkanDevice *self, const CollateIndex *params, CollateShaderIndex *shader)
{
  collate_vulkan_halve (self, params->queries, params->n_tokens * params->n_heads, params->head_size);
  shader->queries = 0;
  return self->converted;
}

static void
index_by_lanes (CollateVulkanDevice *self, const CollateIndex *params, gboolean halves)
{
  gint64 n_heads = MIN (params->n_heads, SUMS);
  gint64 n_tokens = CLAMP (SUMS / n_heads, 1, params->n_tokens);
  gint64 n_keys = (params->position + params->n_tokens - 1) / params->page + 1;
  guint32 n_groups = collate_vulkan_count_groups (n_keys, self->lanes);
  CollateShaderIndex shader = describe_index (params);
  CollateVulkanSlice queries = halves ? halve (self, params, &shader) : params->queries.buffer->slice;

  dispatch_index (self,
                  params,
                  &shader,
                  queries,
                  &(CollateVulkanDispatch){
                      .shader = COLLATE_SHADER_INDEX,
                      .constants = { [TOKENS] = (guint32) n_tokens,
                                     [HEADS] = (guint32) n_heads,
                                     [BYTES] = params->scales.buffer != NULL,
                                     [HALVED] = halves },
                      .groups = { MIN (n_groups, COLLATE_INDEX_GROUPS),
                                  collate_vulkan_count_groups (params->n_tokens, n_tokens),
                                  collate_vulkan_count_groups (n_groups, COLLATE_INDEX_GROUPS) },
                  });
}

/* Whether matrix units make the scores of many tokens, of which a tile is whole ones, or a part of one's heads. */
static gboolean
suits_matrices (CollateVulkanDevice *self, const CollateIndex *params)
{
  return self->many == COLLATE_VULKAN_MATRICES && params->weights.buffer &&
         params->head_size % COLLATE_FORM_BLOCK == 0 &&
         (COLLATE_TILE % params->n_heads == 0 || params->n_heads % COLLATE_TILE == 0) &&
         collate_vulkan_get_most_halved (self, params->head_size) >= params->n_heads;
}

/* The same for n_tokens of the tokens, from `first` on. */
static CollateIndex
take_tokens (const CollateIndex *params, gint64 first, gint64 n_tokens)
{
  CollateIndex some = *params;

  some.n_tokens = n_tokens;
  some.position += first;
  some.queries.offset += (gsize) (first * params->n_heads * params->head_size) * sizeof (float);
  some.weights.offset += (gsize) (first * params->n_heads) * sizeof (float);
  some.scores.offset += (gsize) (first * params->scores_stride) * sizeof (float);
  return some;
}

static void
index_by_matrices (CollateVulkanDevice *self, const CollateIndex *params)
{
  const CollateVulkanMatrices *matrices = &self->traits.matrices;
  gint64 n_keys = (params->position + params->n_tokens - 1) / params->page + 1;
  gint64 tokens = MAX (COLLATE_TILE / params->n_heads, 1);
  CollateShaderIndex shader = describe_index (params);
  CollateVulkanSlice queries = halve (self, params, &shader);

  dispatch_index (self,
                  params,
                  &shader,
                  queries,
                  &(CollateVulkanDispatch){
                      .shader = COLLATE_SHADER_INDEX_MATRIX,
                      .constants = { [INVOCATIONS] = COLLATE_TILE_SUBGROUPS * self->lanes,
                                     [M] = matrices->m,
                                     [N] = matrices->n,
                                     [K] = matrices->k,
                                     [MATRIX_BYTES] = params->scales.buffer != NULL },
                      .groups = { collate_vulkan_count_groups (n_keys, COLLATE_TILE),
                                  collate_vulkan_count_groups (params->n_tokens, tokens),
                                  1 },
                  });
}

/* Where matrix units score the keys of many tokens, few tokens' queries are rounded as these are, so that the same keys are
 * chosen whatever the chunks are. */
void
collate_vulkan_index (CollateDevice *device, const CollateIndex *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 most;

  if (params->n_tokens == 0)
    return;
  if (!suits_matrices (self, params))
    {
      index_by_lanes (self, params, FALSE);
      return;
    }
  most = collate_vulkan_get_most_halved (self, params->head_size) / params->n_heads;
  for (gint64 t = 0; t < params->n_tokens; t += most)
    {
      CollateIndex some = take_tokens (params, t, MIN (most, params->n_tokens - t));

      if (params->n_tokens > FEW_TOKENS)
        index_by_matrices (self, &some);
      else
        index_by_lanes (self, &some, TRUE);
    }
}

/* On a card, rows that are few want many invocations each; elsewhere as few as can do it. A subgroup alone is sure to be
 * one. */
static guint32
choose_selectors (CollateVulkanDevice *self, gint64 n_keys)
{
  gboolean is_card = self->traits.type != VK_PHYSICAL_DEVICE_TYPE_CPU;
  guint32 most = self->traits.most_invocations;
  guint32 n = self->lanes;

  if (is_card && (!self->traits.has_full_subgroups || !collate_vulkan_can_require_lanes (self)))
    return n;
  if (is_card)
    return MAX (MIN (most, MOST_SELECTORS) / n * n, n);
  while (n * 2 <= most && n_keys * PASSES / n > COLLATE_VULKAN_MOST_ROUNDS)
    n *= 2;
  return n;
}

void
collate_vulkan_select (CollateDevice *device, const CollateSelect *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  gint64 n_keys = params->position + params->n_tokens;
  const CollateShaderSelect shader = {
    .scores = collate_vulkan_get_offset (params->scores, sizeof (float)),
    .selected = collate_vulkan_get_offset (params->selected, sizeof (gint32)),
    .n_tokens = (guint32) params->n_tokens,
    .k = (guint32) params->k,
    .position = (guint32) params->position,
    .page = (guint32) params->page,
    .scores_stride = (guint32) params->scores_stride,
    .n_first = (guint32) params->n_first,
    .n_last = (guint32) params->n_last,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_SELECT,
          .constants = { [INVOCATIONS] = choose_selectors (self, n_keys), [PAGE] = (guint32) params->page },
          .slices = { params->scores.buffer->slice, params->selected.buffer->slice },
          .params = &shader,
          .groups = { (guint32) params->n_tokens, 1, 1 },
          .work = (double) (params->n_tokens * n_keys) * PASSES,
      });
}
