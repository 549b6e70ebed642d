/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/collate-download.h"

G_BEGIN_DECLS

/* The model files that are being loaded into a folder, and those that were begun and stopped. Main thread. Signal "done"
 * (CollateDownload): a file is in its place. */
#define COLLATE_TYPE_DOWNLOADS (collate_downloads_get_type ())
G_DECLARE_FINAL_TYPE (CollateDownloads, collate_downloads, COLLATE, DOWNLOADS, GObject)

/* Finds what was begun earlier; none of it goes on by itself; (transfer full). */
CollateDownloads *collate_downloads_new (const char *folder);

/* A GListModel of CollateDownload; (transfer none). */
GListModel *collate_downloads_get_list (CollateDownloads *self);

/* The one that loads the model `name`, or NULL; (nullable) (transfer none). */
CollateDownload *collate_downloads_lookup (CollateDownloads *self, const char *name);

/* TRUE where a model of that name is there already. */
gboolean collate_downloads_is_taken (CollateDownloads *self, const char *name);

/* Begins to load a model; what has its name goes once it is there, where `replace` says so; (nullable) sha256. */
void collate_downloads_add (CollateDownloads *self,
                            const char *address,
                            const char *name,
                            const char *sha256,
                            gboolean replace);

/* Takes one from the list, and what came of it from the disk if it is not done. */
void collate_downloads_remove (CollateDownloads *self, CollateDownload *download);

/* The name of the model that is loaded; (transfer full). */
char *collate_download_dup_name (CollateDownload *download);

G_END_DECLS
