/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "asker.h"
#include "base/collate-json.h"
#include "scripted-server.h"

/* What contract.json cannot say: keys, the request's form, redirects, silence, stopping, answers side by
 * side. Each test runs in both wire formats. */

#define TEXT_OPENAI "{\"choices\":[{\"delta\":{\"content\":\"Yes\"}}]}"
#define TEXT_ANTHROPIC                                                                                       \
  "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Yes\"}}"

typedef struct
{
  CollateApi api;
  ScriptedServer *server;
  ScriptedServer *other;
  Asker asker;
} World;

/* Opens both servers and a client of the first. In the script TEXT is an event with the word "Yes" in the
 * wire format, OTHER the other server's address. */
static void
world_open (World *world, const char *script, AskerOptions options)
{
  static const char other_script[] = "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"Stolen.\"}}]}}";
  const char *event = world->api == COLLATE_API_ANTHROPIC ? TEXT_ANTHROPIC : TEXT_OPENAI;
  g_autoptr (GString) text = g_string_new (script);
  g_autoptr (GError) error = NULL;

  world->other = scripted_server_new (other_script, -1, 0, NULL);
  g_string_replace (text, "TEXT", event, 0);
  g_string_replace (text, "OTHER", scripted_server_get_address (world->other), 0);
  world->server = scripted_server_new (text->str, -1, 0, &error);
  g_assert_no_error (error);

  options.api = world->api;
  if (options.address == NULL)
    options.address = scripted_server_get_address (world->server);
  asker_init (&world->asker, &options);
}

static void
world_close (World *world)
{
  asker_clear (&world->asker);
  g_clear_pointer (&world->server, scripted_server_free);
  g_clear_pointer (&world->other, scripted_server_free);
}

static JsonArray *
get_journal (ScriptedServer *server)
{
  g_autofree char *text = scripted_server_dup_journal (server);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return json_array_ref (json_node_get_array (node));
}

static guint
count_requests (ScriptedServer *server)
{
  g_autoptr (JsonArray) journal = get_journal (server);

  return json_array_get_length (journal);
}

/* Keys and the request. */

#define PLAIN "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"Yes.\"}}]}}"

static void
test_key_sent (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  g_autoptr (JsonArray) journal = NULL;
  JsonObject *headers;
  CollateRequest request;

  world_open (world, PLAIN, (AskerOptions){ .needs_key = TRUE });
  request = asker_request (&world->asker);
  request.key = "sk-0123456789";
  asker_ask (&world->asker, &request, asked);
  g_assert_no_error (asked->error);

  journal = get_journal (world->server);
  headers = collate_json_object (json_array_get_object_element (journal, 0), "headers");
  if (world->api == COLLATE_API_ANTHROPIC)
    {
      g_assert_cmpstr (collate_json_string (headers, "x-api-key"), ==, "sk-0123456789");
      g_assert_cmpstr (collate_json_string (headers, "anthropic-version"), ==, "2023-06-01");
      g_assert_null (collate_json_string (headers, "authorization"));
    }
  else
    {
      g_assert_cmpstr (collate_json_string (headers, "authorization"), ==, "Bearer sk-0123456789");
      g_assert_null (collate_json_string (headers, "x-api-key"));
    }
}

static void
test_key_not_needed (World *world)
{
  static const char *const keys[] = { NULL, "" };

  world_open (world, PLAIN, (AskerOptions){ 0 });
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autoptr (JsonArray) journal = NULL;
      CollateRequest request = asker_request (&world->asker);
      JsonObject *headers;

      request.key = keys[i];
      asker_ask (&world->asker, &request, asked);
      g_assert_no_error (asked->error);
      journal = get_journal (world->server);
      headers = collate_json_object (json_array_get_object_element (journal, i), "headers");
      g_assert_null (collate_json_string (headers, "authorization"));
      g_assert_null (collate_json_string (headers, "x-api-key"));
    }
}

static void
test_key_refused (World *world)
{
  static const char *const keys[] = {
    "sk-0123456789\r\nHost: elsewhere", "sk-0123456789\x7f", "sk-schlüssel-0123", NULL, ""
  };

  world_open (world, PLAIN, (AskerOptions){ .needs_key = TRUE });
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      CollateRequest request = asker_request (&world->asker);

      request.key = keys[i];
      asker_ask (&world->asker, &request, asked);
      g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_KEY);
      g_assert_null (strstr (asked->error->message, "0123"));
      g_assert_nonnull (strstr (asked->error->message, "TEST_KEY"));
      g_assert_cmpuint (asked->n_events, ==, 0);
    }
  g_assert_cmpuint (count_requests (world->server), ==, 0);
}

static void
test_request (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  g_autoptr (JsonArray) journal = NULL;
  JsonObject *entry, *body, *message;
  JsonArray *messages, *system;
  CollateRequest request;

  world_open (world,
              PLAIN,
              (AskerOptions){ .thinking = "{\"on\":{\"effort\":\"high\",\"model\":\"no\"},\"off\":{}}" });
  request = asker_request (&world->asker);
  request.can_think = COLLATE_THINKING_SWITCH;
  request.think = TRUE;
  request.system = "Be \"brief\".\n\ttab \x01 é";
  asker_ask (&world->asker, &request, asked);
  g_assert_no_error (asked->error);

  journal = get_journal (world->server);
  entry = json_array_get_object_element (journal, 0);
  body = collate_json_object (entry, "body");
  messages = collate_json_array (body, "messages");
  g_assert_cmpstr (collate_json_string (body, "model"), ==, "alpha");
  g_assert_cmpstr (collate_json_string (body, "effort"), ==, "high");
  g_assert_false (json_object_has_member (body, "thinking"));
  g_assert_cmpint (collate_json_int (body, "max_tokens", 0), ==, 100);
  g_assert_true (collate_json_boolean (body, "stream", FALSE));
  if (world->api == COLLATE_API_ANTHROPIC)
    {
      g_assert_cmpstr (collate_json_string (entry, "path"), ==, "/v1/messages");
      system = collate_json_array (body, "system");
      g_assert_cmpstr (
          collate_json_string (collate_json_element_object (system, 0), "text"), ==, request.system);
      g_assert_cmpuint (json_array_get_length (messages), ==, 1);
    }
  else
    {
      g_assert_cmpstr (collate_json_string (entry, "path"), ==, "/chat/completions");
      message = collate_json_element_object (messages, 0);
      g_assert_cmpstr (collate_json_string (message, "role"), ==, "system");
      g_assert_cmpstr (collate_json_string (message, "content"), ==, request.system);
      message = collate_json_element_object (messages, 1);
      g_assert_cmpstr (collate_json_string (message, "content"), ==, "Why?");
      g_assert_true (
          collate_json_boolean (collate_json_object (body, "stream_options"), "include_usage", FALSE));
    }
}

/* A person chooses for some models only. */
static void
test_thinking_is_no_choice (World *world)
{
  static const CollateThinking kinds[] = { COLLATE_THINKING_NONE, COLLATE_THINKING_ALWAYS };

  world_open (world, PLAIN, (AskerOptions){ .thinking = "{\"on\":{\"effort\":\"high\"}}" });
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autoptr (JsonArray) journal = NULL;
      CollateRequest request = asker_request (&world->asker);
      JsonObject *body;

      request.can_think = kinds[i];
      request.think = TRUE;
      asker_ask (&world->asker, &request, asked);
      journal = get_journal (world->server);
      body = collate_json_object (json_array_get_object_element (journal, i), "body");
      g_assert_false (json_object_has_member (body, "effort"));
      g_assert_false (json_object_has_member (body, "thinking"));
    }
}

/* Where it goes. */

static void
test_redirect (World *world)
{
  static const char *const statuses[] = { "301", "302", "303", "307", "308" };

  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autofree char *script =
          g_strdup_printf ("{\"models\":{\"alpha\":[{\"status\":%s,\"headers\":{\"Location\":"
                           "\"OTHER/v1/messages?key=secret\"},\"steps\":[]}]}}",
                           statuses[i]);
      CollateRequest request;

      world_open (world, script, (AskerOptions){ .needs_key = TRUE });
      request = asker_request (&world->asker);
      request.key = "sk-0123456789";
      asker_ask (&world->asker, &request, asked);
      g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
      g_assert_nonnull (strstr (asked->error->message, scripted_server_get_address (world->other)));
      g_assert_null (strstr (asked->error->message, "secret"));
      g_assert_cmpuint (asked->n_sent, ==, 1);
      g_assert_cmpuint (count_requests (world->other), ==, 0);
      world_close (world);
    }
}

static void
test_offline (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  world_open (world, PLAIN, (AskerOptions){ .address = "http://127.0.0.1:1" });
  request = asker_request (&world->asker);
  asker_ask (&world->asker, &request, asked);
  g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_OFFLINE);
  g_assert_cmpuint (asked->status, ==, 0);
  g_assert_cmpuint (asked->n_sent, ==, 1);
}

static void
test_silence (World *world)
{
  static const char *const replies[] = {
    "{\"head_wait_ms\":60000,\"steps\":[]}",
    "{\"chunked\":true,\"steps\":[{\"wait_ms\":60000}]}",
    "{\"events\":[TEXT],\"steps\":[{\"wait_ms\":60000}]}",
    "{\"events\":[TEXT,\"data: {\"],\"steps\":[{\"wait_ms\":60000}]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autofree char *script = g_strdup_printf ("{\"models\":{\"alpha\":[%s]}}", replies[i]);
      CollateRequest request;

      world_open (world, script, (AskerOptions){ 0 });
      collate_client_set_patience (world->asker.client, 1, 0);
      request = asker_request (&world->asker);
      asker_ask (&world->asker, &request, asked);
      g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_TIMEOUT);
      g_assert_cmpuint (asked->n_sent, ==, 1);
      g_assert_cmpstr (asked->text->str, ==, i >= 2 ? "Yes" : "");
      world_close (world);
    }
}

/* Comments keep an answer alive that is longer in coming than a silence may be. */
static void
test_slow (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  world_open (
      world,
      "{\"models\":{\"alpha\":[{\"chunked\":true,\"steps\":[{\"send\":\": wait\\n\\n\"},{\"wait_ms\":700},"
      "{\"send\":\": wait\\n\\n\"},{\"wait_ms\":700},{\"send\":\": wait\\n\\n\"},{\"wait_ms\":700},"
      "{\"send\":\"data: [DONE]\\n\\n\"}]}]}}",
      (AskerOptions){ 0 });
  collate_client_set_patience (world->asker.client, 2, 0);
  request = asker_request (&world->asker);
  asker_ask (&world->asker, &request, asked);
  g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_EMPTY);
}

/* The first word is told while the server still writes the second. */
static void
watch_first_text (const CollateEvent *event, gpointer data)
{
  World *world = data;
  g_autoptr (JsonArray) journal = NULL;

  if (event->kind != COLLATE_EVENT_TEXT || strcmp (event->text, "one ") != 0)
    return;

  journal = get_journal (world->server);
  g_assert_false (json_object_has_member (json_array_get_object_element (journal, 0), "done_ms"));
}

static void
test_as_it_comes (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  world_open (world,
              "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"one two\",\"tokens_per_second\":3}}]}}",
              (AskerOptions){ 0 });
  asked->watch = watch_first_text;
  asked->watch_data = world;
  request = asker_request (&world->asker);
  asker_ask (&world->asker, &request, asked);
  g_assert_no_error (asked->error);
  g_assert_cmpstr (asked->text->str, ==, "one two");
}

/* Stopping. */

typedef struct
{
  GCancellable *cancellable;
  CollateEventKind kind; /* of the event inside which it is cancelled */
  gboolean cancelled;
} Stop;

static void
watch_stop (const CollateEvent *event, gpointer data)
{
  Stop *stop = data;

  g_assert_false (stop->cancelled);
  if (event->kind != stop->kind)
    return;

  stop->cancelled = TRUE;
  g_cancellable_cancel (stop->cancellable);
}

static void
assert_stopped (Asked *asked)
{
  guint n_events = asked->n_events;

  asked_wait (asked);
  g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_assert_cmpuint (asked->n_events, >=, n_events);
}

/* Inside each kind of event, in an answer that has them all. */
static void
test_stop_inside_events (World *world)
{
  static const char script[] =
      "{\"models\":{\"alpha\":[{\"error\":{\"status\":503,\"message\":\"x\"}},"
      "{\"error\":{\"status\":400,\"message\":\"thinking is not supported\",\"param\":\"thinking\"}},"
      "{\"answer\":{\"text\":\"Yes. No.\",\"reasoning\":\"So.\",\"served_model\":\"beta\","
      "\"usage\":{\"input\":3,\"output\":3}}}]}}";

  for (CollateEventKind kind = COLLATE_EVENT_SENT; kind <= COLLATE_EVENT_FINISH; kind++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Stop stop = { .cancellable = cancellable, .kind = kind };
      CollateRequest request;

      world_open (world, script, (AskerOptions){ 0 });
      asked->watch = watch_stop;
      asked->watch_data = &stop;
      request = asker_request (&world->asker);
      request.can_think = COLLATE_THINKING_SWITCH;
      request.think = TRUE;
      request.max_output = 4096;
      asker_start (&world->asker, &request, asked, cancellable);
      assert_stopped (asked);
      g_assert_true (stop.cancelled);
      world_close (world);
    }
}

static void
watch_kind (const CollateEvent *event, gpointer data)
{
  *(CollateEventKind *) data = event->kind;
}

/* While nothing happens: before the head, after it, in the middle of an event, between two attempts, in the
 * body of an error. The last event tells when that is so. */
static void
test_stop_while_waiting (World *world)
{
  static const struct
  {
    const char *reply;
    CollateEventKind last;
  } waits[] = {
    { "{\"head_wait_ms\":60000,\"steps\":[]}", COLLATE_EVENT_SENT },
    { "{\"chunked\":true,\"steps\":[{\"wait_ms\":60000}]}", COLLATE_EVENT_HEAD },
    { "{\"events\":[TEXT,\"data: {\\\"type\\\":\"],\"steps\":[{\"wait_ms\":60000}]}", COLLATE_EVENT_TEXT },
    { "{\"error\":{\"status\":429,\"message\":\"slow\",\"retry_after\":\"50\"}}", COLLATE_EVENT_RETRY },
    { "{\"status\":500,\"headers\":{\"Content-Length\":\"9\"},\"steps\":[{\"send\":\"x\"},{\"wait_ms\":60000}"
      "]}",
      COLLATE_EVENT_HEAD },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autofree char *script = g_strdup_printf ("{\"models\":{\"alpha\":[%s]}}", waits[i].reply);
      CollateEventKind last = COLLATE_EVENT_FINISH;
      CollateRequest request;

      world_open (world, script, (AskerOptions){ 0 });
      collate_client_set_patience (world->asker.client, 100, 1);
      asked->watch = watch_kind;
      asked->watch_data = &last;
      request = asker_request (&world->asker);
      asker_start (&world->asker, &request, asked, cancellable);
      while (last != waits[i].last)
        g_main_context_iteration (NULL, TRUE);
      while (count_requests (world->server) == 0)
        g_main_context_iteration (NULL, FALSE);

      g_cancellable_cancel (cancellable);
      assert_stopped (asked);
      g_assert_cmpstr (asked->text->str, ==, waits[i].last == COLLATE_EVENT_TEXT ? "Yes" : "");
      g_assert_cmpuint (count_requests (world->server), ==, 1);
      world_close (world);
    }
}

static void
test_stop_before_and_after (World *world)
{
  world_open (world, PLAIN, (AskerOptions){ 0 });
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (Asked) asked = asked_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      CollateRequest request = asker_request (&world->asker);

      if (i == 0)
        g_cancellable_cancel (cancellable);
      asker_start (&world->asker, &request, asked, cancellable);
      if (i == 1)
        g_cancellable_cancel (cancellable);
      asked_wait (asked);
      g_cancellable_cancel (cancellable);
      while (g_main_context_iteration (NULL, FALSE))
        ;

      g_assert_cmpuint (asked->n_events > 0, ==, i == 2);
      if (i < 2)
        g_assert_error (asked->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
      else
        g_assert_no_error (asked->error);
    }
  g_assert_cmpuint (count_requests (world->server), ==, 1);
}

static void
watch_drop (const CollateEvent *event, gpointer data)
{
  Asker *asker = data;

  if (event->kind == COLLATE_EVENT_TEXT)
    g_clear_object (&asker->client);
}

/* The caller may forget the client inside an event: the answer goes on. */
static void
test_forget_inside_event (World *world)
{
  g_autoptr (Asked) asked = asked_new ();
  CollateRequest request;

  world_open (world, "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"Yes. No.\"}}]}}", (AskerOptions){ 0 });
  asked->watch = watch_drop;
  asked->watch_data = &world->asker;
  request = asker_request (&world->asker);
  asker_ask (&world->asker, &request, asked);
  g_assert_no_error (asked->error);
  g_assert_cmpstr (asked->text->str, ==, "Yes. No.");
  world->asker.client =
      collate_client_new (world->asker.http, collate_catalogue_lookup_provider (world->asker.catalogue, "p"));
}

/* Side by side. */

#define N_SIDES 8

static void
test_side_by_side (World *world)
{
  Asked *asked[N_SIDES];
  g_autoptr (JsonArray) journal = NULL;
  double last_received = 0;
  double first_done = G_MAXDOUBLE;
  CollateRequest request;

  world_open (world,
              "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"a b c\",\"first_token_ms\":1000}}]}}",
              (AskerOptions){ 0 });
  request = asker_request (&world->asker);
  for (int i = 0; i < N_SIDES; i++)
    {
      asked[i] = asked_new ();
      asker_start (&world->asker, &request, asked[i], NULL);
    }
  for (int i = 0; i < N_SIDES; i++)
    {
      asked_wait (asked[i]);
      g_assert_no_error (asked[i]->error);
      g_assert_cmpstr (asked[i]->text->str, ==, "a b c");
      asked_free (asked[i]);
    }

  journal = get_journal (world->server);
  g_assert_cmpuint (json_array_get_length (journal), ==, N_SIDES);
  for (int i = 0; i < N_SIDES; i++)
    {
      JsonObject *entry = json_array_get_object_element (journal, i);

      last_received = MAX (last_received, collate_json_double (entry, "received_ms", -1));
      first_done = MIN (first_done, collate_json_double (entry, "done_ms", G_MAXDOUBLE));
    }
  g_assert_cmpfloat (last_received, <, first_done);
}

/* One stops, the others do not mind. */
static void
test_stop_one (World *world)
{
  g_autoptr (Asked) stopped = asked_new ();
  g_autoptr (Asked) other = asked_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Stop stop = { .cancellable = cancellable, .kind = COLLATE_EVENT_TEXT };
  CollateRequest request;

  world_open (world,
              "{\"models\":{\"alpha\":[{\"answer\":{\"text\":\"a b c\",\"tokens_per_second\":20}}]}}",
              (AskerOptions){ 0 });
  stopped->watch = watch_stop;
  stopped->watch_data = &stop;
  request = asker_request (&world->asker);
  asker_start (&world->asker, &request, stopped, cancellable);
  asker_start (&world->asker, &request, other, NULL);
  asked_wait (stopped);
  asked_wait (other);
  g_assert_error (stopped->error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_assert_cmpstr (stopped->text->str, ==, "a ");
  g_assert_no_error (other->error);
  g_assert_cmpstr (other->text->str, ==, "a b c");
}

static const struct
{
  const char *name;
  void (*test) (World *world);
} tests[] = {
  { "key/sent", test_key_sent },
  { "key/not-needed", test_key_not_needed },
  { "key/refused", test_key_refused },
  { "request", test_request },
  { "thinking-is-no-choice", test_thinking_is_no_choice },
  { "redirect", test_redirect },
  { "offline", test_offline },
  { "silence", test_silence },
  { "slow", test_slow },
  { "as-it-comes", test_as_it_comes },
  { "stop/inside-events", test_stop_inside_events },
  { "stop/while-waiting", test_stop_while_waiting },
  { "stop/before-and-after", test_stop_before_and_after },
  { "stop/one", test_stop_one },
  { "forget-inside-event", test_forget_inside_event },
  { "side-by-side", test_side_by_side },
};

static void
run_openai (gconstpointer data)
{
  World world = { .api = COLLATE_API_OPENAI };

  ((void (*) (World *)) data) (&world);
  if (world.server != NULL)
    world_close (&world);
}

static void
run_anthropic (gconstpointer data)
{
  World world = { .api = COLLATE_API_ANTHROPIC };

  ((void (*) (World *)) data) (&world);
  if (world.server != NULL)
    world_close (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *openai = g_strconcat ("/clients/openai/", tests[i].name, NULL);
      g_autofree char *anthropic = g_strconcat ("/clients/anthropic/", tests[i].name, NULL);

      g_test_add_data_func (openai, tests[i].test, run_openai);
      g_test_add_data_func (anthropic, tests[i].test, run_anthropic);
    }

  return g_test_run ();
}
