/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "documents/collate-read-queue.h"

#include "documents/collate-reader.h"

/* More helpers than this would fight for the disk. */
#define MAX_READERS 8

/* As long as a document waits another one is read, and what is read holds the queue. */
struct _CollateReadQueue
{
  char *extract_path;
  GQueue waiting; /* GTask, with a Turn */
  guint n_reading;
};

typedef struct
{
  CollateReadQueue *queue;
  GFile *file;
} Turn;

static void
turn_free (Turn *turn)
{
  collate_read_queue_unref (turn->queue);
  g_object_unref (turn->file);
  g_free (turn);
}

static void read_next (CollateReadQueue *queue);

static void
read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Turn *turn = g_task_get_task_data (task);
  GError *error = NULL;
  GPtrArray *pages = collate_reader_read_finish (result, &error);

  turn->queue->n_reading--;
  read_next (turn->queue);

  if (pages != NULL)
    g_task_return_pointer (task, pages, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
read_next (CollateReadQueue *queue)
{
  guint max_reading = MIN (g_get_num_processors (), MAX_READERS);

  while (queue->n_reading < max_reading && !g_queue_is_empty (&queue->waiting))
    {
      g_autoptr (GTask) task = g_queue_pop_head (&queue->waiting);
      Turn *turn = g_task_get_task_data (task);
      GCancellable *cancellable = g_task_get_cancellable (task);

      if (g_task_return_error_if_cancelled (task))
        continue;

      queue->n_reading++;
      collate_reader_read_async (queue->extract_path,
                                 turn->file,
                                 COLLATE_READER_TIME_LIMIT,
                                 cancellable,
                                 read_cb,
                                 g_steal_pointer (&task));
    }
}

CollateReadQueue *
collate_read_queue_new (const char *extract_path)
{
  CollateReadQueue *queue = g_rc_box_new0 (CollateReadQueue);

  queue->extract_path = g_strdup (extract_path);
  g_queue_init (&queue->waiting);

  return queue;
}

void
collate_read_queue_read_async (CollateReadQueue *queue,
                               GFile *file,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Turn *turn = g_new (Turn, 1);

  turn->queue = g_rc_box_acquire (queue);
  turn->file = g_object_ref (file);
  g_task_set_task_data (task, turn, (GDestroyNotify) turn_free);

  g_queue_push_tail (&queue->waiting, task);
  read_next (queue);
}

GPtrArray *
collate_read_queue_read_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
queue_clear (gpointer data)
{
  CollateReadQueue *queue = data;

  g_free (queue->extract_path);
}

void
collate_read_queue_unref (CollateReadQueue *queue)
{
  g_rc_box_release_full (queue, queue_clear);
}
