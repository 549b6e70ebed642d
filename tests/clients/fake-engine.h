/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Stands in for the engine: tokens are bytes, and a model file is a key file that holds what the model writes:
 *
 *   [model]
 *   reply=…      written whatever is asked, byte by byte, and then the turn's end
 *   context=…    tokens; 4096 by default
 *   second-context=…  tokens, of a session while another one is open
 *   takes=…      bytes of the file and of a session, together; 100 of them are the file's
 *   thinks=true  <think> and </think> are tags
 *   unknown=true its chat format is not known
 *   lost=true    its device is lost as soon as it has answered
 *   fails=N      the device that is chosen where none is named, "vulkan:0", computes N tokens and fails
 *   named-fails=N  the same of a device that is named
 *   drafted=N    tokens that a session drafts for an answer, and
 *   drafts-right=N  of them, those that are right
 *   avoids=…     the device that is chosen where none is named fails at once, and says this
 *
 * In sparse attention a token reads 8 tokens, unless another number is asked for. A prompt is "SYSTEM|USER>". Opening a
 * file that is none fails. */

/* What the engine did so far, all sessions together; any thread. */
typedef struct
{
  guint n_opened;   /* engines */
  guint n_open;     /* engines that are not closed yet */
  guint n_sessions; /* opened */
  guint n_open_sessions;
  guint n_at_work; /* sessions that compute just now */
  guint most_at_work;
  gsize n_computed; /* tokens */
  char *device;     /* of the last engine */
  gint64 top_k;     /* of the last session; 0: it is dense */
} FakeEngineDone;

const FakeEngineDone *fake_engine_get_done (void);
void fake_engine_reset (void);

/* Memory holds as many engines at a time, from now on. */
void fake_engine_set_memory (guint n_engines);

/* The same of sessions. */
void fake_engine_set_session_memory (guint n_sessions);

/* Bytes that are free, from now on. */
void fake_engine_set_free_memory (gint64 n_bytes);

/* Lets the engine compute so many tokens more, and wait then; -1: all it wants. */
void fake_engine_allow (gssize n_tokens);

/* Waits until it waits for leave to compute. */
void fake_engine_await_idle (void);

G_END_DECLS
