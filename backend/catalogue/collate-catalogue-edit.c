/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"
#include "catalogue/collate-model-private.h"
#include "catalogue/collate-models-file.h"

/* Changes to the person's own models file: it is read again, changed in the one place, written whole, and
 * read by the catalogue. What this program does not know in it stays. */

/* The own file as it is on disk, or an empty one where there is none. One that is damaged is not touched:
 * the person's work is in it. */
static JsonObject *
open_own (CollateCatalogue *self, GError **error)
{
  const char *path = collate_catalogue_get_user_path (self);
  g_autoptr (GError) local = NULL;
  JsonObject *object;

  if (path == NULL)
    {
      g_set_error_literal (
          error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "there is no models file of one's own");
      return NULL;
    }

  object = collate_models_file_load (path, &local);
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      object = json_object_new ();
      json_object_set_int_member (object, "version", 1);
    }
  else if (object == NULL)
    g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);

  return object;
}

static gboolean
save_own (CollateCatalogue *self, JsonObject *own, GError **error)
{
  const char *path = collate_catalogue_get_user_path (self);

  if (!collate_models_file_write (path, own, error))
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  collate_catalogue_reload (self);

  return TRUE;
}

/* The member's object, made where there is none. */
static JsonObject *
ensure_object (JsonObject *parent, const char *member)
{
  if (collate_json_object (parent, member) == NULL)
    json_object_set_object_member (parent, member, json_object_new ());

  return collate_json_object (parent, member);
}

static JsonArray *
ensure_array (JsonObject *parent, const char *member)
{
  if (collate_json_array (parent, member) == NULL)
    json_object_set_array_member (parent, member, json_array_new ());

  return collate_json_array (parent, member);
}

/* "My server (at work)" → "my-server-at-work". */
static char *
make_id (const char *name, const char *fallback)
{
  g_autofree char *ascii = g_str_to_ascii (name, "C");
  GString *id = g_string_new (NULL);

  for (const char *p = ascii; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p) || *p == '.' || *p == '_')
        g_string_append_c (id, g_ascii_tolower (*p));
      else if (id->len > 0 && id->str[id->len - 1] != '-')
        g_string_append_c (id, '-');
    }
  while (id->len > 0 && id->str[id->len - 1] == '-')
    g_string_truncate (id, id->len - 1);
  if (id->len == 0)
    g_string_append (id, fallback);

  return g_string_free (id, FALSE);
}

/* An id that the own file has already under this name is changed; one of the built-in file is never
 * hidden by a name that happens to be alike. */
static char *
make_free_id (const char *name, const char *fallback, JsonObject *own, JsonObject *built_in)
{
  g_autofree char *first = make_id (name, fallback);
  char *id = g_strdup (first);

  for (guint i = 2;; i++)
    {
      JsonObject *there = collate_json_object (own, id);
      gboolean mine = there != NULL && g_strcmp0 (collate_json_string (there, "name"), name) == 0;

      if (mine || (there == NULL && (built_in == NULL || !json_object_has_member (built_in, id))))
        return id;
      g_free (id);
      id = g_strdup_printf ("%s-%u", first, i);
    }
}

/* Models. */

static JsonObject *
find_model (JsonArray *models, const char *id)
{
  for (guint i = 0; models != NULL && i < json_array_get_length (models); i++)
    {
      JsonObject *model = collate_json_element_object (models, i);

      if (g_strcmp0 (collate_json_string (model, "id"), id) == 0)
        return model;
    }

  return NULL;
}

/* The model's route to the provider by this name; (nullable). */
static JsonObject *
find_route (JsonObject *model, const char *provider, const char *name)
{
  JsonArray *routes = collate_json_array (model, "routes");

  for (guint i = 0; routes != NULL && i < json_array_get_length (routes); i++)
    {
      JsonObject *route = collate_json_element_object (routes, i);

      if (g_strcmp0 (collate_json_string (route, "provider"), provider) == 0 &&
          g_strcmp0 (collate_json_string (route, "model"), name) == 0)
        return route;
    }

  return NULL;
}

/* TRUE where all of the model's routes, and at least one, lead to the provider. */
static gboolean
depends_on (JsonObject *model, const char *provider)
{
  JsonArray *routes = collate_json_array (model, "routes");
  guint n_routes = routes != NULL ? json_array_get_length (routes) : 0;

  for (guint i = 0; i < n_routes; i++)
    if (g_strcmp0 (collate_json_string (collate_json_element_object (routes, i), "provider"), provider) != 0)
      return FALSE;

  return n_routes > 0;
}

/* Takes out the models that only this provider serves, but for those whose ids are in `keep` (nullable). */
static void
remove_models (JsonObject *own, const char *provider, GHashTable *keep)
{
  JsonArray *models = collate_json_array (own, "models");

  for (guint i = models != NULL ? json_array_get_length (models) : 0; i > 0; i--)
    {
      JsonObject *model = collate_json_element_object (models, i - 1);
      const char *id = collate_json_string (model, "id");

      if (depends_on (model, provider) && (keep == NULL || id == NULL || !g_hash_table_contains (keep, id)))
        json_array_remove_element (models, i - 1);
    }
}

static JsonObject *
make_route (const char *provider, const char *model)
{
  JsonObject *route = json_object_new ();

  json_object_set_string_member (route, "provider", provider);
  json_object_set_string_member (route, "model", model);

  return route;
}

/* The server's name for a model, as an id that the command line can take: "ollama/llama3-8b". Names that
 * differ only in what no id holds ("llama3:8b", "llama3-8b") get a number, and keep it. */
static char *
make_model_id (JsonArray *models, const char *provider, const char *name)
{
  g_autofree char *rest = make_id (name, "model");
  char *id = g_strconcat (provider, "/", rest, NULL);

  for (guint i = 2;; i++)
    {
      JsonObject *there = find_model (models, id);

      if (there == NULL || find_route (there, provider, name) != NULL)
        return id;
      g_free (id);
      id = g_strdup_printf ("%s/%s-%u", provider, rest, i);
    }
}

static void
add_model (JsonArray *models,
           const char *id,
           const char *server,
           const char *provider,
           const char *model,
           gint64 context)
{
  JsonObject *entry = find_model (models, id);

  if (entry == NULL)
    {
      g_autofree char *name = g_strdup_printf ("%s (%s)", model, server);
      JsonArray *routes = json_array_new ();

      entry = json_object_new ();
      json_object_set_string_member (entry, "id", id);
      json_object_set_string_member (entry, "name", name);
      json_array_add_object_element (routes, make_route (provider, model));
      json_object_set_array_member (entry, "routes", routes);
      json_array_add_object_element (models, entry);
    }
  if (context > 0)
    json_object_set_int_member (entry, "context", context);
}

gboolean
collate_catalogue_add_server (CollateCatalogue *self,
                              const char *name,
                              CollateApi api,
                              const char *base_url,
                              const char *key_name,
                              const char *const *models,
                              const gint64 *contexts,
                              GError **error)
{
  g_autoptr (JsonObject) own = NULL;
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (CollateProvider) checked = NULL;
  g_autofree char *id = NULL;
  JsonObject *providers, *provider;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), FALSE);

  own = open_own (self, error);
  if (own == NULL)
    return FALSE;

  providers = ensure_object (own, "providers");
  id = make_free_id (
      name, "server", providers, collate_json_object (collate_catalogue_get_built_in (self), "providers"));

  provider = ensure_object (providers, id);
  json_object_set_string_member (provider, "name", name);
  json_object_set_string_member (provider, "api", api == COLLATE_API_ANTHROPIC ? "anthropic" : "openai");
  json_object_set_string_member (provider, "base_url", base_url);
  if (key_name != NULL && *key_name != '\0')
    json_object_set_string_member (provider, "key", key_name);
  else
    json_object_remove_member (provider, "key");
  checked = collate_provider_new_from_json (id, provider, TRUE, error);
  if (checked == NULL)
    return FALSE;

  for (guint i = 0; models[i] != NULL; i++)
    {
      JsonArray *there = ensure_array (own, "models");
      char *model_id = make_model_id (there, id, models[i]);

      add_model (there, model_id, name, id, models[i], contexts != NULL ? contexts[i] : 0);
      g_hash_table_add (ids, model_id);
    }
  remove_models (own, id, ids);

  return save_own (self, own, error);
}

gboolean
collate_catalogue_remove_server (CollateCatalogue *self, const char *id, GError **error)
{
  g_autoptr (JsonObject) own = NULL;
  JsonObject *providers;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), FALSE);

  own = open_own (self, error);
  if (own == NULL)
    return FALSE;
  providers = collate_json_object (own, "providers");
  if (providers == NULL || !json_object_has_member (providers, id))
    return collate_models_file_refuse (error, "%s is no server of one's own", id);

  json_object_remove_member (providers, id);
  remove_models (own, id, NULL);

  return save_own (self, own, error);
}

/* Line-ups. */

gboolean
collate_catalogue_save_line_up (CollateCatalogue *self,
                                const char *name,
                                const char *const *models,
                                GError **error)
{
  g_autoptr (JsonObject) own = NULL;
  g_autofree char *id = NULL;
  JsonObject *line_ups, *line_up;
  JsonArray *array;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), FALSE);

  own = open_own (self, error);
  if (own == NULL)
    return FALSE;

  line_ups = ensure_object (own, "line_ups");
  id = make_free_id (
      name, "line-up", line_ups, collate_json_object (collate_catalogue_get_built_in (self), "line_ups"));
  array = json_array_new ();
  for (guint i = 0; models[i] != NULL; i++)
    json_array_add_string_element (array, models[i]);
  line_up = json_object_new ();
  json_object_set_string_member (line_up, "name", name);
  json_object_set_array_member (line_up, "models", array);
  json_object_set_object_member (line_ups, id, line_up);

  return save_own (self, own, error);
}

gboolean
collate_catalogue_remove_line_up (CollateCatalogue *self, const char *id, GError **error)
{
  g_autoptr (JsonObject) own = NULL;
  JsonObject *line_ups;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), FALSE);

  own = open_own (self, error);
  if (own == NULL)
    return FALSE;
  line_ups = collate_json_object (own, "line_ups");
  if (line_ups == NULL || !json_object_has_member (line_ups, id))
    return collate_models_file_refuse (error, "%s is no line-up of one's own", id);

  json_object_remove_member (line_ups, id);

  return save_own (self, own, error);
}

/* Prices. */

/* The own file's entry for the model; a copy of the built-in one where there is none yet, since an entry
 * replaces another whole. */
static JsonObject *
ensure_model (CollateCatalogue *self, JsonObject *own, const char *id)
{
  JsonArray *models = ensure_array (own, "models");
  JsonObject *model = find_model (models, id);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;
  JsonObject *built_in;

  if (model != NULL)
    return model;

  built_in = find_model (collate_json_array (collate_catalogue_get_built_in (self), "models"), id);
  if (built_in == NULL)
    return NULL;
  node = json_node_init_object (json_node_alloc (), built_in);
  text = collate_json_to_string (node, FALSE);
  model = collate_models_file_parse (text, strlen (text), NULL);
  json_array_add_object_element (models, model);

  return model;
}

static void
set_usd (JsonObject *price, const char *member, double usd)
{
  if (!isnan (usd))
    json_object_set_double_member (price, member, usd);
}

gboolean
collate_catalogue_set_price (CollateCatalogue *self,
                             const char *model_id,
                             double input,
                             double cached_input,
                             double output,
                             GError **error)
{
  g_autoptr (JsonObject) own = NULL;
  g_autoptr (JsonObject) price = json_object_new ();
  g_autoptr (CollatePrice) checked = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *today = g_date_time_format (now, "%Y-%m-%d");
  CollateModel *model;
  CollateRoute *route;
  JsonObject *entry;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), FALSE);

  model = collate_catalogue_lookup (self, model_id);
  route = model != NULL ? collate_model_get_route (model) : NULL;
  if (route == NULL)
    return collate_models_file_refuse (error, "%s: there is no such model, or no route to it", model_id);

  set_usd (price, "input", input);
  set_usd (price, "cached_input", cached_input);
  set_usd (price, "output", output);
  checked = collate_price_new_from_json (price, error);
  if (checked == NULL)
    return FALSE;
  json_object_set_string_member (price, "as_of", today);
  json_object_set_string_member (price, "source", "own");

  own = open_own (self, error);
  if (own == NULL)
    return FALSE;
  entry = find_route (ensure_model (self, own, model_id),
                      collate_provider_get_id (collate_route_get_provider (route)),
                      collate_route_get_model (route));
  if (entry == NULL)
    return collate_models_file_refuse (error, "%s: the models file was changed meanwhile", model_id);
  json_object_set_object_member (entry, "price", g_steal_pointer (&price));

  return save_own (self, own, error);
}
