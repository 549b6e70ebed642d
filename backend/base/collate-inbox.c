/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-inbox.h"

/* A queue under a mutex, and an idle source where it is not empty. */

struct _CollateInbox
{
  gatomicrefcount count;
  GMainContext *context;
  GDestroyNotify free_message;
  CollateInboxFunc on_message;
  gpointer user_data;

  GMutex mutex; /* of what follows */
  GQueue messages;
  gboolean awake; /* a wake-up is pending */
  gboolean closed;
};

static gpointer
take (CollateInbox *inbox)
{
  gpointer message;

  g_mutex_lock (&inbox->mutex);
  message = g_queue_pop_head (&inbox->messages);
  g_mutex_unlock (&inbox->mutex);

  return message;
}

static gboolean
wake_cb (gpointer data)
{
  CollateInbox *inbox = data;

  g_mutex_lock (&inbox->mutex);
  inbox->awake = FALSE;
  g_mutex_unlock (&inbox->mutex);
  collate_inbox_deliver (inbox);

  return G_SOURCE_REMOVE;
}

static void
wake (CollateInbox *inbox)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, wake_cb, collate_inbox_ref (inbox), (GDestroyNotify) collate_inbox_unref);
  g_source_attach (source, inbox->context);
}

CollateInbox *
collate_inbox_new (GDestroyNotify free_message, CollateInboxFunc on_message, gpointer user_data)
{
  CollateInbox *inbox = g_new0 (CollateInbox, 1);

  g_atomic_ref_count_init (&inbox->count);
  inbox->context = g_main_context_ref_thread_default ();
  inbox->free_message = free_message;
  inbox->on_message = on_message;
  inbox->user_data = user_data;
  g_mutex_init (&inbox->mutex);

  return inbox;
}

void
collate_inbox_send (CollateInbox *inbox, gpointer message)
{
  gboolean closed, asleep;

  g_mutex_lock (&inbox->mutex);
  closed = inbox->closed;
  asleep = !closed && !inbox->awake;
  if (!closed)
    {
      g_queue_push_tail (&inbox->messages, message);
      inbox->awake = TRUE;
    }
  g_mutex_unlock (&inbox->mutex);

  if (closed)
    inbox->free_message (message);
  if (asleep)
    wake (inbox);
}

void
collate_inbox_deliver (CollateInbox *inbox)
{
  g_autoptr (CollateInbox) kept = collate_inbox_ref (inbox);
  guint n_messages;

  /* What is sent meanwhile has a wake-up of its own: a sender that is faster does not hold the main loop. */
  g_mutex_lock (&inbox->mutex);
  n_messages = g_queue_get_length (&inbox->messages);
  g_mutex_unlock (&inbox->mutex);

  for (guint i = 0; i < n_messages; i++)
    {
      gpointer message = take (inbox);

      if (message == NULL)
        break;
      inbox->on_message (message, inbox->user_data);
      inbox->free_message (message);
    }
}

void
collate_inbox_close (CollateInbox *inbox)
{
  GQueue dropped;

  g_mutex_lock (&inbox->mutex);
  inbox->closed = TRUE;
  dropped = inbox->messages;
  g_queue_init (&inbox->messages);
  g_mutex_unlock (&inbox->mutex);

  g_queue_clear_full (&dropped, inbox->free_message);
}

CollateInbox *
collate_inbox_ref (CollateInbox *inbox)
{
  g_atomic_ref_count_inc (&inbox->count);

  return inbox;
}

void
collate_inbox_unref (CollateInbox *inbox)
{
  if (!g_atomic_ref_count_dec (&inbox->count))
    return;

  g_queue_clear_full (&inbox->messages, inbox->free_message);
  g_mutex_clear (&inbox->mutex);
  g_main_context_unref (inbox->context);
  g_free (inbox);
}
