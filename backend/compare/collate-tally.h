/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "documents/collate-library.h"

G_BEGIN_DECLS

/* Private to this room: counts the tokens of a text that only grows, a piece at a time, so that the count is
 * at hand at any moment of a stream and no call counts more than a few kilobytes of text anew. */
typedef struct _CollateTally CollateTally;

/* Counts in the encoding of this name (NULL: the default one), times `factor`; (transfer full). */
CollateTally *collate_tally_new (CollateEncodings *encodings, const char *encoding, double factor);

/* Takes note that the text is now `length` bytes long: pieces that are complete are counted. */
void collate_tally_update (CollateTally *tally, const char *text, gsize length);

/* The tokens of all of it, rounded up. */
gint64 collate_tally_get (CollateTally *tally, const char *text, gsize length);

void collate_tally_free (CollateTally *tally);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateTally, collate_tally_free)

G_END_DECLS
