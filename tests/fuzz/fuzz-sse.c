/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "net/collate-sse.h"

/* A stream of events, in pieces of any size: the same events however it comes, none beyond the limit. The first byte is
 * the pieces' size. */

#define MAX_BYTES 64

static gboolean
on_event (const char *event, const char *data, gsize length, gpointer user_data)
{
  g_assert_true (data[length] == '\0');
  g_assert_cmpuint (strlen (event) + length, <=, MAX_BYTES);
  g_string_append_printf (user_data, "[%s|", event);
  g_string_append_len (user_data, data, (gssize) length);
  g_string_append_c (user_data, ']');
  return TRUE;
}

/* All events, and how it ended. */
static GString *
read_in_pieces (const FuzzInput *input, gsize piece)
{
  GString *events = g_string_new (NULL);
  g_autoptr (CollateSse) sse = collate_sse_new (on_event, events, MAX_BYTES);
  g_autoptr (GError) error = NULL;
  gboolean right = TRUE;

  for (gsize at = 0; at < input->size && right; at += piece)
    right = collate_sse_push (sse, input->data + at, MIN (piece, input->size - at), &error);
  g_assert_true (right == (error == NULL));
  if (!right)
    g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL);
  g_string_append_printf (events, "%d %d", right, collate_sse_has_rest (sse));
  return events;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  gsize piece = 1 + fuzz_input_take (&input) % 16;
  GString *whole = read_in_pieces (&input, MAX (input.size, 1));
  GString *pieces = read_in_pieces (&input, piece);

  g_assert_true (g_string_equal (whole, pieces));
  g_string_free (whole, TRUE);
  g_string_free (pieces, TRUE);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "\x02\xef\xbb\xbf"
    "data: {\"a\": 1}\n\ndata: [DONE]\n\n",
    "\x01"
    "event: ping\r\ndata: a\r\ndata: b\r\n\r\n: comment\r\rid: 3\r",
    "\x07"
    "data\n\ndata:\n\nretry: 5\n\n:\n\nevent: x\n\ndata: cut",
    "\x03"
    "data: 0123456789012345678901234567890123456789012345678901234567890123456789\n\n",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
