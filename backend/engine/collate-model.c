/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-model.h"

#include <stddef.h>

#include "base/collate-error.h"
#include "engine/collate-shape.h"

/* Binds a file's tensors to a network. An architecture is a row of a table: how it pairs what it rotates, and which
 * tensors its layers have; another one of this family is another row. Runs on the thread that opens the file. */

/* A dimension of a tensor. */
typedef enum
{
  ONE, /* a vector */
  WIDTH,
  QUERIES,
  KEYS,
  HEAD,
  HIDDEN,
} Extent;

typedef struct
{
  const char *name; /* after "blk.N." */
  gsize field;      /* of CollateLayer */
  Extent columns, rows;
} Binding;

#define FIELD(name) offsetof (CollateLayer, name)

static const Binding transformer[] = {
  { "attn_norm.weight", FIELD (attention_norm), WIDTH, ONE },
  { "attn_q.weight", FIELD (query), WIDTH, QUERIES },
  { "attn_k.weight", FIELD (key), WIDTH, KEYS },
  { "attn_v.weight", FIELD (value), WIDTH, KEYS },
  { "attn_output.weight", FIELD (attention_out), QUERIES, WIDTH },
  { "ffn_norm.weight", FIELD (hidden_norm), WIDTH, ONE },
  { "ffn_gate.weight", FIELD (gate), WIDTH, HIDDEN },
  { "ffn_up.weight", FIELD (up), WIDTH, HIDDEN },
  { "ffn_down.weight", FIELD (down), HIDDEN, WIDTH },
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

typedef struct
{
  const char *name;
  gboolean interleaved;
  const Binding *bindings[3]; /* up to a NULL */
} Architecture;

static const Architecture architectures[] = {
  { "llama", TRUE, { transformer } },
  { "qwen2", FALSE, { transformer, biases } },
  { "qwen3", FALSE, { transformer, head_norms } },
};

static gint64
get_extent (const CollateShape *shape, Extent extent)
{
  switch (extent)
    {
    case ONE:
      return 1;
    case WIDTH:
      return shape->width;
    case QUERIES:
      return shape->n_heads * shape->head_size;
    case KEYS:
      return shape->n_kv_heads * shape->head_size;
    case HEAD:
      return shape->head_size;
    case HIDDEN:
    default:
      return shape->hidden;
    }
}

/* Loads a tensor of exactly these dimensions. Vectors are F32 in every file that is written today, and kernels add them
 * as they are. */
static gboolean
load (CollateEngineModel *self,
      const char *name,
      gint64 columns,
      gint64 rows,
      CollateWeight **weight,
      GError **error)
{
  const CollateTensor *tensor = collate_gguf_get_tensor (self->gguf, name);

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
    *weight = self->device->kernels->load (self->device, tensor, error);

  if (!*weight)
    return FALSE;
  g_ptr_array_add (self->weights, *weight);
  return TRUE;
}

static gboolean
load_layer (CollateEngineModel *self, gint64 n, const Binding *const *bindings, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (architectures[0].bindings) && bindings[i]; i++)
    for (const Binding *binding = bindings[i]; binding->name; binding++)
      {
        g_autofree char *name = g_strdup_printf ("blk.%" G_GINT64_FORMAT ".%s", n, binding->name);
        CollateWeight **weight = G_STRUCT_MEMBER_P (&self->layers[n], binding->field);

        if (!load (self,
                   name,
                   get_extent (&self->shape, binding->columns),
                   get_extent (&self->shape, binding->rows),
                   weight,
                   error))
          return FALSE;
      }
  return TRUE;
}

static gboolean
load_ends (CollateEngineModel *self, GError **error)
{
  const CollateShape *shape = &self->shape;

  if (!load (self, "token_embd.weight", shape->width, shape->n_vocabulary, &self->embedding, error) ||
      !load (self, "output_norm.weight", shape->width, 1, &self->norm, error))
    return FALSE;

  /* Small models use one matrix both ways. */
  self->output = self->embedding;
  if (!collate_gguf_get_tensor (self->gguf, "output.weight"))
    return TRUE;
  self->output = NULL;
  return load (self, "output.weight", shape->width, shape->n_vocabulary, &self->output, error);
}

static gboolean
load_weights (CollateEngineModel *self,
              const Binding *const *bindings,
              GCancellable *cancellable,
              GError **error)
{
  if (!load_ends (self, error))
    return FALSE;

  self->layers = g_new0 (CollateLayer, self->shape.n_layers);
  for (gint64 i = 0; i < self->shape.n_layers; i++)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped while loading");
          return FALSE;
        }
      if (!load_layer (self, i, bindings, error))
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
collate_engine_model_check_architecture (const char *name, GError **error)
{
  return find_architecture (name, error) != NULL;
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

  if (!architecture || !collate_shape_read (gguf, architecture->interleaved, &self->shape, error))
    return NULL;
  self->frequencies = collate_shape_read_frequencies (gguf, &self->shape, error);
  if (!self->frequencies || !check_memory (device, gguf, error) ||
      !load_weights (self, architecture->bindings, cancellable, error) || !collate_gguf_check (gguf, error))
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
