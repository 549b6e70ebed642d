/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-template-private.h"

#include "base/collate-error.h"
#include "engine/collate-python-json.h"

/* DeepSeek 3.2's conversation, letter for letter as the encoder that is published with its weights writes it. What
 * opens an answer belongs to the turn before it. Earlier answers did not think, whether they did or not; what was thought
 * since the user last spoke, between calls, stays. Results have no names: they stand in the order of their calls. */

#define D DEEPSEEK_DSML
#define CALLS_OPEN "<" D "function_calls>\n"
#define CALLS_CLOSE "</" D "function_calls>"
#define INVOKE_CLOSE "</" D "invoke>\n"

/* The model's data: it knows its tools by these words. */
static const char tools_header[] =
    "## Tools\n\n"
    "You have access to a set of tools you can use to answer the user's question.\n"
    "You can invoke functions by writing a \"<" D
    "function_calls>\" block like the following as part of your "
    "reply to the user:\n" CALLS_OPEN "<" D "invoke name=\"$FUNCTION_NAME\">\n"
    "<" D "parameter name=\"$PARAMETER_NAME\" string=\"true|false\">$PARAMETER_VALUE</" D "parameter>\n"
    "...\n" INVOKE_CLOSE "<" D "invoke name=\"$FUNCTION_NAME2\">\n"
    "...\n" INVOKE_CLOSE CALLS_CLOSE "\n\n"
    "String and scalar parameters should be specified as is without any escaping or quotes, while lists and "
    "objects should use JSON format. The \"string\" attribute should be set to \"true\" for string type "
    "parameters and \"false\" for other types (numbers, booleans, arrays, objects).\n\n"
    "If the thinking_mode is enabled, then after function results you should strongly consider outputting a "
    "thinking block. Here is an example:\n\n" CALLS_OPEN "...\n" CALLS_CLOSE "\n\n"
    "<function_results>\n...\n</function_results>\n\n" OPEN_TAG "...thinking about results" CLOSE_TAG "\n\n"
    "Here are the functions available in JSONSchema format:\n<functions>\n";

static gboolean
refuse (const char *what, GError **error)
{
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s is no JSON object", what);
  return FALSE;
}

static gboolean
write_tools (CollateTemplateWriter *writer, const char *const *tools, GError **error)
{
  if (!tools || !tools[0])
    return TRUE;
  collate_template_write_text (writer, "\n\n");
  collate_template_write_tags (writer, tools_header);
  for (gsize i = 0; tools[i]; i++)
    {
      g_autofree char *json = collate_python_json_write (tools[i]);

      if (!json || *json != '{')
        return refuse ("a tool", error);
      collate_template_write_text (writer, json);
      collate_template_write_text (writer, "\n");
    }
  collate_template_write_text (writer, "</functions>\n");
  return TRUE;
}

static void
write_parameter (const char *name, const char *value, gboolean is_string, gpointer user_data)
{
  CollateTemplateWriter *writer = user_data;

  collate_template_write_tags (writer, "<" D "parameter name=\"");
  collate_template_write_text (writer, name);
  collate_template_write_text (writer, is_string ? "\" string=\"true\">" : "\" string=\"false\">");
  collate_template_write_text (writer, value);
  collate_template_write_tags (writer, "</" D "parameter>\n");
}

static gboolean
write_call (CollateTemplateWriter *writer, const CollateCall *call, GError **error)
{
  g_autofree char *json = collate_python_json_write (call->arguments);

  if (!json || *json != '{')
    return refuse ("what a function is called with", error);
  collate_template_write_tags (writer, "<" D "invoke name=\"");
  collate_template_write_text (writer, call->name);
  collate_template_write_text (writer, "\">\n");
  collate_python_json_each_member (json, write_parameter, writer);
  /* Lines of nothing are joined, too. */
  if (g_str_equal (json, "{}"))
    collate_template_write_text (writer, "\n");
  collate_template_write_tags (writer, INVOKE_CLOSE);
  return TRUE;
}

static gboolean
write_calls (CollateTemplateWriter *writer, const CollateTurn *turn, GError **error)
{
  if (turn->n_calls == 0)
    return TRUE;
  collate_template_write_tags (writer, "\n\n" CALLS_OPEN);
  for (gsize i = 0; i < turn->n_calls; i++)
    if (!write_call (writer, &turn->calls[i], error))
      return FALSE;
  collate_template_write_tags (writer, CALLS_CLOSE);
  return TRUE;
}

static gboolean
write_answer (CollateTemplateWriter *writer, const CollateTurn *turn, gboolean thought, GError **error)
{
  if (thought)
    {
      collate_template_write_text (writer, turn->reasoning ? turn->reasoning : "");
      collate_template_write_tags (writer, CLOSE_TAG);
    }
  collate_template_write_text (writer, turn->content);
  if (!write_calls (writer, turn, error))
    return FALSE;
  collate_template_write_control (writer, DEEPSEEK_END);
  return TRUE;
}

static void
write_result (CollateTemplateWriter *writer, const CollateTurn *turn, gboolean is_first, gboolean is_last)
{
  if (is_first)
    collate_template_write_text (writer, "\n\n<function_results>");
  collate_template_write_text (writer, "\n<result>");
  collate_template_write_text (writer, turn->content);
  collate_template_write_text (writer, is_last ? "</result>\n</function_results>\n\n" : "</result>");
}

static gsize
find_last_question (const CollateTurn *turns, gsize n_turns)
{
  gsize i = n_turns;

  while (i > 0 && turns[i - 1].role != COLLATE_ROLE_USER)
    i--;
  return i > 0 ? i - 1 : 0;
}

gboolean
collate_template_write_dsml (CollateTemplateWriter *writer,
                             const CollateTurn *turns,
                             gsize n_turns,
                             gboolean think,
                             GError **error)
{
  gsize question = find_last_question (turns, n_turns);

  for (gsize i = 0; i < n_turns; i++)
    {
      const CollateTurn *turn = &turns[i];
      gboolean is_last = i + 1 == n_turns;
      gboolean thinks = think && i >= question;
      gboolean answer_follows = FALSE;

      switch (turn->role)
        {
        case COLLATE_ROLE_SYSTEM:
          collate_template_write_text (writer, turn->content);
          if (!write_tools (writer, turn->tools, error))
            return FALSE;
          break;
        case COLLATE_ROLE_USER:
          collate_template_write_control (writer, DEEPSEEK_USER);
          collate_template_write_text (writer, turn->content);
          collate_template_write_control (writer, DEEPSEEK_ASSISTANT);
          answer_follows = TRUE;
          break;
        case COLLATE_ROLE_ASSISTANT:
          if (!write_answer (writer, turn, thinks, error))
            return FALSE;
          break;
        case COLLATE_ROLE_TOOL:
          answer_follows = is_last || turns[i + 1].role != COLLATE_ROLE_TOOL;
          write_result (writer, turn, i == 0 || turns[i - 1].role != COLLATE_ROLE_TOOL, answer_follows);
          break;
        }
      if (answer_follows && !is_last)
        collate_template_write_tags (writer, thinks ? OPEN_TAG : CLOSE_TAG);
    }
  return TRUE;
}
