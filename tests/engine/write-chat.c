/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/collate-template.h"

/* For tests in other languages: reads a conversation a line as JSON {"template", "controls", "think", "turns"}, whose turns
 * are {"role", "content"} with "reasoning", "tools" (texts) and "calls" ({"name", "arguments"}) where they have some, and
 * writes for each a line of JSON: its prompt as a list, in which [spelling] is a control token and the rest is text; null where
 * the template is none that is known. The first of the controls begins texts. */

/* A vocabulary of these control tokens and every byte. */
static CollateVocabulary *
make_vocabulary (JsonArray *controls, GError **error)
{
  gsize n_controls = json_array_get_length (controls), n_tokens = n_controls + 256;
  g_autofree const char **tokens = g_new (const char *, n_tokens);
  g_autofree gsize *lengths = g_new (gsize, n_tokens);
  g_autofree gint32 *types = g_new (gint32, n_tokens);
  g_autofree char (*letters)[8] = g_malloc0 (256 * sizeof *letters);
  gunichar hidden = 0x100;

  for (gsize i = 0; i < n_tokens; i++)
    {
      int byte = i - n_controls;
      gboolean is_seen = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);

      if (byte >= 0)
        g_unichar_to_utf8 (is_seen ? (gunichar) byte : hidden++, letters[byte]);
      tokens[i] = byte < 0 ? json_array_get_string_element (controls, i) : letters[byte];
      lengths[i] = strlen (tokens[i]);
      types[i] = byte < 0 ? 3 : 1;
    }
  return collate_vocabulary_new (&(CollateVocabularyParams){ .model = "gpt2",
                                                             .pre = "qwen2",
                                                             .n_tokens = n_tokens,
                                                             .tokens = tokens,
                                                             .token_lengths = lengths,
                                                             .types = types,
                                                             .bos = 0,
                                                             .eos = -1,
                                                             .unknown = -1 },
                                 error);
}

static CollateRole
get_role (const char *name)
{
  static const char *const names[] = { "system", "user", "assistant", "tool" };

  for (CollateRole role = COLLATE_ROLE_SYSTEM; role < COLLATE_ROLE_TOOL; role++)
    if (g_str_equal (name, names[role]))
      return role;
  return COLLATE_ROLE_TOOL;
}

static const CollateCall *
read_calls (JsonObject *turn, gsize *n_calls)
{
  JsonArray *said =
      json_object_has_member (turn, "calls") ? json_object_get_array_member (turn, "calls") : NULL;
  CollateCall *calls;

  *n_calls = said ? json_array_get_length (said) : 0;
  calls = g_new (CollateCall, *n_calls);
  for (gsize i = 0; i < *n_calls; i++)
    {
      JsonObject *call = json_array_get_object_element (said, i);

      calls[i] = (CollateCall){ json_object_get_string_member (call, "name"),
                                json_object_get_string_member (call, "arguments") };
    }
  return calls;
}

static const char *const *
read_tools (JsonObject *turn)
{
  JsonArray *said =
      json_object_has_member (turn, "tools") ? json_object_get_array_member (turn, "tools") : NULL;
  gsize n_tools = said ? json_array_get_length (said) : 0;
  const char **tools = g_new0 (const char *, n_tools + 1);

  for (gsize i = 0; i < n_tools; i++)
    tools[i] = json_array_get_string_element (said, i);
  return tools;
}

static void
read_turn (JsonObject *turn, CollateTurn *read)
{
  *read = (CollateTurn){
    .role = get_role (json_object_get_string_member (turn, "role")),
    .content = json_object_get_string_member (turn, "content"),
    .reasoning = json_object_get_string_member_with_default (turn, "reasoning", NULL),
    .tools = read_tools (turn),
  };
  read->calls = read_calls (turn, &read->n_calls);
}

static void
free_turns (CollateTurn *turns, gsize n_turns)
{
  for (gsize i = 0; i < n_turns; i++)
    {
      g_free ((gpointer) turns[i].tools);
      g_free ((gpointer) turns[i].calls);
    }
  g_free (turns);
}

static void
add_text (JsonArray *pieces, GString *text)
{
  if (text->len > 0)
    json_array_add_string_element (pieces, text->str);
  g_string_truncate (text, 0);
}

static JsonNode *
spell (CollateVocabulary *vocabulary, JsonArray *controls, const GArray *ids)
{
  JsonArray *pieces = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < ids->len; i++)
    {
      gint32 id = g_array_index (ids, gint32, i);
      gsize length;
      const char *piece = collate_vocabulary_get_piece (vocabulary, id, &length);

      if (id < (gint32) json_array_get_length (controls))
        {
          JsonArray *control = json_array_new ();

          add_text (pieces, text);
          json_array_add_string_element (control, json_array_get_string_element (controls, id));
          json_array_add_array_element (pieces, control);
        }
      else
        g_string_append_len (text, piece, length);
    }
  add_text (pieces, text);
  json_node_take_array (node, pieces);
  return node;
}

static JsonNode *
write_chat (JsonObject *chat, GError **error)
{
  JsonArray *controls = json_object_get_array_member (chat, "controls");
  JsonArray *said = json_object_get_array_member (chat, "turns");
  gsize n_turns = json_array_get_length (said);
  CollateTurn *turns;
  g_autoptr (CollateTemplate) template =
      collate_template_new (json_object_get_string_member (chat, "template"));
  g_autoptr (CollateVocabulary) vocabulary = make_vocabulary (controls, error);
  g_autoptr (GArray) ids = NULL;

  if (!vocabulary)
    return NULL;
  if (collate_template_get_format (template) == COLLATE_CHAT_UNKNOWN)
    return json_node_new (JSON_NODE_NULL);
  turns = g_new (CollateTurn, n_turns);
  for (guint i = 0; i < n_turns; i++)
    read_turn (json_array_get_object_element (said, i), &turns[i]);
  ids = collate_template_encode_turns (
      template, vocabulary, 0, FALSE, turns, n_turns, json_object_get_boolean_member (chat, "think"), error);
  free_turns (turns, n_turns);
  return ids ? spell (vocabulary, controls, ids) : NULL;
}

static gboolean
answer (const char *line, GError **error)
{
  g_autoptr (JsonNode) chat = json_from_string (line, error);
  g_autoptr (JsonNode) pieces = chat ? write_chat (json_node_get_object (chat), error) : NULL;
  g_autofree char *text = pieces ? json_to_string (pieces, FALSE) : NULL;

  if (text)
    puts (text);
  return text != NULL;
}

int
main (void)
{
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (GError) error = NULL;

  for (;;)
    {
      g_autofree char *line = NULL;

      if (g_io_channel_read_line (input, &line, NULL, NULL, &error) != G_IO_STATUS_NORMAL)
        break;
      if (!answer (line, &error))
        break;
    }
  if (!error)
    return EXIT_SUCCESS;
  fprintf (stderr, "%s\n", error->message);
  return EXIT_FAILURE;
}
