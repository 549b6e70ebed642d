/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-client-openai.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "clients/collate-wire.h"

struct _CollateClientOpenai
{
  CollateClient parent_instance;
};

G_DEFINE_FINAL_TYPE (CollateClientOpenai, collate_client_openai, COLLATE_TYPE_CLIENT)

/* The request. */

static void
add_message (JsonArray *messages, const char *role, const char *content)
{
  JsonObject *message = json_object_new ();

  json_object_set_string_member (message, "role", role);
  json_object_set_string_member (message, "content", content);
  json_array_add_object_element (messages, message);
}

static JsonObject *
build (CollateProvider *provider, const CollateRequest *request)
{
  JsonObject *body = json_object_new ();
  JsonArray *messages = json_array_new ();
  JsonObject *options = json_object_new ();

  if (request->system != NULL && *request->system != '\0')
    add_message (messages, "system", request->system);
  add_message (messages, "user", request->user != NULL ? request->user : "");
  json_object_set_boolean_member (options, "include_usage", TRUE);

  json_object_set_string_member (body, "model", collate_route_get_model (request->route));
  json_object_set_array_member (body, "messages", messages);
  if (request->max_output > 0)
    json_object_set_int_member (body, collate_provider_get_limit_name (provider), request->max_output);
  json_object_set_boolean_member (body, "stream", TRUE);
  json_object_set_object_member (body, "stream_options", options);

  return body;
}

static JsonObject *
build_thinking (const CollateRequest *request)
{
  JsonObject *members = json_object_new ();
  JsonObject *thinking = json_object_new ();

  json_object_set_string_member (thinking, "type", request->think ? "enabled" : "disabled");
  json_object_set_object_member (members, "thinking", thinking);

  return members;
}

/* The reply. */

static void
read_usage (CollateReply *reply, JsonObject *usage)
{
  CollateCounters *counters = &reply->counters;
  JsonObject *input = collate_json_object (usage, "prompt_tokens_details");
  JsonObject *output = collate_json_object (usage, "completion_tokens_details");
  JsonObject *costs = collate_json_object (usage, "cost_details");
  double cost = collate_json_double (usage, "cost", -1);

  if (usage == NULL)
    return;

  counters->inclusive = TRUE;
  collate_reply_count (&counters->input, usage, "prompt_tokens");
  collate_reply_count (&counters->cached, usage, "prompt_cache_hit_tokens");
  collate_reply_count (&counters->cached, input, "cached_tokens");
  collate_reply_count (&counters->write, input, "cache_write_tokens");
  collate_reply_count (&counters->output, usage, "completion_tokens");
  collate_reply_count (&counters->reasoning, output, "reasoning_tokens");
  collate_reply_count (&counters->total, usage, "total_tokens");

  /* Where the person's own key is used behind a router, its cost is the router's fee alone. */
  if (cost >= 0 && collate_json_boolean (usage, "is_byok", FALSE))
    cost += MAX (collate_json_double (costs, "upstream_inference_cost", 0), 0);
  if (cost >= 0)
    counters->reported = collate_money_from_usd (cost);

  collate_reply_tell_usage (reply);
}

/* llama.cpp's server and this program's own tell of the tokens that they drafted. What OpenAI's usage calls predictions is
 * another thing: texts that came with the request. */
static void
read_timings (CollateReply *reply, JsonObject *timings)
{
  collate_reply_count (&reply->counters.drafted, timings, "draft_n");
  collate_reply_count (&reply->counters.drafts_right, timings, "draft_n_accepted");
}

/* Reasoning goes by three names; where a server sends more than one, they hold the same text. */
static void
read_reasoning (CollateReply *reply, JsonObject *delta)
{
  const char *content = collate_json_string (delta, "reasoning_content");
  const char *reasoning = collate_json_string (delta, "reasoning");
  JsonArray *details = collate_json_array (delta, "reasoning_details");

  if (content != NULL || reasoning != NULL)
    {
      collate_reply_add_reasoning (reply, content != NULL && *content != '\0' ? content : reasoning);
      return;
    }

  for (guint i = 0; details != NULL && i < json_array_get_length (details); i++)
    {
      JsonObject *detail = collate_json_element_object (details, i);

      collate_reply_add_reasoning (reply, collate_json_string (detail, "text"));
      collate_reply_add_reasoning (reply, collate_json_string (detail, "summary"));
    }
}

static void
read_message (CollateReply *reply, JsonObject *message)
{
  read_reasoning (reply, message);
  collate_reply_add_text (reply, collate_json_string (message, "content"));
  collate_reply_add_refusal (reply, collate_json_string (message, "refusal"));
}

static void
read_choices (CollateReply *reply, JsonArray *choices, const char *member)
{
  for (guint i = 0; choices != NULL && i < json_array_get_length (choices); i++)
    {
      JsonObject *choice = collate_json_element_object (choices, i);

      if (collate_json_int (choice, "index", 0) != 0)
        continue;
      read_message (reply, collate_json_object (choice, member));
      collate_reply_set_finish (reply, collate_json_string (choice, "finish_reason"));
    }
}

static gboolean
is_error (JsonObject *data)
{
  return collate_json_object (data, "error") != NULL || collate_json_string (data, "error") != NULL ||
         g_strcmp0 (collate_json_string (data, "object"), "error") == 0;
}

static void
read_body (CollateReply *reply, JsonObject *data, const char *member)
{
  collate_reply_set_model (reply, collate_json_string (data, "model"));
  read_choices (reply, collate_json_array (data, "choices"), member);
  read_timings (reply, collate_json_object (data, "timings"));
  read_usage (reply, collate_json_object (data, "usage"));
  if (is_error (data))
    collate_reply_fail_by_server (reply, data, NULL);
}

static void
read_event (CollateReply *reply, const char *event, JsonObject *data)
{
  if (strcmp (event, "error") == 0)
    collate_reply_fail_by_server (reply, data, NULL);
  else
    read_body (reply, data, "delta");
}

static void
read_whole (CollateReply *reply, JsonObject *body)
{
  read_body (reply, body, "message");
}

static const CollateWire wire = {
  .path = "/chat/completions",
  .key_header = "Authorization",
  .key_prefix = "Bearer ",
  .headers = (const char *const[]){ NULL },
  .needed = (const char *const[]){ "model", "messages", "stream", NULL },
  .build = build,
  .build_thinking = build_thinking,
  .read_event = read_event,
  .read_whole = read_whole,
};

static void
collate_client_openai_attempt_async (CollateClient *client,
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
collate_client_openai_class_init (CollateClientOpenaiClass *klass)
{
  CollateClientClass *client_class = COLLATE_CLIENT_CLASS (klass);

  client_class->attempt_async = collate_client_openai_attempt_async;
  client_class->attempt_finish = collate_wire_attempt_finish;
}

static void
collate_client_openai_init (CollateClientOpenai *self)
{
}
