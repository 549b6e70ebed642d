/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-model.h"

#include "base/collate-error.h"
#include "engine/collate-architecture.h"
#include "engine/collate-shape.h"

/* Binds a file's tensors to a network. Runs on the thread that opens the file. */

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

typedef struct
{
  CollateEngineModel *model;
  CollateLayer *layer;
} Binding;

static gboolean
bind (const CollateBinding *binding, gpointer user_data, GError **error)
{
  Binding *into = user_data;

  return load (into->model,
               binding->name,
               binding->columns,
               binding->rows,
               binding->n_groups,
               G_STRUCT_MEMBER_P (into->layer, binding->field),
               error);
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

/* Weights that memory does not hold would be read from the disk for each token. */
static gboolean
check_memory (CollateDevice *device, CollateGguf *gguf, GError **error)
{
  return collate_device_check_memory (device, collate_gguf_get_tensor_bytes (gguf), "the weights", error);
}

gboolean
collate_engine_model_read_shape (CollateGguf *gguf, CollateShape *shape, GError **error)
{
  const CollateArchitecture *architecture =
      collate_architecture_find (collate_gguf_get_string (gguf, "general.architecture"), error);

  return architecture &&
         collate_shape_read (gguf, collate_architecture_get_family (architecture), shape, error);
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

  if (!architecture ||
      !collate_shape_read (gguf, collate_architecture_get_family (architecture), &self->shape, error))
    return NULL;
  self->frequencies = collate_shape_read_frequencies (gguf, &self->shape, error);
  if (!self->frequencies || !check_memory (device, gguf, error) ||
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
  collate_device_free (model->device);
  g_free (model->layers);
  g_free (model->frequencies);
  g_mutex_clear (&model->lock);
  collate_gguf_unref (model->gguf);
  g_free (model);
}
