/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A reader of server-sent events by the standard (WHATWG HTML, 9.2.6): bytes in any cut, CR, LF or CRLF,
 * one leading byte order mark, comments, several data lines. One thread. */
typedef struct _CollateSse CollateSse;

/* An event with data: `event` is "" where the server named none; `data` is NUL-terminated and holds
 * `length` bytes. Returning FALSE ends the reading: nothing more is dispatched. */
typedef gboolean (*CollateSseFunc) (const char *event, const char *data, gsize length, gpointer user_data);

/* A reader that hands events to `func`; an event of more than `max_bytes` is an error; (transfer full). */
CollateSse *collate_sse_new (CollateSseFunc func, gpointer user_data, gsize max_bytes);

/* Reads the next bytes. FALSE with COLLATE_ERROR_PROTOCOL where an event grows beyond the limit. */
gboolean collate_sse_push (CollateSse *sse, const guint8 *data, gsize length, GError **error);

/* TRUE where bytes came after the last dispatched event that are no comment and no blank line: a cut
 * stream. */
gboolean collate_sse_has_rest (CollateSse *sse);

void collate_sse_free (CollateSse *sse);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateSse, collate_sse_free)

G_END_DECLS
