/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What this machine's memory holds. Any thread. */

/* Bytes that can be taken without pushing others out; G_MAXINT64 where the system does not say. */
gint64 collate_memory_get_available (void);

/* COLLATE_ERROR_TOO_LARGE with both figures where `what` takes more than that. */
gboolean collate_memory_check (gint64 n_bytes, const char *what, GError **error);

/* The same where so much is available, of the memory of the device of that name; (nullable) `device`: the machine's. */
gboolean collate_memory_check_in (gint64 available,
                                  gint64 n_bytes,
                                  const char *what,
                                  const char *device,
                                  GError **error);

/* TRUE where n_bytes of weights do not fit beside an eighth for everybody else, and some of them can be left out, so that
 * `n_left` are taken. */
gboolean collate_memory_must_leave (gint64 available, gint64 n_bytes, gint64 n_left);

/* How many of `n_wanted` items fit into `available` beside `n_fixed` bytes, with an eighth left for everybody else. */
gint64 collate_memory_fit (gint64 available, gint64 n_fixed, gint64 n_per_item, gint64 n_wanted);

G_END_DECLS
