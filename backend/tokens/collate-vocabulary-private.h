/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-encoding.h"
#include "tokens/collate-literals.h"
#include "tokens/collate-pairs.h"
#include "tokens/collate-ranks.h"
#include "tokens/collate-vocabulary.h"

G_BEGIN_DECLS

/* What collate-vocabulary-load.c makes of a file's arrays, and collate-vocabulary.c encodes with. */
struct _CollateVocabulary
{
  CollateRanks *tokens;      /* the bytes of all but control tokens; found are those that text may become */
  CollateRanks *spellings;   /* of control and user-defined tokens */
  CollateLiterals *literals; /* user-defined tokens */
  gint32 unknown;            /* what text becomes that has no token, or -1: nothing */

  /* Byte-level BPE; `pairs` is NULL for SentencePiece. */
  CollatePairs *pairs;
  CollateSplit split;
  gboolean takes_whole_pieces; /* a piece that is a token is that token, whatever the merges say */

  /* SentencePiece. */
  guint32 *orders; /* of each token, by falling score; equal for equal scores */
  gint32 bytes[256];
  gboolean adds_space;
  gboolean words_are_apart; /* no token goes on after a space that follows something else */
};

/* Fills a vocabulary of zeros. */
gboolean collate_vocabulary_load (CollateVocabulary *self,
                                  const CollateVocabularyParams *params,
                                  GError **error);

G_END_DECLS
