/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gguf-writer.h"

/* Writes a tiny random model file for tests in other languages: PATH ARCHITECTURE. */
int
main (int argc, char **argv)
{
  if (argc != 3)
    return 2;
  gguf_writer_tiny_model (argv[1], argv[2], COLLATE_Q8_0, 1);

  return 0;
}
