/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/collate-model.h"

G_BEGIN_DECLS

/* What the id of an entry begins with that is a model file on this machine: "local:NAME". */
#define COLLATE_LOCAL_PREFIX "local:"

/* What it ends with where the model reads by sparse attention: "local:NAME@sparse". */
#define COLLATE_LOCAL_SPARSE "@sparse"

/* What is known of a model file. The catalogue reads none itself: whoever can read them hands this in. Plain data. */
struct _CollateLocalModel
{
  char *name; /* the file's, without ".gguf": "local:NAME" is its id, and what a person knows it by */
  char *path;
  char *title;        /* what it calls itself, which all files made of one model share; (nullable) */
  char *architecture; /* (nullable), as the next one */
  char *quantization;
  char *licence;
  char *chat;    /* the name of its chat format; NULL: not known, or nothing is known of it at all */
  char *problem; /* why it cannot be asked, a sentence; NULL: it can */
  gint64 parameters;
  gint64 file_bytes;
  gint64 context;       /* tokens, 0 where unknown */
  gint64 weight_bytes;  /* of memory, to run it; 0 where unknown, as the next ones */
  gint64 expert_bytes;  /* of those, that may stay in the file */
  gint64 session_bytes; /* beside that, however long the context is */
  gint64 token_bytes;   /* for each token of the context */
  gint64 sparse_session_bytes, sparse_token_bytes; /* the same by sparse attention */
  char *encoding;                                  /* the name of its own tokenizer; (nullable) */
  gint64 chat_tokens[2]; /* what its chat format adds to an input, without thinking and with it */
  CollateThinking thinking;
  gboolean
      trained_index; /* an index that was trained says what to read in sparse attention; else bounds do */
  gint64 top_k;      /* tokens that a token reads so; 0 where unknown */
  gboolean drafts;   /* it guesses a token ahead while it writes */
  gboolean shared;   /* it came with the program or the system, and is not the person's to remove */
};

/* Strings are copied; (transfer full). */
CollateLocalModel *collate_local_model_new (const char *name, const char *path);
CollateLocalModel *collate_local_model_copy (const CollateLocalModel *model);
void collate_local_model_free (CollateLocalModel *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateLocalModel, collate_local_model_free)

G_END_DECLS
