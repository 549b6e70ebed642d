/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "gguf-writer.h"

/* Writes a tiny random model: write-tiny PATH ARCHITECTURE. */

int
main (int argc, char **argv)
{
  if (argc != 3)
    return EXIT_FAILURE;
  gguf_writer_tiny_model (argv[1], argv[2], COLLATE_F32, 3);

  return EXIT_SUCCESS;
}
