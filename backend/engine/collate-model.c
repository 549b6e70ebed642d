/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-model.h"

#include "base/collate-error.h"
#include "engine/collate-architecture.h"
#include "engine/collate-joined.h"
#include "engine/collate-memory.h"
#include "engine/collate-shape.h"

/* Binds a file's tensors to a network. Runs on the thread that opens the file. */

/* The file's tensor; where older files have it joined with another, a copy of its part, which is to be freed. */
static gboolean
find_tensor (CollateEngineModel *self,
             const CollateBinding *binding,
             CollateTensor *tensor,
             gpointer *copy,
             GError **error)
{
  const CollateTensor *found = collate_gguf_get_tensor (self->gguf, binding->name);
  GError *local = NULL;

  if (found)
    *tensor = *found;
  else if (binding->may_be_joined &&
           collate_joined_take_part (self->gguf, &self->shape.latent, binding, tensor, &local))
    *copy = (gpointer) tensor->data;
  else if (local)
    g_propagate_error (error, local);
  else
    g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s is missing", binding->name);
  return found || *copy;
}

/* It has exactly these dimensions. Vectors are F32 in every file that is written today, and kernels add them as they are. */
static gboolean
check_tensor (const CollateBinding *binding, const CollateTensor *tensor, GError **error)
{
  if (tensor->columns != binding->columns || tensor->rows != binding->rows)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "%s is %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
                 " x %" G_GINT64_FORMAT,
                 binding->name,
                 tensor->columns,
                 tensor->rows,
                 binding->columns,
                 binding->rows);
  else if (binding->rows == 1 && tensor->type != COLLATE_F32)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_INVALID,
                 "%s is of type %s, not F32",
                 binding->name,
                 collate_type_get_name (tensor->type));
  else
    return TRUE;
  return FALSE;
}

static gboolean
load (CollateEngineModel *self, const CollateBinding *binding, CollateWeight **weight, GError **error)
{
  g_autofree gpointer copy = NULL;
  CollateTensor tensor;

  if (!find_tensor (self, binding, &tensor, &copy, error) || !check_tensor (binding, &tensor, error))
    return FALSE;
  tensor.n_groups = binding->n_groups;
  tensor.stays_in_file = binding->is_experts && self->leaves_experts;
  *weight = self->device->kernels->load (self->device, &tensor, error);
  if (!*weight)
    return FALSE;
  g_ptr_array_add (self->weights, *weight);
  return TRUE;
}

typedef struct
{
  CollateEngineModel *model;
  CollateLayer *layer;
} Binding;

static gboolean
bind (const CollateBinding *binding, gpointer user_data, GError **error)
{
  Binding *into = user_data;

  return load (into->model, binding, G_STRUCT_MEMBER_P (into->layer, binding->field), error);
}

static gboolean
load_ends (CollateEngineModel *self, GError **error)
{
  const CollateShape *shape = &self->shape;
  const CollateBinding embedding = { "token_embd.weight", 0, shape->width, shape->n_vocabulary, 1 };
  const CollateBinding norm = { "output_norm.weight", 0, shape->width, 1, 1 };
  const CollateBinding output = { "output.weight", 0, shape->width, shape->n_vocabulary, 1 };

  if (!load (self, &embedding, &self->embedding, error) || !load (self, &norm, &self->norm, error))
    return FALSE;

  /* Small models use one matrix both ways. */
  self->output = self->embedding;
  if (!collate_gguf_get_tensor (self->gguf, output.name))
    return TRUE;
  self->output = NULL;
  return load (self, &output, &self->output, error);
}

static gboolean
load_weights (CollateEngineModel *self,
              const CollateArchitecture *architecture,
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
      if (!collate_architecture_bind_layer (
              architecture, self->gguf, &self->shape, i, bind, &(Binding){ self, &self->layers[i] }, error))
        return FALSE;
    }
  self->n_bytes = self->device->kernels->get_memory (self->device);
  return TRUE;
}

/* Weights that memory does not hold would be read from the disk for each token. Of experts a token wants few, and the system
 * keeps in memory those that are wanted often: they may stay in the file where there is no room for all. */
static gboolean
check_memory (CollateEngineModel *self, GError **error)
{
  gint64 n_bytes = collate_gguf_get_tensor_bytes (self->gguf);
  gint64 n_left = n_bytes - collate_engine_model_count_expert_bytes (self->gguf, &self->shape);
  gint64 available = self->device->kernels->get_available (self->device);

  self->leaves_experts =
      self->device->kernels->reads_files && collate_memory_must_leave (available, n_bytes, n_left);
  return collate_device_check_memory (
      self->device, self->leaves_experts ? n_left : n_bytes, "the weights", error);
}

gboolean
collate_engine_model_read_shape (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  const CollateArchitecture *architecture =
      collate_architecture_find (collate_gguf_get_string (gguf, "general.architecture"), error);

  return architecture &&
         collate_shape_read (gguf, collate_architecture_get_family (architecture), shape, error);
}

typedef struct
{
  CollateGguf *gguf;
  gint64 n_bytes;
} Count;

static gboolean
count_experts (const CollateBinding *binding, gpointer user_data, GError **error)
{
  Count *count = user_data;
  const CollateTensor *tensor = collate_gguf_get_tensor (count->gguf, binding->name);

  if (binding->is_experts && tensor)
    count->n_bytes += (gint64) tensor->n_bytes;
  return TRUE;
}

gint64
collate_engine_model_count_expert_bytes (CollateGguf *gguf, const CollateShape *shape)
{
  const CollateArchitecture *architecture =
      collate_architecture_find (collate_gguf_get_string (gguf, "general.architecture"), NULL);
  Count count = { gguf, 0 };

  for (gint64 i = 0; architecture && i < shape->n_layers + shape->n_drafts; i++)
    collate_architecture_bind_layer (architecture, gguf, shape, i, count_experts, &count, NULL);
  return count.n_bytes;
}

CollateEngineModel *
collate_engine_model_load (CollateGguf *gguf,
                           CollateDevice *device,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (CollateEngineModel) self = g_new0 (CollateEngineModel, 1);
  const CollateArchitecture *architecture =
      collate_architecture_find (collate_gguf_get_string (gguf, "general.architecture"), error);

  g_mutex_init (&self->lock);
  self->device = device;
  self->gguf = collate_gguf_ref (gguf);
  self->weights = g_ptr_array_new ();
  self->crossovers = g_array_new (FALSE, FALSE, sizeof (CollateCrossover));

  if (!architecture ||
      !collate_shape_read (gguf, collate_architecture_get_family (architecture), &self->shape, error))
    return NULL;
  self->frequencies = collate_shape_read_frequencies (gguf, &self->shape, error);
  if (!self->frequencies || !check_memory (self, error) ||
      !load_weights (self, architecture, cancellable, error) || !collate_gguf_check (gguf, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
collate_engine_model_free (CollateEngineModel *model)
{
  for (guint i = 0; i < model->weights->len; i++)
    model->device->kernels->free_weight (model->device, model->weights->pdata[i]);
  g_ptr_array_unref (model->weights);
  g_array_unref (model->crossovers);
  collate_device_free (model->device);
  g_free (model->layers);
  g_free (model->frequencies);
  g_mutex_clear (&model->lock);
  collate_gguf_unref (model->gguf);
  g_free (model);
}
