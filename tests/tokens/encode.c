/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "tokens/collate-encoding.h"

/* Encodes files for the comparison with the real tokenizers: for every file a line of ids on standard output;
 * --time: for every file the nanoseconds that counting it took, loading not included. */

static gboolean
encode_file (CollateEncoding *encoding, const char *path, gboolean timed, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;

  if (timed)
    {
      gint64 begin = g_get_monotonic_time ();

      collate_encoding_count (encoding, text, length);
      printf ("%" G_GINT64_FORMAT "\n", (g_get_monotonic_time () - begin) * 1000);
    }
  else
    {
      g_autoptr (GArray) ids = collate_encoding_encode (encoding, text, length);

      for (guint i = 0; i < ids->len; i++)
        printf ("%u ", g_array_index (ids, guint32, i));
      printf ("\n");
    }
  return TRUE;
}

int
main (int argc, char **argv)
{
  gboolean timed = FALSE;
  g_auto (GStrv) arguments = NULL;
  const GOptionEntry entries[] = {
    { "time", 0, 0, G_OPTION_ARG_NONE, &timed, "Print times instead of ids", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, "ENCODING FILE…" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (CollateEncodings) encodings = NULL;
  g_autoptr (GError) error = NULL;
  CollateEncoding *encoding = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, &argc, &argv, &error) && arguments)
    {
      encodings = collate_encodings_new ("/io/github/collate/Collate/vocabularies");
      encoding = collate_encodings_get (encodings, arguments[0], &error);
    }
  for (gsize i = 1; encoding && arguments[i] && !error; i++)
    encode_file (encoding, arguments[i], timed, &error);

  if (!encoding || error)
    {
      fprintf (stderr, "encode: %s\n", error ? error->message : "no encoding named");
      return EXIT_FAILURE;
    }
  return EXIT_SUCCESS;
}
