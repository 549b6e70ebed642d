/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include <string.h>

#include "base/collate-error.h"
#include "catalogue/collate-models-file.h"

/* Fetching a price list, at the person's request: all of it is checked, kept, and only then used. */

#define PATIENCE_SECONDS 10
#define MAX_BYTES (10 * 1024 * 1024)

typedef struct
{
  char *url;
  GCancellable *cancellable; /* of the fetch: the caller's, or the end of our patience */
  GCancellable *outer;       /* (nullable) */
  gulong outer_handler;
  guint timer;
  gboolean timed_out;
} Refresh;

static void
refresh_free (gpointer data)
{
  Refresh *refresh = data;

  g_clear_handle_id (&refresh->timer, g_source_remove);
  g_cancellable_disconnect (refresh->outer, refresh->outer_handler);
  g_clear_object (&refresh->outer);
  g_clear_object (&refresh->cancellable);
  g_free (refresh->url);
  g_free (refresh);
}

static gboolean
on_patience_ended (gpointer data)
{
  Refresh *refresh = data;

  refresh->timer = 0;
  refresh->timed_out = TRUE;
  g_cancellable_cancel (refresh->cancellable);

  return G_SOURCE_REMOVE;
}

static void
on_outer_cancelled (GCancellable *outer, GCancellable *inner)
{
  g_cancellable_cancel (inner);
}

/* Prices that somebody on the way changed would be shown as true. */
static gboolean
is_trusted_address (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (host == NULL)
    return FALSE;

  return g_str_equal (scheme, "https") || (g_str_equal (scheme, "http") && (g_str_equal (host, "127.0.0.1") ||
                                                                            g_str_equal (host, "localhost")));
}

static GPtrArray *
collect_models (CollateCatalogue *self)
{
  GPtrArray *models = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_models = g_list_model_get_n_items (G_LIST_MODEL (self));

  for (guint i = 0; i < n_models; i++)
    g_ptr_array_add (models, g_list_model_get_item (G_LIST_MODEL (self), i));

  return models;
}

static gboolean
same_price (CollateRoute *a, CollateRoute *b)
{
  CollatePrice *first = collate_route_get_price (a), *second = collate_route_get_price (b);

  return first != NULL && second != NULL ? collate_price_equal (first, second) : first == second;
}

/* The routes of `before` that have another price now. */
static int
count_changes (CollateCatalogue *self, GPtrArray *before)
{
  int n_changes = 0;

  for (guint i = 0; i < before->len; i++)
    {
      CollateModel *now = collate_catalogue_lookup (self, collate_model_get_id (before->pdata[i]));
      GListModel *old_routes = collate_model_get_routes (before->pdata[i]);
      GListModel *new_routes = now != NULL ? collate_model_get_routes (now) : NULL;

      for (guint j = 0; new_routes != NULL && j < g_list_model_get_n_items (old_routes); j++)
        {
          g_autoptr (CollateRoute) old_route = g_list_model_get_item (old_routes, j);
          g_autoptr (CollateRoute) new_route = g_list_model_get_item (new_routes, j);

          n_changes += new_route != NULL && !same_price (old_route, new_route);
        }
    }

  return n_changes;
}

/* A list of other things may still have the right form. */
static gboolean
names_any_route (GPtrArray *models, JsonObject *kept)
{
  JsonObject *prices = json_object_get_object_member (kept, "prices");

  for (guint i = 0; i < models->len; i++)
    {
      GListModel *routes = collate_model_get_routes (models->pdata[i]);

      for (guint j = 0; j < g_list_model_get_n_items (routes); j++)
        {
          g_autoptr (CollateRoute) route = g_list_model_get_item (routes, j);

          if (json_object_has_member (prices, collate_route_get_id (route)))
            return TRUE;
        }
    }

  return FALSE;
}

static int
take_list (CollateCatalogue *self, GBytes *body, const char *url, GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *today = g_date_time_format (now, "%Y-%m-%d");
  g_autoptr (GPtrArray) before = collect_models (self);
  g_autoptr (JsonObject) list = NULL;
  g_autoptr (JsonObject) kept = NULL;
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  list = collate_models_file_parse (data, length, error);
  if (list == NULL)
    return -1;
  kept = collate_price_list_convert (list, today, url, error);
  if (kept == NULL)
    return -1;
  if (!names_any_route (before, kept))
    {
      collate_models_file_refuse (error, "the list names none of the models here");
      return -1;
    }
  if (!collate_models_file_write (collate_catalogue_get_prices_path (self), kept, error))
    return -1;
  collate_catalogue_reload (self);

  return count_changes (self, before);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateCatalogue *self = g_task_get_source_object (task);
  Refresh *refresh = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  guint status = 0;
  int n_changes;

  body = collate_http_fetch_finish (COLLATE_HTTP (source), result, &status, &error);
  if (refresh->timed_out)
    g_task_return_new_error (
        task, COLLATE_ERROR, COLLATE_ERROR_TIMEOUT, "%s: no answer in %d s", refresh->url, PATIENCE_SECONDS);
  else if (body == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (status != 200)
    g_task_return_new_error (task, COLLATE_ERROR, COLLATE_ERROR_SERVER, "%s: HTTP %u", refresh->url, status);
  else
    {
      n_changes = take_list (self, body, refresh->url, &error);
      if (n_changes < 0)
        g_prefix_error (&error, "%s: ", refresh->url);
      if (n_changes < 0)
        g_task_return_error (task, g_steal_pointer (&error));
      else
        g_task_return_int (task, n_changes);
    }
}

void
collate_catalogue_refresh_prices_async (CollateCatalogue *self,
                                        CollateHttp *http,
                                        const char *url,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  CollateHttpRequest request = {
    .method = "GET", .url = url, .idle_timeout = PATIENCE_SECONDS, .max_bytes = MAX_BYTES
  };
  Refresh *refresh;

  g_return_if_fail (COLLATE_IS_CATALOGUE (self));
  g_return_if_fail (COLLATE_IS_HTTP (http));
  g_return_if_fail (url != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_catalogue_refresh_prices_async);
  g_task_set_check_cancellable (task, FALSE);
  if (!is_trusted_address (url))
    {
      g_task_return_new_error (
          task, COLLATE_ERROR, COLLATE_ERROR_REFUSED, "%s: prices are fetched by https only", url);
      return;
    }
  if (collate_catalogue_get_prices_path (self) == NULL)
    {
      g_task_return_new_error (
          task, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "there is no place to keep prices at");
      return;
    }

  refresh = g_new0 (Refresh, 1);
  refresh->url = g_strdup (url);
  refresh->cancellable = g_cancellable_new ();
  refresh->timer = g_timeout_add_seconds (PATIENCE_SECONDS, on_patience_ended, refresh);
  g_task_set_task_data (task, refresh, refresh_free);
  if (cancellable != NULL)
    {
      refresh->outer = g_object_ref (cancellable);
      refresh->outer_handler = g_cancellable_connect (
          cancellable, G_CALLBACK (on_outer_cancelled), g_object_ref (refresh->cancellable), g_object_unref);
    }

  collate_http_fetch_async (http, &request, refresh->cancellable, on_fetched, g_steal_pointer (&task));
}

int
collate_catalogue_refresh_prices_finish (CollateCatalogue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return (int) g_task_propagate_int (G_TASK (result), error);
}
