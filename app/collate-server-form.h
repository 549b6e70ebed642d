/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "catalogue/collate-keys.h"
#include "compare/collate-workspace.h"

G_BEGIN_DECLS

/* A form that adds a server by its address: name it, test it, tick the models that it serves. Signal
 * "failed" (string): a sentence about what went wrong. */
#define COLLATE_TYPE_SERVER_FORM (collate_server_form_get_type ())
G_DECLARE_FINAL_TYPE (CollateServerForm, collate_server_form, COLLATE, SERVER_FORM, AdwPreferencesGroup)

/* Hands over where servers are added and keys are kept. */
void collate_server_form_set_parts (CollateServerForm *self, CollateWorkspace *workspace, CollateKeys *keys);

G_END_DECLS
