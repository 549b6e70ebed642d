/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixinputstream.h>
#include <string.h>

#include "base/collate-sandbox.h"
#include "catalogue/collate-keys.h"

/* What a program does with the keyring, one step a process, for keyring.py: "store NAME" takes the key from
 * standard input, "forget NAME", "show NAME" prints where the key was found and what it is; a third word, "sandboxed",
 * has it done as if in a sandbox. */

static gboolean done;
static int status;

static void
report (GError *error)
{
  if (error != NULL)
    {
      g_printerr ("%s\n", error->message);
      status = 1;
    }
  g_clear_error (&error);
  done = TRUE;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  collate_keys_load_finish (COLLATE_KEYS (source), result, &error);
  report (error);
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  collate_keys_store_finish (COLLATE_KEYS (source), result, &error);
  report (error);
}

static void
wait_for_report (void)
{
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  done = FALSE;
}

static void
store (CollateKeys *keys, const char *name)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (0, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (input);
  g_autofree char *key = g_data_input_stream_read_line_utf8 (lines, NULL, NULL, NULL);

  collate_keys_store_async (keys, name, key, FALSE, NULL, on_stored, NULL);
  wait_for_report ();
}

int
main (int argc, char **argv)
{
  static const char *const sources[] = { "none", "environment", "file", "keyring", "session" };
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);

  if (argc != 3 && argc != 4)
    return 2;

  collate_sandbox_pretend (argc == 4 && strcmp (argv[3], "sandboxed") == 0);

  if (strcmp (argv[1], "store") == 0)
    store (keys, argv[2]);
  else if (strcmp (argv[1], "forget") == 0)
    {
      collate_keys_store_async (keys, argv[2], NULL, FALSE, NULL, on_stored, NULL);
      wait_for_report ();
    }
  else
    {
      collate_keys_load_async (keys, NULL, on_loaded, NULL);
      wait_for_report ();
    }

  if (status == 0)
    {
      const char *key = collate_keys_lookup (keys, argv[2]);

      g_print ("%s %s\n", sources[collate_keys_get_source (keys, argv[2])], key != NULL ? key : "-");
    }

  return status;
}
