/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue-fixture.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "base/collate-error.h"
#include "base/collate-sandbox.h"
#include "catalogue/collate-env.h"

typedef struct
{
  gboolean done;
  gboolean ok;
  GError *error;
} Outcome;

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->ok = collate_keys_store_finish (COLLATE_KEYS (source), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->ok = collate_keys_load_finish (COLLATE_KEYS (source), result, &outcome->error);
  outcome->done = TRUE;
}

static void
wait_for (Outcome *outcome)
{
  while (!outcome->done)
    g_main_context_iteration (NULL, TRUE);
}

static GError *
store (CollateKeys *keys, const char *name, const char *key, gboolean session_only)
{
  Outcome outcome = { 0 };

  collate_keys_store_async (keys, name, key, session_only, NULL, on_stored, &outcome);
  wait_for (&outcome);
  g_assert_cmpint (outcome.ok, ==, outcome.error == NULL);

  return outcome.error;
}

static CollateKeys *
keys_from (const char *folder, const char *text)
{
  g_autofree char *path = g_build_filename (folder, ".env", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_chmod (path, 0600);

  return collate_keys_new (folder, NULL);
}

static const struct
{
  const char *text, *name, *value;
} cases[] = {
  { "A_KEY=abc", "A_KEY", "abc" },
  { "A_KEY=abc\n", "A_KEY", "abc" },
  { "A_KEY=abc\r\nB_KEY=def\r\n", "A_KEY", "abc" },
  { "A_KEY=abc\r\nB_KEY=def\r\n", "B_KEY", "def" },
  { "A_KEY=abc\rB_KEY=def", "B_KEY", "def" },
  { "\xef\xbb\xbf"
    "A_KEY=abc",
    "A_KEY",
    "abc" },
  { "  A_KEY =  abc  ", "A_KEY", "abc" },
  { "export A_KEY=abc", "A_KEY", "abc" },
  { "export\tA_KEY=abc", "A_KEY", "abc" },
  { "export=abc", "export", "abc" },
  { "# A_KEY=no\nA_KEY=abc", "A_KEY", "abc" },
  { "A_KEY=abc # mine", "A_KEY", "abc" },
  { "A_KEY=abc#def", "A_KEY", "abc#def" },
  { "A_KEY=# nothing", "A_KEY", "" },
  { "A_KEY=", "A_KEY", "" },
  { "A_KEY=\nB_KEY=x", "A_KEY", "" },
  { "A_KEY=a b c", "A_KEY", "a b c" },
  { "A_KEY=a=b=", "A_KEY", "a=b=" },
  { "A_KEY='a b # c'", "A_KEY", "a b # c" },
  { "A_KEY='a\\nb'", "A_KEY", "a\\nb" },
  { "A_KEY=`a\\nb`", "A_KEY", "a\\nb" },
  { "A_KEY=\"a\\n\\t\\r\\\"\\\\\\$\\x\"", "A_KEY", "a\n\t\r\"\\$\\x" },
  { "A_KEY=\"abc\" # mine", "A_KEY", "abc" },
  { "A_KEY=\"two\nlines\"\nB_KEY=b", "A_KEY", "two\nlines" },
  { "A_KEY=\"two\nlines\"\nB_KEY=b", "B_KEY", "b" },
  { "A_KEY=\"open", "A_KEY", "\"open" },
  { "A_KEY='open\nB_KEY=b", "B_KEY", "b" },
  { "A_KEY=$HOME${HOME}$(id)", "A_KEY", "$HOME${HOME}$(id)" },
  { "A_KEY=\"$HOME\"", "A_KEY", "$HOME" },
  { "A_KEY=one\nA_KEY=two", "A_KEY", "two" },
  { "no sense\n=x\n1A=x\n-\nA_KEY=abc", "A_KEY", "abc" },
  { "A-KEY=abc", "A", NULL },
  { "A_KEY", "A_KEY", NULL },
  { "A_KEY: abc", "A_KEY", NULL },
  { "", "A_KEY", NULL },
  { "\"", "A_KEY", NULL },
  { "A_KEY=\"\\", "A_KEY", "\"\\" },
};

static void
test_env_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GHashTable) variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_autoptr (GPtrArray) repeated = g_ptr_array_new_with_free_func (g_free);
      /* Of just its size, so that a sanitizer sees a step too far. */
      gsize length = strlen (cases[i].text);
      g_autofree char *text = g_memdup2 (cases[i].text, length);

      collate_env_parse (text, length, variables, repeated);
      g_test_message ("%s", cases[i].text);
      g_assert_cmpstr (g_hash_table_lookup (variables, cases[i].name), ==, cases[i].value);
    }
}

/* Any bytes at all end, and are read within their bounds. */
static void
test_env_noise (void)
{
  static const char alphabet[] = "A_=\"'`#\\ \t\r\n$x\xff";

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GHashTable) variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_autoptr (GPtrArray) repeated = g_ptr_array_new_with_free_func (g_free);
      gsize length = g_test_rand_int_range (0, 24);
      g_autofree char *text = g_malloc (length);

      for (gsize j = 0; j < length; j++)
        text[j] = alphabet[g_test_rand_int_range (0, sizeof alphabet)];
      collate_env_parse (text, length, variables, repeated);
    }
}

static void
test_env_warnings (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_write (folder, ".env", "A_TEST_KEY=secret-1\nA_TEST_KEY=secret-2\n");
  g_autoptr (CollateKeys) readable = NULL;
  g_autoptr (CollateKeys) closed = NULL;
  const char *const *warnings;

  g_chmod (path, 0644);
  readable = collate_keys_new (folder, NULL);
  warnings = collate_keys_get_warnings (readable);
  g_assert_cmpuint (g_strv_length ((GStrv) warnings), ==, 2);
  g_assert_nonnull (strstr (warnings[0], path));
  g_assert_nonnull (strstr (warnings[1], "A_TEST_KEY"));
  for (guint i = 0; warnings[i] != NULL; i++)
    g_assert_null (strstr (warnings[i], "secret"));
  g_assert_cmpstr (collate_keys_lookup (readable, "A_TEST_KEY"), ==, "secret-2");

  g_chmod (path, 0600);
  closed = collate_keys_new (folder, NULL);
  g_assert_cmpuint (g_strv_length ((GStrv) collate_keys_get_warnings (closed)), ==, 1);

  fixture_folder_free (folder);
}

/* Somebody's settings without a key in them are not worth a word. */
static void
test_env_without_keys (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_write (folder, ".env", "DEBUG=1\nA_TEST_KEY=\n");
  g_autoptr (CollateKeys) keys = NULL;

  g_chmod (path, 0644);
  keys = collate_keys_new (folder, folder);
  g_assert_cmpuint (g_strv_length ((GStrv) collate_keys_get_warnings (keys)), ==, 0);
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));

  fixture_folder_free (folder);
}

/* A pipe by that name must not be waited for, and a folder is no file. */
static void
test_env_odd_files (void)
{
  char *piped = fixture_folder_new (), *nested = fixture_folder_new ();
  g_autofree char *pipe_path = g_build_filename (piped, ".env", NULL);
  g_autofree char *folder_path = g_build_filename (nested, ".env", NULL);
  g_autoptr (CollateKeys) keys = NULL;

  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (folder_path, 0700), ==, 0);
  keys = collate_keys_new (piped, nested);
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));
  g_assert_cmpuint (g_strv_length ((GStrv) collate_keys_get_warnings (keys)), ==, 0);

  fixture_folder_free (piped);
  fixture_folder_free (nested);
}

static void
test_order (void)
{
  char *working = fixture_folder_new (), *config = fixture_folder_new ();
  g_autofree char *first = fixture_write (working, ".env", "B_TEST_KEY=working\nC_TEST_KEY=\n");
  g_autofree char *second =
      fixture_write (config, ".env", "A_TEST_KEY=config\nB_TEST_KEY=config\nC_TEST_KEY=config\n");
  g_autoptr (CollateKeys) keys = NULL;

  g_setenv ("A_TEST_KEY", "  shell\t\n", TRUE);
  g_setenv ("B_TEST_KEY", "", TRUE);
  keys = collate_keys_new (working, config);

  /* The shell wins; what is empty in one place is looked for in the next. */
  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "shell");
  g_assert_cmpint (collate_keys_get_source (keys, "A_TEST_KEY"), ==, COLLATE_KEY_ENVIRONMENT);
  g_assert_cmpstr (collate_keys_lookup (keys, "B_TEST_KEY"), ==, "working");
  g_assert_cmpint (collate_keys_get_source (keys, "B_TEST_KEY"), ==, COLLATE_KEY_FILE);
  g_assert_cmpstr (collate_keys_lookup (keys, "C_TEST_KEY"), ==, "config");
  g_assert_null (collate_keys_lookup (keys, "D_TEST_KEY"));
  g_assert_cmpint (collate_keys_get_source (keys, "D_TEST_KEY"), ==, COLLATE_KEY_NONE);

  /* A session's key is the last that is looked at. */
  g_assert_no_error (store (keys, "C_TEST_KEY", "session", TRUE));
  g_assert_no_error (store (keys, "D_TEST_KEY", "session", TRUE));
  g_assert_cmpstr (collate_keys_lookup (keys, "C_TEST_KEY"), ==, "config");
  g_assert_cmpstr (collate_keys_lookup (keys, "D_TEST_KEY"), ==, "session");
  g_assert_cmpint (collate_keys_get_source (keys, "D_TEST_KEY"), ==, COLLATE_KEY_SESSION);

  g_unsetenv ("A_TEST_KEY");
  g_unsetenv ("B_TEST_KEY");
  fixture_folder_free (working);
  fixture_folder_free (config);
}

static void
test_alias (void)
{
  char *folder = fixture_folder_new ();
  g_autoptr (CollateKeys) old_name = keys_from (folder, "HUGGINGFACE_HUB_TOKEN=old\n");
  g_autoptr (CollateKeys) both = keys_from (folder, "HUGGINGFACE_HUB_TOKEN=old\nHF_TOKEN=new\n");

  g_unsetenv ("HF_TOKEN");
  g_unsetenv ("HUGGINGFACE_HUB_TOKEN");
  g_assert_cmpstr (collate_keys_lookup (old_name, "HF_TOKEN"), ==, "old");
  g_assert_cmpstr (collate_keys_lookup (both, "HF_TOKEN"), ==, "new");
  g_assert_null (collate_keys_lookup (old_name, "OPENAI_TEST_KEY"));

  fixture_folder_free (folder);
}

static void
test_valid (void)
{
  g_assert_true (collate_keys_is_valid ("sk-abc_123/+="));
  g_assert_true (collate_keys_is_valid ("a b"));
  g_assert_false (collate_keys_is_valid ("a\nb"));
  g_assert_false (collate_keys_is_valid ("a\r\nX-Header: b"));
  g_assert_false (collate_keys_is_valid ("a\tb"));
  g_assert_false (collate_keys_is_valid ("a\x7f"));
  g_assert_false (collate_keys_is_valid ("clé"));
  g_assert_false (collate_keys_is_valid ("\xff"));
}

/* A key that no header may carry is still shown where it was found, so that the person can be told. */
static void
test_invalid_found (void)
{
  char *folder = fixture_folder_new ();
  g_autoptr (CollateKeys) keys = keys_from (folder, "A_TEST_KEY=\" a\\nb \"\n");

  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "a\nb");
  fixture_folder_free (folder);
}

static void
count_up (CollateKeys *keys, guint *count)
{
  (*count)++;
}

static void
test_session (void)
{
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  guint n_changed = 0;

  g_signal_connect (keys, "changed", G_CALLBACK (count_up), &n_changed);
  g_assert_no_error (store (keys, "A_TEST_KEY", " abc\n", TRUE));
  g_assert_cmpstr (collate_keys_lookup (keys, "A_TEST_KEY"), ==, "abc");
  g_assert_no_error (store (keys, "A_TEST_KEY", "   ", TRUE));
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));
  g_assert_no_error (store (keys, "A_TEST_KEY", NULL, TRUE));
  g_assert_cmpuint (n_changed, ==, 3);

  error = store (keys, "A_TEST_KEY", "se\ncret", TRUE);
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_KEY);
  g_assert_nonnull (strstr (error->message, "A_TEST_KEY"));
  g_assert_null (strstr (error->message, "cret"));
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));
  g_assert_cmpuint (n_changed, ==, 3);
}

static void
on_notify (GObject *object, GParamSpec *pspec, guint *count)
{
  (*count)++;
}

static gboolean
is_keyring_available (CollateKeys *keys)
{
  gboolean available;

  g_object_get (keys, "keyring-available", &available, NULL);

  return available;
}

/* This test has no D-Bus. */
static void
test_no_keyring (gconstpointer sandboxed)
{
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };
  guint n_notified = 0;

  collate_sandbox_pretend (sandboxed != NULL);
  g_signal_connect (keys, "notify::keyring-available", G_CALLBACK (on_notify), &n_notified);
  g_assert_true (is_keyring_available (keys));
  collate_keys_load_async (keys, NULL, on_loaded, &outcome);
  wait_for (&outcome);
  g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&outcome.error);
  g_assert_false (is_keyring_available (keys));
  g_assert_cmpuint (n_notified, ==, 1);

  error = store (keys, "A_TEST_KEY", "secret", FALSE);
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_null (strstr (error->message, "secret"));
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));

  /* Forgetting works without a keyring. */
  g_assert_no_error (store (keys, "A_TEST_KEY", "session", TRUE));
  g_assert_no_error (store (keys, "A_TEST_KEY", NULL, FALSE));
  g_assert_null (collate_keys_lookup (keys, "A_TEST_KEY"));
  collate_sandbox_pretend (FALSE);
}

static void
test_cancelled (gconstpointer sandboxed)
{
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  g_autoptr (GCancellable) before = g_cancellable_new ();
  g_autoptr (GCancellable) during = g_cancellable_new ();
  Outcome first = { 0 }, second = { 0 };

  collate_sandbox_pretend (sandboxed != NULL);
  g_cancellable_cancel (before);
  collate_keys_load_async (keys, before, on_loaded, &first);
  wait_for (&first);
  g_assert_error (first.error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_clear_error (&first.error);

  collate_keys_load_async (keys, during, on_loaded, &second);
  g_cancellable_cancel (during);
  wait_for (&second);
  g_assert_error (second.error, COLLATE_ERROR, COLLATE_ERROR_STOPPED);
  g_clear_error (&second.error);

  /* A cancelled attempt says nothing about the keyring. */
  g_assert_true (is_keyring_available (keys));
  collate_sandbox_pretend (FALSE);
}

/* A bus that takes the connection and then says nothing; in a process of its own, since GDBus remembers the
 * bus that it met first. */
static void
test_silent_bus (gconstpointer sandboxed)
{
  char *folder;
  g_autofree char *path = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketAddress) socket_address = NULL;
  g_autoptr (CollateKeys) keys = collate_keys_new (NULL, NULL);
  Outcome outcome = { 0 };

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stderr ("");
      return;
    }

  collate_sandbox_pretend (sandboxed != NULL);
  folder = fixture_folder_new ();
  path = g_build_filename (folder, "bus", NULL);
  address = g_strconcat ("unix:path=", path, NULL);
  socket_address = g_unix_socket_address_new (path);
  g_assert_true (g_socket_listener_add_address (
      listener, socket_address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL));
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  collate_keys_load_async (keys, NULL, on_loaded, &outcome);
  wait_for (&outcome);
  g_assert_error (outcome.error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_cmpstr (outcome.error->message, ==, "the keyring does not answer");
  g_clear_error (&outcome.error);
  g_assert_false (is_keyring_available (keys));

  fixture_folder_free (folder);
}

int
main (int argc, char **argv)
{
  /* Neither a bus nor a way to start one: nothing here may reach the keyring of who runs the tests. */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  g_unsetenv ("DISPLAY");
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/env/cases", test_env_cases);
  g_test_add_func ("/env/noise", test_env_noise);
  g_test_add_func ("/env/warnings", test_env_warnings);
  g_test_add_func ("/env/without-keys", test_env_without_keys);
  g_test_add_func ("/env/odd-files", test_env_odd_files);
  g_test_add_func ("/keys/order", test_order);
  g_test_add_func ("/keys/alias", test_alias);
  g_test_add_func ("/keys/valid", test_valid);
  g_test_add_func ("/keys/invalid-found", test_invalid_found);
  g_test_add_func ("/keys/session", test_session);
  g_test_add_data_func ("/keys/no-keyring", NULL, test_no_keyring);
  g_test_add_data_func ("/keys/no-keyring-in-a-sandbox", "", test_no_keyring);
  g_test_add_data_func ("/keys/cancelled", NULL, test_cancelled);
  g_test_add_data_func ("/keys/cancelled-in-a-sandbox", "", test_cancelled);
  g_test_add_data_func ("/keys/silent-bus", NULL, test_silent_bus);
  g_test_add_data_func ("/keys/silent-bus-in-a-sandbox", "", test_silent_bus);

  return g_test_run ();
}
