/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-ranks.h"

G_BEGIN_DECLS

/* Byte-pair merging, with memory that is kept from piece to piece. One thread at a time. */
typedef struct
{
  CollateRanks *ranks; /* (transfer none) */
  GArray *parts;
  GArray *heap;
} CollateMerger;

void collate_merger_init (CollateMerger *self, CollateRanks *ranks);
void collate_merger_clear (CollateMerger *self);

/* Merges one piece of less than 4 GiB into tokens: always the adjacent pair of the lowest rank, the leftmost
 * of equals. Appends the ids to `ids` (guint32) unless it is NULL, and gives their number. O(n log n). */
gsize collate_merger_run (CollateMerger *self, const guchar *piece, gsize length, GArray *ids);

G_END_DECLS
