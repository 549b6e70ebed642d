/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* Private to this room: what the readable exports share. Everything (transfer full) unless said. */

/* "$2.50 in, $10.00 out per million tokens (2025-10)". */
char *collate_export_price_note (CollateAnswer *answer);

/* The figures of an answer for a table, and the heads of its columns (static, to be translated): the first
 * collate_export_count_figures() of each, since what no answer has needs no column. */
GPtrArray *collate_export_figures (CollateAnswer *answer);
const char *const *collate_export_figure_names (void);
guint collate_export_count_figures (CollateComparison *comparison);

/* The findings that there are, a line each. */
GPtrArray *collate_export_findings (CollateComparison *comparison);

/* "a.pdf (12 pages, 20,480 tokens)", and its warnings. */
char *collate_export_document_line (const CollateDocumentRecord *document);

G_END_DECLS
