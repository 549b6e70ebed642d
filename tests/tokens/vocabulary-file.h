/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* Reads a vocabulary as vocabularies.py writes it: lines of fields between tabs. `pre`, where it
 * is not NULL, is the split rule instead of the file's; (nullable) (transfer full). */
CollateVocabulary *vocabulary_file_load (const char *path, const char *pre, GError **error);

G_END_DECLS
