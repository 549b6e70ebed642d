/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "clients/collate-reply.h"

G_BEGIN_DECLS

/* A wire format over HTTP: what differs between one and another. The rest (one POST, server-sent events or a
 * whole reply, errors, refused parameters) is shared. Private to this room; main thread. */
typedef struct
{
  const char *path; /* after the provider's address */

  /* The header that carries the key, and what stands before the key in it. */
  const char *key_header;
  const char *key_prefix;
  const char *const *headers; /* others: name, value … NULL */

  const char *const *needed; /* members without which a request is none, NULL at the end */

  /* The request's body; (transfer full). */
  JsonObject *(*build) (CollateProvider *provider, const CollateRequest *request);

  /* Members that make the model think or not, where the route names none; (nullable) (transfer full). */
  JsonObject *(*build_thinking) (const CollateRequest *request);

  /* Reads an event, and a reply that is no stream. */
  void (*read_event) (CollateReply *reply, const char *event, JsonObject *data);
  void (*read_whole) (CollateReply *reply, JsonObject *body);

  /* TRUE where a 429 that names no time is no rate limit but the account's. */
  gboolean bare_429_is_quota;
} CollateWire;

/* Sends the request once in this wire format: attempt_async() and attempt_finish() of a client. */
void collate_wire_attempt_async (const CollateWire *wire,
                                 CollateClient *client,
                                 const CollateRequest *request,
                                 CollateEventFunc on_event,
                                 gpointer event_data,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean collate_wire_attempt_finish (CollateClient *client,
                                      GAsyncResult *result,
                                      CollateVerdict *verdict,
                                      GError **error);

G_END_DECLS
