/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* No token, or no place in an order. */
#define COLLATE_NO_RANK G_MAXUINT32

/* What two parts become as one, and when: the lowest order first; COLLATE_NO_RANK: never. */
typedef struct
{
  guint32 order;
  guint32 id;
} CollateMerge;

/* How a kind of tokens begins and merges; `tokens` is what collate_merger_init() was given. */
typedef struct
{
  /* The length of the part that `bytes` begin with, and its id or COLLATE_NO_RANK. */
  gsize (*begin) (gconstpointer tokens, const guchar *bytes, gsize length, guint32 *id);

  /* The parts `left` and `right`, which together are `bytes`. */
  CollateMerge (
      *merge) (gconstpointer tokens, guint32 left, guint32 right, const guchar *bytes, gsize length);
} CollateMergeRules;

/* Merging of adjacent parts, with memory that is kept from piece to piece. One thread at a time. */
typedef struct
{
  const CollateMergeRules *rules;
  gconstpointer tokens; /* (transfer none) */
  GArray *parts;
  GArray *heap;
  guint32 at;
  guint32 length;
} CollateMerger;

void collate_merger_init (CollateMerger *self, const CollateMergeRules *rules, gconstpointer tokens);
void collate_merger_clear (CollateMerger *self);

/* Merges one piece of less than 4 GiB: always the adjacent pair of the lowest order, the leftmost of equals.
 * O(n log n). */
void collate_merger_run (CollateMerger *self, const guchar *piece, gsize length);

/* The next part that is left of the piece, from its first: where it begins, its length, and its id or
 * COLLATE_NO_RANK; FALSE at the end. */
gboolean collate_merger_next (CollateMerger *self, gsize *offset, gsize *length, guint32 *id);

/* A multiplier for a hash of what strangers wrote: another one each time, so that nobody can write a file whose tokens or
 * pairs all fall into one place. Odd. */
guint64 collate_merge_choose_multiplier (void);

G_END_DECLS
