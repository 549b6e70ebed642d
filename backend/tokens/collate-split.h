/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tokens/collate-encoding.h"

G_BEGIN_DECLS

/* Walks over a text piece by piece, as an encoding's regular expressions would. The text is valid UTF-8. */
typedef struct
{
  CollateSplit rule;
  const guchar *at;
  const guchar *end;
  const guchar
      *segment_end; /* where rules come one after the other: the end of the run that `at` stands in */
} CollateSplitter;

void collate_splitter_init (CollateSplitter *self, CollateSplit rule, const guchar *text, gsize length);

/* The next piece, FALSE at the end. The pieces lie end to end and are never empty. */
gboolean collate_splitter_next (CollateSplitter *self, const guchar **piece, gsize *length);

G_END_DECLS
