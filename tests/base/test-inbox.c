/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-inbox.h"

/* Messages are numbers on the heap, so that a sanitizer finds one that is freed twice or never. */

typedef struct
{
  CollateInbox *inbox;
  guint expected;
  guint n_deliveries; /* turns of the main loop that brought messages */
  guint close_at;     /* 0: never */
  gboolean deliver_within;
} Receiver;

static gpointer
number (guint value)
{
  return g_memdup2 (&value, sizeof value);
}

static void
receive (gpointer message, gpointer data)
{
  Receiver *receiver = data;
  guint value = *(guint *) message;

  g_assert_cmpuint (value, ==, receiver->expected++);
  if (receiver->deliver_within)
    collate_inbox_deliver (receiver->inbox);
  if (value != 0 && value == receiver->close_at)
    collate_inbox_close (receiver->inbox);
}

static gboolean
turn (Receiver *receiver)
{
  guint before = receiver->expected;

  if (!g_main_context_iteration (NULL, FALSE))
    return FALSE;
  receiver->n_deliveries += receiver->expected > before;
  return TRUE;
}

static void
test_one_wake_up (void)
{
  Receiver receiver = { 0 };
  g_autoptr (CollateInbox) inbox = collate_inbox_new (g_free, receive, &receiver);

  receiver.inbox = inbox;
  for (guint i = 0; i < 1000; i++)
    collate_inbox_send (inbox, number (i));
  g_assert_cmpuint (receiver.expected, ==, 0);

  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 1000);
  g_assert_cmpuint (receiver.n_deliveries, ==, 1);

  collate_inbox_send (inbox, number (1000));
  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 1001);
}

static gpointer
send_many (gpointer data)
{
  CollateInbox *inbox = data;

  for (guint i = 0; i < 20000; i++)
    collate_inbox_send (inbox, number (i));
  collate_inbox_unref (inbox);

  return NULL;
}

static void
test_from_a_thread (void)
{
  Receiver receiver = { 0 };
  g_autoptr (CollateInbox) inbox = collate_inbox_new (g_free, receive, &receiver);
  GThread *thread;

  receiver.inbox = inbox;
  thread = g_thread_new ("sender", send_many, collate_inbox_ref (inbox));
  while (receiver.expected < 20000)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
}

static void
test_deliver_at_once (void)
{
  Receiver receiver = { .deliver_within = TRUE };
  g_autoptr (CollateInbox) inbox = collate_inbox_new (g_free, receive, &receiver);

  receiver.inbox = inbox;
  for (guint i = 0; i < 3; i++)
    collate_inbox_send (inbox, number (i));
  collate_inbox_deliver (inbox);
  g_assert_cmpuint (receiver.expected, ==, 3);

  /* The wake-up that was pending finds nothing, and later messages wake again. */
  while (turn (&receiver))
    ;
  collate_inbox_send (inbox, number (3));
  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 4);
}

static void
test_closed (void)
{
  Receiver receiver = { .close_at = 2 };
  g_autoptr (CollateInbox) inbox = collate_inbox_new (g_free, receive, &receiver);

  receiver.inbox = inbox;
  for (guint i = 0; i < 5; i++)
    collate_inbox_send (inbox, number (i));
  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 3);

  collate_inbox_send (inbox, number (9));
  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 3);
}

/* The last reference may go while messages wait. */
static void
test_dropped (void)
{
  Receiver receiver = { 0 };
  CollateInbox *inbox = collate_inbox_new (g_free, receive, &receiver);

  collate_inbox_send (inbox, number (0));
  collate_inbox_close (inbox);
  collate_inbox_unref (inbox);
  while (turn (&receiver))
    ;
  g_assert_cmpuint (receiver.expected, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/inbox/one-wake-up", test_one_wake_up);
  g_test_add_func ("/base/inbox/from-a-thread", test_from_a_thread);
  g_test_add_func ("/base/inbox/deliver-at-once", test_deliver_at_once);
  g_test_add_func ("/base/inbox/closed", test_closed);
  g_test_add_func ("/base/inbox/dropped", test_dropped);

  return g_test_run ();
}
