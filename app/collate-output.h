/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* A comparison as a file: what the export in the window and the command line share. Main thread. */
typedef enum
{
  COLLATE_OUTPUT_TEXT,
  COLLATE_OUTPUT_JSON,
  COLLATE_OUTPUT_CSV,
  COLLATE_OUTPUT_MARKDOWN,
  COLLATE_OUTPUT_HTML,
} CollateOutputFormat;

/* The names of the formats, in the enumeration's order, NULL-terminated; static. */
const char *const *collate_output_get_formats (void);

/* Reads a format's name; FALSE where it is none. */
gboolean collate_output_parse_format (const char *name, CollateOutputFormat *format);

/* The format that a file's ending means (.txt, .json, .csv, .md, .html); FALSE where it means none. */
gboolean collate_output_guess_format (const char *path, CollateOutputFormat *format);

/* The comparison in a format, HTML with its charts; (transfer full). */
char *collate_output_render (CollateComparison *comparison, CollateOutputFormat format);

/* Writes a text to `path`, whole or not at all. */
gboolean collate_output_write (const char *path, const char *text, GError **error);

/* TRUE where a file of this name can hold charts (.png, .svg, .pdf). */
gboolean collate_output_is_charts_path (const char *path);

/* Draws the four charts into `path`, whole or not at all. */
gboolean collate_output_write_charts (CollateComparison *comparison, const char *path, GError **error);

G_END_DECLS
