/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/collate-http-exchange.h"

G_BEGIN_DECLS

/* An HTTP/1.1 server for programs, not for web pages: a request whose Host is no name of this machine, or whose Origin is
 * not the server itself, is to be refused, so that no site that a browser visits can reach it. Connections, bodies and the
 * time that a request may take to come are bounded. Main thread; nothing blocks. */
#define COLLATE_TYPE_HTTP_SERVER (collate_http_server_get_type ())
G_DECLARE_FINAL_TYPE (CollateHttpServer, collate_http_server, COLLATE, HTTP_SERVER, GObject)

/* Takes a request that came whole, or is refused; it may keep a reference, and reply later. */
typedef void (*CollateHttpServerFunc) (CollateHttpExchange *exchange, gpointer user_data);

/* Listens at an IP address or "localhost" and a port (0: a free one) for bodies of at most `max_body` bytes; (nullable)
 * (transfer full). COLLATE_ERROR_INVALID (no address), COLLATE_ERROR_UNSUPPORTED (cannot listen there). */
CollateHttpServer *collate_http_server_new (const char *host,
                                            guint16 port,
                                            gsize max_body,
                                            CollateHttpServerFunc on_request,
                                            gpointer user_data,
                                            GError **error);

/* "http://127.0.0.1:8080". */
const char *collate_http_server_get_address (CollateHttpServer *self);

/* Takes no connection any more, and cuts those that there are. */
void collate_http_server_close (CollateHttpServer *self);

/* Shortens for tests how long a request may take to come, or a reply to be taken: milliseconds (30,000). */
void collate_http_server_set_patience (CollateHttpServer *self, guint milliseconds);

G_END_DECLS
