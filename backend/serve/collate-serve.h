/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "engine/collate-engine.h"

G_BEGIN_DECLS

/* A model file as an OpenAI-compatible server: /v1/chat/completions, /v1/completions, /v1/models and /generate. Requests
 * are answered one at a time, in order, on the engine's own thread; few may wait, and those whose client left do not. A
 * file that was replaced, or whose device failed, is loaded anew for the next request.
 * Main thread; nothing blocks but dropping it, which waits for the engine to stop. */
#define COLLATE_TYPE_SERVE (collate_serve_get_type ())
G_DECLARE_FINAL_TYPE (CollateServe, collate_serve, COLLATE, SERVE, GObject)

/* A server for the model file at `path` on a device (NULL: the best one), which reads so (NULL: dense) and is called as
 * its file is, without ".gguf". */
CollateServe *collate_serve_new (const char *path, const char *device, const CollateEngineReading *reading);

/* Loads the model, and then listens at an IP address or "localhost" and a port (0: a free one). Once. */
void collate_serve_start_async (CollateServe *self,
                                const char *host,
                                guint16 port,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* The engine's errors, and those of collate_http_server_new(). */
gboolean collate_serve_start_finish (CollateServe *self, GAsyncResult *result, GError **error);

/* Why the graphics card that would compute does not, and the processor does: the property "avoided" (GError, read only and
 * notified), as collate_engine_get_avoided() tells it; (nullable). */
const GError *collate_serve_get_avoided (CollateServe *self);

/* "http://127.0.0.1:8080", once it is started. */
const char *collate_serve_get_address (CollateServe *self);

G_END_DECLS
