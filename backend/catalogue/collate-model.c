/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-model-private.h"

#include <glib/gi18n-lib.h>

#include "base/collate-json.h"
#include "catalogue/collate-models-file.h"

/* One entry of the catalogue: immutable, but for the route that keys and day allow. */

#define MAX_TOKENS 1000000000000
#define MAX_TOKEN_FACTOR 100

/* The vocabularies of model files are smaller than the default encoding's, most of them: before one is loaded, its
 * counts are taken to be longer by this. */
#define LOCAL_TOKEN_FACTOR 1.15

struct _CollateModel
{
  GObject parent_instance;

  char *id;
  char *name;
  gint64 context;
  gint64 max_output;
  char *encoding;
  double token_factor;
  CollateThinking thinking;
  GPtrArray *facts;
  char *facts_source;
  GListStore *routes;
  CollateLocalModel *local; /* NULL for a model that is no file of this machine */
  gboolean sparse;
  gint64 free_memory;
  gint64 held_context;
  char *card; /* (nullable) */

  CollateRoute *route;
  CollateAvailability availability;
};

G_DEFINE_FINAL_TYPE (CollateModel, collate_model, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (CollateAvailability,
                    collate_availability,
                    G_DEFINE_ENUM_VALUE (COLLATE_AVAILABLE, "available"),
                    G_DEFINE_ENUM_VALUE (COLLATE_UNAVAILABLE_KEY, "key"),
                    G_DEFINE_ENUM_VALUE (COLLATE_UNAVAILABLE_RETIRED, "retired"),
                    G_DEFINE_ENUM_VALUE (COLLATE_UNAVAILABLE_FILE, "file"))

enum
{
  PROP_0,
  PROP_ROUTE,
  PROP_AVAILABILITY,
  PROP_FREE_MEMORY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static gboolean
read_count (JsonObject *object, const char *member, gint64 *count, GError **error)
{
  if (!collate_models_file_has (object, member))
    return TRUE;

  *count = collate_json_int (object, member, -1);
  if (*count >= 0 && *count <= MAX_TOKENS)
    return TRUE;

  return collate_models_file_refuse (error, "“%s” is no number of tokens", member);
}

static gboolean
read_thinking (CollateModel *self, JsonObject *object, GError **error)
{
  const char *thinking = collate_json_string (object, "thinking");

  if (!collate_models_file_has (object, "thinking") || g_strcmp0 (thinking, "none") == 0)
    self->thinking = COLLATE_THINKING_NONE;
  else if (g_strcmp0 (thinking, "switch") == 0)
    self->thinking = COLLATE_THINKING_SWITCH;
  else if (g_strcmp0 (thinking, "always") == 0)
    self->thinking = COLLATE_THINKING_ALWAYS;
  else
    return collate_models_file_refuse (error, "“thinking” is none of “none”, “switch” and “always”");

  return TRUE;
}

/* The tokenizer, or how much longer its counts are than ours. */
static gboolean
read_tokenizer (CollateModel *self, JsonObject *object, GError **error)
{
  const char *encoding = collate_json_string (object, "encoding");

  if (collate_models_file_has (object, "encoding") && encoding == NULL)
    return collate_models_file_refuse (error, "“encoding” is no text");
  self->encoding = g_strdup (encoding);

  self->token_factor = 1;
  if (encoding != NULL || !collate_models_file_has (object, "token_factor"))
    return TRUE;

  self->token_factor = collate_json_double (object, "token_factor", 0);
  if (!(self->token_factor > 0 && self->token_factor <= MAX_TOKEN_FACTOR))
    return collate_models_file_refuse (error, "“token_factor” is no factor");

  return TRUE;
}

static gboolean
read_routes (CollateModel *self,
             JsonObject *object,
             GHashTable *providers,
             GHashTable *prices,
             GPtrArray *problems,
             GError **error)
{
  JsonArray *routes = collate_json_array (object, "routes");

  if (routes == NULL)
    return collate_models_file_refuse (error, "“routes” is missing, or no list");

  for (guint i = 0; i < json_array_get_length (routes); i++)
    {
      JsonObject *element = collate_json_element_object (routes, i);
      const char *id = collate_json_string (element, "provider");
      CollateProvider *provider = id != NULL ? g_hash_table_lookup (providers, id) : NULL;
      g_autoptr (CollateRoute) route = NULL;

      if (id == NULL)
        return collate_models_file_refuse (error, "a route without “provider”");
      if (provider == NULL)
        {
          g_ptr_array_add (problems, g_strdup_printf ("model “%s”: there is no provider “%s”", self->id, id));
          continue;
        }
      route = collate_route_new_from_json (provider, element, prices, error);
      if (route == NULL)
        return FALSE;
      g_list_store_append (self->routes, route);
    }

  return TRUE;
}

CollateModel *
collate_model_new_from_json (JsonObject *object,
                             GHashTable *providers,
                             GHashTable *prices,
                             GPtrArray *problems,
                             GError **error)
{
  g_autoptr (CollateModel) self = g_object_new (COLLATE_TYPE_MODEL, NULL);
  const char *id = collate_json_string (object, "id");
  const char *name = collate_json_string (object, "name");
  JsonObject *facts = collate_json_object (object, "facts");

  if (id == NULL || *id == '\0')
    {
      collate_models_file_refuse (error, "“id” is missing");
      return NULL;
    }
  if (name == NULL || *name == '\0')
    {
      collate_models_file_refuse (error, "“name” is missing");
      return NULL;
    }
  self->id = g_strdup (id);
  self->name = g_strdup (name);

  if (!read_count (object, "context", &self->context, error) ||
      !read_count (object, "max_output", &self->max_output, error) || !read_thinking (self, object, error) ||
      !read_tokenizer (self, object, error) ||
      !read_routes (self, object, providers, prices, problems, error))
    return NULL;

  self->facts = collate_facts_new_from_json (facts, self->context, self->max_output);
  self->facts_source = g_strdup (collate_json_string (facts, "source"));

  return g_steal_pointer (&self);
}

CollateModel *
collate_model_new_local (CollateProvider *provider, const CollateLocalModel *local, gboolean sparse)
{
  CollateModel *self = g_object_new (COLLATE_TYPE_MODEL, NULL);
  g_autoptr (CollateRoute) route = collate_route_new_local (provider, local, sparse);

  self->id = g_strconcat (COLLATE_LOCAL_PREFIX, local->name, sparse ? COLLATE_LOCAL_SPARSE : NULL, NULL);
  /* Translators: a model that reads by sparse attention. */
  self->name = sparse ? g_strdup_printf (_ ("%s, sparse"), local->name) : g_strdup (local->name);
  self->sparse = sparse;
  self->context = CLAMP (local->context, 0, MAX_TOKENS);
  self->encoding = g_strdup (local->encoding);
  self->token_factor = LOCAL_TOKEN_FACTOR;
  self->thinking = local->thinking;
  self->facts = collate_facts_new_local (local, sparse);
  self->local = collate_local_model_copy (local);
  g_list_store_append (self->routes, route);

  return self;
}

static gboolean
has_key (CollateRoute *route, CollateKeys *keys)
{
  const char *name = collate_provider_get_key_name (collate_route_get_provider (route));

  return name == NULL || collate_keys_lookup (keys, name) != NULL;
}

gboolean
collate_model_choose_route (CollateModel *self, CollateKeys *keys, const char *today)
{
  guint n_routes = g_list_model_get_n_items (G_LIST_MODEL (self->routes));
  g_autoptr (CollateRoute) best = NULL;
  CollateAvailability availability = COLLATE_UNAVAILABLE_RETIRED;
  gboolean other_route, other_availability;

  for (guint i = 0; i < n_routes && availability != COLLATE_AVAILABLE; i++)
    {
      g_autoptr (CollateRoute) route = g_list_model_get_item (G_LIST_MODEL (self->routes), i);
      CollateAvailability reached = collate_route_is_retired (route, today) ? COLLATE_UNAVAILABLE_RETIRED
                                    : has_key (route, keys)                 ? COLLATE_AVAILABLE
                                                                            : COLLATE_UNAVAILABLE_KEY;

      /* Nearer to an answer than what came before: the enumeration's order. */
      if (best == NULL || reached < availability)
        {
          g_set_object (&best, route);
          availability = reached;
        }
    }

  if (collate_model_get_problem (self) != NULL)
    availability = COLLATE_UNAVAILABLE_FILE;
  other_route = g_set_object (&self->route, best);
  other_availability = self->availability != availability;
  self->availability = availability;
  if (other_route)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROUTE]);
  if (other_availability)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVAILABILITY]);

  return other_route || other_availability;
}

static void
collate_model_dispose (GObject *object)
{
  CollateModel *self = COLLATE_MODEL (object);

  g_clear_object (&self->route);
  if (self->routes != NULL)
    g_list_store_remove_all (self->routes);

  G_OBJECT_CLASS (collate_model_parent_class)->dispose (object);
}

static void
collate_model_finalize (GObject *object)
{
  CollateModel *self = COLLATE_MODEL (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->encoding);
  g_free (self->facts_source);
  g_free (self->card);
  g_clear_pointer (&self->local, collate_local_model_free);
  g_clear_pointer (&self->facts, g_ptr_array_unref);
  g_clear_object (&self->routes);

  G_OBJECT_CLASS (collate_model_parent_class)->finalize (object);
}

static void
collate_model_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateModel *self = COLLATE_MODEL (object);

  switch (prop_id)
    {
    case PROP_ROUTE:
      g_value_set_object (value, self->route);
      break;
    case PROP_AVAILABILITY:
      g_value_set_enum (value, self->availability);
      break;
    case PROP_FREE_MEMORY:
      g_value_set_int64 (value, self->free_memory);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_model_class_init (CollateModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = collate_model_dispose;
  object_class->finalize = collate_model_finalize;
  object_class->get_property = collate_model_get_property;

  properties[PROP_ROUTE] = g_param_spec_object ("route", NULL, NULL, COLLATE_TYPE_ROUTE, flags);
  properties[PROP_AVAILABILITY] = g_param_spec_enum (
      "availability", NULL, NULL, COLLATE_TYPE_AVAILABILITY, COLLATE_UNAVAILABLE_RETIRED, flags);
  properties[PROP_FREE_MEMORY] = g_param_spec_int64 ("free-memory", NULL, NULL, -1, G_MAXINT64, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_model_init (CollateModel *self)
{
  self->free_memory = -1;
  self->held_context = -1;
  self->routes = g_list_store_new (COLLATE_TYPE_ROUTE);
  self->availability = COLLATE_UNAVAILABLE_RETIRED;
}

const char *
collate_model_get_id (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->id;
}

const char *
collate_model_get_name (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->name;
}

gint64
collate_model_get_context (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), 0);

  return self->context;
}

gint64
collate_model_get_max_output (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), 0);

  return self->max_output;
}

const char *
collate_model_get_encoding (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->encoding;
}

double
collate_model_get_token_factor (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), 1);

  return self->token_factor;
}

CollateThinking
collate_model_get_thinking (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), COLLATE_THINKING_NONE);

  return self->thinking;
}

GPtrArray *
collate_model_get_facts (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->facts;
}

const char *
collate_model_get_facts_source (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->facts_source;
}

GListModel *
collate_model_get_routes (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return G_LIST_MODEL (self->routes);
}

CollateRoute *
collate_model_get_route (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->route;
}

CollateAvailability
collate_model_get_availability (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), COLLATE_UNAVAILABLE_RETIRED);

  return self->availability;
}

gboolean
collate_model_is_local (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), FALSE);

  return self->local != NULL;
}

gboolean
collate_model_is_sparse (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), FALSE);

  return self->sparse;
}

const CollateLocalModel *
collate_model_get_local (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->local;
}

gint64
collate_model_get_free_memory (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), -1);

  return self->free_memory;
}

gint64
collate_model_get_held_context (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), -1);

  return self->held_context;
}

const char *
collate_model_get_card (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->card;
}

void
collate_model_set_free_memory (CollateModel *self, gint64 free_bytes, gint64 held_context, const char *card)
{
  g_return_if_fail (COLLATE_IS_MODEL (self));

  if (self->free_memory == free_bytes && self->held_context == held_context &&
      g_strcmp0 (self->card, card) == 0)
    return;

  self->free_memory = free_bytes;
  self->held_context = held_context;
  g_free (self->card);
  self->card = g_strdup (card);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FREE_MEMORY]);
}

const char *
collate_model_get_problem (CollateModel *self)
{
  g_return_val_if_fail (COLLATE_IS_MODEL (self), NULL);

  return self->local != NULL ? self->local->problem : NULL;
}
