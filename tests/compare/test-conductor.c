/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/collate-json.h"
#include "compare/collate-sentences.h"
#include "fixtures.h"
#include "scripted-server.h"

static ScriptedServer *
serve (const char *script)
{
  g_autofree char *text = g_strdelimit (g_strdup (script), "'", '"');
  g_autoptr (GError) error = NULL;
  ScriptedServer *server = scripted_server_new (text, -1, 0, &error);

  g_assert_no_error (error);
  return server;
}

/* The requests that the server got, less the ones for its lists. */
static JsonArray *
read_journal (ScriptedServer *server)
{
  g_autofree char *text = scripted_server_dup_journal (server);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return json_node_dup_array (node);
}

/* The server sees some time later that nobody listens any more. */
static gboolean
is_first_aborted (gpointer server)
{
  g_autoptr (JsonArray) journal = read_journal (server);

  return collate_json_boolean (collate_json_element_object (journal, 0), "aborted", FALSE);
}

static const char *
get_message (JsonObject *request, guint position)
{
  JsonArray *messages = collate_json_array (collate_json_object (request, "body"), "messages");

  return collate_json_string (collate_json_element_object (messages, position), "content");
}

/* Two models of different wire formats and prices: every fact of their answers. */
static void
test_answers (void)
{
  g_autoptr (ScriptedServer) server = serve (
      "{'models':{"
      "'one':[{'answer':{'text':'Yes, it does.','reasoning':'They ask a thing.','served_model':'one-2026',"
      "'usage':{'input':1000,'cached':200,'output':60,'reasoning':20},'first_token_ms':30}}],"
      "'two':[{'answer':{'text':'No.','usage':{'input':2000,'output':10}}}]}}");
  g_autoptr (Desk) desk =
      desk_new (scripted_server_get_address (server),
                "[{'id':'m1','name':'Model One','context':8000,'routes':[{'provider':'p','model':'one',"
                "'price':{'input':2,'cached_input':1,'output':10,'as_of':'2026-11'}}]},"
                "{'id':'m2','name':'Model Two','routes':[{'provider':'a','model':'two',"
                "'price':{'input':3,'output':15}}]}]");
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (JsonArray) journal = NULL;
  CollateAnswer *one, *two;

  desk_add_document (desk, "a.txt", "It does.");
  comparison = desk_ask (desk, "Does it?", "m2,m1");
  two = answer_at (comparison, 0);
  one = answer_at (comparison, 1);

  g_assert_cmpint (collate_answer_get_state (one), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpstr (collate_answer_get_entry_id (one), ==, "m1");
  g_assert_cmpstr (collate_answer_get_label (one), ==, "Model One");
  g_assert_cmpstr (collate_answer_get_text (one), ==, "Yes, it does.");
  g_assert_cmpstr (collate_answer_get_reasoning (one), ==, "They ask a thing.");
  g_assert_cmpstr (collate_answer_get_route (one), ==, "p/one");
  g_assert_cmpstr (collate_answer_get_served_model (one), ==, "one-2026");
  g_assert_cmpstr (collate_answer_get_finish_reason (one), ==, "stop");
  g_assert_cmpint (collate_usage_get_input (collate_answer_get_usage (one)), ==, 1000);
  g_assert_false (collate_answer_get_usage (one)->estimated);
  /* 800 at 2, 200 at 1, 60 at 10 dollars a million */
  g_assert_cmpint (collate_answer_get_cost (one), ==, 2400000000);
  g_assert_cmpuint (collate_answer_get_requests (one), ==, 1);
  g_assert_cmpfloat (collate_answer_get_time_to_first_token (one), >=, 0.03);
  g_assert_cmpfloat (collate_answer_get_time (one), >=, collate_answer_get_time_to_first_token (one));
  g_assert_null (collate_answer_get_error (one));

  g_assert_cmpstr (collate_answer_get_text (two), ==, "No.");
  g_assert_cmpint (collate_answer_get_cost (two), ==, 6150000000);
  g_assert_cmpstr (collate_comparison_get_findings (comparison)->most_cost_effective, ==, "m1");
  g_assert_cmpstr (collate_comparison_get_findings (comparison)->most_expensive, ==, "m2");
  g_assert_cmpint (collate_comparison_get_id (comparison), >, 0);
  g_assert_cmpuint (collate_comparison_get_documents (comparison)->len, ==, 1);

  /* What was sent: the instruction and the documents, then the question. */
  journal = read_journal (server);
  g_assert_cmpuint (json_array_get_length (journal), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      JsonObject *request = collate_json_element_object (journal, i);

      if (strcmp (collate_json_string (request, "path"), "/v1/chat/completions") != 0)
        continue;
      g_assert_true (g_str_has_suffix (get_message (request, 0), "\n\n=== Document: a.txt ===\n\nIt does."));
      g_assert_cmpstr (get_message (request, 1), ==, "Does it?");
      g_assert_cmpint (collate_json_int (collate_json_object (request, "body"), "max_tokens", -1), ==, 4096);
    }
}

/* One that cannot be asked leaves the other alone. */
static void
test_unavailable (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'one':[{'answer':{'text':'Yes.','usage':{'input':9,'output':2}}}]}}");
  g_autoptr (Desk) desk =
      desk_new (scripted_server_get_address (server),
                "[{'id':'keyless','name':'Keyless','routes':[{'provider':'k','model':'one'}]},"
                "{'id':'old','name':'Old','routes':[{'provider':'p','model':'one','retired':'2020-01-31'}]},"
                "{'id':'short','name':'Short','context':100,'encoding':'cl100k_base','routes':[{'provider':'"
                "p','model':'one'}]},"
                "{'id':'guessed','name':'Guessed','context':100,'routes':[{'provider':'p','model':'one'}]}]");
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (JsonArray) journal = NULL;
  static const int codes[] = { COLLATE_ERROR_KEY, COLLATE_ERROR_RETIRED, COLLATE_ERROR_TOO_LONG };

  for (guint i = 0; i < 200; i++)
    g_string_append (text, "One more word. ");
  desk_add_document (desk, "a.txt", text->str);
  comparison = desk_ask (desk, "Why?", "keyless,old,short,guessed");

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      CollateAnswer *answer = answer_at (comparison, i);

      g_assert_cmpint (collate_answer_get_state (answer), ==, COLLATE_ANSWER_FAILED);
      g_assert_error (collate_answer_get_error (answer), COLLATE_ERROR, codes[i]);
      g_assert_cmpuint (collate_answer_get_requests (answer), ==, 0);
      g_assert_null (collate_answer_get_usage (answer));
      g_assert_cmpint (collate_answer_get_cost (answer), ==, COLLATE_MONEY_UNKNOWN);
      g_assert_true (isnan (collate_answer_get_time (answer)));
    }

  /* Our guess at a tokenizer that we do not have keeps nobody from being asked. */
  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 3)), ==, COLLATE_ANSWER_DONE);
  journal = read_journal (server);
  g_assert_cmpuint (json_array_get_length (journal), ==, 1);

  {
    g_autofree char *sentence = collate_sentence_for_answer (answer_at (comparison, 0));

    g_assert_nonnull (strstr (sentence, "COLLATE_TEST_KEY"));
    g_assert_nonnull (strstr (sentence, "Kay"));
  }
}

static gboolean
has_text (gpointer answer)
{
  return collate_answer_get_text_length (answer) > 40;
}

#define SLOW_ANSWER                                                                                          \
  "'answer':{'text':'" SLOW_TEXT "','tokens_per_second':20,'usage':{'input':50,'output':2000}}"

/* What came stays, is counted and paid; the others go on. */
static void
test_stop_one (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'slow':[{" SLOW_ANSWER "}],'one':[{'answer':{'text':'Yes.'}}]}}");
  g_autoptr (Desk) desk =
      desk_new (scripted_server_get_address (server),
                "[{'id':'s','name':'S','encoding':'cl100k_base','routes':[{'provider':'p',"
                "'model':'slow','price':{'input':1,'output':1000}}]},"
                "{'id':'o','name':'O','routes':[{'provider':'p','model':'one'}]}]");
  const char *const ids[] = { "s", "o", NULL };
  g_autoptr (CollateComparison) comparison = collate_workspace_ask (desk->workspace, "Why?", ids);
  CollateAnswer *slow = answer_at (comparison, 0);
  const CollateUsage *usage;
  g_autofree char *kept = NULL;

  wait_for (has_text, slow);
  kept = g_strdup (collate_answer_get_text (slow));
  collate_comparison_stop (comparison, slow);
  g_assert_cmpint (collate_answer_get_state (slow), ==, COLLATE_ANSWER_STOPPED);
  settle (comparison);

  g_assert_cmpint (collate_answer_get_state (slow), ==, COLLATE_ANSWER_STOPPED);
  g_assert_cmpstr (collate_answer_get_text (slow), ==, kept);
  g_assert_error (collate_answer_get_error (slow), COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  usage = collate_answer_get_usage (slow);
  g_assert_nonnull (usage);
  g_assert_true (usage->estimated);
  g_assert_cmpint (usage->output, >, 5);
  g_assert_cmpint (usage->output, <, 2000);
  g_assert_cmpint (usage->input, ==, collate_answer_get_expected_input (slow));
  g_assert_cmpint (usage->input, >, 20);
  g_assert_cmpint (collate_answer_get_cost (slow), ==, usage->input * 1000000 + usage->output * 1000000000);
  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 1)), ==, COLLATE_ANSWER_DONE);
}

/* Runs that wait are never sent. */
static void
test_stop_all (void)
{
  g_autoptr (ScriptedServer) server = serve ("{'models':{'slow':[{" SLOW_ANSWER "}]}}");
  g_autoptr (Desk) desk = desk_new (scripted_server_get_address (server),
                                    "[{'id':'s','name':'S','routes':[{'provider':'p','model':'slow'}]}]");
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (JsonArray) journal = NULL;

  g_object_set (desk->workspace, "repeats", 3, NULL);
  comparison = collate_workspace_ask (desk->workspace, "Why?", ids);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (comparison)), ==, 3);
  g_assert_cmpstr (collate_answer_get_label (answer_at (comparison, 1)), ==, "S · run 2");
  wait_for (has_text, answer_at (comparison, 0));
  collate_comparison_stop_all (comparison);
  settle (comparison);

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (collate_answer_get_state (answer_at (comparison, i)), ==, COLLATE_ANSWER_STOPPED);
  g_assert_null (collate_answer_get_usage (answer_at (comparison, 2)));
  journal = read_journal (server);
  g_assert_cmpuint (json_array_get_length (journal), ==, 1);
  wait_for (is_first_aborted, server);
}

/* A stream that breaks off keeps its text, and what it used is estimated. */
static void
test_cut (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'one':[{'answer':{'text':'One two three four five six.','cut_after':3,"
             "'usage':{'input':50,'output':40}}}]}}");
  g_autoptr (Desk) desk = desk_new (
      scripted_server_get_address (server),
      "[{'id':'m','name':'M','routes':[{'provider':'p','model':'one',"
      "'price':{'input':1,'output':1}}]},"
      "{'id':'c','name':'C','routes':[{'provider':'a','model':'one','price':{'input':1,'output':1}}]}]");
  g_autoptr (CollateComparison) comparison = desk_ask (desk, "Why?", "m,c");

  for (guint i = 0; i < 2; i++)
    {
      CollateAnswer *answer = answer_at (comparison, i);

      g_assert_cmpint (collate_answer_get_state (answer), ==, COLLATE_ANSWER_FAILED);
      g_assert_error (collate_answer_get_error (answer), COLLATE_ERROR, COLLATE_ERROR_PROTOCOL);
      g_assert_cmpstr (collate_answer_get_text (answer), ==, "One two three ");
      g_assert_nonnull (collate_answer_get_usage (answer));
      g_assert_true (collate_answer_get_usage (answer)->estimated);
      g_assert_cmpint (collate_answer_get_usage (answer)->output, >=, 3);
      g_assert_cmpint (collate_answer_get_cost (answer), >, 0);
    }
  /* Anthropic's format says at the start what it read. */
  g_assert_cmpint (collate_usage_get_input (collate_answer_get_usage (answer_at (comparison, 1))), ==, 50);
}

/* An answer that failed is asked again in its place, with the prompt of then. */
static void
test_retry (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'one':[{'error':{'status':400,'message':'bad thing'}},{'answer':{'text':'Yes.'}}],"
             "'two':[{'answer':{'text':'No.'}}]}}");
  g_autoptr (Desk) desk = desk_new (scripted_server_get_address (server),
                                    "[{'id':'m','name':'M','routes':[{'provider':'p','model':'one'}]},"
                                    "{'id':'n','name':'N','routes':[{'provider':'p','model':'two'}]}]");
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (JsonArray) journal = NULL;
  CollateAnswer *failed;

  desk_add_document (desk, "a.txt", "It does.");
  comparison = desk_ask (desk, "Does it?", "m,n");
  failed = answer_at (comparison, 0);
  g_assert_cmpint (collate_answer_get_state (failed), ==, COLLATE_ANSWER_FAILED);
  g_assert_cmpuint (collate_answer_get_status (failed), ==, 400);
  g_assert_null (collate_answer_get_usage (failed));
  g_assert_cmpuint (collate_comparison_get_findings (comparison)->n_finished, ==, 1);

  collate_library_clear (collate_workspace_get_library (desk->workspace));
  g_assert_true (collate_comparison_can_retry (comparison, failed));
  collate_comparison_retry (comparison, failed);
  g_assert_true (collate_comparison_is_running (comparison));
  g_assert_false (collate_comparison_can_retry (comparison, answer_at (comparison, 0)));
  settle (comparison);

  g_assert_cmpstr (collate_answer_get_text (answer_at (comparison, 0)), ==, "Yes.");
  g_assert_cmpint (collate_answer_get_state (answer_at (comparison, 0)), ==, COLLATE_ANSWER_DONE);
  g_assert_cmpuint (collate_comparison_get_findings (comparison)->n_finished, ==, 2);
  journal = read_journal (server);
  g_assert_cmpuint (json_array_get_length (journal), ==, 3);
  g_assert_cmpstr (get_message (collate_json_element_object (journal, 0), 0),
                   ==,
                   get_message (collate_json_element_object (journal, 2), 0));
}

/* The most requests that were open at one time. */
static guint
count_together (JsonArray *journal)
{
  guint most = 0;

  for (guint i = 0; i < json_array_get_length (journal); i++)
    {
      gint64 start = collate_json_int (collate_json_element_object (journal, i), "received_ms", -1);
      guint n_open = 0;

      for (guint j = 0; j < json_array_get_length (journal); j++)
        {
          JsonObject *other = collate_json_element_object (journal, j);

          n_open += collate_json_int (other, "received_ms", -1) <= start &&
                    collate_json_int (other, "done_ms", -1) > start;
        }
      most = MAX (most, n_open);
    }

  return most;
}

static void
test_lanes (gconstpointer data)
{
  gboolean sequential = GPOINTER_TO_INT (data);
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'one':[{'answer':{'text':'A b c.','first_token_ms':150}}],"
             "'two':[{'answer':{'text':'A b c.','first_token_ms':150}}]}}");
  g_autoptr (Desk) desk = desk_new (scripted_server_get_address (server),
                                    "[{'id':'m','name':'M','routes':[{'provider':'p','model':'one'}]},"
                                    "{'id':'n','name':'N','routes':[{'provider':'p','model':'two'}]}]");
  g_autoptr (CollateComparison) comparison = NULL;
  g_autoptr (JsonArray) journal = NULL;

  g_object_set (desk->workspace, "repeats", 2, "sequential", sequential, NULL);
  comparison = desk_ask (desk, "Why?", "m,n");
  journal = read_journal (server);

  g_assert_cmpuint (json_array_get_length (journal), ==, 4);
  g_assert_cmpuint (count_together (journal), ==, sequential ? 1 : 2);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpint (collate_answer_get_state (answer_at (comparison, i)), ==, COLLATE_ANSWER_DONE);
      g_assert_cmpstr (collate_answer_get_entry_id (answer_at (comparison, i)), ==, i < 2 ? "m" : "n");
      g_assert_cmpuint (collate_answer_get_run (answer_at (comparison, i)), ==, i % 2 + 1);
    }
}

/* A server that reads only a part of what it got. */
static void
test_input_cut (void)
{
  g_autoptr (ScriptedServer) server =
      serve ("{'models':{'less':[{'answer':{'text':'Yes.','usage':{'input':700,'output':2}}}],"
             "'near':[{'answer':{'text':'Yes.','usage':{'input':980,'output':2}}}]}}");
  g_autoptr (Desk) desk = desk_new (
      scripted_server_get_address (server),
      "[{'id':'exact','name':'E','encoding':'cl100k_base','routes':[{'provider':'p','model':'less'}]},"
      "{'id':'rough','name':'R','routes':[{'provider':'p','model':'less'}]},"
      "{'id':'near','name':'N','encoding':'cl100k_base','routes':[{'provider':'p','model':'near'}]}]");
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (CollateComparison) comparison = NULL;
  g_autofree char *warning = NULL;

  for (guint i = 0; i < 250; i++)
    g_string_append (text, "One more word. ");
  desk_add_document (desk, "a.txt", text->str);
  comparison = desk_ask (desk, "Why?", "exact,rough,near");

  g_assert_cmpint (collate_answer_get_expected_input (answer_at (comparison, 0)), >, 1000);
  g_assert_cmpint (collate_answer_get_expected_input (answer_at (comparison, 0)), <, 1150);
  g_assert_true (collate_answer_is_input_cut (answer_at (comparison, 0)));
  g_assert_true (collate_answer_is_input_cut (answer_at (comparison, 1)));
  g_assert_false (collate_answer_is_input_cut (answer_at (comparison, 2)));
  warning = collate_sentence_for_warning (answer_at (comparison, 0));
  g_assert_nonnull (strstr (warning, "700"));
  g_assert_null (collate_sentence_for_warning (answer_at (comparison, 2)));
}

/* A view may let go of a comparison that runs. */
static void
test_dropped_while_running (void)
{
  g_autoptr (ScriptedServer) server = serve ("{'models':{'slow':[{" SLOW_ANSWER "}]}}");
  g_autoptr (Desk) desk = desk_new (scripted_server_get_address (server),
                                    "[{'id':'s','name':'S','routes':[{'provider':'p','model':'slow'}]}]");
  const char *const ids[] = { "s", NULL };
  g_autoptr (CollateComparison) comparison = collate_workspace_ask (desk->workspace, "Why?", ids);
  gpointer weak = comparison;

  wait_for (has_text, answer_at (comparison, 0));
  wait_for (has_id, comparison);
  g_object_add_weak_pointer (weak, &weak);
  collate_history_remove (collate_workspace_get_history (desk->workspace),
                          collate_comparison_get_id (comparison));
  collate_comparison_stop_all (comparison);
  g_clear_object (&comparison);
  wait_for (is_gone, &weak);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("COLLATE_TEST_KEY");
  g_test_add_func ("/compare/conductor/answers", test_answers);
  g_test_add_func ("/compare/conductor/unavailable", test_unavailable);
  g_test_add_func ("/compare/conductor/stop-one", test_stop_one);
  g_test_add_func ("/compare/conductor/stop-all", test_stop_all);
  g_test_add_func ("/compare/conductor/cut", test_cut);
  g_test_add_func ("/compare/conductor/retry", test_retry);
  g_test_add_data_func ("/compare/conductor/side-by-side", GINT_TO_POINTER (FALSE), test_lanes);
  g_test_add_data_func ("/compare/conductor/one-after-another", GINT_TO_POINTER (TRUE), test_lanes);
  g_test_add_func ("/compare/conductor/input-cut", test_input_cut);
  g_test_add_func ("/compare/conductor/dropped-while-running", test_dropped_while_running);

  return g_test_run ();
}
