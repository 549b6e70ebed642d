/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "gguf-fixture.h"

/* A model file: refused with a reason, or all that it offers can be read. */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = collate_gguf_open (fuzz_make_file (data, size, 0), &error);

  g_assert_true ((gguf == NULL) == (error != NULL));
  if (gguf == NULL)
    {
      g_assert_true (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_INVALID) ||
                     g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  gguf_read_everything (gguf);
  g_assert_true (collate_gguf_check (gguf, NULL));
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  for (guint32 version = 2; version <= 3; version++)
    {
      g_autoptr (GgufWriter) writer = gguf_sample_new (version, 8, 0);
      g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
      g_autofree char *name = g_strdup_printf ("sample-%u", version);
      gsize size;
      const guint8 *data = g_bytes_get_data (bytes, &size);

      on_seed (name, data, size, user_data);
    }
}
