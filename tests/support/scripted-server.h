/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An HTTP/1.1 server on 127.0.0.1 that answers by a script, on raw sockets, so that it can send what no HTTP
 * library would. It runs in threads of its own and needs no main loop. README.md describes the script. */
typedef struct _ScriptedServer ScriptedServer;

/* Starts a server on `port` (0: a free one) with a script of `length` bytes (-1: to the NUL) of JSON;
 * (nullable) (transfer full). */
ScriptedServer *scripted_server_new (const char *script, gssize length, guint16 port, GError **error);

/* "http://127.0.0.1:PORT". */
const char *scripted_server_get_address (ScriptedServer *server);

/* What was asked until now: the JSON array of GET /__journal; (transfer full). Any thread. */
char *scripted_server_dup_journal (ScriptedServer *server);

/* Ends every connection, wherever it stands, waits for its threads, and frees the server. */
void scripted_server_free (ScriptedServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)

G_END_DECLS
