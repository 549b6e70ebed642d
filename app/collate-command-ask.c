/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "compare/collate-sentences.h"
#include "documents/collate-text.h"
#include "engine/collate-engine.h"

/* `collate ask`: reads documents, asks, waits for all answers, prints them. Whatever was paid for is
 * printed, also after Ctrl-C. */

#define MAX_REPEATS 20
#define MAX_OUTPUT_TOKENS 10000000
#define PROGRESS_INTERVAL_MS 250

#define BYTE_ORDER_MARK "\ufeff"

typedef struct
{
  GStrv documents;
  char *models;
  char *question;
  char *question_file;
  char *repeat;
  char *max_output;
  char *format_name;
  char *output;
  char *charts;
  char *device;
  char *top_k;

  CollateOutputFormat format;
  int n_repeats;
  int n_max_output; /* 0: the default */
  int n_top_k;      /* 0: as the model file says */
  GStrv ids;        /* NULL: the default line-up */
} AskOptions;

static void
ask_options_clear (AskOptions *options)
{
  g_strfreev (options->documents);
  g_free (options->models);
  g_free (options->question);
  g_free (options->question_file);
  g_free (options->repeat);
  g_free (options->max_output);
  g_free (options->format_name);
  g_free (options->output);
  g_free (options->charts);
  g_free (options->device);
  g_free (options->top_k);
  g_strfreev (options->ids);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AskOptions, ask_options_clear)

static gboolean
read_question_file (AskOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (options->question_file, &text, &length, &error))
    return collate_command_complain (_ ("The question cannot be read: %s."), error->message);
  /* A NUL is no part of a text either: what stands behind it would be lost. */
  if (!g_utf8_validate (text, (gssize) length, NULL))
    return collate_command_complain (_ ("The question is not written in UTF-8."));

  options->question =
      g_strdup (g_str_has_prefix (text, BYTE_ORDER_MARK) ? text + strlen (BYTE_ORDER_MARK) : text);
  g_strchomp (options->question);
  return TRUE;
}

static gboolean
check_question (AskOptions *options)
{
  if (options->question != NULL && options->question_file != NULL)
    return collate_command_complain (_ ("Give --question or --question-file, not both."));
  if (options->question_file != NULL && !read_question_file (options))
    return FALSE;
  if (options->question == NULL)
    return collate_command_complain (_ ("Give a question with --question or --question-file."));
  if (!g_utf8_validate (options->question, -1, NULL))
    return collate_command_complain (_ ("The question is not written in UTF-8."));
  if (collate_text_is_blank (options->question))
    return collate_command_complain (_ ("The question is empty."));
  return TRUE;
}

static gboolean
check_numbers (AskOptions *options)
{
  return collate_command_parse_number ("--repeat", options->repeat, MAX_REPEATS, &options->n_repeats) &&
         collate_command_parse_number (
             "--max-output", options->max_output, MAX_OUTPUT_TOKENS, &options->n_max_output) &&
         collate_command_parse_number ("--top-k", options->top_k, COLLATE_MOST_TOP_K, &options->n_top_k);
}

static gboolean
check_charts (AskOptions *options)
{
  if (options->charts == NULL || collate_output_is_charts_path (options->charts))
    return TRUE;
  return collate_command_complain (
      _ ("Charts are drawn into a file that ends in .png, .svg or .pdf, not into “%s”."), options->charts);
}

/* FALSE where the entry `id` is not there, said why. */
static gboolean
check_id (CollateWorkspace *workspace, const char *id)
{
  g_autofree char *model = NULL;
  CollateReading reading;

  if (collate_workspace_lookup_entry (workspace, id) != NULL)
    return TRUE;
  if (!collate_reading_parse_id (id, &model, &reading))
    return collate_command_complain (_ ("The way of reading in “%s” is not known."), id);
  return collate_command_complain (_ ("The model “%s” is not known; “collate models” lists all."), id);
}

/* FALSE after saying so where nobody asked reads by sparse attention. */
static gboolean
check_top_k (const AskOptions *options, CollateWorkspace *workspace)
{
  if (options->n_top_k == 0)
    return TRUE;
  for (guint i = 0; options->ids[i] != NULL; i++)
    if (collate_model_is_sparse (
            collate_entry_get_model (collate_workspace_lookup_entry (workspace, options->ids[i]))))
      return TRUE;
  return collate_command_complain (
      _ ("--top-k is of use with sparse attention only: name a model such as local:NAME@sparse."));
}

static gboolean
resolve_models (AskOptions *options, CollateWorkspace *workspace)
{
  if (options->models == NULL)
    {
      /* What can be asked decides, and keys may be in the keyring. */
      collate_command_find_keys (collate_workspace_get_catalogue (workspace), NULL);
      options->ids = collate_workspace_dup_default (workspace);
    }
  else
    options->ids = g_strsplit (options->models, ",", -1);

  if (options->ids[0] == NULL)
    return collate_command_complain (_ ("Name at least one model with --models."));
  for (guint i = 0; options->ids[i] != NULL; i++)
    {
      g_strstrip (options->ids[i]);
      if (!check_id (workspace, options->ids[i]))
        return FALSE;
    }
  return check_top_k (options, workspace);
}

static gboolean
library_has_text (CollateLibrary *library)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (G_LIST_MODEL (library), i);

      if (collate_document_get_state (document) == COLLATE_DOCUMENT_READY)
        return TRUE;
    }
  return FALSE;
}

static gboolean
show_progress_cb (gpointer user_data)
{
  CollateComparison *comparison = user_data;
  guint n_answers = g_list_model_get_n_items (G_LIST_MODEL (comparison));
  guint n_writing = 0;
  guint n_done = 0;
  g_autofree char *line = NULL;

  for (guint i = 0; i < n_answers; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);
      CollateAnswerState state = collate_answer_get_state (answer);

      n_done += collate_answer_state_is_final (state);
      n_writing += state == COLLATE_ANSWER_STREAMING || state == COLLATE_ANSWER_REASONING;
    }
  line = g_strdup_printf (_ ("%u of %u answers ended, %u being written"), n_done, n_answers, n_writing);
  collate_command_show_progress (line);
  return G_SOURCE_CONTINUE;
}

static void
stop_cb (GCancellable *cancellable, gpointer user_data)
{
  collate_comparison_stop_all (user_data);
}

static void
wait_for_answers (CollateComparison *comparison, GCancellable *cancellable)
{
  gulong handler = g_cancellable_connect (cancellable, G_CALLBACK (stop_cb), comparison, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  guint progress = g_timeout_add (PROGRESS_INTERVAL_MS, show_progress_cb, comparison);

  collate_comparison_settle_async (comparison, NULL, collate_command_keep_result, &result);
  collate_command_await (&result);
  g_cancellable_disconnect (cancellable, handler);
  g_source_remove (progress);
  collate_command_show_progress (NULL);
  collate_comparison_settle_finish (comparison, result, NULL);
}

/* An answer that the history could not keep is an answer all the same. */
static void
report_history (CollateHistory *history, CollateComparison *comparison)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *sentence = NULL;

  g_object_get (history, "problem", &problem, NULL);
  if (problem != NULL)
    sentence = collate_sentence_for_error (problem, _ ("The history"));
  else if (collate_comparison_get_id (comparison) == 0)
    sentence = g_strdup (_ ("The history could not keep this question."));
  if (sentence != NULL)
    collate_command_complain ("%s", sentence);
}

static int
comparison_status (CollateComparison *comparison)
{
  int status = COLLATE_EXIT_DONE;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);
      g_autofree char *sentence = collate_sentence_for_answer (answer);

      if (collate_answer_get_state (answer) == COLLATE_ANSWER_DONE)
        continue;
      status = COLLATE_EXIT_INCOMPLETE;
      collate_command_complain ("%s: %s", collate_answer_get_label (answer), sentence);
    }
  return status;
}

static int
write_charts (CollateComparison *comparison, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  if (path == NULL || collate_output_write_charts (comparison, path, &error))
    return COLLATE_EXIT_DONE;
  sentence = collate_sentence_for_error (error, path);
  collate_command_complain ("%s", sentence);
  return COLLATE_EXIT_INCOMPLETE;
}

/* Answers that were paid for are printed where their file cannot be written. */
static int
write_answers (CollateComparison *comparison, const AskOptions *options)
{
  g_autofree char *text = collate_output_render (comparison, options->format);
  g_autofree char *sentence = NULL;
  g_autoptr (GError) error = NULL;

  if (options->output == NULL)
    return collate_command_print (text);
  if (collate_output_write (options->output, text, &error))
    return COLLATE_EXIT_DONE;
  sentence = collate_sentence_for_error (error, options->output);
  collate_command_complain (_ ("%s The answers are printed instead."), sentence);
  collate_command_print (text);
  return COLLATE_EXIT_INCOMPLETE;
}

static int
ask (CollateWorkspace *workspace, const AskOptions *options, GCancellable *cancellable)
{
  const char *const *ids = (const char *const *) options->ids;
  g_autoptr (CollateComparison) comparison = NULL;
  int status;

  collate_command_find_keys (collate_workspace_get_catalogue (workspace), ids);
  g_object_set (workspace,
                "repeats",
                options->n_repeats,
                "max-output",
                (gint64) options->n_max_output,
                "device",
                options->device,
                "top-k",
                (gint64) options->n_top_k,
                NULL);
  comparison = collate_workspace_ask (workspace, options->question, ids);
  wait_for_answers (comparison, cancellable);
  report_history (collate_workspace_get_history (workspace), comparison);

  status = comparison_status (comparison);
  status = collate_command_worse (status, write_answers (comparison, options));
  return collate_command_worse (status, write_charts (comparison, options->charts));
}

static int
read_and_ask (AskOptions *options)
{
  g_autoptr (CollateSession) session = collate_session_new ();
  CollateWorkspace *workspace = collate_session_get_workspace (session);
  CollateLibrary *library = collate_workspace_get_library (workspace);
  g_autoptr (GCancellable) cancellable = NULL;
  int status;

  collate_session_find_local_models (collate_workspace_get_catalogue (workspace));
  status = collate_command_check_catalogue (collate_workspace_get_catalogue (workspace));
  if (!resolve_models (options, workspace))
    return COLLATE_EXIT_USAGE;

  cancellable = collate_command_catch_signals ();
  if (options->documents != NULL)
    {
      const char *const *paths = (const char *const *) options->documents;

      status = collate_command_worse (status, collate_command_read_documents (library, paths, cancellable));
      if (g_cancellable_is_cancelled (cancellable))
        return COLLATE_EXIT_INCOMPLETE;
      if (!library_has_text (library))
        {
          collate_command_complain (_ ("No document gave any text, so nothing was asked."));
          return COLLATE_EXIT_INCOMPLETE;
        }
    }
  return collate_command_worse (status, ask (workspace, options, cancellable));
}

int
collate_command_ask (GStrv arguments)
{
  g_auto (AskOptions) options = { .n_repeats = 1 };
  g_auto (GStrv) rest = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    { "documents",
      0,
      0,
      G_OPTION_ARG_FILENAME_ARRAY,
      &options.documents,
      N_ ("Read this file, or the files of this folder (repeatable)"),
      "PATH" },
    COLLATE_OPTION ("models", &options.models, N_ ("Ask these models"), "ID,ID…"),
    COLLATE_OPTION ("question", &options.question, N_ ("Ask this"), "TEXT"),
    COLLATE_OPTION ("question-file", &options.question_file, N_ ("Ask what stands in this file"), "FILE"),
    COLLATE_OPTION ("repeat", &options.repeat, N_ ("Ask each model N times"), "N"),
    COLLATE_OPTION ("max-output", &options.max_output, N_ ("Let an answer be N tokens long at most"), "N"),
    COLLATE_OPTION (
        "format", &options.format_name, N_ ("Print in this format"), "text|json|csv|markdown|html"),
    COLLATE_OPTION ("output", &options.output, N_ ("Write the answers into this file"), "FILE"),
    COLLATE_OPTION ("charts", &options.charts, N_ ("Draw the charts into this file"), "FILE.png|.svg|.pdf"),
    COLLATE_OPTION ("device", &options.device, N_ ("Let models of this machine run on this device"), "NAME"),
    COLLATE_OPTION ("top-k", &options.top_k, N_ ("Let each token read N tokens in sparse attention"), "N"),
    G_OPTION_ENTRY_NULL,
  };
  int status;

  if (!collate_command_parse (&rest, NULL, _ ("Puts one question to several models."), entries, &status))
    return status;
  if (!collate_command_parse_format (options.format_name, COLLATE_OUTPUT_HTML, &options.format) ||
      !check_numbers (&options) || !check_charts (&options) ||
      !collate_command_check_device (options.device) || !check_question (&options))
    return COLLATE_EXIT_USAGE;
  return read_and_ask (&options);
}
