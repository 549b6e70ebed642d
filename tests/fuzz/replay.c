/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <locale.h>
#include <string.h>

/* Runs a target without a fuzzer: on its seeds, on seeds that are damaged, always in the same ways, and on every input
 * that ever failed: replay [--tap] [--write FOLDER] [FOUND-FOLDER]. With --write it stores the seeds and does no more. */

#define N_DAMAGED 200

static char *write_folder;
static char *found_folder;

static guint64
next_random (guint64 *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* The same bytes at another place, whose end a sanitizer watches. */
static void
run (const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = size > 0 ? g_memdup2 (data, size) : g_malloc (1);

  g_assert_cmpint (LLVMFuzzerTestOneInput (copy, size), ==, 0);
}

static void
damage (GByteArray *bytes, guint64 *state)
{
  static const guint8 edges[] = { 0, 1, 8, 0x20, 0x7f, 0x80, 0xff, '"', '<', '\n', '{' };
  gsize place = next_random (state) % bytes->len;
  gsize most = bytes->len - place;
  gsize n = 1 + next_random (state) % MIN (most, 16);

  switch (next_random (state) % 6)
    {
    case 0:
      bytes->data[place] ^= (guint8) (1u << next_random (state) % 8);
      break;
    case 1:
      memset (bytes->data + place, edges[next_random (state) % G_N_ELEMENTS (edges)], MIN (n, 8));
      break;
    case 2:
      g_byte_array_remove_range (bytes, (guint) place, (guint) n);
      break;
    case 3:
      g_byte_array_set_size (bytes, (guint) place);
      break;
    case 4:
      {
        g_autofree guint8 *piece = g_memdup2 (bytes->data + place, n);

        g_byte_array_append (bytes, piece, (guint) n);
        break;
      }
    default:
      memmove (bytes->data + next_random (state) % (bytes->len - n + 1), bytes->data + place, n);
      break;
    }
}

static void
run_seed (const char *name, const guint8 *data, gsize size, gpointer user_data)
{
  guint64 state = 88172645463325252;

  run (data, size);
  for (guint i = 0; i < N_DAMAGED; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_sized_new ((guint) size);

      g_byte_array_append (bytes, data, (guint) size);
      for (guint n = 1 + i % 4; n > 0 && bytes->len > 0; n--)
        damage (bytes, &state);
      run (bytes->data, bytes->len);
    }
  ++*(guint *) user_data;
}

static void
test_seeds (void)
{
  guint n_seeds = 0;

  run (NULL, 0);
  fuzz_each_seed (run_seed, &n_seeds);
  g_assert_cmpuint (n_seeds, >, 0);
}

static void
test_found (void)
{
  g_autoptr (GDir) folder = g_dir_open (found_folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (found_folder, name, NULL);
      g_autofree char *data = NULL;
      g_autoptr (GError) error = NULL;
      gsize size;

      g_file_get_contents (path, &data, &size, &error);
      g_assert_no_error (error);
      g_test_message ("%s", name);
      run ((const guint8 *) data, size);
    }
}

static void
write_seed (const char *name, const guint8 *data, gsize size, gpointer user_data)
{
  g_autofree char *path = g_build_filename (write_folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, (const char *) data, (gssize) size, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  if (argc == 3 && strcmp (argv[1], "--write") == 0)
    {
      write_folder = argv[2];
      fuzz_each_seed (write_seed, NULL);
      return 0;
    }

  g_test_init (&argc, &argv, NULL);
  found_folder = argc > 1 ? argv[1] : NULL;
  g_test_add_func ("/fuzz/seeds", test_seeds);
  if (found_folder != NULL)
    g_test_add_func ("/fuzz/found", test_found);

  return g_test_run ();
}
