/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "collate-command-private.h"
#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* What the commands share that run a model file themselves. */

/* FALSE after saying so where this kind of attention is not known; NULL is dense. */
gboolean collate_command_check_attention (const char *name);

/* Says what went wrong with `subject`; COLLATE_EXIT_INCOMPLETE. */
int collate_command_fail (const GError *error, const char *subject);

/* Says why no graphics card computes, where `avoided` does; (nullable). */
void collate_command_tell_avoided (const GError *avoided);

/* Adds a text to `builder` under `member`. */
void collate_command_add_string (JsonBuilder *builder, const char *member, const char *value);

G_END_DECLS
