/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Threads for loops of some microseconds: they spin a little for the next loop before they sleep. The caller works too,
 * and a thread that the system does not let run in time is not waited for. One caller at a time. */
typedef struct _CollatePool CollatePool;

/* Does the items from `first` up to (not including) `end`; `thread` is below the pool's number of threads. */
typedef void (*CollatePoolFunc) (gpointer data, gint64 first, gint64 end, guint thread);

/* `n_threads` with the caller among them; 0: one a core that this process may run on. Fewer where the system gives no
 * more. (transfer full) */
CollatePool *collate_pool_new (guint n_threads);
void collate_pool_free (CollatePool *pool);

guint collate_pool_get_n_threads (CollatePool *pool);

/* Does n_items in pieces of `grain`, in any order; all are done when it returns. */
void collate_pool_run (CollatePool *pool, CollatePoolFunc func, gpointer data, gint64 n_items, gint64 grain);

G_END_DECLS
