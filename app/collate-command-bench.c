/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-engine.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/collate-format.h"
#include "base/collate-json.h"
#include "base/collate-table.h"

/* `collate bench`: tokens a second of reading a prompt and of writing, each after so many tokens that were read
 * before. The fastest of a few turns counts: what slows one down is mostly another program. */

#define N_TURNS 3
#define MAX_TOKENS 10000000
#define DEFAULT_PROMPT 512
#define DEFAULT_GENERATE 128

typedef struct
{
  CollateEngineOptions engine;
  char *prompt;
  char *generate;
  char *depth;
  char *format_name;

  CollateOutputFormat format;
  GArray *prompts; /* of int, as the next two */
  GArray *generates;
  GArray *depths;
  GArray *readings; /* of CollateEngineReading */
} Options;

typedef struct
{
  int n_prompt; /* one of the two is 0 */
  int n_generate;
  int depth;
  guint reading; /* of the options' */
  double rate;   /* tokens a second */
  gint64 memory;
} Row;

typedef struct
{
  const Options *options;
  CollateEngine *engine;
  GArray *rows;        /* of Row */
  GPtrArray *sessions; /* of CollateEngineSession, one a reading, NULL until it is wanted */
} Bench;

static void
options_clear (Options *options)
{
  collate_engine_options_clear (&options->engine);
  g_free (options->prompt);
  g_free (options->generate);
  g_free (options->depth);
  g_free (options->format_name);
  g_array_unref (options->prompts);
  g_array_unref (options->generates);
  g_array_unref (options->depths);
  g_clear_pointer (&options->readings, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* Reads "N,N" into `numbers`, whatever is not 0 where `with_zero` is FALSE. */
static gboolean
parse_list (const char *option, const char *text, gboolean with_zero, GArray *numbers)
{
  g_auto (GStrv) parts = text != NULL ? g_strsplit (text, ",", -1) : NULL;

  if (text != NULL && parts[0] == NULL)
    return collate_command_complain (_ ("%s takes numbers from 0 to %d."), option, MAX_TOKENS);

  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    {
      gint64 number;
      int value;

      if (!g_ascii_string_to_signed (parts[i], 10, 0, MAX_TOKENS, &number, NULL))
        return collate_command_complain (_ ("%s takes numbers from 0 to %d."), option, MAX_TOKENS);
      value = (int) number;
      if (value > 0 || with_zero)
        g_array_append_val (numbers, value);
    }

  return TRUE;
}

/* Tokens that are no text, but the same each time; those from `depth` on are others at each turn, so that nothing of
 * them is reused. */
static GArray *
make_tokens (CollateEngine *engine, int depth, int n_more, guint turn)
{
  g_autoptr (GRand) common = g_rand_new_with_seed (1);
  g_autoptr (GRand) own = g_rand_new_with_seed (turn + 2);
  gint32 n_vocabulary = (gint32) collate_engine_get_info (engine)->vocabulary;
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (gint32));

  for (int i = 0; i < depth + n_more; i++)
    {
      gint32 token = g_rand_int_range (i < depth ? common : own, 0, n_vocabulary);

      /* Two turns part at once. */
      if (i == depth)
        token = (gint32) turn % n_vocabulary;
      g_array_append_val (tokens, token);
    }

  return tokens;
}

static gboolean
sync_to (CollateEngineSession *session, GArray *tokens, gsize n_tokens, GError **error)
{
  return n_tokens == 0 ||
         collate_engine_session_sync (
             session, (const gint32 *) (gpointer) tokens->data, n_tokens, NULL, NULL, NULL, NULL, error);
}

static gboolean
append_all (CollateEngineSession *session, GArray *tokens, gsize from, GError **error)
{
  for (gsize i = from; i < tokens->len; i++)
    if (!collate_engine_session_append (session, g_array_index (tokens, gint32, i), error))
      return FALSE;

  return TRUE;
}

/* One turn; the seconds, negative on error. */
static double
take_turn (CollateEngine *engine, CollateEngineSession *session, const Row *row, guint turn, GError **error)
{
  int n_more = row->n_prompt + row->n_generate;

  /* Writing begins after a token at least. */
  int depth = row->n_generate > 0 ? MAX (row->depth, 1) : row->depth;
  g_autoptr (GArray) tokens = make_tokens (engine, depth, n_more, turn);
  gint64 start;
  gboolean ok;

  if (!sync_to (session, tokens, (gsize) depth, error))
    return -1;

  start = g_get_monotonic_time ();
  ok = row->n_prompt > 0 ? sync_to (session, tokens, tokens->len, error)
                         : append_all (session, tokens, (gsize) depth, error);

  return ok ? (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC : -1;
}

static const CollateEngineReading *
get_reading (const Bench *bench, const Row *row)
{
  return &g_array_index (bench->options->readings, CollateEngineReading, row->reading);
}

/* Tokens of the longest measurement. */
static gint64
get_context (GArray *rows)
{
  gint64 context = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = &g_array_index (rows, Row, i);

      context = MAX (context, (gint64) MAX (row->depth, 1) + row->n_prompt + row->n_generate);
    }

  return context;
}

/* The measurements of a reading share a session: what was read for one is not read again for a deeper one. */
static CollateEngineSession *
get_session (const Bench *bench, const Row *row, GError **error)
{
  CollateEngineSession *session = bench->sessions->pdata[row->reading];

  if (session == NULL)
    session = bench->sessions->pdata[row->reading] = collate_engine_session_new (
        bench->engine, get_context (bench->rows), get_reading (bench, row), error);

  return session;
}

static void
clear_sessions (const Bench *bench)
{
  for (guint i = 0; i < bench->sessions->len; i++)
    if (bench->sessions->pdata[i] != NULL)
      collate_engine_session_free (bench->sessions->pdata[i]);
}

static gboolean
measure (const Bench *bench, Row *row, GError **error)
{
  CollateEngineSession *session = get_session (bench, row, error);

  if (session == NULL)
    return FALSE;

  for (guint turn = 0; turn < N_TURNS; turn++)
    {
      double seconds = take_turn (bench->engine, session, row, turn, error);

      if (seconds < 0)
        return FALSE;
      row->rate = MAX (row->rate, (row->n_prompt + row->n_generate) / MAX (seconds, 1e-6));
    }
  row->memory = collate_engine_session_get_peak_memory (session);

  return TRUE;
}

/* What is to be compared is measured one after the other. */
static void
add_rows (GArray *rows, const Options *options, Row row)
{
  for (row.reading = 0; row.reading < options->readings->len; row.reading++)
    g_array_append_val (rows, row);
}

static GArray *
make_rows (const Options *options)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (Row));

  for (guint i = 0; i < options->depths->len; i++)
    {
      int depth = g_array_index (options->depths, int, i);

      for (guint j = 0; j < options->prompts->len; j++)
        add_rows (
            rows, options, (Row){ .n_prompt = g_array_index (options->prompts, int, j), .depth = depth });
      for (guint j = 0; j < options->generates->len; j++)
        add_rows (
            rows, options, (Row){ .n_generate = g_array_index (options->generates, int, j), .depth = depth });
    }

  return rows;
}

static int
print_json (const Bench *bench, const char *model, const char *device)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const Row *row = &g_array_index (bench->rows, Row, i);

      json_builder_begin_object (builder);
      collate_json_add_string (builder, "model", model);
      collate_json_add_string (builder, "device", device);
      collate_json_add_string (
          builder, "attention", collate_command_get_attention (get_reading (bench, row)));
      collate_json_add_int (builder, "prompt_tokens", row->n_prompt);
      collate_json_add_int (builder, "generate_tokens", row->n_generate);
      collate_json_add_int (builder, "depth", row->depth);
      collate_json_add_double (builder, "tokens_per_second", row->rate);
      collate_json_add_int (builder, "peak_memory_bytes", row->memory);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);

  return collate_command_print_json (builder);
}

static int
print_table (const Bench *bench, const char *device)
{
  g_autoptr (CollateTable) table = collate_table_new ("lllrrrr");
  g_autofree char *text = NULL;
  const char *head[] = { _ ("Device"), _ ("Attention"), _ ("Measured"), _ ("Tokens"),
                         _ ("Depth"),  _ ("Tokens/s"),  _ ("Memory") };

  collate_table_add (table, head);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const Row *row = &g_array_index (bench->rows, Row, i);
      g_autofree char *tokens = collate_format_count (row->n_prompt + row->n_generate);
      g_autofree char *depth = collate_format_count (row->depth);
      g_autofree char *rate = collate_format_rate (row->rate);
      g_autofree char *memory = g_format_size ((guint64) MAX (row->memory, 0));
      const char *cells[] = { device,
                              collate_command_get_attention (get_reading (bench, row)),
                              row->n_prompt > 0 ? _ ("reading") : _ ("writing"),
                              tokens,
                              depth,
                              rate,
                              memory };

      collate_table_add (table, cells);
    }
  text = collate_table_to_string (table);

  return collate_command_print (text);
}

static gboolean
run (Bench *bench, GError **error)
{
  g_ptr_array_set_size (bench->sessions, (int) bench->options->readings->len);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      g_autofree char *line = g_strdup_printf (_ ("Measurement %u of %u"), i + 1, bench->rows->len);

      collate_command_show_progress (line);
      if (!measure (bench, &g_array_index (bench->rows, Row, i), error))
        return FALSE;
    }

  return TRUE;
}

static int
bench (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngine) engine =
      collate_engine_open (options->engine.model, options->engine.device, NULL, &error);
  g_autoptr (GArray) rows = make_rows (options);
  g_autoptr (GPtrArray) sessions = g_ptr_array_new ();
  g_autofree char *name = g_path_get_basename (options->engine.model);
  Bench bench = { options, engine, rows, sessions };
  const char *device;
  gboolean done;

  if (engine == NULL)
    return collate_command_fail (error, options->engine.model);
  collate_command_tell_avoided (collate_engine_get_avoided (engine));

  done = run (&bench, &error);
  clear_sessions (&bench);
  collate_command_show_progress (NULL);
  if (!done)
    return collate_command_fail (error, options->engine.model);

  device = collate_engine_get_device (engine);
  return options->format == COLLATE_OUTPUT_JSON ? print_json (&bench, name, device)
                                                : print_table (&bench, device);
}

/* Where only one of reading and writing is named, only that is measured. */
static void
add_defaults (Options *options)
{
  const int prompt = DEFAULT_PROMPT;
  const int generate = DEFAULT_GENERATE;
  const int depth = 0;

  if (options->prompt == NULL && options->generate == NULL)
    {
      g_array_append_val (options->prompts, prompt);
      g_array_append_val (options->generates, generate);
    }
  if (options->depth == NULL)
    g_array_append_val (options->depths, depth);
}

static gboolean
check (Options *options)
{
  if (options->engine.model == NULL)
    return collate_command_complain (_ ("Name a model file with --model."));
  if (!collate_command_parse_format (options->format_name, COLLATE_OUTPUT_JSON, &options->format) ||
      !collate_command_check_device (options->engine.device) ||
      !collate_command_find_model (&options->engine) ||
      !parse_list ("--prompt", options->prompt, FALSE, options->prompts) ||
      !parse_list ("--generate", options->generate, FALSE, options->generates) ||
      !parse_list ("--depth", options->depth, TRUE, options->depths))
    return FALSE;

  options->readings = collate_command_parse_attentions (&options->engine);
  add_defaults (options);

  return options->readings != NULL;
}

int
collate_command_bench (GStrv arguments)
{
  g_auto (Options) options = { .prompts = g_array_new (FALSE, FALSE, sizeof (int)),
                               .generates = g_array_new (FALSE, FALSE, sizeof (int)),
                               .depths = g_array_new (FALSE, FALSE, sizeof (int)) };
  g_auto (GStrv) rest = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("model", &options.engine.model, N_ ("Measure this model file"), "FILE.gguf"),
    COLLATE_OPTION ("prompt", &options.prompt, N_ ("Read prompts of N tokens"), "N,N…"),
    COLLATE_OPTION ("generate", &options.generate, N_ ("Write N tokens"), "N,N…"),
    COLLATE_OPTION ("depth", &options.depth, N_ ("After N tokens"), "N,N…"),
    COLLATE_ENGINE_ENTRIES (&options.engine, "dense|sparse|dense,sparse"),
    COLLATE_OPTION ("format", &options.format_name, N_ ("Print in this format"), "text|json"),
    G_OPTION_ENTRY_NULL,
  };
  int status;

  if (!collate_command_parse (
          &rest, NULL, _ ("Measures how fast a model file reads and writes."), entries, &status))
    return status;

  return check (&options) ? bench (&options) : COLLATE_EXIT_USAGE;
}
