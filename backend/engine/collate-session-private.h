/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-engine-private.h"
#include "engine/collate-graph.h"

G_BEGIN_DECLS

/* What the files of a session share. */

struct _CollateEngineSession
{
  CollateEngine *engine;
  CollateEngineModel *model; /* the engine's */

  gint64 context;
  CollateEngineReading reading;
  gint64 chunk;
  GArray *timeline; /* of gint32: the tokens in the caches */

  CollateActivations at;
  CollatePlace last_logits;  /* [n_vocabulary]; of a draft, too, where there are drafts */
  CollatePlace score_logits; /* [SCORE_ROWS][n_vocabulary]; none before the first score */
  GPtrArray *buffers;        /* all of them */
  gint64 n_bytes;            /* that they take */

  float *logits; /* after the last token, on the host */
  gboolean has_logits;

  /* Drafts. What follows the timeline's last token was guessed, and computed with it: if the next token is that one, its
   * logits are there. */
  gint64 n_kept; /* tokens at the timeline's end of which at.hidden has rows */
  gint32 draft;  /* -1: none */
  float *draft_logits;
  gint64 n_drafted, n_right; /* since the session was synced last */
};

/* TRUE where the session drafts. */
static inline gboolean
collate_session_drafts (CollateEngineSession *self)
{
  return self->at.hidden.buffer != NULL;
}

/* Measures what at.n_dense should be, where no session of the model did before. */
gboolean collate_session_find_crossover (CollateEngineSession *self, GError **error);

/* Gives the drafting layer, after collate_graph_forward() of a chunk, all of its tokens but the last, whose follower is not
 * known yet. */
void collate_session_follow (CollateEngineSession *self, const gint32 *tokens, gsize n_tokens);

/* Appends a token, and computes with it what may follow. */
gboolean collate_session_append_with_draft (CollateEngineSession *self, gint32 token, GError **error);

/* The draft was right: it and its logits are there already. */
void collate_session_accept_draft (CollateEngineSession *self);

G_END_DECLS
