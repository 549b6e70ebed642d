/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/collate-chart.h"
#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* What charts draw of a comparison: an item for each entry in the order asked, with mean, lowest and highest
 * over its runs. An entry is finished where every run is done; else the runs that there are stand for it,
 * the seconds of one that still runs whole, so that a chart is not drawn anew with every frame. (transfer
 * full). Main thread. */
GPtrArray *collate_chart_data_new (CollateComparison *comparison);

/* TRUE where both would be drawn alike. */
gboolean collate_chart_data_equal (GPtrArray *a, GPtrArray *b);

/* The entry's place in the palette, 0 to COLLATE_N_COLORS - 1, as in charts, headers and tables: the style
 * sheet's .mark-0 … .mark-7. Runs of an entry share it. */
guint collate_chart_color_for_answer (CollateComparison *comparison, CollateAnswer *answer);

G_END_DECLS
