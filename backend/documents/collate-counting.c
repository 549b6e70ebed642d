/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "documents/collate-counting.h"

typedef struct
{
  CollateEncodings *encodings;
  char *encoding;
  char *text; /* GRefString */
} Counting;

static void
counting_free (Counting *counting)
{
  collate_encodings_unref (counting->encodings);
  g_free (counting->encoding);
  g_ref_string_release (counting->text);
  g_free (counting);
}

static void
count_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Counting *counting = task_data;
  CollateEncoding *encoding;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;

  encoding = collate_encodings_get (counting->encodings, counting->encoding, &error);
  if (encoding != NULL)
    g_task_return_int (
        task, collate_encoding_count (encoding, counting->text, g_ref_string_length (counting->text)));
  else
    g_task_return_error (task, error);
}

void
collate_counting_count_async (CollateWorker *worker,
                              CollateEncodings *encodings,
                              const char *encoding,
                              char *text,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Counting *counting = g_new (Counting, 1);

  counting->encodings = collate_encodings_ref (encodings);
  counting->encoding = g_strdup (encoding);
  counting->text = text;
  g_task_set_task_data (task, counting, (GDestroyNotify) counting_free);

  collate_worker_run (worker, task, count_thread);
}

gint64
collate_counting_count_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), -1);

  return g_task_propagate_int (G_TASK (result), error);
}
