/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-private.h"

#include <glib/gi18n-lib.h>

#include "base/collate-format.h"
#include "base/collate-json.h"
#include "base/collate-table.h"
#include "compare/collate-sentences.h"
#include "engine/collate-engine.h"

/* `collate tokens`: what documents hold, counted by one of the encodings, or by a model file's own tokenizer. */

#define MODEL_FILE "gguf:"

typedef struct
{
  char *encoding;
  char *format;
  gboolean text;
} TokensOptions;

static void
tokens_options_clear (TokensOptions *options)
{
  g_free (options->encoding);
  g_free (options->format);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TokensOptions, tokens_options_clear)

/* What counts: one of the two. */
typedef struct
{
  const char *name;
  CollateEncoding *encoding;
  CollateVocabulary *vocabulary;
} Counter;

static void
counter_clear (Counter *counter)
{
  g_clear_pointer (&counter->vocabulary, collate_vocabulary_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Counter, counter_clear)

/* FALSE after saying what is wrong with the name. */
static gboolean
find_counter (Counter *counter, CollateEncodings *encodings, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  counter->name = name;
  if (!g_str_has_prefix (name, MODEL_FILE))
    {
      counter->encoding = collate_encodings_get (encodings, name, NULL);
      return counter->encoding != NULL ||
             collate_command_complain (_ ("The encoding “%s” is not known."), name);
    }

  counter->vocabulary = collate_engine_read_vocabulary (name + strlen (MODEL_FILE), &error);
  if (counter->vocabulary != NULL)
    return TRUE;
  sentence = collate_sentence_for_error (error, name);

  return collate_command_complain ("%s", sentence);
}

/* The library counts by the default encoding; another one is counted here. */
static gint64
count (const Counter *counter, const char *text)
{
  g_autoptr (GArray) tokens = NULL;

  if (counter->encoding != NULL)
    return collate_encoding_count (counter->encoding, text, -1);
  tokens = collate_vocabulary_encode (counter->vocabulary, text, -1);

  return tokens->len;
}

static void
add_document (JsonBuilder *builder, CollateDocument *document, const Counter *counter, gboolean with_text)
{
  const char *text = collate_document_get_text (document);

  json_builder_begin_object (builder);
  collate_json_add_string (builder, "name", collate_document_get_name (document));
  collate_json_add_int (builder, "pages", collate_document_get_n_pages (document));
  collate_json_add_int (builder, "tokens", count (counter, text));
  collate_json_add_strings (builder, "warnings", collate_document_get_warnings (document));
  if (with_text)
    {
      collate_json_add_string (builder, "text", text);
    }
  json_builder_end_object (builder);
}

static int
print_json (GListModel *library, const Counter *counter, const char *context, gboolean with_text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  collate_json_add_string (builder, "encoding", counter->name);
  json_builder_set_member_name (builder, "documents");
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (library); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (library, i);

      if (collate_document_get_state (document) == COLLATE_DOCUMENT_READY)
        add_document (builder, document, counter, with_text);
    }
  json_builder_end_array (builder);
  collate_json_add_int (builder, "context_tokens", count (counter, context));
  json_builder_end_object (builder);
  return collate_command_print_json (builder);
}

static void
add_row (CollateTable *table, gint64 tokens, gint64 pages, const char *name)
{
  g_autofree char *tokens_text = collate_format_count (tokens);
  g_autofree char *pages_text = pages >= 0 ? collate_format_count (pages) : g_strdup ("");
  const char *cells[] = { tokens_text, pages_text, name };

  collate_table_add (table, cells);
}

static int
print_table (GListModel *library, const Counter *counter, const char *context)
{
  g_autoptr (CollateTable) table = collate_table_new ("rrl");
  g_autofree char *total = g_strdup_printf (_ ("the joined context (%s)"), counter->name);
  g_autofree char *text = NULL;
  const char *head[] = { _ ("Tokens"), _ ("Pages"), _ ("Document") };

  collate_table_add (table, head);
  for (guint i = 0; i < g_list_model_get_n_items (library); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (library, i);

      if (collate_document_get_state (document) == COLLATE_DOCUMENT_READY)
        add_row (table,
                 count (counter, collate_document_get_text (document)),
                 collate_document_get_n_pages (document),
                 collate_document_get_name (document));
    }
  add_row (table, count (counter, context), -1, total);
  text = collate_table_to_string (table);
  return collate_command_print (text);
}

static int
count_documents (const char *const *paths,
                 const char *encoding_name,
                 CollateOutputFormat format,
                 gboolean with_text)
{
  g_autoptr (CollateEncodings) encodings = collate_session_make_encodings ();
  g_autoptr (CollateLibrary) library = NULL;
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GRefString) context = NULL;
  g_auto (Counter) counter = { 0 };
  int status;
  int printed;

  if (!find_counter (&counter, encodings, encoding_name))
    return COLLATE_EXIT_USAGE;

  library = collate_session_make_library (encodings);
  cancellable = collate_command_catch_signals ();
  status = collate_command_read_documents (library, paths, cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    return status;

  context = collate_library_dup_context (library);
  if (format == COLLATE_OUTPUT_JSON)
    printed = print_json (G_LIST_MODEL (library), &counter, context, with_text);
  else if (with_text)
    printed = collate_command_print (context);
  else
    printed = print_table (G_LIST_MODEL (library), &counter, context);
  return collate_command_worse (status, printed);
}

int
collate_command_tokens (GStrv arguments)
{
  g_auto (TokensOptions) options = { 0 };
  g_auto (GStrv) paths = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("encoding",
                    &options.encoding,
                    N_ ("Count by this encoding"),
                    "cl100k_base|o200k_base|deepseek-v3|gguf:FILE"),
    COLLATE_OPTION ("format", &options.format, N_ ("Print in this format"), "text|json"),
    { "text", 0, 0, G_OPTION_ARG_NONE, &options.text, N_ ("Print the text itself"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  CollateOutputFormat format;
  int status;

  if (!collate_command_parse (&paths,
                              _ ("PATH…"),
                              _ ("Counts the tokens of documents and of their joined context."),
                              entries,
                              &status))
    return status;
  if (!collate_command_parse_format (options.format, COLLATE_OUTPUT_JSON, &format))
    return COLLATE_EXIT_USAGE;
  if (paths[0] == NULL)
    return collate_command_refuse (_ ("Name a file or a folder to count."));

  return count_documents ((const char *const *) paths,
                          options.encoding != NULL ? options.encoding : COLLATE_ENCODING_DEFAULT,
                          format,
                          options.text);
}
