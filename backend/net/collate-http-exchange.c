/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-http-exchange.h"

#include <string.h>

#include "net/collate-http-exchange-private.h"

/* libsoup's message is paused while nothing is to be sent, and let go as soon as it is finished, well or not. Main
 * thread. */
struct _CollateHttpExchange
{
  GObject parent_instance;

  SoupServerMessage *message; /* NULL once it is finished */
  char *method;
  char *path;
  GBytes *body;
  guint refusal;
  GCancellable *cancellable;
  gint64 replied_at; /* -1: not yet */
};

G_DEFINE_FINAL_TYPE (CollateHttpExchange, collate_http_exchange, G_TYPE_OBJECT)

static void
leave (CollateHttpExchange *self)
{
  g_clear_object (&self->message);
  if (self->replied_at < 0)
    g_cancellable_cancel (self->cancellable);
}

static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  g_autoptr (CollateHttpExchange) self = g_object_ref (user_data);

  leave (self);
}

static void
collate_http_exchange_dispose (GObject *object)
{
  CollateHttpExchange *self = COLLATE_HTTP_EXCHANGE (object);

  if (self->message != NULL && self->replied_at < 0)
    collate_http_exchange_reply (self, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL, "");
  g_clear_object (&self->message);

  G_OBJECT_CLASS (collate_http_exchange_parent_class)->dispose (object);
}

static void
collate_http_exchange_finalize (GObject *object)
{
  CollateHttpExchange *self = COLLATE_HTTP_EXCHANGE (object);

  g_clear_object (&self->cancellable);
  g_bytes_unref (self->body);
  g_free (self->method);
  g_free (self->path);

  G_OBJECT_CLASS (collate_http_exchange_parent_class)->finalize (object);
}

static void
collate_http_exchange_class_init (CollateHttpExchangeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_http_exchange_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_http_exchange_finalize;
}

static void
collate_http_exchange_init (CollateHttpExchange *self)
{
  self->cancellable = g_cancellable_new ();
  self->replied_at = -1;
}

CollateHttpExchange *
collate_http_exchange_new (SoupServerMessage *message, GBytes *body, guint refusal)
{
  CollateHttpExchange *self = g_object_new (COLLATE_TYPE_HTTP_EXCHANGE, NULL);

  self->message = g_object_ref (message);
  self->method = g_strdup (soup_server_message_get_method (message));
  self->path = g_strdup (g_uri_get_path (soup_server_message_get_uri (message)));
  self->body = g_bytes_ref (body);
  self->refusal = refusal;
  g_signal_connect_object (message, "finished", G_CALLBACK (finished_cb), self, 0);
  soup_server_message_pause (message);

  return self;
}

void
collate_http_exchange_leave (CollateHttpExchange *self)
{
  g_autoptr (SoupServerMessage) message = NULL;

  if (self->message == NULL)
    return;

  /* libsoup notices by itself, as soon as it may write. */
  message = g_object_ref (self->message);
  if (soup_server_message_get_status (message) == 0)
    soup_server_message_set_status (message, SOUP_STATUS_REQUEST_TIMEOUT, NULL);
  soup_message_body_complete (soup_server_message_get_response_body (message));
  soup_server_message_unpause (message);
  leave (self);
}

gint64
collate_http_exchange_get_replied_at (CollateHttpExchange *self)
{
  return self->replied_at;
}

const char *
collate_http_exchange_get_method (CollateHttpExchange *self)
{
  return self->method;
}

const char *
collate_http_exchange_get_path (CollateHttpExchange *self)
{
  return self->path;
}

GBytes *
collate_http_exchange_get_body (CollateHttpExchange *self)
{
  return self->body;
}

guint
collate_http_exchange_get_refusal (CollateHttpExchange *self)
{
  return self->refusal;
}

GCancellable *
collate_http_exchange_get_cancellable (CollateHttpExchange *self)
{
  return self->cancellable;
}

void
collate_http_exchange_reply (CollateHttpExchange *self,
                             guint status,
                             const char *const *headers,
                             const char *json)
{
  SoupMessageHeaders *sent;

  self->replied_at = g_get_monotonic_time ();
  if (self->message == NULL)
    return;

  sent = soup_server_message_get_response_headers (self->message);
  for (guint i = 0; headers != NULL && headers[i] != NULL; i += 2)
    soup_message_headers_replace (sent, headers[i], headers[i + 1]);
  soup_server_message_set_status (self->message, status, NULL);
  soup_server_message_set_response (self->message, "application/json", SOUP_MEMORY_COPY, json, strlen (json));
  soup_server_message_unpause (self->message);
}

void
collate_http_exchange_begin_events (CollateHttpExchange *self)
{
  SoupMessageHeaders *headers;
  gboolean old;

  if (self->message == NULL)
    return;

  /* Clients of HTTP/1.0 know no chunks: the connection's end is theirs. */
  old = soup_server_message_get_http_version (self->message) == SOUP_HTTP_1_0;
  headers = soup_server_message_get_response_headers (self->message);
  soup_message_headers_set_encoding (headers, old ? SOUP_ENCODING_EOF : SOUP_ENCODING_CHUNKED);
  soup_message_headers_set_content_type (headers, "text/event-stream", NULL);
  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
  soup_message_body_set_accumulate (soup_server_message_get_response_body (self->message), FALSE);
  soup_server_message_set_status (self->message, SOUP_STATUS_OK, NULL);
  soup_server_message_unpause (self->message);
}

void
collate_http_exchange_send_event (CollateHttpExchange *self, const char *data)
{
  char *event;

  if (self->message == NULL)
    return;

  event = g_strdup_printf ("data: %s\n\n", data);
  soup_message_body_append_take (
      soup_server_message_get_response_body (self->message), (guchar *) event, strlen (event));
  soup_server_message_unpause (self->message);
}

void
collate_http_exchange_end_events (CollateHttpExchange *self)
{
  self->replied_at = g_get_monotonic_time ();
  if (self->message == NULL)
    return;

  soup_message_body_complete (soup_server_message_get_response_body (self->message));
  soup_server_message_unpause (self->message);
}
