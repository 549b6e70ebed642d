/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A table for a terminal: columns as wide as their widest cell, wide characters counted as two. */
typedef struct _CollateTable CollateTable;

/* A table whose columns are aligned as `alignment` says, a letter each: 'l' or 'r'; (transfer full). */
CollateTable *collate_table_new (const char *alignment);

/* Adds a row; as many cells as there are columns. A cell is shown on one line, whatever it holds. */
void collate_table_add (CollateTable *table, const char *const *cells);

/* The lines; (transfer full). */
char *collate_table_to_string (CollateTable *table);

void collate_table_free (CollateTable *table);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateTable, collate_table_free)

G_END_DECLS
