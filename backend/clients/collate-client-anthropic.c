/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-client-anthropic.h"

#include <string.h>

#include "base/collate-json.h"
#include "clients/collate-wire.h"

struct _CollateClientAnthropic
{
  CollateClient parent_instance;
};

G_DEFINE_FINAL_TYPE (CollateClientAnthropic, collate_client_anthropic, COLLATE_TYPE_CLIENT)

#define DEFAULT_OUTPUT 4096 /* the limit is required */
#define LEAST_BUDGET 1024

/* The request. */

static JsonArray *
build_text_block (const char *text)
{
  JsonArray *blocks = json_array_new ();
  JsonObject *block = json_object_new ();

  json_object_set_string_member (block, "type", "text");
  json_object_set_string_member (block, "text", text);
  json_array_add_object_element (blocks, block);

  return blocks;
}

static gint64
get_max_output (const CollateRequest *request)
{
  return request->max_output > 0 ? request->max_output : DEFAULT_OUTPUT;
}

static JsonObject *
build (CollateProvider *provider, const CollateRequest *request)
{
  JsonObject *body = json_object_new ();
  JsonArray *messages = json_array_new ();
  JsonObject *message = json_object_new ();

  json_object_set_string_member (message, "role", "user");
  json_object_set_array_member (
      message, "content", build_text_block (request->user != NULL ? request->user : ""));
  json_array_add_object_element (messages, message);

  json_object_set_string_member (body, "model", collate_route_get_model (request->route));
  json_object_set_int_member (body, "max_tokens", get_max_output (request));
  if (request->system != NULL && *request->system != '\0')
    json_object_set_array_member (body, "system", build_text_block (request->system));
  json_object_set_array_member (body, "messages", messages);
  json_object_set_boolean_member (body, "stream", TRUE);

  return body;
}

/* Half of the limit is for thinking; a limit that leaves no room for it has none. */
static JsonObject *
build_thinking (const CollateRequest *request)
{
  gint64 limit = get_max_output (request);
  JsonObject *members, *thinking;

  if (!request->think || limit <= LEAST_BUDGET)
    return NULL;

  members = json_object_new ();
  thinking = json_object_new ();
  json_object_set_string_member (thinking, "type", "enabled");
  json_object_set_int_member (thinking, "budget_tokens", MAX (LEAST_BUDGET, limit / 2));
  json_object_set_object_member (members, "thinking", thinking);

  return members;
}

/* The reply. */

/* Counters are cumulative: what comes later, and is not null, replaces what came before. */
static void
read_usage (CollateReply *reply, JsonObject *usage)
{
  CollateCounters *counters = &reply->counters;
  JsonObject *output = collate_json_object (usage, "output_tokens_details");

  if (usage == NULL)
    return;

  collate_reply_count (&counters->input, usage, "input_tokens");
  collate_reply_count (&counters->cached, usage, "cache_read_input_tokens");
  collate_reply_count (&counters->write, usage, "cache_creation_input_tokens");
  collate_reply_count (
      &counters->write_1h, collate_json_object (usage, "cache_creation"), "ephemeral_1h_input_tokens");
  collate_reply_count (&counters->output, usage, "output_tokens");
  collate_reply_count (&counters->reasoning, output, "thinking_tokens");
  collate_reply_tell_usage (reply);
}

/* A block as a whole, or as it starts; redacted thinking has nothing to show. */
static void
read_block (CollateReply *reply, JsonObject *block)
{
  collate_reply_add_reasoning (reply, collate_json_string (block, "thinking"));
  if (g_strcmp0 (collate_json_string (block, "type"), "text") == 0)
    collate_reply_add_text (reply, collate_json_string (block, "text"));
}

static void
read_delta (CollateReply *reply, JsonObject *delta)
{
  const char *type = collate_json_string (delta, "type");

  if (g_strcmp0 (type, "text_delta") == 0)
    collate_reply_add_text (reply, collate_json_string (delta, "text"));
  else if (g_strcmp0 (type, "thinking_delta") == 0)
    collate_reply_add_reasoning (reply, collate_json_string (delta, "thinking"));
}

static void
read_stop (CollateReply *reply, JsonObject *object)
{
  JsonObject *details = collate_json_object (object, "stop_details");

  collate_reply_add_refusal (reply, collate_json_string (details, "explanation"));
  if (reply->refusal->len == 0)
    collate_reply_add_refusal (reply, collate_json_string (details, "category"));
  collate_reply_set_finish (reply, collate_json_string (object, "stop_reason"));
}

static void
read_event (CollateReply *reply, const char *event, JsonObject *data)
{
  const char *type = collate_json_string (data, "type");
  JsonObject *message = collate_json_object (data, "message");

  if (strcmp (event, "error") == 0 || g_strcmp0 (type, "error") == 0 ||
      collate_json_object (data, "error") != NULL)
    collate_reply_fail_by_server (reply, data, NULL);
  else if (g_strcmp0 (type, "message_start") == 0)
    {
      collate_reply_set_model (reply, collate_json_string (message, "model"));
      read_usage (reply, collate_json_object (message, "usage"));
    }
  else if (g_strcmp0 (type, "content_block_start") == 0)
    read_block (reply, collate_json_object (data, "content_block"));
  else if (g_strcmp0 (type, "content_block_delta") == 0)
    read_delta (reply, collate_json_object (data, "delta"));
  else if (g_strcmp0 (type, "message_delta") == 0)
    {
      read_stop (reply, collate_json_object (data, "delta"));
      read_usage (reply, collate_json_object (data, "usage"));
    }
  else if (g_strcmp0 (type, "message_stop") == 0)
    reply->closed = TRUE;
}

static void
read_whole (CollateReply *reply, JsonObject *body)
{
  JsonArray *content = collate_json_array (body, "content");

  if (collate_json_object (body, "error") != NULL || collate_json_string (body, "error") != NULL)
    {
      collate_reply_fail_by_server (reply, body, NULL);
      return;
    }

  collate_reply_set_model (reply, collate_json_string (body, "model"));
  for (guint i = 0; content != NULL && i < json_array_get_length (content); i++)
    read_block (reply, collate_json_element_object (content, i));
  read_stop (reply, body);
  read_usage (reply, collate_json_object (body, "usage"));
}

static const CollateWire wire = {
  .path = "/v1/messages",
  .key_header = "x-api-key",
  .key_prefix = "",
  .headers = (const char *const[]){ "anthropic-version", "2023-06-01", NULL },
  .needed = (const char *const[]){ "model", "max_tokens", "system", "messages", "stream", NULL },
  .build = build,
  .build_thinking = build_thinking,
  .read_event = read_event,
  .read_whole = read_whole,
  .bare_429_is_quota = TRUE,
};

static void
collate_client_anthropic_attempt_async (CollateClient *client,
                                        const CollateRequest *request,
                                        CollateEventFunc on_event,
                                        gpointer event_data,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  collate_wire_attempt_async (&wire, client, request, on_event, event_data, cancellable, callback, user_data);
}

static void
collate_client_anthropic_class_init (CollateClientAnthropicClass *klass)
{
  CollateClientClass *client_class = COLLATE_CLIENT_CLASS (klass);

  client_class->attempt_async = collate_client_anthropic_attempt_async;
  client_class->attempt_finish = collate_wire_attempt_finish;
}

static void
collate_client_anthropic_init (CollateClientAnthropic *self)
{
}
