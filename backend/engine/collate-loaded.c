/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-loaded.h"

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
  GPtrArray *sessions; /* of CollateEngineSession, one a reading, the last one used at the end */
} Model;

/* Of a model: a dense one and a sparse one. */
#define MOST_SESSIONS 2

/* A device that nobody named, and that failed. */
typedef struct
{
  char *device;
  GError *reason;
} Failure;

struct _CollateLoaded
{
  GPtrArray *models;    /* of Model, the last one used at the end */
  GHashTable *failures; /* path → Failure: what does not compute that file any more */
};

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  g_free (failure->device);
  g_error_free (failure->reason);
  g_free (failure);
}

static void
model_free (gpointer data)
{
  Model *model = data;

  g_ptr_array_unref (model->sessions);
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
  loaded->failures = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, failure_free);

  return loaded;
}

void
collate_loaded_free (CollateLoaded *loaded)
{
  g_ptr_array_unref (loaded->models);
  g_hash_table_unref (loaded->failures);
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

/* Moves the model to the end, where it is loaded; one whose file became another, or that is lost, goes. */
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
          if (!same_identity (&model->identity, identity))
            g_hash_table_remove (loaded->failures, path);
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

static gboolean
is_automatic (const char *device)
{
  return device == NULL || g_str_equal (device, "auto");
}

static CollateEngine *
open_engine (CollateLoaded *loaded,
             const char *path,
             const char *device,
             GCancellable *cancellable,
             GError **error)
{
  const Failure *failure = is_automatic (device) ? g_hash_table_lookup (loaded->failures, path) : NULL;

  return failure != NULL
             ? collate_engine_open_instead (path, failure->device, failure->reason, cancellable, error)
             : collate_engine_open (path, device, cancellable, error);
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

  engine = open_engine (loaded, path, device, cancellable, &local);
  if (engine == NULL && is_short_of_memory (local) && loaded->models->len > 0)
    {
      g_clear_error (&local);
      g_ptr_array_set_size (loaded->models, 0);
      engine = open_engine (loaded, path, device, cancellable, &local);
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
  model->sessions = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_engine_session_free);
  g_ptr_array_add (loaded->models, model);

  return engine;
}

static gboolean
same_reading (const CollateEngineReading *a, const CollateEngineReading *b)
{
  return a->sparse == b->sparse && a->top_k == b->top_k && a->narrow_index == b->narrow_index;
}

/* As the session says it that is made for `reading` (nullable). All of them write, and so draft. */
static CollateEngineReading
resolve_reading (CollateEngine *engine, const CollateEngineReading *reading)
{
  CollateEngineReading wanted = { 0 };

  if (reading != NULL && reading->sparse)
    wanted = *reading;
  if (wanted.sparse && wanted.top_k == 0)
    wanted.top_k = collate_engine_get_info (engine)->top_k;
  wanted.drafts = TRUE;

  return wanted;
}

/* Moves the session to the end, where it is open. */
static CollateEngineSession *
find_session (Model *model, const CollateEngineReading *wanted)
{
  for (guint i = 0; i < model->sessions->len; i++)
    {
      CollateEngineSession *session = model->sessions->pdata[i];
      const CollateEngineReading reading = collate_engine_session_get_reading (session);

      if (!same_reading (&reading, wanted))
        continue;
      g_ptr_array_add (model->sessions, g_ptr_array_steal_index (model->sessions, i));
      return session;
    }

  return NULL;
}

/* A context is as long as the memory allows that is free: TRUE where another session of the model has a longer one, and so
 * leaves too little. */
static gboolean
is_shorter (Model *model, CollateEngineSession *session)
{
  for (guint i = 0; i < model->sessions->len; i++)
    if (collate_engine_session_get_context (session) <
        collate_engine_session_get_context (model->sessions->pdata[i]))
      return TRUE;

  return FALSE;
}

/* The processor's memory is granted before it is there: two timelines that would not fit once both are full are one too
 * many. */
static gboolean
fits_beside (Model *model, CollateEngineSession *session)
{
  gint64 needed = collate_engine_session_get_peak_memory (session);
  const gint64 weights = collate_engine_session_get_shared_memory (session);

  if (!g_str_equal (collate_engine_get_device (model->engine), "cpu"))
    return TRUE;
  for (guint i = 0; i < model->sessions->len; i++)
    needed += collate_engine_session_get_peak_memory (model->sessions->pdata[i]) - weights;

  return needed <= collate_engine_get_free_memory ();
}

/* Opens one where there is room; what else is there makes room, if need be: first the model's other session, then other
 * models. */
static CollateEngineSession *
open_session (CollateLoaded *loaded, Model *model, const CollateEngineReading *reading, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (CollateEngineSession) session = collate_engine_session_new (model->engine, 0, reading, &local);

  if (model->sessions->len > 0 &&
      (session != NULL ? is_shorter (model, session) || !fits_beside (model, session)
                       : is_short_of_memory (local)))
    {
      g_clear_error (&local);
      g_clear_pointer (&session, collate_engine_session_free);
      g_ptr_array_set_size (model->sessions, 0);
      session = collate_engine_session_new (model->engine, 0, reading, &local);
    }
  if (session == NULL && is_short_of_memory (local) && loaded->models->len > 1)
    {
      g_clear_error (&local);
      g_ptr_array_remove_range (loaded->models, 0, loaded->models->len - 1);
      session = collate_engine_session_new (model->engine, 0, reading, &local);
    }
  if (session == NULL)
    g_propagate_error (error, g_steal_pointer (&local));

  return g_steal_pointer (&session);
}

CollateEngineSession *
collate_loaded_get_session (CollateLoaded *loaded, const CollateEngineReading *reading, GError **error)
{
  guint n_models = loaded->models->len;
  CollateEngineReading wanted;
  CollateEngineSession *session;
  Model *model;

  g_return_val_if_fail (n_models > 0, NULL);

  model = loaded->models->pdata[n_models - 1];
  wanted = resolve_reading (model->engine, reading);
  session = find_session (model, &wanted);
  if (session != NULL)
    return session;

  if (model->sessions->len >= MOST_SESSIONS)
    g_ptr_array_remove_index (model->sessions, 0);
  session = open_session (loaded, model, &wanted, error);
  if (session != NULL)
    g_ptr_array_add (model->sessions, session);

  return session;
}

static void
note_failure (CollateLoaded *loaded, const Model *model, const GError *reason)
{
  Failure *failure = g_new (Failure, 1);

  failure->device = g_strdup (collate_engine_get_device (model->engine));
  failure->reason = g_error_copy (reason);
  g_hash_table_replace (loaded->failures, g_strdup (model->path), failure);
}

/* Tells that the model that was used last could not compute. What its device cannot do any more is unloaded, to be loaded
 * anew; TRUE where the CPU takes the place of a graphics card that nobody named. */
static gboolean
give_up (CollateLoaded *loaded, const GError *error)
{
  guint n_models = loaded->models->len;
  gboolean failed = g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
  gboolean replaced;
  Model *model = loaded->models->pdata[n_models - 1];

  replaced = (failed || is_short_of_memory (error)) && is_automatic (model->device) &&
             !g_str_equal (collate_engine_get_device (model->engine), "cpu");
  if (replaced)
    note_failure (loaded, model, error);
  if (replaced || failed || collate_engine_is_lost (model->engine))
    g_ptr_array_remove_index (loaded->models, n_models - 1);

  return replaced;
}

/* `*again`: it failed on a device that is replaced. */
static gboolean
run_once (CollateLoaded *loaded,
          const char *path,
          const char *device,
          const CollateLoadedWork *work,
          gboolean *again,
          GCancellable *cancellable,
          GError **error)
{
  CollateEngine *engine;
  g_autoptr (GError) local = NULL;

  work->begin (work->data);
  engine = collate_loaded_get_engine (loaded, path, device, cancellable, error);
  if (engine == NULL)
    return FALSE;
  if (work->compute (engine, work->data, &local))
    return TRUE;

  *again = give_up (loaded, local);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}

gboolean
collate_loaded_run (CollateLoaded *loaded,
                    const char *path,
                    const char *device,
                    const CollateLoadedWork *work,
                    GCancellable *cancellable,
                    GError **error)
{
  gboolean again = FALSE;
  g_autoptr (GError) local = NULL;

  if (run_once (loaded, path, device, work, &again, cancellable, &local))
    return TRUE;
  if (again && !*work->has_told)
    return run_once (loaded, path, device, work, &again, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&local));

  return FALSE;
}
