/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Why a request is not answered, as OpenAI's clients read it. Plain data; the strings but the message are static. */
typedef struct
{
  guint status; /* HTTP's; 0: no fault */
  char *message;
  const char *param; /* the member of the request that is at fault; (nullable) */
  const char *code;  /* (nullable) */
} CollateServeFault;

/* Fills it; always FALSE, so that a check can end with it. */
gboolean collate_serve_fault_set (CollateServeFault *fault,
                                  guint status,
                                  const char *param,
                                  const char *code,
                                  const char *format,
                                  ...) G_GNUC_PRINTF (5, 6);

/* The same for a member that is not `what`, "a text" for instance, and for one that asks for what is not done here. */
gboolean collate_serve_fault_refuse (CollateServeFault *fault, const char *param, const char *what);
gboolean collate_serve_fault_refuse_unsupported (CollateServeFault *fault, const char *param);

/* What an error of the engine is to a client, whose request's text is in the member `param`; static. */
void collate_serve_fault_from_error (CollateServeFault *fault, const char *param, const GError *error);

/* {"error": {"message", "type", "param", "code"}}; (transfer full). */
char *collate_serve_fault_to_json (const CollateServeFault *fault);

void collate_serve_fault_clear (CollateServeFault *fault);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CollateServeFault, collate_serve_fault_clear)

G_END_DECLS
