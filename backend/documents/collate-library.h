/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "documents/collate-document.h"
#include "tokens/collate-encoding.h"

G_BEGIN_DECLS

/* The loaded documents, a GListModel of CollateDocument sorted by the bytes of their name, then path, and
 * their joined context. Files are read by `collate-extract`, a helper process, one document at a time and
 * killed past its limits; tokens are counted on a worker thread. Main thread. Properties, read only and
 * notified: "loading" (a document is being read or counted), "context-tokens" (in the default encoding, -1
 * while loading). Signal "context-changed": the joined text or its token counts became other ones. */

#define COLLATE_TYPE_LIBRARY (collate_library_get_type ())
G_DECLARE_FINAL_TYPE (CollateLibrary, collate_library, COLLATE, LIBRARY, GObject)

/* An empty library that reads with the helper program at `extract_path`; (transfer full). */
CollateLibrary *collate_library_new (CollateEncodings *encodings, const char *extract_path);

/* Adds files, and the readable files of folders (without their subfolders): `files` is a list model or
 * array of GFile. A file that is there already is read again. Returns at once; each document turns ready or
 * failed by itself. A path that is no file and no folder becomes a failed document, so that it is said
 * where documents are listed. */
void collate_library_add (CollateLibrary *self, GPtrArray *files);

/* Adds a document whose text is known, and counts it. */
void collate_library_add_document (CollateLibrary *self, CollateDocument *document);

/* Finishes when everything added so far is ready or failed, and the context is counted in every encoding
 * that was asked for; G_IO_ERROR_CANCELLED where the waiting was cancelled. */
void collate_library_settle_async (CollateLibrary *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean collate_library_settle_finish (CollateLibrary *self, GAsyncResult *result, GError **error);

/* Takes a document out; one that is being read is no longer read. */
void collate_library_remove (CollateLibrary *self, CollateDocument *document);
void collate_library_clear (CollateLibrary *self);

/* TRUE while a document is read or counted. */
gboolean collate_library_is_loading (CollateLibrary *self);

/* The joined context of the documents that are ready, as the tutorial joined them: for each
 * "\n\n=== Document: NAME ===\n\n" and its text; "" where there are none. A ref-counted string
 * (g_ref_string_…); (transfer full). */
char *collate_library_dup_context (CollateLibrary *self);

/* The tokens of the joined context; the default encoding is counted with every change, the others from the
 * first time that they are asked for. -1 while the count is not there; "context-changed" says when it is.
   */
gint64 collate_library_get_context_tokens (CollateLibrary *self, const char *encoding);

/* What the helper program can open: MIME types for file choosers and drops, NULL-terminated; static. */
const char *const *collate_library_get_mime_types (void);

/* File name endings of the same, without the dot, NULL-terminated; static. */
const char *const *collate_library_get_suffixes (void);

G_END_DECLS
