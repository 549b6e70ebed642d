/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib.h>
#include <string.h>

#include "catalogue/collate-model-address.h"

/* What people write to get a model file. */

static void
test_resolve (void)
{
  static const char *const cases[][2] = {
    { " https://example.org/a/b.gguf\n", "https://example.org/a/b.gguf" },
    { "https://example.org:8443/a%20b.gguf?x=%2F#part", "https://example.org:8443/a%20b.gguf?x=%2F" },
    { "https://huggingface.co/o/n/blob/main/d/f.gguf", "https://huggingface.co/o/n/resolve/main/d/f.gguf" },
    { "https://hf.co/o/n/blob/main/f.gguf?download=true",
      "https://hf.co/o/n/resolve/main/f.gguf?download=true" },
    { "https://HuggingFace.co/o/n/raw/main/f.gguf", "https://HuggingFace.co/o/n/resolve/main/f.gguf" },
    { "https://huggingface.co/o/n/resolve/main/blob/f", "https://huggingface.co/o/n/resolve/main/blob/f" },
    { "https://huggingface.co/o/n", "https://huggingface.co/o/n" },
    { "https://example.org/o/n/blob/main/f.gguf", "https://example.org/o/n/blob/main/f.gguf" },
    { "http://127.0.0.1:8000/f.gguf", "http://127.0.0.1:8000/f.gguf" },
    { "http://localhost/f", "http://localhost/f" },
    { "http://[::1]:8000/f", "http://[::1]:8000/f" },
    { "http://example.org/f.gguf", NULL },
    { "http://127.0.0.1.example.org/f.gguf", NULL },
    { "http://localhost.example.org/f.gguf", NULL },
    { "https://me:secret@example.org/f.gguf", NULL },
    { "ftp://example.org/f.gguf", NULL },
    { "file:///etc/passwd", NULL },
    { "/home.gguf", NULL },
    { "https://", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *address = collate_model_address_resolve (cases[i][0]);

      g_assert_cmpstr (address, ==, cases[i][1]);
    }
}

static void
test_name (void)
{
  static const char *const cases[][2] = {
    { "https://example.org/a/SmolLM2-135M.Q4_1.gguf", "SmolLM2-135M.Q4_1" },
    { "https://example.org/a/B.GGUF?download=true", "B" },
    { "https://example.org/a%20b%C3%A9.gguf", "a bé" },
    { "https://example.org/..%2F..%2Fetc%2Fpasswd", "-..-etc-passwd" },
    { "https://example.org/%2e%2e", "model" },
    { "https://example.org/.hidden.gguf", "hidden" },
    { "https://example.org/.gguf", "model" },
    { "https://example.org/a/", "model" },
    { "https://example.org", "model" },
    { "https://example.org/a%0A%1Bb.gguf", "a  b" },
    { "https://example.org/%00.gguf", "%00" },
    { "https://example.org/%FF.gguf", "\357\277\275" },
  };
  g_autofree char *letters = g_strnfill (5000, 'x');
  g_autofree char *address = g_strconcat ("https://example.org/", letters, NULL);
  g_autofree char *name = collate_model_address_dup_name (address);

  g_assert_cmpuint (strlen (name), <, 250);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *each = collate_model_address_dup_name (cases[i][0]);

      g_assert_cmpstr (each, ==, cases[i][1]);
    }
}

static void
test_digest (void)
{
  static const char *const good = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
  g_autofree char *upper = g_ascii_strup (good, -1);
  const char *const right[] = { g_intern_string (good), g_intern_string (upper) };
  g_autofree char *with_prefix = g_strconcat (" sha256:", good, "\n", NULL);
  g_autofree char *digest = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (right); i++)
    {
      g_autofree char *each = NULL;

      g_assert_true (collate_model_address_parse_digest (right[i], &each));
      g_assert_cmpstr (each, ==, good);
    }
  g_assert_true (collate_model_address_parse_digest (with_prefix, &digest));
  g_assert_cmpstr (digest, ==, good);
  g_clear_pointer (&digest, g_free);
  g_assert_true (collate_model_address_parse_digest (" ", &digest));
  g_assert_null (digest);
  g_assert_false (collate_model_address_parse_digest (good + 1, &digest));
  g_assert_false (collate_model_address_parse_digest ("x", &digest));
  upper[3] = 'G';
  g_assert_false (collate_model_address_parse_digest (upper, &digest));
  g_assert_null (digest);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/address/resolve", test_resolve);
  g_test_add_func ("/address/name", test_name);
  g_test_add_func ("/address/digest", test_digest);

  return g_test_run ();
}
