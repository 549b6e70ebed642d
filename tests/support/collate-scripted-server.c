/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <unistd.h>

#include "scripted-server.h"

/* The scripted server as a program: `collate-scripted-server [--port N] [SCRIPT.json]`. It reads standard
 * input where no file is named, prints its address, and serves until it is ended. */

static char *
read_script (const char *path, gsize *length, GError **error)
{
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  char *script;

  if (path != NULL)
    return g_file_get_contents (path, &script, length, error) ? script : NULL;

  input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  output = g_memory_output_stream_new_resizable ();
  if (g_output_stream_splice (output, input, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, error) < 0)
    return NULL;

  *length = g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (output));
  return g_memory_output_stream_steal_data (G_MEMORY_OUTPUT_STREAM (output));
}

int
main (int argc, char **argv)
{
  int port = 0;
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &port, "Port, 0 for a free one", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[SCRIPT.json]");
  g_autoptr (GError) error = NULL;
  g_autoptr (ScriptedServer) server = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *script = NULL;
  gsize length;

  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, &argc, &argv, &error))
    script = read_script (argc > 1 ? argv[1] : NULL, &length, &error);
  if (script != NULL)
    server = scripted_server_new (script, length, port, &error);
  if (server == NULL)
    {
      fprintf (stderr, "collate-scripted-server: %s\n", error->message);
      return 2;
    }

  printf ("%s\n", scripted_server_get_address (server));
  fflush (stdout);
  g_main_loop_run (loop);

  return 0;
}
