/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "collate-application.h"
#include "compare/collate-comparison.h"

G_BEGIN_DECLS

/* The window: documents, models and history beside the question and its answers. Property "comparison"
 * (CollateComparison, read and write; nullable): what is shown. */
#define COLLATE_TYPE_WINDOW (collate_window_get_type ())
G_DECLARE_FINAL_TYPE (CollateWindow, collate_window, COLLATE, WINDOW, AdwApplicationWindow)

CollateWindow *collate_window_new (CollateApplication *application);

/* Takes documents, and model files into their folder: an array of GFile. */
void collate_window_add_files (CollateWindow *self, GPtrArray *files);

G_END_DECLS
