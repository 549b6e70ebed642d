/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "base/collate-error.h"
#include "engine/collate-gguf.h"
#include "gguf-writer.h"

static void
test_tiny_model (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "tiny.gguf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = NULL;

  gguf_writer_tiny_model (path, "llama", COLLATE_Q4_1, 1);
  gguf = collate_gguf_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, 2 + 2 * 9);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/gguf/tiny-model", test_tiny_model);
  return g_test_run ();
}
