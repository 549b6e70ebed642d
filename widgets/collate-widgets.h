/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Registers every type that a template may name. Call once, before the first window is made, with GTK
 * initialised. Main thread, like all of this room. */
void collate_widgets_init (void);

G_END_DECLS
