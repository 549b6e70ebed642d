/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-pack.h"

/* What a database says is a packed text: nothing, or a text of the length that is claimed; and any bytes come back from
 * being packed. */

static void
check_round_trip (const FuzzInput *input)
{
  gsize size;
  g_autofree guint8 *packed = collate_pack ((const char *) input->data, input->size, &size);
  g_autofree char *text = collate_unpack (packed, size, input->size);

  g_assert_nonnull (text);
  g_assert_cmpmem (text, input->size, input->data, input->size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  gsize length = fuzz_input_take (&input);
  g_autofree char *text = NULL;

  length = length << 8 | fuzz_input_take (&input);
  text = collate_unpack (input.data, input.size, length);
  g_assert_true (text == NULL || text[length] == '\0');
  check_round_trip (&input);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = { "", "a", "a text, a text, a text, a text", NULL };

  for (guint i = 0; texts[i] != NULL; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autoptr (GByteArray) seed = g_byte_array_new ();
      gsize length = strlen (texts[i]), size;
      g_autofree guint8 *packed = collate_pack (texts[i], length, &size);

      g_byte_array_append (seed, (guint8[]){ (guint8) (length >> 8), (guint8) length }, 2);
      g_byte_array_append (seed, packed, (guint) size);
      on_seed (name, seed->data, seed->len, user_data);
    }
}
