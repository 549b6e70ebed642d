/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "clients/collate-probe.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "catalogue/collate-keys.h"
#include "clients/collate-redact.h"
#include "clients/collate-reply.h"

#define IDLE_TIMEOUT 20             /* seconds */
#define MAX_BODY (16 * 1024 * 1024) /* a router lists hundreds of models, with a page about each */
#define MAX_MODELS 10000

/* A probe under way: the data of its task. */
typedef struct
{
  CollateHttp *http;
  CollateApi api;
  char *addresses[3]; /* to try, in order, NULL at the end */
  guint n_tried;
  char *key;
  GError *error; /* of the first address */
} Probe;

static void
probe_free (Probe *probe)
{
  g_object_unref (probe->http);
  g_clear_error (&probe->error);
  for (gsize i = 0; i < G_N_ELEMENTS (probe->addresses); i++)
    g_free (probe->addresses[i]);
  g_free (probe->key);
  g_free (probe);
}

static void
served_free (CollateServed *served)
{
  g_free (served->model);
  g_free (served);
}

/* The address as it is meant: without a slash at its end, and with the scheme that was left out. */
static char *
complete_address (const char *address)
{
  static const char *const here[] = { "localhost", "127.", "[::1]" };
  g_autofree char *text = g_strstrip (g_strdup (address));
  const char *scheme = "https://";

  while (g_str_has_suffix (text, "/"))
    text[strlen (text) - 1] = '\0';
  if (strstr (text, "://") != NULL)
    return g_steal_pointer (&text);

  for (gsize i = 0; i < G_N_ELEMENTS (here); i++)
    if (g_str_has_prefix (text, here[i]))
      scheme = "http://";

  return g_strconcat (scheme, text, NULL);
}

/* OpenAI's addresses end with the version, Anthropic's come without it. */
static void
list_addresses (Probe *probe, const char *address)
{
  char *first = complete_address (address);
  gboolean versioned = g_str_has_suffix (first, "/v1");

  probe->addresses[0] = first;
  if (probe->api == COLLATE_API_OPENAI && !versioned)
    probe->addresses[1] = g_strconcat (first, "/v1", NULL);
  else if (probe->api == COLLATE_API_ANTHROPIC && versioned)
    probe->addresses[1] = g_strndup (first, strlen (first) - strlen ("/v1"));
}

/* The reply. */

static gint64
read_context (JsonObject *entry)
{
  static const char *const members[] = { "context_length", "max_model_len",      "max_input_tokens",
                                         "context_window", "max_context_length", NULL };
  JsonObject *meta = collate_json_object (entry, "meta");
  gint64 context = 0;

  for (gsize i = 0; members[i] != NULL && context <= 0; i++)
    context = collate_json_int (entry, members[i], 0);
  if (context <= 0)
    context = collate_json_int (collate_json_object (entry, "top_provider"), "context_length", 0);
  if (context <= 0)
    context = collate_json_int (meta, "n_ctx", 0);
  if (context <= 0)
    context = collate_json_int (meta, "n_ctx_train", 0);

  return MAX (context, 0);
}

static GPtrArray *
read_models (JsonArray *data)
{
  GPtrArray *models = g_ptr_array_new_with_free_func ((GDestroyNotify) served_free);

  for (guint i = 0; data != NULL && i < json_array_get_length (data) && models->len < MAX_MODELS; i++)
    {
      JsonObject *entry = collate_json_element_object (data, i);
      const char *id = collate_json_string (entry, "id");
      CollateServed *served;

      if (id == NULL || *id == '\0')
        continue;
      served = g_new0 (CollateServed, 1);
      served->model = g_strdup (id);
      served->context = read_context (entry);
      g_ptr_array_add (models, served);
    }

  return models;
}

/* The list in a body of status 200: an object with "data", or the bare array. */
static GPtrArray *
read_body (const char *text, GError **error)
{
  g_autofree char *wrapped = *text == '[' ? g_strdup_printf ("{\"data\":%s}", text) : g_strdup (text);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) body = collate_json_parse_object (wrapped, -1, &local);

  if (body == NULL)
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "malformed reply: %s", local->message);
      return NULL;
    }
  if (!json_object_has_member (body, "data"))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL, "the reply lists no models");
      return NULL;
    }

  return read_models (collate_json_array (body, "data"));
}

/* The error of a reply that is no success, by the rules for answers. */
static GError *
read_error (guint status, const char *text)
{
  g_autoptr (CollateReply) reply = collate_reply_new (NULL, NULL, NULL);
  g_autoptr (JsonObject) body = collate_json_parse_object (text, -1, NULL);

  reply->status = status;
  collate_reply_fail_by_server (reply, body, text);

  return g_steal_pointer (&reply->error);
}

static void try_next (GTask *task);

/* Whether another address may be the right one. */
static gboolean
is_about_address (const GError *error)
{
  return error->code == COLLATE_ERROR_UNSUPPORTED || error->code == COLLATE_ERROR_PROTOCOL ||
         error->code == COLLATE_ERROR_RETIRED || error->code == COLLATE_ERROR_REFUSED;
}

/* Tries the next address, or ends with the first one's error, without the key; (transfer full) both. */
static void
fail (GTask *task, GError *error)
{
  Probe *probe = g_task_get_task_data (task);
  gboolean more = probe->addresses[probe->n_tried] != NULL && is_about_address (error);
  g_autofree char *message = NULL;

  if (probe->error == NULL)
    probe->error = g_steal_pointer (&error);
  g_clear_error (&error);
  if (more)
    {
      try_next (task);
      return;
    }

  message = collate_redact (probe->error->message, probe->key);
  g_task_return_new_error (task, COLLATE_ERROR, probe->error->code, "%s", message);
  g_object_unref (task);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  GPtrArray *models = NULL;
  GError *error = NULL;
  gsize length;
  guint status;
  const char *data;

  bytes = collate_http_fetch_finish (COLLATE_HTTP (source), result, &status, &error);
  if (bytes != NULL)
    {
      data = g_bytes_get_data (bytes, &length);
      text = g_strchug (g_strndup (length > 0 ? data : "", length));
      if (status / 100 == 2)
        models = read_body (text, &error);
      else
        error = read_error (status, text);
    }

  if (models == NULL)
    {
      fail (task, error);
      return;
    }

  g_task_return_pointer (task, models, (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static void
try_next (GTask *task)
{
  Probe *probe = g_task_get_task_data (task);
  gboolean anthropic = probe->api == COLLATE_API_ANTHROPIC;
  g_autofree char *url = NULL;
  g_autofree char *bearer = NULL;
  const char *headers[] = { NULL, NULL, NULL, NULL, NULL };
  CollateHttpRequest request = {
    .method = "GET", .headers = headers, .idle_timeout = IDLE_TIMEOUT, .max_bytes = MAX_BODY
  };
  gsize n = 0;

  if (anthropic)
    {
      headers[n++] = "anthropic-version";
      headers[n++] = "2023-06-01";
    }
  if (probe->key != NULL)
    {
      bearer = g_strconcat ("Bearer ", probe->key, NULL);
      headers[n++] = anthropic ? "x-api-key" : "Authorization";
      headers[n++] = anthropic ? probe->key : bearer;
    }

  url = g_strconcat (probe->addresses[probe->n_tried++], anthropic ? "/v1/models" : "/models", NULL);
  request.url = url;
  collate_http_fetch_async (probe->http, &request, g_task_get_cancellable (task), fetched_cb, task);
}

void
collate_probe_async (CollateHttp *http,
                     CollateApi api,
                     const char *base_url,
                     const char *key,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Probe *probe = g_new0 (Probe, 1);

  g_task_set_source_tag (task, collate_probe_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, probe, (GDestroyNotify) probe_free);
  probe->http = g_object_ref (http);
  probe->api = api;
  probe->key = key != NULL && *key != '\0' ? g_strdup (key) : NULL;
  list_addresses (probe, base_url);

  if (probe->key != NULL && !collate_keys_is_valid (probe->key))
    fail (task,
          g_error_new_literal (
              COLLATE_ERROR, COLLATE_ERROR_KEY, "the key holds control or non-ASCII characters"));
  else
    try_next (task);
}

GPtrArray *
collate_probe_finish (GAsyncResult *result, char **base_url, GError **error)
{
  GPtrArray *models;
  Probe *probe;

  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  models = g_task_propagate_pointer (G_TASK (result), error);
  probe = g_task_get_task_data (G_TASK (result));
  if (models != NULL && base_url != NULL)
    *base_url = g_strdup (probe->addresses[probe->n_tried - 1]);

  return models;
}
