/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-generate.h"
#include "serve/collate-serve-fault.h"

G_BEGIN_DECLS

/* What is asked of the model, in which form. */
typedef enum
{
  COLLATE_SERVE_CHAT,       /* POST /v1/chat/completions */
  COLLATE_SERVE_COMPLETION, /* POST /v1/completions */
  COLLATE_SERVE_GENERATE,   /* POST /generate */
} CollateServeForm;

/* A request that is understood. Plain data. */
typedef struct
{
  CollateServeForm form;
  GArray *turns; /* of CollateTurn, whose texts are this request's; empty for a completion */
  GStrv tools;   /* functions that can be called, told of in the turns; (nullable) */
  char *prompt;  /* of a completion, else NULL */
  gboolean think;
  CollateSampling sampling; /* greedy where nothing is said */
  gint64 max_tokens;        /* 0: as many as fit */
  GStrv stops;              /* (nullable) */
  gboolean stream;
  gboolean include_usage;
} CollateServeRequest;

/* Reads strangers' JSON; (nullable) (transfer full), NULL with `fault`. */
CollateServeRequest *collate_serve_request_parse (CollateServeForm form,
                                                  GBytes *body,
                                                  CollateServeFault *fault);

void collate_serve_request_free (CollateServeRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateServeRequest, collate_serve_request_free)

G_END_DECLS
