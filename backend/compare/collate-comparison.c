/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A question and its answers. It holds and tells; who asks is its driver. Main thread. */

#include "compare/collate-comparison-private.h"

#include "compare/collate-answer-private.h"

struct _CollateComparison
{
  GObject parent_instance;

  CollateComparisonRecord *record; /* its array of answers is empty: they are here */
  GPtrArray *answers;
  GDateTime *created;
  CollateFindings findings;
  guint n_running;

  const CollateDriver *driver;
  gpointer driver_data;
  GDestroyNotify free_driver_data;

  guint n_holds;
  GPtrArray *settling; /* tasks that wait */
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CollateComparison,
                               collate_comparison,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  PROP_0,
  PROP_ID,
  PROP_QUESTION,
  PROP_TITLE,
  PROP_RUNNING,
  PROP_N_RUNNING,
  PROP_FINDINGS,
  N_PROPS,
};

enum
{
  ANSWER_CHANGED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static void
notify (CollateComparison *self, int property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* The list. */

static GType
get_item_type (GListModel *model)
{
  return COLLATE_TYPE_ANSWER;
}

static guint
get_n_items (GListModel *model)
{
  return COLLATE_COMPARISON (model)->answers->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  CollateComparison *self = COLLATE_COMPARISON (model);

  return position < self->answers->len ? g_object_ref (self->answers->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Settling. */

static void
check_settled (CollateComparison *self)
{
  g_autoptr (GPtrArray) settled = NULL;

  if ((self->driver != NULL && self->n_running > 0) || self->n_holds > 0 || self->settling->len == 0)
    return;

  settled = g_steal_pointer (&self->settling);
  self->settling = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < settled->len; i++)
    g_task_return_boolean (settled->pdata[i], TRUE);
}

void
collate_comparison_hold (CollateComparison *self)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));

  self->n_holds++;
}

void
collate_comparison_release (CollateComparison *self)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (self->n_holds > 0);

  self->n_holds--;
  check_settled (self);
}

/* Changes. */

static guint
count_running (CollateComparison *self)
{
  guint n_running = 0;

  for (guint i = 0; i < self->answers->len; i++)
    n_running += !collate_answer_state_is_final (collate_answer_get_state (self->answers->pdata[i]));

  return n_running;
}

/* After an answer ended, or a new one took its place. */
static void
update_findings (CollateComparison *self, guint n_running)
{
  guint n_before = self->n_running;

  self->n_running = n_running;
  collate_findings_compute (G_LIST_MODEL (self), self->record->repeats, &self->findings);
  notify (self, PROP_FINDINGS);
  notify (self, PROP_N_RUNNING);
  if ((n_running > 0) != (n_before > 0))
    notify (self, PROP_RUNNING);
}

void
collate_comparison_answer_changed (CollateComparison *self, CollateAnswer *answer)
{
  guint n_running;

  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (COLLATE_IS_ANSWER (answer));

  g_object_ref (self);
  g_signal_emit (self, signals[ANSWER_CHANGED], 0, answer);

  n_running = count_running (self);
  if (n_running != self->n_running || collate_answer_state_is_final (collate_answer_get_state (answer)))
    update_findings (self, n_running);
  check_settled (self);
  g_object_unref (self);
}

void
collate_comparison_replace (CollateComparison *self, CollateAnswer *old, CollateAnswer *replacement)
{
  g_autoptr (CollateAnswer) kept = NULL; /* the findings point into it until they are computed anew */
  guint position;

  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (COLLATE_IS_ANSWER (replacement));

  if (!collate_comparison_find (self, old, &position))
    return;

  kept = self->answers->pdata[position];
  self->answers->pdata[position] = g_object_ref (replacement);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 1);
  update_findings (self, count_running (self));
}

void
collate_comparison_set_id (CollateComparison *self, gint64 id)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));

  if (self->record->id == id)
    return;

  self->record->id = id;
  notify (self, PROP_ID);
}

gpointer
collate_comparison_get_driver_data (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return self->driver_data;
}

void
collate_comparison_set_driver (CollateComparison *self,
                               const CollateDriver *driver,
                               gpointer data,
                               GDestroyNotify free_data)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (self->driver == NULL);

  self->driver = driver;
  self->driver_data = data;
  self->free_driver_data = free_data;
}

/* The object. */

static void
collate_comparison_finalize (GObject *object)
{
  CollateComparison *self = COLLATE_COMPARISON (object);

  if (self->free_driver_data != NULL)
    self->free_driver_data (self->driver_data);
  g_clear_pointer (&self->record, collate_comparison_record_free);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
  g_clear_pointer (&self->created, g_date_time_unref);
  g_clear_pointer (&self->settling, g_ptr_array_unref);

  G_OBJECT_CLASS (collate_comparison_parent_class)->finalize (object);
}

static void
collate_comparison_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateComparison *self = COLLATE_COMPARISON (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_int64 (value, self->record->id);
      break;
    case PROP_QUESTION:
      g_value_set_string (value, self->record->question);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->record->title);
      break;
    case PROP_RUNNING:
      g_value_set_boolean (value, self->n_running > 0);
      break;
    case PROP_N_RUNNING:
      g_value_set_uint (value, self->n_running);
      break;
    case PROP_FINDINGS:
      g_value_set_pointer (value, &self->findings);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_comparison_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateComparison *self = COLLATE_COMPARISON (object);
  const char *title;

  switch (prop_id)
    {
    case PROP_TITLE:
      title = g_value_get_string (value);
      if (title == NULL || *title == '\0')
        title = self->record->question;
      if (g_strcmp0 (title, self->record->title) != 0)
        {
          g_free (self->record->title);
          self->record->title = g_strdup (title);
          notify (self, PROP_TITLE);
        }
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_comparison_class_init (CollateComparisonClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = collate_comparison_finalize;
  object_class->get_property = collate_comparison_get_property;
  object_class->set_property = collate_comparison_set_property;

  properties[PROP_ID] = g_param_spec_int64 ("id", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_QUESTION] = g_param_spec_string ("question", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags | G_PARAM_WRITABLE);
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  properties[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_FINDINGS] = g_param_spec_pointer ("findings", NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[ANSWER_CHANGED] = g_signal_new ("answer-changed",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          1,
                                          COLLATE_TYPE_ANSWER);
}

static void
collate_comparison_init (CollateComparison *self)
{
  self->answers = g_ptr_array_new_with_free_func (g_object_unref);
  self->settling = g_ptr_array_new_with_free_func (g_object_unref);
}

CollateComparison *
collate_comparison_new (CollateComparisonRecord *record)
{
  g_autofree CollateAnswerRecord **records = NULL;
  CollateComparison *self;
  gsize n_records;

  g_return_val_if_fail (record != NULL, NULL);

  self = g_object_new (COLLATE_TYPE_COMPARISON, NULL);
  self->record = record;
  self->created = g_date_time_new_from_unix_utc (record->created / G_USEC_PER_SEC);
  if (self->created == NULL)
    self->created = g_date_time_new_from_unix_utc (0);

  records = (CollateAnswerRecord **) g_ptr_array_steal (record->answers, &n_records);
  for (gsize i = 0; i < n_records; i++)
    g_ptr_array_add (self->answers, collate_answer_new (records[i], record->repeats));

  self->n_running = count_running (self);
  collate_findings_compute (G_LIST_MODEL (self), record->repeats, &self->findings);

  return self;
}

CollateComparisonRecord *
collate_comparison_dup_record (CollateComparison *self)
{
  CollateComparisonRecord *copy;

  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  copy = collate_comparison_record_new (self->record->question);
  g_free (copy->title);
  copy->title = g_strdup (self->record->title);
  copy->id = self->record->id;
  copy->created = self->record->created;
  g_ptr_array_unref (copy->documents);
  copy->documents = collate_document_records_copy (self->record->documents);
  copy->context_tokens = self->record->context_tokens;
  copy->repeats = self->record->repeats;
  for (guint i = 0; i < self->answers->len; i++)
    g_ptr_array_add (copy->answers,
                     collate_answer_record_copy (collate_answer_get_record (self->answers->pdata[i]), 0, 0));

  return copy;
}

gboolean
collate_comparison_find (CollateComparison *self, CollateAnswer *answer, guint *position)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), FALSE);

  return g_ptr_array_find (self->answers, answer, position);
}

gint64
collate_comparison_get_id (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), 0);

  return self->record->id;
}

const char *
collate_comparison_get_question (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return self->record->question;
}

const char *
collate_comparison_get_title (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return self->record->title;
}

GDateTime *
collate_comparison_get_created (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return self->created;
}

GPtrArray *
collate_comparison_get_documents (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return self->record->documents;
}

gint64
collate_comparison_get_context_tokens (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), -1);

  return self->record->context_tokens;
}

guint
collate_comparison_get_repeats (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), 1);

  return self->record->repeats;
}

gboolean
collate_comparison_is_running (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), FALSE);

  return self->n_running > 0;
}

const CollateFindings *
collate_comparison_get_findings (CollateComparison *self)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), NULL);

  return &self->findings;
}

void
collate_comparison_stop (CollateComparison *self, CollateAnswer *answer)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (COLLATE_IS_ANSWER (answer));

  if (self->driver != NULL && collate_comparison_find (self, answer, NULL))
    self->driver->stop (answer, self->driver_data);
}

void
collate_comparison_stop_all (CollateComparison *self)
{
  g_autoptr (GPtrArray) answers = NULL;

  g_return_if_fail (COLLATE_IS_COMPARISON (self));

  /* From the last: what waits behind a stopped answer must not start. */
  answers = g_ptr_array_copy (self->answers, (GCopyFunc) g_object_ref, NULL);
  for (guint i = answers->len; i > 0; i--)
    collate_comparison_stop (self, answers->pdata[i - 1]);
}

gboolean
collate_comparison_can_retry (CollateComparison *self, CollateAnswer *answer)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON (self), FALSE);
  g_return_val_if_fail (COLLATE_IS_ANSWER (answer), FALSE);

  return self->driver != NULL && collate_comparison_find (self, answer, NULL) &&
         collate_answer_state_is_final (collate_answer_get_state (answer));
}

void
collate_comparison_retry (CollateComparison *self, CollateAnswer *answer)
{
  g_return_if_fail (COLLATE_IS_COMPARISON (self));
  g_return_if_fail (COLLATE_IS_ANSWER (answer));

  if (collate_comparison_can_retry (self, answer))
    self->driver->retry (answer, self->driver_data);
}

void
collate_comparison_settle_async (CollateComparison *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (COLLATE_IS_COMPARISON (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_comparison_settle_async);
  g_ptr_array_add (self->settling, g_steal_pointer (&task));
  check_settled (self);
}

gboolean
collate_comparison_settle_finish (CollateComparison *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
