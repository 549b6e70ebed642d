/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-client-engine.h"

#include "base/collate-error.h"
#include "base/collate-inbox.h"
#include "base/collate-worker.h"
#include "engine/collate-loaded.h"
#include "engine/collate-generate.h"

/* An attempt is a job on the worker's thread, and plain data there: no object crosses over. What the job tells comes
 * back through an inbox. The status of all that goes well is HTTP's, for those who look. */

#define STATUS_OK 200

struct _CollateClientEngine
{
  CollateClient parent_instance;

  CollateWorker *worker; /* NULL until something is asked */
  GQueue attempts;       /* of Attempt, in the order in which they are worked on */
  CollateLoaded *loaded; /* the worker's thread */
};

G_DEFINE_FINAL_TYPE (CollateClientEngine, collate_client_engine, COLLATE_TYPE_CLIENT)

/* An attempt, on the main thread: the data of its task. */
typedef struct
{
  CollateEventFunc on_event;
  gpointer event_data;
  CollateInbox *inbox;
  char *name;
  gint64 begun;
} Attempt;

/* The same, on the worker's thread. */
typedef struct
{
  CollateLoaded *loaded;
  CollateInbox *inbox;
  GCancellable *cancellable;
  char *path;
  char *name;
  char *device;
  CollateEngineReading reading;
  char *system;
  char *user;
  gint64 max_output;
  gboolean think;

  gboolean has_told; /* text or reasoning */
  gint64 n_prompt;
  gint64 n_grown;  /* tokens of the timeline when it was looked at last */
  gint64 grown_at; /* and when that was */
  CollateUsage usage;
} Job;

typedef struct
{
  CollateEventKind kind;
  gint64 time;
  char *text;
  gint64 number;
  gint64 total;
  gint64 duration;
  gboolean writing;
  double share;
  CollateUsage usage;
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_free (message->text);
  g_free (message);
}

static void
receive (gpointer data, gpointer user_data)
{
  const Message *message = data;
  Attempt *attempt = user_data;
  const CollateEvent event = {
    .kind = message->kind,
    .time = message->time,
    .text = message->text,
    .number = message->number,
    .total = message->total,
    .duration = message->duration,
    .writing = message->writing,
    .share = message->share,
    .usage = message->kind == COLLATE_EVENT_USAGE ? &message->usage : NULL,
  };

  attempt->on_event (&event, attempt->event_data);
}

static void
attempt_free (gpointer data)
{
  Attempt *attempt = data;

  collate_inbox_close (attempt->inbox);
  collate_inbox_unref (attempt->inbox);
  g_free (attempt->name);
  g_free (attempt);
}

/* Tells an attempt whose turn it is; nothing where it is its own. Any of its time lies before what its job tells. */
static void
tell_turn (CollateClientEngine *self, Attempt *attempt)
{
  const Attempt *first = g_queue_peek_head (&self->attempts);
  const CollateEvent event = {
    .kind = COLLATE_EVENT_WAITS,
    .time = attempt->begun,
    .text = first->name,
  };

  if (first != attempt)
    attempt->on_event (&event, attempt->event_data);
}

/* An event may stop what it likes, and ask anew: the queue is another one then. */
static void
tell_turns (CollateClientEngine *self)
{
  g_autoptr (GList) attempts = g_list_copy (self->attempts.head);

  for (GList *link = attempts; link != NULL; link = link->next)
    if (g_queue_find (&self->attempts, link->data) != NULL)
      tell_turn (self, link->data);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  collate_inbox_unref (job->inbox);
  g_clear_object (&job->cancellable);
  g_free (job->path);
  g_free (job->name);
  g_free (job->device);
  g_free (job->system);
  g_free (job->user);
  g_free (job);
}

/* The worker's thread. */

static void
note_growth (Job *job, gint64 n_tokens)
{
  job->n_grown = n_tokens;
  job->grown_at = g_get_monotonic_time ();
}

/* The timeline has so many tokens now. */
static void
tell_step (Job *job, gint64 n_tokens, gboolean writing)
{
  Message *message = g_new0 (Message, 1);
  const gint64 n_before = job->n_grown;
  const gint64 before = job->grown_at;

  note_growth (job, n_tokens);
  message->kind = COLLATE_EVENT_STEP;
  message->time = job->grown_at;
  message->number = n_tokens;
  message->total = n_tokens - n_before;
  message->duration = job->grown_at - before;
  message->writing = writing;
  collate_inbox_send (job->inbox, message);
}

/* The first word comes before anything is computed. */
static void
tell_progress (gint64 n_done, gint64 n_tokens, gpointer data)
{
  Job *job = data;
  Message *message = g_new0 (Message, 1);

  if (job->grown_at > 0)
    tell_step (job, n_done, FALSE);
  else
    note_growth (job, n_done);
  message->kind = COLLATE_EVENT_READS;
  message->time = job->grown_at;
  message->number = n_done;
  message->total = n_tokens;
  collate_inbox_send (job->inbox, message);
}

static void
on_grown (gint64 n_tokens, gpointer data)
{
  Job *job = data;

  tell_step (job, job->n_prompt + n_tokens, TRUE);
}

static void
tell_share (Job *job, CollateEngineSession *session)
{
  Message *message = g_new0 (Message, 1);

  message->kind = COLLATE_EVENT_SHARE;
  message->share = collate_engine_session_get_share (session, 0, job->n_grown);
  message->time = g_get_monotonic_time ();
  collate_inbox_send (job->inbox, message);
}

static void
tell (Job *job, CollateEventKind kind, gint64 number, const char *text)
{
  Message *message = g_new0 (Message, 1);

  message->kind = kind;
  message->time = g_get_monotonic_time ();
  message->text = g_strdup (text);
  message->number = number;
  message->usage = job->usage;
  collate_inbox_send (job->inbox, message);
}

static void
on_text (const char *text, gboolean reasoning, gpointer data)
{
  Job *job = data;

  job->has_told = TRUE;
  tell (job, reasoning ? COLLATE_EVENT_REASONING : COLLATE_EVENT_TEXT, 0, text);
}

static gboolean
is_stopped (Job *job, GError **error)
{
  if (!g_cancellable_is_cancelled (job->cancellable))
    return FALSE;

  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");

  return TRUE;
}

/* One token is written at least. */
static gboolean
fits (gsize n_tokens, gint64 context, GError **error)
{
  if (context <= 0 || (gint64) n_tokens < context)
    return TRUE;

  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_TOO_LONG,
               "%" G_GSIZE_FORMAT " tokens, %" G_GINT64_FORMAT " too many for a context of %" G_GINT64_FORMAT
               " and an answer in it",
               n_tokens,
               (gint64) n_tokens - context + 1,
               context);

  return FALSE;
}

/* Reads the prompt as far as it is not read yet. */
static gboolean
read_prompt (Job *job, CollateEngineSession *session, GArray *prompt, GError **error)
{
  gsize n_reused = 0;

  job->grown_at = 0;
  job->n_prompt = (gint64) prompt->len;
  if (!collate_engine_session_sync (session,
                                    (const gint32 *) (gpointer) prompt->data,
                                    prompt->len,
                                    tell_progress,
                                    job,
                                    &n_reused,
                                    job->cancellable,
                                    error))
    return FALSE;

  job->usage.input = (gint64) (prompt->len - n_reused);
  job->usage.cached_input = (gint64) n_reused;
  job->usage.output = 0;
  job->usage.reasoning = 0;
  job->usage.drafted = 0;
  job->usage.drafts_right = 0;
  tell (job, COLLATE_EVENT_HEAD, STATUS_OK, NULL);
  tell (job, COLLATE_EVENT_USAGE, 0, NULL);
  tell_share (job, session);

  return TRUE;
}

static gboolean
write_answer (Job *job, CollateEngine *engine, CollateEngineSession *session, gsize n_prompt, GError **error)
{
  const gint64 room = collate_engine_session_get_context (session) - (gint64) n_prompt;
  const CollateGeneration generation = {
    .most = job->max_output > 0 ? MIN (job->max_output, room) : room,
    .divides = TRUE,
    .think = job->think,
    .on_grown = on_grown,
  };
  CollateGenerated generated;
  const char *reason =
      collate_generate (engine, session, &generation, on_text, job, &generated, job->cancellable, error);

  job->usage.output = generated.n_tokens;
  job->usage.reasoning = generated.n_reasoning;
  job->usage.drafted = generated.n_drafted;
  job->usage.drafts_right = generated.n_right;
  tell (job, COLLATE_EVENT_USAGE, 0, NULL);
  tell_share (job, session);
  if (reason == NULL)
    return FALSE;

  tell (job, COLLATE_EVENT_FINISH, 0, reason);
  if (job->has_told)
    return TRUE;

  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_EMPTY, "");

  return FALSE;
}

static void
begin (gpointer data)
{
  tell (data, COLLATE_EVENT_LOADS, 0, NULL);
}

static gboolean
compute (CollateEngine *engine, gpointer data, GError **error)
{
  Job *job = data;
  const GError *avoided = collate_engine_get_avoided (engine);
  CollateEngineSession *session;
  g_autoptr (GArray) prompt = NULL;

  if (avoided != NULL)
    tell (job, COLLATE_EVENT_AVOIDED, avoided->code, avoided->message);
  prompt = collate_engine_encode_chat (engine, job->system, job->user, job->think, error);
  if (prompt == NULL || !fits (prompt->len, collate_engine_get_info (engine)->context, error))
    return FALSE;
  session = collate_loaded_get_session (job->loaded, &job->reading, error);
  if (session == NULL || !fits (prompt->len, collate_engine_session_get_context (session), error))
    return FALSE;

  tell (job, COLLATE_EVENT_MODEL, 0, job->name);

  return read_prompt (job, session, prompt, error) && write_answer (job, engine, session, prompt->len, error);
}

static gboolean
answer (Job *job, GError **error)
{
  const CollateLoadedWork work = {
    .begin = begin,
    .compute = compute,
    .has_told = &job->has_told,
    .data = job,
  };

  if (is_stopped (job, error))
    return FALSE;

  tell (job, COLLATE_EVENT_SENT, 1, NULL);

  return collate_loaded_run (job->loaded, job->path, job->device, &work, job->cancellable, error);
}

static void
answer_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (answer (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* The main thread. */

/* An answer's error is one of those that a server may give, too: what is wrong with the file is in its message. */
static GError *
map_error (GError *error)
{
  if (error->domain == COLLATE_ERROR && error->code > COLLATE_ERROR_UNSUPPORTED)
    error->code = COLLATE_ERROR_UNSUPPORTED;

  return error;
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateClientEngine *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  GError *error = NULL;

  collate_inbox_deliver (attempt->inbox);
  g_queue_remove (&self->attempts, attempt);
  tell_turns (self);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, map_error (error));
}

static Job *
job_new (CollateClientEngine *self,
         const CollateRequest *request,
         CollateInbox *inbox,
         GCancellable *cancellable)
{
  Job *job = g_new0 (Job, 1);

  job->loaded = self->loaded;
  job->inbox = collate_inbox_ref (inbox);
  job->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  job->path = g_strdup (collate_route_get_path (request->route));
  job->name = g_strdup (collate_route_get_model (request->route));
  job->device = g_strdup (request->device);
  job->reading.sparse = collate_route_is_sparse (request->route);
  job->reading.top_k = request->top_k;
  job->system = g_strdup (request->system);
  job->user = g_strdup (request->user);
  job->max_output = request->max_output;
  job->think = request->think;
  job->usage.reported = COLLATE_MONEY_UNKNOWN;

  return job;
}

static void
collate_client_engine_attempt_async (CollateClient *client,
                                     const CollateRequest *request,
                                     CollateEventFunc on_event,
                                     gpointer event_data,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  CollateClientEngine *self = COLLATE_CLIENT_ENGINE (client);
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Attempt *attempt = g_new0 (Attempt, 1);
  GTask *work;

  g_task_set_source_tag (task, collate_client_engine_attempt_async);
  attempt->on_event = on_event;
  attempt->event_data = event_data;
  attempt->inbox = collate_inbox_new (message_free, receive, attempt);
  attempt->name = g_strdup (request->name != NULL ? request->name : collate_route_get_model (request->route));
  attempt->begun = g_get_monotonic_time ();
  g_task_set_task_data (task, attempt, attempt_free);

  /* Whoever drops the last reference to the client must be on the main thread: the work has none. */
  work = g_task_new (NULL, NULL, answered_cb, task);
  g_task_set_source_tag (work, collate_client_engine_attempt_async);
  g_task_set_task_data (work, job_new (self, request, attempt->inbox, cancellable), job_free);
  if (self->worker == NULL)
    self->worker = collate_worker_new ("engine");
  collate_worker_run (self->worker, work, answer_in_thread);

  g_queue_push_tail (&self->attempts, attempt);
  tell_turn (self, attempt);
}

static gboolean
collate_client_engine_attempt_finish (CollateClient *client,
                                      GAsyncResult *result,
                                      CollateVerdict *verdict,
                                      GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
collate_client_engine_finalize (GObject *object)
{
  CollateClientEngine *self = COLLATE_CLIENT_ENGINE (object);

  g_clear_pointer (&self->worker, collate_worker_free);
  g_clear_pointer (&self->loaded, collate_loaded_free);

  G_OBJECT_CLASS (collate_client_engine_parent_class)->finalize (object);
}

static void
collate_client_engine_class_init (CollateClientEngineClass *klass)
{
  CollateClientClass *client_class = COLLATE_CLIENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = collate_client_engine_finalize;
  client_class->attempt_async = collate_client_engine_attempt_async;
  client_class->attempt_finish = collate_client_engine_attempt_finish;
  client_class->tells_sent = TRUE;
}

static void
collate_client_engine_init (CollateClientEngine *self)
{
  g_queue_init (&self->attempts);
  self->loaded = collate_loaded_new ();
}
