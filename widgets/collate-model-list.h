/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What can be asked: a row with a check box for each entry, what it costs, whether it fits, what keeps it
 * from being asked; over them the sum at most and the line-ups. Property: "workspace" (CollateWorkspace,
 * read and write). Uses the actions win.line-up ("s": a line-up's id), win.save-line-up, and
 * app.preferences ("s": "key:OPENAI_API_KEY" to enter that key, "servers" to add a server). */
#define COLLATE_TYPE_MODEL_LIST (collate_model_list_get_type ())
G_DECLARE_FINAL_TYPE (CollateModelList, collate_model_list, COLLATE, MODEL_LIST, AdwBin)

G_END_DECLS
