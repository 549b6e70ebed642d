/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "documents/collate-library.h"

G_BEGIN_DECLS

/* An empty folder for one test, removed with all that is in it by fixture_folder_free(). */
typedef struct
{
  char *path;
  GFile *file;
} Folder;

Folder *folder_new (void);
void folder_free (Folder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_free)

/* The path of `name` in the folder; (transfer full). */
char *folder_path (Folder *folder, const char *name);

/* Writes a file of `length` bytes (-1: to the NUL). */
void folder_write (Folder *folder, const char *name, const char *data, gssize length);

/* A PDF file with a page for each of `texts`: one line of ASCII each, none where it is "". */
GString *pdf_new (const char *const *texts);
void folder_write_pdf (Folder *folder, const char *name, const char *const *texts);

/* The helper programs: the real one, and one that misbehaves as the name of the file says. */
char *real_extract (void);
char *fake_extract (void);

/* The encodings that all tests of a program share, because loading one takes a while; (transfer none). */
CollateEncodings *shared_encodings (void);

/* A library that reads with the program at `extract`, which is given away. */
CollateLibrary *library_new (char *extract);

/* Adds one path, or several with NULL at the end. */
void library_add (CollateLibrary *library, const char *path, ...) G_GNUC_NULL_TERMINATED;

/* Runs the main loop until everything is read and counted. */
void library_settle (CollateLibrary *library);

/* Runs the main loop until `condition` is TRUE. */
void wait_for (gboolean (*condition) (gpointer), gpointer data);

/* The document at `position`; (transfer none). */
CollateDocument *library_document (CollateLibrary *library, guint position);

/* The joined context, compared. */
#define assert_context(library, expected)                                                                    \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    char *context_ = collate_library_dup_context (library);                                                  \
    g_assert_cmpstr (context_, ==, expected);                                                                \
    g_ref_string_release (context_);                                                                         \
  }                                                                                                          \
  G_STMT_END

/* That the document failed with this code of COLLATE_ERROR. */
#define assert_failed(document, code)                                                                        \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_assert_cmpint (collate_document_get_state (document), ==, COLLATE_DOCUMENT_FAILED);                    \
    g_assert_null (collate_document_get_text (document));                                                    \
    g_assert_error (collate_document_get_error (document), COLLATE_ERROR, code);                             \
  }                                                                                                          \
  G_STMT_END

G_END_DECLS
