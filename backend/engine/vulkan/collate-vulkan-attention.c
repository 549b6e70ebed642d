/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* Attention: which shape of the shader does it, whether its keys are shared out, and how it reads those that are selected. */

/* Specialisation constants of the shader. */
#define QUERIES COLLATE_SPEC_1
#define HEAD COLLATE_SPEC_2
#define EVEN COLLATE_SPEC_3
#define SPLIT COLLATE_SPEC_4
#define VALUE COLLATE_SPEC_5
#define READS COLLATE_SPEC_6

/* Larger values would take more shared memory than every device has, and the loops over larger heads would be too long. */
#define MOST_VALUE_SIZE 512
#define MOST_HEAD_SIZE 1024

#define MOST_QUERIES 8

/* Pairs of numbers that a lane holds in registers, of all its queries. */
#define MOST_PAIRS 64

/* Groups that keep a processor busy, and a card; keys that are worth a group of their own. */
#define ENOUGH_GROUPS 64
#define ENOUGH_GROUPS_OF_CARD 512
#define LEAST_CHUNK 128

typedef struct
{
  guint32 n_queries; /* of a workgroup */
  guint32 groups[3];
  guint32 chunk; /* keys */
  gboolean is_split;
} Plan;

static gint64
divide_up (gint64 n, gint64 by)
{
  return (n + by - 1) / by;
}

static gboolean
is_processor (CollateVulkanDevice *self)
{
  return self->traits.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

/* Bytes of what a group makes of a chunk of keys, for a token. */
static gint64
get_partial (const CollateAttention *params)
{
  return params->n_heads * (params->value_size + 2) * (gint64) sizeof (float);
}

/* Chunks that there are at least, so that none is more keys than a group can take. */
static gint64
get_least_chunks (CollateVulkanDevice *self, const CollateAttention *params, gint64 n_keys)
{
  /* For as many keys as there are lanes: itself, and the parts of the head and of the value. */
  gint64 rounds =
      1 + divide_up (params->head_size, self->lanes) + divide_up (params->value_size, 2 * self->lanes);

  return is_processor (self) ? divide_up (n_keys, COLLATE_VULKAN_MOST_ROUNDS / rounds * self->lanes) : 1;
}

/* Shares n_keys out among groups where they are few, as far as there is room for what each makes of them. */
static gint64
choose_chunk (CollateVulkanDevice *self, const CollateAttention *params, gint64 n_groups, gint64 n_keys)
{
  gint64 most = (gint64) self->partials.size / (params->n_tokens * get_partial (params));
  gint64 enough = is_processor (self) ? ENOUGH_GROUPS : ENOUGH_GROUPS_OF_CARD;
  gint64 n_chunks = MIN (enough / n_groups, n_keys / LEAST_CHUNK);

  n_chunks = MAX (n_chunks, get_least_chunks (self, params, n_keys));
  return divide_up (n_keys, CLAMP (n_chunks, 1, MAX (most, 1)));
}

static gint64
choose_queries (CollateVulkanDevice *self, const CollateAttention *params, gint64 n_queries)
{
  gint64 n_pairs = divide_up (divide_up (params->value_size, 2), self->lanes);
  gint64 most = n_pairs > COLLATE_MOST_PAIRS ? MOST_QUERIES : MOST_PAIRS / n_pairs;

  return CLAMP (most, 1, MIN (MOST_QUERIES, n_queries));
}

static Plan
plan_dense (CollateVulkanDevice *self, const CollateAttention *params)
{
  gint64 n_queries = params->n_tokens * (params->n_heads / params->n_kv_heads);
  gint64 n_keys = params->position + params->n_tokens;
  gint64 tile = choose_queries (self, params, n_queries);
  gint64 n_groups = divide_up (n_queries, tile);
  gint64 chunk = choose_chunk (self, params, n_groups * params->n_kv_heads, n_keys);

  return (Plan){
    .n_queries = (guint32) tile,
    .groups = { (guint32) n_groups, (guint32) params->n_kv_heads, (guint32) divide_up (n_keys, chunk) },
    .chunk = (guint32) chunk,
    .is_split = chunk < n_keys,
  };
}

/* A token all of whose keys are selected gets the same sums as without a selection: of the same chunks. */
static Plan
plan_selected (CollateVulkanDevice *self, const CollateAttention *params)
{
  Plan dense = plan_dense (self, params);
  gint64 n_keys = MIN (params->position + params->n_tokens, params->n_selected);
  gint64 tile = choose_queries (self, params, params->n_heads / params->n_kv_heads);
  gint64 n_groups = params->n_tokens * divide_up (params->n_heads / params->n_kv_heads, tile);
  gboolean is_like_dense = params->position < params->n_selected;
  gint64 chunk =
      is_like_dense ? dense.chunk : choose_chunk (self, params, n_groups * params->n_kv_heads, n_keys);

  return (Plan){
    .n_queries = (guint32) tile,
    .groups = { (guint32) n_groups, (guint32) params->n_kv_heads, (guint32) divide_up (n_keys, chunk) },
    .chunk = (guint32) chunk,
    .is_split = is_like_dense ? dense.is_split : chunk < n_keys,
  };
}

static void
combine (CollateVulkanDevice *self, const CollateAttention *params, guint32 n_chunks)
{
  const CollateShaderCombine shader = {
    .out_offset = collate_vulkan_get_offset (params->out, sizeof (float)),
    .n_queries = (guint32) (params->n_tokens * params->n_heads),
    .n_chunks = n_chunks,
    .value_size = (guint32) params->value_size,
  };

  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_COMBINE,
          .slices = { self->partials, params->out.buffer->slice },
          .params = &shader,
          .groups = { collate_vulkan_count_looping_groups (self, shader.n_queries, 1), 1, 1 },
          .work = (double) shader.n_queries * n_chunks * shader.value_size,
      });
}

/* Whether rows of the caches, and of each head in them, begin with a word. */
static gboolean
is_even (const CollateShaderAttention *shader, const CollateAttention *params)
{
  return params->head_size % 2 == 0 && params->value_size % 2 == 0 && shader->key_stride % 2 == 0 &&
         shader->value_stride % 2 == 0 && shader->key_cache % 2 == 0 && shader->value_cache % 2 == 0;
}

/* Of tokens that do not all see so few keys all gather: what a group makes of one does not depend on others. */
static guint32
choose_reads (const CollateAttention *params)
{
  if (!params->selected.buffer)
    return COLLATE_READ_ALL;
  return params->n_dense > 0 ? COLLATE_READ_MARKED : COLLATE_READ_LIST;
}

static gint64
count_words (gint64 n_keys)
{
  return divide_up (n_keys, 32);
}

/* Makes marks of the lists, in the scratch. */
static CollateVulkanSlice
mark (CollateVulkanDevice *self, const CollateAttention *params)
{
  gint64 n_words = count_words (params->position + params->n_tokens);
  CollateVulkanSlice marks =
      collate_vulkan_get_scratch (self, (guint64) (params->n_tokens * n_words) * sizeof (guint32));
  const CollateShaderMark shader = {
    .selected = collate_vulkan_get_offset (params->selected, sizeof (gint32)),
    .n_selected = (guint32) params->n_selected,
    .n_tokens = (guint32) params->n_tokens,
    .n_words = (guint32) n_words,
  };

  if (marks.slab)
    collate_vulkan_dispatch (
        self,
        &(CollateVulkanDispatch){
            .shader = COLLATE_SHADER_MARK,
            .slices = { params->selected.buffer->slice, marks },
            .params = &shader,
            .groups = { collate_vulkan_count_looping_groups (self, params->n_tokens * n_words, self->lanes),
                        1,
                        1 },
            .work = (double) (params->n_tokens * (n_words + params->n_selected)),
        });
  return marks;
}

static void
attend (CollateVulkanDevice *self, const CollateAttention *params)
{
  guint32 reads = choose_reads (params);
  gboolean lists = reads == COLLATE_READ_LIST, marks = reads == COLLATE_READ_MARKED;
  Plan plan = lists ? plan_selected (self, params) : plan_dense (self, params);
  gint64 n_keys = params->position + params->n_tokens;
  CollateVulkanSlice selected = marks   ? mark (self, params)
                                : lists ? params->selected.buffer->slice
                                        : params->queries.buffer->slice;
  CollateVulkanSlice out = plan.is_split ? self->partials : params->out.buffer->slice;
  const CollateShaderAttention shader = {
    .queries = collate_vulkan_get_offset (params->queries, sizeof (float)),
    .key_cache = collate_vulkan_get_offset (params->key_cache, sizeof (guint16)),
    .value_cache = collate_vulkan_get_offset (params->value_cache, sizeof (guint16)),
    .out_offset = plan.is_split ? 0 : collate_vulkan_get_offset (params->out, sizeof (float)),
    .n_tokens = (guint32) params->n_tokens,
    .n_heads = (guint32) params->n_heads,
    .n_kv_heads = (guint32) params->n_kv_heads,
    .stride = (guint32) params->stride,
    .key_stride = (guint32) params->key_stride,
    .value_stride = (guint32) params->value_stride,
    .position = (guint32) params->position,
    .n_chunks = plan.groups[2],
    .chunk = plan.chunk,
    .selected = lists ? collate_vulkan_get_offset (params->selected, sizeof (gint32)) : 0,
    .n_selected = (guint32) (marks ? count_words (n_keys) : params->n_selected),
    .scale = params->scale,
  };

  if (self->error)
    return;
  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){
          .shader = COLLATE_SHADER_ATTENTION,
          .constants = { [QUERIES] = plan.n_queries,
                         [HEAD] = (guint32) params->head_size,
                         [EVEN] = is_even (&shader, params),
                         [SPLIT] = plan.is_split,
                         [VALUE] = (guint32) params->value_size,
                         [READS] = reads },
          .slices = { params->queries.buffer->slice,
                      params->key_cache.buffer->slice,
                      params->value_cache.buffer->slice,
                      out,
                      selected },
          .params = &shader,
          .groups = { plan.groups[0], plan.groups[1], plan.groups[2] },
          .work = (double) params->n_tokens * (double) (lists ? MIN (n_keys, params->n_selected) : n_keys) *
                  (double) (params->n_heads * (params->head_size + params->value_size)),
      });
  if (plan.is_split)
    combine (self, params, plan.groups[2]);
}

/* As many of the tokens at once as there is room for, where their keys have to be shared out; it does not matter whether
 * there is a selection. */
static void
attend_by_parts (CollateVulkanDevice *self, const CollateAttention *params)
{
  gint64 n_chunks = get_least_chunks (self, params, params->position + params->n_tokens);
  gint64 room = (gint64) self->partials.size / (n_chunks * get_partial (params));
  gint64 most = n_chunks > 1 ? MAX (room, 1) : params->n_tokens;

  for (gint64 t = 0; t < params->n_tokens; t += most)
    {
      CollateAttention some = *params;

      some.n_tokens = MIN (most, params->n_tokens - t);
      some.position += t;
      some.queries.offset += (gsize) (t * params->stride) * sizeof (float);
      some.out.offset += (gsize) (t * params->n_heads * params->value_size) * sizeof (float);
      some.selected.offset += (gsize) (t * params->n_selected) * sizeof (gint32);
      attend (self, &some);
    }
}

/* With everything that may be left out; n_dense is 0 unless all tokens go over all keys. */
static CollateAttention
complete (const CollateAttention *params)
{
  CollateAttention whole = *params;

  if (whole.value_size == 0)
    whole.value_size = whole.head_size;
  if (whole.key_stride == 0)
    whole.key_stride = whole.n_kv_heads * whole.head_size;
  if (whole.value_stride == 0)
    whole.value_stride = whole.n_kv_heads * whole.value_size;
  if (whole.n_tokens <= COLLATE_FEW_TOKENS || whole.position + whole.n_tokens > whole.n_dense)
    whole.n_dense = 0;
  return whole;
}

void
collate_vulkan_attention (CollateDevice *device, const CollateAttention *params)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  CollateAttention whole = complete (params);

  if (whole.head_size <= MOST_HEAD_SIZE && whole.value_size <= MOST_VALUE_SIZE)
    attend_by_parts (self, &whole);
  else if (!self->error)
    g_set_error (&self->error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_UNSUPPORTED,
                 "heads of %" G_GINT64_FORMAT " numbers",
                 whole.head_size);
}
