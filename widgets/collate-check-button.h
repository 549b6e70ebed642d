/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A check button that assistive technology can tick: GTK 4.8 gives those of its own no accessible action. It adds the
 * class action "check.toggle". Main thread. */
#define COLLATE_TYPE_CHECK_BUTTON (collate_check_button_get_type ())
G_DECLARE_FINAL_TYPE (CollateCheckButton, collate_check_button, COLLATE, CHECK_BUTTON, GtkCheckButton)

G_END_DECLS
