/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What is told about comparisons: findings, sentences and exports, from comparisons that are read from JSON. */

#include <math.h>
#include <string.h>

#include "base/collate-json.h"
#include "compare/collate-export.h"
#include "compare/collate-sentences.h"
#include "fixtures.h"

/* A comparison of answers that are all done, from "id cost time, id cost time …"; a cost of "?" is unknown. */
static CollateComparison *
comparison_of (const char *answers)
{
  g_auto (GStrv) list = g_strsplit (answers, ", ", -1);
  g_autoptr (GString) json = g_string_new ("{'question':'Why?','created':'2026-11-22T10:00:00Z','results':[");
  g_autoptr (GHashTable) runs = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (list[i], " ", -1);
      guint run = GPOINTER_TO_UINT (g_hash_table_lookup (runs, words[0])) + 1;

      g_hash_table_insert (runs, (char *) g_intern_string (words[0]), GUINT_TO_POINTER (run));
      g_string_append_printf (json,
                              "%s{'id':'%s','model':'Model %s','run':%u,'state':'%s','response':'x',"
                              "'input_tokens':100,'output_tokens':10,'cost':%s,'time':%s}",
                              i > 0 ? "," : "",
                              words[0],
                              words[0],
                              run,
                              words[3] != NULL ? words[3] : "done",
                              *words[1] == '?' ? "null" : words[1],
                              words[2]);
    }
  g_string_append (json, "]}");

  return comparison_from (json->str);
}

static void
test_findings (void)
{
  static const struct
  {
    const char *answers;
    const char *cheapest;
    const char *fastest;
  } cases[] = {
    { "a 0.02 5, b 0.01 6", "b", "a" },
    { "a 0.02 5", NULL, NULL },
    /* equal at the shown precision, and just not */
    { "a 0.01234 5.001, b 0.01231 5.004", NULL, NULL },
    { "a 0.01236 5.001, b 0.01234 5.006", "b", "a" },
    { "a 0.0124 191.6, b 0.0123 192.4", "b", NULL },
    /* unknown costs and answers that are not done do not compete */
    { "a ? 5, b 0.01 6", NULL, "a" },
    { "a ? 5, b 0.01 6, c 0.02 7", "b", "a" },
    { "a 0.001 1 failed, b 0.01 6, c 0.02 7", "b", "b" },
    { "a 0.001 1 stopped, b 0.01 6", NULL, NULL },
    { "a 0 5, b 0 6", NULL, "a" },
    /* repeats: apart, and overlapping */
    { "a 0.01 5, a 0.02 6, b 0.03 7, b 0.04 8", "a", "a" },
    { "a 0.01 5, a 0.03 7, b 0.02 6, b 0.05 9", NULL, NULL },
    { "a 0.01 5, a 0.02 6, b 0.02 6, b 0.03 7", NULL, NULL },
    /* runs that failed do not compete, but those that are done do */
    { "a 0.01 5, a 0.02 6 failed, b 0.02 6, b 0.03 7", "a", "a" },
    { "a 0.04 8, a 0.001 1 failed, b 0.02 6, b 0.03 7", "b", "b" },
    { "a 0.01 5, a 0.01 5, b 0.02 6 failed, b 0.02 6 stopped", NULL, NULL },
    { "a 0.01 5, a 0.03 7 failed, a 0.03 7, b 0.02 6, b 0.02 6, b 0.02 6", NULL, NULL },
    /* shown as an hour and a minute both */
    { "a 0.01 3659, b 0.02 3662", "a", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CollateComparison) comparison = comparison_of (cases[i].answers);
      const CollateFindings *findings = collate_comparison_get_findings (comparison);

      g_assert_cmpstr (findings->most_cost_effective, ==, cases[i].cheapest);
      g_assert_cmpstr (findings->fastest, ==, cases[i].fastest);
    }
}

static void
test_findings_figures (void)
{
  g_autoptr (CollateComparison) comparison =
      comparison_of ("a 0.01 4, a 0.02 6, b 0.03 7, b 0.05 9, c ? 1, c ? 1");
  const CollateFindings *findings = collate_comparison_get_findings (comparison);
  g_autofree char *cost = collate_sentence_for_cost_finding (comparison);
  g_autofree char *time = collate_sentence_for_time_finding (comparison);
  g_autofree char *total = collate_sentence_for_total (comparison);

  g_assert_cmpuint (findings->n_finished, ==, 3);
  g_assert_cmpint (findings->lowest_cost, ==, 15000000000);
  g_assert_cmpint (findings->highest_cost, ==, 40000000000);
  g_assert_cmpstr (findings->most_expensive, ==, "b");
  g_assert_cmpfloat (findings->lowest_time, ==, 1);
  g_assert_cmpfloat (findings->highest_time, ==, 8);
  g_assert_cmpstr (findings->slowest, ==, "b");
  g_assert_cmpint (findings->total_cost, ==, 110000000000);
  g_assert_true (findings->total_incomplete);
  g_assert_cmpint (findings->total_input, ==, 600);
  g_assert_cmpuint (findings->repeats, ==, 2);

  g_assert_cmpstr (cost,
                   ==,
                   "Most cost-effective: Model a at $0.0150 (a hundred such questions: $1.50). Model b cost "
                   "the most, $0.0400.");
  g_assert_cmpstr (time, ==, "Fastest: Model c in 1.00 s. Model b took the longest, 8.00 s.");
  g_assert_cmpstr (
      total, ==, "In all: at least $0.1100, for 600 tokens read and 60 written; a price is not known.");
}

static void
test_nothing_found (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from ("{'question':'Why?','results':[]}");
  g_autoptr (CollateComparison) equal = comparison_of ("a 0.01 5, b 0.01 5");
  g_autofree char *cost = collate_sentence_for_cost_finding (equal);

  g_assert_null (collate_sentence_for_cost_finding (comparison));
  g_assert_null (collate_sentence_for_time_finding (comparison));
  g_assert_null (collate_sentence_for_total (comparison));
  g_assert_cmpstr (cost, ==, "No model is the most cost-effective: the cheapest cost the same ($0.0100).");
}

/* Every code has a sentence of its own, and a short form in the header. */
static void
test_error_sentences (void)
{
  g_autoptr (GHashTable) sentences = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) states = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int code = COLLATE_ERROR_KEY; code <= COLLATE_ERROR_UNSUPPORTED; code++)
    {
      const char *state = code == COLLATE_ERROR_STOPPED       ? "stopped"
                          : code == COLLATE_ERROR_INTERRUPTED ? "interrupted"
                                                              : "failed";
      g_autofree char *json = g_strdup_printf (
          "{'question':'Why?','results':[{'id':'m','model':'M','state':'%s','error':{'code':'%s'}}]}",
          state,
          collate_error_to_string (code));
      g_autoptr (CollateComparison) comparison = comparison_from (json);
      char *sentence = collate_sentence_for_answer (answer_at (comparison, 0));

      g_assert_nonnull (sentence);
      g_assert_cmpuint (strlen (sentence), >, 20);
      g_assert_true (g_hash_table_add (sentences, sentence));
      g_assert_true (g_hash_table_add (states, collate_sentence_for_state (answer_at (comparison, 0))));
    }
}

static void
test_file_sentences (void)
{
  g_autoptr (GHashTable) sentences = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) other = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "odd thing");
  g_autofree char *foreign = collate_sentence_for_error (other, NULL);

  for (int code = COLLATE_ERROR_UNREADABLE; code <= COLLATE_ERROR_INVALID; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (COLLATE_ERROR, code, "detail");
      char *sentence = collate_sentence_for_error (error, "a.pdf");

      g_assert_true (g_str_has_prefix (sentence, "a.pdf "));
      g_assert_true (g_str_has_suffix (sentence, "(detail)"));
      g_assert_true (g_hash_table_add (sentences, sentence));
    }
  g_assert_nonnull (strstr (foreign, "odd thing"));
}

#define WHOLE                                                                                                \
  "{'id':12,'question':'Why <b>\\n=1?','created':'2025-10-20T10:00:00Z',"                                    \
  "'documents':[{'name':'a<.pdf','pages':12,'tokens':20480,'warnings':['page 3 has no text']}],"             \
  "'context_tokens':57204,'results':["                                                                       \
  "{'id':'d','model':'DeepSeek','route':'deepseek/deepseek-chat','served_model':'deepseek-chat',"            \
  "'reading':'whole','run':1,'state':'done','response':'=1+1 is **two**, <b>\\\\','reasoning':null,"         \
  "'finish_reason':'stop','input_tokens':56842,'cached_input_tokens':0,'cache_write_tokens':0,"              \
  "'output_tokens':698,'reasoning_tokens':0,'total_tokens':57540,'usage_estimated':false,"                   \
  "'cost':0.01620892,'cost_known':true,'price':{'input':0.28,'output':0.42},'dropped_parameters':['"         \
  "temperature'],"                                                                                           \
  "'requests':2,'sources':[],'time':3.5,'time_to_first_token':1.5,'tokens_per_second':349.0,"                \
  "'error':null},"                                                                                           \
  "{'id':'g','model':'GPT','route':'openai/gpt','served_model':null,'reading':'whole','run':1,"              \
  "'state':'failed','response':null,'reasoning':null,'finish_reason':null,'input_tokens':null,"              \
  "'cached_input_tokens':null,'cache_write_tokens':null,'output_tokens':null,'reasoning_tokens':null,"       \
  "'total_tokens':null,'usage_estimated':false,'cost':null,'cost_known':false,'price':null,"                 \
  "'dropped_parameters':[],'requests':1,'sources':[],'time':0.5,'time_to_first_token':null,"                 \
  "'tokens_per_second':null,'error':{'code':'rate','message':'Too fast.','status':429}}],"                   \
  "'findings':{'most_cost_effective':null,'fastest':null}}"

/* What is exported, read back and exported again is the same text: nothing is lost, and every member stands
 * where the command line's form has it. */
static void
test_json (void)
{
  g_autofree char *quoted = g_strdelimit (g_strdup (WHOLE), "'", '"');
  g_autoptr (JsonNode) expected = json_from_string (quoted, NULL);
  g_autoptr (CollateComparison) comparison = comparison_from (WHOLE);
  g_autofree char *json = collate_export_json (comparison);
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;

  /* A comparison that was read from a file is not the history's. */
  json_object_set_null_member (json_node_get_object (expected), "id");
  text = collate_json_to_string (expected, TRUE);
  again = g_strconcat (text, "\n", NULL);
  g_assert_cmpstr (json, ==, again);
}

/* A graphics card that failed is told where there was one, and nowhere else. */
static void
test_json_avoided (void)
{
  g_autoptr (CollateComparison) comparison =
      comparison_from ("{'question':'?','results':[{'id':'m','state':'done','response':'x',"
                       "'avoided':{'code':'server','detail':'vulkan:0: gone','message':'y'}}]}");
  g_autofree char *json = collate_export_json (comparison);
  g_autofree char *text = collate_export_text (comparison);
  g_autoptr (JsonObject) object = collate_json_parse_object (json, -1, NULL);
  JsonObject *result = collate_json_element_object (collate_json_array (object, "results"), 0);
  JsonObject *avoided = collate_json_object (result, "avoided");
  g_autofree char *sentence =
      collate_sentence_for_avoided (collate_answer_get_avoided (answer_at (comparison, 0)));

  g_assert_cmpstr (collate_json_string (avoided, "code"), ==, "server");
  g_assert_cmpstr (collate_json_string (avoided, "detail"), ==, "vulkan:0: gone");
  g_assert_cmpstr (collate_json_string (avoided, "message"), ==, sentence);
  g_assert_nonnull (strstr (text, "vulkan:0: gone"));
}

/* Of a model of this machine it is told how much of its context it read, and of no other. */
static void
test_keys_read (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from (
      "{'question':'?','results':[{'id':'local:m@sparse','state':'done','response':'x','keys_read':0.0625},"
      "{'id':'n','state':'done','response':'y'}]}");
  g_autofree char *json = collate_export_json (comparison);
  g_autofree char *csv = collate_export_csv (comparison);
  g_autofree char *text = collate_export_text (comparison);
  g_autofree char *markdown = collate_export_markdown (comparison);
  g_autofree char *html = collate_export_html (comparison, NULL);
  g_autoptr (JsonObject) object = collate_json_parse_object (json, -1, NULL);
  JsonArray *results = collate_json_array (object, "results");

  g_assert_cmpfloat (
      collate_json_double (collate_json_element_object (results, 0), "keys_read", -1), ==, 0.0625);
  g_assert_false (json_object_has_member (collate_json_element_object (results, 1), "keys_read"));
  g_assert_nonnull (strstr (csv, ",tokens_per_second,keys_read,requests,"));
  g_assert_nonnull (strstr (csv, ",0.0625,"));
  g_assert_nonnull (strstr (text, "Keys read\n"));
  g_assert_nonnull (strstr (text, "6.2\302\240%\n"));
  g_assert_nonnull (strstr (text, "—\n"));
  g_assert_nonnull (strstr (markdown, "| Keys read |\n"));
  g_assert_nonnull (strstr (markdown, "| 6.2\302\240% |\n"));
  g_assert_nonnull (strstr (html, "<td>6.2\302\240%</td>"));
}

/* Where nobody has such a figure, no table has a column for it. */
static void
test_no_keys_read (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from (WHOLE);
  g_autofree char *text = collate_export_text (comparison);
  g_autofree char *markdown = collate_export_markdown (comparison);
  g_autofree char *html = collate_export_html (comparison, NULL);

  g_assert_null (strstr (text, "Keys read"));
  g_assert_null (strstr (markdown, "Keys read"));
  g_assert_null (strstr (html, "Keys read"));
}

/* What a model guessed ahead, and how much of it was right: of an answer that has it, and of no other. */
static void
test_drafts (void)
{
  g_autoptr (CollateComparison) comparison =
      comparison_from ("{'question':'?','results':["
                       "{'id':'local:m','state':'done','response':'x','input_tokens':10,'output_tokens':138,"
                       "'drafted_tokens':75,'accepted_draft_tokens':62},"
                       "{'id':'n','state':'done','response':'y','input_tokens':10,'output_tokens':5},"
                       "{'id':'o','state':'done','response':'y','input_tokens':10,'drafted_tokens':2,'"
                       "accepted_draft_tokens':3},"
                       "{'id':'p','state':'done','response':'y','input_tokens':10,'drafted_tokens':-2,'"
                       "accepted_draft_tokens':1}]}");
  g_autofree char *json = collate_export_json (comparison);
  g_autofree char *csv = collate_export_csv (comparison);
  g_autofree char *text = collate_export_text (comparison);
  g_autofree char *markdown = collate_export_markdown (comparison);
  g_autofree char *html = collate_export_html (comparison, NULL);
  g_autofree char *none = collate_sentence_for_drafts (answer_at (comparison, 1));
  g_autofree char *most = collate_sentence_for_drafts (answer_at (comparison, 2));
  g_autofree char *negative = collate_sentence_for_drafts (answer_at (comparison, 3));
  g_autoptr (JsonObject) object = collate_json_parse_object (json, -1, NULL);
  JsonArray *results = collate_json_array (object, "results");
  JsonObject *drafted = collate_json_element_object (results, 0);

  g_assert_cmpint (collate_json_int (drafted, "drafted_tokens", -1), ==, 75);
  g_assert_cmpint (collate_json_int (drafted, "accepted_draft_tokens", -1), ==, 62);
  g_assert_cmpfloat (collate_json_double (drafted, "draft_acceptance_rate", -1), ==, 62.0 / 75);
  g_assert_false (json_object_has_member (collate_json_element_object (results, 1), "drafted_tokens"));
  g_assert_nonnull (strstr (csv, ",requests,drafted_tokens,accepted_draft_tokens,"));
  g_assert_nonnull (strstr (csv, ",0,75,62,,,x,"));
  g_assert_nonnull (strstr (text, "\nDrafts right: 62 of 75 (83\302\240%)\n"));
  g_assert_nonnull (strstr (markdown, "\nDrafts right: 62 of 75 (83\302\240%)\n"));
  g_assert_nonnull (strstr (html, ">Drafts right: 62 of 75 (83\302\240%)<"));
  g_assert_null (none);
  g_assert_cmpstr (most, ==, "Drafts right: 2 of 2 (100\302\240%)");
  g_assert_null (negative);
}

static void
test_json_hostile (void)
{
  static const char *const refused[] = { "{}",
                                         "{'question':1,'results':[]}",
                                         "{'question':'x','results':{}}" };
  g_autoptr (CollateComparison) odd = comparison_from (
      "{'question':'x','created':'yesterday','documents':[1,{'name':2},{'name':'a','pages':-3,'tokens':-9}],"
      "'context_tokens':-5,'results':[null,1,{},{'id':'m','run':0,'state':'streaming','input_tokens':1e300,"
      "'cost':-1,'price':{'input':-1},'time':-4,'requests':-1,'dropped_parameters':[1,'x'],'error':7,"
      "'keys_read':'all'}]}");
  g_autofree char *json = collate_export_json (odd);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *text = g_strdelimit (g_strdup (refused[i]), "'", '"');
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = collate_json_parse_object (text, -1, NULL);

      g_assert_null (collate_comparison_new_from_json (object, &error));
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
    }

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (odd)), ==, 1);
  g_assert_cmpint (collate_answer_get_state (answer_at (odd, 0)), ==, COLLATE_ANSWER_INTERRUPTED);
  g_assert_cmpint (collate_answer_get_cost (answer_at (odd, 0)), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_nonnull (strstr (json, "\"interrupted\""));
}

static void
test_csv (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from (
      "{'question':'Why?','results':["
      "{'id':'a','model':'+A','state':'done','response':'=cmd(1), "
      "\\u0022x\\u0022\\nnext','cost':0.5,'time':2.5,'run':1},"
      "{'id':'b','model':'B','state':'done','response':'  ＝1','run':1},"
      "{'id':'c','model':'C','state':'done','response':'- point','reasoning':'plain','run':1}]}");
  g_autofree char *csv = collate_export_csv (comparison);
  g_auto (GStrv) lines = g_strsplit (csv, "\r\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 5);
  g_assert_true (g_str_has_prefix (lines[0], "id,model,route,"));
  g_assert_true (g_str_has_suffix (lines[0], ",response,reasoning"));
  g_assert_true (g_str_has_prefix (lines[1], "a,\"'+A\",,,whole,1,done,"));
  g_assert_nonnull (strstr (lines[1], ",\"'=cmd(1), \"\"x\"\"\nnext\","));
  g_assert_nonnull (strstr (lines[1], ",0.5,"));
  g_assert_nonnull (strstr (lines[2], ",\"'  ＝1\","));
  g_assert_true (g_str_has_suffix (lines[3], ",\"'- point\",plain"));
}

static void
test_readable (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from (WHOLE);
  g_autofree char *markdown = collate_export_markdown (comparison);
  g_autofree char *html = collate_export_html (comparison, "<svg></svg>");
  g_autofree char *text = collate_export_text (comparison);

  g_assert_true (g_str_has_prefix (markdown, "# Why \\<b\\> =1?\n"));
  g_assert_nonnull (strstr (markdown, "- a\\<.pdf (12 pages, 20,480 tokens) page 3 has no text\n"));
  g_assert_nonnull (strstr (markdown, "> =1+1 is **two**, <b>\\\n"));
  g_assert_nonnull (
      strstr (markdown, "### DeepSeek\n\n$0.0162 · 3.50 s · deepseek/deepseek-chat · $0.28 in, $0.42 out"));
  g_assert_nonnull (strstr (markdown, "**Too fast.**"));

  g_assert_nonnull (strstr (html, "<h1>Why &lt;b&gt;"));
  g_assert_nonnull (strstr (html, "<strong>two</strong>, &lt;b&gt;"));
  g_assert_nonnull (strstr (html, "<svg></svg>"));
  g_assert_nonnull (strstr (html, "prefers-color-scheme: dark"));
  g_assert_null (strstr (html, "<script"));
  g_assert_null (strstr (html, "src="));
  g_assert_null (strstr (html, "http://"));
  g_assert_null (strstr (html, "<b>"));

  g_assert_nonnull (strstr (text, "DeepSeek — $0.0162 · 3.50 s\n\n=1+1 is **two**"));
  g_assert_nonnull (strstr (text, "GPT — failed: too many requests\n\nToo fast.\n"));
}

/* A terminal obeys escape sequences; a model must not command it. */
static void
test_text_is_harmless (void)
{
  g_autoptr (CollateComparison) comparison =
      comparison_from ("{'question':'Why?','results':[{'id':'a','model':'A\\u001b[2J','state':'done',"
                       "'response':'x\\u001b]0;owned\\u0007\\u009b31my\\r\\b'}]}");
  g_autofree char *text = collate_export_text (comparison);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_true (g_utf8_get_char (p) == '\n' || !g_unichar_iscntrl (g_utf8_get_char (p)));
  g_assert_nonnull (strstr (text, "x]0;owned31my"));
}

/* Nothing that a model or a name holds leaves its place: no line of it stands outside a quote or a heading. */
static void
test_markdown_is_harmless (void)
{
  g_autoptr (CollateComparison) comparison = comparison_from (
      "{'question':'Why\\r# not?','results':[{'id':'a','model':'A\\u001b[2J\\n# B|','state':'done',"
      "'response':'```\\n<script>\\r# out\\r\\n## too\\u001b]0;owned\\u0007\\n````\\nend'}]}");
  g_autofree char *markdown = collate_export_markdown (comparison);
  g_auto (GStrv) lines = g_strsplit_set (markdown, "\r\n", -1);
  static const char *const headings[] = { "# Why \\# not?", "### A \\[2J \\# B\\|", NULL };

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gboolean ours = g_str_equal (lines[i], "## Metrics") || g_str_equal (lines[i], "## Responses") ||
                      g_str_equal (lines[i], "## Findings") || g_strv_contains (headings, lines[i]);

      g_assert_true (ours || lines[i][0] != '#');
      g_assert_true (strchr (lines[i], '\x1b') == NULL);
      g_assert_true (strstr (lines[i], "<script>") == NULL || g_str_has_prefix (lines[i], "> "));
    }
  g_assert_nonnull (strstr (markdown, "> ```\n> <script>\n> # out\n> ## too]0;owned\n> ````\n> end\n"));
}

static void
test_warnings (void)
{
  static const struct
  {
    const char *facts;
    const char *warning; /* NULL: none */
  } cases[] = {
    { "'route':'p/gpt-5','served_model':'gpt-5-2025-08-07'", NULL },
    { "'route':'o/deepseek/chat','served_model':'DeepSeek/Chat'", NULL },
    { "'route':'p/gpt-5','served_model':'gpt-4'", "Asked for gpt-5, answered by gpt-4." },
    { "'finish_reason':'length'", "The answer was cut off at the output limit." },
    { "'finish_reason':'max_tokens'", "The answer was cut off at the output limit." },
    { "'finish_reason':'stop'", NULL },
    { "'dropped_parameters':['a','b']", "M does not accept the parameters a, b, so it was asked without." },
    { "'avoided':{'code':'too_large','detail':'vulkan:0: 9 MiB of 8','message':'x'}",
      "The graphics card has too little free memory for this model, so the slower processor computes: close "
      "what "
      "else uses the card and start Collate again, or take a smaller model. (vulkan:0: 9 MiB of 8)" },
    { "'avoided':{'code':'server','detail':'vulkan:0: it stopped\\nanswering'},'finish_reason':'length'",
      "The graphics card failed, so the slower processor computes: update the card’s driver or start Collate "
      "again, or choose the processor in Preferences ▸ Local Models. (vulkan:0: it stopped answering) "
      "The answer was cut off at the output limit." },
    { "'avoided':null", NULL },
    { "'avoided':{'code':'odd','detail':'x'}", NULL },
    { "'avoided':{'code':'server','detail':7}", NULL },
    { "'input_tokens':3,'usage_estimated':true",
      "The server did not report all tokens: tokens and cost are estimated." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{'question':'?','results':[{'id':'m','model':'M','state':'done','response':'x',%s}]}",
          cases[i].facts);
      g_autoptr (CollateComparison) comparison = comparison_from (json);
      g_autofree char *warning = collate_sentence_for_warning (answer_at (comparison, 0));

      g_assert_cmpstr (warning, ==, cases[i].warning);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compare/findings/winners", test_findings);
  g_test_add_func ("/compare/findings/figures", test_findings_figures);
  g_test_add_func ("/compare/findings/none", test_nothing_found);
  g_test_add_func ("/compare/sentences/errors", test_error_sentences);
  g_test_add_func ("/compare/sentences/files", test_file_sentences);
  g_test_add_func ("/compare/sentences/warnings", test_warnings);
  g_test_add_func ("/compare/export/json", test_json);
  g_test_add_func ("/compare/export/json-avoided", test_json_avoided);
  g_test_add_func ("/compare/export/keys-read", test_keys_read);
  g_test_add_func ("/compare/export/no-keys-read", test_no_keys_read);
  g_test_add_func ("/compare/export/drafts", test_drafts);
  g_test_add_func ("/compare/export/json-hostile", test_json_hostile);
  g_test_add_func ("/compare/export/csv", test_csv);
  g_test_add_func ("/compare/export/readable", test_readable);
  g_test_add_func ("/compare/export/text-is-harmless", test_text_is_harmless);
  g_test_add_func ("/compare/export/markdown-harmless", test_markdown_is_harmless);

  return g_test_run ();
}
