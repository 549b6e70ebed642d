/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-request.h"

#include <string.h>

#include "base/collate-json.h"
#include "serve/collate-serve-messages.h"

/* A member that is null is one that is missing, as clients mean it. One of another type is a fault, and so is one that
 * asks for what is not done here: an answer that ignored it would look right. `model` alone is not looked at: one model
 * is served, and programs have names of others built in. */

#define MAX_TEMPERATURE 2.0
#define MAX_STOPS 4
#define MAX_STOP_BYTES 1024
#define COMPLETION_TOKENS 16 /* OpenAI's default */

static JsonNode *
find (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && (json_node_get_value_type (node) == G_TYPE_INT64 ||
                                          json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

static gboolean
read_number (JsonObject *object, const char *member, double max, double *value, CollateServeFault *fault)
{
  JsonNode *node = find (object, member);

  if (node == NULL)
    return TRUE;
  *value = is_number (node) ? json_node_get_double (node) : -1;
  if (*value >= 0 && *value <= max)
    return TRUE;

  return collate_serve_fault_set (
      fault, 400, member, "invalid_value", "'%s' must be a number from 0 to %g.", member, max);
}

static gboolean
read_integer (JsonObject *object, const char *member, gint64 min, gint64 *value, CollateServeFault *fault)
{
  JsonNode *node = find (object, member);

  if (node == NULL)
    return TRUE;
  if (!is_number (node) || json_node_get_double (node) < -9e18 || json_node_get_double (node) > 9e18 ||
      json_node_get_double (node) != (double) collate_json_int (object, member, G_MININT64) ||
      collate_json_int (object, member, G_MININT64) < min)
    return collate_serve_fault_refuse (fault, member, min > 0 ? "a positive integer" : "an integer");
  *value = collate_json_int (object, member, 0);

  return TRUE;
}

static gboolean
read_boolean (JsonObject *object, const char *member, gboolean *value, CollateServeFault *fault)
{
  JsonNode *node = find (object, member);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return collate_serve_fault_refuse (fault, member, "true or false");
  *value = json_node_get_boolean (node);

  return TRUE;
}

static gboolean
add_stop (GStrvBuilder *builder, JsonNode *node, CollateServeFault *fault)
{
  const char *stop = is_string (node) ? json_node_get_string (node) : NULL;

  if (stop == NULL || *stop == '\0' || strlen (stop) > MAX_STOP_BYTES)
    return collate_serve_fault_refuse (fault, "stop", "a text that is not empty, or up to four of them");
  g_strv_builder_add (builder, stop);

  return TRUE;
}

static gboolean
read_stops (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonNode *node = find (object, "stop");
  JsonArray *array = collate_json_array (object, "stop");

  if (node == NULL)
    return TRUE;
  if (array == NULL && !add_stop (builder, node, fault))
    return FALSE;
  if (array != NULL && json_array_get_length (array) > MAX_STOPS)
    return collate_serve_fault_refuse (fault, "stop", "a text that is not empty, or up to four of them");
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (!add_stop (builder, json_array_get_element (array, i), fault))
      return FALSE;
  self->stops = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
read_sampling (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  gint64 seed = g_random_int ();

  if (!read_number (object, "temperature", MAX_TEMPERATURE, &self->sampling.temperature, fault) ||
      !read_number (object, "top_p", 1.0, &self->sampling.top_p, fault) ||
      !read_integer (object, "seed", G_MININT64, &seed, fault))
    return FALSE;
  self->sampling.seed = (guint64) seed;
  /* To the sampler 0 means all, to a client next to nothing. */
  if (find (object, "top_p") != NULL && self->sampling.top_p <= 0)
    self->sampling.top_p = G_MINDOUBLE;

  return TRUE;
}

static gboolean
read_stream (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  JsonObject *options = collate_json_object (object, "stream_options");

  if (!read_boolean (object, "stream", &self->stream, fault))
    return FALSE;
  if (self->stream && self->form == COLLATE_SERVE_GENERATE)
    return collate_serve_fault_refuse_unsupported (fault, "stream");
  if (options == NULL && find (object, "stream_options") != NULL)
    return collate_serve_fault_refuse (fault, "stream_options", "an object");

  return options == NULL || read_boolean (options, "include_usage", &self->include_usage, fault);
}

/* TRUE where the member asks for nothing: false, 0, an empty list or object, or what is done anyway. */
static gboolean
is_neutral (JsonNode *node, double number, const char *word)
{
  JsonObject *object;

  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node)) == 0;
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      object = json_node_get_object (node);
      return json_object_get_size (object) == 0 ||
             (word != NULL && g_strcmp0 (collate_json_string (object, "type"), word) == 0);
    }
  if (is_string (node))
    return g_strcmp0 (json_node_get_string (node), word) == 0;
  if (is_number (node))
    return json_node_get_double (node) == number;

  return !json_node_get_boolean (node);
}

static gboolean
check_unsupported (JsonObject *object, CollateServeFault *fault)
{
  static const struct
  {
    const char *member;
    double number;
    const char *word;
  } parameters[] = {
    { "n", 1, NULL },          { "best_of", 1, NULL },          { "echo", 0, NULL },
    { "suffix", 0, "" },       { "logprobs", -1, NULL },        { "top_logprobs", 0, NULL },
    { "logit_bias", 0, NULL }, { "presence_penalty", 0, NULL }, { "frequency_penalty", 0, NULL },
    { "functions", 0, NULL },  { "function_call", 0, "none" },  { "response_format", 0, "text" },
    { "audio", 0, NULL },      { "modalities", 0, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      JsonNode *node = find (object, parameters[i].member);

      if (node != NULL && !is_neutral (node, parameters[i].number, parameters[i].word))
        return collate_serve_fault_refuse_unsupported (fault, parameters[i].member);
    }

  return TRUE;
}

/* `*offers` is FALSE where no tool shall be called. */
static gboolean
read_choice (JsonObject *object, gboolean *offers, CollateServeFault *fault)
{
  JsonNode *choice = find (object, "tool_choice");

  *offers = choice == NULL || g_strcmp0 (collate_json_string (object, "tool_choice"), "auto") == 0;
  if (*offers || is_neutral (choice, 0, "none"))
    return TRUE;

  return collate_serve_fault_refuse_unsupported (fault, "tool_choice");
}

/* Tools are called as the model likes: several at a time, with arguments that no schema was held against. */
static gboolean
check_strictness (JsonObject *object, JsonArray *tools, CollateServeFault *fault)
{
  if (!collate_json_boolean (object, "parallel_tool_calls", TRUE))
    return collate_serve_fault_refuse_unsupported (fault, "parallel_tool_calls");
  for (guint i = 0; i < json_array_get_length (tools); i++)
    if (collate_json_boolean (
            collate_json_object (collate_json_element_object (tools, i), "function"), "strict", FALSE))
      return collate_serve_fault_set (
          fault, 400, "tools", "unsupported_parameter", "A tool's 'strict' is not supported by this server.");

  return TRUE;
}

static gboolean
read_tools (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  JsonNode *node = find (object, "tools");
  JsonArray *tools = collate_json_array (object, "tools");
  gboolean offers;

  if (!read_choice (object, &offers, fault))
    return FALSE;
  if (node == NULL || is_neutral (node, 0, NULL))
    return TRUE;
  if (self->form != COLLATE_SERVE_CHAT)
    return collate_serve_fault_refuse_unsupported (fault, "tools");
  if (tools == NULL)
    return collate_serve_fault_refuse (fault, "tools", "a list");
  if (!check_strictness (object, tools, fault))
    return FALSE;

  self->tools = collate_serve_tools_read (tools, fault);
  if (self->tools == NULL)
    return FALSE;
  if (offers)
    collate_serve_turns_offer (self->turns, (const char *const *) self->tools);
  else
    g_clear_pointer (&self->tools, g_strfreev);

  return TRUE;
}

static gboolean
read_prompt (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  JsonArray *prompts = collate_json_array (object, "prompt");
  const char *prompt = collate_json_string (object, "prompt");

  if (prompts != NULL && json_array_get_length (prompts) == 1)
    prompt = collate_json_element_string (prompts, 0);
  if (prompt == NULL)
    return collate_serve_fault_refuse (fault, "prompt", "a text");

  if (self->form == COLLATE_SERVE_COMPLETION)
    self->prompt = g_strdup (prompt);
  else
    collate_serve_turns_add_user (self->turns, g_strdup (prompt));

  return TRUE;
}

static gboolean
read_request (CollateServeRequest *self, JsonObject *object, CollateServeFault *fault)
{
  JsonNode *model = find (object, "model");

  if (model != NULL && !is_string (model))
    return collate_serve_fault_refuse (fault, "model", "a text");
  if (!(self->form == COLLATE_SERVE_CHAT
            ? collate_serve_turns_read (self->turns, collate_json_array (object, "messages"), fault)
            : read_prompt (self, object, fault)))
    return FALSE;
  /* The newer name wins. */
  if (!read_integer (object, "max_tokens", 1, &self->max_tokens, fault) ||
      !read_integer (object, "max_completion_tokens", 1, &self->max_tokens, fault))
    return FALSE;
  self->think = g_strcmp0 (collate_json_string (object, "reasoning_effort"), "none") != 0;

  return read_sampling (self, object, fault) && read_stops (self, object, fault) &&
         read_stream (self, object, fault) && check_unsupported (object, fault) &&
         read_tools (self, object, fault);
}

CollateServeRequest *
collate_serve_request_parse (CollateServeForm form, GBytes *body, CollateServeFault *fault)
{
  g_autoptr (CollateServeRequest) self = g_new0 (CollateServeRequest, 1);
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  self->form = form;
  self->turns = collate_serve_turns_new ();
  self->max_tokens = form == COLLATE_SERVE_COMPLETION ? COMPLETION_TOKENS : 0;

  object = collate_json_parse_object (data != NULL ? data : "", (gssize) length, &error);
  if (object == NULL)
    {
      collate_serve_fault_set (
          fault, 400, NULL, "invalid_json", "The body is no JSON object: %s", error->message);
      return NULL;
    }

  return read_request (self, object, fault) ? g_steal_pointer (&self) : NULL;
}

void
collate_serve_request_free (CollateServeRequest *request)
{
  g_array_unref (request->turns);
  g_free (request->prompt);
  g_strfreev (request->stops);
  g_strfreev (request->tools);
  g_free (request);
}
