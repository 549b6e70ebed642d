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

/* A client that sends this much of a request, and no more, is not waited for. */
static void
check_cut (const char *begun)
{
  guint n_requests = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateHttpServer) server =
      collate_http_server_new ("127.0.0.1", 0, 1000, on_request, &n_requests, &error);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  char byte;

  g_assert_no_error (error);
  collate_http_server_set_patience (server, PATIENCE_MS);
  connection = g_socket_client_connect_to_host (
      client, collate_http_server_get_address (server) + strlen ("http://"), 80, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), begun, strlen (begun), NULL, NULL, &error);
  g_assert_no_error (error);

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

  return g_test_run ();
}
