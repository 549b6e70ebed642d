/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-catalogue.h"
#include "collate-downloads.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* The folder of model files: what lies there is in the catalogue as "local:NAME" for NAME.gguf. */

/* $XDG_DATA_HOME/collate/models; (transfer full). */
char *collate_local_models_dup_folder (void);

/* What each model file in the folder says of itself, in the order of their names' bytes; one that cannot be used says
 * why: an array of CollateLocalModel. Reads files: blocks; any thread; (transfer full). */
GPtrArray *collate_local_models_scan (const char *folder);

/* The tokenizer of a model's file, by the name of its encoding; any thread; blocks; (nullable) (transfer full). */
CollateVocabulary *collate_local_models_load_vocabulary (const char *name, GError **error);

/* Keeps a catalogue up to date with the folder, and changes the folder for a person. Main thread; nothing blocks. */
#define COLLATE_TYPE_LOCAL_MODELS (collate_local_models_get_type ())
G_DECLARE_FINAL_TYPE (CollateLocalModels, collate_local_models, COLLATE, LOCAL_MODELS, GObject)

/* Looks into the folder now, and whenever something in it changes; (transfer full). */
CollateLocalModels *collate_local_models_new (CollateCatalogue *catalogue, const char *folder);

const char *collate_local_models_get_folder (CollateLocalModels *self);

/* TRUE where the file's name says that it is a model file. */
gboolean collate_local_models_is_model_file (GFile *file);

/* Looks at the folder, and how much memory is free, now. */
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

/* Why a file cannot be added, a sentence; (transfer full). */
char *collate_local_models_dup_problem (const GError *error);

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
