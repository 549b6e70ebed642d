/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "documents/collate-document.h"

G_BEGIN_DECLS

/* What the library alone does to its documents. */

/* A document that is being read, named as its file is; (transfer full). */
CollateDocument *collate_document_new (GFile *file);

/* Back to the beginning: no text, no tokens, no error. */
void collate_document_set_reading (CollateDocument *self);

/* Takes what was read (char *, "" for a page without text) and turns ready, or failed where there is
 * nothing but such pages. */
void collate_document_set_pages (CollateDocument *self, GPtrArray *pages);

/* Turns failed. */
void collate_document_set_failed (CollateDocument *self, const GError *error);

void collate_document_set_tokens (CollateDocument *self, gint64 tokens);

/* Less than, equal to or greater than 0: by the bytes of the names, then of the paths; texts without a file
 * come behind those with one, in the order in which they were made. */
int collate_document_compare (CollateDocument *a, CollateDocument *b);

G_END_DECLS
