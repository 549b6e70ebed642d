/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Private to this room: whether the program that asked a comparison still lives. Each program that writes
 * holds a lock on a file beside the history; the kernel drops it when the program ends, however it ends, and
 * no number of a process is compared that another one may bear by now. One thread. */
typedef struct _CollateLock CollateLock;

/* A lock on a new file beside `path`; (nullable) (transfer full); COLLATE_ERROR_UNREADABLE. */
CollateLock *collate_lock_new (const char *path, GError **error);

/* What others look the lock up by. */
const char *collate_lock_get_name (CollateLock *lock);

/* Drops the lock and its file. */
void collate_lock_free (CollateLock *lock);

/* TRUE where a living program holds the lock `name` beside `path`; removes the file of one that is gone. */
gboolean collate_lock_is_held (const char *path, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateLock, collate_lock_free)

G_END_DECLS
