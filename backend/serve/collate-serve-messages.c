/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve-messages.h"

#include <string.h>

#include "base/collate-json.h"
#include "engine/collate-python-json.h"

/* OpenAI's limits, for tools and for the calls of one message. */
#define MAX_TOOLS 128
#define MAX_NAME 64

/* An assistant's calls, whose results must follow before anybody else says something; they have their places in the
 * turns from the beginning. */
typedef struct
{
  GArray *turns;
  JsonArray *calls; /* (nullable) */
  guint first;      /* the turn of the first result */
  guint n_missing;
} Reading;

static gboolean
refuse (CollateServeFault *fault, const char *what)
{
  return collate_serve_fault_refuse (fault, "messages", what);
}

static void
clear_turn (gpointer data)
{
  CollateTurn *turn = data;

  g_free ((char *) turn->content);
  g_free ((char *) turn->reasoning);
  for (gsize i = 0; i < turn->n_calls; i++)
    {
      g_free ((char *) turn->calls[i].name);
      g_free ((char *) turn->calls[i].arguments);
    }
  g_free ((CollateCall *) turn->calls);
}

GArray *
collate_serve_turns_new (void)
{
  GArray *turns = g_array_new (FALSE, TRUE, sizeof (CollateTurn));

  g_array_set_clear_func (turns, clear_turn);

  return turns;
}

/* Nothing is said in it yet. */
static CollateTurn *
add_turn (GArray *turns, CollateRole role)
{
  CollateTurn *turn;

  g_array_set_size (turns, turns->len + 1);
  turn = &g_array_index (turns, CollateTurn, turns->len - 1);
  turn->role = role;

  return turn;
}

void
collate_serve_turns_add_user (GArray *turns, char *content)
{
  add_turn (turns, COLLATE_ROLE_USER)->content = content;
}

static gboolean
read_role (JsonObject *message, CollateRole *role)
{
  static const struct
  {
    const char *name;
    CollateRole role;
  } roles[] = {
    { "system", COLLATE_ROLE_SYSTEM }, { "developer", COLLATE_ROLE_SYSTEM },
    { "user", COLLATE_ROLE_USER },     { "assistant", COLLATE_ROLE_ASSISTANT },
    { "tool", COLLATE_ROLE_TOOL },
  };
  const char *name = collate_json_string (message, "role");

  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (roles); i++)
    if (strcmp (name, roles[i].name) == 0)
      {
        *role = roles[i].role;
        return TRUE;
      }

  return FALSE;
}

/* A message's text: a string, or parts that are all text; (nullable) (transfer full). */
static char *
dup_content (JsonObject *message)
{
  const char *content = collate_json_string (message, "content");
  JsonArray *parts = collate_json_array (message, "content");
  g_autoptr (GString) text = g_string_new (NULL);

  if (content != NULL)
    return g_strdup (content);
  if (parts == NULL)
    return NULL;
  for (guint i = 0; i < json_array_get_length (parts); i++)
    {
      JsonObject *part = collate_json_element_object (parts, i);

      if (g_strcmp0 (collate_json_string (part, "type"), "text") != 0 ||
          collate_json_string (part, "text") == NULL)
        return NULL;
      g_string_append (text, collate_json_string (part, "text"));
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
has_content (JsonObject *message)
{
  JsonNode *node = json_object_get_member (message, "content");

  return node != NULL && !JSON_NODE_HOLDS_NULL (node);
}

/* OpenAI's rule. */
static gboolean
is_name (const char *name)
{
  gsize length = name != NULL ? strlen (name) : 0;

  return length > 0 && length <= MAX_NAME &&
         strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

static gboolean
is_object (const char *json)
{
  g_autofree char *written = json != NULL ? collate_python_json_write (json) : NULL;

  return written != NULL && *written == '{';
}

static gboolean
read_call (JsonObject *call, CollateCall *read)
{
  JsonObject *function = collate_json_object (call, "function");
  const char *name = collate_json_string (function, "name");
  const char *arguments = collate_json_string (function, "arguments");

  if (collate_json_string (call, "id") == NULL || !is_name (name) || !is_object (arguments))
    return FALSE;
  read->name = g_strdup (name);
  read->arguments = g_strdup (arguments);

  return TRUE;
}

/* Calls are what an assistant's message may have instead of a text. */
static gboolean
read_calls (Reading *self, CollateTurn *turn, JsonArray *calls, CollateServeFault *fault)
{
  guint n_calls = json_array_get_length (calls);
  CollateCall *read;

  if (n_calls > MAX_TOOLS)
    return refuse (fault, "a list of objects with at most 128 tool_calls");
  read = g_new0 (CollateCall, n_calls);
  turn->calls = read;
  turn->n_calls = n_calls;
  for (guint i = 0; i < n_calls; i++)
    if (!read_call (collate_json_element_object (calls, i), &read[i]))
      return refuse (
          fault,
          "a list of objects whose tool_calls have an id, and a function with a name, and arguments "
          "that are a JSON object in a text");
  self->calls = calls;
  self->first = self->turns->len;
  self->n_missing = n_calls;
  for (guint i = 0; i < n_calls; i++)
    add_turn (self->turns, COLLATE_ROLE_TOOL);

  return TRUE;
}

/* The place of what a call gave; (nullable): there is no such call, or it gave something already. */
static CollateTurn *
find_result (Reading *self, const char *id)
{
  for (guint i = 0; id != NULL && self->n_missing > 0 && i < json_array_get_length (self->calls); i++)
    {
      CollateTurn *turn = &g_array_index (self->turns, CollateTurn, self->first + i);

      if (turn->content == NULL &&
          strcmp (collate_json_string (collate_json_element_object (self->calls, i), "id"), id) == 0)
        return turn;
    }

  return NULL;
}

static gboolean
read_result (Reading *self, JsonObject *message, CollateServeFault *fault)
{
  CollateTurn *turn = find_result (self, collate_json_string (message, "tool_call_id"));

  if (turn == NULL)
    return refuse (fault,
                   "a list in which a tool's message has the tool_call_id of a call that the assistant made "
                   "just before");
  turn->content = dup_content (message);
  if (turn->content == NULL)
    return refuse (fault, "a list of objects whose content is text");
  self->n_missing--;

  return TRUE;
}

static gboolean
read_message (Reading *self, JsonObject *message, CollateServeFault *fault)
{
  JsonArray *calls;
  CollateTurn *turn;
  CollateRole role;

  if (message == NULL || !read_role (message, &role))
    return refuse (fault, "a list of objects whose role is system, user, assistant or tool");
  if (role == COLLATE_ROLE_TOOL)
    return read_result (self, message, fault);
  if (self->n_missing > 0)
    return refuse (fault, "a list in which the messages of all tools that the assistant calls follow it");
  if (role == COLLATE_ROLE_SYSTEM && self->turns->len > 0)
    return refuse (fault, "a list whose system message, if any, is the first one");

  calls = role == COLLATE_ROLE_ASSISTANT ? collate_json_array (message, "tool_calls") : NULL;
  turn = add_turn (self->turns, role);
  turn->content = dup_content (message);
  if (calls != NULL && !has_content (message))
    turn->content = g_strdup ("");
  if (turn->content == NULL)
    return refuse (fault, "a list of objects whose content is text");
  turn->reasoning = g_strdup (collate_json_string (message, "reasoning_content"));

  return calls == NULL || read_calls (self, turn, calls, fault);
}

gboolean
collate_serve_turns_read (GArray *turns, JsonArray *messages, CollateServeFault *fault)
{
  guint n_messages = messages != NULL ? json_array_get_length (messages) : 0;
  Reading reading = { .turns = turns };
  CollateRole last;

  for (guint i = 0; i < n_messages; i++)
    if (!read_message (&reading, collate_json_element_object (messages, i), fault))
      return FALSE;
  last = turns->len > 0 ? g_array_index (turns, CollateTurn, turns->len - 1).role : COLLATE_ROLE_SYSTEM;
  if ((last != COLLATE_ROLE_USER && last != COLLATE_ROLE_TOOL) || reading.n_missing > 0)
    return refuse (fault, "a list that ends with the user's message, or those of all tools that were called");

  return TRUE;
}

void
collate_serve_turns_offer (GArray *turns, const char *const *tools)
{
  CollateTurn silent = { COLLATE_ROLE_SYSTEM };

  if (g_array_index (turns, CollateTurn, 0).role != COLLATE_ROLE_SYSTEM)
    {
      silent.content = g_strdup ("");
      g_array_prepend_val (turns, silent);
    }
  g_array_index (turns, CollateTurn, 0).tools = tools;
}

/* (nullable) (transfer full) */
static char *
read_tool (JsonObject *tool)
{
  JsonObject *function = collate_json_object (tool, "function");

  if (g_strcmp0 (collate_json_string (tool, "type"), "function") != 0 ||
      !is_name (collate_json_string (function, "name")))
    return NULL;

  return collate_json_to_string (json_object_get_member (tool, "function"), FALSE);
}

GStrv
collate_serve_tools_read (JsonArray *tools, CollateServeFault *fault)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (json_array_get_length (tools) > MAX_TOOLS)
    {
      collate_serve_fault_refuse (fault, "tools", "a list of at most 128 functions");
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (tools); i++)
    {
      g_autofree char *tool = read_tool (collate_json_element_object (tools, i));

      if (tool == NULL)
        {
          collate_serve_fault_refuse (fault,
                                      "tools",
                                      "a list of objects whose type is function, with a function whose name "
                                      "has letters, digits, _ and -");
          return NULL;
        }
      g_strv_builder_add (builder, tool);
    }

  return g_strv_builder_end (builder);
}
