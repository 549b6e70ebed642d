/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "asker.h"

#include "base/collate-json.h"

static char *
models_file (const AskerOptions *options)
{
  g_autofree char *key = options->needs_key ? g_strdup (",\"key\":\"TEST_KEY\"") : g_strdup ("");
  g_autofree char *limit =
      options->limit != NULL ? g_strdup_printf (",\"limit\":\"%s\"", options->limit) : g_strdup ("");
  g_autofree char *thinking =
      options->thinking != NULL ? g_strdup_printf (",\"thinking\":%s", options->thinking) : g_strdup ("");

  return g_strdup_printf (
      "{\"version\":1,\"providers\":{\"p\":{\"name\":\"P\",\"api\":\"%s\",\"base_url\":\"%s\"%s%s}},"
      "\"models\":[{\"id\":\"m\",\"name\":\"M\",\"routes\":[{\"provider\":\"p\",\"model\":\"%s\"%s}]}]}",
      options->api == COLLATE_API_ANTHROPIC ? "anthropic" : "openai",
      options->address,
      key,
      limit,
      options->model != NULL ? options->model : "alpha",
      thinking);
}

void
asker_init (Asker *asker, const AskerOptions *options)
{
  char *text = models_file (options);
  g_autoptr (GBytes) built_in = g_bytes_new_take (text, strlen (text));
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);

  asker->catalogue = collate_catalogue_new (built_in, NULL, FALSE, NULL, keys);
  asker->http = collate_http_new ("collate-test");
  asker->client = collate_client_new (asker->http, collate_catalogue_lookup_provider (asker->catalogue, "p"));
  collate_client_set_patience (asker->client, 10, 0);
}

void
asker_clear (Asker *asker)
{
  g_assert_finalize_object (g_steal_pointer (&asker->client));
  g_assert_finalize_object (g_steal_pointer (&asker->http));
  g_clear_object (&asker->catalogue);
}

CollateRequest
asker_request (Asker *asker)
{
  CollateModel *model = collate_catalogue_lookup (asker->catalogue, "m");

  return (CollateRequest){
    .route = collate_model_get_route (model), .system = "Be brief.", .user = "Why?", .max_output = 100
  };
}

Asked *
asked_new (void)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->text = g_string_new (NULL);
  asked->reasoning = g_string_new (NULL);
  asked->dropped = g_ptr_array_new_with_free_func (g_free);
  asked->waits_for = g_ptr_array_new_with_free_func (g_free);
  asked->avoided = g_ptr_array_new_with_free_func (g_free);
  asked->waits = g_array_new (FALSE, FALSE, sizeof (gint64));
  asked->share = -1;

  return asked;
}

void
asked_free (Asked *asked)
{
  g_clear_error (&asked->error);
  g_string_free (asked->text, TRUE);
  g_string_free (asked->reasoning, TRUE);
  g_free (asked->model);
  g_free (asked->finish);
  g_ptr_array_unref (asked->dropped);
  g_ptr_array_unref (asked->waits_for);
  g_ptr_array_unref (asked->avoided);
  g_array_unref (asked->waits);
  g_free (asked);
}

static void
replace (char **field, const char *text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static void
note_step (Asked *asked, const CollateEvent *event)
{
  g_assert_cmpint (event->total, >, 0);
  g_assert_cmpint (event->duration, >=, 0);
  if (asked->n_steps[0] + asked->n_steps[1] > 0)
    g_assert_cmpint (event->number, ==, asked->n_in_timeline + event->total);
  g_assert_true (event->writing || asked->n_steps[1] == 0);
  asked->n_in_timeline = event->number;
  asked->n_grown[event->writing] += event->total;
  asked->n_steps[event->writing]++;
}

static void
note (const CollateEvent *event, gpointer data)
{
  Asked *asked = data;

  g_assert_false (asked->done);
  g_assert_cmpint (event->time, >=, asked->last_time);
  g_assert_true (event->text == NULL || g_utf8_validate (event->text, -1, NULL));
  asked->last_time = event->time;
  asked->n_events++;

  switch (event->kind)
    {
    case COLLATE_EVENT_WAITS:
      g_ptr_array_add (asked->waits_for, g_strdup (event->text));
      break;
    case COLLATE_EVENT_LOADS:
      asked->n_loads++;
      asked->n_read = 0;
      memset (asked->n_grown, 0, sizeof asked->n_grown);
      memset (asked->n_steps, 0, sizeof asked->n_steps);
      break;
    case COLLATE_EVENT_AVOIDED:
      g_ptr_array_add (
          asked->avoided,
          g_strdup_printf ("%s: %s", collate_error_to_string ((CollateError) event->number), event->text));
      break;
    case COLLATE_EVENT_READS:
      g_assert_cmpint (event->number, >=, asked->n_read);
      g_assert_cmpint (event->number, <=, event->total);
      asked->n_read = event->number;
      asked->n_to_read = event->total;
      break;
    case COLLATE_EVENT_SENT:
      g_assert_cmpint (event->number, ==, ++asked->n_sent);
      break;
    case COLLATE_EVENT_HEAD:
      g_assert_cmpint (event->number, >=, 200);
      break;
    case COLLATE_EVENT_RETRY:
      g_assert_nonnull (event->text);
      g_array_append_val (asked->waits, event->number);
      break;
    case COLLATE_EVENT_DROPPED:
      g_ptr_array_add (asked->dropped, g_strdup (event->text));
      break;
    case COLLATE_EVENT_MODEL:
      replace (&asked->model, event->text);
      break;
    case COLLATE_EVENT_REASONING:
      g_assert_cmpstr (event->text, !=, "");
      g_string_append (asked->reasoning, event->text);
      break;
    case COLLATE_EVENT_TEXT:
      g_assert_cmpstr (event->text, !=, "");
      g_string_append (asked->text, event->text);
      break;
    case COLLATE_EVENT_USAGE:
      asked->usage = *event->usage;
      asked->has_usage = TRUE;
      break;
    case COLLATE_EVENT_STEP:
      note_step (asked, event);
      break;
    case COLLATE_EVENT_SHARE:
      asked->share = event->share;
      break;
    case COLLATE_EVENT_FINISH:
      g_assert_null (asked->finish);
      replace (&asked->finish, event->text);
      break;
    }

  if (asked->watch != NULL)
    asked->watch (event, asked->watch_data);
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;

  g_assert_false (asked->done);
  asked->ok = collate_client_answer_finish (COLLATE_CLIENT (source), result, &asked->status, &asked->error);
  g_assert_true (asked->ok == (asked->error == NULL));
  g_assert_true (asked->ok || asked->error->domain == COLLATE_ERROR);
  asked->done = TRUE;
}

void
asker_start (Asker *asker, const CollateRequest *request, Asked *asked, GCancellable *cancellable)
{
  collate_client_answer_async (asker->client, request, note, asked, cancellable, answered_cb, asked);
  g_assert_cmpint (asked->n_events, ==, 0);
}

void
asked_wait (Asked *asked)
{
  while (!asked->done)
    g_main_context_iteration (NULL, TRUE);
}

void
asker_ask (Asker *asker, const CollateRequest *request, Asked *asked)
{
  asker_start (asker, request, asked, NULL);
  asked_wait (asked);
}
