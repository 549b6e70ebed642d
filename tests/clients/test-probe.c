/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "clients/collate-probe.h"
#include "scripted-server.h"

typedef struct
{
  gboolean done;
  GPtrArray *models;
  char *address;
  GError *error;
} Probed;

static void
probed_clear (Probed *probed)
{
  g_clear_pointer (&probed->models, g_ptr_array_unref);
  g_clear_pointer (&probed->address, g_free);
  g_clear_error (&probed->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Probed, probed_clear)

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Probed *probed = data;

  probed->models = collate_probe_finish (result, &probed->address, &probed->error);
  g_assert_true ((probed->models == NULL) == (probed->error != NULL));
  probed->done = TRUE;
}

static Probed
probe (CollateApi api, const char *address, const char *key, GCancellable *cancellable)
{
  g_autoptr (CollateHttp) http = collate_http_new ("collate-test");
  Probed probed = { FALSE };

  collate_probe_async (http, api, address, key, cancellable, probed_cb, &probed);
  while (!probed.done)
    g_main_context_iteration (NULL, TRUE);

  return probed;
}

static ScriptedServer *
serve (const char *path, const char *body)
{
  g_autofree char *script = NULL;
  g_autoptr (JsonNode) text = json_node_init_string (json_node_alloc (), body);
  g_autofree char *quoted = json_to_string (text, FALSE);

  script =
      g_strdup_printf ("{\"paths\":{\"GET %s\":[{\"steps\":[{\"send\":%s}]}]},\"models\":{}}", path, quoted);

  return scripted_server_new (script, -1, 0, NULL);
}

static void
assert_served (const Probed *probed, guint index, const char *model, gint64 context)
{
  const CollateServed *served;

  g_assert_no_error (probed->error);
  g_assert_cmpuint (index, <, probed->models->len);
  served = probed->models->pdata[index];
  g_assert_cmpstr (served->model, ==, model);
  g_assert_cmpint (served->context, ==, context);
}

/* Where each server tells its context. */
static void
test_contexts (void)
{
  static const struct
  {
    const char *entry;
    gint64 context;
  } entries[] = {
    { "", 0 },
    { ",\"context_length\":400000", 400000 },
    { ",\"max_model_len\":32768.0", 32768 },
    { ",\"max_input_tokens\":1000000", 1000000 },
    { ",\"context_window\":131072", 131072 },
    { ",\"max_context_length\":8192", 8192 },
    { ",\"top_provider\":{\"context_length\":4096}", 4096 },
    { ",\"meta\":{\"n_ctx_train\":2048}", 2048 },
    { ",\"meta\":{\"n_ctx_train\":2048,\"n_ctx\":1024}", 1024 },
    { ",\"context_length\":null,\"max_model_len\":\"x\",\"meta\":[]", 0 },
    { ",\"context_length\":-7", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autofree char *body =
          g_strdup_printf ("{\"object\":\"list\",\"data\":[{\"id\":\"alpha\"%s}]}", entries[i].entry);
      g_autoptr (ScriptedServer) server = serve ("/models", body);
      g_auto (Probed) probed = probe (COLLATE_API_OPENAI, scripted_server_get_address (server), NULL, NULL);

      g_assert_no_error (probed.error);
      assert_served (&probed, 0, "alpha", entries[i].context);
    }
}

static void
test_shapes (void)
{
  static const struct
  {
    const char *body;
    guint n;
  } shapes[] = {
    { "{\"data\":[]}", 0 },
    { "{\"data\":null}", 0 },
    { "\n\n {\"data\":[{\"id\":\"a\"},{\"id\":\"\"},{},3,{\"id\":7},{\"id\":\"b:novita\"}]}", 2 },
    { "[{\"id\":\"a\"}]", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autoptr (ScriptedServer) server = serve ("/models", shapes[i].body);
      g_auto (Probed) probed = probe (COLLATE_API_OPENAI, scripted_server_get_address (server), NULL, NULL);

      g_assert_no_error (probed.error);
      g_assert_cmpuint (probed.models->len, ==, shapes[i].n);
    }
}

static void
test_broken (void)
{
  static const char *const bodies[] = { "", "<html>", "{", "{\"models\":[]}", "[[[[", "\xff" };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autofree char *base64 = g_base64_encode ((const guchar *) bodies[i], strlen (bodies[i]));
      g_autofree char *script =
          g_strdup_printf ("{\"paths\":{\"GET /models\":[{\"steps\":[{\"send_base64\":\"%s\"}]}],\"GET "
                           "/v1/models\":[{\"status\":404,\"steps\":[]}]}}",
                           base64);
      g_autoptr (ScriptedServer) server = scripted_server_new (script, -1, 0, NULL);
      g_auto (Probed) probed = probe (COLLATE_API_OPENAI, scripted_server_get_address (server), NULL, NULL);

      g_assert_error (probed.error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL);
      g_assert_null (probed.address);
    }
}

/* The address that a person types is completed to the one that answers. */
static void
test_addresses (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (
      "{\"paths\":{\"GET /models\":[{\"status\":404,\"steps\":[{\"send\":\"404 page not found\"}]}],"
      "\"GET /v1/v1/models\":[{\"status\":404,\"steps\":[]}]},"
      "\"models\":{\"alpha\":[]},\"contexts\":{\"alpha\":4096}}",
      -1,
      0,
      NULL);
  const char *address = scripted_server_get_address (server);
  g_autofree char *versioned = g_strconcat (address, "/v1", NULL);
  g_autofree char *slashes = g_strconcat (" ", address, "/v1// ", NULL);
  const struct
  {
    CollateApi api;
    const char *typed, *found;
  } cases[] = {
    { COLLATE_API_OPENAI, address, versioned },
    { COLLATE_API_OPENAI, versioned, versioned },
    { COLLATE_API_OPENAI, slashes, versioned },
    { COLLATE_API_OPENAI, address + strlen ("http://"), versioned },
    { COLLATE_API_ANTHROPIC, address, address },
    { COLLATE_API_ANTHROPIC, versioned, address },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Probed) probed = probe (cases[i].api, cases[i].typed, NULL, NULL);

      assert_served (&probed, 0, "alpha", 4096);
      g_assert_cmpstr (probed.address, ==, cases[i].found);
    }
}

static void
test_key (void)
{
  g_autoptr (ScriptedServer) server =
      scripted_server_new ("{\"key\":\"sk-0123456789\",\"models\":{\"alpha\":[]}}", -1, 0, NULL);
  const char *address = scripted_server_get_address (server);

  for (CollateApi api = COLLATE_API_OPENAI; api <= COLLATE_API_ANTHROPIC; api++)
    {
      g_auto (Probed) right = probe (api, address, "sk-0123456789", NULL);
      g_auto (Probed) wrong = probe (api, address, "sk-9876543210", NULL);
      g_auto (Probed) none = probe (api, address, "", NULL);
      g_auto (Probed) invalid = probe (api, address, "sk-01234\n56789", NULL);

      assert_served (&right, 0, "alpha", 0);
      g_assert_error (wrong.error, COLLATE_ERROR, COLLATE_ERROR_KEY);
      g_assert_error (none.error, COLLATE_ERROR, COLLATE_ERROR_KEY);
      g_assert_error (invalid.error, COLLATE_ERROR, COLLATE_ERROR_KEY);
      g_assert_null (strstr (invalid.error->message, "01234"));
    }
}

static void
test_failures (void)
{
  g_autoptr (ScriptedServer) other = scripted_server_new ("{\"models\":{}}", -1, 0, NULL);
  g_autofree char *script = g_strdup_printf (
      "{\"paths\":{\"GET /models\":[{\"status\":302,\"headers\":{\"Location\":\"%s/v1/models\"},"
      "\"steps\":[]}],\"GET /v1/models\":[{\"status\":404,\"steps\":[]}]}}",
      scripted_server_get_address (other));
  g_autoptr (ScriptedServer) server = scripted_server_new (script, -1, 0, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Probed) moved =
      probe (COLLATE_API_OPENAI, scripted_server_get_address (server), "sk-0123456789", NULL);
  g_auto (Probed) offline = probe (COLLATE_API_OPENAI, "http://127.0.0.1:1", NULL, NULL);
  g_auto (Probed) nonsense = probe (COLLATE_API_OPENAI, "ftp://x", NULL, NULL);
  g_auto (Probed) stopped = { FALSE };
  g_autofree char *journal = scripted_server_dup_journal (other);

  g_cancellable_cancel (cancellable);
  stopped = probe (COLLATE_API_OPENAI, scripted_server_get_address (server), NULL, cancellable);
  g_assert_error (moved.error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_cmpstr (journal, ==, "[]");
  g_assert_error (offline.error, COLLATE_ERROR, COLLATE_ERROR_OFFLINE);
  g_assert_error (nonsense.error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_error (stopped.error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probe/contexts", test_contexts);
  g_test_add_func ("/probe/shapes", test_shapes);
  g_test_add_func ("/probe/broken", test_broken);
  g_test_add_func ("/probe/addresses", test_addresses);
  g_test_add_func ("/probe/key", test_key);
  g_test_add_func ("/probe/failures", test_failures);

  return g_test_run ();
}
