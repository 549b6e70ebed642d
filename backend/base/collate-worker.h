/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One thread with a name that runs jobs in the order they came: for libraries that want a single thread
 * (SQLite's connection, a tokenizer's caches). Made, used and freed on the main thread. */
typedef struct _CollateWorker CollateWorker;

/* A job: runs on the worker's thread with the task's data; it answers by g_task_return_… on `task`. */
typedef void (*CollateWorkerFunc) (GTask *task,
                                   gpointer source_object,
                                   gpointer task_data,
                                   GCancellable *cancellable);

/* A worker whose thread is called `name` (15 bytes are shown); (transfer full). */
CollateWorker *collate_worker_new (const char *name);

/* Queues `func` for the worker's thread and takes the reference to `task`; the task's callback runs in the
 * thread that made the task, as with g_task_run_in_thread(). A cancelled task's job still runs: look at its
 * cancellable. */
void collate_worker_run (CollateWorker *worker, GTask *task, CollateWorkerFunc func);

/* Runs what is queued, waits for it, ends the thread, frees the worker. Main thread. */
void collate_worker_free (CollateWorker *worker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateWorker, collate_worker_free)

G_END_DECLS
