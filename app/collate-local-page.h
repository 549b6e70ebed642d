/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "collate-local-models.h"

G_BEGIN_DECLS

/* The page of preferences for model files: what there is, where it is kept; add one, remove one. Signal "failed"
 * (string): a sentence about what went wrong. */
#define COLLATE_TYPE_LOCAL_PAGE (collate_local_page_get_type ())
G_DECLARE_FINAL_TYPE (CollateLocalPage, collate_local_page, COLLATE, LOCAL_PAGE, AdwPreferencesPage)

/* Hands over the folder, the catalogue that lists what is in it, and where the device is chosen. */
void collate_local_page_set_parts (CollateLocalPage *self,
                                   CollateLocalModels *local_models,
                                   CollateCatalogue *catalogue,
                                   GSettings *settings);

G_END_DECLS
