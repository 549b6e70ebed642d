/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-catalogue.h"
#include "collate-downloads.h"

G_BEGIN_DECLS

/* Keeps a catalogue up to date with the folders of model files, and changes the first one, the person's own, for them.
 * Main thread; nothing blocks. */
#define COLLATE_TYPE_LOCAL_MODELS (collate_local_models_get_type ())
G_DECLARE_FINAL_TYPE (CollateLocalModels, collate_local_models, COLLATE, LOCAL_MODELS, GObject)

/* Looks into the folders now, and whenever something in the first one changes; (transfer full). */
CollateLocalModels *collate_local_models_new (CollateCatalogue *catalogue, const char *const *folders);

/* The person's own. */
const char *collate_local_models_get_folder (CollateLocalModels *self);

/* Looks at the folders, and how much memory is free, now. */
void collate_local_models_look (CollateLocalModels *self);

/* Takes note of the device that models run on, by its name, and of the memory there; (nullable): the best one. */
void collate_local_models_set_device (CollateLocalModels *self, const char *device);

/* Takes note of how much memory is free, a moment later. */
void collate_local_models_look_at_memory (CollateLocalModels *self);

/* What is being loaded into the folder, or was and is not done; (transfer none). */
CollateDownloads *collate_local_models_get_downloads (CollateLocalModels *self);

/* Puts a model file into the folder, whole or not at all, and without a copy where the disk is the same. Errors as
 * collate_engine_peek() has them where it is none; COLLATE_ERROR_UNWRITABLE where one of that name is there. The callback
 * has no source object. */
void collate_local_models_add_async (CollateLocalModels *self,
                                     GFile *file,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* The entry's id; (nullable) (transfer full). */
char *collate_local_models_add_finish (CollateLocalModels *self, GAsyncResult *result, GError **error);

/* Takes the file of an entry out of the folder for good. The callback has no source object. */
void collate_local_models_remove_async (CollateLocalModels *self,
                                        CollateModel *model,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean collate_local_models_remove_finish (CollateLocalModels *self, GAsyncResult *result, GError **error);

G_END_DECLS
