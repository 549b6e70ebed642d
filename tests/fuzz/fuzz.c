/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
fuzz_each_text (const char *const *texts, FuzzSeedFunc on_seed, gpointer user_data)
{
  for (gsize i = 0; texts[i] != NULL; i++)
    {
      g_autofree char *name = g_strdup_printf ("%02" G_GSIZE_FORMAT, i);

      on_seed (name, (const guint8 *) texts[i], strlen (texts[i]), user_data);
    }
}

const char *
fuzz_make_file (const guint8 *data, gsize size, gsize least)
{
  static char path[64];
  static int fd = -1;

  if (fd < 0)
    {
      fd = memfd_create ("fuzz", MFD_CLOEXEC);
      g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    }
  g_assert_cmpint (ftruncate (fd, 0), ==, 0);
  g_assert_cmpint (ftruncate (fd, (off_t) MAX (size, least)), ==, 0);
  g_assert_cmpint (pwrite (fd, data, size, 0), ==, (gssize) size);
  return path;
}

guint8
fuzz_input_take (FuzzInput *input)
{
  if (input->size == 0)
    return 0;

  input->size--;
  return *input->data++;
}

FuzzInput
fuzz_input_take_part (FuzzInput *input)
{
  FuzzInput part;

  part.size = fuzz_input_take (input);
  part.size = MIN (part.size, input->size);
  part.data = input->data;
  input->data += part.size;
  input->size -= part.size;
  return part;
}
