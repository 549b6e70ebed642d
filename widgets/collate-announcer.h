/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Tells a screen reader, politely and once each, that a comparison started, that an answer ended, and that
 * all did. Takes no room. Property: "comparison" (CollateComparison, read and write; nullable). */
#define COLLATE_TYPE_ANNOUNCER (collate_announcer_get_type ())
G_DECLARE_FINAL_TYPE (CollateAnnouncer, collate_announcer, COLLATE, ANNOUNCER, AdwBin)

G_END_DECLS
