/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/collate-engine.h"
#include "serve/collate-serve-fault.h"

G_BEGIN_DECLS

/* A conversation as strangers' JSON has it. */

/* An array of CollateTurn, whose texts are its own, but for the tools; (transfer full). */
GArray *collate_serve_turns_new (void);

/* Appends a message of a user; takes its text. */
void collate_serve_turns_add_user (GArray *turns, char *content);

/* Reads the list of messages; FALSE with `fault`. What calls gave is put in their order. */
gboolean collate_serve_turns_read (GArray *turns, JsonArray *messages, CollateServeFault *fault);

/* Tells the model, before all else, of functions that stay the caller's. */
void collate_serve_turns_offer (GArray *turns, const char *const *tools);

/* Reads the list of functions: the JSON of each; (nullable) (transfer full): NULL with `fault`. */
GStrv collate_serve_tools_read (JsonArray *tools, CollateServeFault *fault);

G_END_DECLS
