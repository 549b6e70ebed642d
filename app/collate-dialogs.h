/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Everything that opens a dialog to choose a file or to ask for a word. The one file that may look at GTK's
 * version. Main thread. A person who cancels is G_IO_ERROR_CANCELLED. */

/* Files to open, of the MIME types `types` (NULL-terminated), or other ones if the person says so. */
void collate_dialogs_open_files_async (GtkWindow *parent,
                                       const char *const *types,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

/* A model file. */
void collate_dialogs_open_model_async (GtkWindow *parent,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

/* A folder. */
void collate_dialogs_open_folder_async (GtkWindow *parent,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

/* Where to save a file, `name` suggested. */
void collate_dialogs_save_async (GtkWindow *parent,
                                 const char *name,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* What the four above chose: a list model of GFile. COLLATE_ERROR_UNSUPPORTED where the desktop has no dialog for it,
 * COLLATE_ERROR_TIMEOUT where it does not answer; (nullable) (transfer full). */
GListModel *collate_dialogs_files_finish (GAsyncResult *result, GError **error);

/* Why nothing could be chosen, a sentence; NULL where the person did not want to; (nullable) (transfer full). */
char *collate_dialogs_dup_problem (const GError *error);

/* A line of text, asked for under `heading` with `accept` on the button. */
void collate_dialogs_ask_text_async (GtkWindow *parent,
                                     const char *heading,
                                     const char *label,
                                     const char *accept,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* The text, not empty; (nullable) (transfer full). */
char *collate_dialogs_ask_text_finish (GAsyncResult *result, GError **error);

/* Asks whether to do what cannot be taken back, with `accept` on the button. */
void collate_dialogs_confirm_async (GtkWindow *parent,
                                    const char *heading,
                                    const char *body,
                                    const char *accept,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* TRUE where the person said so. */
gboolean collate_dialogs_confirm_finish (GAsyncResult *result, GError **error);

/* Opens a web page, or a folder, with the desktop's own program, and says in `parent` where there is none. */
void collate_dialogs_show_page (AdwPreferencesWindow *parent, const char *address);

G_END_DECLS
