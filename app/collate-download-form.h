/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-downloads.h"

G_BEGIN_DECLS

/* Where a model file's address is entered, and what is being loaded. */
#define COLLATE_TYPE_DOWNLOAD_FORM (collate_download_form_get_type ())
G_DECLARE_FINAL_TYPE (CollateDownloadForm, collate_download_form, COLLATE, DOWNLOAD_FORM, AdwPreferencesGroup)

void collate_download_form_set_downloads (CollateDownloadForm *self, CollateDownloads *downloads);

G_END_DECLS
