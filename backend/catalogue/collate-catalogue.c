/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-catalogue-private.h"

#include "base/collate-error.h"
#include "catalogue/collate-model-private.h"
#include "catalogue/collate-models-file.h"

/* The list of what can be asked, as the files and the keys have it now. Main thread. */

#define MAX_PROBLEMS_SHOWN 5

/* A machine that slept past midnight notices within this time. */
#define MAX_DAY_CHECK_SECONDS 3600

struct _CollateCatalogue
{
  GObject parent_instance;

  JsonObject *built_in;
  char *user_path;
  gboolean user_required;
  char *prices_path;
  CollateKeys *keys;

  CollateProvider *local; /* one for good: who answers over it keeps loaded models */
  GPtrArray *local_models;

  CollateTables *tables;
  GListStore *providers;
  GListStore *line_ups;
  CollatePriceList *prices;
  GError *problem;

  guint day_timer;
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CollateCatalogue,
                               collate_catalogue,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Days and routes. */

static char *
get_today (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  return g_date_time_format (now, "%Y-%m-%d");
}

static gboolean
choose_routes (CollateCatalogue *self, const char *today)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < self->tables->models->len; i++)
    changed |= collate_model_choose_route (self->tables->models->pdata[i], self->keys, today);

  return changed;
}

void
collate_catalogue_choose_routes (CollateCatalogue *self, const char *today)
{
  if (choose_routes (self, today))
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
choose_routes_today (CollateCatalogue *self)
{
  g_autofree char *today = get_today ();

  collate_catalogue_choose_routes (self, today);
}

static void watch_day (CollateCatalogue *self);

static gboolean
on_day_timer (gpointer data)
{
  CollateCatalogue *self = data;

  self->day_timer = 0;
  watch_day (self);
  choose_routes_today (self);

  return G_SOURCE_REMOVE;
}

static void
watch_day (CollateCatalogue *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  guint rest = 86400 - (guint) (g_date_time_to_unix (now) % 86400);

  self->day_timer = g_timeout_add_seconds (MIN (rest + 1, MAX_DAY_CHECK_SECONDS), on_day_timer, self);
}

/* Files. */

/* NULL without an error where the file need not be there and is not. */
static JsonObject *
read_own_file (CollateCatalogue *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  JsonObject *object;

  if (self->user_path == NULL)
    return NULL;

  object = collate_models_file_load (self->user_path, &local);
  if (object != NULL)
    return object;

  if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", self->user_path);
  else if (self->user_required)
    g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, "%s: no such file", self->user_path);

  return NULL;
}

static GError *
make_problem (const char *path, GPtrArray *problems)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (problems->len == 0)
    return NULL;

  for (guint i = 0; i < MIN (problems->len, MAX_PROBLEMS_SHOWN); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", (const char *) problems->pdata[i]);
  if (problems->len > MAX_PROBLEMS_SHOWN)
    g_string_append_printf (text, "; +%u", problems->len - MAX_PROBLEMS_SHOWN);

  return g_error_new (COLLATE_ERROR, COLLATE_ERROR_INVALID, "%s: %s", path, text->str);
}

static void
load_prices (CollateCatalogue *self)
{
  g_autoptr (JsonObject) object = NULL;

  g_clear_pointer (&self->prices, collate_price_list_free);
  if (self->prices_path == NULL)
    return;

  /* A kept list that cannot be read is as good as none: it can be fetched again. */
  object = collate_models_file_load (self->prices_path, NULL);
  if (object != NULL)
    self->prices = collate_price_list_new_from_json (object, NULL);
}

static void
load_tables (CollateCatalogue *self)
{
  g_autoptr (JsonObject) own = NULL;
  g_autofree char *today = get_today ();

  g_clear_error (&self->problem);
  own = read_own_file (self, &self->problem);
  g_clear_pointer (&self->tables, collate_tables_free);
  self->tables = collate_tables_new (self->built_in, own, self->prices != NULL ? self->prices->prices : NULL);
  if (self->problem == NULL && self->user_path != NULL)
    self->problem = make_problem (self->user_path, self->tables->problems);
  collate_tables_add_local (self->tables, self->local, self->local_models);
  choose_routes (self, today);
}

static void
fill_store (GListStore *store, GPtrArray *items)
{
  g_list_store_splice (store, 0, g_list_model_get_n_items (G_LIST_MODEL (store)), items->pdata, items->len);
}

static void
publish_tables (CollateCatalogue *self, guint n_before)
{
  fill_store (self->providers, self->tables->providers);
  fill_store (self->line_ups, self->tables->line_ups);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n_before, self->tables->models->len);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The list. */

static GType
collate_catalogue_get_item_type (GListModel *list)
{
  return COLLATE_TYPE_MODEL;
}

static guint
collate_catalogue_get_n_items (GListModel *list)
{
  return COLLATE_CATALOGUE (list)->tables->models->len;
}

static gpointer
collate_catalogue_get_item (GListModel *list, guint position)
{
  GPtrArray *models = COLLATE_CATALOGUE (list)->tables->models;

  return position < models->len ? g_object_ref (models->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = collate_catalogue_get_item_type;
  iface->get_n_items = collate_catalogue_get_n_items;
  iface->get_item = collate_catalogue_get_item;
}

static void
collate_catalogue_dispose (GObject *object)
{
  CollateCatalogue *self = COLLATE_CATALOGUE (object);

  g_clear_handle_id (&self->day_timer, g_source_remove);
  g_clear_object (&self->keys);
  g_clear_object (&self->local);
  g_clear_object (&self->providers);
  g_clear_object (&self->line_ups);

  G_OBJECT_CLASS (collate_catalogue_parent_class)->dispose (object);
}

static void
collate_catalogue_finalize (GObject *object)
{
  CollateCatalogue *self = COLLATE_CATALOGUE (object);

  g_clear_pointer (&self->tables, collate_tables_free);
  g_clear_pointer (&self->local_models, g_ptr_array_unref);
  g_clear_pointer (&self->prices, collate_price_list_free);
  g_clear_pointer (&self->built_in, json_object_unref);
  g_clear_error (&self->problem);
  g_free (self->user_path);
  g_free (self->prices_path);

  G_OBJECT_CLASS (collate_catalogue_parent_class)->finalize (object);
}

static void
collate_catalogue_class_init (CollateCatalogueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_catalogue_dispose;
  object_class->finalize = collate_catalogue_finalize;

  signals[CHANGED] = g_signal_new (
      "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
collate_catalogue_init (CollateCatalogue *self)
{
  self->local = collate_provider_new_local ();
  self->local_models = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_local_model_free);
  self->providers = g_list_store_new (COLLATE_TYPE_PROVIDER);
  self->line_ups = g_list_store_new (COLLATE_TYPE_LINE_UP);
}

CollateCatalogue *
collate_catalogue_new (GBytes *built_in,
                       const char *user_path,
                       gboolean user_required,
                       const char *prices_path,
                       CollateKeys *keys)
{
  CollateCatalogue *self = g_object_new (COLLATE_TYPE_CATALOGUE, NULL);
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *data = g_bytes_get_data (built_in, &length);

  self->built_in = collate_models_file_parse (data, length, &error);
  if (self->built_in == NULL)
    {
      g_critical ("The built-in models file: %s", error->message);
      self->built_in = json_object_new ();
    }
  self->user_path = g_strdup (user_path);
  self->user_required = user_required;
  self->prices_path = g_strdup (prices_path);
  self->keys = g_object_ref (keys);
  g_signal_connect_object (keys, "changed", G_CALLBACK (choose_routes_today), self, G_CONNECT_SWAPPED);

  load_prices (self);
  load_tables (self);
  publish_tables (self, 0);
  watch_day (self);

  return self;
}

const GError *
collate_catalogue_get_problem (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return self->problem;
}

void
collate_catalogue_reload (CollateCatalogue *self)
{
  guint n_before;

  g_return_if_fail (COLLATE_IS_CATALOGUE (self));

  n_before = self->tables->models->len;
  load_prices (self);
  load_tables (self);
  publish_tables (self, n_before);
}

void
collate_catalogue_set_local_models (CollateCatalogue *self, GPtrArray *local_models)
{
  guint n_before;

  g_return_if_fail (COLLATE_IS_CATALOGUE (self));

  g_ptr_array_set_size (self->local_models, 0);
  for (guint i = 0; i < local_models->len; i++)
    g_ptr_array_add (self->local_models, collate_local_model_copy (local_models->pdata[i]));

  n_before = self->tables->models->len;
  load_tables (self);
  publish_tables (self, n_before);
}

CollateModel *
collate_catalogue_lookup (CollateCatalogue *self, const char *id)
{
  guint at;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  at = id != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->tables->model_index, id)) : 0;

  return at > 0 ? self->tables->models->pdata[at - 1] : NULL;
}

CollateProvider *
collate_catalogue_lookup_provider (CollateCatalogue *self, const char *id)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  for (guint i = 0; i < self->tables->providers->len; i++)
    if (g_strcmp0 (collate_provider_get_id (self->tables->providers->pdata[i]), id) == 0)
      return self->tables->providers->pdata[i];

  return NULL;
}

CollateKeys *
collate_catalogue_get_keys (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return self->keys;
}

GListModel *
collate_catalogue_get_providers (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return G_LIST_MODEL (self->providers);
}

GListModel *
collate_catalogue_get_line_ups (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return G_LIST_MODEL (self->line_ups);
}

CollateLineUp *
collate_catalogue_get_default_line_up (CollateCatalogue *self)
{
  GPtrArray *line_ups;

  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  line_ups = self->tables->line_ups;
  for (guint i = 0; i < line_ups->len; i++)
    if (g_strcmp0 (collate_line_up_get_id (line_ups->pdata[i]), self->tables->default_line_up) == 0)
      return line_ups->pdata[i];

  return line_ups->len > 0 ? line_ups->pdata[0] : NULL;
}

const char *
collate_catalogue_get_prices_date (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return self->prices != NULL ? self->prices->date : NULL;
}

const char *
collate_catalogue_get_prices_source (CollateCatalogue *self)
{
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (self), NULL);

  return self->prices != NULL ? self->prices->source : NULL;
}

JsonObject *
collate_catalogue_get_built_in (CollateCatalogue *self)
{
  return self->built_in;
}

const char *
collate_catalogue_get_user_path (CollateCatalogue *self)
{
  return self->user_path;
}

const char *
collate_catalogue_get_prices_path (CollateCatalogue *self)
{
  return self->prices_path;
}
