/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The system message for a joined context: the instruction, then the context; byte-identical for every
 * question about the same documents, so that providers' caches can serve it. Pure; (transfer full). */
char *collate_prompt_system (const char *context);

/* The instruction alone. Static. */
const char *collate_prompt_instruction (void);

/* The way of reading that the suffix of an entry's id names. */
typedef enum
{
  COLLATE_READING_WHOLE, /* the joined documents, whole */
} CollateReading;

/* "whole". Static. */
const char *collate_reading_to_string (CollateReading reading);

/* Splits "gpt-5+whole" into the model's id and its reading ("gpt-5" means whole); FALSE where the suffix
 * names no reading. `model` is (transfer full). Pure. */
gboolean collate_reading_parse_id (const char *id, char **model, CollateReading *reading);

G_END_DECLS
