/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-tally.h"

#include <math.h>

#define PIECE_BYTES 4096

/* Where an encoding cannot be had: English is about four bytes a token. */
#define BYTES_PER_TOKEN 4

struct _CollateTally
{
  CollateEncodings *encodings;
  char *name;
  double factor;

  gint64 counted; /* tokens of the pieces that are complete */
  gsize offset;   /* where they end */
};

CollateTally *
collate_tally_new (CollateEncodings *encodings, const char *encoding, double factor)
{
  CollateTally *tally = g_new0 (CollateTally, 1);

  tally->encodings = collate_encodings_ref (encodings);
  tally->name = g_strdup (encoding != NULL ? encoding : COLLATE_ENCODING_DEFAULT);
  tally->factor = factor;

  return tally;
}

static gint64
count (CollateTally *tally, const char *text, gsize length)
{
  CollateEncoding *encoding;

  if (length == 0)
    return 0;

  encoding = collate_encodings_get (tally->encodings, tally->name, NULL);
  return encoding != NULL ? (gint64) collate_encoding_count (encoding, text, length)
                          : (gint64) (length + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

/* Encodings split at white space before anything else, so a piece that ends before a space counts as it
 * would within the whole; a long run without one is cut between characters. */
static gsize
find_cut (const char *text, gsize start, gsize end)
{
  for (gsize i = end - 1; i > start; i--)
    if (text[i] == ' ' && !g_ascii_isspace (text[i - 1]))
      return i;

  while (end > start && (text[end] & 0xc0) == 0x80)
    end--;
  return end;
}

void
collate_tally_update (CollateTally *tally, const char *text, gsize length)
{
  while (length - tally->offset > PIECE_BYTES)
    {
      gsize cut = find_cut (text, tally->offset, tally->offset + PIECE_BYTES);

      tally->counted += count (tally, text + tally->offset, cut - tally->offset);
      tally->offset = cut;
    }
}

gint64
collate_tally_get (CollateTally *tally, const char *text, gsize length)
{
  collate_tally_update (tally, text, length);

  return (gint64) ceil (
      (double) (tally->counted + count (tally, text + tally->offset, length - tally->offset)) *
      tally->factor);
}

void
collate_tally_free (CollateTally *tally)
{
  collate_encodings_unref (tally->encodings);
  g_free (tally->name);
  g_free (tally);
}
