/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "base/collate-error.h"
#include "base/collate-json.h"

/* JSON of strangers: refused with a reason, or what is written of it reads back as the same. */

static char *
write_object (JsonObject *object, gboolean pretty)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return collate_json_to_string (node, pretty);
}

static void
check_object (JsonObject *object)
{
  g_autofree char *first = write_object (object, TRUE);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) again = collate_json_parse_object (first, -1, &error);
  g_autofree char *second = NULL;

  g_assert_no_error (error);
  second = write_object (again, TRUE);
  g_assert_cmpstr (first, ==, second);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = collate_json_parse_object ((const char *) data, (gssize) size, &error);
  g_autoptr (JsonArray) array = NULL;

  g_assert_true ((object == NULL) == (error != NULL));
  if (object != NULL)
    check_object (object);
  else
    {
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      array = collate_json_parse_array ((const char *) data, (gssize) size, NULL);
    }
  return 0;
}

void
fuzz_each_seed (FuzzSeedFunc on_seed, gpointer user_data)
{
  static const char *const texts[] = {
    "{\"a\": [1, -2.5e3, 0.1, true, false, null, \"x\"], \"b\": {\"c\": \"\\u00e4\\ud83e\\udd89\\n\\\\\"}}",
    "{\"half\": \"\\ud83e\", \"nul\": \"a\\u0000b\", \"big\": 123456789012345678901234567890, \"1e999\": "
    "1e999}",
    "[[[[[[[[]]]]]]]]",
    "{} // no comment",
    "{\"a\": 1, \"a\": 2}",
    NULL,
  };

  fuzz_each_text (texts, on_seed, user_data);
}
