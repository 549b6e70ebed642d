/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Divides what a model writes, as bytes come, into reasoning (what stands between its thinking tags, before the answer)
 * and answer, in whole characters. One thread at a time. */
typedef struct _CollateDivider CollateDivider;

/* `text` is valid UTF-8, not empty, and the divider's until the call returns. */
typedef void (*CollateDividerFunc) (const char *text, gboolean reasoning, gpointer user_data);

/* A model that does not think has no tags; `inside`: it thinks already when it begins to write; (nullable) tags,
 * (transfer full). */
CollateDivider *collate_divider_new (const char *open,
                                     const char *close,
                                     gboolean inside,
                                     CollateDividerFunc on_text,
                                     gpointer user_data);

void collate_divider_add (CollateDivider *divider, const char *bytes, gsize length);

/* Tells what was held back: the beginning of a tag that was none, half a character as U+FFFD. */
void collate_divider_end (CollateDivider *divider);

/* TRUE while what comes is reasoning. */
gboolean collate_divider_is_thinking (CollateDivider *divider);

void collate_divider_free (CollateDivider *divider);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateDivider, collate_divider_free)

G_END_DECLS
