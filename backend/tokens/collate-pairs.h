/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-merge.h"

G_BEGIN_DECLS

/* Which two tokens merge to which third, in what order. Immutable after the last collate_pairs_add(); then any
 * thread. */
typedef struct _CollatePairs CollatePairs;

/* For at most `n_pairs` pairs; (transfer full). */
CollatePairs *collate_pairs_new (guint32 n_pairs);
void collate_pairs_free (CollatePairs *self);

/* Of the same pair the first counts. */
void collate_pairs_add (CollatePairs *self, guint32 left, guint32 right, CollateMerge merge);

/* What the pair merges to; its order is COLLATE_NO_RANK where it does not. */
CollateMerge collate_pairs_find (const CollatePairs *self, guint32 left, guint32 right);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollatePairs, collate_pairs_free)

G_END_DECLS
