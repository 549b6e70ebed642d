/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-loaded.h"

#include <glib/gstdio.h>

#include "base/collate-error.h"

/* A file that was replaced is another model, under the same name. */
typedef struct
{
  guint64 device;
  guint64 inode;
  gint64 size;
  gint64 seconds;
  gint64 nanoseconds;
} Identity;

typedef struct
{
  char *path;
  char *device;
  Identity identity;
  CollateEngine *engine;
  CollateEngineSession *session; /* NULL until it is asked for */
} Model;

struct _CollateLoaded
{
  GPtrArray *models; /* of Model, the last one used at the end */
};

static void
model_free (gpointer data)
{
  Model *model = data;

  g_clear_pointer (&model->session, collate_engine_session_free);
  g_clear_pointer (&model->engine, collate_engine_unref);
  g_free (model->path);
  g_free (model->device);
  g_free (model);
}

CollateLoaded *
collate_loaded_new (void)
{
  CollateLoaded *loaded = g_new0 (CollateLoaded, 1);

  loaded->models = g_ptr_array_new_with_free_func (model_free);

  return loaded;
}

void
collate_loaded_free (CollateLoaded *loaded)
{
  g_ptr_array_unref (loaded->models);
  g_free (loaded);
}

/* All zero where there is no file: opening it says so. */
static Identity
identify (const char *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return (Identity){ 0 };

  return (Identity){
    .device = status.st_dev,
    .inode = status.st_ino,
    .size = status.st_size,
    .seconds = status.st_mtim.tv_sec,
    .nanoseconds = status.st_mtim.tv_nsec,
  };
}

static gboolean
same_identity (const Identity *a, const Identity *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size && a->seconds == b->seconds &&
         a->nanoseconds == b->nanoseconds;
}

/* Moves the model to the end, where it is loaded; one whose file became another, or whose device was lost, goes. */
static Model *
find (CollateLoaded *loaded, const char *path, const char *device, const Identity *identity)
{
  for (guint i = 0; i < loaded->models->len; i++)
    {
      Model *model = loaded->models->pdata[i];

      if (g_strcmp0 (model->path, path) != 0 || g_strcmp0 (model->device, device) != 0)
        continue;
      if (!same_identity (&model->identity, identity) || collate_engine_is_lost (model->engine))
        {
          g_ptr_array_remove_index (loaded->models, i);
          return NULL;
        }
      g_ptr_array_add (loaded->models, g_ptr_array_steal_index (loaded->models, i));
      return model;
    }

  return NULL;
}

static gboolean
is_short_of_memory (const GError *error)
{
  return g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
}

CollateEngine *
collate_loaded_get_engine (CollateLoaded *loaded,
                           const char *path,
                           const char *device,
                           GCancellable *cancellable,
                           GError **error)
{
  const Identity identity = identify (path);
  Model *model = find (loaded, path, device, &identity);
  g_autoptr (GError) local = NULL;
  CollateEngine *engine;

  if (model != NULL)
    return model->engine;

  engine = collate_engine_open (path, device, cancellable, &local);
  if (engine == NULL && is_short_of_memory (local) && loaded->models->len > 0)
    {
      g_clear_error (&local);
      g_ptr_array_set_size (loaded->models, 0);
      engine = collate_engine_open (path, device, cancellable, &local);
    }
  if (engine == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }

  model = g_new0 (Model, 1);
  model->path = g_strdup (path);
  model->device = g_strdup (device);
  model->identity = identity;
  model->engine = engine;
  g_ptr_array_add (loaded->models, model);

  return engine;
}

CollateEngineSession *
collate_loaded_get_session (CollateLoaded *loaded, GError **error)
{
  guint n_models = loaded->models->len;
  Model *model;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (n_models > 0, NULL);

  model = loaded->models->pdata[n_models - 1];
  if (model->session != NULL)
    return model->session;

  model->session = collate_engine_session_new (model->engine, 0, &local);
  if (model->session == NULL && is_short_of_memory (local) && n_models > 1)
    {
      g_clear_error (&local);
      g_ptr_array_remove_range (loaded->models, 0, n_models - 1);
      model->session = collate_engine_session_new (model->engine, 0, &local);
    }
  if (model->session == NULL)
    g_propagate_error (error, g_steal_pointer (&local));

  return model->session;
}
