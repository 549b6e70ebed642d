/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A file's bytes in memory, for reading. Where the file is cut short in place, or its disk fails, while they are read,
 * what is no longer there reads as zeros instead of ending the program by SIGBUS, and the mapping is broken from then
 * on: whoever computed with its bytes asks collate_mapping_check() before the result is believed. Any thread. */
typedef struct _CollateMapping CollateMapping;

/* Maps the first `n_bytes` of a file, at least one; (nullable) (transfer full), NULL with `errno` set. */
CollateMapping *collate_mapping_new (int fd, gsize n_bytes);

/* Nobody may read any more. */
void collate_mapping_free (CollateMapping *mapping);

const guint8 *collate_mapping_get_data (CollateMapping *mapping);
gsize collate_mapping_get_size (CollateMapping *mapping);

/* COLLATE_ERROR_UNREADABLE where any of its bytes could not be read so far. */
gboolean collate_mapping_check (CollateMapping *mapping, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateMapping, collate_mapping_free)

G_END_DECLS
