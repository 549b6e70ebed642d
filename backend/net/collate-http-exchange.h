/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A request that came to a CollateHttpServer, and its reply. Main thread. Replying does nothing once the client has left;
 * an exchange that is dropped without a reply is answered with status 500. */
#define COLLATE_TYPE_HTTP_EXCHANGE (collate_http_exchange_get_type ())
G_DECLARE_FINAL_TYPE (CollateHttpExchange, collate_http_exchange, COLLATE, HTTP_EXCHANGE, GObject)

const char *collate_http_exchange_get_method (CollateHttpExchange *self);

/* The path, unescaped, without the query. */
const char *collate_http_exchange_get_path (CollateHttpExchange *self);

/* What was sent, without a limit but the server's; never NULL. */
GBytes *collate_http_exchange_get_body (CollateHttpExchange *self);

/* 0, or the status with which the request must be refused: 403 where it comes from another site, 413 where its body is
 * too long (and was not kept). */
guint collate_http_exchange_get_refusal (CollateHttpExchange *self);

/* Cancelled when the client leaves before its reply is complete, from the main loop; (transfer none). */
GCancellable *collate_http_exchange_get_cancellable (CollateHttpExchange *self);

/* Replies with JSON; `headers` are name, value, …, NULL; (nullable) headers. */
void collate_http_exchange_reply (CollateHttpExchange *self,
                                  guint status,
                                  const char *const *headers,
                                  const char *json);

/* Replies with server-sent events instead: begins, sends one event's data (a line), ends. */
void collate_http_exchange_begin_events (CollateHttpExchange *self);
void collate_http_exchange_send_event (CollateHttpExchange *self, const char *data);
void collate_http_exchange_end_events (CollateHttpExchange *self);

G_END_DECLS
