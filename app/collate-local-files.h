/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-local-model.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* The folders of model files: what lies in one is "local:NAME" for NAME.gguf. Any thread; what reads or writes files
 * blocks. */

/* The person's own first, $XDG_DATA_HOME/collate/models, and then collate/models of each of $XDG_DATA_DIRS, where a
 * package installs models for everybody; (transfer full). */
GStrv collate_local_files_dup_folders (void);

/* What each model file in the folders says of itself, in the order of their names' bytes; one that cannot be used says
 * why: an array of CollateLocalModel. Of those of one name the first folder's is taken, and what the first folder does
 * not have is shared. Reads files: blocks; any thread; (transfer full). */
GPtrArray *collate_local_files_scan (const char *const *folders);

/* The file of the entry `id`, "local:NAME", in the first folder that has it; (nullable) (transfer full). */
char *collate_local_files_find (const char *id);

/* The tokenizer of a model's file, by the name of its encoding; any thread; blocks; (nullable) (transfer full). */
CollateVocabulary *collate_local_files_load_vocabulary (const char *name, GError **error);

/* TRUE where the file's name says that it is a model file. */
gboolean collate_local_files_is_model_file (GFile *file);

/* Why a file cannot be added, a sentence; (transfer full). */
char *collate_local_files_dup_problem (const GError *error);

/* Puts a model file into the folder, whole or not at all, and without a copy where the disk is the same. The entry's id;
 * errors as collate_engine_peek() has them where it is none; COLLATE_ERROR_HIDDEN; COLLATE_ERROR_UNWRITABLE where one of that
 * name is there;
 * (nullable) (transfer full). */
char *collate_local_files_add (GFile *file, const char *folder, GCancellable *cancellable, GError **error);

/* Takes a file out of the folder for good; COLLATE_ERROR_UNWRITABLE. One that is gone already is taken out. */
gboolean collate_local_files_remove (const char *path, GError **error);

G_END_DECLS
