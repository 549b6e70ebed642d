/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "engine/collate-calls.h"
#include "engine/collate-python-json.h"

/* What a model writes, in pieces of any size, after a byte that chooses that: the same calls are found however it comes,
 * their arguments are JSON, and what is no call passes as it is. The same bytes are read as JSON, too. */

static void
note (const char *bytes, gsize length, gpointer user_data)
{
  g_assert_cmpuint (length, >, 0);
  g_string_append_len (user_data, bytes, length);
}

static void
check_call (const CollateCall *call)
{
  g_autofree char *json = collate_python_json_write (call->arguments);

  g_assert_cmpstr (json, ==, call->arguments);
  g_assert_true (*json == '{' && *call->name != '\0');
}

/* What passed, and each call behind it. */
static GString *
read_in_pieces (const FuzzInput *writing, gsize piece)
{
  GString *read = g_string_new (NULL);
  g_autoptr (CollateCalls) calls = collate_calls_new (note, read);
  const CollateCall *found;
  gsize n;

  for (gsize at = 0; at < writing->size; at += piece)
    if (!collate_calls_add (calls, (const char *) writing->data + at, MIN (piece, writing->size - at)))
      break;
  collate_calls_end (calls);
  found = collate_calls_get (calls, &n);
  g_assert_true (read->len <= writing->size && memcmp (read->str, writing->data, read->len) == 0);
  g_assert_true (n > 0 || read->len == writing->size);
  for (gsize i = 0; i < n; i++)
    {
      check_call (&found[i]);
      g_string_append_printf (read, "%s(%s)", found[i].name, found[i].arguments);
    }
  return read;
}

static void
count_member (const char *name, const char *value, gboolean is_string, gpointer user_data)
{
  g_autofree char *json = is_string ? NULL : collate_python_json_write (value);

  g_assert_cmpstr (is_string ? NULL : value, ==, json);
}

static void
check_json (const char *text)
{
  g_autofree char *written = collate_python_json_write (text);
  g_autofree char *again = written ? collate_python_json_write (written) : NULL;

  g_assert_cmpstr (written, ==, again);
  g_assert_true (!written || g_utf8_validate (written, -1, NULL));
  g_assert_true (collate_python_json_each_member (text, count_member, NULL) == (written && *written == '{'));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  FuzzInput input = { data, size };
  gsize piece = 1 + fuzz_input_take (&input) % 64;
  g_autofree char *text = g_strndup ((const char *) input.data, input.size);
  GString *whole = read_in_pieces (&input, MAX (input.size, 1));
  GString *pieces = read_in_pieces (&input, piece);

  g_assert_true (g_string_equal (whole, pieces));
  g_string_free (whole, TRUE);
  g_string_free (pieces, TRUE);
  if (g_utf8_validate (text, -1, NULL))
    check_json (text);
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "\x02Hm.\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"f\">\n"
    "<｜DSML｜parameter name=\"a\" string=\"true\">x\n</｜DSML｜parameter>\n"
    "<｜DSML｜parameter name=\"b\" string=\"false\">[1, {\"a\": null}]</｜DSML｜parameter>\n"
    "</｜DSML｜invoke>\n<｜DSML｜invoke name=\"g\">\n\n</｜DSML｜invoke>\n</｜DSML｜function_calls>",
    "\x07<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"<｜DSML｜function_calls>\n<｜DSML｜invoke "
    "name=\"f\">\n"
    "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
    " {\"a\": [true, -1.5e+3, \"\\u00e9\\ud83d\\ude00\\n\"], \"\": {}}",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
