/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The root of what the program works on: it owns the parts, keeps the estimates of entries up to date, and
 * asks. Main thread. */

#include "compare/collate-workspace.h"

#include "compare/collate-conductor.h"
#include "compare/collate-counting.h"
#include "compare/collate-history-private.h"
#include "documents/collate-text.h"

/* A question is counted when its writer pauses, not at every key. */
#define COUNT_DELAY_MS 80

#define MAX_REPEATS 20

struct _CollateWorkspace
{
  GObject parent_instance;

  CollateEncodings *encodings;
  CollateLibrary *library;
  CollateCatalogue *catalogue;
  CollateHistory *history;
  CollateHttp *http;
  CollateClientPool *pool;
  GListStore *entries;
  GHashTable *lost; /* ids of entries that were ticked when their model went: a reload brings it back */

  char *question;
  guint repeats;
  gint64 max_output;
  gboolean sequential;

  guint n_selected;
  CollateMoney at_most;
  gboolean at_most_incomplete;
  gboolean can_ask;

  GHashTable *counts; /* encoding's name to gint64: instruction and question; NULL until counted */
  guint count_timer;
  gboolean counting;
  gboolean count_again; /* what is being counted is out of date */
  guint estimate_idle;
};

G_DEFINE_FINAL_TYPE (CollateWorkspace, collate_workspace, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_QUESTION,
  PROP_REPEATS,
  PROP_MAX_OUTPUT,
  PROP_SEQUENTIAL,
  PROP_N_SELECTED,
  PROP_AT_MOST,
  PROP_AT_MOST_INCOMPLETE,
  PROP_CAN_ASK,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
notify (CollateWorkspace *self, int property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static guint
count_entries (CollateWorkspace *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->entries));
}

/* The store keeps it alive. */
static CollateEntry *
get_entry (CollateWorkspace *self, guint position)
{
  g_autoptr (CollateEntry) entry = g_list_model_get_item (G_LIST_MODEL (self->entries), position);

  return entry;
}

/* Totals. */

static void
update_can_ask (CollateWorkspace *self)
{
  gboolean can_ask = !collate_text_is_blank (self->question) && self->n_selected > 0 &&
                     !collate_library_is_loading (self->library);

  if (can_ask == self->can_ask)
    return;

  self->can_ask = can_ask;
  notify (self, PROP_CAN_ASK);
}

static void
update_totals (CollateWorkspace *self)
{
  CollateMoney at_most = COLLATE_MONEY_UNKNOWN;
  gboolean incomplete = FALSE;
  guint n_selected = 0;

  for (guint i = 0; i < count_entries (self); i++)
    {
      CollateEntry *entry = get_entry (self, i);
      CollateMoney cost = collate_money_multiply (collate_entry_get_at_most (entry), self->repeats);

      if (!collate_entry_get_selected (entry))
        continue;
      n_selected++;
      if (cost == COLLATE_MONEY_UNKNOWN)
        incomplete = TRUE;
      else
        at_most = at_most == COLLATE_MONEY_UNKNOWN ? cost : collate_money_add (at_most, cost);
    }

  if (n_selected != self->n_selected)
    {
      self->n_selected = n_selected;
      notify (self, PROP_N_SELECTED);
    }
  if (at_most != self->at_most)
    {
      self->at_most = at_most;
      notify (self, PROP_AT_MOST);
    }
  if (incomplete != self->at_most_incomplete)
    {
      self->at_most_incomplete = incomplete;
      notify (self, PROP_AT_MOST_INCOMPLETE);
    }
  update_can_ask (self);
}

/* Estimates. */

/* -1 while question or documents are not counted. */
static gint64
estimate_input (CollateWorkspace *self, CollateModel *model)
{
  const char *encoding = collate_counting_encoding (model);
  gint64 documents = collate_library_get_context_tokens (self->library, encoding);
  const gint64 *rest = self->counts != NULL ? g_hash_table_lookup (self->counts, encoding) : NULL;

  return documents >= 0 && rest != NULL ? collate_counting_estimate (model, documents + *rest) : -1;
}

static gboolean
estimate_cb (gpointer data)
{
  CollateWorkspace *self = data;

  self->estimate_idle = 0;
  for (guint i = 0; i < count_entries (self); i++)
    {
      CollateEntry *entry = get_entry (self, i);

      collate_entry_estimate (
          entry, estimate_input (self, collate_entry_get_model (entry)), self->max_output);
    }
  update_totals (self);

  return G_SOURCE_REMOVE;
}

static void
queue_estimate (CollateWorkspace *self)
{
  if (self->estimate_idle == 0)
    self->estimate_idle = g_idle_add (estimate_cb, self);
}

static void start_count (CollateWorkspace *self);

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateWorkspace) self = data;

  g_clear_pointer (&self->counts, g_hash_table_unref);
  self->counts = collate_count_finish (result);
  self->counting = FALSE;
  if (self->library == NULL)
    return;

  if (self->count_again)
    start_count (self);
  queue_estimate (self);
}

/* Instruction and question, in every encoding that an entry is counted in. */
static void
start_count (CollateWorkspace *self)
{
  const char *const texts[] = { collate_prompt_instruction (), self->question, NULL };
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const char **array = NULL;

  self->count_again = self->counting;
  if (self->counting)
    return;

  for (guint i = 0; i < count_entries (self); i++)
    g_hash_table_add (names,
                      (char *) collate_counting_encoding (collate_entry_get_model (get_entry (self, i))));
  array = (const char **) g_hash_table_get_keys_as_array (names, NULL);
  self->counting = TRUE;
  collate_count_async (self->encodings, array, texts, counted_cb, g_object_ref (self));
}

static gboolean
count_timer_cb (gpointer data)
{
  CollateWorkspace *self = data;

  self->count_timer = 0;
  start_count (self);

  return G_SOURCE_REMOVE;
}

static void
queue_count (CollateWorkspace *self)
{
  if (self->count_timer == 0)
    self->count_timer = g_timeout_add (COUNT_DELAY_MS, count_timer_cb, self);
}

/* Entries follow the catalogue. */

static CollateEntry *
make_entry (CollateWorkspace *self, CollateModel *model)
{
  CollateEntry *entry = collate_entry_new (model, COLLATE_READING_WHOLE);

  if (g_hash_table_remove (self->lost, collate_entry_get_id (entry)))
    collate_entry_set_selected (entry, TRUE);
  g_signal_connect_object (entry, "notify::selected", G_CALLBACK (update_totals), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (entry, "notify::at-most", G_CALLBACK (update_totals), self, G_CONNECT_SWAPPED);

  return entry;
}

static void
models_changed_cb (GListModel *models, guint position, guint removed, guint added, gpointer data)
{
  CollateWorkspace *self = data;
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = position; i < position + removed; i++)
    {
      CollateEntry *entry = get_entry (self, i);

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
  update_totals (self);
  queue_count (self);
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

  G_OBJECT_CLASS (collate_workspace_parent_class)->finalize (object);
}

static void
collate_workspace_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  switch (prop_id)
    {
    case PROP_QUESTION:
      g_value_set_string (value, self->question);
      break;
    case PROP_REPEATS:
      g_value_set_uint (value, self->repeats);
      break;
    case PROP_MAX_OUTPUT:
      g_value_set_int64 (value, self->max_output);
      break;
    case PROP_SEQUENTIAL:
      g_value_set_boolean (value, self->sequential);
      break;
    case PROP_N_SELECTED:
      g_value_set_uint (value, self->n_selected);
      break;
    case PROP_AT_MOST:
      g_value_set_int64 (value, self->at_most);
      break;
    case PROP_AT_MOST_INCOMPLETE:
      g_value_set_boolean (value, self->at_most_incomplete);
      break;
    case PROP_CAN_ASK:
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
  notify (self, PROP_QUESTION);
  update_can_ask (self);
  queue_count (self);
}

static void
set_repeats (CollateWorkspace *self, guint repeats)
{
  if (self->repeats == repeats)
    return;

  self->repeats = repeats;
  notify (self, PROP_REPEATS);
  update_totals (self);
}

static void
set_max_output (CollateWorkspace *self, gint64 max_output)
{
  if (self->max_output == max_output)
    return;

  self->max_output = max_output;
  notify (self, PROP_MAX_OUTPUT);
  queue_estimate (self);
}

static void
collate_workspace_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateWorkspace *self = COLLATE_WORKSPACE (object);

  switch (prop_id)
    {
    case PROP_QUESTION:
      set_question (self, g_value_get_string (value));
      break;
    case PROP_REPEATS:
      set_repeats (self, g_value_get_uint (value));
      break;
    case PROP_MAX_OUTPUT:
      set_max_output (self, g_value_get_int64 (value));
      break;
    case PROP_SEQUENTIAL:
      if (self->sequential != g_value_get_boolean (value))
        {
          self->sequential = g_value_get_boolean (value);
          notify (self, PROP_SEQUENTIAL);
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

  properties[PROP_QUESTION] = g_param_spec_string ("question", NULL, NULL, "", chosen);
  properties[PROP_REPEATS] = g_param_spec_uint ("repeats", NULL, NULL, 1, MAX_REPEATS, 1, chosen);
  properties[PROP_MAX_OUTPUT] = g_param_spec_int64 ("max-output", NULL, NULL, 0, G_MAXINT64, 0, chosen);
  properties[PROP_SEQUENTIAL] = g_param_spec_boolean ("sequential", NULL, NULL, FALSE, chosen);
  properties[PROP_N_SELECTED] = g_param_spec_uint ("n-selected", NULL, NULL, 0, G_MAXUINT, 0, shown);
  properties[PROP_AT_MOST] =
      g_param_spec_int64 ("at-most", NULL, NULL, G_MININT64, G_MAXINT64, COLLATE_MONEY_UNKNOWN, shown);
  properties[PROP_AT_MOST_INCOMPLETE] = g_param_spec_boolean ("at-most-incomplete", NULL, NULL, FALSE, shown);
  properties[PROP_CAN_ASK] = g_param_spec_boolean ("can-ask", NULL, NULL, FALSE, shown);
  g_object_class_install_properties (object_class, N_PROPS, properties);
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
  g_signal_connect_swapped (catalogue, "changed", G_CALLBACK (queue_estimate), self);
  g_signal_connect_swapped (library, "context-changed", G_CALLBACK (queue_estimate), self);
  g_signal_connect_swapped (library, "notify::loading", G_CALLBACK (update_can_ask), self);
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
  for (guint i = 0; i < count_entries (self); i++)
    if (g_strcmp0 (collate_entry_get_id (get_entry (self, i)), id) == 0)
      return get_entry (self, i);

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

  for (guint i = 0; ids[i] != NULL; i++)
    {
      CollateEntry *entry = collate_workspace_lookup_entry (self, ids[i]);

      if (entry != NULL)
        g_hash_table_add (chosen, entry);
    }
  for (guint i = 0; i < count_entries (self); i++)
    collate_entry_set_selected (get_entry (self, i), g_hash_table_contains (chosen, get_entry (self, i)));
}

GStrv
collate_workspace_dup_selected (CollateWorkspace *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (COLLATE_IS_WORKSPACE (self), NULL);

  for (guint i = 0; i < count_entries (self); i++)
    if (collate_entry_get_selected (get_entry (self, i)))
      g_strv_builder_add (builder, collate_entry_get_id (get_entry (self, i)));

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
