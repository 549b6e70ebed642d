/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tokens/collate-pairs.h"
#include "tokens/collate-ranks.h"

/* Tokens and pairs that a stranger chose so that they fall into one place of a table whose hash he knows: with the usual
 * multiplier each takes as many steps as there are others, and the test does not end. */

#define USUAL G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
#define N_TOKENS (1u << 19)
#define N_PAIRS (1u << 20)

/* USUAL * invert () is 1. */
static guint64
invert (void)
{
  guint64 inverse = USUAL;

  for (int i = 0; i < 6; i++)
    inverse *= 2 - USUAL * inverse;
  g_assert_cmpuint (USUAL * inverse, ==, 1);
  return inverse;
}

/* Eight bytes whose hash by the usual multiplier has nothing but zeros above `low`. */
static guint64
find_word (guint32 low)
{
  guint64 hash = low * invert ();

  hash ^= hash >> 32;
  return hash * invert () ^ 8;
}

static void
test_tokens (void)
{
  g_autofree guint64 *words = g_new (guint64, N_TOKENS);
  g_autofree CollateRankedToken *tokens = g_new (CollateRankedToken, N_TOKENS);
  g_autoptr (CollateRanks) ranks = NULL;

  for (guint32 i = 0; i < N_TOKENS; i++)
    {
      words[i] = find_word (i);
      tokens[i] = (CollateRankedToken){ (const guchar *) &words[i], sizeof *words, TRUE };
    }
  ranks = collate_ranks_new_from_tokens (tokens, N_TOKENS);
  for (guint32 i = 0; i < N_TOKENS; i++)
    g_assert_cmpuint (collate_ranks_find (ranks, (const guchar *) &words[i], sizeof *words), ==, i);
}

static void
test_pairs (void)
{
  g_autoptr (CollatePairs) pairs = collate_pairs_new (N_PAIRS);
  guint64 step = invert ();

  for (guint32 i = 0; i < N_PAIRS; i++)
    collate_pairs_add (
        pairs, (guint32) (i * step >> 32), (guint32) (i * step), (CollateMerge){ .order = i, .id = i });
  for (guint32 i = 0; i < N_PAIRS; i++)
    g_assert_cmpuint (
        collate_pairs_find (pairs, (guint32) (i * step >> 32), (guint32) (i * step)).order, ==, i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/collisions/tokens", test_tokens);
  g_test_add_func ("/collisions/pairs", test_pairs);

  return g_test_run ();
}
