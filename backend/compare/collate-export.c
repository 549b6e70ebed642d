/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A comparison as CSV, Markdown and plain text; JSON and HTML have files of their own. */

#include "compare/collate-export.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/collate-table.h"
#include "compare/collate-export-private.h"
#include "compare/collate-sentences.h"

/* What all share. */

#define N_FIGURES 10

static CollateAnswer *
dup_answer (CollateComparison *comparison, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (comparison), position);
}

static guint
count_answers (CollateComparison *comparison)
{
  return g_list_model_get_n_items (G_LIST_MODEL (comparison));
}

char *
collate_export_price_note (CollateAnswer *answer)
{
  CollatePrice *price = collate_answer_get_price (answer);
  g_autofree char *input = NULL;
  g_autofree char *output = NULL;
  const char *as_of;

  if (price == NULL)
    return g_strdup (_ ("no price known"));

  input = collate_money_format (collate_money_multiply (collate_price_get_input (price), 1000000), 2);
  output = collate_money_format (collate_money_multiply (collate_price_get_output (price), 1000000), 2);
  as_of = collate_price_get_as_of (price);
  if (as_of == NULL)
    return g_strdup_printf (_ ("%s in, %s out per million tokens"), input, output);

  return g_strdup_printf (_ ("%s in, %s out per million tokens (%s)"), input, output, as_of);
}

GPtrArray *
collate_export_figures (CollateAnswer *answer)
{
  const CollateUsage *usage = collate_answer_get_usage (answer);
  GPtrArray *figures = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (figures, collate_format_count (usage != NULL ? collate_usage_get_input (usage) : -1));
  g_ptr_array_add (figures, collate_format_count (usage != NULL ? usage->cached_input : -1));
  g_ptr_array_add (figures, collate_format_count (usage != NULL ? usage->output : -1));
  g_ptr_array_add (figures, collate_format_count (usage != NULL ? usage->reasoning : -1));
  g_ptr_array_add (figures, collate_format_count (usage != NULL ? collate_usage_get_total (usage) : -1));
  g_ptr_array_add (figures, collate_money_format (collate_answer_get_cost (answer), 4));
  g_ptr_array_add (figures, collate_format_seconds (collate_answer_get_time_to_first_token (answer)));
  g_ptr_array_add (figures, collate_format_seconds (collate_answer_get_time (answer)));
  g_ptr_array_add (figures, collate_format_rate (collate_answer_get_tokens_per_second (answer)));
  g_ptr_array_add (figures, collate_format_share (collate_answer_get_keys_read (answer)));

  return figures;
}

const char *const *
collate_export_figure_names (void)
{
  static const char *const names[N_FIGURES] = { N_ ("Input"),       N_ ("Cached"), N_ ("Output"),
                                                N_ ("Reasoning"),   N_ ("Total"),  N_ ("Cost"),
                                                N_ ("First token"), N_ ("Time"),   N_ ("Tokens/s"),
                                                N_ ("Keys read") };

  return names;
}

guint
collate_export_count_figures (CollateComparison *comparison)
{
  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);

      if (isfinite (collate_answer_get_keys_read (answer)))
        return N_FIGURES;
    }

  return N_FIGURES - 1;
}

GPtrArray *
collate_export_findings (CollateComparison *comparison)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  char *all[] = { collate_sentence_for_cost_finding (comparison),
                  collate_sentence_for_time_finding (comparison),
                  collate_sentence_for_total (comparison) };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL)
      g_ptr_array_add (lines, all[i]);

  return lines;
}

char *
collate_export_document_line (const CollateDocumentRecord *document)
{
  g_autofree char *tokens = collate_format_count (document->tokens);
  g_autofree char *warnings = g_strjoinv (" ", document->warnings);

  return g_strdup_printf (
      ngettext ("%s (%u page, %s tokens)%s%s", "%s (%u pages, %s tokens)%s%s", document->pages),
      document->name,
      document->pages,
      tokens,
      *warnings != '\0' ? " " : "",
      warnings);
}

/* CSV. */

/* A spreadsheet runs a cell that begins like a formula; the full-width forms of the signs count, too. */
static gboolean
looks_like_formula (const char *text)
{
  static const char *const beginnings[] = { "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠" };

  while (*text == ' ')
    text++;
  for (gsize i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (g_str_has_prefix (text, beginnings[i]))
      return TRUE;

  return FALSE;
}

static void
append_field (GString *row, const char *text)
{
  gboolean quoted;

  if (text == NULL)
    text = "";
  quoted = strpbrk (text, ",\"\r\n") != NULL || looks_like_formula (text);

  if (quoted)
    g_string_append_c (row, '"');
  if (looks_like_formula (text))
    g_string_append_c (row, '\'');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"')
        g_string_append_c (row, '"');
      g_string_append_c (row, *p);
    }
  if (quoted)
    g_string_append_c (row, '"');
}

static void
append_text (GString *row, const char *text)
{
  append_field (row, text);
  g_string_append_c (row, ',');
}

static void
append_count (GString *row, gint64 count, gboolean known)
{
  if (known)
    g_string_append_printf (row, "%" G_GINT64_FORMAT, count);
  g_string_append_c (row, ',');
}

static void
append_number (GString *row, double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (number))
    g_string_append (row, g_ascii_formatd (buffer, sizeof buffer, "%.12g", number));
  g_string_append_c (row, ',');
}

static void
append_row (GString *out, CollateAnswer *answer)
{
  static const CollateUsage none;
  const CollateUsage *usage = collate_answer_get_usage (answer);
  CollatePrice *price = collate_answer_get_price (answer);
  const GError *error = collate_answer_get_error (answer);
  g_autofree char *sentence = collate_sentence_for_answer (answer);
  gboolean known = usage != NULL;
  CollateMoney input = price != NULL ? collate_price_get_input (price) : COLLATE_MONEY_UNKNOWN;
  CollateMoney output = price != NULL ? collate_price_get_output (price) : COLLATE_MONEY_UNKNOWN;

  if (!known)
    usage = &none;

  append_text (out, collate_answer_get_entry_id (answer));
  append_text (out, collate_answer_get_name (answer));
  append_text (out, collate_answer_get_route (answer));
  append_text (out, collate_answer_get_served_model (answer));
  append_text (out, collate_answer_get_reading (answer));
  append_count (out, collate_answer_get_run (answer), TRUE);
  append_text (out, collate_answer_state_to_string (collate_answer_get_state (answer)));
  append_text (out, collate_answer_get_finish_reason (answer));
  append_count (out, collate_usage_get_input (usage), known);
  append_count (out, usage->cached_input, known);
  append_count (out, usage->cache_write + usage->cache_write_1h, known);
  append_count (out, usage->output, known);
  append_count (out, usage->reasoning, known);
  append_count (out, collate_usage_get_total (usage), known);
  append_text (out, known && usage->estimated ? "true" : "false");
  append_number (out, collate_money_to_usd (collate_answer_get_cost (answer)));
  append_number (out, collate_money_to_usd (collate_money_multiply (input, 1000000)));
  append_number (out, collate_money_to_usd (collate_money_multiply (output, 1000000)));
  append_text (out, price != NULL ? collate_price_get_as_of (price) : NULL);
  append_number (out, collate_answer_get_time (answer));
  append_number (out, collate_answer_get_time_to_first_token (answer));
  append_number (out, collate_answer_get_tokens_per_second (answer));
  append_number (out, collate_answer_get_keys_read (answer));
  append_count (out, collate_answer_get_requests (answer), TRUE);
  append_count (out, usage->drafted, known);
  append_count (out, usage->drafts_right, known);
  append_text (out, error != NULL ? collate_error_to_string (error->code) : NULL);
  append_text (out, sentence);
  append_text (out, collate_answer_get_text (answer));
  append_field (out, collate_answer_get_reasoning (answer));
  g_string_append (out, "\r\n");
}

char *
collate_export_csv (CollateComparison *comparison)
{
  GString *out;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (comparison), NULL);

  out = g_string_new (
      "id,model,route,served_model,reading,run,state,finish_reason,input_tokens,cached_input_tokens,"
      "cache_write_tokens,output_tokens,reasoning_tokens,total_tokens,usage_estimated,cost,price_input,"
      "price_output,price_as_of,time,time_to_first_token,tokens_per_second,keys_read,requests,drafted_tokens,"
      "accepted_draft_tokens,error_code,error_message,response,reasoning\r\n");
  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);

      append_row (out, answer);
    }

  return g_string_free (out, FALSE);
}

/* Markdown. */

/* On one line, with nothing in it that Markdown would read as its own. */
static void
append_plain (GString *out, const char *text)
{
  g_autofree char *line = collate_format_line (text, -1);

  for (const char *p = line; *p != '\0'; p++)
    {
      if (strchr ("\\`*_{}[]<>#|~&", *p) != NULL)
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
}

static void
append_markdown_table (GString *out, CollateComparison *comparison)
{
  const char *const *names = collate_export_figure_names ();
  guint n_figures = collate_export_count_figures (comparison);

  g_string_append_printf (out, "| %s |", _ ("Model"));
  for (guint i = 0; i < n_figures; i++)
    g_string_append_printf (out, " %s |", _ (names[i]));
  g_string_append (out, "\n|---|");
  for (guint i = 0; i < n_figures; i++)
    g_string_append (out, "---:|");
  g_string_append_c (out, '\n');

  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);
      g_autoptr (GPtrArray) figures = collate_export_figures (answer);

      g_string_append (out, "| ");
      append_plain (out, collate_answer_get_label (answer));
      for (guint j = 0; j < n_figures; j++)
        g_string_append_printf (out, " | %s", (char *) figures->pdata[j]);
      g_string_append (out, " |\n");
    }
  g_string_append_c (out, '\n');
}

static void
append_markdown_line (GString *out, const char *before, const char *text, const char *after)
{
  g_string_append (out, before);
  append_plain (out, text);
  g_string_append (out, after);
}

/* What a terminal would obey (escape sequences, cursor moves) is left out of what models wrote; a carriage return
 * ends a line. */
static void
append_tame (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\r' && p[1] != '\n')
        g_string_append_c (out, '\n');
      else if (c == '\n' || c == '\t' || !g_unichar_iscntrl (c))
        g_string_append_unichar (out, c);
    }
}

/* An answer's own headings would mix with the document's: it stands in a quote. */
static void
append_quoted (GString *out, const char *text)
{
  g_autoptr (GString) tame = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;

  append_tame (tame, text);
  lines = g_strsplit (tame->str, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (out, "> %s\n", lines[i]);
  g_string_append_c (out, '\n');
}

static void
append_markdown_answer (GString *out, CollateAnswer *answer)
{
  g_autofree char *state = collate_sentence_for_state (answer);
  g_autofree char *price = collate_export_price_note (answer);
  g_autofree char *problem = collate_sentence_for_answer (answer);
  g_autofree char *warning = collate_sentence_for_warning (answer);
  g_autofree char *drafts = collate_sentence_for_drafts (answer);
  const char *route = collate_answer_get_route (answer);

  append_markdown_line (out, "### ", collate_answer_get_label (answer), "\n\n");
  append_markdown_line (out, "", state, " · ");
  append_markdown_line (out, "", route != NULL ? route : "—", " · ");
  append_markdown_line (out, "", price, "\n\n");
  if (problem != NULL)
    append_markdown_line (out, "**", problem, "**\n\n");
  if (warning != NULL)
    append_markdown_line (out, "*", warning, "*\n\n");
  if (drafts != NULL)
    append_markdown_line (out, "", drafts, "\n\n");
  if (collate_answer_get_reasoning_length (answer) > 0)
    {
      g_string_append_printf (out, "%s\n\n", _ ("Reasoning:"));
      append_quoted (out, collate_answer_get_reasoning (answer));
    }
  if (collate_answer_get_text_length (answer) > 0)
    {
      if (collate_answer_get_reasoning_length (answer) > 0)
        g_string_append_printf (out, "%s\n\n", _ ("Answer:"));
      append_quoted (out, collate_answer_get_text (answer));
    }
}

char *
collate_export_markdown (CollateComparison *comparison)
{
  g_autoptr (GPtrArray) findings = NULL;
  g_autofree char *created = NULL;
  GPtrArray *documents;
  GString *out;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (comparison), NULL);

  out = g_string_new (NULL);
  findings = collate_export_findings (comparison);
  documents = collate_comparison_get_documents (comparison);
  created = g_date_time_format (collate_comparison_get_created (comparison), "%Y-%m-%d %H:%M UTC");

  append_markdown_line (out, "# ", collate_comparison_get_question (comparison), "\n\n");
  g_string_append_printf (out, "%s\n\n", created);
  for (guint i = 0; i < documents->len; i++)
    {
      g_autofree char *line = collate_export_document_line (documents->pdata[i]);

      append_markdown_line (out, "- ", line, i + 1 < documents->len ? "\n" : "\n\n");
    }
  if (findings->len > 0)
    g_string_append_printf (out, "## %s\n\n", _ ("Findings"));
  for (guint i = 0; i < findings->len; i++)
    append_markdown_line (out, "- ", findings->pdata[i], i + 1 < findings->len ? "\n" : "\n\n");

  g_string_append_printf (out, "## %s\n\n", _ ("Metrics"));
  append_markdown_table (out, comparison);
  g_string_append_printf (out, "## %s\n\n", _ ("Responses"));
  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);

      append_markdown_answer (out, answer);
    }

  return g_string_free (out, FALSE);
}

/* Text. */

static void
append_text_table (GString *out, CollateComparison *comparison)
{
  const char *const *names = collate_export_figure_names ();
  guint n_figures = collate_export_count_figures (comparison);
  g_autofree char *columns = g_strnfill (n_figures + 1, 'r');
  g_autoptr (CollateTable) table = NULL;
  g_autoptr (GPtrArray) header = g_ptr_array_new ();
  g_autofree char *text = NULL;

  columns[0] = 'l';
  table = collate_table_new (columns);
  g_ptr_array_add (header, (char *) _ ("Model"));
  for (guint i = 0; i < n_figures; i++)
    g_ptr_array_add (header, (char *) _ (names[i]));
  collate_table_add (table, (const char *const *) header->pdata);
  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);
      g_autoptr (GPtrArray) figures = collate_export_figures (answer);

      g_ptr_array_insert (figures, 0, g_strdup (collate_answer_get_label (answer)));
      collate_table_add (table, (const char *const *) figures->pdata);
    }

  text = collate_table_to_string (table);
  g_string_append (out, text);
}

static void
append_text_answer (GString *out, CollateAnswer *answer)
{
  g_autofree char *label = NULL;
  g_autofree char *state = collate_sentence_for_state (answer);
  g_autofree char *problem = collate_sentence_for_answer (answer);
  g_autofree char *warning = collate_sentence_for_warning (answer);
  g_autofree char *drafts = collate_sentence_for_drafts (answer);

  label = collate_format_line (collate_answer_get_label (answer), -1);
  g_string_append_printf (out, "%s — %s\n\n", label, state);
  if (collate_answer_get_text_length (answer) > 0)
    {
      append_tame (out, collate_answer_get_text (answer));
      g_string_append (out, "\n\n");
    }
  if (problem != NULL)
    {
      append_tame (out, problem);
      g_string_append (out, "\n\n");
    }
  if (warning != NULL)
    {
      append_tame (out, warning);
      g_string_append (out, "\n\n");
    }
  if (drafts != NULL)
    g_string_append_printf (out, "%s\n\n", drafts);
}

char *
collate_export_text (CollateComparison *comparison)
{
  g_autoptr (GPtrArray) findings = NULL;
  GString *out;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (comparison), NULL);

  out = g_string_new (NULL);
  findings = collate_export_findings (comparison);
  for (guint i = 0; i < findings->len; i++)
    {
      append_tame (out, findings->pdata[i]);
      g_string_append (out, i + 1 < findings->len ? "\n" : "\n\n");
    }
  for (guint i = 0; i < count_answers (comparison); i++)
    {
      g_autoptr (CollateAnswer) answer = dup_answer (comparison, i);

      append_text_answer (out, answer);
    }
  append_text_table (out, comparison);

  return g_string_free (out, FALSE);
}
