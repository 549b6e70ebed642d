/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tokens/collate-merge.h"

G_BEGIN_DECLS

/* A rank table: tokens by their bytes and by their rank, which is also their id. Immutable; any thread. */
typedef struct _CollateRanks CollateRanks;

/* Reads lines of base64, a space and a rank; (nullable) (transfer full). COLLATE_ERROR_INVALID where a line
 * is no such line, a token or a rank comes twice, or a single byte has no rank. */
CollateRanks *collate_ranks_new (GBytes *lines, GError **error);

/* A token by its bytes; of those that `can_be_found` with the same bytes the first is found. */
typedef struct
{
  const guchar *bytes;
  gsize length;
  gboolean can_be_found;
} CollateRankedToken;

/* The tokens in the order of their ranks, all copied, less than 4 GiB of them; (transfer full). */
CollateRanks *collate_ranks_new_from_tokens (const CollateRankedToken *tokens, gsize n_tokens);
void collate_ranks_free (CollateRanks *self);

/* One more than the highest rank. */
gsize collate_ranks_get_size (CollateRanks *self);

/* The rank of these bytes, or COLLATE_NO_RANK. */
guint32 collate_ranks_find (const CollateRanks *self, const guchar *bytes, gsize length);

/* The bytes of a rank; (nullable) (transfer none). */
const guchar *collate_ranks_get_bytes (CollateRanks *self, guint32 rank, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateRanks, collate_ranks_free)

G_END_DECLS
