/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What a person reads about a model file before it is asked. */

#include "compare/collate-sentences.h"

#include <glib/gi18n-lib.h>

#include "catalogue/collate-local-model.h"

gboolean
collate_model_is_held (CollateModel *model)
{
  gint64 held = collate_model_get_held_context (model);

  return held < 0 || held >= collate_model_get_context (model);
}

char *
collate_sentence_for_memory (CollateModel *model)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  gint64 held = collate_model_get_held_context (model);
  gint64 needed;
  g_autofree char *needs = NULL;
  g_autofree char *free = NULL;
  g_autofree char *tokens = NULL;

  if (local == NULL || held < 0)
    return NULL;

  needed = local->weight_bytes + local->session_bytes + (held > 0 ? local->context * local->token_bytes : 0);
  needs = g_format_size ((guint64) needed);
  if (collate_model_get_free_memory (model) == G_MAXINT64)
    return g_strdup_printf (_ ("Needs about %s of memory."), needs);

  free = g_format_size ((guint64) collate_model_get_free_memory (model));
  if (collate_model_is_held (model))
    return g_strdup_printf (_ ("Needs about %s of memory; %s are free."), needs, free);
  if (held == 0)
    return g_strdup_printf (
        _ ("Needs at least %s of memory, and %s are free: it cannot run now."), needs, free);

  tokens = collate_format_count (held);
  return g_strdup_printf (
      _ ("Needs about %s of memory to read as much as it can, and %s are free: it can read %s tokens."),
      needs,
      free,
      tokens);
}
