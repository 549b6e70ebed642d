/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The list of past comparisons, and the writing of those that this program asks. The file itself belongs to
 * a thread: see collate-history-disk.c and collate-store.c. Main thread. */

#include "compare/collate-history.h"

#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"
#include "compare/collate-history-disk.h"
#include "compare/collate-history-item.h"
#include "compare/collate-history-private.h"

/* Twice a second and a little more, so that nothing on screen is unwritten for a second. */
#define WRITE_INTERVAL_MS 400

/* A full disk is not asked again and again; the next text, or the end of an answer, tries anew. */
#define MAX_FAILURES 5

#define FLUSH_MICROSECONDS (5 * G_USEC_PER_SEC)

struct _CollateHistory
{
  GObject parent_instance;

  CollateHistoryDisk *disk;
  GPtrArray *items;
  GError *problem;

  GHashTable *watches; /* CollateComparison to Watch: those that this program asked */
  guint timer;
};

/* How much of an answer was handed to the disk. */
typedef struct
{
  gsize text;
  gsize reasoning;
  gboolean whole; /* the next time, all of it */
  gboolean dirty;
} Progress;

/* A comparison that is written as it changes. */
typedef struct
{
  CollateHistory *history;
  CollateComparison *comparison; /* (owned) */
  CollateHistoryRow *row;
  CollateHistoryItem *item; /* NULL until it is inserted */
  GHashTable *progress;     /* CollateAnswer to Progress */
  guint n_failures;
} Watch;

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

static CollateHistoryItem *
find_item (CollateHistory *self, gint64 id, guint *position)
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

/* Takes the error, or NULL: all is well again. */
static void
take_problem (CollateHistory *self, GError *problem)
{
  if (problem == NULL && self->problem == NULL)
    return;

  g_clear_error (&self->problem);
  self->problem = problem;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEM]);
}

/* Writing. */

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  g_signal_handlers_disconnect_by_data (watch->comparison, watch);
  g_object_unref (watch->comparison);
  collate_history_row_unref (watch->row);
  g_clear_object (&watch->item);
  g_hash_table_unref (watch->progress);
  g_free (watch);
}

static CollateStoreRow *
make_row (CollateComparison *comparison, gint64 id)
{
  GDateTime *created = collate_comparison_get_created (comparison);
  GPtrArray *documents = collate_comparison_get_documents (comparison);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GPtrArray) models = g_ptr_array_new ();
  CollateStoreRow *row = g_new0 (CollateStoreRow, 1);

  for (guint i = 0; i < documents->len; i++)
    g_strv_builder_add (names, ((CollateDocumentRecord *) documents->pdata[i])->name);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      if (collate_answer_get_run (answer) == 1)
        g_ptr_array_add (models, g_strdup (collate_answer_get_entry_id (answer)));
    }
  g_ptr_array_add (models, NULL);

  row->id = id;
  row->created = g_date_time_to_unix (created) * G_USEC_PER_SEC;
  row->title = g_strdup (collate_comparison_get_title (comparison));
  row->question = g_strdup (collate_comparison_get_question (comparison));
  row->documents = g_strv_builder_end (names);
  row->models = (GStrv) g_ptr_array_steal (models, NULL);

  return row;
}

static void
update_item_state (Watch *watch)
{
  g_autoptr (GArray) states = g_array_new (FALSE, FALSE, sizeof (CollateAnswerState));

  if (watch->item == NULL)
    return;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (watch->comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (watch->comparison), i);
      CollateAnswerState state = collate_answer_get_state (answer);

      g_array_append_val (states, state);
    }
  collate_history_item_set_state (
      watch->item, collate_store_join_states ((CollateAnswerState *) states->data, states->len));
}

/* What came since the last time. Of an answer that is not final, what it would cost if it ended now goes
 * along: should the program be killed, that is what it cost. */
static CollateStoreChange *
make_change (CollateAnswer *answer, guint position, Progress *progress)
{
  const CollateAnswerRecord *record = collate_answer_get_record (answer);
  CollateStoreChange *change = g_new0 (CollateStoreChange, 1);

  change->position = position;
  change->whole = progress->whole;
  change->record = collate_answer_record_copy (
      record, progress->whole ? 0 : progress->text, progress->whole ? 0 : progress->reasoning);
  if (!collate_answer_state_is_final (record->state))
    {
      change->record->has_usage = collate_answer_estimate_usage (answer, &change->record->usage);
      change->record->cost =
          change->record->has_usage
              ? collate_price_get_cost (record->price, &change->record->usage, record->asked_at)
              : COLLATE_MONEY_UNKNOWN;
    }

  *progress = (Progress){ .text = record->text->len, .reasoning = record->reasoning->len };
  return change;
}

typedef struct
{
  CollateHistory *history;
  CollateComparison *comparison;
  GPtrArray *answers; /* that were written */
} Write;

static void start_timer (CollateHistory *self);

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Write *write = data;
  Watch *watch = g_hash_table_lookup (write->history->watches, write->comparison);
  GError *error = NULL;
  gboolean written = collate_history_disk_write_finish (result, &error);

  take_problem (write->history, error);
  if (watch != NULL && written)
    watch->n_failures = 0;
  else if (watch != NULL && ++watch->n_failures < MAX_FAILURES)
    {
      for (guint i = 0; i < write->answers->len; i++)
        {
          Progress *progress = g_hash_table_lookup (watch->progress, write->answers->pdata[i]);

          if (progress != NULL)
            progress->whole = progress->dirty = TRUE;
        }
      start_timer (write->history);
    }

  collate_comparison_release (write->comparison);
  g_object_unref (write->comparison);
  g_object_unref (write->history);
  g_ptr_array_unref (write->answers);
  g_free (write);
}

static void
write_changes (Watch *watch)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_store_change_free);
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (g_object_unref);
  Write *write;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (watch->comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (watch->comparison), i);
      Progress *progress = g_hash_table_lookup (watch->progress, answer);

      if (progress == NULL || !progress->dirty)
        continue;
      g_ptr_array_add (changes, make_change (answer, i, progress));
      g_ptr_array_add (answers, g_steal_pointer (&answer));
    }
  if (changes->len == 0)
    return;

  write = g_new0 (Write, 1);
  write->history = g_object_ref (watch->history);
  write->comparison = g_object_ref (watch->comparison);
  write->answers = g_steal_pointer (&answers);
  collate_comparison_hold (watch->comparison);
  collate_history_disk_write (
      watch->history->disk, watch->row, g_steal_pointer (&changes), written_cb, write);
}

static void
write_all (CollateHistory *self)
{
  GHashTableIter iter;
  gpointer watch;

  g_hash_table_iter_init (&iter, self->watches);
  while (g_hash_table_iter_next (&iter, NULL, &watch))
    write_changes (watch);
}

static gboolean
timer_cb (gpointer data)
{
  CollateHistory *self = data;

  self->timer = 0;
  write_all (self);

  return G_SOURCE_REMOVE;
}

static void
start_timer (CollateHistory *self)
{
  if (self->timer == 0)
    self->timer = g_timeout_add (WRITE_INTERVAL_MS, timer_cb, self);
}

/* Marks an answer; NULL where it was not known yet. */
static Progress *
mark_dirty (Watch *watch, CollateAnswer *answer)
{
  Progress *progress = g_hash_table_lookup (watch->progress, answer);

  if (progress == NULL)
    {
      progress = g_new0 (Progress, 1);
      g_hash_table_insert (watch->progress, g_object_ref (answer), progress);
    }
  progress->dirty = TRUE;

  return progress;
}

static void
answer_changed_cb (CollateComparison *comparison, CollateAnswer *answer, gpointer data)
{
  Watch *watch = data;

  mark_dirty (watch, answer);
  if (!collate_answer_state_is_final (collate_answer_get_state (answer)))
    {
      start_timer (watch->history);
      return;
    }

  update_item_state (watch);
  write_changes (watch);
}

static gboolean
is_gone (gpointer answer, gpointer progress, gpointer comparison)
{
  return !collate_comparison_find (comparison, answer, NULL);
}

/* An answer was replaced by one that is asked anew. */
static void
items_changed_cb (GListModel *answers, guint position, guint removed, guint added, gpointer data)
{
  Watch *watch = data;

  g_hash_table_foreach_remove (watch->progress, is_gone, watch->comparison);
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (answers, i);

      mark_dirty (watch, answer)->whole = TRUE;
    }
  update_item_state (watch);
  write_changes (watch);
}

static void
changed_on_disk_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateHistory) self = data;
  GError *error = NULL;

  collate_history_disk_write_finish (result, &error);
  take_problem (self, error);
}

static void
title_changed_cb (CollateComparison *comparison, GParamSpec *pspec, gpointer data)
{
  CollateHistory *self = data;
  Watch *watch = g_hash_table_lookup (self->watches, comparison);
  const char *title = collate_comparison_get_title (comparison);
  CollateHistoryRow *row = watch != NULL ? collate_history_row_ref (watch->row)
                                         : collate_history_row_new (collate_comparison_get_id (comparison));
  CollateHistoryItem *item = find_item (self, collate_comparison_get_id (comparison), NULL);

  if (item != NULL)
    collate_history_item_set_title (item, title);
  collate_history_disk_rename (self->disk, row, title, changed_on_disk_cb, g_object_ref (self));
  collate_history_row_unref (row);
}

static void
inserted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Write *write = data;
  CollateHistory *self = write->history;
  Watch *watch = g_hash_table_lookup (self->watches, write->comparison);
  GError *error = NULL;
  gint64 id = collate_history_disk_insert_finish (result, &error);

  take_problem (self, error);
  if (id > 0)
    collate_comparison_set_id (write->comparison, id);
  if (id > 0 && watch != NULL)
    {
      watch->item = collate_history_item_new (make_row (write->comparison, id));
      update_item_state (watch);
      g_ptr_array_insert (self->items, 0, g_object_ref (watch->item));
      g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, 1);
    }

  collate_comparison_release (write->comparison);
  g_object_unref (write->comparison);
  g_object_unref (write->history);
  g_free (write);
}

void
collate_history_add (CollateHistory *self, CollateComparison *comparison)
{
  Watch *watch;
  Write *write;

  g_return_if_fail (COLLATE_IS_HISTORY (self));
  g_return_if_fail (COLLATE_IS_COMPARISON (comparison));

  watch = g_new0 (Watch, 1);
  watch->history = self;
  watch->comparison = g_object_ref (comparison);
  watch->row = collate_history_row_new (0);
  watch->progress = g_hash_table_new_full (NULL, NULL, g_object_unref, g_free);
  g_hash_table_insert (self->watches, comparison, watch);

  g_signal_connect (comparison, "answer-changed", G_CALLBACK (answer_changed_cb), watch);
  g_signal_connect (comparison, "items-changed", G_CALLBACK (items_changed_cb), watch);
  g_signal_connect_object (comparison, "notify::title", G_CALLBACK (title_changed_cb), self, 0);

  write = g_new0 (Write, 1);
  write->history = g_object_ref (self);
  write->comparison = g_object_ref (comparison);
  collate_comparison_hold (comparison);
  collate_history_disk_insert (
      self->disk, watch->row, collate_comparison_dup_record (comparison), inserted_cb, write);
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
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, watch_free);
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

  take_problem (self, error != NULL ? g_error_copy (error) : NULL);
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
  g_signal_connect_object (comparison, "notify::title", G_CALLBACK (title_changed_cb), self, 0);
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
  if (find_item (self, id, &position) != NULL)
    {
      g_ptr_array_remove_index (self->items, position);
      g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
    }
  collate_history_disk_remove (self->disk, id, changed_on_disk_cb, g_object_ref (self));
}

void
collate_history_flush (CollateHistory *self)
{
  g_return_if_fail (COLLATE_IS_HISTORY (self));

  write_all (self);
  collate_history_disk_wait (self->disk, FLUSH_MICROSECONDS);
}
