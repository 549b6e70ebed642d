/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-download-private.h"

#include "base/collate-error.h"
#include "base/collate-worker.h"

/* The download as the main thread sees it: it hands an order to a thread, and takes word of how far that is. */

#define IDLE_TIMEOUT 60

struct _CollateDownload
{
  GObject parent_instance;

  CollateDownloadNote *note;
  char *magic;
  CollateDownloadCheck check;
  guint idle_timeout;
  double wait_factor;

  CollateWorker *worker; /* NULL before it runs for the first time */
  CollateInbox *inbox;
  GCancellable *cancellable; /* of the run at hand, or NULL */
  gboolean discarded;

  CollateDownloadState state;
  double speed;
  gboolean restarted;
  char *digest;
  GError *error;
};

G_DEFINE_FINAL_TYPE (CollateDownload, collate_download, G_TYPE_OBJECT)

GType collate_download_state_get_type (void);

G_DEFINE_ENUM_TYPE (CollateDownloadState,
                    collate_download_state,
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_LOADING, "loading"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_CHECKING, "checking"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOWNLOAD_FAILED, "failed"))

enum
{
  PROP_STATE = 1,
  PROP_PROGRESS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
set_state (CollateDownload *self, CollateDownloadState state)
{
  if (self->state == state)
    return;

  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
told_cb (gpointer message, gpointer data)
{
  const CollateDownloadProgress *progress = message;
  CollateDownload *self = data;

  if (self->cancellable == NULL)
    return;

  self->note->received = progress->received;
  self->note->size = progress->size;
  self->speed = progress->speed;
  self->restarted = progress->restarted;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  set_state (self, progress->state);
}

/* Running. */

static void
order_free (gpointer data)
{
  CollateDownloadOrder *order = data;

  collate_download_note_free (order->note);
  collate_inbox_unref (order->inbox);
  g_object_unref (order->cancellable);
  g_free (order->magic);
  g_free (order->digest);
  g_free (order);
}

static void
delete_file (char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_file_delete_async (file, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_free (path);
}

static void
delete_files (CollateDownload *self)
{
  delete_file (collate_download_dup_partial_path (self->note->path));
  delete_file (collate_download_dup_note_path (self->note->path));
}

static void
settle (CollateDownload *self, CollateDownloadOrder *order, GError *error)
{
  g_autoptr (CollateDownload) kept = g_object_ref (self);

  collate_inbox_deliver (self->inbox);
  g_clear_object (&self->cancellable);
  collate_download_note_free (self->note);
  self->note = collate_download_note_copy (order->note);
  self->speed = 0;
  self->digest = g_steal_pointer (&order->digest);
  if (self->discarded)
    {
      delete_files (self);
      g_object_unref (self);
    }

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  if (error == NULL)
    set_state (self, COLLATE_DOWNLOAD_DONE);
  else if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED))
    set_state (self, COLLATE_DOWNLOAD_STOPPED);
  else
    {
      self->error = g_error_copy (error);
      set_state (self, COLLATE_DOWNLOAD_FAILED);
    }
}

static void
worked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GWeakRef *weak = data;
  g_autoptr (CollateDownload) self = g_weak_ref_get (weak);
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  if (self != NULL)
    settle (self, g_task_get_task_data (G_TASK (result)), error);
  g_weak_ref_clear (weak);
  g_free (weak);
}

static void
work_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (collate_download_work (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static CollateDownloadOrder *
make_order (CollateDownload *self)
{
  CollateDownloadOrder *order = g_new0 (CollateDownloadOrder, 1);

  order->note = collate_download_note_copy (self->note);
  order->magic = g_strdup (self->magic);
  order->check = self->check;
  order->inbox = collate_inbox_ref (self->inbox);
  order->cancellable = g_object_ref (self->cancellable);
  order->idle_timeout = self->idle_timeout;
  order->wait_factor = self->wait_factor;

  return order;
}

void
collate_download_start (CollateDownload *self)
{
  GWeakRef *weak;
  GTask *task;

  g_return_if_fail (COLLATE_IS_DOWNLOAD (self));

  if (self->cancellable != NULL || self->state == COLLATE_DOWNLOAD_DONE || self->discarded)
    return;

  g_clear_error (&self->error);
  g_clear_pointer (&self->digest, g_free);
  self->restarted = FALSE;
  self->cancellable = g_cancellable_new ();
  if (self->worker == NULL)
    self->worker = collate_worker_new ("download");

  /* The thread must not be the one that drops the last reference. */
  weak = g_new0 (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  task = g_task_new (NULL, NULL, worked_cb, weak);
  g_task_set_source_tag (task, collate_download_start);
  g_task_set_task_data (task, make_order (self), order_free);
  collate_worker_run (self->worker, task, work_in_thread);
  set_state (self, COLLATE_DOWNLOAD_CONNECTING);
}

void
collate_download_stop (CollateDownload *self)
{
  g_return_if_fail (COLLATE_IS_DOWNLOAD (self));

  g_cancellable_cancel (self->cancellable);
}

void
collate_download_discard (CollateDownload *self)
{
  g_return_if_fail (COLLATE_IS_DOWNLOAD (self));

  if (self->discarded)
    return;

  self->discarded = TRUE;
  if (self->cancellable != NULL)
    {
      g_object_ref (self); /* until its thread is through */
      g_cancellable_cancel (self->cancellable);
    }
  else if (self->state != COLLATE_DOWNLOAD_DONE)
    delete_files (self);
}

/* The object. */

static void
collate_download_dispose (GObject *object)
{
  CollateDownload *self = COLLATE_DOWNLOAD (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->worker, collate_worker_free);
  g_clear_object (&self->cancellable);
  if (self->inbox != NULL)
    collate_inbox_close (self->inbox);
  g_clear_pointer (&self->inbox, collate_inbox_unref);

  G_OBJECT_CLASS (collate_download_parent_class)->dispose (object);
}

static void
collate_download_finalize (GObject *object)
{
  CollateDownload *self = COLLATE_DOWNLOAD (object);

  collate_download_note_free (self->note);
  g_free (self->magic);
  g_free (self->digest);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (collate_download_parent_class)->finalize (object);
}

static void
collate_download_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateDownload *self = COLLATE_DOWNLOAD (object);

  switch (prop_id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PROGRESS:
      g_value_set_boolean (value, collate_download_is_running (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_download_class_init (CollateDownloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = collate_download_dispose;
  object_class->finalize = collate_download_finalize;
  object_class->get_property = collate_download_get_property;

  properties[PROP_STATE] = g_param_spec_enum (
      "state", NULL, NULL, collate_download_state_get_type (), COLLATE_DOWNLOAD_STOPPED, flags);
  properties[PROP_PROGRESS] = g_param_spec_boolean ("progress", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_download_init (CollateDownload *self)
{
  self->inbox = collate_inbox_new (g_free, told_cb, self);
  self->idle_timeout = IDLE_TIMEOUT;
  self->wait_factor = 1.0;
}

CollateDownload *
collate_download_new (const CollateDownloadNote *note, const char *magic, CollateDownloadCheck check)
{
  CollateDownload *self;

  g_return_val_if_fail (note != NULL, NULL);

  self = g_object_new (COLLATE_TYPE_DOWNLOAD, NULL);
  self->note = collate_download_note_copy (note);
  self->magic = g_strdup (magic);
  self->check = check;

  return self;
}

CollateDownloadState
collate_download_get_state (CollateDownload *self)
{
  g_return_val_if_fail (COLLATE_IS_DOWNLOAD (self), COLLATE_DOWNLOAD_FAILED);

  return self->state;
}

gboolean
collate_download_is_running (CollateDownload *self)
{
  g_return_val_if_fail (COLLATE_IS_DOWNLOAD (self), FALSE);

  return self->cancellable != NULL;
}

const char *
collate_download_get_address (CollateDownload *self)
{
  return self->note->address;
}

const char *
collate_download_get_path (CollateDownload *self)
{
  return self->note->path;
}

gint64
collate_download_get_received (CollateDownload *self)
{
  return self->note->received;
}

gint64
collate_download_get_size (CollateDownload *self)
{
  return self->note->size;
}

double
collate_download_get_speed (CollateDownload *self)
{
  return self->speed;
}

gboolean
collate_download_get_restarted (CollateDownload *self)
{
  return self->restarted;
}

const char *
collate_download_get_digest (CollateDownload *self)
{
  return self->digest;
}

gboolean
collate_download_is_verified (CollateDownload *self)
{
  return self->state == COLLATE_DOWNLOAD_DONE && self->note->sha256 != NULL;
}

const GError *
collate_download_get_error (CollateDownload *self)
{
  return self->error;
}

void
collate_download_set_patience (CollateDownload *self, guint idle_timeout, double wait_factor)
{
  self->idle_timeout = idle_timeout;
  self->wait_factor = wait_factor;
}
