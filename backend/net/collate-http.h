/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* HTTP for the whole program: libsoup is known by this room alone. The thread that made it, on its default main
 * context; nothing blocks. Plain http never goes through a proxy, https does where the desktop names one. A redirect is
 * followed only to the same origin (scheme, host and port): a POST holds the person's documents and its headers a key,
 * so a redirect elsewhere is COLLATE_ERROR_UNSUPPORTED, with the address in the message; but for a request that says
 * that it holds neither. */

#define COLLATE_TYPE_HTTP (collate_http_get_type ())
G_DECLARE_FINAL_TYPE (CollateHttp, collate_http, COLLATE, HTTP, GObject)

/* What to send. Everything is copied by collate_http_send_async(). */
typedef struct
{
  const char *method;         /* "GET" or "POST" */
  const char *url;            /* absolute, http or https */
  const char *const *headers; /* name, value, name, value …, NULL; (nullable) */
  GBytes *body;               /* JSON, with Content-Type application/json; (nullable) */
  guint idle_timeout;         /* seconds without a byte until COLLATE_ERROR_TIMEOUT; 0: never */
  gsize max_bytes;            /* a longer body is COLLATE_ERROR_TOO_LARGE; 0: no limit */
  gboolean is_public; /* a GET that holds no secret: redirects lead anywhere that collate_http_is_guarded() */
} CollateHttpRequest;

/* TRUE where nobody on the way can change what comes from an address: https, or http to this machine; and no name and
 * password are in it. */
gboolean collate_http_is_guarded (const char *url);

/* Status and headers of a reply, or bytes of its body as they come; times are g_get_monotonic_time(). Each
 * runs on the main thread, from the main loop, before the call finishes. Cancelling inside either is
 * allowed. on_data returns FALSE where it has enough: the reply counts as whole, and its end is awaited for
 * a moment only, so that the connection can serve again. */
typedef struct
{
  void (*on_head) (guint status,
                   GHashTable *headers,
                   gint64 time,
                   gpointer user_data); /* names in lower case */
  gboolean (*on_data) (const guint8 *data, gsize length, gint64 time, gpointer user_data);
} CollateHttpHandler;

/* An HTTP session of its own, with as many connections to one host as are asked for; (transfer full). */
CollateHttp *collate_http_new (const char *user_agent);

/* Sends a request and hands over head and body as they come. */
void collate_http_send_async (CollateHttp *self,
                              const CollateHttpRequest *request,
                              const CollateHttpHandler *handler,
                              gpointer handler_data,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/* TRUE where the reply came whole, whatever its status; but libsoup 3.2 takes a chunked body that is cut for
 * whole, so that its reader has to know its own end. COLLATE_ERROR_OFFLINE (no route, no name, refused,
 * TLS), COLLATE_ERROR_TIMEOUT, COLLATE_ERROR_PROTOCOL (cut before its end, no HTTP),
 * COLLATE_ERROR_TOO_LARGE, COLLATE_ERROR_UNSUPPORTED (no http address, or
 * a redirect that is not followed), COLLATE_ERROR_STOPPED (cancelled). */
gboolean collate_http_send_finish (CollateHttp *self, GAsyncResult *result, GError **error);

/* The milliseconds that a reply's headers ask to wait (retry-after-ms; Retry-After in seconds or as a date);
 * -1 where they ask for none. */
gint64 collate_http_get_retry_after (GHashTable *headers);

/* Fetches a whole body of at most `max_bytes`. */
void collate_http_fetch_async (CollateHttp *self,
                               const CollateHttpRequest *request,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);

/* The body, whatever the status; (nullable) (transfer full); errors as collate_http_send_finish(). */
GBytes *collate_http_fetch_finish (CollateHttp *self, GAsyncResult *result, guint *status, GError **error);

G_END_DECLS
