/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

/* A named set of models. */

struct _CollateLineUp
{
  GObject parent_instance;

  char *id;
  char *name;
  GStrv models;
  gboolean own;
};

G_DEFINE_FINAL_TYPE (CollateLineUp, collate_line_up, G_TYPE_OBJECT)

CollateLineUp *
collate_line_up_new_from_json (const char *id, JsonObject *object, gboolean own, GError **error)
{
  g_autoptr (CollateLineUp) self = g_object_new (COLLATE_TYPE_LINE_UP, NULL);
  g_autoptr (GStrvBuilder) models = g_strv_builder_new ();
  const char *name = collate_json_string (object, "name");
  JsonArray *array = collate_json_array (object, "models");

  if (array == NULL)
    {
      collate_models_file_refuse (error, "“models” is missing, or no list");
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *model = collate_json_element_string (array, i);

      if (model == NULL)
        {
          collate_models_file_refuse (error, "“models” wants ids of models");
          return NULL;
        }
      g_strv_builder_add (models, model);
    }

  self->id = g_strdup (id);
  self->name = g_strdup (name != NULL && *name != '\0' ? name : id);
  self->models = g_strv_builder_end (models);
  self->own = own;

  return g_steal_pointer (&self);
}

static void
collate_line_up_finalize (GObject *object)
{
  CollateLineUp *self = COLLATE_LINE_UP (object);

  g_free (self->id);
  g_free (self->name);
  g_strfreev (self->models);

  G_OBJECT_CLASS (collate_line_up_parent_class)->finalize (object);
}

static void
collate_line_up_class_init (CollateLineUpClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = collate_line_up_finalize;
}

static void
collate_line_up_init (CollateLineUp *self)
{
}

const char *
collate_line_up_get_id (CollateLineUp *self)
{
  g_return_val_if_fail (COLLATE_IS_LINE_UP (self), NULL);

  return self->id;
}

const char *
collate_line_up_get_name (CollateLineUp *self)
{
  g_return_val_if_fail (COLLATE_IS_LINE_UP (self), NULL);

  return self->name;
}

const char *const *
collate_line_up_get_models (CollateLineUp *self)
{
  g_return_val_if_fail (COLLATE_IS_LINE_UP (self), NULL);

  return (const char *const *) self->models;
}

gboolean
collate_line_up_is_own (CollateLineUp *self)
{
  g_return_val_if_fail (COLLATE_IS_LINE_UP (self), FALSE);

  return self->own;
}
