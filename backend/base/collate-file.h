/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes what a person asked for into the file at `path`: a regular file whole or not at all, through a symbolic
 * link into what it leads to, into a device or a pipe as it comes, and so into a file that nothing may stand
 * beside. COLLATE_ERROR_UNWRITABLE, whose message names no path. Blocks; any thread. */
gboolean collate_file_write (const char *path, const char *data, gsize length, GError **error);

G_END_DECLS
