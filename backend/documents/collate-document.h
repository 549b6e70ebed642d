/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file, or a text without one, that models read: its name, its pages, its text, how many tokens that is, and what went wrong.
 * Main thread; the text itself is immutable. Properties, all read only and notified: "name", "state",
 * "n-pages", "tokens" (in the default encoding, -1 until counted), "warning" (all warnings as one text, or
 * NULL), "error" (boxed GError, or NULL). */

#define COLLATE_TYPE_DOCUMENT (collate_document_get_type ())
G_DECLARE_FINAL_TYPE (CollateDocument, collate_document, COLLATE, DOCUMENT, GObject)

typedef enum
{
  COLLATE_DOCUMENT_READING, /* queued or in the helper process */
  COLLATE_DOCUMENT_READY,   /* its text is known, and not empty */
  COLLATE_DOCUMENT_FAILED,  /* it gave no text at all: see the error */
} CollateDocumentState;

#define COLLATE_TYPE_DOCUMENT_STATE (collate_document_state_get_type ())
GType collate_document_state_get_type (void);

/* A document whose text is known: `text` is a ref-counted, not empty UTF-8 string that is taken over, with its
 * `n_pages` pages joined as collate_document_get_text() says; (transfer full). */
CollateDocument *collate_document_new_for_text (const char *name,
                                                guint n_pages,
                                                char *text,
                                                const char *const *warnings);

/* The file's own name, for people; (transfer none). */
const char *collate_document_get_name (CollateDocument *self);

/* Where it was read from, NULL for a text without a file; (nullable) (transfer none). */
GFile *collate_document_get_file (CollateDocument *self);

/* What no other document of this program has, as long as it lives; (transfer full). */
char *collate_document_dup_id (CollateDocument *self);

CollateDocumentState collate_document_get_state (CollateDocument *self);

/* The number of pages: 1 for a text file, 0 while it is read. */
guint collate_document_get_n_pages (CollateDocument *self);

/* The pages joined by a blank line, UTF-8, NULL until it is ready; (nullable) (transfer none). */
const char *collate_document_get_text (CollateDocument *self);

/* The same as the ref-counted string that other threads may hold; ready documents only; (transfer full). */
char *collate_document_ref_text (CollateDocument *self);

/* The tokens of its text alone in the default encoding; -1 until they are counted. */
gint64 collate_document_get_tokens (CollateDocument *self);

/* What a person should know though the document was read ("page 3 has no text: scanned?"), NULL-terminated,
 * never NULL, translated; (transfer none). */
const char *const *collate_document_get_warnings (CollateDocument *self);

/* Why there is no text: COLLATE_ERROR_UNREADABLE, _DAMAGED, _PASSWORD, _NO_TEXT, _TOO_LARGE, _UNSUPPORTED;
 * (nullable) (transfer none). */
const GError *collate_document_get_error (CollateDocument *self);

G_END_DECLS
