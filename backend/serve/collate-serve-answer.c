/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-answer.h"

#include "base/collate-json.h"

struct _CollateServeAnswer
{
  CollateHttpExchange *exchange;
  CollateServeRequest *request;
  char *model;
  char *id;
  gint64 created;
  GString *text; /* of a reply that is not streamed */
  GString *reasoning;
  JsonArray *calls;
  guint n_calls;  /* so far */
  gboolean begun; /* a stream */
};

/* The one choice: what was written, or the next piece of it. */
typedef struct
{
  const char *role; /* (nullable), as all of them */
  const char *text;
  const char *reasoning;
  JsonArray *calls;
  const char *reason; /* why it ended */
} Choice;

CollateServeAnswer *
collate_serve_answer_new (CollateHttpExchange *exchange, CollateServeRequest *request, const char *model)
{
  CollateServeAnswer *self = g_new0 (CollateServeAnswer, 1);
  g_autofree char *uuid = g_uuid_string_random ();

  self->exchange = g_object_ref (exchange);
  self->request = request;
  self->model = g_strdup (model);
  self->id = g_strconcat (request->form == COLLATE_SERVE_CHAT ? "chatcmpl-" : "cmpl-", uuid, NULL);
  self->created = g_get_real_time () / G_USEC_PER_SEC;
  self->text = g_string_new (NULL);
  self->reasoning = g_string_new (NULL);
  self->calls = json_array_new ();

  return self;
}

CollateHttpExchange *
collate_serve_answer_get_exchange (CollateServeAnswer *self)
{
  return self->exchange;
}

const CollateServeRequest *
collate_serve_answer_get_request (CollateServeAnswer *self)
{
  return self->request;
}

/* Opens the object, up to its choices. */
static JsonBuilder *
begin_object (CollateServeAnswer *self)
{
  JsonBuilder *builder = json_builder_new ();
  gboolean chat = self->request->form == COLLATE_SERVE_CHAT;

  json_builder_begin_object (builder);
  collate_json_add_string (builder, "id", self->id);
  collate_json_add_string (builder,
                           "object",
                           !chat                   ? "text_completion"
                           : self->request->stream ? "chat.completion.chunk"
                                                   : "chat.completion");
  collate_json_add_int (builder, "created", self->created);
  collate_json_add_string (builder, "model", self->model);
  json_builder_set_member_name (builder, "choices");
  json_builder_begin_array (builder);

  return builder;
}

/* A call as the client knows it again; in a stream it says which one it is. */
static void
add_call (CollateServeAnswer *self, JsonArray *calls, const CollateServePiece *piece)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *id = g_strconcat ("call_", uuid, NULL);

  json_builder_begin_object (builder);
  if (self->request->stream)
    collate_json_add_int (builder, "index", self->n_calls);
  collate_json_add_string (builder, "id", id);
  collate_json_add_string (builder, "type", "function");
  json_builder_set_member_name (builder, "function");
  json_builder_begin_object (builder);
  collate_json_add_string (builder, "name", piece->function);
  collate_json_add_string (builder, "arguments", piece->arguments);
  json_builder_end_object (builder);
  json_builder_end_object (builder);

  json_array_add_element (calls, json_builder_get_root (builder));
  self->n_calls++;
}

static void
add_calls (JsonBuilder *builder, JsonArray *calls)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_set_array (node, calls);
  json_builder_set_member_name (builder, "tool_calls");
  json_builder_add_value (builder, node);
}

static void
add_message (CollateServeAnswer *self, JsonBuilder *builder, const Choice *choice)
{
  json_builder_set_member_name (builder, self->request->stream ? "delta" : "message");
  json_builder_begin_object (builder);
  if (choice->role != NULL)
    collate_json_add_string (builder, "role", choice->role);
  if (choice->text != NULL)
    collate_json_add_string (builder, "content", choice->text);
  if (choice->reasoning != NULL)
    collate_json_add_string (builder, "reasoning_content", choice->reasoning);
  if (choice->calls != NULL)
    add_calls (builder, choice->calls);
  json_builder_end_object (builder);
}

static void
add_choice (CollateServeAnswer *self, JsonBuilder *builder, const Choice *choice)
{
  json_builder_begin_object (builder);
  collate_json_add_int (builder, "index", 0);
  if (self->request->form == COLLATE_SERVE_CHAT)
    add_message (self, builder, choice);
  else
    collate_json_add_string (builder, "text", choice->text != NULL ? choice->text : "");
  collate_json_add_string (builder, "logprobs", NULL);
  collate_json_add_string (builder, "finish_reason", choice->reason);
  json_builder_end_object (builder);
}

static void
add_details (JsonBuilder *builder, const char *member, const char *count, gint64 value)
{
  json_builder_set_member_name (builder, member);
  json_builder_begin_object (builder);
  collate_json_add_int (builder, count, value);
  json_builder_end_object (builder);
}

/* Where something was drafted, as llama.cpp's server tells it: OpenAI's accepted and rejected predictions are those of texts
 * that came with the request, and count as output even where they are wrong. */
static void
add_drafts (JsonBuilder *builder, const CollateGenerated *generated)
{
  if (generated->n_drafted == 0)
    return;
  json_builder_set_member_name (builder, "timings");
  json_builder_begin_object (builder);
  collate_json_add_int (builder, "draft_n", generated->n_drafted);
  collate_json_add_int (builder, "draft_n_accepted", generated->n_right);
  json_builder_end_object (builder);
}

/* Ends the choices, and the object. */
static char *
end_object (JsonBuilder *builder, const CollateServeOutcome *outcome, gboolean null_usage)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_array (builder);
  if (outcome != NULL)
    {
      json_builder_set_member_name (builder, "usage");
      json_builder_begin_object (builder);
      collate_json_add_int (builder, "prompt_tokens", outcome->n_prompt);
      collate_json_add_int (builder, "completion_tokens", outcome->generated.n_tokens);
      collate_json_add_int (builder, "total_tokens", outcome->n_prompt + outcome->generated.n_tokens);
      add_details (builder, "prompt_tokens_details", "cached_tokens", outcome->n_cached);
      add_details (builder, "completion_tokens_details", "reasoning_tokens", outcome->generated.n_reasoning);
      json_builder_end_object (builder);
      add_drafts (builder, &outcome->generated);
    }
  else if (null_usage)
    collate_json_add_string (builder, "usage", NULL);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);

  return collate_json_to_string (root, FALSE);
}

static void
send_choice (CollateServeAnswer *self, const Choice *choice)
{
  g_autoptr (JsonBuilder) builder = begin_object (self);
  g_autofree char *json = NULL;

  add_choice (self, builder, choice);
  json = end_object (builder, NULL, self->request->include_usage);
  collate_http_exchange_send_event (self->exchange, json);
}

static void
send_call (CollateServeAnswer *self, const CollateServePiece *piece)
{
  g_autoptr (JsonArray) calls = json_array_new ();

  add_call (self, calls, piece);
  send_choice (self, &(Choice){ .calls = calls });
}

static void
send_usage (CollateServeAnswer *self, const CollateServeOutcome *outcome)
{
  g_autoptr (JsonBuilder) builder = begin_object (self);
  g_autofree char *json = end_object (builder, outcome, FALSE);

  collate_http_exchange_send_event (self->exchange, json);
}

static void
begin_stream (CollateServeAnswer *self)
{
  self->begun = TRUE;
  collate_http_exchange_begin_events (self->exchange);
  if (self->request->form == COLLATE_SERVE_CHAT)
    send_choice (self, &(Choice){ .role = "assistant", .text = "" });
}

/* Of a reply that is not streamed. */
static void
keep_piece (CollateServeAnswer *self, const CollateServePiece *piece)
{
  if (piece->function != NULL)
    add_call (self, self->calls, piece);
  else if (piece->text != NULL)
    g_string_append (piece->reasoning ? self->reasoning : self->text, piece->text);
}

void
collate_serve_answer_add (CollateServeAnswer *self, const CollateServePiece *piece)
{
  if (!self->request->stream)
    keep_piece (self, piece);
  else if (piece->function != NULL)
    send_call (self, piece);
  else if (piece->text == NULL)
    begin_stream (self);
  else if (piece->reasoning)
    send_choice (self, &(Choice){ .reasoning = piece->text });
  else
    send_choice (self, &(Choice){ .text = piece->text });
}

static void
finish_stream (CollateServeAnswer *self, const CollateServeOutcome *outcome)
{
  send_choice (self, &(Choice){ .reason = outcome->reason });
  if (self->request->include_usage)
    send_usage (self, outcome);
  collate_http_exchange_send_event (self->exchange, "[DONE]");
  collate_http_exchange_end_events (self->exchange);
}

static char *
write_response (CollateServeAnswer *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  collate_json_add_string (builder, "response", self->text->str);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);

  return collate_json_to_string (root, FALSE);
}

static char *
write_whole (CollateServeAnswer *self, const CollateServeOutcome *outcome)
{
  g_autoptr (JsonBuilder) builder = begin_object (self);
  const Choice choice = {
    .role = "assistant",
    .text = self->text->str,
    .reasoning = self->reasoning->len > 0 ? self->reasoning->str : NULL,
    .calls = self->n_calls > 0 ? self->calls : NULL,
    .reason = outcome->reason,
  };

  add_choice (self, builder, &choice);

  return end_object (builder, outcome, FALSE);
}

void
collate_serve_answer_finish (CollateServeAnswer *self, const CollateServeOutcome *outcome)
{
  g_autofree char *json = NULL;

  if (self->request->stream)
    {
      finish_stream (self, outcome);
      return;
    }

  json = self->request->form == COLLATE_SERVE_GENERATE ? write_response (self) : write_whole (self, outcome);
  collate_http_exchange_reply (self->exchange, 200, NULL, json);
}

void
collate_serve_answer_fail (CollateServeAnswer *self, const CollateServeFault *fault)
{
  g_autofree char *json = collate_serve_fault_to_json (fault);

  if (!self->begun)
    {
      collate_http_exchange_reply (self->exchange, fault->status, NULL, json);
      return;
    }

  collate_http_exchange_send_event (self->exchange, json);
  collate_http_exchange_end_events (self->exchange);
}

void
collate_serve_answer_free (CollateServeAnswer *self)
{
  g_object_unref (self->exchange);
  collate_serve_request_free (self->request);
  g_string_free (self->text, TRUE);
  g_string_free (self->reasoning, TRUE);
  json_array_unref (self->calls);
  g_free (self->model);
  g_free (self->id);
  g_free (self);
}
