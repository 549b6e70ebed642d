/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-pairs.h"

/* An open-addressing hash, half full at most. */

typedef struct
{
  guint64 pair;
  CollateMerge merge; /* its order is COLLATE_NO_RANK where the slot is empty */
} Slot;

struct _CollatePairs
{
  Slot *slots;
  guint shift;
  guint64 mask;
  guint64 multiplier;
};

/* The slot where this pair is, or would be. */
static Slot *
find_slot (const CollatePairs *self, guint64 pair)
{
  guint64 i = pair * self->multiplier >> self->shift;

  while (self->slots[i].merge.order != COLLATE_NO_RANK && self->slots[i].pair != pair)
    i = (i + 1) & self->mask;
  return &self->slots[i];
}

CollatePairs *
collate_pairs_new (guint32 n_pairs)
{
  CollatePairs *self = g_new0 (CollatePairs, 1);
  guint bits = 10;

  while (1ull << bits < 2ull * n_pairs)
    bits++;
  self->shift = 64 - bits;
  self->mask = (1ull << bits) - 1;
  self->multiplier = collate_merge_choose_multiplier ();
  self->slots = g_new (Slot, 1ull << bits);
  for (guint64 i = 0; i <= self->mask; i++)
    self->slots[i] = (Slot){ 0, { COLLATE_NO_RANK, COLLATE_NO_RANK } };
  return self;
}

void
collate_pairs_free (CollatePairs *self)
{
  g_free (self->slots);
  g_free (self);
}

void
collate_pairs_add (CollatePairs *self, guint32 left, guint32 right, CollateMerge merge)
{
  guint64 pair = (guint64) left << 32 | right;
  Slot *slot = find_slot (self, pair);

  if (slot->merge.order == COLLATE_NO_RANK)
    *slot = (Slot){ pair, merge };
}

CollateMerge
collate_pairs_find (const CollatePairs *self, guint32 left, guint32 right)
{
  return find_slot (self, (guint64) left << 32 | right)->merge;
}
