/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* Looks for the functions that a model calls in what it writes, as bytes come, and lets through what is no call. Calls
 * stand in one block, in DeepSeek 3.2's markup, at the end of an answer or of what was thought before it; a block that is
 * wrong anywhere is text. One thread at a time. */
typedef struct _CollateCalls CollateCalls;

typedef void (*CollateCallsFunc) (const char *bytes, gsize length, gpointer user_data);

/* (transfer full) */
CollateCalls *collate_calls_new (CollateCallsFunc on_bytes, gpointer user_data);

/* FALSE where the block is whole: what stands before it was let through, and nothing else will be. */
gboolean collate_calls_add (CollateCalls *self, const char *bytes, gsize length);

/* Lets through what was held back. */
void collate_calls_end (CollateCalls *self);

/* TRUE from where the block begins. */
gboolean collate_calls_is_inside (CollateCalls *self);

/* The calls of a whole block, in their order; `*n_calls` is 0 without one. */
const CollateCall *collate_calls_get (CollateCalls *self, gsize *n_calls);

void collate_calls_free (CollateCalls *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateCalls, collate_calls_free)

G_END_DECLS
