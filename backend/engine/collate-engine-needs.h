/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What running a model file takes of this machine's memory, from the file's description alone: a second header of
 * engine/ that other rooms include. */
typedef struct
{
  gint64 weights;   /* bytes, as the next ones */
  gint64 fixed;     /* of a session, however long it is */
  gint64 per_token; /* of its context */

  /* Tokens that the chat format writes around what the system and the user say: without thinking, and with it. */
  gint64 chat_tokens[2];
} CollateEngineNeeds;

/* Looks whether the file can be run at all, and at what it takes; blocks; any thread. COLLATE_ERROR_UNSUPPORTED (an
 * architecture or a tokenizer that is not known), COLLATE_ERROR_INVALID (sizes that do not agree), _UNREADABLE. */
gboolean collate_engine_peek_needs (const char *path, CollateEngineNeeds *needs, GError **error);

/* Tokens of `context` for which `free_bytes` of memory are enough, as a session decides it; 0: it cannot be run. */
gint64 collate_engine_needs_fit (const CollateEngineNeeds *needs, gint64 free_bytes, gint64 context);

/* Bytes of memory that models could take: what is free, and what this process holds already and would give back for
 * another one; G_MAXINT64 where the system does not say. Any thread. */
gint64 collate_engine_get_free_memory (void);

G_END_DECLS
