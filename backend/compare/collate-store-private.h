/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "base/collate-database.h"
#include "compare/collate-lock.h"
#include "compare/collate-store.h"

G_BEGIN_DECLS

/* Private to the store's three files. */

struct _CollateStore
{
  CollateDatabase *database;
  char *path;
  dev_t device; /* of the file that was opened */
  ino_t inode;
  CollateLock *lock; /* from the first comparison that this program adds */
};

/* Ends a transaction: kept where all of it was written. */
gboolean collate_store_commit (CollateStore *store, gboolean written, GError **error);

/* Fills in the texts of a comparison's documents; COLLATE_ERROR_UNREADABLE where one is not there, or not what was
 * stored. */
gboolean collate_store_read_texts (CollateStore *store, gint64 id, GPtrArray *documents, GError **error);

/* What a row of an answer holds, in the order in which it is written and read. */
#define ANSWER_COLUMNS                                                                                       \
  "entry, name, run, route, provider, key_name, served_model, finish_reason, local, state, input, "          \
  "cached_input, cache_write, cache_write_1h, output, reasoning_output, reported, estimated, price, cost, "  \
  "asked_at, head, first_reasoning, first_text, last_token, done, requests, dropped, error, message, "       \
  "status, expected_input, input_cut, text, reasoning, avoided, keys_read, pace, drafted, "                  \
  "drafts_right"

G_END_DECLS
