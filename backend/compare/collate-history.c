/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The list of past comparisons, and opening one. Writing is in collate-history-write.c; the file itself belongs
 * to a thread: see collate-history-disk.c and collate-store.c. Main thread. */

#include "compare/collate-history-private.h"

#include "compare/collate-comparison-private.h"
#include "documents/collate-document.h"

#define FLUSH_MICROSECONDS (5 * G_USEC_PER_SEC)

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CollateHistory,
                               collate_history,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  PROP_0,
  PROP_PROBLEM,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* The list. */

static GType
get_item_type (GListModel *model)
{
  return COLLATE_TYPE_HISTORY_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return COLLATE_HISTORY (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  CollateHistory *self = COLLATE_HISTORY (model);

  return position < self->items->len ? g_object_ref (self->items->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

CollateHistoryItem *
collate_history_find_item (CollateHistory *self, gint64 id, guint *position)
{
  for (guint i = 0; i < self->items->len; i++)
    if (collate_history_item_get_id (self->items->pdata[i]) == id)
      {
        if (position != NULL)
          *position = i;
        return self->items->pdata[i];
      }

  return NULL;
}

void
collate_history_take_problem (CollateHistory *self, GError *problem)
{
  if (problem == NULL && self->problem == NULL)
    return;

  g_clear_error (&self->problem);
  self->problem = problem;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

/* The object. */

static void
collate_history_dispose (GObject *object)
{
  CollateHistory *self = COLLATE_HISTORY (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_hash_table_remove_all (self->watches);

  G_OBJECT_CLASS (collate_history_parent_class)->dispose (object);
}

static void
collate_history_finalize (GObject *object)
{
  CollateHistory *self = COLLATE_HISTORY (object);

  g_clear_pointer (&self->disk, collate_history_disk_free);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_clear_error (&self->problem);

  G_OBJECT_CLASS (collate_history_parent_class)->finalize (object);
}

static void
collate_history_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_PROBLEM:
      g_value_set_boxed (value, COLLATE_HISTORY (object)->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_class_init (CollateHistoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_history_dispose;
  object_class->finalize = collate_history_finalize;
  object_class->get_property = collate_history_get_property;

  properties[PROP_PROBLEM] =
      g_param_spec_boxed ("problem",
                          NULL,
                          NULL,
                          G_TYPE_ERROR,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_history_init (CollateHistory *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, collate_history_watch_free);
}

CollateHistory *
collate_history_new (const char *path)
{
  CollateHistory *self;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_object_new (COLLATE_TYPE_HISTORY, NULL);
  self->disk = collate_history_disk_new (path);
  collate_history_load_async (self, NULL, NULL, NULL);

  return self;
}

/* Reading. */

/* Items that are there already stay the same objects: a view keeps its place. */
static void
take_rows (CollateHistory *self, GPtrArray *rows)
{
  g_autoptr (GPtrArray) before = g_steal_pointer (&self->items);
  g_autoptr (GHashTable) known = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autofree gint64 *ids = g_new (gint64, before->len);

  for (guint i = 0; i < before->len; i++)
    {
      ids[i] = collate_history_item_get_id (before->pdata[i]);
      g_hash_table_insert (known, &ids[i], before->pdata[i]);
    }

  self->items = g_ptr_array_new_full (rows->len, g_object_unref);
  g_ptr_array_set_free_func (rows, NULL);
  for (guint i = 0; i < rows->len; i++)
    {
      CollateStoreRow *row = rows->pdata[i];
      CollateHistoryItem *item = g_hash_table_lookup (known, &row->id);

      if (item == NULL)
        {
          g_ptr_array_add (self->items, collate_history_item_new (row));
          continue;
        }
      collate_history_item_set_title (item, row->title);
      collate_history_item_set_state (item, row->state);
      g_ptr_array_add (self->items, g_object_ref (item));
      collate_store_row_free (row);
    }

  g_list_model_items_changed (G_LIST_MODEL (self), 0, before->len, self->items->len);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateHistory *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = collate_history_disk_list_finish (result, &error);

  collate_history_take_problem (self, error != NULL ? g_error_copy (error) : NULL);
  if (rows == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  take_rows (self, rows);
  g_task_return_boolean (task, TRUE);
}

void
collate_history_load_async (CollateHistory *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task;

  g_return_if_fail (COLLATE_IS_HISTORY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_history_load_async);
  collate_history_disk_list (self->disk, listed_cb, task);
}

gboolean
collate_history_load_finish (CollateHistory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static CollateComparison *
find_watched (CollateHistory *self, gint64 id)
{
  GHashTableIter iter;
  gpointer comparison;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, &comparison, NULL))
    if (collate_comparison_get_id (comparison) == id)
      return comparison;

  return NULL;
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  CollateHistory *self = g_task_get_source_object (task);
  GError *error = NULL;
  CollateComparisonRecord *record = collate_history_disk_read_finish (result, &error);
  CollateComparison *comparison;

  if (record == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  comparison = collate_comparison_new (record);
  g_signal_connect_object (
      comparison, "notify::title", G_CALLBACK (collate_history_title_changed_cb), self, 0);
  g_task_return_pointer (task, comparison, g_object_unref);
}

void
collate_history_open_async (CollateHistory *self,
                            gint64 id,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  CollateComparison *watched;
  GTask *task;

  g_return_if_fail (COLLATE_IS_HISTORY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_history_open_async);

  watched = id > 0 ? find_watched (self, id) : NULL;
  if (watched == NULL)
    {
      collate_history_disk_read (self->disk, id, read_cb, task);
      return;
    }

  g_task_return_pointer (task, g_object_ref (watched), g_object_unref);
  g_object_unref (task);
}

CollateComparison *
collate_history_open_finish (CollateHistory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Documents that are read from no file; (transfer full). */
static GPtrArray *
make_documents (GPtrArray *records)
{
  GPtrArray *documents = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < records->len; i++)
    {
      CollateDocumentRecord *record = records->pdata[i];

      g_ptr_array_add (documents,
                       collate_document_new_for_text (record->name,
                                                      record->pages,
                                                      g_steal_pointer (&record->text),
                                                      (const char *const *) record->warnings));
    }

  return documents;
}

static void
documents_read_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GPtrArray) records = collate_history_disk_read_documents_finish (result, &error);

  if (records != NULL)
    g_task_return_pointer (task, make_documents (records), (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
collate_history_restore_async (CollateHistory *self,
                               gint64 id,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task;

  g_return_if_fail (COLLATE_IS_HISTORY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_history_restore_async);
  collate_history_disk_read_documents (self->disk, id, documents_read_cb, task);
}

GPtrArray *
collate_history_restore_finish (CollateHistory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
collate_history_remove (CollateHistory *self, gint64 id)
{
  CollateComparison *watched;
  guint position;

  g_return_if_fail (COLLATE_IS_HISTORY (self));

  if (id <= 0)
    return;

  watched = find_watched (self, id);
  if (watched != NULL)
    g_hash_table_remove (self->watches, watched);
  if (collate_history_find_item (self, id, &position) != NULL)
    {
      g_ptr_array_remove_index (self->items, position);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }
  collate_history_disk_remove (self->disk, id, collate_history_changed_on_disk_cb, g_object_ref (self));
}

void
collate_history_flush (CollateHistory *self)
{
  g_return_if_fail (COLLATE_IS_HISTORY (self));

  collate_history_write_all (self);
  collate_history_disk_wait (self->disk, FLUSH_MICROSECONDS);
}
