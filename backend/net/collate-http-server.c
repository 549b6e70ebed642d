/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/collate-http-server.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/collate-error.h"
#include "net/collate-http-exchange-private.h"

/* libsoup reads and writes; what it has no limits for is done here: connections are accepted, counted, timed and watched
 * by hand. Main thread. */
struct _CollateHttpServer
{
  GObject parent_instance;

  char *address;
  gboolean is_loopback;
  gsize max_body;
  guint patience; /* milliseconds */
  CollateHttpServerFunc on_request;
  gpointer user_data;

  SoupServer *soup;
  GSocketService *service;
  GPtrArray *peers; /* of Peer, each owned by its connection */
  guint sweep_id;
};

G_DEFINE_FINAL_TYPE (CollateHttpServer, collate_http_server, G_TYPE_OBJECT)

#define PATIENCE 30000
#define MAX_PEERS 256

/* What is read of a request that is refused, so that its reply can be read; whoever sends more is cut. */
#define MAX_DRAINED (64 * 1024 * 1024)

/* A connection. */
typedef struct
{
  CollateHttpServer *server; /* NULL once that is gone */
  GSocket *socket;
  GSocketAddress *address; /* how libsoup's messages lead here */
  GSource *watch;
  gint64 waiting_since;          /* for a request */
  CollateHttpExchange *exchange; /* NULL while waiting */
} Peer;

/* A request that comes. */
typedef struct
{
  guint refusal;
  GByteArray *body;
  gsize n_bytes;
  gsize max_body;
  GSocket *socket;
} Incoming;

static GQuark
peer_quark (void)
{
  return g_quark_from_static_string ("collate-http-peer");
}

static GQuark
incoming_quark (void)
{
  return g_quark_from_static_string ("collate-http-incoming");
}

/* libsoup sees the end of the connection, and closes it; the client is told at once, also where it is sending. */
static void
cut (GSocket *socket)
{
  const struct linger none = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static void
stop_watching (Peer *peer)
{
  if (peer->watch == NULL)
    return;

  g_source_destroy (peer->watch);
  g_clear_pointer (&peer->watch, g_source_unref);
}

static void
peer_free (gpointer data)
{
  Peer *peer = data;

  stop_watching (peer);
  g_object_set_qdata (G_OBJECT (peer->address), peer_quark (), NULL);
  if (peer->server != NULL)
    g_ptr_array_remove_fast (peer->server->peers, peer);
  g_clear_object (&peer->exchange);
  g_object_unref (peer->address);
  g_object_unref (peer->socket);
  g_free (peer);
}

static Peer *
find_peer (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  return address != NULL ? g_object_get_qdata (G_OBJECT (address), peer_quark ()) : NULL;
}

/* While a reply is being made nobody reads from the connection, and its end would not be seen: poll() tells of it also
 * where something was sent before that is not read yet. */
static gboolean
left_cb (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Peer *peer = user_data;
  g_autoptr (CollateHttpExchange) exchange = g_object_ref (peer->exchange);

  cut (socket);
  collate_http_exchange_leave (exchange);

  return G_SOURCE_REMOVE;
}

static void
watch (Peer *peer)
{
  peer->watch = g_socket_create_source (peer->socket, (GIOCondition) POLLRDHUP, NULL);
  g_source_set_callback (peer->watch, G_SOURCE_FUNC (left_cb), peer, NULL);
  g_source_attach (peer->watch, NULL);
}

static gboolean
sweep_cb (gpointer user_data)
{
  CollateHttpServer *self = user_data;
  gint64 since = g_get_monotonic_time () - (gint64) self->patience * 1000;

  for (guint i = 0; i < self->peers->len; i++)
    {
      Peer *peer = self->peers->pdata[i];
      gint64 waiting_since = peer->exchange != NULL ? collate_http_exchange_get_replied_at (peer->exchange)
                                                    : peer->waiting_since;

      if (waiting_since >= 0 && waiting_since <= since)
        cut (peer->socket);
    }

  return G_SOURCE_CONTINUE;
}

static gboolean
is_own_host (CollateHttpServer *self, const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  /* A name leads to where its owner says, an address does not. */
  if (address != NULL)
    return !self->is_loopback || g_inet_address_get_is_loopback (address);

  return g_ascii_strcasecmp (host, "localhost") == 0;
}

static gboolean
is_own (CollateHttpServer *self, SoupMessageHeaders *headers)
{
  const char *host = soup_message_headers_get_list (headers, "Host");
  const char *origin = soup_message_headers_get_list (headers, "Origin");
  g_autofree char *site = g_strdup_printf ("http://%s", host != NULL ? host : "");
  g_autoptr (GUri) uri = g_uri_parse (site, G_URI_FLAGS_NONE, NULL);

  if (uri == NULL || g_uri_get_userinfo (uri) != NULL || *g_uri_get_path (uri) != '\0' ||
      g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL ||
      !is_own_host (self, g_uri_get_host (uri)))
    return FALSE;

  return origin == NULL || g_ascii_strcasecmp (origin, site) == 0;
}

static void
incoming_free (gpointer data)
{
  Incoming *incoming = data;

  g_byte_array_unref (incoming->body);
  g_object_unref (incoming->socket);
  g_free (incoming);
}

static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  Incoming *incoming = user_data;
  gsize length;
  gconstpointer data = g_bytes_get_data (chunk, &length);

  incoming->n_bytes += length;
  if (incoming->refusal == 0 && incoming->n_bytes > incoming->max_body)
    incoming->refusal = SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
  if (incoming->refusal == 0)
    g_byte_array_append (incoming->body, data, (guint) length);
  else
    g_byte_array_set_size (incoming->body, 0);
  if (incoming->n_bytes > incoming->max_body + MAX_DRAINED)
    cut (incoming->socket);
}

/* The head of a request came. */
static void
early_cb (SoupServer *soup,
          SoupServerMessage *message,
          const char *path,
          GHashTable *query,
          gpointer user_data)
{
  CollateHttpServer *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  Peer *peer = find_peer (message);
  Incoming *incoming;

  if (peer == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, NULL);
      return;
    }

  incoming = g_new0 (Incoming, 1);
  incoming->body = g_byte_array_new ();
  incoming->max_body = self->max_body;
  incoming->socket = g_object_ref (peer->socket);
  if (!is_own (self, headers))
    incoming->refusal = SOUP_STATUS_FORBIDDEN;
  else if (soup_message_headers_get_content_length (headers) > (goffset) self->max_body)
    incoming->refusal = SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
  g_object_set_qdata_full (G_OBJECT (message), incoming_quark (), incoming, incoming_free);
  /* libsoup keeps no connection that it did not accept itself. */
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk_cb), incoming);
}

static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  Peer *peer = find_peer (message);

  if (peer == NULL)
    return;
  stop_watching (peer);
  g_clear_object (&peer->exchange);
  peer->waiting_since = g_get_monotonic_time ();
}

/* All of a request came. */
static void
request_cb (SoupServer *soup,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  CollateHttpServer *self = user_data;
  Incoming *incoming = g_object_get_qdata (G_OBJECT (message), incoming_quark ());
  Peer *peer = find_peer (message);
  g_autoptr (CollateHttpExchange) exchange = NULL;
  g_autoptr (GBytes) body = NULL;

  if (peer == NULL || incoming == NULL)
    return;

  body = g_byte_array_free_to_bytes (g_steal_pointer (&incoming->body));
  incoming->body = g_byte_array_new ();
  exchange = collate_http_exchange_new (message, body, incoming->refusal);
  g_set_object (&peer->exchange, exchange);
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), NULL);
  watch (peer);
  self->on_request (exchange, self->user_data);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  CollateHttpServer *self = user_data;
  GSocketAddress *address = g_socket_connection_get_remote_address (connection, NULL);
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  Peer *peer;

  if (address == NULL || local == NULL || self->peers->len >= MAX_PEERS)
    {
      g_clear_object (&address);
      return TRUE;
    }

  peer = g_new0 (Peer, 1);
  peer->server = self;
  peer->socket = g_object_ref (g_socket_connection_get_socket (connection));
  peer->address = address;
  peer->waiting_since = g_get_monotonic_time ();
  g_object_set_qdata (G_OBJECT (address), peer_quark (), peer);
  g_object_set_qdata_full (G_OBJECT (connection), peer_quark (), peer, peer_free);
  g_ptr_array_add (self->peers, peer);
  soup_server_accept_iostream (self->soup, G_IO_STREAM (connection), local, address, NULL);

  return TRUE;
}

void
collate_http_server_close (CollateHttpServer *self)
{
  if (self->service != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->service, self);
      g_socket_service_stop (self->service);
      g_socket_listener_close (G_SOCKET_LISTENER (self->service));
      g_clear_object (&self->service);
    }
  g_clear_handle_id (&self->sweep_id, g_source_remove);
  for (guint i = 0; i < self->peers->len; i++)
    {
      Peer *peer = self->peers->pdata[i];

      /* libsoup does not say that these messages are finished. */
      stop_watching (peer);
      if (peer->exchange != NULL)
        collate_http_exchange_leave (peer->exchange);
    }
  if (self->soup != NULL)
    {
      soup_server_disconnect (self->soup);
      g_clear_object (&self->soup);
    }
}

static void
collate_http_server_dispose (GObject *object)
{
  CollateHttpServer *self = COLLATE_HTTP_SERVER (object);

  collate_http_server_close (self);

  G_OBJECT_CLASS (collate_http_server_parent_class)->dispose (object);
}

static void
collate_http_server_finalize (GObject *object)
{
  CollateHttpServer *self = COLLATE_HTTP_SERVER (object);

  for (guint i = 0; i < self->peers->len; i++)
    ((Peer *) self->peers->pdata[i])->server = NULL;
  g_ptr_array_unref (self->peers);
  g_free (self->address);

  G_OBJECT_CLASS (collate_http_server_parent_class)->finalize (object);
}

static void
collate_http_server_class_init (CollateHttpServerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_http_server_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_http_server_finalize;
}

static void
collate_http_server_init (CollateHttpServer *self)
{
  self->patience = PATIENCE;
  self->peers = g_ptr_array_new ();
  self->soup = soup_server_new (NULL, NULL);
  self->service = g_socket_service_new ();
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (self->service), MAX_PEERS);
  soup_server_add_early_handler (self->soup, NULL, early_cb, self, NULL);
  soup_server_add_handler (self->soup, NULL, request_cb, self, NULL);
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming_cb), self);
}

static gboolean
listen_at (CollateHttpServer *self, GInetAddress *host, guint16 port, GError **error)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (host, port);
  g_autoptr (GSocketAddress) got = NULL;
  g_autofree char *name = g_inet_address_to_string (host);
  gboolean six = g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6;

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service),
                                      wanted,
                                      G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP,
                                      NULL,
                                      &got,
                                      error))
    return FALSE;

  self->address = g_strdup_printf (six ? "http://[%s]:%u" : "http://%s:%u",
                                   name,
                                   g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (got)));

  return TRUE;
}

CollateHttpServer *
collate_http_server_new (const char *host,
                         guint16 port,
                         gsize max_body,
                         CollateHttpServerFunc on_request,
                         gpointer user_data,
                         GError **error)
{
  const char *literal = g_ascii_strcasecmp (host, "localhost") == 0 ? "127.0.0.1" : host;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (literal);
  g_autoptr (CollateHttpServer) self = NULL;
  g_autoptr (GError) local_error = NULL;

  if (address == NULL)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "\"%s\" is no IP address", host);
      return NULL;
    }

  self = g_object_new (COLLATE_TYPE_HTTP_SERVER, NULL);
  self->is_loopback = g_inet_address_get_is_loopback (address);
  self->max_body = max_body;
  self->on_request = on_request;
  self->user_data = user_data;
  if (!listen_at (self, address, port, &local_error))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, local_error->message);
      return NULL;
    }
  collate_http_server_set_patience (self, PATIENCE);

  return g_steal_pointer (&self);
}

const char *
collate_http_server_get_address (CollateHttpServer *self)
{
  return self->address;
}

void
collate_http_server_set_patience (CollateHttpServer *self, guint milliseconds)
{
  g_clear_handle_id (&self->sweep_id, g_source_remove);
  self->patience = milliseconds;
  self->sweep_id = g_timeout_add (MAX (1, milliseconds / 4), sweep_cb, self);
}
