/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/collate-json.h"
#include "base/collate-table.h"
#include "compare/collate-sentences.h"

/* `collate history` and `collate history show ID`. */

static char *
format_created (CollateHistoryItem *item)
{
  g_autoptr (GDateTime) utc = g_date_time_to_utc (collate_history_item_get_created (item));

  return g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ");
}

static void
add_item (JsonBuilder *builder, CollateHistoryItem *item)
{
  g_autofree char *created = format_created (item);

  json_builder_begin_object (builder);
  collate_json_add_int (builder, "id", collate_history_item_get_id (item));
  collate_json_add_string (builder, "created", created);
  collate_json_add_string (builder, "question", collate_history_item_get_question (item));
  collate_json_add_strings (builder, "documents", collate_history_item_get_documents (item));
  collate_json_add_strings (builder, "models", collate_history_item_get_models (item));
  collate_json_add_string (builder, "state", collate_history_item_get_state (item));
  json_builder_end_object (builder);
}

static int
print_json (GListModel *history)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "comparisons");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (history); i++)
    {
      g_autoptr (CollateHistoryItem) item = g_list_model_get_item (history, i);

      add_item (builder, item);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return collate_command_print_json (builder);
}

static int
print_table (GListModel *history)
{
  g_autoptr (CollateTable) table = collate_table_new ("rlrrll");
  g_autofree char *text = NULL;
  const char *head[] = { _ ("Id"), _ ("Asked"), _ ("Documents"), _ ("Models"), _ ("State"), _ ("Question") };

  collate_table_add (table, head);
  for (guint i = 0; i < g_list_model_get_n_items (history); i++)
    {
      g_autoptr (CollateHistoryItem) item = g_list_model_get_item (history, i);
      g_autoptr (GDateTime) local = g_date_time_to_local (collate_history_item_get_created (item));
      g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, collate_history_item_get_id (item));
      g_autofree char *created = g_date_time_format (local, "%Y-%m-%d %H:%M");
      g_autofree char *documents =
          collate_format_count (g_strv_length ((GStrv) collate_history_item_get_documents (item)));
      g_autofree char *models =
          collate_format_count (g_strv_length ((GStrv) collate_history_item_get_models (item)));
      const char *cells[] = { id,
                              created,
                              documents,
                              models,
                              collate_history_item_get_state (item),
                              collate_history_item_get_title (item) };

      collate_table_add (table, cells);
    }
  text = collate_table_to_string (table);
  return collate_command_print (text);
}

static int
list_history (CollateOutputFormat format)
{
  g_autoptr (CollateHistory) history = collate_session_make_history ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  collate_history_load_async (history, NULL, collate_command_keep_result, &result);
  collate_command_await (&result);
  if (!collate_history_load_finish (history, result, &error))
    {
      g_autofree char *sentence = collate_sentence_for_error (error, _ ("The history"));

      collate_command_complain ("%s", sentence);
      return COLLATE_EXIT_INCOMPLETE;
    }
  return format == COLLATE_OUTPUT_JSON ? print_json (G_LIST_MODEL (history))
                                       : print_table (G_LIST_MODEL (history));
}

static int
show_comparison (const char *name, gint64 id, CollateOutputFormat format)
{
  g_autoptr (CollateHistory) history = collate_session_make_history ();
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *subject = NULL;
  g_autofree char *sentence = NULL;
  g_autofree char *text = NULL;

  collate_history_open_async (history, id, NULL, collate_command_keep_result, &result);
  collate_command_await (&result);
  comparison = collate_history_open_finish (history, result, &error);
  if (comparison == NULL)
    {
      subject = g_strdup_printf (_ ("Question %s of the history"), name);
      sentence = collate_sentence_for_error (error, subject);
      collate_command_complain ("%s", sentence);
      return COLLATE_EXIT_INCOMPLETE;
    }
  text = collate_output_render (comparison, format);
  return collate_command_print (text);
}

int
collate_command_history (GStrv arguments)
{
  g_autofree char *format_name = NULL;
  g_auto (GStrv) rest = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("format", &format_name, N_ ("Print in this format"), "text|json|csv|markdown|html"),
    G_OPTION_ENTRY_NULL,
  };
  gboolean show;
  CollateOutputFormat format;
  gint64 id = 0;
  int status;

  if (!collate_command_parse (&rest,
                              _ ("[show ID]"),
                              _ ("Lists past questions, or shows one with its answers."),
                              entries,
                              &status))
    return status;

  show = rest[0] != NULL && strcmp (rest[0], "show") == 0;
  if (!collate_command_parse_format (format_name, show ? COLLATE_OUTPUT_HTML : COLLATE_OUTPUT_JSON, &format))
    return COLLATE_EXIT_USAGE;
  if (rest[0] != NULL && !show)
    return collate_command_refuse (_ ("“%s” is not understood here."), rest[0]);
  if (!show)
    return list_history (format);
  if (rest[1] == NULL || rest[2] != NULL)
    return collate_command_refuse (_ ("Name one question to show by its id."));
  if (!g_ascii_string_to_signed (rest[1], 10, 1, G_MAXINT64, &id, NULL))
    return collate_command_refuse (_ ("“%s” is not an id of a question."), rest[1]);
  return show_comparison (rest[1], id, format);
}
