/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The documents on their way: scanned (pool thread), queued, read (helper process), counted (worker thread),
 * and at the end their joined context counted. Each step ends on the main thread, where it is dropped if its
 * job was cancelled meanwhile: by removing the document, by reading it again, or with the library. */
#include "config.h"

#include "documents/collate-library.h"

#include "base/collate-worker.h"
#include "documents/collate-counting.h"
#include "documents/collate-counts.h"
#include "documents/collate-document-private.h"
#include "documents/collate-folder.h"
#include "documents/collate-read-queue.h"

struct _CollateLibrary
{
  GObject parent_instance;

  CollateEncodings *encodings;
  CollateReadQueue *queue;
  CollateWorker *worker;

  GPtrArray *documents;
  char *context; /* GRefString, NULL until somebody asks */
  CollateCounts *counts;

  GHashTable *active; /* CollateDocument → GCancellable of the job that it is in */
  GCancellable *scanning;
  guint n_scans;

  gboolean loading;
  GPtrArray *settlers; /* GTask */
};

/* One document's way from the queue to its tokens, or a scan. */
typedef struct
{
  GWeakRef library;
  GCancellable *cancellable;
  CollateDocument *document; /* NULL in a scan */
} Job;

static void collate_library_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CollateLibrary,
                               collate_library,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, collate_library_list_model_init))

enum
{
  PROP_0,
  PROP_LOADING,
  PROP_CONTEXT_TOKENS,
  N_PROPS
};

enum
{
  CONTEXT_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static Job *
job_new (CollateLibrary *self, GCancellable *cancellable, CollateDocument *document)
{
  Job *job = g_new0 (Job, 1);

  g_weak_ref_init (&job->library, self);
  job->cancellable = g_object_ref (cancellable);
  g_set_object (&job->document, document);

  return job;
}

static void
job_free (Job *job)
{
  g_weak_ref_clear (&job->library);
  g_object_unref (job->cancellable);
  g_clear_object (&job->document);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

/* The joined context as it is now; (transfer none). */
static char *
ensure_context (CollateLibrary *self)
{
  if (self->context == NULL)
    {
      g_autoptr (GString) context = g_string_new (NULL);

      for (guint i = 0; i < self->documents->len; i++)
        {
          CollateDocument *document = g_ptr_array_index (self->documents, i);

          if (collate_document_get_state (document) != COLLATE_DOCUMENT_READY)
            continue;
          g_string_append_printf (
              context, "\n\n=== Document: %s ===\n\n", collate_document_get_name (document));
          g_string_append (context, collate_document_get_text (document));
        }
      self->context = g_ref_string_new_len (context->str, context->len);
    }

  return self->context;
}

/* Before anything that changes the joined text; nobody is told yet. */
static void
forget_context (CollateLibrary *self)
{
  g_clear_pointer (&self->context, g_ref_string_release);
  collate_counts_forget (self->counts);
}

static void
settle (CollateLibrary *self)
{
  g_autoptr (GPtrArray) settlers = g_steal_pointer (&self->settlers);

  self->settlers = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < settlers->len; i++)
    g_task_return_boolean (g_ptr_array_index (settlers, i), TRUE);
}

/* After every step: begins to count what is read, and says what has become of it. Whoever hears that the
 * context changed can read its text and its tokens at once. */
static void
update (CollateLibrary *self, gboolean context_changed)
{
  gboolean is_read = g_hash_table_size (self->active) == 0 && self->n_scans == 0;
  gboolean is_settled =
      is_read && collate_counts_update (self->counts, self->worker, self->encodings, ensure_context (self));
  gboolean loading = !is_read || !collate_counts_is_done (self->counts, COLLATE_ENCODING_DEFAULT);

  if (self->loading != loading)
    {
      self->loading = loading;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADING]);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONTEXT_TOKENS]);
      context_changed = context_changed || !loading;
    }

  if (context_changed)
    g_signal_emit (self, signals[CONTEXT_CHANGED], 0);

  if (is_settled)
    settle (self);
}

static void
context_counted_cb (gpointer user_data)
{
  g_autoptr (CollateLibrary) self = g_object_ref (user_data);

  update (self, TRUE);
}

static void
counted_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (CollateLibrary) self = g_weak_ref_get (&job->library);
  gint64 tokens = collate_counting_count_finish (result, NULL);

  if (self == NULL || g_cancellable_is_cancelled (job->cancellable))
    return;

  g_hash_table_remove (self->active, job->document);
  collate_document_set_tokens (job->document, tokens);
  update (self, FALSE);
}

/* Counts a document that is ready, as the last part of its job. */
static void
count (CollateLibrary *self, CollateDocument *document, GCancellable *cancellable)
{
  collate_counting_count_async (self->worker,
                                self->encodings,
                                COLLATE_ENCODING_DEFAULT,
                                collate_document_ref_text (document),
                                cancellable,
                                counted_cb,
                                job_new (self, cancellable, document));
}

static void
read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (CollateLibrary) self = g_weak_ref_get (&job->library);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pages = collate_read_queue_read_finish (result, &error);
  gboolean is_ready;

  if (self == NULL || g_cancellable_is_cancelled (job->cancellable))
    return;

  if (pages == NULL)
    collate_document_set_failed (job->document, error);
  else
    {
      forget_context (self);
      collate_document_set_pages (job->document, pages);
    }

  is_ready = collate_document_get_state (job->document) == COLLATE_DOCUMENT_READY;
  if (is_ready)
    count (self, job->document, job->cancellable);
  else
    g_hash_table_remove (self->active, job->document);

  update (self, is_ready);
}

/* Takes a document out of the job that it is in. */
static void
stop (CollateLibrary *self, CollateDocument *document)
{
  GCancellable *cancellable = g_hash_table_lookup (self->active, document);

  if (cancellable != NULL)
    {
      g_cancellable_cancel (cancellable);
      g_hash_table_remove (self->active, document);
    }
}

static CollateDocument *
find (CollateLibrary *self, GFile *file)
{
  for (guint i = 0; i < self->documents->len; i++)
    {
      CollateDocument *document = g_ptr_array_index (self->documents, i);

      GFile *other = collate_document_get_file (document);

      if (other != NULL && g_file_equal (other, file))
        return document;
    }

  return NULL;
}

/* Takes the document. */
static void
insert (CollateLibrary *self, CollateDocument *document)
{
  guint position = self->documents->len;

  while (position > 0 &&
         collate_document_compare (g_ptr_array_index (self->documents, position - 1), document) > 0)
    position--;

  g_ptr_array_insert (self->documents, position, document);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

/* Queues a file; TRUE where that takes a text out of the context. */
static gboolean
read_file (CollateLibrary *self, GFile *file)
{
  CollateDocument *document = find (self, file);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gboolean was_ready = FALSE;

  if (document == NULL)
    {
      document = collate_document_new (file);
      insert (self, document);
    }
  else
    {
      was_ready = collate_document_get_state (document) == COLLATE_DOCUMENT_READY;
      stop (self, document);
      if (was_ready)
        forget_context (self);
      collate_document_set_reading (document);
    }

  g_hash_table_insert (self->active, document, g_object_ref (cancellable));
  collate_read_queue_read_async (
      self->queue, file, cancellable, read_cb, job_new (self, cancellable, document));

  return was_ready;
}

static void
scanned_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (CollateLibrary) self = g_weak_ref_get (&job->library);
  g_autoptr (GPtrArray) files = collate_folder_scan_finish (result, NULL);
  gboolean context_changed = FALSE;

  if (self == NULL || g_cancellable_is_cancelled (job->cancellable))
    return;

  self->n_scans--;
  for (guint i = 0; i < files->len; i++)
    context_changed |= read_file (self, g_ptr_array_index (files, i));

  update (self, context_changed);
}

static GType
get_item_type (GListModel *model)
{
  return COLLATE_TYPE_DOCUMENT;
}

static guint
get_n_items (GListModel *model)
{
  return COLLATE_LIBRARY (model)->documents->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  CollateLibrary *self = COLLATE_LIBRARY (model);

  return position < self->documents->len ? g_object_ref (g_ptr_array_index (self->documents, position))
                                         : NULL;
}

static void
collate_library_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Ends all that is under way; nothing is said. */
static void
stop_all (CollateLibrary *self)
{
  GHashTableIter iter;
  GCancellable *cancellable;

  g_hash_table_iter_init (&iter, self->active);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &cancellable))
    g_cancellable_cancel (cancellable);
  g_hash_table_remove_all (self->active);

  g_cancellable_cancel (self->scanning);
  g_set_object (&self->scanning, NULL);
  self->n_scans = 0;
}

static void
collate_library_dispose (GObject *object)
{
  CollateLibrary *self = COLLATE_LIBRARY (object);

  stop_all (self);
  forget_context (self);

  G_OBJECT_CLASS (collate_library_parent_class)->dispose (object);
}

static void
collate_library_finalize (GObject *object)
{
  CollateLibrary *self = COLLATE_LIBRARY (object);

  collate_worker_free (self->worker);
  collate_encodings_unref (self->encodings);
  collate_read_queue_unref (self->queue);
  g_ptr_array_unref (self->documents);
  g_clear_pointer (&self->context, g_ref_string_release);
  collate_counts_free (self->counts);
  g_hash_table_unref (self->active);
  g_ptr_array_unref (self->settlers);

  G_OBJECT_CLASS (collate_library_parent_class)->finalize (object);
}

static void
collate_library_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateLibrary *self = COLLATE_LIBRARY (object);

  switch (prop_id)
    {
    case PROP_LOADING:
      g_value_set_boolean (value, self->loading);
      break;
    case PROP_CONTEXT_TOKENS:
      g_value_set_int64 (value, collate_library_get_context_tokens (self, COLLATE_ENCODING_DEFAULT));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_library_class_init (CollateLibraryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = collate_library_dispose;
  object_class->finalize = collate_library_finalize;
  object_class->get_property = collate_library_get_property;

  properties[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  properties[PROP_CONTEXT_TOKENS] =
      g_param_spec_int64 ("context-tokens", NULL, NULL, -1, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[CONTEXT_CHANGED] = g_signal_new (
      "context-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
collate_library_init (CollateLibrary *self)
{
  self->worker = collate_worker_new ("documents");
  self->documents = g_ptr_array_new_with_free_func (g_object_unref);
  self->counts = collate_counts_new (context_counted_cb, self);
  self->active = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->settlers = g_ptr_array_new_with_free_func (g_object_unref);
}

CollateLibrary *
collate_library_new (CollateEncodings *encodings, const char *extract_path)
{
  CollateLibrary *self = g_object_new (COLLATE_TYPE_LIBRARY, NULL);

  self->encodings = collate_encodings_ref (encodings);
  self->queue = collate_read_queue_new (extract_path);

  return self;
}

void
collate_library_add (CollateLibrary *self, GPtrArray *files)
{
  g_return_if_fail (COLLATE_IS_LIBRARY (self));
  g_return_if_fail (files != NULL);

  if (self->scanning == NULL)
    self->scanning = g_cancellable_new ();

  self->n_scans++;
  collate_folder_scan_async (files, self->scanning, scanned_cb, job_new (self, self->scanning, NULL));
  update (self, FALSE);
}

void
collate_library_add_document (CollateLibrary *self, CollateDocument *document)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_return_if_fail (COLLATE_IS_LIBRARY (self));
  g_return_if_fail (collate_document_get_state (document) == COLLATE_DOCUMENT_READY);
  g_return_if_fail (!g_ptr_array_find (self->documents, document, NULL));

  forget_context (self);
  insert (self, g_object_ref (document));
  g_hash_table_insert (self->active, document, g_object_ref (cancellable));
  count (self, document, cancellable);
  update (self, TRUE);
}

static void
settle_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  CollateLibrary *self = g_task_get_source_object (task);

  if (g_ptr_array_remove (self->settlers, task))
    g_task_return_error_if_cancelled (task);
}

void
collate_library_settle_async (CollateLibrary *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (COLLATE_IS_LIBRARY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, collate_library_settle_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  g_ptr_array_add (self->settlers, g_object_ref (task));
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (settle_cancelled_cb), task, 0);

  update (self, FALSE);
}

gboolean
collate_library_settle_finish (CollateLibrary *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
collate_library_remove (CollateLibrary *self, CollateDocument *document)
{
  gboolean was_ready;
  guint position;

  g_return_if_fail (COLLATE_IS_LIBRARY (self));

  if (!g_ptr_array_find (self->documents, document, &position))
    return;

  was_ready = collate_document_get_state (document) == COLLATE_DOCUMENT_READY;
  stop (self, document);
  if (was_ready)
    forget_context (self);
  g_ptr_array_remove_index (self->documents, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);

  update (self, was_ready);
}

void
collate_library_clear (CollateLibrary *self)
{
  guint n_documents;

  g_return_if_fail (COLLATE_IS_LIBRARY (self));

  n_documents = self->documents->len;
  stop_all (self);
  forget_context (self);
  g_ptr_array_set_size (self->documents, 0);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n_documents, 0);

  update (self, TRUE);
}

gboolean
collate_library_is_loading (CollateLibrary *self)
{
  g_return_val_if_fail (COLLATE_IS_LIBRARY (self), FALSE);

  return self->loading;
}

char *
collate_library_dup_context (CollateLibrary *self)
{
  g_return_val_if_fail (COLLATE_IS_LIBRARY (self), NULL);

  return g_ref_string_acquire (ensure_context (self));
}

gint64
collate_library_get_context_tokens (CollateLibrary *self, const char *encoding)
{
  g_return_val_if_fail (COLLATE_IS_LIBRARY (self), -1);
  g_return_val_if_fail (encoding != NULL, -1);

  if (!collate_encodings_has (self->encodings, encoding))
    return -1;

  if (collate_counts_ask (self->counts, encoding))
    update (self, FALSE);

  return self->loading ? -1 : collate_counts_get (self->counts, encoding);
}

const char *const *
collate_library_get_mime_types (void)
{
  static const char *const mime_types[] = { "application/pdf", "text/plain", "text/markdown", NULL };

  return mime_types;
}

const char *const *
collate_library_get_suffixes (void)
{
  return collate_folder_get_suffixes ();
}
