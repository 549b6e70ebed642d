/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-merge.h"

/* The parts of a piece are a linked list over its bytes: a part is named by the offset of its first byte. The
 * heap holds the pairs that could merge, as order << 32 | offset of the left part. A pair is not taken out of
 * the heap when a neighbour merges: on its turn it no longer has the order that its left part remembers. */

typedef struct
{
  guint32 previous;
  guint32 next; /* the offset of the next part; the piece's length at the end */
  guint32 id;
  CollateMerge pair; /* this part and the next as one */
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
look_at_pair (CollateMerger *self, const guchar *piece, guint32 offset)
{
  Part *part = get_part (self, offset);
  const Part *next;

  part->pair.order = COLLATE_NO_RANK;
  if (part->next >= self->length)
    return;
  next = get_part (self, part->next);
  part->pair = self->rules->merge (self->tokens, part->id, next->id, piece + offset, next->next - offset);
  if (part->pair.order != COLLATE_NO_RANK)
    heap_push (self->heap, (guint64) part->pair.order << 32 | offset);
}

static void
merge_pair (CollateMerger *self, const guchar *piece, guint32 offset)
{
  Part *left = get_part (self, offset);
  Part *right = get_part (self, left->next);

  left->id = left->pair.id;
  left->next = right->next;
  right->pair.order = COLLATE_NO_RANK;
  if (left->next < self->length)
    get_part (self, left->next)->previous = offset;

  look_at_pair (self, piece, offset);
  if (offset > 0)
    look_at_pair (self, piece, left->previous);
}

void
collate_merger_init (CollateMerger *self, const CollateMergeRules *rules, gconstpointer tokens)
{
  *self = (CollateMerger){
    .rules = rules,
    .tokens = tokens,
    .parts = g_array_new (FALSE, FALSE, sizeof (Part)),
    .heap = g_array_new (FALSE, FALSE, sizeof (guint64)),
  };
}

void
collate_merger_clear (CollateMerger *self)
{
  g_array_unref (self->parts);
  g_array_unref (self->heap);
}

void
collate_merger_run (CollateMerger *self, const guchar *piece, gsize length)
{
  guint32 previous = 0;

  self->at = 0;
  self->length = length;
  g_array_set_size (self->parts, length);
  for (guint32 i = 0; i < length; i = get_part (self, i)->next)
    {
      Part *part = get_part (self, i);

      part->previous = previous;
      part->next = i + self->rules->begin (self->tokens, piece + i, length - i, &part->id);
      previous = i;
    }
  for (guint32 i = 0; i < length; i = get_part (self, i)->next)
    look_at_pair (self, piece, i);

  while (self->heap->len > 0)
    {
      guint64 pair = heap_pop (self->heap);
      guint32 offset = (guint32) pair;

      if (get_part (self, offset)->pair.order == pair >> 32)
        merge_pair (self, piece, offset);
    }
}

gboolean
collate_merger_next (CollateMerger *self, gsize *offset, gsize *length, guint32 *id)
{
  const Part *part;

  if (self->at >= self->length)
    return FALSE;
  part = get_part (self, self->at);
  *offset = self->at;
  *length = part->next - self->at;
  *id = part->id;
  self->at = part->next;
  return TRUE;
}

guint64
collate_merge_choose_multiplier (void)
{
  return (guint64) g_random_int () << 32 | g_random_int () | 1;
}
