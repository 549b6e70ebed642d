/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "reading/collate-prompt.h"

#include <string.h>

/* Sent to models, so never translated. It says what to do where there is no context, too: a question may be
 * asked without any document. */
static const char instruction[] =
    "You answer questions about the documents that follow. Base the answer on their text alone. "
    "If they do not hold the answer, say that you do not know; do not guess. Be concise. "
    "If no documents follow, answer the question from what you know, as concisely.";

static const char *const readings[] = {
  [COLLATE_READING_WHOLE] = "whole",
};

const char *
collate_prompt_instruction (void)
{
  return instruction;
}

char *
collate_prompt_system (const char *context)
{
  g_return_val_if_fail (context != NULL, NULL);

  return g_strconcat (instruction, context, NULL);
}

const char *
collate_reading_to_string (CollateReading reading)
{
  g_return_val_if_fail ((gsize) reading < G_N_ELEMENTS (readings), "whole");

  return readings[reading];
}

gboolean
collate_reading_parse_id (const char *id, char **model, CollateReading *reading)
{
  const char *plus = strrchr (id, '+');

  if (plus == NULL)
    {
      *model = g_strdup (id);
      *reading = COLLATE_READING_WHOLE;
      return TRUE;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (readings); i++)
    if (strcmp (plus + 1, readings[i]) == 0)
      {
        *model = g_strndup (id, plus - id);
        *reading = i;
        return TRUE;
      }

  return FALSE;
}
