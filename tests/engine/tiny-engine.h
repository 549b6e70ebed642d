/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gguf-writer.h"

#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* A folder with a tiny random model in it, and the engine on it. */
typedef struct
{
  char *folder;
  char *path;
  CollateEngine *engine;
} TinyEngine;

void tiny_engine_open (TinyEngine *tiny, const char *architecture, CollateType type);
void tiny_engine_close (TinyEngine *tiny);

/* Writes other bytes as the model file. */
void tiny_engine_write (TinyEngine *tiny, GBytes *bytes);

/* Makes a folder without a model. */
void tiny_engine_begin (TinyEngine *tiny);

/* n random tokens of a tiny model, the same for the same seed; (transfer full). */
gint32 *tiny_engine_get_tokens (guint64 seed, gsize n);

/* A new session; fails the test where there is none. */
CollateEngineSession *tiny_engine_new_session (TinyEngine *tiny, gint64 context);

G_END_DECLS
