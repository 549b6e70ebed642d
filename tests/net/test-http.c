/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "net/collate-http.h"
#include "scripted-server.h"

/* A reply, as it was handed over. */
typedef struct
{
  gboolean done;
  GError *error;
  guint n_heads;
  guint status;
  GHashTable *headers;
  GString *body;
  gint64 last_time;
  gsize enough;              /* bytes after which no more are wanted, 0: all are */
  GCancellable *cancel_head; /* cancelled at the head, at the first bytes */
  GCancellable *cancel_data;
} Reply;

static Reply *
reply_new (void)
{
  Reply *reply = g_new0 (Reply, 1);

  reply->body = g_string_new (NULL);

  return reply;
}

static void
reply_free (Reply *reply)
{
  g_clear_error (&reply->error);
  g_clear_pointer (&reply->headers, g_hash_table_unref);
  g_string_free (reply->body, TRUE);
  g_free (reply);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reply, reply_free)

static void
head_cb (guint status, GHashTable *headers, gint64 time, gpointer data)
{
  Reply *reply = data;

  g_assert_cmpuint (reply->n_heads++, ==, 0);
  g_assert_false (reply->done);
  reply->status = status;
  reply->headers = g_hash_table_ref (headers);
  reply->last_time = time;
  if (reply->cancel_head != NULL)
    g_cancellable_cancel (reply->cancel_head);
}

static gboolean
data_cb (const guint8 *data, gsize length, gint64 time, gpointer user_data)
{
  Reply *reply = user_data;

  g_assert_cmpuint (reply->n_heads, ==, 1);
  g_assert_false (reply->done);
  g_assert_cmpint (time, >=, reply->last_time);
  g_assert_true (reply->enough == 0 || reply->body->len < reply->enough);
  reply->last_time = time;
  g_string_append_len (reply->body, (const char *) data, length);
  if (reply->cancel_data != NULL)
    g_cancellable_cancel (reply->cancel_data);

  return reply->enough == 0 || reply->body->len < reply->enough;
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Reply *reply = data;
  gboolean ok = collate_http_send_finish (COLLATE_HTTP (source), result, &reply->error);

  g_assert_false (reply->done);
  g_assert_true (ok == (reply->error == NULL));
  reply->done = TRUE;
}

/* The fixture: a server, another one, and HTTP to them. */
typedef struct
{
  CollateHttp *http;
  ScriptedServer *server;
  ScriptedServer *other;
} Net;

static void
net_setup (Net *net, gconstpointer data)
{
  static const char other_script[] = "{\"paths\":{\"GET /\":[{\"steps\":[]}],\"POST /\":[{\"steps\":[]}]}}";
  g_autofree char *script = NULL;

  net->http = collate_http_new ("collate-test");
  net->other = scripted_server_new (other_script, -1, 0, NULL);
  if (data != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (data, "OTHER", -1);

      script = g_strjoinv (scripted_server_get_address (net->other), parts);
      net->server = scripted_server_new (script, -1, 0, NULL);
      g_assert_nonnull (net->server);
    }
}

static void
net_teardown (Net *net, gconstpointer data)
{
  g_assert_finalize_object (net->http);
  scripted_server_free (net->server);
  scripted_server_free (net->other);
}

static const CollateHttpHandler handler = { head_cb, data_cb };

static void
wait_for (Reply *reply)
{
  while (!reply->done)
    g_main_context_iteration (NULL, TRUE);
}

/* Sends with a key and, by POST, with a body. */
static void
start (Net *net,
       const char *method,
       const char *path,
       Reply *reply,
       guint idle_timeout,
       GCancellable *cancellable)
{
  static const char *const headers[] = { "Authorization", "Bearer secret", "x-api-key", "secret", NULL };
  g_autofree char *url = g_strconcat (scripted_server_get_address (net->server), path, NULL);
  g_autoptr (GBytes) body = g_bytes_new_static ("{\"model\":\"x\"}", 13);
  CollateHttpRequest request = {
    .method = method,
    .url = url,
    .headers = headers,
    .body = strcmp (method, "POST") == 0 ? body : NULL,
    .idle_timeout = idle_timeout,
    .max_bytes = 5000,
  };

  collate_http_send_async (net->http, &request, &handler, reply, cancellable, done_cb, reply);
  g_assert_cmpuint (reply->n_heads, ==, 0);
}

static void
ask (Net *net, const char *method, const char *path, Reply *reply)
{
  start (net, method, path, reply, 10, NULL);
  wait_for (reply);
}

static JsonObject *
journal_entry (ScriptedServer *server, guint index, guint n_expected)
{
  g_autofree char *text = scripted_server_dup_journal (server);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonArray *array = json_node_get_array (node);

  g_assert_cmpuint (json_array_get_length (array), ==, n_expected);

  return index < n_expected ? json_object_ref (json_array_get_object_element (array, index)) : NULL;
}

static void
test_plain (Net *net, gconstpointer data)
{
  g_autoptr (Reply) reply = reply_new ();
  g_autoptr (JsonObject) entry = NULL;
  JsonObject *headers;

  ask (net, "POST", "/a", reply);
  g_assert_no_error (reply->error);
  g_assert_cmpuint (reply->status, ==, 418);
  g_assert_cmpstr (reply->body->str, ==, "abc");
  g_assert_cmpstr (g_hash_table_lookup (reply->headers, "x-one"), ==, "1");
  g_assert_null (g_hash_table_lookup (reply->headers, "X-One"));

  entry = journal_entry (net->server, 0, 1);
  headers = collate_json_object (entry, "headers");
  g_assert_cmpstr (collate_json_string (headers, "authorization"), ==, "Bearer secret");
  g_assert_cmpstr (collate_json_string (headers, "content-type"), ==, "application/json");
  g_assert_cmpstr (collate_json_string (headers, "user-agent"), ==, "collate-test");
  g_assert_cmpstr (collate_json_string (headers, "accept-encoding"), ==, "identity");
  g_assert_nonnull (collate_json_object (entry, "body"));
}

static void
test_error (Net *net, gconstpointer data, const char *method, CollateError code, const char *words)
{
  g_autoptr (Reply) reply = reply_new ();

  ask (net, method, "/a", reply);
  g_assert_error (reply->error, COLLATE_ERROR, (int) code);
  if (words != NULL && strstr (reply->error->message, words) == NULL)
    g_assert_cmpstr (reply->error->message, ==, words);
}

static void
test_cut (Net *net, gconstpointer data)
{
  test_error (net, data, "GET", COLLATE_ERROR_PROTOCOL, NULL);
}

static void
test_too_large (Net *net, gconstpointer data)
{
  test_error (net, data, "GET", COLLATE_ERROR_TOO_LARGE, "5000");
}

/* The server asks for a password: a status like any other. */
static void
test_unauthorized (Net *net, gconstpointer data)
{
  g_autoptr (Reply) reply = reply_new ();

  ask (net, "POST", "/a", reply);
  g_assert_no_error (reply->error);
  g_assert_cmpuint (reply->status, ==, 401);
}

static void
test_redirect_within (Net *net, gconstpointer data)
{
  g_autoptr (Reply) reply = reply_new ();
  g_autoptr (Reply) got = reply_new ();
  g_autoptr (JsonObject) entry = NULL;

  ask (net, "POST", "/a", reply);
  g_assert_no_error (reply->error);
  g_assert_cmpstr (reply->body->str, ==, "there");
  entry = journal_entry (net->server, 2, 3);
  g_assert_cmpstr (collate_json_string (entry, "method"), ==, "POST");
  g_assert_cmpstr (collate_json_string (collate_json_object (entry, "headers"), "x-api-key"), ==, "secret");
  g_assert_cmpstr (collate_json_string (collate_json_object (entry, "body"), "model"), ==, "x");

  ask (net, "GET", "/got", got);
  g_assert_no_error (got->error);
  g_assert_cmpstr (got->body->str, ==, "there");
}

static void
test_redirect_elsewhere (Net *net, gconstpointer data)
{
  static const char *const methods[] = { "GET", "POST" };

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    test_error (net, data, methods[i], COLLATE_ERROR_UNSUPPORTED, scripted_server_get_address (net->other));
  journal_entry (net->other, 0, 0);
}

static void
test_redirect_refused (Net *net, gconstpointer data)
{
  test_error (net, data, "POST", COLLATE_ERROR_UNSUPPORTED, NULL);
}

static void
test_redirect_round (Net *net, gconstpointer data)
{
  test_error (net, data, "POST", COLLATE_ERROR_UNSUPPORTED, "too many");
  g_clear_pointer (&net->server, scripted_server_free);
}

static void
test_silence (Net *net, gconstpointer data)
{
  static const char *const paths[] = { "/before-head", "/after-head", "/after-data" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (Reply) reply = reply_new ();

      start (net, "GET", paths[i], reply, 1, NULL);
      wait_for (reply);
      g_assert_error (reply->error, COLLATE_ERROR, COLLATE_ERROR_TIMEOUT);
      g_assert_cmpuint (reply->n_heads, ==, i > 0);
      g_assert_cmpstr (reply->body->str, ==, i == 2 ? "x" : "");
    }
}

/* Longer in all than the limit, never as long without a byte. */
static void
test_slow (Net *net, gconstpointer data)
{
  g_autoptr (Reply) reply = reply_new ();

  start (net, "GET", "/a", reply, 2, NULL);
  wait_for (reply);
  g_assert_no_error (reply->error);
  g_assert_cmpstr (reply->body->str, ==, "xxxx");
}

/* Enough came: a success, though the server goes on, or never ends. */
static void
test_enough (Net *net, gconstpointer data)
{
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (Reply) reply = reply_new ();

      reply->enough = 1;
      ask (net, "GET", i == 0 ? "/endless" : "/cut", reply);
      g_assert_no_error (reply->error);
      g_assert_cmpstr (reply->body->str, ==, "x");
    }
}

typedef enum
{
  CANCEL_BEFORE,
  CANCEL_AT_ONCE,
  CANCEL_IN_HEAD,
  CANCEL_IN_DATA,
  CANCEL_LATER,
  N_CANCELS,
} Cancel;

static void
test_cancel (Net *net, gconstpointer data)
{
  for (Cancel when = 0; when < N_CANCELS; when++)
    {
      g_autoptr (Reply) reply = reply_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      if (when == CANCEL_BEFORE)
        g_cancellable_cancel (cancellable);
      reply->cancel_head = when == CANCEL_IN_HEAD ? cancellable : NULL;
      reply->cancel_data = when == CANCEL_IN_DATA ? cancellable : NULL;
      start (net, "GET", "/a", reply, 10, cancellable);
      while (when == CANCEL_LATER && reply->body->len == 0)
        g_main_context_iteration (NULL, TRUE);
      if (when == CANCEL_AT_ONCE || when == CANCEL_LATER)
        g_cancellable_cancel (cancellable);
      wait_for (reply);

      g_assert_error (reply->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
      g_assert_cmpuint (reply->n_heads, ==, when >= CANCEL_IN_HEAD);
      g_assert_cmpstr (reply->body->str, ==, when >= CANCEL_IN_DATA ? "x" : "");
    }
}

/* After the end it is too late. */
static void
test_cancel_after (Net *net, gconstpointer data)
{
  g_autoptr (Reply) reply = reply_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  start (net, "GET", "/a", reply, 10, cancellable);
  wait_for (reply);
  g_cancellable_cancel (cancellable);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_no_error (reply->error);
}

static void
test_unreachable (Net *net, gconstpointer data)
{
  static const struct
  {
    const char *url;
    CollateError code;
  } places[] = {
    { "http://127.0.0.1:1/", COLLATE_ERROR_OFFLINE },  { "http://nowhere.invalid/", COLLATE_ERROR_OFFLINE },
    { "ftp://127.0.0.1/", COLLATE_ERROR_UNSUPPORTED }, { "127.0.0.1:80", COLLATE_ERROR_UNSUPPORTED },
    { "http:///x", COLLATE_ERROR_UNSUPPORTED },        { "", COLLATE_ERROR_UNSUPPORTED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Reply) reply = reply_new ();
      CollateHttpRequest request = { .method = "GET", .url = places[i].url, .idle_timeout = 10 };

      collate_http_send_async (net->http, &request, &handler, reply, NULL, done_cb, reply);
      wait_for (reply);
      g_assert_error (reply->error, COLLATE_ERROR, (int) places[i].code);
      g_assert_cmpuint (reply->n_heads, ==, 0);
    }
}

/* Reads the first message of a TLS connection, and closes it. */
static gpointer
read_hello (gpointer data)
{
  g_autoptr (GSocketConnection) connection = g_socket_listener_accept (data, NULL, NULL, NULL);
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  return g_input_stream_read_bytes (input, 4096, NULL, NULL);
}

/* A server that does not speak TLS where TLS is meant; what it is offered is HTTP/1.1 alone. */
static void
test_tls (Net *net, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  GThread *thread = g_thread_new ("hello", read_hello, listener);
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u/", port);
  g_autoptr (Reply) reply = reply_new ();
  g_autoptr (GBytes) hello = NULL;
  CollateHttpRequest request = { .method = "GET", .url = url, .idle_timeout = 10 };

  collate_http_send_async (net->http, &request, &handler, reply, NULL, done_cb, reply);
  wait_for (reply);
  hello = g_thread_join (thread);
  g_assert_error (reply->error, COLLATE_ERROR, COLLATE_ERROR_OFFLINE);
  g_assert_nonnull (memmem (g_bytes_get_data (hello, NULL), g_bytes_get_size (hello), "\x08http/1.1", 9));
  g_assert_null (memmem (g_bytes_get_data (hello, NULL), g_bytes_get_size (hello), "\x02h2", 3));
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Reply *reply = data;
  g_autoptr (GBytes) bytes =
      collate_http_fetch_finish (COLLATE_HTTP (source), result, &reply->status, &reply->error);

  if (bytes != NULL)
    g_string_append_len (reply->body, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  reply->done = TRUE;
}

static void
test_fetch (Net *net, gconstpointer data)
{
  g_autofree char *url = g_strconcat (scripted_server_get_address (net->server), "/a", NULL);

  for (gsize max_bytes = 2; max_bytes <= 3; max_bytes++)
    {
      g_autoptr (Reply) reply = reply_new ();
      CollateHttpRequest request = { .method = "GET", .url = url, .max_bytes = max_bytes };

      collate_http_fetch_async (net->http, &request, NULL, fetched_cb, reply);
      wait_for (reply);
      if (max_bytes < 3)
        g_assert_error (reply->error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
      else
        g_assert_no_error (reply->error);
      g_assert_cmpstr (reply->body->str, ==, max_bytes < 3 ? "" : "abc");
    }
}

static void
test_retry_after (void)
{
  static const struct
  {
    const char *after, *after_ms, *date;
    gint64 wait;
  } cases[] = {
    { NULL, NULL, NULL, -1 },
    { "2", NULL, NULL, 2000 },
    { "0.25", NULL, NULL, 250 },
    { "0", NULL, NULL, 0 },
    { "-1", NULL, NULL, -1 },
    { "soon", NULL, NULL, -1 },
    { "", NULL, NULL, -1 },
    { "1e99", NULL, NULL, -1 },
    { "nan", NULL, NULL, -1 },
    { "9", "125", NULL, 125 },
    { "9", "x", NULL, 9000 },
    { "Wed, 21 Oct 2026 07:28:30 GMT", NULL, "Wed, 21 Oct 2026 07:28:00 GMT", 30000 },
    { "Wed, 21 Oct 2026 07:27:30 GMT", NULL, "Wed, 21 Oct 2026 07:28:00 GMT", 0 },
    { "Wed, 21 Oct 2015 07:28:30 GMT", NULL, NULL, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GHashTable) headers = g_hash_table_new (g_str_hash, g_str_equal);

      if (cases[i].after != NULL)
        g_hash_table_insert (headers, (char *) "retry-after", (char *) cases[i].after);
      if (cases[i].after_ms != NULL)
        g_hash_table_insert (headers, (char *) "retry-after-ms", (char *) cases[i].after_ms);
      if (cases[i].date != NULL)
        g_hash_table_insert (headers, (char *) "date", (char *) cases[i].date);
      g_assert_cmpint (collate_http_get_retry_after (headers), ==, cases[i].wait);
    }
}

#define ENDLESS "{\"chunked\":true,\"steps\":[{\"wait_ms\":20},{\"send\":\"x\"},{\"wait_ms\":60000}]}"
#define THERE "{\"steps\":[{\"send\":\"there\"}]}"
#define TO(status, place)                                                                                    \
  "{\"status\":" status ",\"headers\":{\"Location\":\"" place "\"},\"steps\":[{\"send\":\"gone\"}]}"

static const struct
{
  const char *name;
  const char *script;
  void (*test) (Net *net, gconstpointer data);
} tests[] = {
  { "plain",
    "{\"paths\":{\"POST /a\":[{\"status\":418,\"headers\":{\"X-One\":\"1\"},\"chunked\":true,"
    "\"steps\":[{\"send\":\"a\"},{\"wait_ms\":20},{\"send\":\"bc\"}]}]}}",
    test_plain },
  { "cut/length",
    "{\"paths\":{\"GET "
    "/a\":[{\"headers\":{\"Content-Length\":\"9\"},\"steps\":[{\"send\":\"a\"},{\"close\":true}]}]}}",
    test_cut },
  { "cut/head",
    "{\"paths\":{\"GET /a\":[{\"status\":0,\"steps\":[{\"send\":\"HTTP/1.1 200 O\"},{\"close\":true}]}]}}",
    test_cut },
  { "no-http",
    "{\"paths\":{\"GET /a\":[{\"status\":0,\"steps\":[{\"send\":\"220 ready\\r\\n\"},{\"close\":true}]}]}}",
    test_cut },
  { "too-large",
    "{\"paths\":{\"GET /a\":[{\"steps\":[{\"send\":\"0123456789\",\"times\":501}]}]}}",
    test_too_large },
  { "unauthorized",
    "{\"paths\":{\"POST /a\":[{\"status\":401,\"headers\":{\"WWW-Authenticate\":\"Basic "
    "realm=x\"},\"steps\":[]}]}}",
    test_unauthorized },
  { "redirect/within",
    "{\"paths\":{\"POST /a\":[" TO ("307", "/b?c=d") "],\"POST /b?c=d\":[" TO (
        "308",
        "c") "],\"POST /c\":[" THERE "],"
             "\"GET /got\":[" TO ("302", "/c") "],\"GET /c\":[" THERE "]}}",
    test_redirect_within },
  { "redirect/elsewhere",
    "{\"paths\":{\"POST /a\":[" TO ("307", "OTHER/") "],\"GET /a\":[" TO ("301", "OTHER/") "]}}",
    test_redirect_elsewhere },
  { "redirect/other-scheme",
    "{\"paths\":{\"POST /a\":[" TO ("308", "https://127.0.0.1/") "]}}",
    test_redirect_refused },
  { "redirect/other-method", "{\"paths\":{\"POST /a\":[" TO ("303", "/b") "]}}", test_redirect_refused },
  { "redirect/no-address", "{\"paths\":{\"POST /a\":[" TO ("307", "http://") "]}}", test_redirect_refused },
  { "redirect/round", "{\"paths\":{\"POST /a\":[" TO ("307", "/a") "]}}", test_redirect_round },
  { "silence",
    "{\"paths\":{\"GET /before-head\":[{\"head_wait_ms\":60000,\"steps\":[]}],"
    "\"GET /after-head\":[{\"chunked\":true,\"steps\":[{\"wait_ms\":60000}]}],\"GET /after-data\":[" ENDLESS
    "]}}",
    test_silence },
  { "slow",
    "{\"paths\":{\"GET "
    "/a\":[{\"chunked\":true,\"steps\":[{\"send\":\"x\"},{\"wait_ms\":700},{\"send\":\"x\"},"
    "{\"wait_ms\":700},{\"send\":\"x\"},{\"wait_ms\":700},{\"send\":\"x\"}]}]}}",
    test_slow },
  { "enough",
    "{\"paths\":{\"GET /endless\":[" ENDLESS
    "],\"GET /cut\":[{\"chunked\":true,\"steps\":[{\"send\":\"x\"},{\"wait_ms\":30},{\"close\":true}]}]}}",
    test_enough },
  { "cancel", "{\"paths\":{\"GET /a\":[" ENDLESS "]}}", test_cancel },
  { "cancel/after", "{\"paths\":{\"GET /a\":[" THERE "]}}", test_cancel_after },
  { "unreachable", NULL, test_unreachable },
  { "tls", NULL, test_tls },
  { "fetch", "{\"paths\":{\"GET /a\":[{\"steps\":[{\"send\":\"abc\"}]}]}}", test_fetch },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  /* Nobody answers there: a request by plain http that went to this proxy would fail. */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("https_proxy", "direct://", TRUE);
  g_unsetenv ("no_proxy");

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/net/http/", tests[i].name, NULL);

      g_test_add (path, Net, tests[i].script, net_setup, tests[i].test, net_teardown);
    }
  g_test_add_func ("/net/http/retry-after", test_retry_after);

  return g_test_run ();
}
