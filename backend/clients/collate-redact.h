/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text of a server as a message of ours: one line of at most some 500 bytes of valid UTF-8, without control
 * characters, and without the key or any eight characters of it in a row; (nullable) key; (transfer full).
 * Any thread. */
char *collate_redact (const char *text, const char *key);

G_END_DECLS
