/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "catalogue/collate-model.h"
#include "net/collate-http.h"

G_BEGIN_DECLS

/* What a server serves, by its own word. */
typedef struct
{
  char *model;    /* the name to ask for */
  gint64 context; /* tokens, 0 where the server does not say */
} CollateServed;

/* Asks a server which models it serves: the *Test* button. Tries `base_url` as given and, where that gives
 * nothing, with "/v1". Main thread; nothing blocks. */
void collate_probe_async (CollateHttp *http,
                          CollateApi api,
                          const char *base_url,
                          const char *key,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);

/* An array of CollateServed; (nullable) (transfer full). `base_url` is the address that answered; (transfer
 * full). COLLATE_ERROR_KEY, _OFFLINE, _PROTOCOL, … */
GPtrArray *collate_probe_finish (GAsyncResult *result, char **base_url, GError **error);

G_END_DECLS
