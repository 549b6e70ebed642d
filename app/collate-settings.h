/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The window's settings, kept in a plain file of the configuration folder, so that they need no settings
 * service; NULL, and told, where the schema is not installed; (nullable) (transfer full). */
GSettings *collate_settings_new (void);

G_END_DECLS
