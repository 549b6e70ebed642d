/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-wire.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "net/collate-sse.h"

#define MAX_EVENT (16 * 1024 * 1024)
#define MAX_REPLY (64 * 1024 * 1024)
#define MAX_ERROR_BODY (64 * 1024)

/* One POST and its reply: the data of its task. */
typedef struct
{
  const CollateWire *wire;
  CollateReply *reply;
  CollateSse *sse;     /* from the first byte that shows a stream */
  GByteArray *whole;   /* from the first byte that shows no stream */
  gboolean has_events; /* the server spoke of something */
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  g_clear_pointer (&exchange->sse, collate_sse_free);
  g_clear_pointer (&exchange->whole, g_byte_array_unref);
  collate_reply_free (exchange->reply);
  g_free (exchange);
}

/* The request. */

static void
merge (JsonObject *body, JsonObject *members)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (members == NULL)
    return;

  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    if (!json_object_has_member (body, name))
      json_object_set_member (body, name, json_node_copy (node));
}

static void
add_thinking (JsonObject *body, const CollateWire *wire, const CollateRequest *request)
{
  JsonObject *named;
  g_autoptr (JsonObject) usual = NULL;

  if (request->can_think != COLLATE_THINKING_SWITCH)
    return;

  named = collate_route_get_thinking (request->route, request->think);
  if (named == NULL)
    usual = wire->build_thinking (request);
  merge (body, named != NULL ? named : usual);
}

static void
tell_dropped (CollateReply *reply, const char *name)
{
  const CollateEvent event = { .kind = COLLATE_EVENT_DROPPED, .time = g_get_monotonic_time (), .text = name };

  reply->on_event (&event, reply->event_data);
}

/* Leaves out what the server refuses, puts in what it names instead, and tells of it. */
static void
drop_refused (CollateReply *reply, CollateClient *client, const char *model)
{
  g_autoptr (JsonObject) sent = g_steal_pointer (&reply->sent);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  reply->sent = json_object_new ();
  json_object_iter_init_ordered (&iter, sent);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      const char *instead = collate_client_get_refused (client, model, name);

      if (instead != NULL)
        tell_dropped (reply, name);
      if (instead != NULL && *instead != '\0' && collate_client_get_refused (client, model, instead) != NULL)
        {
          tell_dropped (reply, instead);
          instead = "";
        }
      if (instead == NULL || *instead != '\0')
        json_object_set_member (reply->sent, instead != NULL ? instead : name, json_node_copy (node));
    }
}

static GBytes *
build_body (Exchange *exchange, CollateClient *client, const CollateRequest *request)
{
  CollateReply *reply = exchange->reply;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  char *text;

  reply->needed = exchange->wire->needed;
  reply->sent = exchange->wire->build (collate_client_get_provider (client), request);
  add_thinking (reply->sent, exchange->wire, request);
  drop_refused (reply, client, collate_route_get_model (request->route));
  json_node_set_object (node, reply->sent);
  text = collate_json_to_string (node, FALSE);

  return g_bytes_new_take (text, strlen (text));
}

/* Names and values in turn; (transfer full). */
static GStrv
build_headers (const CollateWire *wire, const char *key)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add_many (builder, "Accept", "text/event-stream, application/json", NULL);
  g_strv_builder_addv (builder, (const char **) wire->headers);
  if (key != NULL)
    {
      g_autofree char *value = g_strconcat (wire->key_prefix, key, NULL);

      g_strv_builder_add_many (builder, wire->key_header, value, NULL);
    }

  return g_strv_builder_end (builder);
}

/* The reply. */

static gboolean
event_cb (const char *event, const char *data, gsize length, gpointer user_data)
{
  Exchange *exchange = user_data;
  CollateReply *reply = exchange->reply;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;

  if (length == 0)
    return TRUE;

  exchange->has_events = TRUE;
  if (strcmp (data, "[DONE]") == 0)
    reply->closed = TRUE;
  else if ((object = collate_json_parse_object (data, length, &error)) != NULL)
    exchange->wire->read_event (reply, event, object);
  else if (strcmp (event, "error") == 0)
    collate_reply_fail_by_server (reply, NULL, data);
  else
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "malformed event: %s", error->message);

  return !collate_reply_is_over (reply);
}

static void
head_cb (guint status, GHashTable *headers, gint64 time, gpointer user_data)
{
  Exchange *exchange = user_data;
  CollateReply *reply = exchange->reply;
  const CollateEvent event = { .kind = COLLATE_EVENT_HEAD, .time = time, .number = status };

  reply->status = status;
  reply->verdict.status = status;
  reply->retry_after = collate_http_get_retry_after (headers);
  reply->should_retry = g_strdup (g_hash_table_lookup (headers, "x-should-retry"));
  reply->on_event (&event, reply->event_data);
}

/* A stream of events, an object in its place, or the body of an error: servers that ignore "stream" are told
 * by the first byte that is no white space (some send empty lines while one waits). */
static void
choose_reader (Exchange *exchange, const guint8 **data, gsize *length)
{
  while (*length > 0 && g_ascii_isspace (**data))
    {
      (*data)++;
      (*length)--;
    }
  if (*length == 0)
    return;

  if (exchange->reply->status / 100 != 2 || **data == '{')
    exchange->whole = g_byte_array_new ();
  else
    exchange->sse = collate_sse_new (event_cb, exchange, MAX_EVENT);
}

static gboolean
data_cb (const guint8 *data, gsize length, gint64 time, gpointer user_data)
{
  Exchange *exchange = user_data;
  CollateReply *reply = exchange->reply;
  g_autoptr (GError) error = NULL;

  reply->time = time;
  if (exchange->sse == NULL && exchange->whole == NULL)
    choose_reader (exchange, &data, &length);
  if (length == 0)
    return TRUE;

  if (exchange->sse != NULL && !collate_sse_push (exchange->sse, data, length, &error))
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "%s", error->message);
  if (exchange->whole == NULL)
    return !collate_reply_is_over (reply);

  g_byte_array_append (exchange->whole, data, length);
  if (reply->status / 100 != 2)
    return exchange->whole->len < MAX_ERROR_BODY;
  if (exchange->whole->len > MAX_EVENT)
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "a reply of more than %d bytes", MAX_EVENT);

  return !collate_reply_is_over (reply);
}

/* Reads a reply that came in one piece. */
static void
read_whole (Exchange *exchange)
{
  CollateReply *reply = exchange->reply;
  g_autofree char *text = g_strndup ((const char *) exchange->whole->data, exchange->whole->len);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) body = collate_json_parse_object (text, exchange->whole->len, &error);

  if (reply->status / 100 != 2)
    collate_reply_fail_by_server (reply, body, text);
  else if (body == NULL)
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "malformed reply: %s", error->message);
  else
    exchange->wire->read_whole (reply, body);
}

/* The server's own account of a spent account: Anthropic's only 429 that names no time. */
static void
mend_bare_429 (Exchange *exchange)
{
  CollateReply *reply = exchange->reply;

  if (!exchange->wire->bare_429_is_quota || reply->status != 429 || reply->retry_after >= 0 ||
      reply->error == NULL || reply->error->code != COLLATE_ERROR_RATE)
    return;

  reply->error->code = COLLATE_ERROR_QUOTA;
  reply->verdict.again = FALSE;
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  CollateReply *reply = exchange->reply;
  g_autoptr (GError) error = NULL;

  collate_http_send_finish (COLLATE_HTTP (source), result, &error);
  if (error != NULL && error->code == COLLATE_ERROR_STOPPED)
    collate_reply_fail (reply, COLLATE_ERROR_STOPPED, "stopped");
  else if (exchange->whole != NULL && (error == NULL || reply->status / 100 != 2))
    read_whole (exchange);
  else if (reply->status != 0 && reply->status / 100 != 2)
    collate_reply_fail_by_server (reply, NULL, NULL);
  else if (exchange->sse != NULL && !exchange->has_events && error == NULL)
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "the reply is no stream of events");
  else if (error == NULL && reply->finish == NULL && exchange->sse != NULL &&
           collate_sse_has_rest (exchange->sse))
    collate_reply_fail (reply, COLLATE_ERROR_PROTOCOL, "the stream was cut inside an event");
  mend_bare_429 (exchange);
  collate_reply_judge (reply, error);

  if (reply->error != NULL)
    g_task_return_error (task, g_error_copy (reply->error));
  else
    g_task_return_boolean (task, TRUE);
}

void
collate_wire_attempt_async (const CollateWire *wire,
                            CollateClient *client,
                            const CollateRequest *request,
                            CollateEventFunc on_event,
                            gpointer event_data,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  static const CollateHttpHandler handler = { head_cb, data_cb };
  GTask *task = g_task_new (client, cancellable, callback, user_data);
  Exchange *exchange = g_new0 (Exchange, 1);
  const char *address = collate_provider_get_base_url (collate_client_get_provider (client));
  g_autofree char *url = g_strconcat (address, wire->path, NULL);
  g_auto (GStrv) headers = build_headers (wire, request->key);
  g_autoptr (GBytes) body = NULL;
  CollateHttpRequest http_request = { .method = "POST", .url = url, .max_bytes = MAX_REPLY };

  g_task_set_source_tag (task, collate_wire_attempt_async);
  g_task_set_check_cancellable (task, FALSE);
  exchange->wire = wire;
  exchange->reply = collate_reply_new (on_event, event_data, cancellable);
  g_task_set_task_data (task, exchange, (GDestroyNotify) exchange_free);

  body = build_body (exchange, client, request);
  http_request.headers = (const char *const *) headers;
  http_request.body = body;
  http_request.idle_timeout = collate_client_get_idle_timeout (client);
  collate_http_send_async (
      collate_client_get_http (client), &http_request, &handler, exchange, cancellable, sent_cb, task);
}

gboolean
collate_wire_attempt_finish (CollateClient *client,
                             GAsyncResult *result,
                             CollateVerdict *verdict,
                             GError **error)
{
  Exchange *exchange = g_task_get_task_data (G_TASK (result));

  *verdict = exchange->reply->verdict;
  exchange->reply->verdict.refused = NULL;
  exchange->reply->verdict.instead = NULL;

  return g_task_propagate_boolean (G_TASK (result), error);
}
