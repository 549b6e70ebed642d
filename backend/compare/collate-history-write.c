/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Writing the comparisons that this program asks, as they change. Main thread. */

#include "compare/collate-history-private.h"

#include "compare/collate-answer-private.h"
#include "compare/collate-comparison-private.h"

/* Twice a second and a little more, so that nothing on screen is unwritten for a second. */
#define WRITE_INTERVAL_MS 400

/* A full disk is not asked again and again; the next text, or the end of an answer, tries anew. */
#define MAX_FAILURES 5

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
  gboolean inserting;
  GHashTable *progress; /* CollateAnswer to Progress */
  guint n_writing;      /* writes of which nobody knows yet whether they succeed */
  guint n_failures;
} Watch;

void
collate_history_watch_free (gpointer data)
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

/* What came since the last time, or all of it. Of an answer that is not final, what it would cost if it ended now goes
 * along: should the program be killed, that is what it cost. */
static CollateStoreChange *
make_change (CollateAnswer *answer, guint position, Progress *progress, gboolean whole)
{
  const CollateAnswerRecord *record = collate_answer_get_record (answer);
  CollateStoreChange *change = g_new0 (CollateStoreChange, 1);

  change->position = position;
  change->whole = whole;
  change->record =
      collate_answer_record_copy (record, whole ? 0 : progress->text, whole ? 0 : progress->reasoning);
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
mark_unwritten (Watch *watch, GPtrArray *answers)
{
  for (guint i = 0; i < answers->len; i++)
    {
      Progress *progress = g_hash_table_lookup (watch->progress, answers->pdata[i]);

      if (progress != NULL)
        progress->whole = progress->dirty = TRUE;
    }
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Write *write = data;
  Watch *watch = g_hash_table_lookup (write->history->watches, write->comparison);
  GError *error = NULL;
  gboolean written = collate_history_disk_write_finish (result, &error);

  if (watch != NULL && watch->n_writing > 0)
    watch->n_writing--;
  /* Of a comparison that could not be inserted there was nothing to write. */
  if (error != NULL || watch == NULL || watch->item != NULL)
    collate_history_take_problem (write->history, error);
  if (watch != NULL && written)
    watch->n_failures = 0;
  else if (watch != NULL)
    {
      mark_unwritten (watch, write->answers);
      if (++watch->n_failures < MAX_FAILURES)
        start_timer (write->history);
    }

  collate_comparison_release (write->comparison);
  g_object_unref (write->comparison);
  g_object_unref (write->history);
  g_ptr_array_unref (write->answers);
  g_free (write);
}

static void insert (Watch *watch);

static void
write_changes (Watch *watch)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify) collate_store_change_free);
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (g_object_unref);
  Write *write;

  if (watch->item == NULL && !watch->inserting)
    {
      insert (watch);
      return;
    }

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (watch->comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (watch->comparison), i);
      Progress *progress = g_hash_table_lookup (watch->progress, answer);

      if (progress == NULL || !progress->dirty)
        continue;
      /* A write under way may fail yet, and a piece is nothing without the one before. */
      g_ptr_array_add (changes, make_change (answer, i, progress, progress->whole || watch->n_writing > 0));
      g_ptr_array_add (answers, g_steal_pointer (&answer));
    }
  if (changes->len == 0)
    return;

  write = g_new0 (Write, 1);
  write->history = g_object_ref (watch->history);
  write->comparison = g_object_ref (watch->comparison);
  write->answers = g_steal_pointer (&answers);
  collate_comparison_hold (watch->comparison);
  watch->n_writing++;
  collate_history_disk_write (
      watch->history->disk, watch->row, g_steal_pointer (&changes), written_cb, write);
}

void
collate_history_write_all (CollateHistory *self)
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
  collate_history_write_all (self);

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

void
collate_history_changed_on_disk_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateHistory) self = data;
  GError *error = NULL;

  collate_history_disk_write_finish (result, &error);
  collate_history_take_problem (self, error);
}

void
collate_history_title_changed_cb (CollateComparison *comparison, GParamSpec *pspec, gpointer data)
{
  CollateHistory *self = data;
  Watch *watch = g_hash_table_lookup (self->watches, comparison);
  const char *title = collate_comparison_get_title (comparison);
  CollateHistoryRow *row = watch != NULL ? collate_history_row_ref (watch->row)
                                         : collate_history_row_new (collate_comparison_get_id (comparison));
  CollateHistoryItem *item = collate_history_find_item (self, collate_comparison_get_id (comparison), NULL);

  if (item != NULL)
    collate_history_item_set_title (item, title);
  collate_history_disk_rename (
      self->disk, row, title, collate_history_changed_on_disk_cb, g_object_ref (self));
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

  collate_history_take_problem (self, error);
  if (watch != NULL)
    watch->inserting = FALSE;
  if (id > 0)
    collate_comparison_set_id (write->comparison, id);
  else if (watch != NULL && ++watch->n_failures < MAX_FAILURES)
    start_timer (self);
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

/* All that is known now; tried again where it fails. */
static void
insert (Watch *watch)
{
  Write *write = g_new0 (Write, 1);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (watch->comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (watch->comparison), i);

      *mark_dirty (watch, answer) = (Progress){ .text = collate_answer_get_text_length (answer),
                                                .reasoning = collate_answer_get_reasoning_length (answer) };
    }

  write->history = g_object_ref (watch->history);
  write->comparison = g_object_ref (watch->comparison);
  watch->inserting = TRUE;
  collate_comparison_hold (watch->comparison);
  collate_history_disk_insert (watch->history->disk,
                               watch->row,
                               collate_comparison_dup_record (watch->comparison),
                               inserted_cb,
                               write);
}

void
collate_history_add (CollateHistory *self, CollateComparison *comparison)
{
  Watch *watch;

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
  g_signal_connect_object (
      comparison, "notify::title", G_CALLBACK (collate_history_title_changed_cb), self, 0);

  insert (watch);
}
