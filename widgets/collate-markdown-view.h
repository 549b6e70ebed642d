/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Markdown as widgets, a block each. A text that grew changes its last blocks only. Role: group; the text
 * is in the names of the labels beneath. */
#define COLLATE_TYPE_MARKDOWN_VIEW (collate_markdown_view_get_type ())
G_DECLARE_FINAL_TYPE (CollateMarkdownView, collate_markdown_view, COLLATE, MARKDOWN_VIEW, AdwBin)

GtkWidget *collate_markdown_view_new (void);

/* Shows this text (UTF-8; `length` bytes, or -1), at once: call it once a frame at most. */
void collate_markdown_view_set_text (CollateMarkdownView *self, const char *text, gssize length);

G_END_DECLS
