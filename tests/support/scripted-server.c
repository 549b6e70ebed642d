/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "scripted-server.h"

#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/collate-json.h"
#include "scripted-reply.h"

/* One thread accepts, one thread serves each connection, blocking. The script is read only; `lock` guards
 * what grows: how often each list of replies was used, the journal, and the number of connections. */

#define MAX_REQUEST (64 * 1024 * 1024)

struct _ScriptedServer
{
  char *address;
  JsonObject *script;
  GSocket *listener;
  GThread *acceptor;
  GCancellable *cancellable;
  gint64 started;

  GMutex lock;
  GCond idle;
  GHashTable *uses;
  JsonArray *journal;
  guint n_connections;
};

typedef struct
{
  ScriptedServer *server;
  GSocket *socket;
  GString *input; /* bytes received and not yet used */
} Connection;

typedef struct
{
  char *method;
  char *path;
  JsonObject *headers; /* names in lower case */
  char *body;
  gsize body_length;
  JsonObject *json;
} Request;

static void
request_clear (Request *request)
{
  g_clear_pointer (&request->method, g_free);
  g_clear_pointer (&request->path, g_free);
  g_clear_pointer (&request->headers, json_object_unref);
  g_clear_pointer (&request->body, g_free);
  g_clear_pointer (&request->json, json_object_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

/* Reading a request. */

static gboolean
receive_more (Connection *connection)
{
  char buffer[16 * 1024];
  gssize n =
      g_socket_receive (connection->socket, buffer, sizeof buffer, connection->server->cancellable, NULL);

  if (n <= 0 || connection->input->len + n > MAX_REQUEST)
    return FALSE;

  g_string_append_len (connection->input, buffer, n);
  return TRUE;
}

static void
read_header_line (Request *request, const char *line)
{
  const char *colon = strchr (line, ':');
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;

  if (colon == NULL)
    return;

  name = g_ascii_strdown (line, colon - line);
  value = g_strstrip (g_strdup (colon + 1));
  json_object_set_string_member (request->headers, name, value);
}

static gboolean
read_head (Connection *connection, Request *request)
{
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree char *head = NULL;
  const char *end;

  while ((end = g_strstr_len (connection->input->str, connection->input->len, "\r\n\r\n")) == NULL)
    if (!receive_more (connection))
      return FALSE;

  head = g_strndup (connection->input->str, end - connection->input->str);
  g_string_erase (connection->input, 0, strlen (head) + 4);
  lines = g_strsplit (head, "\r\n", -1);
  words = g_strsplit (lines[0], " ", 3);
  if (g_strv_length (words) != 3)
    return FALSE;

  request->method = g_strdup (words[0]);
  request->path = g_strdup (words[1]);
  request->headers = json_object_new ();
  for (char **line = lines + 1; *line != NULL; line++)
    read_header_line (request, *line);

  return TRUE;
}

static gboolean
read_request (Connection *connection, Request *request)
{
  const char *length;

  if (!read_head (connection, request))
    return FALSE;

  length = collate_json_string (request->headers, "content-length");
  request->body_length = length != NULL ? g_ascii_strtoull (length, NULL, 10) : 0;
  while (connection->input->len < request->body_length)
    if (!receive_more (connection))
      return FALSE;

  request->body = g_strndup (connection->input->str, request->body_length);
  g_string_erase (connection->input, 0, request->body_length);
  request->json = collate_json_parse_object (request->body, request->body_length, NULL);

  return TRUE;
}

/* Playing a reply. */

/* FALSE where the client closed the connection, or the server ends, before the time is over. */
static gboolean
wait_for (Connection *connection, gint64 wait)
{
  gint64 end = g_get_monotonic_time () + wait;
  gint64 left;

  while ((left = end - g_get_monotonic_time ()) > 0)
    {
      g_autoptr (GError) error = NULL;

      if (g_socket_condition_timed_wait (
              connection->socket, G_IO_IN, left, connection->server->cancellable, &error))
        {
          if (!receive_more (connection))
            return FALSE;
        }
      else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return FALSE;
    }

  return TRUE;
}

static gboolean
send_all (Connection *connection, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize n = g_socket_send (connection->socket, data, length, connection->server->cancellable, NULL);

      if (n <= 0)
        return FALSE;
      data += n;
      length -= n;
    }

  return TRUE;
}

static gboolean
send_step (Connection *connection, const ScriptedReply *reply, const ScriptedStep *step)
{
  gsize length;
  const char *data = g_bytes_get_data (step->bytes, &length);
  g_autofree char *size = g_strdup_printf ("%" G_GSIZE_MODIFIER "x\r\n", length);
  g_autoptr (GString) text = g_string_sized_new (length * step->times + 16);

  for (guint i = 0; i < step->times && length > 0; i++)
    {
      if (reply->chunked)
        g_string_append (text, size);
      g_string_append_len (text, data, length);
      if (reply->chunked)
        g_string_append (text, "\r\n");
    }

  return send_all (connection, text->str, text->len);
}

static gboolean
send_head (Connection *connection, const ScriptedReply *reply)
{
  g_autoptr (GString) head = g_string_new (NULL);
  gsize length = 0;

  if (reply->status == 0)
    return TRUE;

  for (guint i = 0; i < reply->steps->len; i++)
    {
      ScriptedStep *step = &g_array_index (reply->steps, ScriptedStep, i);

      if (step->bytes != NULL)
        length += g_bytes_get_size (step->bytes) * step->times;
    }

  g_string_printf (head, "HTTP/1.1 %u Scripted\r\n%s", reply->status, reply->headers->str);
  if (reply->chunked)
    g_string_append (head, "Transfer-Encoding: chunked\r\n");
  else if (!reply->has_length)
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n", length);
  g_string_append (head, "\r\n");

  return send_all (connection, head->str, head->len);
}

/* FALSE where the connection is at its end: by the script, by the client, or with the server. `aborted`
 * tells that it was not the script. */
static gboolean
play (Connection *connection, const ScriptedReply *reply, gboolean *aborted)
{
  *aborted = TRUE;
  if (!wait_for (connection, reply->head_wait) || !send_head (connection, reply))
    return FALSE;

  for (guint i = 0; i < reply->steps->len; i++)
    {
      ScriptedStep *step = &g_array_index (reply->steps, ScriptedStep, i);

      if (step->kind == SCRIPTED_CLOSE)
        {
          *aborted = FALSE;
          return FALSE;
        }
      if (step->kind == SCRIPTED_WAIT ? !wait_for (connection, step->wait)
                                      : !send_step (connection, reply, step))
        return FALSE;
    }

  if (reply->chunked && !send_all (connection, "0\r\n\r\n", 5))
    return FALSE;

  *aborted = FALSE;
  return reply->status != 0;
}

/* Choosing a reply. */

/* The nth reply of a list to its nth request, the last one from then on; (nullable). */
static JsonObject *
next_reply (ScriptedServer *server, const char *name, JsonArray *replies)
{
  guint length = replies != NULL ? json_array_get_length (replies) : 0;
  guint n;

  if (length == 0)
    return NULL;

  g_mutex_lock (&server->lock);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (server->uses, name));
  g_hash_table_replace (server->uses, g_strdup (name), GUINT_TO_POINTER (n + 1));
  g_mutex_unlock (&server->lock);

  return collate_json_element_object (replies, MIN (n, length - 1));
}

static JsonObject *
describe_model (ScriptedServer *server, const char *name, gboolean anthropic)
{
  JsonObject *entry = json_object_new ();
  gint64 context = collate_json_int (collate_json_object (server->script, "contexts"), name, 0);

  json_object_set_string_member (entry, "id", name);
  if (anthropic)
    {
      json_object_set_string_member (entry, "type", "model");
      json_object_set_string_member (entry, "display_name", name);
      json_object_set_string_member (entry, "created_at", "2026-11-22T00:00:00Z");
    }
  else
    {
      json_object_set_string_member (entry, "object", "model");
      json_object_set_int_member (entry, "created", 1795312205);
      json_object_set_string_member (entry, "owned_by", "scripted");
    }
  if (context > 0)
    json_object_set_int_member (entry, anthropic ? "max_input_tokens" : "max_model_len", context);

  return entry;
}

static ScriptedReply *
list_models (ScriptedServer *server, gboolean anthropic)
{
  JsonObject *models = collate_json_object (server->script, "models");
  JsonObject *body = json_object_new ();
  JsonArray *data = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObjectIter iter;
  const char *name;

  if (models != NULL)
    {
      json_object_iter_init_ordered (&iter, models);
      while (json_object_iter_next_ordered (&iter, &name, NULL))
        json_array_add_object_element (data, describe_model (server, name, anthropic));
    }
  if (anthropic)
    json_object_set_boolean_member (body, "has_more", FALSE);
  else
    json_object_set_string_member (body, "object", "list");
  json_object_set_array_member (body, "data", data);
  json_node_take_object (node, body);

  return scripted_reply_new_json (200, node);
}

/* Whether the request carries the key that the script asks for. */
static gboolean
is_allowed (ScriptedServer *server, Request *request)
{
  const char *key = collate_json_string (server->script, "key");
  const char *bearer = collate_json_string (request->headers, "authorization");

  return key == NULL || g_strcmp0 (collate_json_string (request->headers, "x-api-key"), key) == 0 ||
         (bearer != NULL && g_str_has_prefix (bearer, "Bearer ") && strcmp (bearer + 7, key) == 0);
}

static ScriptedReply *
choose_reply (ScriptedServer *server, Request *request)
{
  const char *model = collate_json_string (request->json, "model");
  g_autofree char *place = g_strdup_printf ("%s %s", request->method, request->path);
  gboolean anthropic = json_object_has_member (request->headers, "anthropic-version");
  ScriptedRequest asked = { request->json, model, anthropic || g_str_has_suffix (place, "/messages") };
  JsonObject *script;

  if (strcmp (place, "GET /__journal") == 0)
    {
      g_autofree char *journal = scripted_server_dup_journal (server);

      return scripted_reply_new_json (200, json_from_string (journal, NULL));
    }

  script =
      next_reply (server, place, collate_json_array (collate_json_object (server->script, "paths"), place));
  if (script != NULL)
    return scripted_reply_new (script, &asked);
  if (!is_allowed (server, request))
    return scripted_reply_new_error (401, "invalid key", "invalid_api_key", asked.anthropic);
  if (strcmp (request->method, "GET") == 0 && g_str_has_suffix (request->path, "/models"))
    return list_models (server, asked.anthropic);

  if (model != NULL)
    script = next_reply (
        server, model, collate_json_array (collate_json_object (server->script, "models"), model));
  if (script != NULL && strcmp (request->method, "POST") == 0)
    return scripted_reply_new (script, &asked);

  return scripted_reply_new_error (404, "no such model", "model_not_found", asked.anthropic);
}

/* The journal. */

static double
elapsed (ScriptedServer *server)
{
  return (g_get_monotonic_time () - server->started) / 1000.0;
}

/* Notes a request; (transfer none): it lives as long as the server. */
static JsonObject *
journal_open (ScriptedServer *server, Request *request)
{
  JsonObject *entry = json_object_new ();

  json_object_set_string_member (entry, "method", request->method);
  json_object_set_string_member (entry, "path", request->path);
  json_object_set_object_member (entry, "headers", json_object_ref (request->headers));
  if (request->json != NULL)
    json_object_set_object_member (entry, "body", json_object_ref (request->json));
  else
    json_object_set_string_member (entry, "body", request->body);

  g_mutex_lock (&server->lock);
  json_object_set_double_member (entry, "received_ms", elapsed (server));
  json_array_add_object_element (server->journal, entry);
  g_mutex_unlock (&server->lock);

  return entry;
}

static void
journal_close (ScriptedServer *server, JsonObject *entry, gboolean aborted)
{
  g_mutex_lock (&server->lock);
  json_object_set_double_member (entry, "done_ms", elapsed (server));
  json_object_set_boolean_member (entry, "aborted", aborted);
  g_mutex_unlock (&server->lock);
}

char *
scripted_server_dup_journal (ScriptedServer *server)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  char *text;

  g_mutex_lock (&server->lock);
  json_node_set_array (node, server->journal);
  text = collate_json_to_string (node, FALSE);
  g_mutex_unlock (&server->lock);

  return text;
}

/* Connections. */

static gboolean
serve_request (Connection *connection)
{
  g_auto (Request) request = { NULL };
  g_autoptr (ScriptedReply) reply = NULL;
  JsonObject *entry = NULL;
  gboolean aborted;
  gboolean alive;

  if (!read_request (connection, &request))
    return FALSE;

  if (!g_str_has_prefix (request.path, "/__"))
    entry = journal_open (connection->server, &request);
  reply = choose_reply (connection->server, &request);
  alive = play (connection, reply, &aborted);
  if (entry != NULL)
    journal_close (connection->server, entry, aborted);

  return alive;
}

static gpointer
serve_connection (gpointer data)
{
  Connection *connection = data;
  ScriptedServer *server = connection->server;

  while (serve_request (connection))
    ;

  g_socket_close (connection->socket, NULL);
  g_object_unref (connection->socket);
  g_string_free (connection->input, TRUE);
  g_free (connection);

  g_mutex_lock (&server->lock);
  server->n_connections--;
  g_cond_signal (&server->idle);
  g_mutex_unlock (&server->lock);

  return NULL;
}

static gpointer
accept_connections (gpointer data)
{
  ScriptedServer *server = data;
  GSocket *socket;

  while ((socket = g_socket_accept (server->listener, server->cancellable, NULL)) != NULL)
    {
      Connection *connection = g_new0 (Connection, 1);

      g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
      connection->server = server;
      connection->socket = socket;
      connection->input = g_string_new (NULL);
      g_mutex_lock (&server->lock);
      server->n_connections++;
      g_mutex_unlock (&server->lock);
      g_thread_unref (g_thread_new ("connection", serve_connection, connection));
    }

  return NULL;
}

static GSocket *
listen_on (guint16 port, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

ScriptedServer *
scripted_server_new (const char *script, gssize length, guint16 port, GError **error)
{
  g_autoptr (JsonObject) object = collate_json_parse_object (script, length, error);
  g_autoptr (GSocket) listener = object != NULL ? listen_on (port, error) : NULL;
  g_autoptr (GSocketAddress) address = listener != NULL ? g_socket_get_local_address (listener, error) : NULL;
  ScriptedServer *server;

  if (address == NULL)
    return NULL;

  server = g_new0 (ScriptedServer, 1);
  server->address = g_strdup_printf ("http://127.0.0.1:%u",
                                     g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  server->script = g_steal_pointer (&object);
  server->listener = g_steal_pointer (&listener);
  server->cancellable = g_cancellable_new ();
  server->started = g_get_monotonic_time ();
  server->uses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  server->journal = json_array_new ();
  g_mutex_init (&server->lock);
  g_cond_init (&server->idle);
  server->acceptor = g_thread_new ("acceptor", accept_connections, server);

  return server;
}

const char *
scripted_server_get_address (ScriptedServer *server)
{
  return server->address;
}

void
scripted_server_free (ScriptedServer *server)
{
  if (server == NULL)
    return;

  g_cancellable_cancel (server->cancellable);
  g_thread_join (server->acceptor);
  g_mutex_lock (&server->lock);
  while (server->n_connections > 0)
    g_cond_wait (&server->idle, &server->lock);
  g_mutex_unlock (&server->lock);

  g_socket_close (server->listener, NULL);
  g_object_unref (server->listener);
  g_object_unref (server->cancellable);
  g_hash_table_unref (server->uses);
  json_array_unref (server->journal);
  json_object_unref (server->script);
  g_mutex_clear (&server->lock);
  g_cond_clear (&server->idle);
  g_free (server->address);
  g_free (server);
}
