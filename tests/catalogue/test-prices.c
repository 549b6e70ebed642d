/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

#include <math.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"
#include "scripted-server.h"

#define BUILT_IN                                                                                             \
  "{'providers':{'openai':{'base_url':'https://a.test'},'deepseek':{'base_url':'https://b.test'}},"          \
  "'models':[{'id':'one','name':'One','routes':[{'provider':'openai','model':'one',"                         \
  "'price':{'input':1,'output':2,'source':'built in'}}]},"                                                   \
  "{'id':'two','name':'Two','routes':[{'provider':'deepseek','model':'two',"                                 \
  "'price':{'input':0.15,'output':0.6,'peak':{'input':0.3}}}]},"                                             \
  "{'id':'three','name':'Three','routes':[{'provider':'openai','model':'three'}]}]}"

/* One price is another, one the same, one was not known; a provider that nobody asks counts in millions. */
#define LIST                                                                                                 \
  "{'openai':{'id':'openai','models':{"                                                                      \
  "'one':{'id':'one','cost':{'input':1.25,'output':10,'cache_read':0.125,'cache_write':1.5,"                 \
  "'context_over_200k':{'input':2.5,'output':15}},'limit':{'context':400000,'output':1}},"                   \
  "'three':{'cost':{'input':3,'output':4,'tiers':[{'tier':{'type':'context','size':272000},"                 \
  "'input':6,'output':6,'cache_read':1}]},'limit':{'context':0}},"                                           \
  "'unpriced':{'limit':{'context':1}},'free':{'cost':{'input':0,'output':0}}}},"                             \
  "'deepseek':{'models':{'two':{'cost':{'input':0.15,'output':0.6,'cache_read':0.003}}}},"                   \
  "'tokens4all':{'models':{'big':{'cost':{'input':2000000,'output':-1}}}}}"

typedef struct
{
  char *folder;
  char *prices_path;
  CollateKeys *keys;
  CollateHttp *http;
  CollateCatalogue *catalogue;
} Fixture;

typedef struct
{
  gboolean done;
  int n_changes;
  GError *error;
} Outcome;

static CollateCatalogue *
catalogue_new (Fixture *f)
{
  g_autofree char *json = fixture_quote (BUILT_IN);
  g_autoptr (GBytes) built_in = g_bytes_new (json, strlen (json));
  g_autofree char *user_path = g_build_filename (f->folder, "models.json", NULL);

  return collate_catalogue_new (built_in, user_path, FALSE, f->prices_path, f->keys);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = fixture_folder_new ();
  f->prices_path = g_build_filename (f->folder, "prices", "list.json", NULL);
  f->keys = collate_keys_new (NULL, NULL);
  f->http = collate_http_new ("collate-test");
  f->catalogue = catalogue_new (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->catalogue);
  g_object_unref (f->http);
  g_object_unref (f->keys);
  g_free (f->prices_path);
  fixture_folder_free (f->folder);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->n_changes =
      collate_catalogue_refresh_prices_finish (COLLATE_CATALOGUE (source), result, &outcome->error);
  outcome->done = TRUE;
}

static Outcome
refresh_from (Fixture *f, const char *url, GCancellable *cancellable)
{
  Outcome outcome = { 0 };

  collate_catalogue_refresh_prices_async (f->catalogue, f->http, url, cancellable, on_refreshed, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (outcome.n_changes < 0, ==, outcome.error != NULL);

  return outcome;
}

/* A server that answers GET /api.json so: with a status, and a body as given. */
static ScriptedServer *
serve (guint status, const char *body)
{
  g_autoptr (JsonObject) script = json_object_new ();
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), script);
  JsonObject *paths = json_object_new (), *reply = json_object_new (), *step = json_object_new ();
  JsonArray *replies = json_array_new (), *steps = json_array_new ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  ScriptedServer *server;

  json_object_set_string_member (step, "send", body);
  json_array_add_object_element (steps, step);
  json_object_set_int_member (reply, "status", status);
  json_object_set_array_member (reply, "steps", steps);
  json_array_add_object_element (replies, reply);
  json_object_set_array_member (paths, "GET /api.json", replies);
  json_object_set_object_member (script, "paths", paths);
  text = collate_json_to_string (node, FALSE);
  server = scripted_server_new (text, -1, 0, &error);
  g_assert_no_error (error);

  return server;
}

static Outcome
refresh_with (Fixture *f, guint status, const char *body)
{
  g_autofree char *json = fixture_quote (body);
  g_autoptr (ScriptedServer) server = serve (status, json);
  g_autofree char *url = g_strconcat (scripted_server_get_address (server), "/api.json", NULL);

  return refresh_from (f, url, NULL);
}

static CollatePrice *
get_price (CollateCatalogue *catalogue, const char *model)
{
  return collate_route_get_price (collate_model_get_route (collate_catalogue_lookup (catalogue, model)));
}

static void
assert_price (CollateCatalogue *catalogue, const char *model, const char *expected)
{
  g_autoptr (JsonObject) object = fixture_parse (expected);
  g_autoptr (CollatePrice) price = collate_price_new_from_json (object, NULL);

  g_assert_true (collate_price_equal (get_price (catalogue, model), price));
}

static void
assert_built_in (Fixture *f)
{
  assert_price (f->catalogue, "one", "{'input':1,'output':2}");
  g_assert_cmpstr (collate_price_get_source (get_price (f->catalogue, "one")), ==, "built in");
  g_assert_null (get_price (f->catalogue, "three"));
  g_assert_null (collate_catalogue_get_prices_date (f->catalogue));
  g_assert_null (collate_catalogue_get_prices_source (f->catalogue));
  g_assert_false (g_file_test (f->prices_path, G_FILE_TEST_EXISTS));
}

static void
assert_listed (CollateCatalogue *catalogue)
{
  assert_price (catalogue,
                "one",
                "{'input':1.25,'cached_input':0.125,'cache_write':1.5,'output':10,"
                "'tiers':[{'above':200000,'input':2.5,'output':15}]}");
  assert_price (catalogue, "two", "{'input':0.15,'cached_input':0.003,'output':0.6,'peak':{'input':0.3}}");
  assert_price (catalogue,
                "three",
                "{'input':3,'output':4,'tiers':[{'above':272000,'input':6,'cached_input':1,'output':6}]}");
  g_assert_cmpstr (collate_price_get_source (get_price (catalogue, "one")), ==, "127.0.0.1");
  g_assert_cmpstr (collate_price_get_as_of (get_price (catalogue, "one")),
                   ==,
                   collate_catalogue_get_prices_date (catalogue));
  g_assert_true (g_str_has_suffix (collate_catalogue_get_prices_source (catalogue), "/api.json"));
}

static void
test_refresh (Fixture *f, gconstpointer data)
{
  g_autoptr (CollateCatalogue) later = NULL;
  Outcome first, again;

  assert_built_in (f);
  first = refresh_with (f, 200, LIST);
  g_assert_no_error (first.error);
  g_assert_cmpint (first.n_changes, ==, 3);
  assert_listed (f->catalogue);

  again = refresh_with (f, 200, LIST);
  g_assert_no_error (again.error);
  g_assert_cmpint (again.n_changes, ==, 0);

  /* The next start has them too. */
  later = catalogue_new (f);
  assert_listed (later);
}

/* Prices that the person set are the person's. */
static void
test_own_prices_stay (Fixture *f, gconstpointer data)
{
  Outcome outcome;

  g_assert_true (collate_catalogue_set_price (f->catalogue, "one", 7, NAN, 8, NULL));
  outcome = refresh_with (f, 200, LIST);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.n_changes, ==, 2);
  assert_price (f->catalogue, "one", "{'input':7,'output':8}");
}

/* One fault anywhere, and none of it is believed. */
static void
test_refused_lists (Fixture *f, gconstpointer data)
{
  static const char *const wrong[] = {
    "",
    "not JSON",
    "[]",
    "{}",
    "{'openai':1}",
    "{'openai':{}}",
    "{'openai':{'models':[]}}",
    "{'openai':{'models':{}}}",
    "{'openai':{'models':{'other':{'cost':{'input':1,'output':1}}}}}",
    "{'openai':{'models':{'one':1}}}",
    "{'openai':{'models':{'one':{'cost':1}}}}",
    "{'openai':{'models':{'one':{'cost':{}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':'1','output':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':-1,'output':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1000.1,'output':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1e999,'output':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1,'output':1,'cache_read':{}}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1,'output':1,'tiers':{}}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1,'output':1,'tiers':[{'input':1,'output':1}]}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1,'output':1,'tiers':[{'tier':{'size':5}}]}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':1,'output':1,'context_over_200k':[]}}}}}",
    "{'openai':{'models':{'one':{'limit':{'context':-5},'cost':{'input':1,'output':1}}}}}",
    "{'openai':{'models':{'one':{'limit':'long','cost':{'input':1,'output':1}}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':9,'output':9}}}},'deepseek':{'models':{'x':{'cost':2}}}}",
    "{'openai':{'models':{'one':{'cost':{'input':9,'output':9}}}},'elsewhere':null}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      Outcome outcome = refresh_with (f, 200, wrong[i]);

      g_test_message ("%s", wrong[i]);
      g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
      g_assert_nonnull (strstr (outcome.error->message, "/api.json"));
      g_clear_error (&outcome.error);
      assert_built_in (f);
    }
}

/* A list that was believed stays in force when the next one is not. */
static void
test_keeps_the_last (Fixture *f, gconstpointer data)
{
  Outcome good = refresh_with (f, 200, LIST);
  Outcome bad = refresh_with (f, 200, "{'openai':1}");

  g_assert_no_error (good.error);
  g_assert_error (bad.error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_clear_error (&bad.error);
  assert_listed (f->catalogue);
}

static void
test_statuses (Fixture *f, gconstpointer data)
{
  static const guint statuses[] = { 404, 500, 204 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      Outcome outcome = refresh_with (f, statuses[i], i < 2 ? LIST : "");

      g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
      g_clear_error (&outcome.error);
      assert_built_in (f);
    }
}

static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autofree char *spaces = g_strnfill (11 * 1024 * 1024, ' ');
  Outcome outcome = refresh_with (f, 200, spaces);

  g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_clear_error (&outcome.error);
  assert_built_in (f);
}

static void
test_too_deep (Fixture *f, gconstpointer data)
{
  g_autofree char *brackets = g_strnfill (1000000, '[');
  g_autofree char *body = g_strconcat ("{'openai':", brackets, NULL);
  Outcome outcome = refresh_with (f, 200, body);

  g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  g_clear_error (&outcome.error);
  assert_built_in (f);
}

static void
test_addresses (Fixture *f, gconstpointer data)
{
  static const char *const urls[] = {
    "http://models.test/api.json", "file:///etc/passwd", "api.json", "", "http://127.0.0.1.evil.test/x",
  };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      Outcome outcome = refresh_from (f, urls[i], NULL);

      g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_REFUSED);
      g_clear_error (&outcome.error);
    }
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *json = fixture_quote (LIST);
  g_autoptr (ScriptedServer) server = serve (200, json);
  g_autofree char *url = g_strconcat (scripted_server_get_address (server), "/api.json", NULL);
  Outcome outcome = { 0 };

  collate_catalogue_refresh_prices_async (f->catalogue, f->http, url, cancellable, on_refreshed, &outcome);
  g_cancellable_cancel (cancellable);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_clear_error (&outcome.error);
  assert_built_in (f);
}

/* What is kept may be damaged too: then the built-in prices hold, and nobody is troubled. */
static void
test_damaged_copy (Fixture *f, gconstpointer data)
{
  static const char *const damaged[] = {
    "",
    "[]",
    "{}",
    "{'date':'2026-11-22','source':'x','prices':{'openai/one':1}}",
    "{'date':'2026-11-22','source':'x','prices':{'openai/one':{'input':-1}}}",
    "{'date':1,'source':'x','prices':{}}",
  };
  g_autofree char *prices_folder = g_path_get_dirname (f->prices_path);

  g_assert_cmpint (g_mkdir_with_parents (prices_folder, 0700), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autofree char *path = fixture_write (prices_folder, "list.json", damaged[i]);

      collate_catalogue_reload (f->catalogue);
      g_assert_no_error (collate_catalogue_get_problem (f->catalogue));
      assert_price (f->catalogue, "one", "{'input':1,'output':2}");
      g_assert_null (collate_catalogue_get_prices_date (f->catalogue));
    }
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/prices/refresh", test_refresh);
  add ("/prices/own-prices-stay", test_own_prices_stay);
  add ("/prices/refused-lists", test_refused_lists);
  add ("/prices/keeps-the-last", test_keeps_the_last);
  add ("/prices/statuses", test_statuses);
  add ("/prices/too-large", test_too_large);
  add ("/prices/too-deep", test_too_deep);
  add ("/prices/addresses", test_addresses);
  add ("/prices/cancelled", test_cancelled);
  add ("/prices/damaged-copy", test_damaged_copy);

  return g_test_run ();
}
