/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tiny-engine.h"

#include <glib/gstdio.h>

#define SEED 11

/* As many as all of the tiny models have. */
#define N_VOCABULARY 275

void
tiny_engine_begin (TinyEngine *tiny)
{
  g_autoptr (GError) error = NULL;

  tiny->folder = g_dir_make_tmp ("collate-engine-XXXXXX", &error);
  g_assert_no_error (error);
  tiny->path = g_build_filename (tiny->folder, "tiny.gguf", NULL);
  tiny->engine = NULL;
}

void
tiny_engine_write (TinyEngine *tiny, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize n_bytes;
  const char *data = g_bytes_get_data (bytes, &n_bytes);

  g_file_set_contents (tiny->path, data, n_bytes, &error);
  g_assert_no_error (error);
}

void
tiny_engine_open (TinyEngine *tiny, const char *architecture, CollateType type)
{
  g_autoptr (GError) error = NULL;

  tiny_engine_begin (tiny);
  gguf_writer_tiny_model (tiny->path, architecture, type, SEED);
  tiny->engine = collate_engine_open (tiny->path, "cpu", NULL, &error);
  g_assert_no_error (error);
}

void
tiny_engine_close (TinyEngine *tiny)
{
  g_clear_pointer (&tiny->engine, collate_engine_unref);
  g_remove (tiny->path);
  g_rmdir (tiny->folder);
  g_clear_pointer (&tiny->path, g_free);
  g_clear_pointer (&tiny->folder, g_free);
}

gint32 *
tiny_engine_get_tokens (guint64 seed, gsize n)
{
  gint32 *tokens = g_new (gint32, n);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < n; i++)
    tokens[i] = g_rand_int_range (rand, 0, N_VOCABULARY);
  return tokens;
}

CollateEngineSession *
tiny_engine_new_session (TinyEngine *tiny, gint64 context)
{
  g_autoptr (GError) error = NULL;
  CollateEngineSession *session = collate_engine_session_new (tiny->engine, context, NULL, &error);

  g_assert_no_error (error);
  return session;
}
