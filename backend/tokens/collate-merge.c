/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-merge.h"

/* The parts of a piece are a linked list over its bytes: a part is named by the offset of its first byte. The
 * heap holds the pairs that could merge, as rank << 32 | offset of the left part. A pair is not taken out of
 * the heap when a neighbour merges: on its turn it no longer has the rank that its left part remembers. */

typedef struct
{
  guint32 previous;
  guint32 next; /* the offset of the next part; the piece's length at the end */
  guint32 rank; /* this part's own */
  guint32 pair; /* the rank of this part and the next as one; COLLATE_NO_RANK where they do not merge */
} Part;

static inline Part *
get_part (CollateMerger *self, guint32 offset)
{
  return &g_array_index (self->parts, Part, offset);
}

static void
heap_push (GArray *heap, guint64 pair)
{
  guint64 *pairs;
  guint i = heap->len;

  g_array_set_size (heap, heap->len + 1);
  pairs = (guint64 *) (gpointer) heap->data;
  for (; i > 0 && pairs[(i - 1) / 2] > pair; i = (i - 1) / 2)
    pairs[i] = pairs[(i - 1) / 2];
  pairs[i] = pair;
}

static guint64
heap_pop (GArray *heap)
{
  guint64 *pairs = (guint64 *) (gpointer) heap->data;
  guint64 top = pairs[0];
  guint n = heap->len - 1;
  guint64 last = pairs[n];
  guint i = 0;

  for (guint child = 1; child < n; child = 2 * i + 1)
    {
      if (child + 1 < n && pairs[child + 1] < pairs[child])
        child++;
      if (pairs[child] >= last)
        break;
      pairs[i] = pairs[child];
      i = child;
    }
  pairs[i] = last;
  g_array_set_size (heap, n);
  return top;
}

/* Finds what the part at `offset` and its next one would merge to. */
static void
look_at_pair (CollateMerger *self, const guchar *piece, guint32 length, guint32 offset)
{
  Part *part = get_part (self, offset);

  part->pair = COLLATE_NO_RANK;
  if (part->next < length)
    part->pair = collate_ranks_find (self->ranks, piece + offset, get_part (self, part->next)->next - offset);
  if (part->pair != COLLATE_NO_RANK)
    heap_push (self->heap, (guint64) part->pair << 32 | offset);
}

static void
merge_pair (CollateMerger *self, const guchar *piece, guint32 length, guint32 offset)
{
  Part *left = get_part (self, offset);
  Part *right = get_part (self, left->next);

  left->rank = left->pair;
  left->next = right->next;
  right->pair = COLLATE_NO_RANK;
  if (left->next < length)
    get_part (self, left->next)->previous = offset;

  look_at_pair (self, piece, length, offset);
  if (offset > 0)
    look_at_pair (self, piece, length, left->previous);
}

void
collate_merger_init (CollateMerger *self, CollateRanks *ranks)
{
  self->ranks = ranks;
  self->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  self->heap = g_array_new (FALSE, FALSE, sizeof (guint64));
}

void
collate_merger_clear (CollateMerger *self)
{
  g_array_unref (self->parts);
  g_array_unref (self->heap);
}

gsize
collate_merger_run (CollateMerger *self, const guchar *piece, gsize length, GArray *ids)
{
  gsize n_ids = 0;

  g_array_set_size (self->parts, length);
  for (guint32 i = 0; i < length; i++)
    *get_part (self, i) = (Part){
      .previous = i - 1,
      .next = i + 1,
      .rank = collate_ranks_find (self->ranks, piece + i, 1),
    };
  for (guint32 i = 0; i < length; i++)
    look_at_pair (self, piece, length, i);

  while (self->heap->len > 0)
    {
      guint64 pair = heap_pop (self->heap);
      guint32 offset = (guint32) pair;

      if (get_part (self, offset)->pair == pair >> 32)
        merge_pair (self, piece, length, offset);
    }

  for (guint32 i = 0; i < length; i = get_part (self, i)->next)
    {
      if (ids)
        g_array_append_val (ids, get_part (self, i)->rank);
      n_ids++;
    }
  return n_ids;
}
