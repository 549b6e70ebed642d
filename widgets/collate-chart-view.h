/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One chart of a comparison, as a card. It redraws on the frame clock, follows style, contrast and size of
 * text, shows a mark's words under the pointer and lets the arrow keys walk through the marks. To
 * accessibility it is an image named as the chart, described by its finding. Properties, read and write:
 * "comparison" (CollateComparison; nullable) and "kind" (a CollateChartKind as guint). */
#define COLLATE_TYPE_CHART_VIEW (collate_chart_view_get_type ())
G_DECLARE_FINAL_TYPE (CollateChartView, collate_chart_view, COLLATE, CHART_VIEW, GtkWidget)

GtkWidget *collate_chart_view_new (void);

G_END_DECLS
