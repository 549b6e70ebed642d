/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/collate-http-server.h"

/* A connection to the server: what comes is an input, and then its client sends no more. The connection ends, whatever
 * it was, and a request that is handed on is within its limits. The body's first letter says how it is answered. */

#define MAX_BODY 256

static void
on_request (CollateHttpExchange *exchange, gpointer user_data)
{
  GBytes *body = collate_http_exchange_get_body (exchange);
  gsize size;
  const char *text = g_bytes_get_data (body, &size);

  g_assert_nonnull (collate_http_exchange_get_method (exchange));
  g_assert_nonnull (collate_http_exchange_get_path (exchange));
  g_assert_cmpuint (size, <=, MAX_BODY);
  if (collate_http_exchange_get_refusal (exchange) != 0)
    {
      collate_http_exchange_reply (exchange, collate_http_exchange_get_refusal (exchange), NULL, "{}");
      return;
    }

  switch (size > 0 ? *text : 'r')
    {
    case 'r':
      collate_http_exchange_reply (exchange, 200, NULL, "{}");
      break;
    case 'e':
      collate_http_exchange_begin_events (exchange);
      collate_http_exchange_send_event (exchange, "{}");
      collate_http_exchange_end_events (exchange);
      break;
    default: /* it is dropped */
      break;
    }
}

static int
connect_to (const char *address)
{
  const struct linger none = { .l_onoff = 1, .l_linger = 0 };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  to.sin_port = htons ((guint16) g_ascii_strtoull (strrchr (address, ':') + 1, NULL, 10));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &to, sizeof to), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  return fd;
}

/* TRUE at the end of the connection. */
static gboolean
read_reply (int fd)
{
  char buffer[4096];
  gssize n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);

  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static CollateHttpServer *server;
  g_autoptr (GError) error = NULL;
  int fd;

  if (server == NULL)
    {
      server = collate_http_server_new ("127.0.0.1", 0, MAX_BODY, on_request, NULL, &error);
      g_assert_no_error (error);
      g_timeout_add (1, wake_cb, NULL);
    }
  if (size > 65536)
    return 0;

  fd = connect_to (collate_http_server_get_address (server));
  g_assert_true (send (fd, data, size, MSG_NOSIGNAL) == (gssize) size);
  shutdown (fd, SHUT_WR);
  while (!read_reply (fd))
    g_main_context_iteration (NULL, TRUE);
  close (fd);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nreply",
    "POST /e HTTP/1.1\r\nHost: [::1]:80\r\nOrigin: http://[::1]:80\r\nContent-Length: 1\r\n\r\ne",
    "POST /d HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndrop\r\n0\r\n\r\n",
    "POST /l HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\nr",
    "POST /f HTTP/1.1\r\nHost: example.org\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nr",
    "GET http://u@localhost/%00%ff?q#f HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}

/* AddressSanitizer asks it: whose a leak is, is told by frames that only the slow walk finds in libsoup. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "fast_unwind_on_malloc=0";
}
