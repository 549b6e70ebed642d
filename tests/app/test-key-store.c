/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-sandbox.h"
#include "collate-key-store.h"

/* What becomes of a key that a person enters where no keyring answers. */

typedef struct
{
  gboolean done;
  gboolean kept;
  char *words;
} Outcome;

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  outcome->kept = collate_key_store_finish (result, &outcome->words);
  outcome->done = TRUE;
}

/* What is said; (nullable) (transfer full). */
static char *
store (CollateKeys *keys, const char *key, gboolean kept)
{
  Outcome outcome = { 0 };

  collate_key_store_async (keys, "A_TEST_KEY", key, stored_cb, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (outcome.kept, ==, kept);

  return outcome.words;
}

static void
test_session (gconstpointer sandboxed)
{
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autofree char *first = NULL, *second = NULL, *refused = NULL, *forgotten = NULL;

  collate_sandbox_pretend (sandboxed != NULL);
  first = store (keys, "secret", TRUE);
  g_assert_nonnull (strstr (first, "kept until Collate is closed, and written nowhere"));
  g_assert_null (strstr (first, "secret"));
  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "secret");
  g_assert_cmpint (collate_keys_get_source (keys, "A_TEST_KEY"), ==, COLLATE_KEY_SESSION);

  /* From then on it stands beside the entry, and is not said each time. */
  second = store (keys, "another", TRUE);
  g_assert_null (second);
  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "another");

  refused = store (keys, "se\ncret", FALSE);
  g_assert_nonnull (strstr (refused, "no key may hold"));
  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "another");

  forgotten = store (keys, NULL, TRUE);
  g_assert_null (forgotten);
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));
  collate_sandbox_pretend (FALSE);
}

int
main (int argc, char *argv[])
{
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/key-store/session", NULL, test_session);
  g_test_add_data_func ("/key-store/session-in-a-sandbox", "", test_session);

  return g_test_run ();
}
