/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-model.h"

#include <stddef.h>

#include "base/collate-error.h"
#include "engine/collate-shape.h"

/* Binds a file's tensors to a network. An architecture is a row of a table: what its files do not say themselves, and which
 * tensors its layers have; another one of this family is another row. Runs on the thread that opens the file. */

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
  { "attn_k_b.weight", FIELD (absorb), PLAIN, ABSORBED, BY_HEAD },
  { "attn_v_b.weight", FIELD (expand), RANK, EXPANDED, BY_HEAD },
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

typedef struct
{
  const char *name;
  CollateFamily family;
  const Binding *more[2]; /* of a layer of grouped attention, up to a NULL */
} Architecture;

static const Architecture architectures[] = {
  { "llama", { .interleaved = TRUE } },
  { "qwen2", { 0 }, { biases } },
  { "qwen3", { 0 }, { head_norms } },
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

/* Loads a tensor of exactly these dimensions. Vectors are F32 in every file that is written today, and kernels add them
 * as they are. */
static gboolean
load (CollateEngineModel *self,
      const char *name,
      gint64 columns,
      gint64 rows,
      gint64 n_groups,
      CollateWeight **weight,
      GError **error)
{
  const CollateTensor *tensor = collate_gguf_get_tensor (self->gguf, name);
  CollateTensor grouped;

  if (!tensor)
    g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s is missing", name);
  else if (tensor->columns != columns || tensor->rows != rows)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "%s is %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
                 " x %" G_GINT64_FORMAT,
                 name,
                 tensor->columns,
                 tensor->rows,
                 columns,
                 rows);
  else if (rows == 1 && tensor->type != COLLATE_F32)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "%s is of type %s, not F32",
                 name,
                 collate_type_get_name (tensor->type));
  else
    {
      grouped = *tensor;
      grouped.n_groups = n_groups;
      *weight = self->device->kernels->load (self->device, &grouped, error);
    }

  if (!*weight)
    return FALSE;
  g_ptr_array_add (self->weights, *weight);
  return TRUE;
}

static gboolean
load_bindings (CollateEngineModel *self, gint64 n, const Binding *bindings, GError **error)
{
  const CollateShape *shape = &self->shape;

  for (const Binding *binding = bindings; binding->name; binding++)
    {
      g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", n, binding->name);
      CollateWeight **weight = G_STRUCT_MEMBER_P (&self->layers[n], binding->field);

      if ((binding->flags & OPTIONAL) && !collate_gguf_get_tensor (self->gguf, name))
        continue;
      if (!load (self,
                 name,
                 get_extent (shape, binding->columns),
                 get_extent (shape, binding->rows),
                 get_n_groups (shape, binding->flags),
                 weight,
                 error))
        return FALSE;
    }
  return TRUE;
}

/* GLM's layers share what one of them selected, as a list or the missing tensors say; the first has an indexer in any case. A
 * draft reads all tokens. */
static gboolean
has_indexer (CollateEngineModel *self, gint64 n)
{
  g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", n, indexer[0].name);
  g_autofree char *key = collate_shape_key (self->gguf, "attention.indexer.types");
  const gint32 *types;

  if (self->shape.index.n_heads == 0 || n >= self->shape.n_layers)
    return FALSE;
  if (n > 0 && collate_gguf_get_ints (self->gguf, key, &types) > n && types[n] == 0)
    return FALSE;
  return n == 0 || collate_gguf_get_tensor (self->gguf, name);
}

static gboolean
load_attention (CollateEngineModel *self, gint64 n, const Architecture *architecture, GError **error)
{
  const CollateLatentShape *latent = &self->shape.latent;

  if (latent->rank > 0)
    return load_bindings (self, n, latent_attention, error) &&
           load_bindings (self, n, latent->query_rank > 0 ? low_rank_queries : whole_queries, error) &&
           (!has_indexer (self, n) || load_bindings (self, n, indexer, error));

  if (!load_bindings (self, n, grouped_attention, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (architecture->more) && architecture->more[i]; i++)
    if (!load_bindings (self, n, architecture->more[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
load_layer (CollateEngineModel *self, gint64 n, const Architecture *architecture, GError **error)
{
  const CollateExpertsShape *shape = &self->shape.experts;
  gboolean mixed = shape->n_experts > 0 && n >= shape->n_dense_layers;

  return load_attention (self, n, architecture, error) &&
         load_bindings (self, n, mixed ? experts : network, error) &&
         (!mixed || shape->n_shared == 0 || load_bindings (self, n, shared_experts, error)) &&
         (n < self->shape.n_layers || load_bindings (self, n, draft, error));
}

static gboolean
load_ends (CollateEngineModel *self, GError **error)
{
  const CollateShape *shape = &self->shape;

  if (!load (self, "token_embd.weight", shape->width, shape->n_vocabulary, 1, &self->embedding, error) ||
      !load (self, "output_norm.weight", shape->width, 1, 1, &self->norm, error))
    return FALSE;

  /* Small models use one matrix both ways. */
  self->output = self->embedding;
  if (!collate_gguf_get_tensor (self->gguf, "output.weight"))
    return TRUE;
  self->output = NULL;
  return load (self, "output.weight", shape->width, shape->n_vocabulary, 1, &self->output, error);
}

static gboolean
load_weights (CollateEngineModel *self,
              const Architecture *architecture,
              GCancellable *cancellable,
              GError **error)
{
  gint64 n_layers = self->shape.n_layers + self->shape.n_drafts;

  if (!load_ends (self, error))
    return FALSE;

  self->layers = g_new0 (CollateLayer, n_layers);
  for (gint64 i = 0; i < n_layers; i++)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped while loading");
          return FALSE;
        }
      if (!load_layer (self, i, architecture, error))
        return FALSE;
    }
  self->n_bytes = self->device->kernels->get_memory (self->device);
  return TRUE;
}

/* Weights that memory does not hold would be read from the disk for each token. */
static gboolean
check_memory (CollateDevice *device, CollateGguf *gguf, GError **error)
{
  return collate_device_check_memory (device, collate_gguf_get_tensor_bytes (gguf), "the weights", error);
}

/* TRUE where the device has the kernels of that shape. */
static gboolean
check_kernels (CollateDevice *device, const CollateShape *shape, GError **error)
{
  if (shape->latent.rank == 0 || (device->kernels->grouped_matmul && device->kernels->experts))
    return TRUE;
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "latent attention on %s", device->name);
  return FALSE;
}

static const Architecture *
find_architecture (const char *name, GError **error)
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

gboolean
collate_engine_model_read_shape (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  const Architecture *architecture =
      find_architecture (collate_gguf_get_string (gguf, "general.architecture"), error);

  return architecture && collate_shape_read (gguf, &architecture->family, shape, error);
}

CollateEngineModel *
collate_engine_model_load (CollateGguf *gguf,
                           CollateDevice *device,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (CollateEngineModel) self = g_new0 (CollateEngineModel, 1);
  const Architecture *architecture =
      find_architecture (collate_gguf_get_string (gguf, "general.architecture"), error);

  g_mutex_init (&self->lock);
  self->device = device;
  self->gguf = collate_gguf_ref (gguf);
  self->weights = g_ptr_array_new ();

  if (!architecture || !collate_shape_read (gguf, &architecture->family, &self->shape, error))
    return NULL;
  self->frequencies = collate_shape_read_frequencies (gguf, &self->shape, error);
  if (!self->frequencies || !check_kernels (device, &self->shape, error) ||
      !check_memory (device, gguf, error) || !load_weights (self, architecture, cancellable, error) ||
      !collate_gguf_check (gguf, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
collate_engine_model_free (CollateEngineModel *model)
{
  for (guint i = 0; i < model->weights->len; i++)
    model->device->kernels->free_weight (model->device, model->weights->pdata[i]);
  g_ptr_array_unref (model->weights);
  collate_device_free (model->device);
  g_free (model->layers);
  g_free (model->frequencies);
  g_mutex_clear (&model->lock);
  collate_gguf_unref (model->gguf);
  g_free (model);
}
