/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-json.h"
#include "fixtures.h"
#include "reading/collate-prompt.h"
#include "scripted-server.h"

#define MODELS                                                                                               \
  "[{'id':'exact','name':'Exact','context':5000,'max_output':1000,'encoding':'cl100k_base',"                 \
  "'routes':[{'provider':'p','model':'one','price':{'input':2,'output':10}}]},"                              \
  "{'id':'scaled','name':'Scaled','context':4200,'token_factor':1.5,"                                        \
  "'routes':[{'provider':'p','model':'one','price':{'input':3,'cache_write':3.75,'output':15}}]},"           \
  "{'id':'unpriced','name':'Unpriced','routes':[{'provider':'p','model':'one'}]},"                           \
  "{'id':'a+b','name':'Plus','encoding':'o200k_base','routes':[{'provider':'p','model':'one'}]}]"

static gboolean
is_estimated (gpointer entry)
{
  return collate_entry_get_input_tokens (entry) >= 0;
}

static gboolean
is_above_hundred (gpointer entry)
{
  return collate_entry_get_input_tokens (entry) > 100;
}

static gboolean
fits (gpointer entry)
{
  return collate_entry_get_fit (entry) == COLLATE_FIT_WHOLE;
}

static CollateEntry *
get_entry (Desk *desk, const char *id)
{
  CollateEntry *entry = collate_workspace_lookup_entry (desk->workspace, id);

  g_assert_nonnull (entry);
  return entry;
}

/* Tokens of the instruction and of this text in the default encoding. */
static gint64
count (Desk *desk, const char *text)
{
  CollateEncoding *encoding = collate_encodings_get (desk->encodings, COLLATE_ENCODING_DEFAULT, NULL);

  return (gint64) (collate_encoding_count (encoding, collate_prompt_instruction (), -1) +
                   collate_encoding_count (encoding, text, -1));
}

static void
test_estimates (void)
{
  g_autoptr (Desk) desk = desk_new ("http://127.0.0.1:9", MODELS);
  CollateEntry *exact = get_entry (desk, "exact");
  CollateEntry *scaled = get_entry (desk, "scaled");
  gint64 input, scaled_input;

  g_assert_cmpint (collate_entry_get_fit (exact), ==, COLLATE_FIT_UNKNOWN);
  g_assert_cmpint (collate_entry_get_at_most (exact), ==, COLLATE_MONEY_UNKNOWN);
  desk_add_document (desk, "a.txt", "The sky is green.");
  g_object_set (desk->workspace, "question", "What is green?", NULL);
  wait_for (is_estimated, scaled);
  wait_for (is_estimated, exact);

  /* At least what is sent, and not much more: what the chat format adds. */
  input = collate_entry_get_input_tokens (exact);
  g_assert_cmpint (input, >=, count (desk, "\n\n=== Document: a.txt ===\n\nThe sky is green.") + 3);
  g_assert_cmpint (
      input, <=, count (desk, "\n\n=== Document: a.txt ===\n\nThe sky is green.What is green?") + 20);
  scaled_input = collate_entry_get_input_tokens (scaled);
  g_assert_cmpint (scaled_input * 2, >, input * 2 + input / 2);

  /* All input fresh, or written to a cache where that is dearer; output up to the limit. */
  g_assert_cmpint (collate_entry_get_output_limit (exact), ==, 1000);
  g_assert_cmpint (collate_entry_get_at_most (exact), ==, input * 2000000 + 1000 * (gint64) 10000000);
  g_assert_cmpint (collate_entry_get_output_limit (scaled), ==, 4096);
  g_assert_cmpint (collate_entry_get_at_most (scaled), ==, scaled_input * 3750000 + 4096 * (gint64) 15000000);
  g_assert_cmpint (collate_entry_get_fit (exact), ==, COLLATE_FIT_WHOLE);
  g_assert_cmpint (collate_entry_get_fit (scaled), ==, COLLATE_FIT_TOO_LONG);
  g_assert_cmpint (collate_entry_get_fit (get_entry (desk, "unpriced")), ==, COLLATE_FIT_UNKNOWN);
  g_assert_cmpint (collate_entry_get_at_most (get_entry (desk, "unpriced")), ==, COLLATE_MONEY_UNKNOWN);

  /* The person's own limit, and never more than the model writes. */
  g_object_set (desk->workspace, "max-output", (gint64) 500, NULL);
  g_assert_cmpint (collate_entry_get_output_limit_for (exact, 500), ==, 500);
  g_assert_cmpint (collate_entry_get_output_limit_for (exact, 5000), ==, 1000);
  wait_for (fits, scaled);
  g_assert_cmpint (collate_entry_get_output_limit (scaled), ==, 500);

  /* A longer question. */
  {
    g_autofree char *question = g_strnfill (1000, '?');

    g_object_set (desk->workspace, "question", question, NULL);
    wait_for (is_above_hundred, exact);
    g_assert_cmpint (collate_entry_get_input_tokens (exact), >, input);
  }
}

static void
assert_totals (Desk *desk, guint n_selected, CollateMoney at_most, gboolean incomplete, gboolean can_ask)
{
  guint n;
  gint64 money;
  gboolean missing, can;

  g_object_get (desk->workspace,
                "n-selected",
                &n,
                "at-most",
                &money,
                "at-most-incomplete",
                &missing,
                "can-ask",
                &can,
                NULL);
  g_assert_cmpuint (n, ==, n_selected);
  g_assert_cmpint (money, ==, at_most);
  g_assert_cmpint (missing, ==, incomplete);
  g_assert_cmpint (can, ==, can_ask);
}

static void
test_totals (void)
{
  static const char *const all[] = { "exact", "unpriced", "no such model", "scaled+whole", NULL };
  static const char *const one[] = { "exact", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (Desk) desk = desk_new ("http://127.0.0.1:9", MODELS);
  g_auto (GStrv) selected = NULL;
  CollateMoney exact, scaled;

  assert_totals (desk, 0, COLLATE_MONEY_UNKNOWN, FALSE, FALSE);
  collate_workspace_select (desk->workspace, all);
  assert_totals (desk, 3, COLLATE_MONEY_UNKNOWN, TRUE, FALSE);
  g_object_set (desk->workspace, "question", " \n\t", NULL);
  assert_totals (desk, 3, COLLATE_MONEY_UNKNOWN, TRUE, FALSE);
  g_object_set (desk->workspace, "question", "Why?", NULL);
  wait_for (is_estimated, get_entry (desk, "scaled"));
  wait_for (is_estimated, get_entry (desk, "unpriced"));
  exact = collate_entry_get_at_most (get_entry (desk, "exact"));
  scaled = collate_entry_get_at_most (get_entry (desk, "scaled"));
  assert_totals (desk, 3, exact + scaled, TRUE, TRUE);

  selected = collate_workspace_dup_selected (desk->workspace);
  g_assert_cmpuint (g_strv_length (selected), ==, 3);
  g_assert_cmpstr (selected[1], ==, "scaled");

  collate_workspace_select (desk->workspace, one);
  assert_totals (desk, 1, exact, FALSE, TRUE);
  g_object_set (desk->workspace, "repeats", 5, NULL);
  assert_totals (desk, 1, 5 * exact, FALSE, TRUE);
  collate_workspace_select (desk->workspace, none);
  assert_totals (desk, 0, COLLATE_MONEY_UNKNOWN, FALSE, FALSE);
}

static void
test_lookup (void)
{
  g_autoptr (Desk) desk = desk_new ("http://127.0.0.1:9", MODELS);

  g_assert_cmpstr (collate_entry_get_id (get_entry (desk, "exact+whole")), ==, "exact");
  g_assert_cmpstr (collate_entry_get_id (get_entry (desk, "a+b")), ==, "a+b");
  g_assert_cmpstr (collate_entry_get_id (get_entry (desk, "a+b+whole")), ==, "a+b");
  g_assert_null (collate_workspace_lookup_entry (desk->workspace, "exact+half"));
  g_assert_null (collate_workspace_lookup_entry (desk->workspace, ""));
}

/* The bill of a plain request never exceeds what was announced. */
static void
test_at_most_holds (void)
{
  g_autofree char *script = g_strdelimit (
      g_strdup ("{'models':{'one':[{'answer':{'text':'Yes.','usage':{'input':90,'output':1000}}}]}}"),
      "'",
      '"');
  g_autoptr (ScriptedServer) server = scripted_server_new (script, -1, 0, NULL);
  g_autoptr (Desk) desk = desk_new (scripted_server_get_address (server), MODELS);
  g_autoptr (CollateComparison) comparison = NULL;
  CollateEntry *exact = get_entry (desk, "exact");

  desk_add_document (desk, "a.txt", "It does, as far as anybody knows, and has done so for a long time now.");
  g_object_set (desk->workspace, "question", "Does it?", NULL);
  wait_for (is_estimated, exact);
  comparison = desk_ask (desk, "Does it?", "exact");

  g_assert_cmpint (collate_entry_get_input_tokens (exact), >=, 90);
  g_assert_cmpint (collate_answer_get_cost (answer_at (comparison, 0)), >, 0);
  g_assert_cmpint (
      collate_answer_get_cost (answer_at (comparison, 0)), <=, collate_entry_get_at_most (exact));
}

/* A tick survives a change of the models file. */
static void
test_reload (void)
{
  static const char *const ids[] = { "exact", NULL };
  g_autoptr (Desk) desk = desk_new ("http://127.0.0.1:9", MODELS);
  CollateCatalogue *catalogue = collate_workspace_get_catalogue (desk->workspace);
  g_auto (GStrv) selected = NULL;

  collate_workspace_select (desk->workspace, ids);
  collate_catalogue_reload (catalogue);
  selected = collate_workspace_dup_selected (desk->workspace);
  g_assert_cmpuint (g_strv_length (selected), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (collate_workspace_get_entries (desk->workspace)),
                    ==,
                    g_list_model_get_n_items (G_LIST_MODEL (catalogue)));
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (catalogue), i);
      g_autoptr (CollateEntry) entry =
          g_list_model_get_item (collate_workspace_get_entries (desk->workspace), i);

      g_assert_true (collate_entry_get_model (entry) == model);
    }
}

/* What a first start ticks: with a model file and without, with a line-up that can be asked and without. */

static void
set_local_models (Desk *desk, const char *name, const char *problem)
{
  g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);

  if (name != NULL)
    {
      CollateLocalModel *model = collate_local_model_new (name, "/nowhere.gguf");

      model->problem = g_strdup (problem);
      g_ptr_array_add (models, model);
    }
  collate_catalogue_set_local_models (collate_workspace_get_catalogue (desk->workspace), models);
}

static void
assert_default (Desk *desk, const char *expected)
{
  g_auto (GStrv) ids = collate_workspace_dup_default (desk->workspace);
  g_autofree char *joined = g_strjoinv (",", ids);

  g_assert_cmpstr (joined, ==, expected);
}

static void
test_default (void)
{
  const char *keyless = "[{'id':'x','name':'X','routes':[{'provider':'k','model':'x'}]},"
                        "{'id':'y','name':'Y','routes':[{'provider':'k','model':'y'}]}],"
                        "'line_ups':{'l':{'name':'L','models':['x','y']}}";
  const char *open = "[{'id':'x','name':'X','routes':[{'provider':'k','model':'x'}]},"
                     "{'id':'y','name':'Y','routes':[{'provider':'p','model':'y'}]}],"
                     "'line_ups':{'l':{'name':'L','models':['x','y']}}";
  g_autoptr (Desk) without_key = desk_new ("http://127.0.0.1:9", keyless);
  g_autoptr (Desk) with_key = desk_new ("http://127.0.0.1:9", open);

  assert_default (without_key, "x,y");
  set_local_models (without_key, "small", NULL);
  assert_default (without_key, "local:small");
  set_local_models (without_key, "small", "It is torn.");
  assert_default (without_key, "x,y");

  set_local_models (with_key, "small", NULL);
  assert_default (with_key, "x,y");
}

/* A tick waits for a model file that is still being looked for. */
static void
test_select_before_it_comes (void)
{
  g_autoptr (Desk) desk = desk_new ("http://127.0.0.1:9", MODELS);
  const char *const ids[] = { "local:small", "exact", NULL };
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  g_autofree char *joined = NULL;

  collate_workspace_select (desk->workspace, ids);
  before = collate_workspace_dup_selected (desk->workspace);
  g_assert_cmpuint (g_strv_length (before), ==, 1);
  set_local_models (desk, "small", NULL);
  after = collate_workspace_dup_selected (desk->workspace);
  joined = g_strjoinv (",", after);
  g_assert_cmpstr (joined, ==, "local:small,exact");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compare/workspace/estimates", test_estimates);
  g_test_add_func ("/compare/workspace/totals", test_totals);
  g_test_add_func ("/compare/workspace/lookup", test_lookup);
  g_test_add_func ("/compare/workspace/at-most-holds", test_at_most_holds);
  g_test_add_func ("/compare/workspace/reload", test_reload);
  g_test_add_func ("/compare/workspace/default", test_default);
  g_test_add_func ("/compare/workspace/select-before-it-comes", test_select_before_it_comes);

  return g_test_run ();
}
