/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-http.h"

#include <libsoup/soup.h>

/* What is made of CollateHttp's replies: a whole body, and the wait that a server asks for. Main thread. */

typedef struct
{
  GByteArray *body;
  guint status;
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  g_byte_array_unref (fetch->body);
  g_free (fetch);
}

static void
fetch_head_cb (guint status, GHashTable *headers, gint64 time, gpointer user_data)
{
  Fetch *fetch = user_data;

  fetch->status = status;
}

static gboolean
fetch_data_cb (const guint8 *data, gsize length, gint64 time, gpointer user_data)
{
  Fetch *fetch = user_data;

  g_byte_array_append (fetch->body, data, length);

  return TRUE;
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (collate_http_send_finish (COLLATE_HTTP (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
collate_http_fetch_async (CollateHttp *self,
                          const CollateHttpRequest *request,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  static const CollateHttpHandler handler = { fetch_head_cb, fetch_data_cb };
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->body = g_byte_array_new ();
  g_task_set_source_tag (task, collate_http_fetch_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, fetch, (GDestroyNotify) fetch_free);
  collate_http_send_async (self, request, &handler, fetch, cancellable, fetched_cb, task);
}

GBytes *
collate_http_fetch_finish (CollateHttp *self, GAsyncResult *result, guint *status, GError **error)
{
  Fetch *fetch;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  fetch = g_task_get_task_data (G_TASK (result));
  if (status != NULL)
    *status = fetch->status;

  return g_bytes_new (fetch->body->data, fetch->body->len);
}

/* The time of a date in HTTP's form, in seconds; -1 where it is none. */
static gint64
parse_date (const char *text)
{
  g_autoptr (GDateTime) date = text != NULL ? soup_date_time_new_from_http_string (text) : NULL;

  return date != NULL ? g_date_time_to_unix (date) : -1;
}

/* A number that is all of `text`, times `factor`; -1 where it is none. */
static gint64
parse_wait (const char *text, double factor)
{
  char *end;
  double value = text != NULL ? g_ascii_strtod (text, &end) : -1;

  return text != NULL && end != text && *end == '\0' && value >= 0 && value < 1e9 ? value * factor : -1;
}

gint64
collate_http_get_retry_after (GHashTable *headers)
{
  const char *text = g_hash_table_lookup (headers, "retry-after");
  gint64 wait = parse_wait (g_hash_table_lookup (headers, "retry-after-ms"), 1);
  gint64 now = parse_date (g_hash_table_lookup (headers, "date"));
  gint64 date = parse_date (text);

  if (wait < 0)
    wait = parse_wait (text, 1000);
  if (wait >= 0 || date < 0)
    return wait;

  /* The server's own clock, where it tells the time: ours may be wrong. */
  if (now < 0)
    now = g_get_real_time () / G_USEC_PER_SEC;

  return MAX (date - now, 0) * 1000;
}
