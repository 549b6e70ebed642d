/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A comparison as one HTML file: no scripts, nothing fetched. */

#include <glib/gi18n-lib.h>

#include "compare/collate-export-private.h"
#include "compare/collate-export.h"
#include "compare/collate-markdown.h"
#include "compare/collate-sentences.h"

/* Even if an answer's text found a way out of its place, the policy lets nothing run or load. */
static const char head[] = "<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                           "style-src 'unsafe-inline'\">\n"
                           "<meta name=\"referrer\" content=\"no-referrer\">\n";

static const char style[] =
    "<style>\n"
    ":root { color-scheme: light dark; --ink: #1d1d20; --paper: #fafafb; --card: #fff; --line: #d8d8dc;\n"
    "  --soft: #5e5e66; --bad: #a51d2d; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #f2f2f4; --paper: #1d1d20; --card: #2b2b2f;\n"
    "  --line: #47474d; --soft: #b0b0b8; --bad: #ff938c; } }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);\n"
    "  max-width: 60rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: anywhere; }\n"
    "h1 { font-size: 1.5rem; white-space: pre-wrap; }\n"
    "article { background: var(--card); border: 1px solid var(--line); border-radius: 12px;\n"
    "  padding: .25rem 1.25rem 1rem; margin: 1rem 0; }\n"
    ".soft { color: var(--soft); } .bad { color: var(--bad); }\n"
    ".wide { overflow-x: auto; } table { border-collapse: collapse; }\n"
    "th, td { border-bottom: 1px solid var(--line); padding: .35rem .75rem; text-align: start; }\n"
    ".metrics td, .metrics th { text-align: end; white-space: nowrap; }\n"
    ".metrics th:first-child { text-align: start; }\n"
    "pre { overflow-x: auto; white-space: pre-wrap; border: 1px solid var(--line); border-radius: 8px;\n"
    "  padding: .75rem; } blockquote { border-inline-start: 3px solid var(--line); margin-inline: 0;\n"
    "  padding-inline-start: 1rem; } svg { max-width: 100%; height: auto; }\n"
    "</style>\n";

static void
append_element (GString *out, const char *open, const char *text, const char *close)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append (out, open);
  g_string_append (out, escaped);
  g_string_append (out, close);
}

static void
append_metrics (GString *out, CollateComparison *comparison)
{
  const char *const *names = collate_export_figure_names ();
  guint n_figures = collate_export_count_figures (comparison);

  append_element (
      out, "<h2>", _ ("Metrics"), "</h2>\n<div class=\"wide\"><table class=\"metrics\">\n<thead><tr>");
  append_element (out, "<th scope=\"col\">", _ ("Model"), "</th>");
  for (guint i = 0; i < n_figures; i++)
    append_element (out, "<th scope=\"col\">", _ (names[i]), "</th>");
  g_string_append (out, "</tr></thead>\n<tbody>\n");

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);
      g_autoptr (GPtrArray) figures = collate_export_figures (answer);

      append_element (out, "<tr><th scope=\"row\">", collate_answer_get_label (answer), "</th>");
      for (guint j = 0; j < n_figures; j++)
        append_element (out, "<td>", figures->pdata[j], "</td>");
      g_string_append (out, "</tr>\n");
    }
  g_string_append (out, "</tbody></table></div>\n");
}

static void
append_answer (GString *out, CollateAnswer *answer)
{
  g_autofree char *state = collate_sentence_for_state (answer);
  g_autofree char *price = collate_export_price_note (answer);
  g_autofree char *problem = collate_sentence_for_answer (answer);
  g_autofree char *warning = collate_sentence_for_warning (answer);
  g_autofree char *drafts = collate_sentence_for_drafts (answer);
  const char *route = collate_answer_get_route (answer);

  g_string_append (out, "<article>\n");
  append_element (out, "<h3>", collate_answer_get_label (answer), "");
  append_element (out, " — ", state, "</h3>\n");
  append_element (out, "<p class=\"soft\">", route != NULL ? route : "—", "");
  append_element (out, " · ", price, "</p>\n");
  if (problem != NULL)
    append_element (out, "<p class=\"bad\">", problem, "</p>\n");
  if (warning != NULL)
    append_element (out, "<p class=\"soft\">", warning, "</p>\n");
  if (drafts != NULL)
    append_element (out, "<p class=\"soft\">", drafts, "</p>\n");
  if (collate_answer_get_reasoning_length (answer) > 0)
    {
      g_autofree char *reasoning = collate_markdown_to_html (collate_answer_get_reasoning (answer));

      append_element (out, "<details><summary>", _ ("Reasoning"), "</summary>\n");
      g_string_append (out, reasoning);
      g_string_append (out, "</details>\n");
    }
  if (collate_answer_get_text_length (answer) > 0)
    {
      g_autofree char *text = collate_markdown_to_html (collate_answer_get_text (answer));

      g_string_append (out, text);
    }
  g_string_append (out, "</article>\n");
}

static void
append_documents (GString *out, GPtrArray *documents)
{
  if (documents->len == 0)
    return;

  append_element (out, "<h2>", _ ("Documents"), "</h2>\n<ul>\n");
  for (guint i = 0; i < documents->len; i++)
    {
      g_autofree char *line = collate_export_document_line (documents->pdata[i]);

      append_element (out, "<li>", line, "</li>\n");
    }
  g_string_append (out, "</ul>\n");
}

static void
append_findings (GString *out, CollateComparison *comparison)
{
  g_autoptr (GPtrArray) findings = collate_export_findings (comparison);

  if (findings->len == 0)
    return;

  append_element (out, "<h2>", _ ("Findings"), "</h2>\n<ul>\n");
  for (guint i = 0; i < findings->len; i++)
    append_element (out, "<li>", findings->pdata[i], "</li>\n");
  g_string_append (out, "</ul>\n");
}

char *
collate_export_html (CollateComparison *comparison, const char *charts_svg)
{
  g_autofree char *created = NULL;
  GString *out;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (comparison), NULL);

  out = g_string_new ("<!DOCTYPE html>\n<html>\n<head>\n");
  created = g_date_time_format (collate_comparison_get_created (comparison), "%Y-%m-%d %H:%M UTC");

  g_string_append (out, head);
  append_element (out, "<title>", collate_comparison_get_title (comparison), "</title>\n");
  g_string_append (out, style);
  g_string_append (out, "</head>\n<body>\n");
  append_element (out, "<h1>", collate_comparison_get_question (comparison), "</h1>\n");
  append_element (out, "<p class=\"soft\">", created, "</p>\n");
  append_documents (out, collate_comparison_get_documents (comparison));
  append_findings (out, comparison);
  append_metrics (out, comparison);
  if (charts_svg != NULL)
    {
      append_element (out, "<h2>", _ ("Charts"), "</h2>\n");
      g_string_append (out, charts_svg);
      g_string_append_c (out, '\n');
    }
  append_element (out, "<h2>", _ ("Responses"), "</h2>\n");
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      append_answer (out, answer);
    }
  g_string_append (out, "</body>\n</html>\n");

  return g_string_free (out, FALSE);
}
