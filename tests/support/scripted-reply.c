/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "scripted-reply.h"

#include <string.h>

#include "base/collate-json.h"

/* From a script's object to the head and the steps that are played. */

static void
step_clear (ScriptedStep *step)
{
  g_clear_pointer (&step->bytes, g_bytes_unref);
}

static ScriptedReply *
reply_new (guint status)
{
  ScriptedReply *reply = g_new0 (ScriptedReply, 1);

  reply->status = status;
  reply->headers = g_string_new (NULL);
  reply->steps = g_array_new (FALSE, TRUE, sizeof (ScriptedStep));
  g_array_set_clear_func (reply->steps, (GDestroyNotify) step_clear);

  return reply;
}

void
scripted_reply_free (ScriptedReply *reply)
{
  g_string_free (reply->headers, TRUE);
  g_array_unref (reply->steps);
  g_free (reply);
}

static void
add_bytes (ScriptedReply *reply, GBytes *bytes, guint times)
{
  ScriptedStep step = { SCRIPTED_SEND, bytes, times, 0 };

  g_array_append_val (reply->steps, step);
}

void
scripted_reply_add_text (ScriptedReply *reply, const char *text)
{
  add_bytes (reply, g_bytes_new (text, strlen (text)), 1);
}

void
scripted_reply_add_wait (ScriptedReply *reply, gint64 wait)
{
  ScriptedStep step = { SCRIPTED_WAIT, NULL, 0, wait };

  if (wait > 0)
    g_array_append_val (reply->steps, step);
}

void
scripted_reply_add_close (ScriptedReply *reply)
{
  ScriptedStep step = { SCRIPTED_CLOSE, NULL, 0, 0 };

  g_array_append_val (reply->steps, step);
}

void
scripted_reply_add_header (ScriptedReply *reply, const char *name, const char *value)
{
  g_string_append_printf (reply->headers, "%s: %s\r\n", name, value);
  reply->has_length |= g_ascii_strcasecmp (name, "content-length") == 0;
}

static void
add_scripted_headers (ScriptedReply *reply, JsonObject *headers)
{
  JsonObjectIter iter;
  const char *name;

  if (headers == NULL)
    return;

  json_object_iter_init_ordered (&iter, headers);
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    scripted_reply_add_header (reply, name, collate_json_string (headers, name));
}

static void
add_scripted_step (ScriptedReply *reply, JsonObject *script)
{
  const char *text = collate_json_string (script, "send");
  const char *base64 = collate_json_string (script, "send_base64");
  guint times = collate_json_int (script, "times", 1);

  if (text != NULL)
    add_bytes (reply, g_bytes_new (text, strlen (text)), times);
  if (base64 != NULL)
    {
      gsize length;
      guchar *data = g_base64_decode (base64, &length);

      add_bytes (reply, g_bytes_new_take (data, length), times);
    }
  scripted_reply_add_wait (reply, collate_json_double (script, "wait_ms", 0) * 1000);
  if (collate_json_boolean (script, "close", FALSE))
    scripted_reply_add_close (reply);
}

/* Objects are events, by the name that their "type" gives in Anthropic's format; strings are bytes as they
 * are. */
static void
add_scripted_events (ScriptedReply *reply, JsonArray *events, gboolean anthropic)
{
  reply->chunked = TRUE;
  scripted_reply_add_header (reply, "Content-Type", "text/event-stream");
  for (guint i = 0; i < json_array_get_length (events); i++)
    {
      JsonNode *event = json_array_get_element (events, i);
      const char *type = collate_json_string (collate_json_element_object (events, i), "type");
      g_autofree char *data = collate_json_to_string (event, FALSE);
      g_autofree char *text = anthropic && type != NULL
                                  ? g_strdup_printf ("event: %s\ndata: %s\n\n", type, data)
                                  : g_strdup_printf ("data: %s\n\n", data);
      const char *raw = collate_json_element_string (events, i);

      scripted_reply_add_text (reply, raw != NULL ? raw : text);
    }
}

/* The type that Anthropic gives an error of this status. */
static const char *
anthropic_error_type (guint status)
{
  static const struct
  {
    guint status;
    const char *type;
  } types[] = {
    { 401, "authentication_error" }, { 402, "billing_error" },  { 403, "permission_error" },
    { 404, "not_found_error" },      { 409, "conflict_error" }, { 413, "request_too_large" },
    { 429, "rate_limit_error" },     { 504, "timeout_error" },  { 529, "overloaded_error" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].status == status)
      return types[i].type;

  return status >= 500 ? "api_error" : "invalid_request_error";
}

static void
add_error_member (JsonObject *error, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (error, name, value);
  else
    json_object_set_null_member (error, name);
}

static JsonNode *
error_body (JsonObject *script, guint status, gboolean anthropic)
{
  JsonObject *body = json_object_new ();
  JsonObject *error = json_object_new ();
  const char *message = collate_json_string (script, "message");
  const char *type = collate_json_string (script, "type");
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_object_set_string_member (error, "message", message != NULL ? message : "scripted error");
  if (anthropic)
    {
      json_object_set_string_member (error, "type", type != NULL ? type : anthropic_error_type (status));
      json_object_set_string_member (body, "type", "error");
      json_object_set_string_member (body, "request_id", "req_scripted");
    }
  else
    {
      add_error_member (error, "type", type);
      add_error_member (error, "param", collate_json_string (script, "param"));
      add_error_member (error, "code", collate_json_string (script, "code"));
    }
  json_object_set_object_member (body, "error", error);
  json_node_take_object (node, body);

  return node;
}

ScriptedReply *
scripted_reply_new_json (guint status, JsonNode *node)
{
  ScriptedReply *reply = reply_new (status);
  g_autofree char *text = collate_json_to_string (node, FALSE);

  scripted_reply_add_header (reply, "Content-Type", "application/json");
  scripted_reply_add_text (reply, text);
  json_node_unref (node);

  return reply;
}

static ScriptedReply *
reply_from_error (JsonObject *script, JsonObject *headers, gboolean anthropic)
{
  guint status = collate_json_int (script, "status", 500);
  const char *retry_after = collate_json_string (script, "retry_after");
  ScriptedReply *reply = scripted_reply_new_json (status, error_body (script, status, anthropic));

  if (retry_after != NULL)
    scripted_reply_add_header (reply, "Retry-After", retry_after);
  add_scripted_headers (reply, headers);

  return reply;
}

ScriptedReply *
scripted_reply_new_error (guint status, const char *message, const char *code, gboolean anthropic)
{
  g_autoptr (JsonObject) script = json_object_new ();

  json_object_set_int_member (script, "status", status);
  json_object_set_string_member (script, "message", message);
  json_object_set_string_member (script, "code", code);

  return reply_from_error (script, NULL, anthropic);
}

ScriptedReply *
scripted_reply_new (JsonObject *script, const ScriptedRequest *request)
{
  JsonObject *answer = collate_json_object (script, "answer");
  JsonObject *error = collate_json_object (script, "error");
  JsonObject *headers = collate_json_object (script, "headers");
  JsonArray *events = collate_json_array (script, "events");
  JsonArray *steps = collate_json_array (script, "steps");
  ScriptedReply *reply;

  if (error != NULL)
    return reply_from_error (error, headers, request->anthropic);

  reply = reply_new (collate_json_int (script, "status", 200));
  reply->head_wait = collate_json_double (script, "head_wait_ms", 0) * 1000;
  reply->chunked = collate_json_boolean (script, "chunked", FALSE);
  add_scripted_headers (reply, headers);
  if (answer != NULL)
    scripted_reply_write_answer (reply, answer, request);
  if (events != NULL)
    add_scripted_events (reply, events, request->anthropic);
  for (guint i = 0; steps != NULL && i < json_array_get_length (steps); i++)
    add_scripted_step (reply, collate_json_element_object (steps, i));

  return reply;
}
