/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "collate-local-models.h"
#include "compare/collate-workspace.h"

G_BEGIN_DECLS

/* The object graph of this program, built once for the window or for the command line: where files lie,
 * which keys there are, and the workspace over it all. Main thread. */
typedef struct _CollateSession CollateSession;

/* Builds everything from the environment (XDG folders, COLLATE_MODELS); reads no keyring; (transfer full).
 */
CollateSession *collate_session_new (void);

/* Waits, at most a few seconds, until the history holds what was handed over, and drops everything. */
void collate_session_free (CollateSession *session);

/* The parts; (transfer none). */
CollateWorkspace *collate_session_get_workspace (CollateSession *session);
CollateKeys *collate_session_get_keys (CollateSession *session);

/* The folders of model files; from the first call on, the catalogue follows them; (transfer none). */
CollateLocalModels *collate_session_get_local_models (CollateSession *session);

/* Lists the model files of all folders in the catalogue now: for a command, since it blocks. */
void collate_session_find_local_models (CollateCatalogue *catalogue);

/* Single parts, for a command that needs no more; (transfer full). */
CollateEncodings *collate_session_make_encodings (void);
CollateLibrary *collate_session_make_library (CollateEncodings *encodings);
CollateKeys *collate_session_make_keys (void);
CollateCatalogue *collate_session_make_catalogue (CollateKeys *keys);
CollateHistory *collate_session_make_history (void);

/* The program's own folder for settings ($XDG_CONFIG_HOME/collate); (transfer full). */
char *collate_session_dup_config_folder (void);

/* The file or folder `relative` in the build folder where this program runs from there, else NULL;
 * (nullable) (transfer full). */
char *collate_session_dup_uninstalled (const char *relative);

/* The sample questions that come with the program, NULL-terminated; (transfer full). */
GStrv collate_session_dup_sample_questions (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateSession, collate_session_free)

G_END_DECLS
