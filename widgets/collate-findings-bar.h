/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Who won, in three cards side by side, or below each other where it is narrow: most cost-effective,
 * fastest, and what the question cost in all. Hidden until something can be said. Property, read and write:
 * "comparison" (CollateComparison; nullable). */
#define COLLATE_TYPE_FINDINGS_BAR (collate_findings_bar_get_type ())
G_DECLARE_FINAL_TYPE (CollateFindingsBar, collate_findings_bar, COLLATE, FINDINGS_BAR, GtkWidget)

GtkWidget *collate_findings_bar_new (void);

G_END_DECLS
