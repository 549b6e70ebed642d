/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-history-disk.h"

#include "base/collate-worker.h"

struct _CollateHistoryRow
{
  gint64 id;        /* the thread's */
  guint generation; /* of the file that the id is of; 0: of whichever there is */
};

/* The thread's side. */
typedef struct
{
  char *path;
  CollateStore *store; /* NULL where it cannot be opened */
  GError *error;       /* and why */
  guint generation;    /* counts the files that have been there, from 1 */
} File;

struct _CollateHistoryDisk
{
  CollateWorker *worker;
  File *file;
};

typedef struct
{
  File *file;
  CollateHistoryRow *row;
  CollateComparisonRecord *record;
  GPtrArray *changes;
  char *title;
} Job;

CollateHistoryRow *
collate_history_row_new (gint64 id)
{
  CollateHistoryRow *row = g_atomic_rc_box_new0 (CollateHistoryRow);

  row->id = id;
  return row;
}

CollateHistoryRow *
collate_history_row_ref (CollateHistoryRow *row)
{
  return g_atomic_rc_box_acquire (row);
}

void
collate_history_row_unref (CollateHistoryRow *row)
{
  g_atomic_rc_box_release (row);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->row, collate_history_row_unref);
  g_clear_pointer (&job->record, collate_comparison_record_free);
  g_clear_pointer (&job->changes, g_ptr_array_unref);
  g_free (job->title);
  g_free (job);
}

static Job *
job_new (CollateHistoryDisk *disk, CollateHistoryRow *row)
{
  Job *job = g_new0 (Job, 1);

  job->file = disk->file;
  job->row = row != NULL ? collate_history_row_ref (row) : NULL;
  return job;
}

/* The task has no source: its last reference may be dropped on the thread, where no object may end. */
static void
run (CollateHistoryDisk *disk,
     Job *job,
     CollateWorkerFunc func,
     GAsyncReadyCallback callback,
     gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_task_data (task, job, job_free);
  collate_worker_run (disk->worker, task, func);
}

/* On the thread. */

static gboolean
file_open (File *file, GTask *task)
{
  if (file->store == NULL && file->error == NULL)
    file->store = collate_store_open (file->path, &file->error);
  if (file->store == NULL)
    g_task_return_error (task, g_error_copy (file->error));

  return file->store != NULL;
}

/* A file that somebody took away holds what is written into it no longer than the program lives. */
static void
file_check (File *file)
{
  if (file->store == NULL || collate_store_is_there (file->store))
    return;

  g_clear_pointer (&file->store, collate_store_close);
  file->generation++;
}

/* FALSE for a row that was never inserted, or that went with its file. */
static gboolean
row_is_there (const Job *job)
{
  return job->row->id != 0 && (job->row->generation == 0 || job->row->generation == job->file->generation);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  GPtrArray *rows;

  g_clear_error (&job->file->error);
  if (!file_open (job->file, task))
    return;

  rows = collate_store_list (job->file->store, &error);
  if (rows != NULL)
    g_task_return_pointer (task, rows, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  CollateComparisonRecord *record;
  GError *error = NULL;

  if (!file_open (job->file, task))
    return;

  record = collate_store_read (job->file->store, job->row->id, &error);
  if (record != NULL)
    g_task_return_pointer (task, record, (GDestroyNotify) collate_comparison_record_free);
  else
    g_task_return_error (task, error);
}

static void
read_documents_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GPtrArray *documents;
  GError *error = NULL;

  if (!file_open (job->file, task))
    return;

  documents = collate_store_read_documents (job->file->store, job->row->id, &error);
  if (documents != NULL)
    g_task_return_pointer (task, documents, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
insert_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  file_check (job->file);
  g_clear_error (&job->file->error);
  if (!file_open (job->file, task))
    return;

  job->row->id = collate_store_insert (job->file->store, job->record, &error);
  job->row->generation = job->file->generation;
  if (job->row->id == 0)
    {
      g_task_return_error (task, error);
      return;
    }

  /* A long text takes a while, and may find the disk full: the comparison is there already, and stays. */
  g_task_return_int (task, job->row->id);
  collate_store_insert_texts (job->file->store, job->row->id, job->record->documents, NULL);
}

/* Takes the error; NULL: all went well. */
static void
return_written (GTask *task, GError *error)
{
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (row_is_there (job))
    {
      if (!file_open (job->file, task))
        return;
      collate_store_write (job->file->store, job->row->id, job->changes, &error);
    }
  return_written (task, error);
}

static void
rename_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (row_is_there (job))
    {
      if (!file_open (job->file, task))
        return;
      collate_store_rename (job->file->store, job->row->id, job->title, &error);
    }
  return_written (task, error);
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;

  if (!file_open (job->file, task))
    return;
  collate_store_remove (job->file->store, job->row->id, &error);
  return_written (task, error);
}

static void
close_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;

  g_clear_pointer (&job->file->store, collate_store_close);
  g_task_return_boolean (task, TRUE);
}

/* On the main thread. */

CollateHistoryDisk *
collate_history_disk_new (const char *path)
{
  CollateHistoryDisk *disk = g_new0 (CollateHistoryDisk, 1);

  disk->file = g_new0 (File, 1);
  disk->file->path = g_strdup (path);
  disk->file->generation = 1;
  disk->worker = collate_worker_new ("history");

  return disk;
}

void
collate_history_disk_free (CollateHistoryDisk *disk)
{
  run (disk, job_new (disk, NULL), close_in_thread, NULL, NULL);
  collate_worker_free (disk->worker);
  g_clear_error (&disk->file->error);
  g_free (disk->file->path);
  g_free (disk->file);
  g_free (disk);
}

void
collate_history_disk_list (CollateHistoryDisk *disk, GAsyncReadyCallback callback, gpointer user_data)
{
  run (disk, job_new (disk, NULL), list_in_thread, callback, user_data);
}

GPtrArray *
collate_history_disk_list_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* A job about a row that is in the file. */
static void
run_for_id (CollateHistoryDisk *disk,
            gint64 id,
            CollateWorkerFunc func,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  CollateHistoryRow *row = collate_history_row_new (id);

  run (disk, job_new (disk, row), func, callback, user_data);
  collate_history_row_unref (row);
}

void
collate_history_disk_read (CollateHistoryDisk *disk,
                           gint64 id,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  run_for_id (disk, id, read_in_thread, callback, user_data);
}

CollateComparisonRecord *
collate_history_disk_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
collate_history_disk_read_documents (CollateHistoryDisk *disk,
                                     gint64 id,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  run_for_id (disk, id, read_documents_in_thread, callback, user_data);
}

GPtrArray *
collate_history_disk_read_documents_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
collate_history_disk_insert (CollateHistoryDisk *disk,
                             CollateHistoryRow *row,
                             CollateComparisonRecord *record,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Job *job = job_new (disk, row);

  job->record = record;
  run (disk, job, insert_in_thread, callback, user_data);
}

gint64
collate_history_disk_insert_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

void
collate_history_disk_write (CollateHistoryDisk *disk,
                            CollateHistoryRow *row,
                            GPtrArray *changes,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Job *job = job_new (disk, row);

  job->changes = changes;
  run (disk, job, write_in_thread, callback, user_data);
}

void
collate_history_disk_rename (CollateHistoryDisk *disk,
                             CollateHistoryRow *row,
                             const char *title,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Job *job = job_new (disk, row);

  job->title = g_strdup (title);
  run (disk, job, rename_in_thread, callback, user_data);
}

void
collate_history_disk_remove (CollateHistoryDisk *disk,
                             gint64 id,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  run_for_id (disk, id, remove_in_thread, callback, user_data);
}

gboolean
collate_history_disk_write_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Waiting: the mark is counted, for either side may leave first. */
typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean reached;
} Mark;

static void
mark_clear (gpointer data)
{
  Mark *mark = data;

  g_mutex_clear (&mark->mutex);
  g_cond_clear (&mark->cond);
}

static void
mark_unref (gpointer mark)
{
  g_atomic_rc_box_release_full (mark, mark_clear);
}

static void
reach_mark_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Mark *mark = data;

  g_mutex_lock (&mark->mutex);
  mark->reached = TRUE;
  g_cond_signal (&mark->cond);
  g_mutex_unlock (&mark->mutex);
  g_task_return_boolean (task, TRUE);
}

void
collate_history_disk_wait (CollateHistoryDisk *disk, gint64 microseconds)
{
  gint64 until = g_get_monotonic_time () + microseconds;
  GTask *task = g_task_new (NULL, NULL, NULL, NULL);
  Mark *mark = g_atomic_rc_box_new0 (Mark);

  g_mutex_init (&mark->mutex);
  g_cond_init (&mark->cond);
  g_task_set_task_data (task, g_atomic_rc_box_acquire (mark), mark_unref);
  collate_worker_run (disk->worker, task, reach_mark_in_thread);

  g_mutex_lock (&mark->mutex);
  while (!mark->reached && g_cond_wait_until (&mark->cond, &mark->mutex, until))
    ;
  g_mutex_unlock (&mark->mutex);
  mark_unref (mark);
}
