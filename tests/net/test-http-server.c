/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "net/collate-http-server.h"

#define PATIENCE_MS 100

static void
on_request (CollateHttpExchange *exchange, gpointer data)
{
  guint *n_requests = data;

  (*n_requests)++;
  collate_http_exchange_reply (exchange, 200, NULL, "{}");
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* A connection to the server on which this was sent. */
static GSocketConnection *
send_text (CollateHttpServer *server, const char *text)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_to_host (
      client, collate_http_server_get_address (server) + strlen ("http://"), 80, NULL, &error);

  g_assert_no_error (error);
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), text, strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

/* A client that sends this much of a request, and no more, is not waited for. */
static void
check_cut (const char *begun)
{
  guint n_requests = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateHttpServer) server =
      collate_http_server_new ("127.0.0.1", 0, 1000, on_request, &n_requests, &error);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  char byte;

  g_assert_no_error (error);
  collate_http_server_set_patience (server, PATIENCE_MS);
  connection = send_text (server, begun);
  g_input_stream_read_async (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte, 1, 0, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (
      g_input_stream_read_finish (g_io_stream_get_input_stream (G_IO_STREAM (connection)), result, NULL),
      <=,
      0);
  g_assert_cmpuint (n_requests, ==, 0);
}

static void
test_patience (void)
{
  check_cut ("");
  check_cut ("POST / HTTP/1.1\r\nHost: 127");
  check_cut ("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{");
}

static void
on_long_request (CollateHttpExchange *exchange, gpointer data)
{
  *(CollateHttpExchange **) data = g_object_ref (exchange);
}

/* That a client left is seen while its reply is being made, also where nobody reads what it sent after its request. */
static void
test_leaving (void)
{
  static const char *const rests[] = { "", "\r\n", "GET / HTTP/1.1\r\n\r\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (rests); i++)
    {
      g_autoptr (CollateHttpExchange) exchange = NULL;
      g_autoptr (CollateHttpServer) server =
          collate_http_server_new ("127.0.0.1", 0, 1000, on_long_request, &exchange, NULL);
      g_autoptr (GSocketConnection) connection =
          send_text (server, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

      while (exchange == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                                 rests[i],
                                 strlen (rests[i]),
                                 NULL,
                                 NULL,
                                 NULL);
      /* All that can be seen of it is seen. */
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_false (g_cancellable_is_cancelled (collate_http_exchange_get_cancellable (exchange)));
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      while (!g_cancellable_is_cancelled (collate_http_exchange_get_cancellable (exchange)))
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
test_addresses (void)
{
  guint n_requests = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateHttpServer) first =
      collate_http_server_new ("localhost", 0, 1000, on_request, &n_requests, &error);
  const char *port;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (collate_http_server_get_address (first), "http://127.0.0.1:"));
  port = strrchr (collate_http_server_get_address (first), ':') + 1;

  g_assert_null (collate_http_server_new (
      "127.0.0.1", (guint16) g_ascii_strtoull (port, NULL, 10), 1000, on_request, &n_requests, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (collate_http_server_new ("example.org", 0, 1000, on_request, &n_requests, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/net/http-server/addresses", test_addresses);
  g_test_add_func ("/net/http-server/patience", test_patience);
  g_test_add_func ("/net/http-server/leaving", test_leaving);

  return g_test_run ();
}
