/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "compare/collate-workspace.h"

G_BEGIN_DECLS

/* Remembers in the settings what a person ticks: models, which of them think, limits and order; and ticks
 * it again at the next start. Until something was ticked by hand, what
 * collate_workspace_dup_default() says is ticked. Main thread. */
#define COLLATE_TYPE_CHOICES (collate_choices_get_type ())
G_DECLARE_FINAL_TYPE (CollateChoices, collate_choices, COLLATE, CHOICES, GObject)

/* Ticks what is remembered, and remembers from now on; (transfer full). */
CollateChoices *collate_choices_new (CollateWorkspace *workspace, GSettings *settings);

G_END_DECLS
