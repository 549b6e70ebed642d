/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-downloads.h"

G_BEGIN_DECLS

/* The row of a download: how far it is, and what can be done about it. */
#define COLLATE_TYPE_DOWNLOAD_ROW (collate_download_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateDownloadRow, collate_download_row, COLLATE, DOWNLOAD_ROW, AdwPreferencesRow)

GtkWidget *collate_download_row_new (CollateDownloads *downloads, CollateDownload *download);

/* What a person reads about how far a download is, or what went wrong; (transfer full). */
char *collate_sentence_for_download (CollateDownload *download);

G_END_DECLS
