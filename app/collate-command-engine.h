/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "collate-command-private.h"
#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* What the commands share that run a model file themselves. */

/* Reads how a session shall read: an attention by name (NULL: dense), and --top-k (NULL: the model's own). FALSE after
 * saying so where one of them is not known, or the second is of no use. */
gboolean collate_command_parse_attention (const char *name, const char *top_k, CollateEngineReading *reading);

/* The same for "dense,sparse", as an array of CollateEngineReading; (nullable) (transfer full). */
GArray *collate_command_parse_attentions (const char *names, const char *top_k);

/* "dense", "sparse"; static. */
const char *collate_command_get_attention (const CollateEngineReading *reading);

/* Says what went wrong with `subject`; COLLATE_EXIT_INCOMPLETE. */
int collate_command_fail (const GError *error, const char *subject);

/* Says why no graphics card computes, where `avoided` does; (nullable). */
void collate_command_tell_avoided (const GError *avoided);

/* Adds a text to `builder` under `member`. */
void collate_command_add_string (JsonBuilder *builder, const char *member, const char *value);

G_END_DECLS
