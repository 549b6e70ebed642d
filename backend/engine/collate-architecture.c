/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-architecture.h"

#include <stddef.h>

#include "base/collate-error.h"

/* The table of architectures: what their files do not say themselves, and which tensors their layers have; another one of
 * this family is another row. */

/* A dimension of a tensor; several multiply with each other. */
typedef enum
{
  ONE, /* a vector */
  WIDTH,
  TWO_WIDTHS,
  QUERIES,
  KEYS,
  HEAD,
  HIDDEN,

  QUERY_RANK,
  LATENT_QUERIES,
  LATENT_ROW,
  RANK,
  PLAIN,
  ABSORBED,
  EXPANDED,

  EXPERTS,
  EXPERT_HIDDEN,
  EXPERTS_HIDDEN,
  EXPERTS_WIDTH,
  SHARED_HIDDEN,

  INDEX_QUERIES,
  INDEX_HEADS,
  INDEX_SIZE,
} Extent;

typedef enum
{
  OPTIONAL = 1 << 0,
  BY_HEAD = 1 << 1,   /* its rows are taken head by head */
  BY_EXPERT = 1 << 2, /* expert by expert */
  JOINED = 1 << 3,    /* older files have the latent keys' and values' in one */
} BindingFlags;

typedef struct
{
  const char *name; /* after "blk.N." */
  gsize field;      /* of CollateLayer */
  Extent columns, rows;
  BindingFlags flags;
} Binding;

#define FIELD(name) offsetof (CollateLayer, name)

static const Binding grouped_attention[] = {
  { "attn_norm.weight", FIELD (attention_norm), WIDTH, ONE },
  { "attn_q.weight", FIELD (query), WIDTH, QUERIES },
  { "attn_k.weight", FIELD (key), WIDTH, KEYS },
  { "attn_v.weight", FIELD (value), WIDTH, KEYS },
  { "attn_output.weight", FIELD (attention_out), QUERIES, WIDTH },
  { NULL },
};

static const Binding biases[] = {
  { "attn_q.bias", FIELD (query_bias), QUERIES, ONE },
  { "attn_k.bias", FIELD (key_bias), KEYS, ONE },
  { "attn_v.bias", FIELD (value_bias), KEYS, ONE },
  { NULL },
};

static const Binding head_norms[] = {
  { "attn_q_norm.weight", FIELD (query_norm), HEAD, ONE },
  { "attn_k_norm.weight", FIELD (key_norm), HEAD, ONE },
  { NULL },
};

static const Binding latent_attention[] = {
  { "attn_norm.weight", FIELD (attention_norm), WIDTH, ONE },
  { "attn_kv_a_mqa.weight", FIELD (latent), WIDTH, LATENT_ROW },
  { "attn_kv_a_norm.weight", FIELD (latent_norm), RANK, ONE },
  { "attn_k_b.weight", FIELD (absorb), PLAIN, ABSORBED, BY_HEAD | JOINED },
  { "attn_v_b.weight", FIELD (expand), RANK, EXPANDED, BY_HEAD | JOINED },
  { "attn_output.weight", FIELD (attention_out), EXPANDED, WIDTH },
  { NULL },
};

static const Binding low_rank_queries[] = {
  { "attn_q_a.weight", FIELD (query_down), WIDTH, QUERY_RANK },
  { "attn_q_a_norm.weight", FIELD (latent_query_norm), QUERY_RANK, ONE },
  { "attn_q_b.weight", FIELD (query), QUERY_RANK, LATENT_QUERIES },
  { NULL },
};

static const Binding whole_queries[] = {
  { "attn_q.weight", FIELD (query), WIDTH, LATENT_QUERIES },
  { NULL },
};

static const Binding network[] = {
  { "ffn_norm.weight", FIELD (hidden_norm), WIDTH, ONE },
  { "ffn_gate.weight", FIELD (gate), WIDTH, HIDDEN },
  { "ffn_up.weight", FIELD (up), WIDTH, HIDDEN },
  { "ffn_down.weight", FIELD (down), HIDDEN, WIDTH },
  { NULL },
};

static const Binding experts[] = {
  { "ffn_norm.weight", FIELD (hidden_norm), WIDTH, ONE },
  { "ffn_gate_inp.weight", FIELD (route), WIDTH, EXPERTS },
  { "exp_probs_b.bias", FIELD (route_bias), EXPERTS, ONE, OPTIONAL },
  { "ffn_gate_exps.weight", FIELD (experts_gate), WIDTH, EXPERTS_HIDDEN, BY_EXPERT },
  { "ffn_up_exps.weight", FIELD (experts_up), WIDTH, EXPERTS_HIDDEN, BY_EXPERT },
  { "ffn_down_exps.weight", FIELD (experts_down), EXPERT_HIDDEN, EXPERTS_WIDTH, BY_EXPERT },
  { NULL },
};

static const Binding shared_experts[] = {
  { "ffn_gate_shexp.weight", FIELD (gate), WIDTH, SHARED_HIDDEN },
  { "ffn_up_shexp.weight", FIELD (up), WIDTH, SHARED_HIDDEN },
  { "ffn_down_shexp.weight", FIELD (down), SHARED_HIDDEN, WIDTH },
  { NULL },
};

static const Binding indexer[] = {
  { "indexer.attn_q_b.weight", FIELD (index_query), QUERY_RANK, INDEX_QUERIES },
  { "indexer.attn_k.weight", FIELD (index_key), WIDTH, INDEX_SIZE },
  { "indexer.k_norm.weight", FIELD (index_norm), INDEX_SIZE, ONE },
  { "indexer.k_norm.bias", FIELD (index_norm_bias), INDEX_SIZE, ONE },
  { "indexer.proj.weight", FIELD (index_weights), WIDTH, INDEX_HEADS },
  { NULL },
};

static const Binding draft[] = {
  { "nextn.enorm.weight", FIELD (draft_token_norm), WIDTH, ONE },
  { "nextn.hnorm.weight", FIELD (draft_stream_norm), WIDTH, ONE },
  { "nextn.eh_proj.weight", FIELD (draft_join), TWO_WIDTHS, WIDTH },
  { "nextn.shared_head_norm.weight", FIELD (draft_norm), WIDTH, ONE, OPTIONAL },
  { NULL },
};

struct _CollateArchitecture
{
  const char *name;
  CollateFamily family;
  const Binding *more; /* of a layer of grouped attention; (nullable) */
};

static const CollateArchitecture architectures[] = {
  { "llama", { .interleaved = TRUE } },
  { "qwen2", { 0 }, biases },
  { "qwen3", { 0 }, head_norms },
  { "deepseek2",
    { .interleaved = TRUE, .latent = TRUE, .has_experts = TRUE, .gating = COLLATE_GATING_SOFTMAX } },
  { "deepseek32",
    { .interleaved = TRUE,
      .latent = TRUE,
      .has_experts = TRUE,
      .has_index = TRUE,
      .gating = COLLATE_GATING_SIGMOID } },
  { "glm-dsa",
    { .interleaved = TRUE,
      .latent = TRUE,
      .has_experts = TRUE,
      .has_index = TRUE,
      .interleaved_index = TRUE,
      .gating = COLLATE_GATING_SIGMOID } },
};

static gint64
get_extent (const CollateShape *shape, Extent extent)
{
  const CollateLatentShape *latent = &shape->latent;

  switch (extent)
    {
    case ONE:
      return 1;
    case WIDTH:
      return shape->width;
    case TWO_WIDTHS:
      return 2 * shape->width;
    case QUERIES:
      return shape->n_heads * shape->head_size;
    case KEYS:
      return shape->n_kv_heads * shape->head_size;
    case HEAD:
      return shape->head_size;
    case QUERY_RANK:
      return latent->query_rank;
    case LATENT_QUERIES:
      return shape->n_heads * (latent->n_plain + shape->n_rotated);
    case LATENT_ROW:
      return latent->rank + shape->n_rotated;
    case RANK:
      return latent->rank;
    case PLAIN:
      return latent->n_plain;
    case ABSORBED:
      return shape->n_heads * latent->rank;
    case EXPANDED:
      return shape->n_heads * latent->out_size;
    case EXPERTS:
      return shape->experts.n_experts;
    case EXPERT_HIDDEN:
      return shape->experts.hidden;
    case EXPERTS_HIDDEN:
      return shape->experts.n_experts * shape->experts.hidden;
    case EXPERTS_WIDTH:
      return shape->experts.n_experts * shape->width;
    case SHARED_HIDDEN:
      return shape->experts.n_shared * shape->experts.hidden;
    case INDEX_QUERIES:
      return shape->index.n_heads * shape->index.size;
    case INDEX_HEADS:
      return shape->index.n_heads;
    case INDEX_SIZE:
      return shape->index.size;
    case HIDDEN:
    default:
      return shape->hidden;
    }
}

static gint64
get_n_groups (const CollateShape *shape, BindingFlags flags)
{
  if (flags & BY_HEAD)
    return shape->n_heads;
  return flags & BY_EXPERT ? shape->experts.n_experts : 1;
}

typedef struct
{
  CollateGguf *gguf;
  const CollateShape *shape;
  gint64 layer;
  CollateBindFunc bind;
  gpointer user_data;
  GError **error;
} List;

static gboolean
bind_all (const List *list, const Binding *bindings)
{
  for (const Binding *binding = bindings; binding->name; binding++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", list->layer, binding->name);
      const CollateBinding bound = {
        .name = name,
        .field = binding->field,
        .columns = get_extent (list->shape, binding->columns),
        .rows = get_extent (list->shape, binding->rows),
        .n_groups = get_n_groups (list->shape, binding->flags),
        .is_experts = (binding->flags & BY_EXPERT) != 0,
        .may_be_joined = (binding->flags & JOINED) != 0,
      };

      if ((binding->flags & OPTIONAL) && !collate_gguf_get_tensor (list->gguf, name))
        continue;
      if (!list->bind (&bound, list->user_data, list->error))
        return FALSE;
    }
  return TRUE;
}

/* As the file's list says, of numbers or of booleans; where it has none they may all have one. */
static gboolean
is_listed (const List *list)
{
  g_autofree char *key = collate_shape_key (list->gguf, "attention.indexer.types");
  const gint32 *numbers;
  const guint8 *booleans;

  if (collate_gguf_get_ints (list->gguf, key, &numbers) > list->layer)
    return numbers[list->layer] != 0;
  if (collate_gguf_get_booleans (list->gguf, key, &booleans) > list->layer)
    return booleans[list->layer] != 0;
  return TRUE;
}

/* GLM's layers share what one of them selected, as a list or the missing tensors say; the first has an indexer in any case. A
 * draft reads all tokens. */
static gboolean
has_indexer (const List *list)
{
  g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", list->layer, indexer[0].name);

  if (list->shape->index.n_heads == 0 || list->layer >= list->shape->n_layers)
    return FALSE;
  if (list->layer == 0)
    return TRUE;
  return is_listed (list) && collate_gguf_get_tensor (list->gguf, name) != NULL;
}

static gboolean
bind_attention (const CollateArchitecture *self, const List *list)
{
  const CollateLatentShape *latent = &list->shape->latent;

  if (latent->rank > 0)
    return bind_all (list, latent_attention) &&
           bind_all (list, latent->query_rank > 0 ? low_rank_queries : whole_queries) &&
           (!has_indexer (list) || bind_all (list, indexer));
  return bind_all (list, grouped_attention) && (!self->more || bind_all (list, self->more));
}

gboolean
collate_architecture_bind_layer (const CollateArchitecture *self,
                                 CollateGguf *gguf,
                                 const CollateShape *shape,
                                 gint64 layer,
                                 CollateBindFunc bind,
                                 gpointer user_data,
                                 GError **error)
{
  const List list = { gguf, shape, layer, bind, user_data, error };
  gboolean mixed = shape->experts.n_experts > 0 && layer >= shape->experts.n_dense_layers;

  return bind_attention (self, &list) && bind_all (&list, mixed ? experts : network) &&
         (!mixed || shape->experts.n_shared == 0 || bind_all (&list, shared_experts)) &&
         (layer < shape->n_layers || bind_all (&list, draft));
}

const CollateArchitecture *
collate_architecture_find (const char *name, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    if (g_strcmp0 (name, architectures[i].name) == 0)
      return &architectures[i];
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_UNSUPPORTED,
               "a model of the architecture \"%s\"",
               name ? name : "");
  return NULL;
}

const CollateFamily *
collate_architecture_get_family (const CollateArchitecture *self)
{
  return &self->family;
}
