/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* A comparison as text: every answer under its model's name, with figures, prices and their date; never a
 * key or a path. Pure; main thread; (transfer full). */

/* The command line's JSON, exactly as the design fixes it. */
char *collate_export_json (CollateComparison *comparison);

/* Reads collate_export_json() back: the comparison as it was, past and not in the history, with answers that
 * were still running as interrupted. COLLATE_ERROR_INVALID where there is no question or no list of
 * results; anything else that is missing or malformed is unknown; (nullable) (transfer full). */
CollateComparison *collate_comparison_new_from_json (JsonObject *object, GError **error);

/* RFC 4180, a header and a row an answer; cells that a spreadsheet would take for a formula are quoted with
 * a "'". */
char *collate_export_csv (CollateComparison *comparison);

char *collate_export_markdown (CollateComparison *comparison);

/* One file without scripts or anything fetched; `charts_svg` (an <svg> element) is put in; (nullable). */
char *collate_export_html (CollateComparison *comparison, const char *charts_svg);

/* For a terminal: findings, answers, a table. */
char *collate_export_text (CollateComparison *comparison);

G_END_DECLS
