/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

/* Model files of this machine among what can be asked. */

#define REMOTE                                                                                               \
  "{'version':1,'providers':{'p':{'name':'P','base_url':'http://127.0.0.1:1'}},"                             \
  "'models':[{'id':'m','name':'M','routes':[{'provider':'p','model':'m'}]}%s]}"

typedef struct
{
  CollateKeys *keys;
  CollateCatalogue *catalogue;
  GPtrArray *local;
  guint n_changes;
} Fixture;

static void
count_change (Fixture *fixture)
{
  fixture->n_changes++;
}

static void
set_up (Fixture *fixture, const char *more_models)
{
  g_autofree char *text = g_strdup_printf (REMOTE, more_models);
  g_autofree char *json = fixture_quote (text);
  g_autoptr (GBytes) built_in = g_bytes_new (json, strlen (json));

  fixture->keys = collate_keys_new (NULL, NULL);
  fixture->catalogue = collate_catalogue_new (built_in, NULL, FALSE, NULL, fixture->keys);
  fixture->local = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  g_signal_connect_swapped (fixture->catalogue, "changed", G_CALLBACK (count_change), fixture);
}

static void
fixture_clear (Fixture *fixture)
{
  g_clear_object (&fixture->catalogue);
  g_clear_object (&fixture->keys);
  g_clear_pointer (&fixture->local, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static CollateLocalModel *
add (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/models/%s.gguf", name);
  CollateLocalModel *model = collate_local_model_new (name, path);

  g_ptr_array_add (fixture->local, model);

  return model;
}

static const char *
find_fact (CollateModel *model, const char *label)
{
  GPtrArray *facts = collate_model_get_facts (model);

  for (guint i = 0; i < facts->len; i++)
    if (g_str_equal (((CollateFact *) facts->pdata[i])->label, label))
      return ((CollateFact *) facts->pdata[i])->value;

  return NULL;
}

static void
test_entry (void)
{
  g_auto (Fixture) fixture = { 0 };
  CollateLocalModel *local;
  CollateModel *model;
  CollateRoute *route;
  const CollateUsage usage = { .input = 1000, .output = 9, .reported = COLLATE_MONEY_UNKNOWN };

  set_up (&fixture, "");
  local = add (&fixture, "small");
  local->title = g_strdup ("Small 135M");
  local->context = 2048;
  local->parameters = 134500000;
  local->file_bytes = 98362432;
  local->quantization = g_strdup ("Q4_1");
  local->thinking = COLLATE_THINKING_SWITCH;
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);
  g_assert_cmpuint (fixture.n_changes, ==, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture.catalogue)), ==, 3);

  model = collate_catalogue_lookup (fixture.catalogue, "local:small");
  g_assert_nonnull (model);
  g_assert_true (collate_model_is_local (model));
  g_assert_cmpstr (collate_model_get_name (model), ==, "small");
  g_assert_cmpstr (find_fact (model, "Calls itself"), ==, "Small 135M");
  g_assert_cmpint (collate_model_get_context (model), ==, 2048);
  g_assert_cmpint (collate_model_get_thinking (model), ==, COLLATE_THINKING_SWITCH);
  g_assert_cmpint (collate_model_get_availability (model), ==, COLLATE_AVAILABLE);
  g_assert_null (collate_model_get_problem (model));
  g_assert_null (collate_model_get_encoding (model));
  g_assert_cmpfloat (collate_model_get_token_factor (model), >, 1);
  g_assert_cmpstr (find_fact (model, "Parameters"), ==, "134 M");
  g_assert_cmpstr (find_fact (model, "Quantisation"), ==, "Q4_1");
  g_assert_cmpstr (find_fact (model, "File"), ==, "/models/small.gguf");
  g_assert_null (find_fact (model, "Architecture"));

  route = collate_model_get_route (model);
  g_assert_cmpstr (collate_route_get_id (route), ==, "local/small");
  g_assert_cmpstr (collate_route_get_path (route), ==, "/models/small.gguf");
  g_assert_cmpint (collate_provider_get_api (collate_route_get_provider (route)), ==, COLLATE_API_ENGINE);
  g_assert_null (collate_provider_get_key_name (collate_route_get_provider (route)));
  g_assert_cmpint (collate_price_get_cost (collate_route_get_price (route), &usage, 0), ==, 0);

  g_assert_false (collate_model_is_local (collate_catalogue_lookup (fixture.catalogue, "m")));
  g_assert_null (
      collate_route_get_path (collate_model_get_route (collate_catalogue_lookup (fixture.catalogue, "m"))));
}

/* The same file, as another entry. */
static void
test_sparse (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (CollateModel) second = NULL;
  CollateLocalModel *trained;
  CollateModel *dense, *sparse;
  CollateRoute *route;

  set_up (&fixture, "");
  add (&fixture, "plain")->top_k = 512;
  trained = add (&fixture, "trained");
  trained->top_k = 2048;
  trained->trained_index = TRUE;
  trained->context = 65536;
  trained->drafts = TRUE;
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);

  dense = collate_catalogue_lookup (fixture.catalogue, "local:trained");
  sparse = collate_catalogue_lookup (fixture.catalogue, "local:trained@sparse");
  g_assert_false (collate_model_is_sparse (dense));
  g_assert_null (find_fact (dense, "Reads"));
  g_assert_nonnull (find_fact (dense, "Drafts"));
  g_assert_nonnull (find_fact (sparse, "Drafts"));
  g_assert_true (collate_model_is_sparse (sparse) && collate_model_is_local (sparse));
  g_assert_cmpstr (collate_model_get_name (sparse), ==, "trained, sparse");
  g_assert_cmpstr (find_fact (sparse, "Reads"), ==, "the best 2048 tokens before each");
  g_assert_cmpstr (find_fact (sparse, "Chosen by"), ==, "the model’s own trained index");
  g_assert_cmpint (collate_model_get_context (sparse), ==, 65536);
  g_assert_true (collate_model_get_local (sparse) != NULL);

  route = collate_model_get_route (sparse);
  g_assert_true (collate_route_is_sparse (route));
  g_assert_cmpstr (collate_route_get_id (route), ==, "local/trained@sparse");
  g_assert_cmpstr (collate_route_get_path (route), ==, "/models/trained.gguf");
  g_assert_true (collate_route_get_provider (route) ==
                 collate_route_get_provider (collate_model_get_route (dense)));
  g_assert_false (collate_route_is_sparse (collate_model_get_route (dense)));

  sparse = collate_catalogue_lookup (fixture.catalogue, "local:plain@sparse");
  g_assert_nonnull (strstr (find_fact (sparse, "Chosen by"), "nothing was trained"));
  g_assert_null (find_fact (sparse, "Drafts"));
  second = g_list_model_get_item (G_LIST_MODEL (fixture.catalogue), 1);
  g_assert_true (second == sparse);
  g_assert_null (collate_catalogue_lookup (fixture.catalogue, "m@sparse"));
}

/* A file that bears that name itself is meant by it, whichever comes first. */
static void
test_file_called_sparse (void)
{
  g_auto (Fixture) fixture = { 0 };
  CollateModel *model;

  set_up (&fixture, "");
  add (&fixture, "a");
  add (&fixture, "a@sparse");
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);

  model = collate_catalogue_lookup (fixture.catalogue, "local:a@sparse");
  g_assert_cmpstr (collate_route_get_path (collate_model_get_route (model)), ==, "/models/a@sparse.gguf");
  g_assert_false (collate_model_is_sparse (model));
  g_assert_true (
      collate_model_is_sparse (collate_catalogue_lookup (fixture.catalogue, "local:a@sparse@sparse")));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture.catalogue)), ==, 4);
}

static void
test_damaged (void)
{
  g_auto (Fixture) fixture = { 0 };
  CollateModel *model;

  set_up (&fixture, "");
  add (&fixture, "torn")->problem = g_strdup ("It is torn.");
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);

  model = collate_catalogue_lookup (fixture.catalogue, "local:torn");
  g_assert_cmpint (collate_model_get_availability (model), ==, COLLATE_UNAVAILABLE_FILE);
  g_assert_cmpstr (collate_model_get_problem (model), ==, "It is torn.");
  g_assert_cmpstr (collate_model_get_name (model), ==, "torn");
  g_assert_nonnull (collate_model_get_route (model));
  g_assert_null (collate_catalogue_lookup (fixture.catalogue, "local:torn@sparse"));
}

/* They stand first, stay when the files are read again, keep their provider, and go when they are gone. */
static void
test_replaced (void)
{
  g_auto (Fixture) fixture = { 0 };
  g_autoptr (CollateModel) first = NULL;
  CollateProvider *provider;

  set_up (&fixture, "");
  add (&fixture, "a");
  add (&fixture, "b");
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);
  first = g_list_model_get_item (G_LIST_MODEL (fixture.catalogue), 0);
  g_assert_cmpstr (collate_model_get_id (first), ==, "local:a");
  provider = collate_catalogue_lookup_provider (fixture.catalogue, "local");
  g_assert_nonnull (provider);
  g_assert_false (collate_provider_is_own (provider));

  collate_catalogue_reload (fixture.catalogue);
  g_assert_nonnull (collate_catalogue_lookup (fixture.catalogue, "local:b"));
  g_assert_true (collate_catalogue_lookup_provider (fixture.catalogue, "local") == provider);

  g_ptr_array_remove_index (fixture.local, 0);
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);
  g_assert_null (collate_catalogue_lookup (fixture.catalogue, "local:a"));
  g_assert_nonnull (collate_catalogue_lookup (fixture.catalogue, "local:b"));
  g_assert_true (collate_route_get_provider (collate_model_get_route (
                     collate_catalogue_lookup (fixture.catalogue, "local:b"))) == provider);

  g_ptr_array_set_size (fixture.local, 0);
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture.catalogue)), ==, 1);
  g_assert_nonnull (collate_catalogue_lookup (fixture.catalogue, "m"));
  g_assert_null (collate_catalogue_lookup_provider (fixture.catalogue, "local"));
}

/* An entry of a models file that calls itself as the model file does would be asked over the network. */
static void
test_same_id (void)
{
  g_auto (Fixture) fixture = { 0 };

  set_up (&fixture, ",{'id':'local:a','name':'A','routes':[{'provider':'p','model':'a'}]}");
  g_assert_false (collate_model_is_local (collate_catalogue_lookup (fixture.catalogue, "local:a")));
  add (&fixture, "a");
  collate_catalogue_set_local_models (fixture.catalogue, fixture.local);
  g_assert_true (collate_model_is_local (collate_catalogue_lookup (fixture.catalogue, "local:a")));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture.catalogue)), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/catalogue/local/entry", test_entry);
  g_test_add_func ("/catalogue/local/sparse", test_sparse);
  g_test_add_func ("/catalogue/local/file-called-sparse", test_file_called_sparse);
  g_test_add_func ("/catalogue/local/damaged", test_damaged);
  g_test_add_func ("/catalogue/local/replaced", test_replaced);
  g_test_add_func ("/catalogue/local/same-id", test_same_id);

  return g_test_run ();
}
