/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "catalogue/collate-catalogue-private.h"
#include "catalogue/collate-models-file.h"

#define BUILT_IN                                                                                             \
  "{'version':1,'default_line_up':'second','providers':{"                                                    \
  "'alpha':{'name':'Alpha','api':'openai','base_url':'https://alpha.test/v1/','key':'ALPHA_TEST_KEY',"       \
  "'limit':'max_completion_tokens','key_page':'https://alpha.test/keys'},"                                   \
  "'beta':{'name':'Beta','api':'anthropic','base_url':'https://beta.test','key':'BETA_TEST_KEY'},"           \
  "'open':{'api':'openai','base_url':'http://127.0.0.1:8080'}},"                                             \
  "'models':["                                                                                               \
  "{'id':'one','name':'One','context':1000,'max_output':100,'encoding':'o200k_base','thinking':'always',"    \
  "'routes':[{'provider':'alpha','model':'one-a','retired':'2026-07-24','price':{'input':1,'output':2}},"    \
  "{'provider':'beta','model':'one-b'}]},"                                                                   \
  "{'id':'two','name':'Two','token_factor':1.2,'thinking':'switch','routes':["                               \
  "{'provider':'alpha','model':'two-a','thinking':{'on':{'think':true},'off':{'think':false}}},"             \
  "{'provider':'beta','model':'two-b'}]},"                                                                   \
  "{'id':'three','name':'Three','routes':[{'provider':'open','model':'t'}]}],"                               \
  "'line_ups':{'first':{'name':'First','models':['one']},'second':{'name':'Second','models':['one','two']}}" \
  "}"

typedef struct
{
  char *folder;
  char *user_path;
  CollateKeys *keys;
  CollateCatalogue *catalogue;
  guint n_changed;
} Fixture;

static void
on_changed (CollateCatalogue *catalogue, Fixture *fixture)
{
  fixture->n_changed++;
}

/* `own` is the text of the own file, or NULL for none. */
static void
open_catalogue (Fixture *fixture, const char *own, gboolean required)
{
  g_autofree char *json = fixture_quote (BUILT_IN);
  g_autoptr (GBytes) built_in = g_bytes_new (json, strlen (json));

  fixture->folder = fixture_folder_new ();
  fixture->user_path = own != NULL ? fixture_write (fixture->folder, "models.json", own)
                                   : g_build_filename (fixture->folder, "new", "models.json", NULL);
  fixture->keys = collate_keys_new (NULL, NULL);
  fixture->catalogue = collate_catalogue_new (built_in, fixture->user_path, required, NULL, fixture->keys);
  g_signal_connect (fixture->catalogue, "changed", G_CALLBACK (on_changed), fixture);
}

static void
close_catalogue (Fixture *fixture)
{
  g_assert_finalize_object (fixture->catalogue);
  g_assert_finalize_object (fixture->keys);
  fixture_folder_free (fixture->folder);
  g_free (fixture->user_path);
}

static char *
read_own (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (fixture->user_path, &text, NULL, &error);
  g_assert_no_error (error);

  return text;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_keys_store_finish (COLLATE_KEYS (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
set_key (Fixture *fixture, const char *name, const char *key)
{
  gboolean done = FALSE;

  collate_keys_store_async (fixture->keys, name, key, TRUE, NULL, on_stored, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

/* The ids of all models, joined. */
static char *
list_models (CollateCatalogue *catalogue)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (catalogue)); i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (G_LIST_MODEL (catalogue), i);

      g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", collate_model_get_id (model));
    }

  return g_string_free (ids, FALSE);
}

static void
assert_models (CollateCatalogue *catalogue, const char *expected)
{
  g_autofree char *ids = list_models (catalogue);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_members (void)
{
  Fixture f = { 0 };
  CollateModel *one, *two;
  CollateProvider *alpha, *open;
  g_autoptr (CollateRoute) route = NULL;

  open_catalogue (&f, NULL, FALSE);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));
  assert_models (f.catalogue, "one two three");
  g_assert_null (collate_catalogue_lookup (f.catalogue, "four"));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f.catalogue), 3));

  one = collate_catalogue_lookup (f.catalogue, "one");
  g_assert_cmpstr (collate_model_get_name (one), ==, "One");
  g_assert_cmpint (collate_model_get_context (one), ==, 1000);
  g_assert_cmpint (collate_model_get_max_output (one), ==, 100);
  g_assert_cmpstr (collate_model_get_encoding (one), ==, "o200k_base");
  g_assert_cmpfloat (collate_model_get_token_factor (one), ==, 1);
  g_assert_cmpint (collate_model_get_thinking (one), ==, COLLATE_THINKING_ALWAYS);
  g_assert_cmpuint (g_list_model_get_n_items (collate_model_get_routes (one)), ==, 2);

  two = collate_catalogue_lookup (f.catalogue, "two");
  g_assert_cmpint (collate_model_get_context (two), ==, 0);
  g_assert_null (collate_model_get_encoding (two));
  g_assert_cmpfloat (collate_model_get_token_factor (two), ==, 1.2);
  g_assert_cmpint (collate_model_get_thinking (two), ==, COLLATE_THINKING_SWITCH);
  route = g_list_model_get_item (collate_model_get_routes (two), 0);
  g_assert_null (collate_route_get_price (route));
  g_assert_null (collate_route_get_retired (route));
  g_assert_true (json_object_get_boolean_member (collate_route_get_thinking (route, TRUE), "think"));
  g_assert_false (json_object_get_boolean_member (collate_route_get_thinking (route, FALSE), "think"));

  alpha = collate_catalogue_lookup_provider (f.catalogue, "alpha");
  g_assert_cmpstr (collate_provider_get_base_url (alpha), ==, "https://alpha.test/v1");
  g_assert_cmpstr (collate_provider_get_limit_name (alpha), ==, "max_completion_tokens");
  g_assert_cmpstr (collate_provider_get_key_page (alpha), ==, "https://alpha.test/keys");
  g_assert_cmpstr (collate_provider_get_key_name (alpha), ==, "ALPHA_TEST_KEY");
  g_assert_false (collate_provider_is_own (alpha));
  open = collate_catalogue_lookup_provider (f.catalogue, "open");
  g_assert_cmpstr (collate_provider_get_name (open), ==, "open");
  g_assert_cmpstr (collate_provider_get_limit_name (open), ==, "max_tokens");
  g_assert_null (collate_provider_get_key_name (open));
  g_assert_null (collate_catalogue_lookup_provider (f.catalogue, "none"));

  close_catalogue (&f);
}

static void
test_routes (void)
{
  Fixture f = { 0 };
  CollateModel *one, *two;

  open_catalogue (&f, NULL, FALSE);
  one = collate_catalogue_lookup (f.catalogue, "one");
  two = collate_catalogue_lookup (f.catalogue, "two");
  collate_catalogue_choose_routes (f.catalogue, "2026-07-23");

  /* Without keys the first that is alive shows what is missing; a server that wants none is there. */
  g_assert_cmpstr (fixture_route (f.catalogue, "one"), ==, "alpha/one-a");
  g_assert_cmpint (collate_model_get_availability (one), ==, COLLATE_UNAVAILABLE_KEY);
  g_assert_cmpstr (fixture_route (f.catalogue, "three"), ==, "open/t");
  g_assert_cmpint (collate_model_get_availability (collate_catalogue_lookup (f.catalogue, "three")),
                   ==,
                   COLLATE_AVAILABLE);

  /* From its last day on a route is dead, key or not. */
  set_key (&f, "ALPHA_TEST_KEY", "a");
  collate_catalogue_choose_routes (f.catalogue, "2026-07-23");
  g_assert_cmpstr (fixture_route (f.catalogue, "one"), ==, "alpha/one-a");
  g_assert_cmpint (collate_model_get_availability (one), ==, COLLATE_AVAILABLE);
  collate_catalogue_choose_routes (f.catalogue, "2026-07-24");
  g_assert_cmpstr (fixture_route (f.catalogue, "one"), ==, "beta/one-b");
  g_assert_cmpint (collate_model_get_availability (one), ==, COLLATE_UNAVAILABLE_KEY);

  /* The order of the routes decides, not that of the keys. */
  set_key (&f, "BETA_TEST_KEY", "b");
  g_assert_cmpstr (fixture_route (f.catalogue, "two"), ==, "alpha/two-a");
  set_key (&f, "ALPHA_TEST_KEY", "");
  g_assert_cmpstr (fixture_route (f.catalogue, "two"), ==, "beta/two-b");
  g_assert_cmpint (collate_model_get_availability (two), ==, COLLATE_AVAILABLE);

  close_catalogue (&f);
}

static void
on_notify (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

static void
test_notifies_once (void)
{
  Fixture f = { 0 };
  guint n_route = 0, n_availability = 0;
  CollateModel *two;

  open_catalogue (&f, NULL, FALSE);
  two = collate_catalogue_lookup (f.catalogue, "two");
  g_signal_connect (two, "notify::route", G_CALLBACK (on_notify), &n_route);
  g_signal_connect (two, "notify::availability", G_CALLBACK (on_notify), &n_availability);

  set_key (&f, "BETA_TEST_KEY", "b");
  g_assert_cmpuint (n_route, ==, 1);
  g_assert_cmpuint (n_availability, ==, 1);
  g_assert_cmpuint (f.n_changed, ==, 1);
  set_key (&f, "UNRELATED_TEST_KEY", "c");
  g_assert_cmpuint (n_route, ==, 1);
  g_assert_cmpuint (f.n_changed, ==, 1);

  close_catalogue (&f);
}

static void
test_all_retired (void)
{
  Fixture f = { 0 };
  CollateModel *gone, *empty;

  open_catalogue (&f,
                  "{'models':[{'id':'gone','name':'Gone','routes':["
                  "{'provider':'open','model':'a','retired':'2020-01-01'},"
                  "{'provider':'open','model':'b','retired':'2019-01-01'}]},"
                  "{'id':'empty','name':'Empty','routes':[]}]}",
                  FALSE);
  gone = collate_catalogue_lookup (f.catalogue, "gone");
  empty = collate_catalogue_lookup (f.catalogue, "empty");

  g_assert_cmpint (collate_model_get_availability (gone), ==, COLLATE_UNAVAILABLE_RETIRED);
  g_assert_cmpstr (fixture_route (f.catalogue, "gone"), ==, "open/a");
  g_assert_cmpint (collate_model_get_availability (empty), ==, COLLATE_UNAVAILABLE_RETIRED);
  g_assert_null (collate_model_get_route (empty));

  close_catalogue (&f);
}

static void
test_overlay (void)
{
  Fixture f = { 0 };
  CollateModel *two;
  CollateLineUp *second;
  CollateProvider *beta;

  open_catalogue (&f,
                  "{'unknown':[1],'providers':{'beta':{'base_url':'http://localhost:1','extra':{}},"
                  "'mine':{'base_url':'http://[::1]:2/v1'}},"
                  "'models':[{'id':'four','name':'Four','routes':[{'provider':'mine','model':'f'}]},"
                  "{'id':'two','name':'Zwei','colour':'red','routes':[{'provider':'beta','model':'z'}]}],"
                  "'line_ups':{'second':{'models':['four']},'third':{'name':'Third','models':[]}}}",
                  TRUE);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));

  /* In the built-in one's place, whole; what is new comes after. */
  assert_models (f.catalogue, "four one two three");
  two = collate_catalogue_lookup (f.catalogue, "two");
  g_assert_cmpstr (collate_model_get_name (two), ==, "Zwei");
  g_assert_cmpint (collate_model_get_thinking (two), ==, COLLATE_THINKING_NONE);
  g_assert_cmpfloat (collate_model_get_token_factor (two), ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (collate_model_get_routes (two)), ==, 1);

  /* Built-in models go to the person's provider too. It has no key now, so that they can be asked. */
  beta = collate_catalogue_lookup_provider (f.catalogue, "beta");
  g_assert_true (collate_provider_is_own (beta));
  g_assert_cmpint (collate_provider_get_api (beta), ==, COLLATE_API_OPENAI);
  g_assert_cmpstr (fixture_route (f.catalogue, "one"), ==, "beta/one-b");
  g_assert_cmpint (
      collate_model_get_availability (collate_catalogue_lookup (f.catalogue, "one")), ==, COLLATE_AVAILABLE);
  g_assert_cmpuint (g_list_model_get_n_items (collate_catalogue_get_providers (f.catalogue)), ==, 4);

  second = collate_catalogue_get_default_line_up (f.catalogue);
  g_assert_cmpstr (collate_line_up_get_id (second), ==, "second");
  g_assert_cmpstr (collate_line_up_get_name (second), ==, "second");
  g_assert_true (collate_line_up_is_own (second));
  g_assert_cmpstr (collate_line_up_get_models (second)[0], ==, "four");
  g_assert_cmpuint (g_list_model_get_n_items (collate_catalogue_get_line_ups (f.catalogue)), ==, 3);

  close_catalogue (&f);
}

static void
test_default_line_up (void)
{
  Fixture own = { 0 }, missing = { 0 };

  open_catalogue (&own, "{'default_line_up':'first'}", FALSE);
  g_assert_cmpstr (
      collate_line_up_get_id (collate_catalogue_get_default_line_up (own.catalogue)), ==, "first");
  close_catalogue (&own);

  open_catalogue (&missing, "{'default_line_up':'nowhere'}", FALSE);
  g_assert_cmpstr (
      collate_line_up_get_id (collate_catalogue_get_default_line_up (missing.catalogue)), ==, "second");
  close_catalogue (&missing);
}

/* Each is left out and told, the built-in entry that it names stays, and so does its good neighbour. */
static void
test_malformed_entries (void)
{
  static const char *const wrong[] = {
    "1",
    "null",
    "[]",
    "{}",
    "{'id':'two'}",
    "{'id':'two','name':7,'routes':[]}",
    "{'id':'','name':'x','routes':[]}",
    "{'id':'two','name':'Bad'}",
    "{'id':'two','name':'Bad','routes':{}}",
    "{'id':'two','name':'Bad','routes':[1]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open'}]}",
    "{'id':'two','name':'Bad','routes':[{'model':'x'}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':['x']}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','retired':'soon'}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','retired':'2026-02-30'}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','retired':'2026-7-24'}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','retired':20260724}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','price':{'input':-1}}]}",
    "{'id':'two','name':'Bad','routes':[{'provider':'open','model':'x','price':1}]}",
    "{'id':'two','name':'Bad','context':-1,'routes':[]}",
    "{'id':'two','name':'Bad','context':'long','routes':[]}",
    "{'id':'two','name':'Bad','max_output':1e30,'routes':[]}",
    "{'id':'two','name':'Bad','thinking':'sometimes','routes':[]}",
    "{'id':'two','name':'Bad','thinking':true,'routes':[]}",
    "{'id':'two','name':'Bad','encoding':1,'routes':[]}",
    "{'id':'two','name':'Bad','token_factor':0,'routes':[]}",
    "{'id':'two','name':'Bad','token_factor':'x','routes':[]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      Fixture f = { 0 };
      g_autofree char *own =
          g_strdup_printf ("{'models':[%s,{'id':'good','name':'Good','routes':[]}]}", wrong[i]);
      const GError *problem;

      g_test_message ("%s", wrong[i]);
      open_catalogue (&f, own, FALSE);
      assert_models (f.catalogue, "good one two three");
      g_assert_cmpstr (collate_model_get_name (collate_catalogue_lookup (f.catalogue, "two")), ==, "Two");
      problem = collate_catalogue_get_problem (f.catalogue);
      g_assert_error (problem, COLLATE_ERROR, COLLATE_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (problem->message, f.user_path));
      close_catalogue (&f);
    }
}

static void
test_malformed_providers (void)
{
  static const char *const wrong[] = {
    "1",
    "{}",
    "{'base_url':'alpha.test'}",
    "{'base_url':'ftp://alpha.test'}",
    "{'base_url':'http://'}",
    "{'base_url':'https://me:secret@alpha.test'}",
    "{'base_url':'https://alpha.test/v1?x=1'}",
    "{'base_url':['https://alpha.test']}",
    "{'base_url':'https://alpha.test','api':'soap'}",
    "{'base_url':'https://alpha.test','api':1}",
    "{'base_url':'https://alpha.test','key':1}",
    "{'base_url':'https://alpha.test','key':'sk-not-a-name'}",
    "{'base_url':'https://alpha.test','limit':'max'}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      Fixture f = { 0 };
      g_autofree char *own = g_strdup_printf ("{'providers':{'alpha':%s},'line_ups':{'first':{}}}", wrong[i]);
      const GError *problem;

      g_test_message ("%s", wrong[i]);
      open_catalogue (&f, own, FALSE);
      g_assert_cmpstr (
          collate_provider_get_name (collate_catalogue_lookup_provider (f.catalogue, "alpha")), ==, "Alpha");
      problem = collate_catalogue_get_problem (f.catalogue);
      g_assert_error (problem, COLLATE_ERROR, COLLATE_ERROR_INVALID);
      g_assert_nonnull (strstr (problem->message, "alpha"));
      g_assert_nonnull (strstr (problem->message, "first"));
      close_catalogue (&f);
    }
}

static void
test_empty_key_name (void)
{
  Fixture f = { 0 };

  open_catalogue (&f, "{'providers':{'alpha':{'base_url':'http://a.test','key':''}}}", FALSE);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));
  g_assert_null (collate_provider_get_key_name (collate_catalogue_lookup_provider (f.catalogue, "alpha")));
  close_catalogue (&f);
}

/* Only the one route is lost. */
static void
test_unknown_provider (void)
{
  Fixture f = { 0 };

  open_catalogue (&f,
                  "{'models':[{'id':'four','name':'Four','routes':["
                  "{'provider':'nobody','model':'x'},{'provider':'open','model':'y'}]}]}",
                  FALSE);
  g_assert_error (collate_catalogue_get_problem (f.catalogue), COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_assert_nonnull (strstr (collate_catalogue_get_problem (f.catalogue)->message, "nobody"));
  g_assert_cmpstr (fixture_route (f.catalogue, "four"), ==, "open/y");
  close_catalogue (&f);
}

static void
test_duplicate_ids (void)
{
  Fixture f = { 0 };

  open_catalogue (&f,
                  "{'models':[{'id':'four','name':'First','routes':[]},"
                  "{'id':'four','name':'Second','routes':[]}]}",
                  FALSE);
  assert_models (f.catalogue, "four one two three");
  g_assert_cmpstr (collate_model_get_name (collate_catalogue_lookup (f.catalogue, "four")), ==, "First");
  g_assert_error (collate_catalogue_get_problem (f.catalogue), COLLATE_ERROR, COLLATE_ERROR_INVALID);
  close_catalogue (&f);
}

static void
assert_hostile (const char *data, gsize length, CollateError code)
{
  Fixture f = { 0 };

  open_catalogue (&f, "{}", FALSE);
  g_assert_true (g_file_set_contents (f.user_path, data, length, NULL));
  collate_catalogue_reload (f.catalogue);
  assert_models (f.catalogue, "one two three");
  g_assert_error (collate_catalogue_get_problem (f.catalogue), COLLATE_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (collate_catalogue_get_problem (f.catalogue)->message, f.user_path));
  close_catalogue (&f);
}

static void
test_hostile_files (void)
{
  g_autofree char *deep = g_strnfill (1000000, '[');
  g_autofree char *deeper = g_malloc (1000000);
  g_autofree char *large = g_strnfill (9 * 1024 * 1024, ' ');

  assert_hostile ("", 0, COLLATE_ERROR_INVALID);
  assert_hostile ("not JSON", 8, COLLATE_ERROR_INVALID);
  assert_hostile ("[]", 2, COLLATE_ERROR_INVALID);
  assert_hostile ("{\"models\":", 10, COLLATE_ERROR_INVALID);
  assert_hostile ("\xff\xfe{}", 4, COLLATE_ERROR_INVALID);
  assert_hostile ("{}\0{}", 5, COLLATE_ERROR_INVALID);
  assert_hostile ("{\"models\":{}}", 13, COLLATE_ERROR_INVALID);
  assert_hostile (deep, 1000000, COLLATE_ERROR_INVALID);
  for (gsize i = 0; i < 1000000; i++)
    deeper[i] = "{\"a\":"[i % 5];
  assert_hostile (deeper, 1000000, COLLATE_ERROR_INVALID);
  assert_hostile (large, 9 * 1024 * 1024, COLLATE_ERROR_TOO_LARGE);
}

/* Brackets within a text are no nesting. */
static void
test_brackets_in_text (void)
{
  Fixture f = { 0 };
  g_autofree char *brackets = g_strnfill (1000, '[');
  g_autofree char *own = g_strdup_printf ("{'note':'\\\\\\'%s'}", brackets);

  open_catalogue (&f, own, FALSE);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));
  close_catalogue (&f);
}

static void
test_missing_file (void)
{
  Fixture normal = { 0 }, required = { 0 };

  open_catalogue (&normal, NULL, FALSE);
  g_assert_no_error (collate_catalogue_get_problem (normal.catalogue));
  close_catalogue (&normal);

  open_catalogue (&required, NULL, TRUE);
  g_assert_error (
      collate_catalogue_get_problem (required.catalogue), COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_assert_true (
      g_str_has_prefix (collate_catalogue_get_problem (required.catalogue)->message, required.user_path));
  assert_models (required.catalogue, "one two three");
  close_catalogue (&required);
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, gpointer data)
{
  guint *counts = data;

  counts[0] = removed;
  counts[1] = added;
}

static void
test_reload (void)
{
  Fixture f = { 0 };
  guint counts[2] = { 0 };
  g_autofree char *path = NULL;

  open_catalogue (&f, "{", FALSE);
  g_assert_nonnull (collate_catalogue_get_problem (f.catalogue));
  g_signal_connect (f.catalogue, "items-changed", G_CALLBACK (on_items_changed), counts);

  path = fixture_write (f.folder, "models.json", "{'models':[{'id':'four','name':'Four','routes':[]}]}");
  collate_catalogue_reload (f.catalogue);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));
  assert_models (f.catalogue, "four one two three");
  g_assert_cmpuint (counts[0], ==, 3);
  g_assert_cmpuint (counts[1], ==, 4);
  g_assert_cmpuint (f.n_changed, ==, 1);
  close_catalogue (&f);
}

static void
test_add_server (void)
{
  static const char *const models[] = { "llama3:8b", "org/Qwen3, 4B", NULL };
  static const char *const fewer[] = { "llama3:8b", NULL };
  static const gint64 contexts[] = { 8192, 0 };
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  CollateModel *llama;

  open_catalogue (
      &f, "{'version':1,'note':'mine','models':[{'id':'four','name':'Four','routes':[],'x':1.5}]}", FALSE);
  g_assert_true (collate_catalogue_add_server (f.catalogue,
                                               "My Ollama",
                                               COLLATE_API_OPENAI,
                                               "http://localhost:11434/v1",
                                               "",
                                               models,
                                               contexts,
                                               &error));
  g_assert_no_error (error);
  assert_models (f.catalogue, "four my-ollama/llama3-8b my-ollama/org-qwen3-4b one two three");
  llama = collate_catalogue_lookup (f.catalogue, "my-ollama/llama3-8b");
  g_assert_cmpint (collate_model_get_context (llama), ==, 8192);
  g_assert_cmpint (collate_model_get_availability (llama), ==, COLLATE_AVAILABLE);
  g_assert_cmpstr (collate_route_get_model (collate_model_get_route (llama)), ==, "llama3:8b");
  g_assert_null (collate_route_get_price (collate_model_get_route (llama)));
  g_assert_true (collate_provider_is_own (collate_catalogue_lookup_provider (f.catalogue, "my-ollama")));

  /* Changed under the same name: another address, a key, one model less; a price that was set stays. */
  g_assert_true (collate_catalogue_set_price (f.catalogue, "my-ollama/llama3-8b", 1, NAN, 2, &error));
  g_assert_true (collate_catalogue_add_server (f.catalogue,
                                               "My Ollama",
                                               COLLATE_API_ANTHROPIC,
                                               "http://localhost:1",
                                               "MY_TEST_KEY",
                                               fewer,
                                               NULL,
                                               &error));
  g_assert_no_error (error);
  assert_models (f.catalogue, "four my-ollama/llama3-8b one two three");
  llama = collate_catalogue_lookup (f.catalogue, "my-ollama/llama3-8b");
  g_assert_cmpint (collate_model_get_availability (llama), ==, COLLATE_UNAVAILABLE_KEY);
  g_assert_nonnull (collate_route_get_price (collate_model_get_route (llama)));

  /* What the program does not know stays in the file. */
  text = read_own (&f);
  g_assert_nonnull (strstr (text, "\"note\": \"mine\""));
  g_assert_nonnull (strstr (text, "\"x\": 1.5"));

  g_assert_true (collate_catalogue_remove_server (f.catalogue, "my-ollama", &error));
  assert_models (f.catalogue, "four one two three");
  g_assert_null (collate_catalogue_lookup_provider (f.catalogue, "my-ollama"));
  g_assert_false (collate_catalogue_remove_server (f.catalogue, "alpha", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  close_catalogue (&f);
}

static void
add_server (Fixture *f, const char *key_name, const char *const *models)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_catalogue_add_server (
      f->catalogue, "Box", COLLATE_API_OPENAI, "http://a.test", key_name, models, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_asks_for (Fixture *f, const char *id, const char *model)
{
  CollateRoute *route = collate_model_get_route (collate_catalogue_lookup (f->catalogue, id));

  g_assert_cmpstr (collate_route_get_model (route), ==, model);
}

/* Names that make the same id are two models, and each keeps its id whatever the list says later. */
static void
test_models_alike (void)
{
  static const char *const both[] = { "a:b", "a-b", NULL };
  static const char *const second[] = { "a-b", NULL };
  Fixture f = { 0 };

  open_catalogue (&f, NULL, FALSE);
  add_server (&f, NULL, both);
  add_server (&f, NULL, both);
  assert_models (f.catalogue, "box/a-b box/a-b-2 one two three");
  assert_asks_for (&f, "box/a-b", "a:b");
  assert_asks_for (&f, "box/a-b-2", "a-b");

  add_server (&f, NULL, second);
  assert_models (f.catalogue, "box/a-b-2 one two three");
  assert_asks_for (&f, "box/a-b-2", "a-b");
  close_catalogue (&f);
}

/* What the form of a server does not ask for, and the person wrote by hand, stays when it is changed. */
static void
test_change_server (void)
{
  static const char *const models[] = { "m", NULL };
  Fixture f = { 0 };
  CollateProvider *box;

  open_catalogue (
      &f,
      "{'providers':{'box':{'name':'Box','base_url':'http://b.test','limit':'max_completion_tokens',"
      "'key':'BOX_KEY'}}}",
      FALSE);
  add_server (&f, "", models);
  box = collate_catalogue_lookup_provider (f.catalogue, "box");
  g_assert_cmpstr (collate_provider_get_base_url (box), ==, "http://a.test");
  g_assert_cmpstr (collate_provider_get_limit_name (box), ==, "max_completion_tokens");
  g_assert_null (collate_provider_get_key_name (box));
  close_catalogue (&f);
}

/* A name like a built-in provider's is another server; the built-in one keeps its models. */
static void
test_server_names (void)
{
  static const char *const models[] = { "m", NULL };
  static const char *const names[] = { "Alpha", "日本", "  " };
  static const char *const ids[] = { "alpha-2/m", "server/m", "server-2/m" };
  Fixture f = { 0 };

  open_catalogue (&f, NULL, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (collate_catalogue_add_server (
          f.catalogue, names[i], COLLATE_API_OPENAI, "http://a.test", NULL, models, NULL, &error));
      g_assert_no_error (error);
      g_assert_nonnull (collate_catalogue_lookup (f.catalogue, ids[i]));
    }
  g_assert_false (collate_provider_is_own (collate_catalogue_lookup_provider (f.catalogue, "alpha")));
  close_catalogue (&f);
}

static void
test_bad_server (void)
{
  static const char *const none[] = { NULL };
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;

  open_catalogue (&f, NULL, FALSE);
  g_assert_false (collate_catalogue_add_server (
      f.catalogue, "X", COLLATE_API_OPENAI, "localhost:80", "", none, NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_assert_false (g_file_test (f.user_path, G_FILE_TEST_EXISTS));
  close_catalogue (&f);
}

/* An own file that cannot be read is the person's work, and is never written over. */
static void
test_edit_damaged (void)
{
  static const char *const models[] = { "one", NULL };
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  open_catalogue (&f, "{'models': oops", FALSE);
  g_assert_false (collate_catalogue_save_line_up (f.catalogue, "Mine", models, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, f.user_path));
  text = read_own (&f);
  g_assert_cmpstr (text, ==, "{\"models\": oops");
  close_catalogue (&f);
}

static void
test_edit_unwritable (void)
{
  static const char *const models[] = { "one", NULL };
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *blocker = NULL;

  /* The folder's name is a file's: not even root can make it. */
  open_catalogue (&f, NULL, FALSE);
  blocker = fixture_write (f.folder, "new", "");
  g_assert_false (collate_catalogue_save_line_up (f.catalogue, "Mine", models, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE);
  g_assert_true (g_str_has_prefix (error->message, f.user_path));
  close_catalogue (&f);
}

/* Who keeps settings elsewhere and links to them finds the change there, and the link still a link. */
static void
test_edit_linked (void)
{
  static const char *const models[] = { "one", NULL };
  Fixture f = { 0 };
  g_autofree char *target = NULL;
  g_autofree char *text = NULL;

  open_catalogue (&f, "{}", FALSE);
  target = fixture_write (f.folder, "elsewhere.json", "{}");
  g_remove (f.user_path);
  g_assert_cmpint (symlink (target, f.user_path), ==, 0);
  g_assert_true (collate_catalogue_save_line_up (f.catalogue, "Mine", models, NULL));
  g_assert_true (g_file_test (f.user_path, G_FILE_TEST_IS_SYMLINK));
  g_assert_true (g_file_get_contents (target, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "Mine"));
  close_catalogue (&f);
}

static void
test_line_ups (void)
{
  static const char *const models[] = { "two", "one", NULL };
  static const char *const others[] = { "three", NULL };
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateLineUp) saved = NULL;
  GListModel *line_ups;

  open_catalogue (&f, NULL, FALSE);
  line_ups = collate_catalogue_get_line_ups (f.catalogue);
  g_assert_true (collate_catalogue_save_line_up (f.catalogue, "Für mich", models, &error));
  g_assert_no_error (error);
  g_assert_true (collate_catalogue_save_line_up (f.catalogue, "Für mich", others, &error));
  g_assert_cmpuint (g_list_model_get_n_items (line_ups), ==, 3);
  saved = g_list_model_get_item (line_ups, 2);
  g_assert_cmpstr (collate_line_up_get_name (saved), ==, "Für mich");
  g_assert_cmpstr (collate_line_up_get_models (saved)[0], ==, "three");
  g_assert_null (collate_line_up_get_models (saved)[1]);
  g_assert_true (collate_line_up_is_own (saved));
  g_assert_cmpstr (
      collate_line_up_get_id (collate_catalogue_get_default_line_up (f.catalogue)), ==, "second");

  g_assert_true (collate_catalogue_remove_line_up (f.catalogue, collate_line_up_get_id (saved), &error));
  g_assert_cmpuint (g_list_model_get_n_items (line_ups), ==, 2);
  g_assert_false (collate_catalogue_remove_line_up (f.catalogue, "first", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  close_catalogue (&f);
}

static void
test_set_price (void)
{
  Fixture f = { 0 };
  g_autoptr (GError) error = NULL;
  CollateModel *two;
  CollatePrice *price;

  open_catalogue (&f, NULL, FALSE);
  g_assert_true (collate_catalogue_set_price (f.catalogue, "two", 0.28, 0.028, 0.42, &error));
  g_assert_no_error (error);
  two = collate_catalogue_lookup (f.catalogue, "two");
  price = collate_route_get_price (collate_model_get_route (two));
  g_assert_cmpint (collate_price_get_input (price), ==, 280000);
  g_assert_cmpint (collate_price_get_output (price), ==, 420000);
  g_assert_cmpstr (collate_price_get_source (price), ==, "own");

  /* Everything else of the built-in entry came along. */
  g_assert_cmpfloat (collate_model_get_token_factor (two), ==, 1.2);
  g_assert_nonnull (collate_route_get_thinking (collate_model_get_route (two), TRUE));
  g_assert_cmpuint (g_list_model_get_n_items (collate_model_get_routes (two)), ==, 2);
  assert_models (f.catalogue, "one two three");

  g_assert_true (collate_catalogue_set_price (f.catalogue, "two", NAN, NAN, 3, &error));
  price = collate_route_get_price (collate_model_get_route (collate_catalogue_lookup (f.catalogue, "two")));
  g_assert_cmpint (collate_price_get_input (price), ==, COLLATE_MONEY_UNKNOWN);
  g_assert_cmpint (collate_price_get_output (price), ==, 3000000);

  g_assert_false (collate_catalogue_set_price (f.catalogue, "two", -1, NAN, 3, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (collate_catalogue_set_price (f.catalogue, "nobody", 1, 1, 1, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  close_catalogue (&f);
}

static void
test_no_own_file (void)
{
  static const char *const models[] = { "one", NULL };
  g_autofree char *json = fixture_quote (BUILT_IN);
  g_autoptr (GBytes) built_in = g_bytes_new (json, strlen (json));
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (CollateCatalogue) catalogue = collate_catalogue_new (built_in, NULL, FALSE, NULL, keys);
  g_autoptr (GError) error = NULL;

  g_assert_no_error (collate_catalogue_get_problem (catalogue));
  g_assert_false (collate_catalogue_save_line_up (catalogue, "Mine", models, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
}

static const char *
find_fact (CollateModel *model, const char *label)
{
  GPtrArray *facts = collate_model_get_facts (model);

  for (guint i = 0; i < facts->len; i++)
    {
      const CollateFact *fact = facts->pdata[i];

      if (g_str_equal (fact->label, label))
        return fact->value;
    }

  return NULL;
}

static void
test_facts (void)
{
  Fixture f = { 0 };
  CollateModel *model;

  open_catalogue (
      &f,
      "{'models':[{'id':'four','name':'Four','context':131072,'routes':[],"
      "'facts':{'parameters':671e9,'active':37e9,'licence':'MIT','released':'2025-09-29',"
      "'benchmarks':{'GPQA':'79.9 %','odd':1},'notes':['a',2,'b'],'source':'a card'}},"
      "{'id':'five','name':'Five','routes':[],'facts':{'parameters':'many','active':-1,'licence':[],"
      "'benchmarks':[],'notes':{},'source':7}},"
      "{'id':'six','name':'Six','routes':[],'facts':[]}]}",
      FALSE);
  g_assert_no_error (collate_catalogue_get_problem (f.catalogue));
  model = collate_catalogue_lookup (f.catalogue, "four");
  g_assert_cmpstr (find_fact (model, "Parameters"), ==, "671 B (37 B active)");
  g_assert_cmpstr (find_fact (model, "Licence"), ==, "MIT");
  g_assert_cmpstr (find_fact (model, "Context"), ==, "131072 tokens");
  g_assert_cmpstr (find_fact (model, "Released"), ==, "2025-09-29");
  g_assert_cmpstr (find_fact (model, "GPQA"), ==, "79.9 %");
  g_assert_null (find_fact (model, "odd"));
  g_assert_cmpstr (find_fact (model, "Note"), ==, "a");
  g_assert_cmpstr (collate_model_get_facts_source (model), ==, "a card");
  g_assert_cmpuint (collate_model_get_facts (collate_catalogue_lookup (f.catalogue, "five"))->len, ==, 0);
  g_assert_cmpuint (collate_model_get_facts (collate_catalogue_lookup (f.catalogue, "six"))->len, ==, 0);
  close_catalogue (&f);
}

/* The file that is shipped has no fault, and its line-ups name models that are there. */
static void
test_shipped (void)
{
  g_autoptr (GBytes) shipped = fixture_shipped ();
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (CollateCatalogue) catalogue = collate_catalogue_new (shipped, NULL, FALSE, NULL, keys);
  g_autoptr (JsonObject) object =
      collate_json_parse_object (g_bytes_get_data (shipped, NULL), g_bytes_get_size (shipped), NULL);
  g_autoptr (CollateTables) tables = collate_tables_new (object, NULL, NULL);
  GListModel *line_ups = collate_catalogue_get_line_ups (catalogue);

  for (guint i = 0; i < tables->problems->len; i++)
    g_test_message ("%s", (const char *) tables->problems->pdata[i]);
  g_assert_cmpuint (tables->problems->len, ==, 0);
  g_assert_cmpstr (collate_line_up_get_id (collate_catalogue_get_default_line_up (catalogue)), ==, "current");

  for (guint i = 0; i < g_list_model_get_n_items (line_ups); i++)
    {
      g_autoptr (CollateLineUp) line_up = g_list_model_get_item (line_ups, i);
      const char *const *models = collate_line_up_get_models (line_up);

      for (guint j = 0; models[j] != NULL; j++)
        g_assert_nonnull (collate_catalogue_lookup (catalogue, models[j]));
    }
  for (guint i = 0; i < tables->models->len; i++)
    {
      g_assert_nonnull (collate_model_get_facts_source (tables->models->pdata[i]));
      g_assert_cmpint (collate_model_get_context (tables->models->pdata[i]), >, 0);
    }
}

/* The routes of the first line-up as they died. */
static void
test_shipped_routes (void)
{
  static const struct
  {
    const char *day, *model, *route;
  } days[] = {
    { "2025-10-14", "deepseek-v3.1-terminus", "deepseek/deepseek-chat" },
    { "2025-10-15", "deepseek-v3.1-terminus", "openrouter/deepseek/deepseek-v3.1-terminus" },
    { "2026-07-23", "deepseek-v3.2-exp", "deepseek/deepseek-chat" },
    { "2026-07-24", "deepseek-v3.2-exp", "openrouter/deepseek/deepseek-v3.2-exp" },
    { "2026-11-29", "claude-sonnet-4.5", "anthropic/claude-sonnet-4-5" },
    { "2026-11-30", "claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5" },
    { "2026-12-10", "gpt-5", "openai/gpt-5" },
    { "2026-12-11", "gpt-5", "openrouter/openai/gpt-5" },
  };
  g_autoptr (GBytes) shipped = fixture_shipped ();
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (CollateCatalogue) catalogue = collate_catalogue_new (shipped, NULL, FALSE, NULL, keys);

  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      collate_catalogue_choose_routes (catalogue, days[i].day);
      g_assert_cmpstr (fixture_route (catalogue, days[i].model), ==, days[i].route);
    }
}

static JsonNode *
make_odd_node (void)
{
  static const char *const odd[] = { "null", "true", "-1",    "1e99", "0.5",    "''",
                                     "'x'",  "[]",   "[[1]]", "{}",   "{'a':1}" };
  g_autofree char *text = g_strdup_printf ("{'odd':%s}", odd[g_test_rand_int_range (0, G_N_ELEMENTS (odd))]);
  g_autoptr (JsonObject) object = fixture_parse (text);

  return json_object_dup_member (object, "odd");
}

/* Replaces one value somewhere below the object by one of another type. */
static void
spoil (JsonObject *object)
{
  g_autoptr (GList) names = json_object_get_members (object);
  const char *name = g_list_nth_data (names, g_test_rand_int_range (0, g_list_length (names)));
  JsonNode *node = json_object_get_member (object, name);
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n_elements = array != NULL ? json_array_get_length (array) : 0;
  JsonNode *element =
      n_elements > 0 ? json_array_get_element (array, g_test_rand_int_range (0, n_elements)) : NULL;

  if (element != NULL && JSON_NODE_HOLDS_OBJECT (element))
    node = element;
  if (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) > 0 &&
      g_test_rand_int_range (0, 4) > 0)
    spoil (json_node_get_object (node));
  else
    json_object_set_member (object, name, make_odd_node ());
}

/* Whatever is wrong in a file that is JSON, the rest is read, and nothing worse happens than a word on it. */
static void
test_spoiled (void)
{
  g_autoptr (GBytes) shipped = fixture_shipped ();
  g_autofree char *text = g_strndup (g_bytes_get_data (shipped, NULL), g_bytes_get_size (shipped));
  g_autoptr (JsonObject) built_in = collate_models_file_parse (text, strlen (text), NULL);
  guint n_told = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (JsonObject) own = collate_models_file_parse (text, strlen (text), NULL);
      g_autoptr (CollateTables) tables = NULL;

      for (gint32 n = g_test_rand_int_range (1, 6); n > 0; n--)
        spoil (own);
      tables = collate_tables_new (built_in, own, NULL);
      g_assert_cmpuint (tables->models->len, >=, 11);
      g_assert_cmpuint (tables->providers->len, >=, 5);
      n_told += tables->problems->len > 0;
    }
  g_assert_cmpuint (n_told, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/catalogue/members", test_members);
  g_test_add_func ("/catalogue/routes", test_routes);
  g_test_add_func ("/catalogue/notifies-once", test_notifies_once);
  g_test_add_func ("/catalogue/all-retired", test_all_retired);
  g_test_add_func ("/catalogue/overlay", test_overlay);
  g_test_add_func ("/catalogue/default-line-up", test_default_line_up);
  g_test_add_func ("/catalogue/malformed-entries", test_malformed_entries);
  g_test_add_func ("/catalogue/malformed-providers", test_malformed_providers);
  g_test_add_func ("/catalogue/empty-key-name", test_empty_key_name);
  g_test_add_func ("/catalogue/unknown-provider", test_unknown_provider);
  g_test_add_func ("/catalogue/duplicate-ids", test_duplicate_ids);
  g_test_add_func ("/catalogue/hostile-files", test_hostile_files);
  g_test_add_func ("/catalogue/brackets-in-text", test_brackets_in_text);
  g_test_add_func ("/catalogue/missing-file", test_missing_file);
  g_test_add_func ("/catalogue/reload", test_reload);
  g_test_add_func ("/catalogue/add-server", test_add_server);
  g_test_add_func ("/catalogue/models-alike", test_models_alike);
  g_test_add_func ("/catalogue/change-server", test_change_server);
  g_test_add_func ("/catalogue/server-names", test_server_names);
  g_test_add_func ("/catalogue/bad-server", test_bad_server);
  g_test_add_func ("/catalogue/edit-damaged", test_edit_damaged);
  g_test_add_func ("/catalogue/edit-unwritable", test_edit_unwritable);
  g_test_add_func ("/catalogue/edit-linked", test_edit_linked);
  g_test_add_func ("/catalogue/line-ups", test_line_ups);
  g_test_add_func ("/catalogue/set-price", test_set_price);
  g_test_add_func ("/catalogue/no-own-file", test_no_own_file);
  g_test_add_func ("/catalogue/facts", test_facts);
  g_test_add_func ("/catalogue/shipped", test_shipped);
  g_test_add_func ("/catalogue/spoiled", test_spoiled);
  g_test_add_func ("/catalogue/shipped-routes", test_shipped_routes);

  return g_test_run ();
}
