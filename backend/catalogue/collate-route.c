/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-model-private.h"

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

/* One way to a model: a provider, the name by which it knows the model, until when, at what price. */

struct _CollateRoute
{
  GObject parent_instance;

  CollateProvider *provider;
  char *model;
  char *id;
  char *path;
  gboolean sparse;
  char *retired;
  CollatePrice *price;
  JsonObject *thinking_on;
  JsonObject *thinking_off;
};

G_DEFINE_FINAL_TYPE (CollateRoute, collate_route, G_TYPE_OBJECT)

/* "2026-07-24" and no other form: days are compared as text. */
static gboolean
is_day (const char *text)
{
  g_autoptr (GDateTime) day = NULL;
  g_autofree char *time = g_strconcat (text, "T00:00:00Z", NULL);

  if (strlen (text) != 10 || text[4] != '-' || text[7] != '-')
    return FALSE;
  day = g_date_time_new_from_iso8601 (time, NULL);

  return day != NULL;
}

static gboolean
read_retired (CollateRoute *self, JsonObject *object, GError **error)
{
  const char *retired = collate_json_string (object, "retired");

  if (!collate_models_file_has (object, "retired"))
    return TRUE;
  if (retired == NULL || !is_day (retired))
    return collate_models_file_refuse (error, "“retired” is no day such as 2026-07-24");
  self->retired = g_strdup (retired);

  return TRUE;
}

static gboolean
read_price (CollateRoute *self, JsonObject *object, GHashTable *prices, GError **error)
{
  JsonObject *price = collate_json_object (object, "price");
  CollatePrice *listed = prices != NULL ? g_hash_table_lookup (prices, self->id) : NULL;
  g_autoptr (CollatePrice) known = NULL;

  if (price != NULL)
    {
      known = collate_price_new_from_json (price, error);
      if (known == NULL)
        return FALSE;
    }
  else if (collate_models_file_has (object, "price"))
    return collate_models_file_refuse (error, "“price” is no object");

  self->price = listed != NULL ? collate_price_complete (listed, known) : g_steal_pointer (&known);

  return TRUE;
}

static JsonObject *
ref_object (JsonObject *object)
{
  return object != NULL ? json_object_ref (object) : NULL;
}

CollateRoute *
collate_route_new_from_json (CollateProvider *provider,
                             JsonObject *object,
                             GHashTable *prices,
                             GError **error)
{
  g_autoptr (CollateRoute) self = g_object_new (COLLATE_TYPE_ROUTE, NULL);
  const char *model = collate_json_string (object, "model");
  JsonObject *thinking = collate_json_object (object, "thinking");

  if (model == NULL || *model == '\0')
    {
      collate_models_file_refuse (error, "a route without “model”");
      return NULL;
    }
  self->provider = g_object_ref (provider);
  self->model = g_strdup (model);
  self->id = g_strconcat (collate_provider_get_id (provider), "/", model, NULL);
  if (!read_retired (self, object, error) || !read_price (self, object, prices, error))
    return NULL;

  self->thinking_on = ref_object (collate_json_object (thinking, "on"));
  self->thinking_off = ref_object (collate_json_object (thinking, "off"));

  return g_steal_pointer (&self);
}

/* What runs on this machine is paid for with its electricity. */
static CollatePrice *
make_free_price (void)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_int_member (object, "input", 0);
  json_object_set_int_member (object, "output", 0);

  return collate_price_new_from_json (object, NULL);
}

CollateRoute *
collate_route_new_local (CollateProvider *provider, const CollateLocalModel *local, gboolean sparse)
{
  CollateRoute *self = g_object_new (COLLATE_TYPE_ROUTE, NULL);

  self->provider = g_object_ref (provider);
  self->model = g_strconcat (local->name, sparse ? COLLATE_LOCAL_SPARSE : "", NULL);
  self->id = g_strconcat (collate_provider_get_id (provider), "/", self->model, NULL);
  self->path = g_strdup (local->path);
  self->sparse = sparse;
  self->price = make_free_price ();

  return self;
}

static void
collate_route_dispose (GObject *object)
{
  CollateRoute *self = COLLATE_ROUTE (object);

  g_clear_object (&self->provider);

  G_OBJECT_CLASS (collate_route_parent_class)->dispose (object);
}

static void
collate_route_finalize (GObject *object)
{
  CollateRoute *self = COLLATE_ROUTE (object);

  g_free (self->model);
  g_free (self->id);
  g_free (self->path);
  g_free (self->retired);
  g_clear_pointer (&self->price, collate_price_unref);
  g_clear_pointer (&self->thinking_on, json_object_unref);
  g_clear_pointer (&self->thinking_off, json_object_unref);

  G_OBJECT_CLASS (collate_route_parent_class)->finalize (object);
}

static void
collate_route_class_init (CollateRouteClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_route_dispose;
  object_class->finalize = collate_route_finalize;
}

static void
collate_route_init (CollateRoute *self)
{
}

CollateProvider *
collate_route_get_provider (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->provider;
}

const char *
collate_route_get_model (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->model;
}

const char *
collate_route_get_path (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->path;
}

gboolean
collate_route_is_sparse (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), FALSE);

  return self->sparse;
}

const char *
collate_route_get_id (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->id;
}

const char *
collate_route_get_retired (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->retired;
}

CollatePrice *
collate_route_get_price (CollateRoute *self)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return self->price;
}

JsonObject *
collate_route_get_thinking (CollateRoute *self, gboolean on)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), NULL);

  return on ? self->thinking_on : self->thinking_off;
}

gboolean
collate_route_is_retired (CollateRoute *self, const char *today)
{
  g_return_val_if_fail (COLLATE_IS_ROUTE (self), FALSE);

  return self->retired != NULL && strcmp (today, self->retired) >= 0;
}
