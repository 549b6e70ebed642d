/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A sentence for a window's foot, plain text, shown whole and for as long as it takes to read; (transfer full). */
AdwToast *collate_toast_new (const char *sentence);

G_END_DECLS
