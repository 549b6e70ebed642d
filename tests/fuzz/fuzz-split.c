/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "tokens/collate-split.h"
#include "tokens/collate-utf8.h"

/* Any text under every split rule: the pieces lie end to end, none is empty, and nothing is left. */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree guchar *masked = collate_utf8_mask (data, size);
  const guchar *text = masked != NULL ? masked : data;

  g_assert_true (g_utf8_validate_len ((const char *) text, size, NULL) || memchr (text, '\0', size) != NULL);
  for (CollateSplit rule = COLLATE_SPLIT_CL100K; rule <= COLLATE_SPLIT_DEFAULT; rule++)
    {
      CollateSplitter splitter;
      const guchar *piece, *at = text;
      gsize length;

      collate_splitter_init (&splitter, rule, text, size);
      while (collate_splitter_next (&splitter, &piece, &length))
        {
          g_assert_true (piece == at && length > 0 && length <= size - (gsize) (at - text));
          at += length;
        }
      g_assert_true (at == text + size);
    }
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "I'm sure they'll say it isn't; WE'VE heard.",
    "x = 1234567 + 8.9e-10\n\n\tif (a != b) { return; }\r\n",
    "   leading,  double   and trailing   ",
    "\xc3\x89"
    "cole \xe2\x80\x94 \xd1\x81\xd0\xbb\xd0\xbe\xd0\xb2\xd0\xbe "
    "\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82\xe3\x81\x8b\xe3\x81\xaa \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d "
    "\xd9\xa1\xd9\xa2\xd9\xa3",
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"
    "e\xcc\x81\xc2\xa0\xe2\x80\xa8\xff\xc3(",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
