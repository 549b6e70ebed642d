/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "asker.h"
#include "base/collate-json.h"
#include "scripted-server.h"

/* The contract of all clients: contract.json says what a server sends and what must become of it. A case
 * holds "openai" and "anthropic" (replies in the form of the scripted server), or "both"; and "expect", with
 * what differs between the two in "expect_openai" and "expect_anthropic". */

static JsonArray *cases;
static ScriptedServer *server;

/* A case in one of its wire formats. */
typedef struct
{
  JsonObject *ask;
  JsonObject *expect;
  CollateApi api;
  char *model;
} Case;

static void
case_free (Case *test)
{
  json_object_unref (test->expect);
  g_free (test->model);
  g_free (test);
}

static void
assert_text (JsonObject *expect, const char *member, const char *value)
{
  const char *expected = collate_json_string (expect, member);

  g_assert_cmpstr (value, ==, expected != NULL ? expected : "");
}

static void
assert_count (JsonObject *usage, const char *member, gint64 value)
{
  g_assert_cmpint (value, ==, collate_json_int (usage, member, 0));
}

static void
assert_usage (JsonObject *expect, const Asked *asked)
{
  JsonObject *usage = collate_json_object (expect, "usage");
  double cost = collate_json_double (usage, "cost", -1);

  g_assert_cmpint (asked->has_usage, ==, usage != NULL);
  if (usage == NULL)
    return;

  assert_count (usage, "input", asked->usage.input);
  assert_count (usage, "cached_input", asked->usage.cached_input);
  assert_count (usage, "cache_write", asked->usage.cache_write);
  assert_count (usage, "cache_write_1h", asked->usage.cache_write_1h);
  assert_count (usage, "output", asked->usage.output);
  assert_count (usage, "reasoning", asked->usage.reasoning);
  assert_count (usage, "drafted", asked->usage.drafted);
  assert_count (usage, "drafts_right", asked->usage.drafts_right);
  g_assert_cmpint (
      asked->usage.reported, ==, cost < 0 ? COLLATE_MONEY_UNKNOWN : collate_money_from_usd (cost));
}

static void
assert_error (JsonObject *expect, const Asked *asked)
{
  const char *code = collate_json_string (expect, "error");
  const char *message = collate_json_string (expect, "message");
  const char *lacks = collate_json_string (expect, "message_lacks");

  if (code == NULL)
    {
      g_assert_no_error (asked->error);
      return;
    }

  g_assert_nonnull (asked->error);
  g_assert_cmpstr (collate_error_to_string (asked->error->code), ==, code);
  g_assert_cmpuint (strlen (asked->error->message), <=, 510);
  if (message != NULL && strstr (asked->error->message, message) == NULL)
    g_assert_cmpstr (asked->error->message, ==, message);
  if (lacks != NULL)
    g_assert_null (strstr (asked->error->message, lacks));
}

static void
assert_dropped (JsonObject *expect, const Asked *asked)
{
  JsonArray *dropped = collate_json_array (expect, "dropped");

  g_assert_cmpuint (asked->dropped->len, ==, dropped != NULL ? json_array_get_length (dropped) : 0);
  for (guint i = 0; i < asked->dropped->len; i++)
    g_assert_cmpstr (asked->dropped->pdata[i], ==, collate_json_element_string (dropped, i));
}

static void
assert_waits (JsonObject *expect, const Asked *asked)
{
  JsonArray *waits = collate_json_array (expect, "waits");

  for (guint i = 0; waits != NULL && i < json_array_get_length (waits); i++)
    {
      g_assert_cmpuint (i, <, asked->waits->len);
      g_assert_cmpint (g_array_index (asked->waits, gint64, i), ==, json_array_get_int_element (waits, i));
    }
}

/* Members that the last request for the case's model must, or must not, have had. */
static void
assert_request (JsonObject *expect, const char *model)
{
  g_autofree char *journal = scripted_server_dup_journal (server);
  g_autoptr (JsonNode) node = json_from_string (journal, NULL);
  JsonArray *has = collate_json_array (expect, "request_has");
  JsonArray *lacks = collate_json_array (expect, "request_lacks");
  JsonArray *requests = json_node_get_array (node);
  JsonObject *last = NULL;

  for (guint i = 0; i < json_array_get_length (requests); i++)
    {
      JsonObject *body = collate_json_object (json_array_get_object_element (requests, i), "body");

      if (g_strcmp0 (collate_json_string (body, "model"), model) == 0)
        last = body;
    }

  for (guint i = 0; has != NULL && i < json_array_get_length (has); i++)
    g_assert_true (json_object_has_member (last, collate_json_element_string (has, i)));
  for (guint i = 0; lacks != NULL && i < json_array_get_length (lacks); i++)
    g_assert_false (json_object_has_member (last, collate_json_element_string (lacks, i)));
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  JsonObject *ask = test->ask;
  JsonObject *expect = test->expect;
  const char *thinking = collate_json_string (ask, "thinking");
  g_auto (Asker) asker = { NULL };
  const AskerOptions options = { .api = test->api,
                                 .address = scripted_server_get_address (server),
                                 .model = test->model,
                                 .limit = collate_json_string (ask, "limit") };
  CollateRequest request;

  asker_init (&asker, &options);
  request = asker_request (&asker);
  request.key = collate_json_string (ask, "key");
  request.max_output = collate_json_int (ask, "max_output", request.max_output);
  request.can_think = thinking != NULL ? COLLATE_THINKING_SWITCH : COLLATE_THINKING_NONE;
  request.think = g_strcmp0 (thinking, "on") == 0;

  for (gint64 i = collate_json_int (ask, "times", 1); i > 0; i--)
    {
      g_autoptr (Asked) asked = asked_new ();

      asker_ask (&asker, &request, asked);
      if (i > 1)
        continue;

      assert_error (expect, asked);
      if (json_object_has_member (expect, "length"))
        g_assert_cmpuint (asked->text->len, ==, collate_json_int (expect, "length", 0));
      else
        assert_text (expect, "text", asked->text->str);
      assert_text (expect, "reasoning", asked->reasoning->str);
      g_assert_cmpstr (asked->finish, ==, collate_json_string (expect, "finish"));
      if (json_object_has_member (expect, "model"))
        g_assert_cmpstr (asked->model, ==, collate_json_string (expect, "model"));
      g_assert_cmpuint (asked->status, ==, collate_json_int (expect, "status", 200));
      g_assert_cmpuint (asked->n_sent, ==, collate_json_int (expect, "sent", 1));
      assert_usage (expect, asked);
      assert_dropped (expect, asked);
      assert_waits (expect, asked);
    }
  assert_request (expect, test->model);
}

/* What is expected of both, and of this format; (transfer full). */
static JsonObject *
merge_expect (JsonObject *object, const char *format)
{
  g_autofree char *own = g_strdup_printf ("expect_%s", format);
  const char *const members[] = { "expect", own };
  JsonObject *merged = json_object_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      JsonObject *expect = collate_json_object (object, members[i]);
      JsonObjectIter iter;
      const char *name;
      JsonNode *node;

      if (expect == NULL)
        continue;
      json_object_iter_init_ordered (&iter, expect);
      while (json_object_iter_next_ordered (&iter, &name, &node))
        json_object_set_member (merged, name, json_node_copy (node));
    }

  return merged;
}

static void
add_case (JsonObject *object, JsonObject *models, CollateApi api)
{
  const char *format = api == COLLATE_API_ANTHROPIC ? "anthropic" : "openai";
  const char *name = collate_json_string (object, "name");
  g_autofree char *path = g_strdup_printf ("/contract/%s/%s", format, name);
  JsonArray *replies = collate_json_array (object, format);
  Case *test;

  if (replies == NULL)
    replies = collate_json_array (object, "both");
  if (replies == NULL)
    return;

  test = g_new0 (Case, 1);
  test->ask = collate_json_object (object, "ask");
  test->expect = merge_expect (object, format);
  test->api = api;
  test->model = g_strdup_printf ("%s/%s", name, format);
  g_assert_false (json_object_has_member (models, test->model));
  json_object_set_array_member (models, test->model, json_array_ref (replies));
  g_test_add_data_func_full (path, test, test_case, (GDestroyNotify) case_free);
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (JsonNode) script = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  JsonObject *root = json_object_new ();
  JsonObject *models = json_object_new ();
  int status;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "clients", "contract.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_node_get_array (json_parser_get_root (parser));
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      add_case (json_array_get_object_element (cases, i), models, COLLATE_API_OPENAI);
      add_case (json_array_get_object_element (cases, i), models, COLLATE_API_ANTHROPIC);
    }

  json_object_set_object_member (root, "models", models);
  json_node_take_object (script, root);
  text = json_to_string (script, FALSE);
  server = scripted_server_new (text, -1, 0, &error);
  g_assert_no_error (error);
  status = g_test_run ();
  scripted_server_free (server);

  return status;
}
