/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-engine.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/collate-format.h"
#include "base/collate-json.h"

/* `collate perplexity`: how well a model predicts a text, as llama-perplexity defines it: windows side by side, each
 * from an empty timeline, of which the second half is scored. */

#define DEFAULT_CONTEXT 512
#define LEAST_CONTEXT 4
#define MAX_CONTEXT 1000000000

typedef struct
{
  CollateEngineOptions engine;
  char *text;
  char *context;
  char *format_name;
  CollateOutputFormat format;
  int n_context;
  CollateEngineReading reading;
} Options;

static void
options_clear (Options *options)
{
  collate_engine_options_clear (&options->engine);
  g_free (options->text);
  g_free (options->context);
  g_free (options->format_name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* The window being scored, and the sum over all. */
typedef struct
{
  const gint32 *tokens;
  gsize n_tokens;
  gsize n_logits;
  double sum; /* of -log p */
  gint64 n_scored;
  gint64 top_k;     /* 0: dense */
  double keys_read; /* of those that the scored positions see */
} Score;

static double
get_surprise (const float *logits, gsize n_logits, gint32 token)
{
  float highest = logits[0];
  double sum = 0;

  for (gsize i = 1; i < n_logits; i++)
    highest = MAX (highest, logits[i]);
  for (gsize i = 0; i < n_logits; i++)
    sum += exp ((double) (logits[i] - highest));

  return log (sum) - (double) (logits[token] - highest);
}

static void
score_cb (gsize position, const float *logits, gpointer user_data)
{
  Score *score = user_data;

  if (position + 1 >= score->n_tokens)
    return;

  score->sum += get_surprise (logits, score->n_logits, score->tokens[position + 1]);
  score->n_scored++;
}

static gboolean
score_windows (CollateEngine *engine, GArray *tokens, const Options *options, Score *score, GError **error)
{
  const gsize n_context = (gsize) options->n_context;
  g_autoptr (CollateEngineSession) session =
      collate_engine_session_new (engine, options->n_context, &options->reading, error);
  gint32 bos = collate_engine_get_bos (engine);
  gsize n_windows = tokens->len / n_context;
  gboolean ok = TRUE;

  if (session == NULL)
    return FALSE;

  score->n_tokens = n_context;
  score->n_logits = (gsize) collate_engine_get_info (engine)->vocabulary;
  for (gsize i = 0; i < n_windows && ok; i++)
    {
      gint32 *window = &g_array_index (tokens, gint32, i * n_context);
      g_autofree char *line =
          g_strdup_printf (_ ("Window %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT), i + 1, n_windows);

      collate_command_show_progress (line);
      if (bos >= 0)
        window[0] = bos;
      score->tokens = window;
      ok = collate_engine_session_score (
          session, window, n_context, n_context / 2, score_cb, score, NULL, error);
    }
  collate_command_show_progress (NULL);
  score->top_k = collate_engine_session_get_reading (session).top_k;
  score->keys_read =
      collate_engine_session_get_share (session, options->n_context / 2, options->n_context - 1);

  return ok;
}

static int
print_json (const Options *options, const Score *score)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  collate_json_add_double (builder, "perplexity", exp (score->sum / (double) score->n_scored));
  collate_json_add_int (builder, "tokens", score->n_scored);
  collate_json_add_int (builder, "context", options->n_context);
  collate_json_add_string (builder, "attention", collate_command_get_attention (&options->reading));
  json_builder_set_member_name (builder, "top_k");
  if (options->reading.sparse)
    json_builder_add_int_value (builder, score->top_k);
  else
    json_builder_add_null_value (builder);
  collate_json_add_double (builder, "selected_fraction", score->keys_read);
  json_builder_end_object (builder);

  return collate_command_print_json (builder);
}

static int
print_text (const Options *options, const Score *score)
{
  g_autofree char *tokens = collate_format_count (score->n_scored);
  g_autofree char *context = collate_format_count (options->n_context);
  g_autofree char *text = g_strdup_printf (_ ("Perplexity %.4f over %s tokens, in windows of %s.\n"),
                                           exp (score->sum / (double) score->n_scored),
                                           tokens,
                                           context);
  g_autofree char *top_k = collate_format_count (score->top_k);
  g_autofree char *share = g_strdup_printf (
      _ ("Each token read the best %s before it: %.1f %% of the keys.\n"), top_k, score->keys_read * 100);
  g_autofree char *both = g_strconcat (text, options->reading.sparse ? share : "", NULL);

  return collate_command_print (both);
}

static int
measure (const Options *options)
{
  g_autoptr (CollateEngine) engine = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length;
  Score score = { 0 };

  if (!g_file_get_contents (options->text, &text, &length, &error))
    {
      collate_command_complain (_ ("The text cannot be read: %s."), error->message);
      return COLLATE_EXIT_INCOMPLETE;
    }
  engine = collate_engine_open (options->engine.model, options->engine.device, NULL, &error);
  if (engine == NULL)
    return collate_command_fail (error, options->engine.model);
  collate_command_tell_avoided (collate_engine_get_avoided (engine));

  tokens = collate_engine_encode (engine, text, (gssize) length, TRUE);
  if (tokens->len < (guint) options->n_context)
    {
      collate_command_complain (
          _ ("The text has %u tokens, and a window is %d."), tokens->len, options->n_context);
      return COLLATE_EXIT_INCOMPLETE;
    }
  if (!score_windows (engine, tokens, options, &score, &error))
    return collate_command_fail (error, options->engine.model);

  return options->format == COLLATE_OUTPUT_JSON ? print_json (options, &score) : print_text (options, &score);
}

static gboolean
check (Options *options)
{
  if (options->engine.model == NULL)
    return collate_command_complain (_ ("Name a model file with --model."));
  if (options->text == NULL)
    return collate_command_complain (_ ("Name a text with --text."));
  if (!collate_command_parse_format (options->format_name, COLLATE_OUTPUT_JSON, &options->format) ||
      !collate_command_parse_attention (&options->engine, &options->reading) ||
      !collate_command_check_device (options->engine.device) ||
      !collate_command_find_model (&options->engine) ||
      !collate_command_parse_number ("--context", options->context, MAX_CONTEXT, &options->n_context))
    return FALSE;
  if (options->n_context < LEAST_CONTEXT)
    return collate_command_complain (_ ("A window is %d tokens at least."), LEAST_CONTEXT);

  return TRUE;
}

int
collate_command_perplexity (GStrv arguments)
{
  g_auto (Options) options = { .n_context = DEFAULT_CONTEXT };
  g_auto (GStrv) rest = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("model", &options.engine.model, N_ ("Measure this model file"), "FILE.gguf"),
    COLLATE_OPTION ("text", &options.text, N_ ("Predict this text"), "FILE"),
    COLLATE_OPTION ("context", &options.context, N_ ("In windows of N tokens"), "N"),
    COLLATE_ENGINE_ENTRIES (&options.engine, "dense|sparse"),
    COLLATE_OPTION ("format", &options.format_name, N_ ("Print in this format"), "text|json"),
    G_OPTION_ENTRY_NULL,
  };
  int status;

  if (!collate_command_parse (
          &rest, NULL, _ ("Measures how well a model file predicts a text."), entries, &status))
    return status;

  return check (&options) ? measure (&options) : COLLATE_EXIT_USAGE;
}
