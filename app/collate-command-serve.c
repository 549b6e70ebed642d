/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-command-engine.h"

#include <glib/gi18n-lib.h>

#include "collate-local-files.h"
#include "serve/collate-serve.h"

/* `collate serve`: a model file for other programs, until a signal ends it. */

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 8080

typedef struct
{
  char *host;
  char *port;
  CollateEngineOptions engine;
  guint64 n_port;
  CollateEngineReading reading;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->host);
  g_free (options->port);
  collate_engine_options_clear (&options->engine);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* The first one in the folders that can be asked; (nullable) (transfer full). */
static char *
dup_first_model (const char *const *folders)
{
  g_autoptr (GPtrArray) models = collate_local_files_scan (folders);

  for (guint i = 0; i < models->len; i++)
    {
      const CollateLocalModel *model = models->pdata[i];

      if (model->problem == NULL)
        return g_strdup (model->path);
    }

  return NULL;
}

static gboolean
choose_model (Options *options)
{
  g_auto (GStrv) folders = collate_local_files_dup_folders ();

  if (options->engine.model != NULL)
    return collate_command_find_model (&options->engine);
  options->engine.model = dup_first_model ((const char *const *) folders);

  return options->engine.model != NULL ||
         collate_command_complain (_ ("There is no model file in %s: name one with --model."), folders[0]);
}

static gboolean
check (Options *options)
{
  g_autoptr (GInetAddress) address = NULL;

  if (options->host == NULL)
    options->host = g_strdup (DEFAULT_HOST);
  if (g_ascii_strcasecmp (options->host, "localhost") != 0)
    {
      address = g_inet_address_new_from_string (options->host);
      if (address == NULL)
        return collate_command_complain (_ ("--host takes an IP address, not “%s”."), options->host);
    }
  if (options->port != NULL &&
      !g_ascii_string_to_unsigned (options->port, 10, 0, G_MAXUINT16, &options->n_port, NULL))
    return collate_command_complain (_ ("--port takes a number from 0 to %d."), G_MAXUINT16);

  return collate_command_parse_attention (&options->engine, &options->reading) &&
         collate_command_check_device (options->engine.device) && choose_model (options);
}

/* Serves until a signal comes. */
static int
wait (CollateServe *serve, GCancellable *cancellable)
{
  g_autofree char *line = g_strconcat (collate_serve_get_address (serve), "\n", NULL);
  int status = collate_command_print (line);

  while (status == COLLATE_EXIT_DONE && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (NULL, TRUE);

  return status;
}

/* At the start, or when a graphics card fails while it serves. */
static void
avoided_cb (CollateServe *serve)
{
  collate_command_tell_avoided (collate_serve_get_avoided (serve));
}

static int
serve (const Options *options)
{
  g_autoptr (GCancellable) cancellable = collate_command_catch_signals ();
  g_autoptr (CollateServe) serve =
      collate_serve_new (options->engine.model, options->engine.device, &options->reading);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_signal_connect (serve, "notify::avoided", G_CALLBACK (avoided_cb), NULL);
  collate_serve_start_async (
      serve, options->host, (guint16) options->n_port, cancellable, collate_command_keep_result, &result);
  collate_command_await (&result);
  if (collate_serve_start_finish (serve, result, &error))
    status = wait (serve, cancellable);
  else if (g_cancellable_is_cancelled (cancellable))
    status = COLLATE_EXIT_DONE;
  else
    status = collate_command_fail (error, options->engine.model);

  /* What was under way ends, and says so. */
  g_clear_object (&result);
  g_clear_object (&serve);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  return status;
}

int
collate_command_serve (GStrv arguments)
{
  g_auto (Options) options = { .n_port = DEFAULT_PORT };
  g_auto (GStrv) rest = g_strdupv (arguments);
  const GOptionEntry entries[] = {
    COLLATE_OPTION ("host", &options.host, N_ ("Listen at this IP address"), "127.0.0.1"),
    COLLATE_OPTION ("port", &options.port, N_ ("Listen at this port; 0: a free one"), "N"),
    COLLATE_OPTION ("model", &options.engine.model, N_ ("Serve this model file"), "FILE.gguf"),
    COLLATE_ENGINE_ENTRIES (&options.engine, "dense|sparse"),
    G_OPTION_ENTRY_NULL,
  };
  int status;

  if (!collate_command_parse (
          &rest, NULL, _ ("Serves a model file to other programs, as OpenAI's API."), entries, &status))
    return status;

  return check (&options) ? serve (&options) : COLLATE_EXIT_USAGE;
}
