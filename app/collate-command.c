/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "compare/collate-sentences.h"

/* Finds the command for a word, and holds what the commands share. */

static const struct
{
  const char *word;
  int (*run) (GStrv arguments); /* NULL: a word that is kept for a later version */
} commands[] = {
  { "ask", collate_command_ask },
  { "tokens", collate_command_tokens },
  { "models", collate_command_models },
  { "history", collate_command_history },
  { "search", NULL },
  { "serve", collate_command_serve },
  { "perplexity", collate_command_perplexity },
  { "bench", collate_command_bench },
  { "devices", collate_command_devices },
};

gboolean
collate_command_is_word (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (word, commands[i].word) == 0)
      return TRUE;
  return FALSE;
}

int
collate_command_run (int argc, char **argv)
{
  g_auto (GStrv) arguments = g_strdupv (argv + 2);
  g_autofree char *name = g_strdup_printf ("collate %s", argv[1]);

  /* What the help of a command calls the program. */
  g_set_prgname (name);
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (commands[i].run != NULL && strcmp (argv[1], commands[i].word) == 0)
      return commands[i].run (arguments);
  return collate_command_refuse (_ ("The command “%s” is not known to this version of Collate."), argv[1]);
}

char *
collate_command_dup_help (void)
{
  return g_strdup_printf ("%s\n\n"
                          "  collate [FILE|FOLDER…]                   %s\n"
                          "  collate ask [--documents PATH]… --question TEXT [--models ID,ID…]\n"
                          "                                           %s\n"
                          "  collate tokens PATH…                     %s\n"
                          "  collate models                           %s\n"
                          "  collate history [show ID]                %s\n"
                          "  collate devices                          %s\n"
                          "  collate perplexity --model FILE --text FILE\n"
                          "                                           %s\n"
                          "  collate bench --model FILE               %s\n"
                          "  collate serve [--model FILE] [--port N]  %s\n"
                          "  collate COMMAND --help                   %s\n"
                          "  collate --version                        %s\n",
                          _ ("Collate puts one question about your documents to several language models."),
                          _ ("open the window"),
                          _ ("ask, and print the answers"),
                          _ ("count the tokens of documents"),
                          _ ("list what can be asked"),
                          _ ("list past questions, or show one"),
                          _ ("list what a model of this machine can run on"),
                          _ ("measure how well a model file predicts a text"),
                          _ ("measure how fast a model file reads and writes"),
                          _ ("serve a model file to other programs"),
                          _ ("the options of a command"),
                          _ ("the version"));
}

static void
complain (const char *format, va_list arguments)
{
  g_autofree char *sentence = g_strdup_vprintf (format, arguments);
  g_autofree char *line = collate_format_line (sentence, -1);

  fprintf (stderr, "collate: %s\n", line);
}

gboolean
collate_command_complain (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain (format, arguments);
  va_end (arguments);
  return FALSE;
}

int
collate_command_refuse (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  complain (format, arguments);
  va_end (arguments);
  return COLLATE_EXIT_USAGE;
}

gboolean
collate_command_parse (GStrv *arguments,
                       const char *usage,
                       const char *summary,
                       const GOptionEntry *entries,
                       int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (usage);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parsed = NULL;
  gboolean help = FALSE;
  const GOptionEntry help_entry[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_ ("Show these options"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  /* GOption takes the first word for the program's name. */
  g_strv_builder_add (builder, "collate");
  g_strv_builder_addv (builder, (const char **) *arguments);
  parsed = g_strv_builder_end (builder);

  /* Its own --help would end the process. */
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_summary (context, summary);
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, help_entry, GETTEXT_PACKAGE);

  if (!g_option_context_parse_strv (context, &parsed, &error))
    {
      *status = collate_command_refuse ("%s", error->message);
      return FALSE;
    }
  if (help)
    {
      g_autofree char *text = g_option_context_get_help (context, FALSE, NULL);

      *status = collate_command_print (text);
      return FALSE;
    }
  if (usage == NULL && parsed[1] != NULL)
    {
      *status = collate_command_refuse (_ ("“%s” is not understood here."), parsed[1]);
      return FALSE;
    }

  g_strfreev (*arguments);
  *arguments = g_strdupv (parsed + 1);
  return TRUE;
}

gboolean
collate_command_parse_format (const char *name, CollateOutputFormat last, CollateOutputFormat *format)
{
  *format = COLLATE_OUTPUT_TEXT;
  if (name == NULL || (collate_output_parse_format (name, format) && *format <= last))
    return TRUE;
  return collate_command_complain (_ ("“%s” is not an output format of this command; --help lists them."),
                                   name);
}

gboolean
collate_command_parse_number (const char *option, const char *text, int max, int *value)
{
  gint64 number;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_signed (text, 10, 1, max, &number, NULL))
    return collate_command_complain (_ ("%s takes a number from 1 to %d."), option, max);
  *value = number;
  return TRUE;
}

int
collate_command_worse (int a, int b)
{
  return MAX (a, b);
}

void
collate_command_keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **kept = user_data;

  *kept = g_object_ref (result);
}

void
collate_command_await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

int
collate_command_print (const char *text)
{
  gboolean written = fputs (text, stdout) >= 0;

  if (fflush (stdout) == 0 && written)
    return COLLATE_EXIT_DONE;
  collate_command_complain (_ ("Standard output cannot be written: %s."), g_strerror (errno));
  return COLLATE_EXIT_INCOMPLETE;
}

void
collate_command_show_progress (const char *line)
{
  if (isatty (STDERR_FILENO))
    fprintf (stderr, "\r\033[K%s", line != NULL ? line : "");
}

int
collate_command_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = collate_json_to_string (root, TRUE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return collate_command_print (line);
}

static gboolean
signal_cb (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

GCancellable *
collate_command_catch_signals (void)
{
  GCancellable *cancellable = g_cancellable_new ();
  const int signals[] = { SIGINT, SIGTERM };

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_unix_signal_add_full (
        G_PRIORITY_HIGH, signals[i], signal_cb, g_object_ref (cancellable), g_object_unref);
  return cancellable;
}

static GPtrArray *
files_for_paths (const char *const *paths)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; paths[i] != NULL; i++)
    g_ptr_array_add (files, g_file_new_for_path (paths[i]));
  return files;
}

/* A terminal has no Open button. */
static char *
describe_failure (const GError *error, const char *path)
{
  if (!g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_HIDDEN))
    return collate_sentence_for_error (error, path);

  return g_strdup_printf (_ ("%s cannot be seen from inside Collate's sandbox. Let it see the folder, with "
                             "“flatpak run --filesystem=FOLDER:ro”."),
                          path);
}

/* TRUE where the document gave a text. */
static gboolean
report_document (CollateDocument *document)
{
  const char *const *warnings = collate_document_get_warnings (document);
  const GError *error = collate_document_get_error (document);

  for (guint i = 0; warnings[i] != NULL; i++)
    collate_command_complain ("%s: %s", collate_document_get_name (document), warnings[i]);
  if (error != NULL)
    {
      g_autofree char *path = g_file_get_parse_name (collate_document_get_file (document));
      g_autofree char *sentence = describe_failure (error, path);

      collate_command_complain ("%s", sentence);
    }
  return collate_document_get_state (document) == COLLATE_DOCUMENT_READY;
}

int
collate_command_read_documents (CollateLibrary *library, const char *const *paths, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) files = files_for_paths (paths);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  int status = COLLATE_EXIT_DONE;

  collate_command_show_progress (_ ("Reading documents…"));
  collate_library_add (library, files);
  collate_library_settle_async (library, cancellable, collate_command_keep_result, &result);
  collate_command_await (&result);
  collate_command_show_progress (NULL);
  if (!collate_library_settle_finish (library, result, &error))
    return COLLATE_EXIT_INCOMPLETE;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (G_LIST_MODEL (library), i);

      if (!report_document (document))
        status = COLLATE_EXIT_INCOMPLETE;
    }
  return status;
}

int
collate_command_check_catalogue (CollateCatalogue *catalogue)
{
  const GError *problem = collate_catalogue_get_problem (catalogue);
  g_autofree char *sentence = NULL;

  if (problem == NULL)
    return COLLATE_EXIT_DONE;
  sentence = collate_sentence_for_error (problem, NULL);
  collate_command_complain ("%s", sentence);
  return COLLATE_EXIT_INCOMPLETE;
}

/* TRUE where a route that comes before the first one with a key lacks its own. */
static gboolean
model_needs_keyring (CollateModel *model, CollateKeys *keys, const char *today)
{
  GListModel *routes = collate_model_get_routes (model);

  for (guint i = 0; i < g_list_model_get_n_items (routes); i++)
    {
      g_autoptr (CollateRoute) route = g_list_model_get_item (routes, i);
      const char *key_name = collate_provider_get_key_name (collate_route_get_provider (route));

      if (collate_route_is_retired (route, today))
        continue;
      return key_name != NULL && collate_keys_lookup (keys, key_name) == NULL;
    }
  return FALSE;
}

static gboolean
catalogue_needs_keyring (CollateCatalogue *catalogue, const char *const *ids)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *today = g_date_time_format (now, "%Y-%m-%d");
  CollateKeys *keys = collate_catalogue_get_keys (catalogue);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (catalogue), i);
      gboolean wanted = ids == NULL || g_strv_contains (ids, collate_model_get_id (model));

      if (wanted && model_needs_keyring (model, keys, today))
        return TRUE;
    }
  return FALSE;
}

void
collate_command_find_keys (CollateCatalogue *catalogue, const char *const *ids)
{
  CollateKeys *keys = collate_catalogue_get_keys (catalogue);
  g_autoptr (GAsyncResult) result = NULL;

  if (!catalogue_needs_keyring (catalogue, ids))
    return;
  collate_keys_load_async (keys, NULL, collate_command_keep_result, &result);
  collate_command_await (&result);
  /* Without a keyring the key is missing, and that is what is said then. */
  collate_keys_load_finish (keys, result, NULL);
}
