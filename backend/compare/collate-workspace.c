/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The root of what the program works on: it owns the parts, and asks. Main thread. */

#include "compare/collate-workspace-private.h"

#include "compare/collate-conductor.h"
#include "compare/collate-history-private.h"

#define MAX_REPEATS 20

G_DEFINE_FINAL_TYPE (CollateWorkspace, collate_workspace, G_TYPE_OBJECT)

static GParamSpec *properties[COLLATE_WORKSPACE_N_PROPS];

void
collate_workspace_notify (CollateWorkspace *self, CollateWorkspaceProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

guint
collate_workspace_count_entries (CollateWorkspace *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->entries));
}

CollateEntry *
collate_workspace_get_entry (CollateWorkspace *self, guint position)
{
  g_autoptr (CollateEntry) entry = g_list_model_get_item (G_LIST_MODEL (self->entries), position);

  return entry;
}

/* Entries follow the catalogue. */

/* Another tokenizer may count for it now. */
static void
entry_selected_cb (CollateEntry *entry, GParamSpec *pspec, CollateWorkspace *self)
{
  collate_workspace_update_totals (self);
  if (collate_model_is_local (collate_entry_get_model (entry)))
    collate_workspace_queue_count (self);
}

static CollateEntry *
make_entry (CollateWorkspace *self, CollateModel *model)
{
  CollateEntry *entry = collate_entry_new (model, COLLATE_READING_WHOLE);

  if (g_hash_table_remove (self->lost, collate_entry_get_id (entry)))
    collate_entry_set_selected (entry, TRUE);
  g_signal_connect_object (
      entry, "notify::selected", G_CALLBACK (entry_selected_cb), self, G_CONNECT_DEFAULT);
  g_signal_connect_object (
      entry, "notify::thinking", G_CALLBACK (collate_workspace_queue_estimate), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
      entry, "notify::at-most", G_CALLBACK (collate_workspace_update_totals), self, G_CONNECT_SWAPPED);

  return entry;
}

static void
models_changed_cb (GListModel *models, guint position, guint removed, guint added, gpointer data)
{
  CollateWorkspace *self = data;
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = position; i < position + removed; i++)
    {
      CollateEntry *entry = collate_workspace_get_entry (self, i);

      g_signal_handlers_disconnect_by_data (entry, self);
      if (collate_entry_get_selected (entry))
        g_hash_table_add (self->lost, g_strdup (collate_entry_get_id (entry)));
    }
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (CollateModel) model = g_list_model_get_item (models, i);

      g_ptr_array_add (fresh, make_entry (self, model));
    }

  g_list_store_splice (self->entries, position, removed, fresh->pdata, fresh->len);
  collate_workspace_update_totals (self);
  collate_workspace_queue_count (self);
}

/* The object. */

static void
collate_workspace_dispose (GObject *object)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  g_clear_handle_id (&self->count_timer, g_source_remove);
  g_clear_handle_id (&self->estimate_idle, g_source_remove);
  if (self->library != NULL)
    g_signal_handlers_disconnect_by_data (self->library, self);
  if (self->catalogue != NULL)
    g_signal_handlers_disconnect_by_data (self->catalogue, self);
  g_clear_object (&self->library);
  g_clear_object (&self->catalogue);
  g_clear_object (&self->history);
  g_clear_object (&self->http);
  g_clear_object (&self->entries);
  g_clear_pointer (&self->pool, collate_client_pool_unref);

  G_OBJECT_CLASS (collate_workspace_parent_class)->dispose (object);
}

static void
collate_workspace_finalize (GObject *object)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  g_clear_pointer (&self->encodings, collate_encodings_unref);
  g_clear_pointer (&self->counts, g_hash_table_unref);
  g_clear_pointer (&self->lost, g_hash_table_unref);
  g_free (self->question);
  g_free (self->device);

  G_OBJECT_CLASS (collate_workspace_parent_class)->finalize (object);
}

static void
collate_workspace_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  switch (prop_id)
    {
    case COLLATE_WORKSPACE_PROP_QUESTION:
      g_value_set_string (value, self->question);
      break;
    case COLLATE_WORKSPACE_PROP_REPEATS:
      g_value_set_uint (value, self->repeats);
      break;
    case COLLATE_WORKSPACE_PROP_MAX_OUTPUT:
      g_value_set_int64 (value, self->max_output);
      break;
    case COLLATE_WORKSPACE_PROP_SEQUENTIAL:
      g_value_set_boolean (value, self->sequential);
      break;
    case COLLATE_WORKSPACE_PROP_DEVICE:
      g_value_set_string (value, self->device);
      break;
    case COLLATE_WORKSPACE_PROP_TOP_K:
      g_value_set_int64 (value, self->top_k);
      break;
    case COLLATE_WORKSPACE_PROP_N_SELECTED:
      g_value_set_uint (value, self->n_selected);
      break;
    case COLLATE_WORKSPACE_PROP_AT_MOST:
      g_value_set_int64 (value, self->at_most);
      break;
    case COLLATE_WORKSPACE_PROP_AT_MOST_INCOMPLETE:
      g_value_set_boolean (value, self->at_most_incomplete);
      break;
    case COLLATE_WORKSPACE_PROP_CAN_ASK:
      g_value_set_boolean (value, self->can_ask);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_question (CollateWorkspace *self, const char *question)
{
  if (question == NULL)
    question = "";
  if (g_strcmp0 (self->question, question) == 0)
    return;

  g_free (self->question);
  self->question = g_strdup (question);
  collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_QUESTION);
  collate_workspace_update_can_ask (self);
  collate_workspace_queue_count (self);
}

static void
set_repeats (CollateWorkspace *self, guint repeats)
{
  if (self->repeats == repeats)
    return;

  self->repeats = repeats;
  collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_REPEATS);
  collate_workspace_update_totals (self);
}

static void
set_max_output (CollateWorkspace *self, gint64 max_output)
{
  if (self->max_output == max_output)
    return;

  self->max_output = max_output;
  collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_MAX_OUTPUT);
  collate_workspace_queue_estimate (self);
}

static void
set_device (CollateWorkspace *self, const char *device)
{
  if (g_strcmp0 (self->device, device) == 0)
    return;

  g_free (self->device);
  self->device = g_strdup (device);
  collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_DEVICE);
}

static void
collate_workspace_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  switch (prop_id)
    {
    case COLLATE_WORKSPACE_PROP_QUESTION:
      set_question (self, g_value_get_string (value));
      break;
    case COLLATE_WORKSPACE_PROP_REPEATS:
      set_repeats (self, g_value_get_uint (value));
      break;
    case COLLATE_WORKSPACE_PROP_MAX_OUTPUT:
      set_max_output (self, g_value_get_int64 (value));
      break;
    case COLLATE_WORKSPACE_PROP_SEQUENTIAL:
      if (self->sequential != g_value_get_boolean (value))
        {
          self->sequential = g_value_get_boolean (value);
          collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_SEQUENTIAL);
        }
      break;
    case COLLATE_WORKSPACE_PROP_DEVICE:
      set_device (self, g_value_get_string (value));
      break;
    case COLLATE_WORKSPACE_PROP_TOP_K:
      if (self->top_k != g_value_get_int64 (value))
        {
          self->top_k = g_value_get_int64 (value);
          collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_TOP_K);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_workspace_class_init (CollateWorkspaceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags shown = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags chosen = shown | G_PARAM_WRITABLE;

  object_class->dispose = collate_workspace_dispose;
  object_class->finalize = collate_workspace_finalize;
  object_class->get_property = collate_workspace_get_property;
  object_class->set_property = collate_workspace_set_property;

  properties[COLLATE_WORKSPACE_PROP_QUESTION] = g_param_spec_string ("question", NULL, NULL, "", chosen);
  properties[COLLATE_WORKSPACE_PROP_REPEATS] =
      g_param_spec_uint ("repeats", NULL, NULL, 1, MAX_REPEATS, 1, chosen);
  properties[COLLATE_WORKSPACE_PROP_MAX_OUTPUT] =
      g_param_spec_int64 ("max-output", NULL, NULL, 0, G_MAXINT64, 0, chosen);
  properties[COLLATE_WORKSPACE_PROP_SEQUENTIAL] =
      g_param_spec_boolean ("sequential", NULL, NULL, FALSE, chosen);
  properties[COLLATE_WORKSPACE_PROP_DEVICE] = g_param_spec_string ("device", NULL, NULL, NULL, chosen);
  properties[COLLATE_WORKSPACE_PROP_TOP_K] =
      g_param_spec_int64 ("top-k", NULL, NULL, 0, G_MAXINT64, 0, chosen);
  properties[COLLATE_WORKSPACE_PROP_N_SELECTED] =
      g_param_spec_uint ("n-selected", NULL, NULL, 0, G_MAXUINT, 0, shown);
  properties[COLLATE_WORKSPACE_PROP_AT_MOST] =
      g_param_spec_int64 ("at-most", NULL, NULL, G_MININT64, G_MAXINT64, COLLATE_MONEY_UNKNOWN, shown);
  properties[COLLATE_WORKSPACE_PROP_AT_MOST_INCOMPLETE] =
      g_param_spec_boolean ("at-most-incomplete", NULL, NULL, FALSE, shown);
  properties[COLLATE_WORKSPACE_PROP_CAN_ASK] = g_param_spec_boolean ("can-ask", NULL, NULL, FALSE, shown);
  g_object_class_install_properties (object_class, COLLATE_WORKSPACE_N_PROPS, properties);
}

static void
collate_workspace_init (CollateWorkspace *self)
{
  self->entries = g_list_store_new (COLLATE_TYPE_ENTRY);
  self->lost = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->question = g_strdup ("");
  self->repeats = 1;
  self->at_most = COLLATE_MONEY_UNKNOWN;
}

CollateWorkspace *
collate_workspace_new (CollateEncodings *encodings,
                       CollateLibrary *library,
                       CollateCatalogue *catalogue,
                       CollateHistory *history,
                       CollateHttp *http)
{
  CollateWorkspace *self;

  g_return_val_if_fail (encodings != NULL, NULL);
  g_return_val_if_fail (COLLATE_IS_LIBRARY (library), NULL);
  g_return_val_if_fail (COLLATE_IS_CATALOGUE (catalogue), NULL);
  g_return_val_if_fail (COLLATE_IS_HISTORY (history), NULL);
  g_return_val_if_fail (COLLATE_IS_HTTP (http), NULL);

  self = g_object_new (COLLATE_TYPE_WORKSPACE, NULL);
  self->encodings = collate_encodings_ref (encodings);
  self->library = g_object_ref (library);
  self->catalogue = g_object_ref (catalogue);
  self->history = g_object_ref (history);
  self->http = g_object_ref (http);
  self->pool = collate_client_pool_new (http);

  g_signal_connect (catalogue, "items-changed", G_CALLBACK (models_changed_cb), self);
  g_signal_connect_swapped (catalogue, "changed", G_CALLBACK (collate_workspace_queue_estimate), self);
  g_signal_connect_swapped (library, "context-changed", G_CALLBACK (collate_workspace_queue_estimate), self);
  g_signal_connect_swapped (library, "notify::loading", G_CALLBACK (collate_workspace_update_can_ask), self);
  models_changed_cb (
      G_LIST_MODEL (catalogue), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (catalogue)), self);

  return self;
}

CollateLibrary *
collate_workspace_get_library (CollateWorkspace *self)
{
  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  return self->library;
}

CollateCatalogue *
collate_workspace_get_catalogue (CollateWorkspace *self)
{
  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  return self->catalogue;
}

CollateHistory *
collate_workspace_get_history (CollateWorkspace *self)
{
  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  return self->history;
}

CollateHttp *
collate_workspace_get_http (CollateWorkspace *self)
{
  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  return self->http;
}

GListModel *
collate_workspace_get_entries (CollateWorkspace *self)
{
  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  return G_LIST_MODEL (self->entries);
}

static CollateEntry *
find_entry (CollateWorkspace *self, const char *id)
{
  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    if (g_strcmp0 (collate_entry_get_id (collate_workspace_get_entry (self, i)), id) == 0)
      return collate_workspace_get_entry (self, i);

  return NULL;
}

CollateEntry *
collate_workspace_lookup_entry (CollateWorkspace *self, const char *id)
{
  g_autofree char *model = NULL;
  CollateReading reading;
  CollateEntry *entry;

  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  /* First as it stands: a person's own model may have a "+" in its id. */
  entry = find_entry (self, id);
  if (entry == NULL && collate_reading_parse_id (id, &model, &reading))
    entry = find_entry (self, model);

  return entry;
}

void
collate_workspace_select (CollateWorkspace *self, const char *const *ids)
{
  g_autoptr (GHashTable) chosen = g_hash_table_new (NULL, NULL);

  g_return_if_fail (COLLATE_IS_WORKSPACE (self));

  g_hash_table_remove_all (self->lost);
  for (guint i = 0; ids[i] != NULL; i++)
    {
      CollateEntry *entry = collate_workspace_lookup_entry (self, ids[i]);

      if (entry != NULL)
        g_hash_table_add (chosen, entry);
      else
        g_hash_table_add (self->lost, g_strdup (ids[i]));
    }
  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    collate_entry_set_selected (collate_workspace_get_entry (self, i),
                                g_hash_table_contains (chosen, collate_workspace_get_entry (self, i)));
}

GStrv
collate_workspace_dup_selected (CollateWorkspace *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    if (collate_entry_get_selected (collate_workspace_get_entry (self, i)))
      g_strv_builder_add (builder, collate_entry_get_id (collate_workspace_get_entry (self, i)));

  return g_strv_builder_end (builder);
}

static gboolean
can_be_asked (CollateWorkspace *self, const char *id)
{
  CollateEntry *entry = collate_workspace_lookup_entry (self, id);

  return entry != NULL &&
         collate_model_get_availability (collate_entry_get_model (entry)) == COLLATE_AVAILABLE;
}

/* The first model file that can be asked; (nullable). */
static CollateEntry *
find_local (CollateWorkspace *self)
{
  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    {
      CollateEntry *entry = collate_workspace_get_entry (self, i);

      if (collate_model_is_local (collate_entry_get_model (entry)) &&
          can_be_asked (self, collate_entry_get_id (entry)))
        return entry;
    }

  return NULL;
}

GStrv
collate_workspace_dup_default (CollateWorkspace *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  CollateLineUp *line_up;
  const char *const *ids;
  CollateEntry *local;

  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  line_up = collate_catalogue_get_default_line_up (self->catalogue);
  ids = line_up != NULL ? collate_line_up_get_models (line_up) : NULL;
  local = find_local (self);
  for (guint i = 0; ids != NULL && ids[i] != NULL && local != NULL; i++)
    if (can_be_asked (self, ids[i]))
      local = NULL;

  if (local != NULL)
    g_strv_builder_add (builder, collate_entry_get_id (local));
  else if (ids != NULL)
    g_strv_builder_addv (builder, (const char **) ids);

  return g_strv_builder_end (builder);
}

static GPtrArray *
find_entries (CollateWorkspace *self, const char *const *ids)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      CollateEntry *entry = collate_workspace_lookup_entry (self, ids[i]);

      if (entry != NULL && !g_ptr_array_find (entries, entry, NULL))
        g_ptr_array_add (entries, g_object_ref (entry));
    }

  return entries;
}

CollateComparison *
collate_workspace_ask (CollateWorkspace *self, const char *question, const char *const *ids)
{
  g_auto (GStrv) selected = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  CollateComparison *comparison;
  CollateOrder order;

  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);
  g_return_val_if_fail (question != NULL, NULL);

  selected = ids == NULL ? collate_workspace_dup_selected (self) : g_strdupv ((char **) ids);
  entries = find_entries (self, (const char *const *) selected);
  order = (CollateOrder){
    .question = question,
    .entries = entries,
    .repeats = self->repeats,
    .sequential = self->sequential,
    .max_output = self->max_output,
    .device = self->device,
    .top_k = self->top_k,
    .library = self->library,
    .encodings = self->encodings,
    .keys = collate_catalogue_get_keys (self->catalogue),
    .pool = self->pool,
  };

  comparison = collate_conductor_prepare (&order);
  collate_history_add (self->history, comparison);
  collate_conductor_start (comparison);

  return comparison;
}
