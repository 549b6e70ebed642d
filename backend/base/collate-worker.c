/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-worker.h"

struct _CollateWorker
{
  GThread *thread;
  GAsyncQueue *jobs;
};

typedef struct
{
  GTask *task; /* NULL in the job that ends the thread */
  CollateWorkerFunc func;
} Job;

static gpointer
worker_main (gpointer data)
{
  GAsyncQueue *jobs = data;

  while (TRUE)
    {
      g_autofree Job *job = g_async_queue_pop (jobs);

      if (job->task == NULL)
        break;

      job->func (job->task,
                 g_task_get_source_object (job->task),
                 g_task_get_task_data (job->task),
                 g_task_get_cancellable (job->task));
      g_object_unref (job->task);
    }

  return NULL;
}

static void
push (CollateWorker *worker, GTask *task, CollateWorkerFunc func)
{
  Job *job = g_new (Job, 1);

  job->task = task;
  job->func = func;
  g_async_queue_push (worker->jobs, job);
}

CollateWorker *
collate_worker_new (const char *name)
{
  CollateWorker *worker = g_new0 (CollateWorker, 1);

  worker->jobs = g_async_queue_new ();
  worker->thread = g_thread_new (name, worker_main, worker->jobs);

  return worker;
}

void
collate_worker_run (CollateWorker *worker, GTask *task, CollateWorkerFunc func)
{
  g_return_if_fail (worker != NULL);
  g_return_if_fail (G_IS_TASK (task));

  push (worker, task, func);
}

void
collate_worker_free (CollateWorker *worker)
{
  push (worker, NULL, NULL);
  g_thread_join (worker->thread);
  g_async_queue_unref (worker->jobs);
  g_free (worker);
}
