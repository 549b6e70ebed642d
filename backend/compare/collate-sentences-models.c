/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What a person reads about a model file before it is asked. */

#include "compare/collate-sentences.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "base/collate-format.h"
#include "catalogue/collate-local-model.h"

/* More of a driver's words than this helps nobody. */
#define MAX_WORDS 200

gboolean
collate_model_is_held (CollateModel *model)
{
  gint64 held = collate_model_get_held_context (model);

  return held < 0 || held >= collate_model_get_context (model);
}

static char *
sentence_for_card (CollateModel *model, const char *needs, const char *free)
{
  const char *card = collate_model_get_card (model);
  gint64 held = collate_model_get_held_context (model);
  g_autofree char *tokens = collate_format_count (held);

  if (collate_model_is_held (model))
    return g_strdup_printf (
        _ ("Needs about %s of the memory of the graphics card %s; %s are free there."), needs, card, free);
  if (held == 0)
    return g_strdup_printf (
        _ ("Needs at least %s of the memory of the graphics card %s, and %s are free there: "
           "it cannot run there now."),
        needs,
        card,
        free);

  return g_strdup_printf (
      _ ("Needs about %s of the memory of the graphics card %s to read as much as it can, and "
         "%s are free there: it can read %s tokens."),
      needs,
      card,
      free,
      tokens);
}

/* On the processor, whose memory is too small for all of the weights: experts are read as they are wanted. */
static gboolean
leaves_experts (CollateModel *model)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  gint64 free = collate_model_get_free_memory (model);

  return collate_model_get_card (model) == NULL && local->expert_bytes > 0 &&
         local->weight_bytes > free - free / 8;
}

static char *
sentence_for_experts (CollateModel *model, const char *free)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  g_autofree char *weights = g_format_size ((guint64) local->weight_bytes);
  g_autofree char *tokens = collate_format_count (collate_model_get_held_context (model));

  return g_strdup_printf (
      _ ("Takes %s in all, and %s of memory are free: its experts are read from the file as they are "
         "wanted, which is slow. It can read %s tokens."),
      weights,
      free,
      tokens);
}

char *
collate_sentence_for_memory (CollateModel *model)
{
  const CollateLocalModel *local = collate_model_get_local (model);
  gint64 held = collate_model_get_held_context (model);
  gboolean sparse = collate_model_is_sparse (model);
  gint64 needed;
  g_autofree char *needs = NULL;
  g_autofree char *free = NULL;
  g_autofree char *tokens = NULL;

  if (local == NULL || held < 0)
    return NULL;

  needed = local->weight_bytes + (sparse ? local->sparse_session_bytes : local->session_bytes);
  if (held > 0)
    needed += local->context * (sparse ? local->sparse_token_bytes : local->token_bytes);
  if (leaves_experts (model))
    needed -= local->expert_bytes;
  needs = g_format_size ((guint64) needed);
  if (collate_model_get_free_memory (model) == G_MAXINT64)
    return g_strdup_printf (_ ("Needs about %s of memory."), needs);

  free = g_format_size ((guint64) collate_model_get_free_memory (model));
  if (collate_model_get_card (model) != NULL)
    return sentence_for_card (model, needs, free);
  if (held > 0 && leaves_experts (model))
    return sentence_for_experts (model, free);
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

char *
collate_sentence_for_avoided (const GError *avoided)
{
  g_autofree char *detail = collate_format_line (avoided->message, MAX_WORDS);

  /* Translators: at the end stands a technical detail, which begins with the card's name: "vulkan:0: …". */
  if (g_error_matches (avoided, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE))
    return g_strdup_printf (
        _ ("The graphics card has too little free memory for this model, so the slower processor computes: "
           "close what else uses the card and start Collate again, or take a smaller model. (%s)"),
        detail);

  return g_strdup_printf (
      _ ("The graphics card failed, so the slower processor computes: update the card’s "
         "driver or start Collate again, or choose the processor in Preferences ▸ Local Models. (%s)"),
      detail);
}
