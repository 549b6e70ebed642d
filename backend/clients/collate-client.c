/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-client.h"

#include <string.h>

#include "base/collate-error.h"
#include "catalogue/collate-keys.h"
#include "clients/collate-client-anthropic.h"
#include "clients/collate-client-engine.h"
#include "clients/collate-client-openai.h"
#include "clients/collate-redact.h"

/* What all wire formats share: the checks before anything is sent, attempts, waits, the memory of refused
 * parameters, and that nothing is told once an answer is stopped. Main thread. */
typedef struct
{
  CollateHttp *http;
  CollateProvider *provider;

  /* "MODEL\nPARAMETER" → what is sent instead, or "". */
  GHashTable *refused;

  guint idle_timeout;
  double wait_factor;
} CollateClientPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CollateClient, collate_client, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_HTTP,
  PROP_PROVIDER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

#define IDLE_TIMEOUT 300 /* seconds; a model under load sends comments more often */
#define MAX_RETRIES 3
#define MAX_WAIT (60 * 1000) /* milliseconds */
#define FIRST_WAIT 500
#define LONG_KEY 8

/* An answer under way: the data of its task. */
typedef struct
{
  CollateRequest request; /* its strings and its route are ours */
  CollateEventFunc on_event;
  gpointer event_data;

  GHashTable *dropped; /* the parameters that were told */
  guint n_attempts;
  guint n_retries;
  gboolean came; /* some of the answer did */
  guint status;
} Answering;

void
collate_verdict_clear (CollateVerdict *verdict)
{
  g_clear_pointer (&verdict->refused, g_free);
  g_clear_pointer (&verdict->instead, g_free);
  *verdict = (CollateVerdict){ .wait = -1 };
}

static void
answering_free (Answering *answering)
{
  g_object_unref (answering->request.route);
  g_free ((char *) answering->request.key);
  g_free ((char *) answering->request.system);
  g_free ((char *) answering->request.user);
  g_free ((char *) answering->request.device);
  g_free ((char *) answering->request.name);
  g_hash_table_unref (answering->dropped);
  g_free (answering);
}

static Answering *
answering_new (const CollateRequest *request, CollateEventFunc on_event, gpointer event_data)
{
  Answering *answering = g_new0 (Answering, 1);

  answering->request = *request;
  answering->request.route = g_object_ref (request->route);
  answering->request.key = request->key != NULL && *request->key != '\0' ? g_strdup (request->key) : NULL;
  answering->request.system = g_strdup (request->system);
  answering->request.user = g_strdup (request->user);
  answering->request.device = g_strdup (request->device);
  answering->request.name = g_strdup (request->name);
  answering->on_event = on_event;
  answering->event_data = event_data;
  answering->dropped = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return answering;
}

static gboolean
is_stopped (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable != NULL && g_cancellable_is_cancelled (cancellable);
}

/* Hands an event on: nothing after a stop, a dropped parameter once, no key in what will be kept. */
static void
event_cb (const CollateEvent *event, gpointer user_data)
{
  GTask *task = user_data;
  Answering *answering = g_task_get_task_data (task);
  const char *key = answering->request.key;
  CollateEvent copy = *event;
  g_autofree char *text = NULL;

  if (is_stopped (task))
    return;
  if (event->kind == COLLATE_EVENT_DROPPED && !g_hash_table_add (answering->dropped, g_strdup (event->text)))
    return;

  if (event->kind == COLLATE_EVENT_TEXT || event->kind == COLLATE_EVENT_REASONING)
    answering->came = TRUE;
  else if (event->text != NULL)
    {
      /* A model's name is data, and a short key may stand in it by chance. */
      if (event->kind != COLLATE_EVENT_RETRY && key != NULL && strlen (key) < LONG_KEY)
        key = NULL;
      copy.text = text = collate_redact (event->text, key);
    }

  answering->on_event (&copy, answering->event_data);
}

static void
emit (GTask *task, CollateEventKind kind, gint64 number, const char *text)
{
  const CollateEvent event = {
    .kind = kind, .time = g_get_monotonic_time (), .text = text, .number = number
  };

  event_cb (&event, task);
}

/* Ends the answer with this error, whose message no longer holds the key; (transfer full) task and error. */
static void
finish (GTask *task, GError *error)
{
  Answering *answering = g_task_get_task_data (task);

  if (is_stopped (task))
    g_task_return_new_error (task, COLLATE_ERROR, COLLATE_ERROR_STOPPED, "stopped");
  else if (error != NULL)
    {
      g_autofree char *message = collate_redact (error->message, answering->request.key);

      g_task_return_new_error (task, COLLATE_ERROR, error->code, "%s", message);
    }
  else
    g_task_return_boolean (task, TRUE);

  g_clear_error (&error);
  g_object_unref (task);
}

static void attempt (GTask *task);

static gboolean
attempt_again_cb (gpointer user_data)
{
  attempt (user_data);

  return G_SOURCE_REMOVE;
}

/* Attempts after `wait` milliseconds, or at once where the answer is stopped meanwhile. */
static void
attempt_after (GTask *task, gint64 wait)
{
  g_autoptr (GSource) source = g_timeout_source_new (wait);

  if (g_task_get_cancellable (task) != NULL)
    {
      g_autoptr (GSource) stop = g_cancellable_source_new (g_task_get_cancellable (task));

      g_source_set_dummy_callback (stop);
      g_source_add_child_source (source, stop);
    }
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, attempt_again_cb, task, NULL);
  g_source_attach (source, g_task_get_context (task));
}

/* 0.5 s doubling, up to a quarter less, so that those who failed together do not come back together. */
static gint64
back_off (guint n_retries)
{
  return (FIRST_WAIT << n_retries) * g_random_double_range (0.75, 1.0);
}

static void
remember_refused (CollateClient *self, const char *model, CollateVerdict *verdict)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  g_hash_table_replace (priv->refused,
                        g_strconcat (model, "\n", verdict->refused, NULL),
                        g_strdup (verdict->instead != NULL ? verdict->instead : ""));
}

/* Whether another attempt follows; it is under way then. */
static gboolean
retry (CollateClient *self, GTask *task, CollateVerdict *verdict, GError *error)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);
  Answering *answering = g_task_get_task_data (task);
  const char *model = collate_route_get_model (answering->request.route);
  gint64 wait;

  if (is_stopped (task) || answering->came)
    return FALSE;

  if (verdict->refused != NULL && collate_client_get_refused (self, model, verdict->refused) == NULL)
    {
      remember_refused (self, model, verdict);
      attempt_after (task, 0);
      return TRUE;
    }

  if (!verdict->again || verdict->wait > MAX_WAIT || answering->n_retries == MAX_RETRIES)
    return FALSE;

  wait = verdict->wait >= 0 ? verdict->wait : back_off (answering->n_retries);
  answering->n_retries++;
  emit (task, COLLATE_EVENT_RETRY, wait, error->message);
  attempt_after (task, wait * priv->wait_factor);

  return TRUE;
}

static void
attempted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CollateClient *self = COLLATE_CLIENT (source);
  GTask *task = user_data;
  Answering *answering = g_task_get_task_data (task);
  g_auto (CollateVerdict) verdict = { .wait = -1 };
  GError *error = NULL;

  COLLATE_CLIENT_GET_CLASS (self)->attempt_finish (self, result, &verdict, &error);
  answering->status = verdict.status;
  if (error != NULL && retry (self, task, &verdict, error))
    {
      g_error_free (error);
      return;
    }

  if (error != NULL && verdict.again && verdict.wait > MAX_WAIT)
    {
      g_autofree char *message = g_steal_pointer (&error->message);

      error->message =
          g_strdup_printf ("%s (retry after %" G_GINT64_FORMAT " s)", message, verdict.wait / 1000);
    }
  finish (task, error);
}

static void
attempt (GTask *task)
{
  CollateClient *self = g_task_get_source_object (task);
  Answering *answering = g_task_get_task_data (task);

  if (!is_stopped (task) && !COLLATE_CLIENT_GET_CLASS (self)->tells_sent)
    emit (task, COLLATE_EVENT_SENT, ++answering->n_attempts, NULL);
  if (is_stopped (task))
    finish (task, NULL);
  else
    COLLATE_CLIENT_GET_CLASS (self)->attempt_async (
        self, &answering->request, event_cb, task, g_task_get_cancellable (task), attempted_cb, task);
}

/* What keeps a request from being sent at all; (nullable) (transfer full). */
static GError *
check_key (CollateClient *self, const CollateRequest *request)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);
  const char *name = collate_provider_get_key_name (priv->provider);

  if (request->key == NULL && name != NULL)
    return g_error_new (COLLATE_ERROR, COLLATE_ERROR_KEY, "%s is not set", name);
  if (request->key != NULL && !collate_keys_is_valid (request->key))
    return g_error_new (COLLATE_ERROR,
                        COLLATE_ERROR_KEY,
                        "%s holds control or non-ASCII characters",
                        name != NULL ? name : "the key");

  return NULL;
}

static void
collate_client_dispose (GObject *object)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (COLLATE_CLIENT (object));

  g_clear_object (&priv->http);
  g_clear_object (&priv->provider);

  G_OBJECT_CLASS (collate_client_parent_class)->dispose (object);
}

static void
collate_client_finalize (GObject *object)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (COLLATE_CLIENT (object));

  g_hash_table_unref (priv->refused);

  G_OBJECT_CLASS (collate_client_parent_class)->finalize (object);
}

static void
collate_client_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (COLLATE_CLIENT (object));

  switch (prop_id)
    {
    case PROP_HTTP:
      priv->http = g_value_dup_object (value);
      break;
    case PROP_PROVIDER:
      priv->provider = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_client_class_init (CollateClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_client_dispose;
  object_class->finalize = collate_client_finalize;
  object_class->set_property = collate_client_set_property;

  properties[PROP_HTTP] =
      g_param_spec_object ("http",
                           NULL,
                           NULL,
                           COLLATE_TYPE_HTTP,
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_PROVIDER] =
      g_param_spec_object ("provider",
                           NULL,
                           NULL,
                           COLLATE_TYPE_PROVIDER,
                           G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_client_init (CollateClient *self)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  priv->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  priv->idle_timeout = IDLE_TIMEOUT;
  priv->wait_factor = 1;
}

CollateClient *
collate_client_new (CollateHttp *http, CollateProvider *provider)
{
  GType type = COLLATE_TYPE_CLIENT_OPENAI;
  CollateApi api;

  g_return_val_if_fail (COLLATE_IS_HTTP (http) && COLLATE_IS_PROVIDER (provider), NULL);

  api = collate_provider_get_api (provider);
  if (api == COLLATE_API_ANTHROPIC)
    type = COLLATE_TYPE_CLIENT_ANTHROPIC;
  else if (api == COLLATE_API_ENGINE)
    type = COLLATE_TYPE_CLIENT_ENGINE;

  return g_object_new (type, "http", http, "provider", provider, NULL);
}

const char *
collate_client_get_refused (CollateClient *self, const char *model, const char *parameter)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);
  g_autofree char *name = g_strconcat (model, "\n", parameter, NULL);

  g_return_val_if_fail (COLLATE_IS_CLIENT (self), NULL);

  return g_hash_table_lookup (priv->refused, name);
}

guint
collate_client_get_idle_timeout (CollateClient *self)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  g_return_val_if_fail (COLLATE_IS_CLIENT (self), 0);

  return priv->idle_timeout;
}

CollateHttp *
collate_client_get_http (CollateClient *self)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  g_return_val_if_fail (COLLATE_IS_CLIENT (self), NULL);

  return priv->http;
}

CollateProvider *
collate_client_get_provider (CollateClient *self)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  g_return_val_if_fail (COLLATE_IS_CLIENT (self), NULL);

  return priv->provider;
}

void
collate_client_answer_async (CollateClient *self,
                             const CollateRequest *request,
                             CollateEventFunc on_event,
                             gpointer event_data,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task;
  Answering *answering;
  GError *error;

  g_return_if_fail (COLLATE_IS_CLIENT (self));
  g_return_if_fail (request != NULL && COLLATE_IS_ROUTE (request->route) && on_event != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_client_answer_async);
  g_task_set_check_cancellable (task, FALSE);
  answering = answering_new (request, on_event, event_data);
  g_task_set_task_data (task, answering, (GDestroyNotify) answering_free);

  error = check_key (self, &answering->request);
  if (error != NULL)
    finish (task, error);
  else
    attempt_after (task, 0);
}

gboolean
collate_client_answer_finish (CollateClient *self, GAsyncResult *result, guint *status, GError **error)
{
  Answering *answering;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  answering = g_task_get_task_data (G_TASK (result));
  if (status != NULL)
    *status = answering->status;

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
collate_client_set_patience (CollateClient *self, guint idle_timeout, double wait_factor)
{
  CollateClientPrivate *priv = collate_client_get_instance_private (self);

  g_return_if_fail (COLLATE_IS_CLIENT (self));

  priv->idle_timeout = idle_timeout;
  priv->wait_factor = wait_factor;
}
