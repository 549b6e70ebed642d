/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-local-model.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* The folder of model files: what lies there is "local:NAME" for NAME.gguf. Any thread; what reads or writes files
 * blocks. */

/* $XDG_DATA_HOME/collate/models; (transfer full). */
char *collate_local_files_dup_folder (void);

/* What each model file in the folder says of itself, in the order of their names' bytes; one that cannot be used says
 * why: an array of CollateLocalModel. Reads files: blocks; any thread; (transfer full). */
GPtrArray *collate_local_files_scan (const char *folder);

/* The tokenizer of a model's file, by the name of its encoding; any thread; blocks; (nullable) (transfer full). */
CollateVocabulary *collate_local_files_load_vocabulary (const char *name, GError **error);

/* TRUE where the file's name says that it is a model file. */
gboolean collate_local_files_is_model_file (GFile *file);

/* Why a file cannot be added, a sentence; (transfer full). */
char *collate_local_files_dup_problem (const GError *error);

/* Puts a model file into the folder, whole or not at all, and without a copy where the disk is the same. The entry's id;
 * errors as collate_engine_peek() has them where it is none; COLLATE_ERROR_UNWRITABLE where one of that name is there;
 * (nullable) (transfer full). */
char *collate_local_files_add (GFile *file, const char *folder, GCancellable *cancellable, GError **error);

/* Takes a file out of the folder for good; COLLATE_ERROR_UNWRITABLE. One that is gone already is taken out. */
gboolean collate_local_files_remove (const char *path, GError **error);

G_END_DECLS
