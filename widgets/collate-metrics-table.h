/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The figures of a comparison, a row an answer: a table called "Metrics" in which every column sorts, what
 * is not known last in either direction, and the best cost and times are marked. It scrolls sideways where
 * it is narrow. Property, read and write: "comparison" (CollateComparison; nullable). */
#define COLLATE_TYPE_METRICS_TABLE (collate_metrics_table_get_type ())
G_DECLARE_FINAL_TYPE (CollateMetricsTable, collate_metrics_table, COLLATE, METRICS_TABLE, AdwBin)

GtkWidget *collate_metrics_table_new (void);

G_END_DECLS
