/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "serve/collate-serve.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "base/collate-worker.h"
#include "net/collate-http-server.h"
#include "serve/collate-serve-answer.h"

/* Requests are understood and queued on the main thread, run on the worker's, and answered on the main thread. */
struct _CollateServe
{
  GObject parent_instance;

  char *name;
  gint64 created;
  GError *avoided; /* (nullable) */

  CollateWorker *worker;
  CollateServeModel *model; /* the worker's thread */
  CollateHttpServer *http;

  GQueue waiting; /* of CollateServeAnswer */
  struct _Run *run;
};

G_DEFINE_FINAL_TYPE (CollateServe, collate_serve, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_AVOIDED,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

#define MAX_BODY (16 * 1024 * 1024)
#define MAX_WAITING 32
#define RETRY_AFTER "1" /* seconds */
#define MODELS "/v1/models"

/* What is being answered, on the main thread. */
typedef struct _Run
{
  CollateServe *serve; /* NULL once that is gone */
  CollateServeAnswer *answer;
  CollateInbox *inbox;
} Run;

/* The same, on the worker's. */
typedef struct
{
  CollateServeModel *model;
  const CollateServeRequest *request; /* the answer's, which outlives the job */
  CollateInbox *inbox;
  GCancellable *cancellable;
  CollateServeOutcome outcome;
} Job;

typedef struct
{
  CollateServeModel *model;
  char *host;
  guint16 port;
  GError *avoided;
} Start;

static void
job_free (gpointer data)
{
  Job *job = data;

  collate_inbox_unref (job->inbox);
  g_object_unref (job->cancellable);
  collate_serve_outcome_clear (&job->outcome);
  g_free (job);
}

static void
start_free (gpointer data)
{
  Start *start = data;

  g_free (start->host);
  g_clear_error (&start->avoided);
  g_free (start);
}

static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (collate_serve_job_run (job->model, job->request, job->inbox, job->cancellable, &job->outcome, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
piece_cb (gpointer message, gpointer user_data)
{
  Run *run = user_data;

  collate_serve_answer_add (run->answer, message);
}

/* Told once, however many requests it is true of. */
static void
set_avoided (CollateServe *self, const GError *avoided)
{
  if (g_strcmp0 (self->avoided != NULL ? self->avoided->message : NULL,
                 avoided != NULL ? avoided->message : NULL) == 0)
    return;

  g_clear_error (&self->avoided);
  self->avoided = avoided != NULL ? g_error_copy (avoided) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVOIDED]);
}

static void run_next (CollateServe *self);

static void
set_fault (const Job *job, const GError *error, CollateServeFault *fault)
{
  gboolean is_chat = job->request->form == COLLATE_SERVE_CHAT;

  if (!job->outcome.is_loaded)
    collate_serve_fault_set (fault, 500, NULL, "model_not_loaded", "%s", error->message);
  else if (job->request->tools != NULL && g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
    collate_serve_fault_set (fault, 400, "tools", "unsupported_parameter", "%s", error->message);
  else
    collate_serve_fault_from_error (fault, is_chat ? "messages" : "prompt", error);
}

static void
ran_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  Job *job = g_task_get_task_data (G_TASK (result));
  g_autoptr (CollateServe) self = run->serve != NULL ? g_object_ref (run->serve) : NULL;
  g_autoptr (GError) error = NULL;
  g_auto (CollateServeFault) fault = { 0 };

  collate_inbox_deliver (run->inbox);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    collate_serve_answer_finish (run->answer, &job->outcome);
  else
    {
      set_fault (job, error, &fault);
      collate_serve_answer_fail (run->answer, &fault);
    }

  collate_inbox_close (run->inbox);
  collate_inbox_unref (run->inbox);
  collate_serve_answer_free (run->answer);
  g_free (run);
  if (self == NULL)
    return;
  self->run = NULL;
  if (job->outcome.is_loaded)
    set_avoided (self, job->outcome.avoided);
  run_next (self);
}

static GCancellable *
get_cancellable (CollateServeAnswer *answer)
{
  return collate_http_exchange_get_cancellable (collate_serve_answer_get_exchange (answer));
}

static void
run_next (CollateServe *self)
{
  CollateServeAnswer *answer = self->run == NULL ? g_queue_pop_head (&self->waiting) : NULL;
  GTask *task;
  Job *job;

  if (answer == NULL)
    return;

  g_signal_handlers_disconnect_by_data (get_cancellable (answer), self);
  self->run = g_new0 (Run, 1);
  self->run->serve = self;
  self->run->answer = answer;
  self->run->inbox = collate_inbox_new (collate_serve_piece_free, piece_cb, self->run);

  job = g_new0 (Job, 1);
  job->model = self->model;
  job->request = collate_serve_answer_get_request (answer);
  job->inbox = collate_inbox_ref (self->run->inbox);
  job->cancellable = g_object_ref (get_cancellable (answer));
  task = g_task_new (NULL, NULL, ran_cb, self->run);
  g_task_set_source_tag (task, run_next);
  g_task_set_task_data (task, job, job_free);
  collate_worker_run (self->worker, task, run_in_thread);
}

/* The client of a request that waits has left. */
static void
left_cb (GCancellable *cancellable, gpointer user_data)
{
  CollateServe *self = user_data;

  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    if (get_cancellable (link->data) == cancellable)
      {
        collate_serve_answer_free (link->data);
        g_queue_delete_link (&self->waiting, link);
        return;
      }
}

static void
reply_fault (CollateHttpExchange *exchange, const char *const *headers, const CollateServeFault *fault)
{
  g_autofree char *json = collate_serve_fault_to_json (fault);

  collate_http_exchange_reply (exchange, fault->status, headers, json);
}

static void
answer_later (CollateServe *self, CollateHttpExchange *exchange, CollateServeForm form)
{
  const char *const retry[] = { "Retry-After", RETRY_AFTER, NULL };
  g_auto (CollateServeFault) fault = { 0 };
  CollateServeRequest *request;
  CollateServeAnswer *answer;

  if (self->waiting.length >= MAX_WAITING)
    {
      collate_serve_fault_set (&fault, 503, NULL, "queue_full", "Too many requests wait already.");
      reply_fault (exchange, retry, &fault);
      return;
    }

  request = collate_serve_request_parse (form, collate_http_exchange_get_body (exchange), &fault);
  if (request == NULL)
    {
      reply_fault (exchange, NULL, &fault);
      return;
    }

  answer = collate_serve_answer_new (exchange, request, self->name);
  g_signal_connect (get_cancellable (answer), "cancelled", G_CALLBACK (left_cb), self);
  g_queue_push_tail (&self->waiting, answer);
  run_next (self);
}

static void
add_model (CollateServe *self, JsonBuilder *builder)
{
  json_builder_begin_object (builder);
  collate_json_add_string (builder, "id", self->name);
  collate_json_add_string (builder, "object", "model");
  collate_json_add_int (builder, "created", self->created);
  collate_json_add_string (builder, "owned_by", "local");
  json_builder_end_object (builder);
}

/* The list of models, which is one, or that one alone. */
static void
reply_models (CollateServe *self, CollateHttpExchange *exchange, gboolean alone)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *json = NULL;

  if (alone)
    add_model (self, builder);
  else
    {
      json_builder_begin_object (builder);
      collate_json_add_string (builder, "object", "list");
      json_builder_set_member_name (builder, "data");
      json_builder_begin_array (builder);
      add_model (self, builder);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  root = json_builder_get_root (builder);
  json = collate_json_to_string (root, FALSE);
  collate_http_exchange_reply (exchange, 200, NULL, json);
}

static const struct
{
  const char *path;
  CollateServeForm form;
} forms[] = {
  { "/v1/chat/completions", COLLATE_SERVE_CHAT },
  { "/v1/completions", COLLATE_SERVE_COMPLETION },
  { "/generate", COLLATE_SERVE_GENERATE },
};

/* Replies with 405 where the method is another one. */
static gboolean
check_method (CollateHttpExchange *exchange, const char *method)
{
  const char *const allow[] = { "Allow", method, NULL };
  g_auto (CollateServeFault) fault = { 0 };

  if (strcmp (collate_http_exchange_get_method (exchange), method) == 0)
    return TRUE;

  collate_serve_fault_set (
      &fault, 405, NULL, "method_not_allowed", "This address takes %s requests only.", method);
  reply_fault (exchange, allow, &fault);

  return FALSE;
}

static void
route (CollateServe *self, CollateHttpExchange *exchange)
{
  const char *path = collate_http_exchange_get_path (exchange);
  gboolean one = g_str_has_prefix (path, MODELS "/") && strcmp (path + strlen (MODELS "/"), self->name) == 0;
  g_auto (CollateServeFault) fault = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    if (strcmp (path, forms[i].path) == 0)
      {
        if (check_method (exchange, "POST"))
          answer_later (self, exchange, forms[i].form);
        return;
      }
  if (one || strcmp (path, MODELS) == 0)
    {
      if (check_method (exchange, "GET"))
        reply_models (self, exchange, one);
      return;
    }

  collate_serve_fault_set (&fault, 404, NULL, "not_found", "There is nothing at this address.");
  reply_fault (exchange, NULL, &fault);
}

static void
request_cb (CollateHttpExchange *exchange, gpointer user_data)
{
  const guint refusal = collate_http_exchange_get_refusal (exchange);
  g_auto (CollateServeFault) fault = { 0 };

  if (refusal == 0)
    {
      route (user_data, exchange);
      return;
    }

  if (refusal == 413)
    collate_serve_fault_set (
        &fault, refusal, NULL, "request_too_large", "The body is longer than %d bytes.", MAX_BODY);
  else
    collate_serve_fault_set (
        &fault, refusal, NULL, "foreign_request", "Requests of other sites and hosts are refused.");
  reply_fault (exchange, NULL, &fault);
}

static void
collate_serve_dispose (GObject *object)
{
  CollateServe *self = COLLATE_SERVE (object);

  if (self->run != NULL)
    {
      g_cancellable_cancel (get_cancellable (self->run->answer));
      self->run->serve = NULL;
      self->run = NULL;
    }
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      g_signal_handlers_disconnect_by_data (get_cancellable (link->data), self);
      collate_serve_answer_free (link->data);
    }
  g_queue_clear (&self->waiting);
  if (self->http != NULL)
    collate_http_server_close (self->http);
  g_clear_object (&self->http);
  g_clear_pointer (&self->worker, collate_worker_free);
  g_clear_pointer (&self->model, collate_serve_model_free);

  G_OBJECT_CLASS (collate_serve_parent_class)->dispose (object);
}

static void
collate_serve_finalize (GObject *object)
{
  CollateServe *self = COLLATE_SERVE (object);

  g_free (self->name);
  g_clear_error (&self->avoided);

  G_OBJECT_CLASS (collate_serve_parent_class)->finalize (object);
}

static void
collate_serve_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateServe *self = COLLATE_SERVE (object);

  switch (prop_id)
    {
    case PROP_AVOIDED:
      g_value_set_boxed (value, self->avoided);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_serve_class_init (CollateServeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_serve_dispose;
  object_class->finalize = collate_serve_finalize;
  object_class->get_property = collate_serve_get_property;

  properties[PROP_AVOIDED] =
      g_param_spec_boxed ("avoided",
                          NULL,
                          NULL,
                          G_TYPE_ERROR,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_serve_init (CollateServe *self)
{
  self->worker = collate_worker_new ("engine");
  self->created = g_get_real_time () / G_USEC_PER_SEC;
  g_queue_init (&self->waiting);
}

CollateServe *
collate_serve_new (const char *path, const char *device, const CollateEngineReading *reading)
{
  CollateServe *self = g_object_new (COLLATE_TYPE_SERVE, NULL);

  self->model = collate_serve_model_new (path, device, reading);
  self->name = g_filename_display_basename (path);
  if (g_str_has_suffix (self->name, ".gguf"))
    self->name[strlen (self->name) - strlen (".gguf")] = '\0';

  return self;
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Start *start = data;
  GError *error = NULL;

  if (collate_serve_model_load (start->model, &start->avoided, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CollateServe *self = g_task_get_source_object (task);
  Start *start = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      set_avoided (self, start->avoided);
      self->http = collate_http_server_new (start->host, start->port, MAX_BODY, request_cb, self, &error);
    }
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
collate_serve_start_async (CollateServe *self,
                           const char *host,
                           guint16 port,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  GTask *work = g_task_new (NULL, cancellable, loaded_cb, task);
  Start *start = g_new0 (Start, 1);

  start->model = self->model;
  start->host = g_strdup (host);
  start->port = port;
  g_task_set_source_tag (task, collate_serve_start_async);
  g_task_set_source_tag (work, collate_serve_start_async);
  g_task_set_task_data (work, start, start_free);
  collate_worker_run (self->worker, work, load_in_thread);
}

gboolean
collate_serve_start_finish (CollateServe *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

const GError *
collate_serve_get_avoided (CollateServe *self)
{
  return self->avoided;
}

const char *
collate_serve_get_address (CollateServe *self)
{
  return collate_http_server_get_address (self->http);
}
