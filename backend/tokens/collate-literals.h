/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Texts that are recognised wherever they stand. Immutable after the last collate_literals_add(); then any thread. */
typedef struct _CollateLiterals CollateLiterals;

/* Longer ones are never recognised: a bound on the work a byte. */
#define COLLATE_LITERALS_MAX_LENGTH 256

CollateLiterals *collate_literals_new (void);
void collate_literals_free (CollateLiterals *self);

/* Of the same text the first counts; the empty one never. */
void collate_literals_add (CollateLiterals *self, const guchar *text, gsize length, gint32 id);

/* The leftmost in `length` bytes, of those that begin there the longest: where it begins, its length and id; FALSE where
 * there is none. */
gboolean collate_literals_find (const CollateLiterals *self,
                                const guchar *text,
                                gsize length,
                                gsize *offset,
                                gsize *literal_length,
                                gint32 *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateLiterals, collate_literals_free)

G_END_DECLS
