/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Messages from a thread that works to the one that made the inbox, in order. However many are sent, at most one
 * wake-up of the receiver is pending, so that a fast sender does not flood its main loop. Counted: sender and receiver
 * hold a reference each. */
typedef struct _CollateInbox CollateInbox;

/* Takes a message, in the receiver's thread; the inbox frees it afterwards. */
typedef void (*CollateInboxFunc) (gpointer message, gpointer user_data);

/* An inbox whose receiver is the calling thread's default main context; (transfer full). */
CollateInbox *collate_inbox_new (GDestroyNotify free_message,
                                 CollateInboxFunc on_message,
                                 gpointer user_data);

/* Sends a message; any thread; (transfer full) message. */
void collate_inbox_send (CollateInbox *inbox, gpointer message);

/* Hands over at once what was sent until now; the receiver. A message may call it again. */
void collate_inbox_deliver (CollateInbox *inbox);

/* Nothing is handed over any more, what waits and what still is sent is dropped; the receiver. */
void collate_inbox_close (CollateInbox *inbox);

CollateInbox *collate_inbox_ref (CollateInbox *inbox);
void collate_inbox_unref (CollateInbox *inbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateInbox, collate_inbox_unref)

G_END_DECLS
