/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-http.h"

#include <libsoup/soup.h>
#include <string.h>

#include "base/collate-error.h"

/* libsoup's sessions, stripped of all that would act by itself: they answer no authentication, keep no cookies
 * and follow no redirect. One thread. */
struct _CollateHttp
{
  GObject parent_instance;

  SoupSession *session; /* for https: a proxy passes on what it cannot read */
  SoupSession *plain; /* for http: no proxy, since it would read documents and key, even of what runs here */
};

G_DEFINE_FINAL_TYPE (CollateHttp, collate_http, G_TYPE_OBJECT)

#define MAX_CONNECTIONS 256 /* libsoup's two to a host would put four models of one provider in a row */
#define MAX_REDIRECTS 5
#define READ_SIZE (16 * 1024)
#define LINGER (100 * 1000) /* microseconds for the end of a reply of which enough came */

/* A request under way: the data of its task. */
typedef struct
{
  char *method;
  char **headers;
  GBytes *body;
  guint idle_timeout;
  gsize max_bytes;
  gboolean is_public;

  CollateHttpHandler handler;
  gpointer handler_data;

  SoupMessage *message;
  GInputStream *stream;
  guint8 *buffer;
  gsize n_received;
  guint n_redirects;
  gboolean enough;

  /* What libsoup is given instead of the caller's cancellable, so that silence can end a request too. The
   * caller's reaches it by a source in the main loop: nothing of libsoup runs inside g_cancellable_cancel(). (A source of
   * GLib 2.74's own is forgotten when it is let go of in one thread while another one cancels.) */
  GCancellable *cancellable;
  GCancellable *stopper; /* (nullable): the caller's */
  gulong stop_handler;
  GSource *stop_source;
  GSource *idle_source;
  gboolean silent;
} Transfer;

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
forget_stopper (Transfer *transfer)
{
  g_cancellable_disconnect (transfer->stopper, transfer->stop_handler);
  transfer->stop_handler = 0;
  clear_source (&transfer->stop_source);
}

static void
transfer_free (Transfer *transfer)
{
  forget_stopper (transfer);
  g_clear_object (&transfer->stopper);
  clear_source (&transfer->idle_source);
  g_clear_object (&transfer->cancellable);
  g_clear_object (&transfer->stream);
  g_clear_object (&transfer->message);
  g_clear_pointer (&transfer->body, g_bytes_unref);
  g_strfreev (transfer->headers);
  g_free (transfer->method);
  g_free (transfer->buffer);
  g_free (transfer);
}

static gboolean
stopped_cb (gpointer user_data)
{
  Transfer *transfer = user_data;

  g_cancellable_cancel (transfer->cancellable);

  return G_SOURCE_REMOVE;
}

/* In the thread that cancels. */
static void
wake_cb (GCancellable *stopper, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

static GSource *
add_source (GSourceFunc func, Transfer *transfer)
{
  GSource *source = g_timeout_source_new (G_MAXUINT);

  g_source_set_ready_time (source, -1);
  g_source_set_callback (source, func, transfer, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static gboolean
silent_cb (gpointer user_data)
{
  Transfer *transfer = user_data;

  transfer->silent = TRUE;
  g_cancellable_cancel (transfer->cancellable);

  return G_SOURCE_REMOVE;
}

static void
rearm (Transfer *transfer, gint64 now)
{
  gint64 wait = transfer->enough ? LINGER : transfer->idle_timeout * G_USEC_PER_SEC;

  g_source_set_ready_time (transfer->idle_source, wait > 0 ? now + wait : -1);
}

static Transfer *
transfer_new (const CollateHttpRequest *request,
              const CollateHttpHandler *handler,
              gpointer handler_data,
              GCancellable *cancellable)
{
  Transfer *transfer = g_new0 (Transfer, 1);

  transfer->method = g_strdup (request->method);
  transfer->headers = g_strdupv ((char **) request->headers);
  transfer->body = request->body != NULL ? g_bytes_ref (request->body) : NULL;
  transfer->idle_timeout = request->idle_timeout;
  transfer->max_bytes = request->max_bytes;
  transfer->is_public = request->is_public;
  transfer->handler = *handler;
  transfer->handler_data = handler_data;
  transfer->buffer = g_malloc (READ_SIZE);
  transfer->cancellable = g_cancellable_new ();

  transfer->idle_source = add_source (silent_cb, transfer);
  rearm (transfer, g_get_monotonic_time ());

  if (cancellable != NULL)
    {
      transfer->stop_source = add_source (stopped_cb, transfer);
      transfer->stopper = g_object_ref (cancellable);
      transfer->stop_handler =
          g_cancellable_connect (cancellable, G_CALLBACK (wake_cb), transfer->stop_source, NULL);
    }

  return transfer;
}

/* The code that says what a person can do about a failure of libsoup, of GIO or of TLS. */
static CollateError
error_code (Transfer *transfer, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return transfer->silent ? COLLATE_ERROR_TIMEOUT : COLLATE_ERROR_STOPPED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return COLLATE_ERROR_TIMEOUT;
  if (error->domain == SOUP_SESSION_ERROR || transfer->stream != NULL ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    return COLLATE_ERROR_PROTOCOL;

  return COLLATE_ERROR_OFFLINE;
}

/* Ends the request: with success where there is no error; (transfer full) task and error. */
static void
finish (GTask *task, GError *error)
{
  Transfer *transfer = g_task_get_task_data (task);

  forget_stopper (transfer);
  clear_source (&transfer->idle_source);
  g_cancellable_cancel (transfer->cancellable); /* what is unread shall not hold its connection */

  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else if (error->domain == COLLATE_ERROR)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    {
      CollateError code = error_code (transfer, error);

      g_task_return_new_error (task,
                               COLLATE_ERROR,
                               code,
                               "%s",
                               code == COLLATE_ERROR_TIMEOUT && transfer->silent ? "nothing came for too long"
                                                                                 : error->message);
    }

  g_clear_error (&error);
  g_object_unref (task);
}

/* TRUE where the person stopped it, also where libsoup was not told yet. */
static gboolean
is_stopped (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable != NULL && g_cancellable_is_cancelled (cancellable);
}

static void
finish_stopped (GTask *task)
{
  finish (task, g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped"));
}

static void
lower_header_cb (const char *name, const char *value, gpointer user_data)
{
  GHashTable *headers = user_data;
  g_autofree char *lower = g_ascii_strdown (name, -1);
  const char *before = g_hash_table_lookup (headers, lower);
  char *joined = before != NULL ? g_strconcat (before, ", ", value, NULL) : g_strdup (value);

  g_hash_table_replace (headers, g_steal_pointer (&lower), joined);
}

static void read_next (GTask *task);
static void send_message (GTask *task, GUri *uri);

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  GError *error = NULL;
  gssize n_read = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);
  gint64 now = g_get_monotonic_time ();

  if (is_stopped (task))
    {
      g_clear_error (&error);
      finish_stopped (task);
      return;
    }
  if (n_read <= 0)
    {
      if (transfer->enough)
        g_clear_error (&error);
      finish (task, error);
      return;
    }
  if (transfer->enough)
    {
      read_next (task);
      return;
    }

  rearm (transfer, now);
  transfer->n_received += n_read;
  if (transfer->max_bytes > 0 && transfer->n_received > transfer->max_bytes)
    {
      finish (task,
              g_error_new (COLLATE_ERROR,
                           COLLATE_ERROR_TOO_LARGE,
                           "a reply of more than %" G_GSIZE_FORMAT " bytes",
                           transfer->max_bytes));
      return;
    }

  if (transfer->handler.on_data != NULL &&
      !transfer->handler.on_data (transfer->buffer, n_read, now, transfer->handler_data))
    {
      transfer->enough = TRUE;
      rearm (transfer, now);
    }
  read_next (task);
}

static void
read_next (GTask *task)
{
  Transfer *transfer = g_task_get_task_data (task);

  if (is_stopped (task))
    finish_stopped (task);
  else
    g_input_stream_read_async (transfer->stream,
                               transfer->buffer,
                               READ_SIZE,
                               G_PRIORITY_DEFAULT,
                               transfer->cancellable,
                               read_cb,
                               task);
}

static gboolean
is_redirect (guint status)
{
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static gboolean
is_same_origin (GUri *a, GUri *b)
{
  return g_strcmp0 (g_uri_get_scheme (a), g_uri_get_scheme (b)) == 0 &&
         g_ascii_strcasecmp (g_uri_get_host (a), g_uri_get_host (b)) == 0 &&
         g_uri_get_port (a) == g_uri_get_port (b);
}

static gboolean
is_this_machine (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_ascii_strcasecmp (host, "localhost") == 0;
}

static gboolean
is_guarded (GUri *uri)
{
  const char *scheme = g_uri_get_scheme (uri);
  const char *host = g_uri_get_host (uri);

  if (host == NULL || *host == '\0' || g_uri_get_userinfo (uri) != NULL)
    return FALSE;

  return strcmp (scheme, "https") == 0 || (strcmp (scheme, "http") == 0 && is_this_machine (host));
}

/* What came over https goes on over https. */
static gboolean
may_leave (Transfer *transfer, GUri *from, GUri *to)
{
  gboolean to_https = strcmp (g_uri_get_scheme (to), "https") == 0;

  return transfer->is_public && is_guarded (to) &&
         (to_https || strcmp (g_uri_get_scheme (from), "https") != 0);
}

/* Follows a redirect within the origin. A method that would have to change, and an address elsewhere, end
 * the request: what it carries was meant for one place. */
static void
redirect (GTask *task, const char *location)
{
  Transfer *transfer = g_task_get_task_data (task);
  guint status = soup_message_get_status (transfer->message);
  GUri *from = soup_message_get_uri (transfer->message);
  g_autoptr (GUri) to = g_uri_parse_relative (from, location, SOUP_HTTP_URI_FLAGS, NULL);
  g_autofree char *address = NULL;

  if (to == NULL || g_uri_get_host (to) == NULL)
    {
      finish (
          task,
          g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "redirected to what is no address"));
      return;
    }
  if (transfer->n_redirects++ == MAX_REDIRECTS)
    {
      finish (task, g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "too many redirects"));
      return;
    }

  if ((is_same_origin (from, to) && (status >= 307 || strcmp (transfer->method, "GET") == 0)) ||
      may_leave (transfer, from, to))
    {
      g_clear_object (&transfer->message);
      g_clear_object (&transfer->stream);
      send_message (task, to);
      return;
    }

  address = g_uri_to_string_partial (to, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
  finish (task, g_error_new (COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "redirected to %s", address));
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Transfer *transfer = g_task_get_task_data (task);
  GError *error = NULL;
  GInputStream *stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  gint64 now = g_get_monotonic_time ();
  SoupMessageHeaders *replied;
  const char *location;
  guint status;

  if (is_stopped (task))
    {
      g_clear_error (&error);
      g_clear_object (&stream);
      finish_stopped (task);
      return;
    }
  if (stream == NULL)
    {
      finish (task, error);
      return;
    }

  transfer->stream = stream;
  rearm (transfer, now);
  status = soup_message_get_status (transfer->message);
  replied = soup_message_get_response_headers (transfer->message);
  location = soup_message_headers_get_one (replied, "Location");
  if (is_redirect (status) && location != NULL)
    {
      redirect (task, location);
      return;
    }

  if (transfer->handler.on_head != NULL)
    {
      g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

      soup_message_headers_foreach (replied, lower_header_cb, headers);
      transfer->handler.on_head (status, headers, now, transfer->handler_data);
    }
  read_next (task);
}

/* HTTP/1.1 alone: with HTTP/2, libsoup 3.2 does not come back from a request that is cancelled before its head,
 * and the server would go on answering, and billing, what nobody waits for. */
static void
network_event_cb (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer user_data)
{
  static const char *const protocols[] = { "http/1.1", NULL };

  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && G_IS_TLS_CONNECTION (connection))
    g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (connection), protocols);
}

static void
send_message (GTask *task, GUri *uri)
{
  CollateHttp *self = g_task_get_source_object (task);
  Transfer *transfer = g_task_get_task_data (task);
  SoupMessageHeaders *headers;

  transfer->message = soup_message_new_from_uri (transfer->method, uri);
  soup_message_set_flags (transfer->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  g_signal_connect (transfer->message, "network-event", G_CALLBACK (network_event_cb), NULL);
  headers = soup_message_get_request_headers (transfer->message);

  /* Bytes are to be timed as they come; what is compressed all the same is decoded. */
  soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  for (char **h = transfer->headers; h != NULL && h[0] != NULL && h[1] != NULL; h += 2)
    soup_message_headers_replace (headers, h[0], h[1]);
  if (transfer->body != NULL)
    soup_message_set_request_body_from_bytes (transfer->message, "application/json", transfer->body);

  soup_session_send_async (strcmp (g_uri_get_scheme (uri), "https") == 0 ? self->session : self->plain,
                           transfer->message,
                           G_PRIORITY_DEFAULT,
                           transfer->cancellable,
                           sent_cb,
                           task);
}

/* The address, where it is one that can be asked; (nullable) (transfer full). */
static GUri *
parse_address (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (host == NULL || *host == '\0' || (strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0))
    return NULL;

  return g_steal_pointer (&uri);
}

gboolean
collate_http_is_guarded (const char *url)
{
  g_autoptr (GUri) uri = parse_address (url);

  return uri != NULL && is_guarded (uri);
}

static void
collate_http_finalize (GObject *object)
{
  CollateHttp *self = COLLATE_HTTP (object);

  g_clear_object (&self->session);
  g_clear_object (&self->plain);

  G_OBJECT_CLASS (collate_http_parent_class)->finalize (object);
}

static void
collate_http_class_init (CollateHttpClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = collate_http_finalize;
}

static void
collate_http_init (CollateHttp *self)
{
}

static SoupSession *
session_new (const char *user_agent)
{
  SoupSession *session = soup_session_new_with_options ("user-agent",
                                                        user_agent,
                                                        "max-conns",
                                                        MAX_CONNECTIONS,
                                                        "max-conns-per-host",
                                                        MAX_CONNECTIONS,
                                                        "timeout",
                                                        0,
                                                        NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);

  return session;
}

CollateHttp *
collate_http_new (const char *user_agent)
{
  CollateHttp *self = g_object_new (COLLATE_TYPE_HTTP, NULL);

  self->session = session_new (user_agent);
  self->plain = session_new (user_agent);
  soup_session_set_proxy_resolver (self->plain, NULL);

  return self;
}

void
collate_http_send_async (CollateHttp *self,
                         const CollateHttpRequest *request,
                         const CollateHttpHandler *handler,
                         gpointer handler_data,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task;
  g_autoptr (GUri) uri = NULL;

  g_return_if_fail (COLLATE_IS_HTTP (self));
  g_return_if_fail (request != NULL && request->method != NULL && request->url != NULL);
  g_return_if_fail (handler != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_http_send_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (
      task, transfer_new (request, handler, handler_data, cancellable), (GDestroyNotify) transfer_free);

  uri = parse_address (request->url);
  if (is_stopped (task))
    finish_stopped (task);
  else if (uri == NULL)
    finish (task,
            g_error_new (COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "no http address: %s", request->url));
  else
    send_message (task, uri);
}

gboolean
collate_http_send_finish (CollateHttp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
