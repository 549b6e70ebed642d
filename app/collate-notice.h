/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A sentence across the window with one button beside it, in place of a dialog. Properties, read and write:
 * "text" (nullable: then it is not there), "button-label" (nullable: then there is no button), "action" and
 * "target": what the button does (an action's name and its string, nullable). */
#define COLLATE_TYPE_NOTICE (collate_notice_get_type ())
G_DECLARE_FINAL_TYPE (CollateNotice, collate_notice, COLLATE, NOTICE, AdwBin)

void collate_notice_set_text (CollateNotice *self, const char *text);

G_END_DECLS
