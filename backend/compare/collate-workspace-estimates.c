/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What asking would take: of each entry, and in all. Main thread. */

#include "compare/collate-workspace-private.h"

#include "compare/collate-counting.h"
#include "documents/collate-text.h"

/* A question is counted when its writer pauses, not at every key. */
#define COUNT_DELAY_MS 80

/* Totals. */

void
collate_workspace_update_can_ask (CollateWorkspace *self)
{
  gboolean can_ask = !collate_text_is_blank (self->question) && self->n_selected > 0 &&
                     !collate_library_is_loading (self->library);

  if (can_ask == self->can_ask)
    return;

  self->can_ask = can_ask;
  collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_CAN_ASK);
}

void
collate_workspace_update_totals (CollateWorkspace *self)
{
  CollateMoney at_most = COLLATE_MONEY_UNKNOWN;
  gboolean incomplete = FALSE;
  guint n_selected = 0;

  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    {
      CollateEntry *entry = collate_workspace_get_entry (self, i);
      CollateMoney cost = collate_money_multiply (collate_entry_get_at_most (entry), self->repeats);

      if (!collate_entry_get_selected (entry))
        continue;
      n_selected++;
      if (cost == COLLATE_MONEY_UNKNOWN)
        incomplete = TRUE;
      else
        at_most = at_most == COLLATE_MONEY_UNKNOWN ? cost : collate_money_add (at_most, cost);
    }

  if (n_selected != self->n_selected)
    {
      self->n_selected = n_selected;
      collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_N_SELECTED);
    }
  if (at_most != self->at_most)
    {
      self->at_most = at_most;
      collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_AT_MOST);
    }
  if (incomplete != self->at_most_incomplete)
    {
      self->at_most_incomplete = incomplete;
      collate_workspace_notify (self, COLLATE_WORKSPACE_PROP_AT_MOST_INCOMPLETE);
    }
  collate_workspace_update_can_ask (self);
}

/* Estimates. */

/* The encoding to count in: a model file's own tokenizer is read once the file is ticked. */
static const char *
get_encoding (CollateEntry *entry)
{
  CollateModel *model = collate_entry_get_model (entry);

  return collate_model_is_local (model) && !collate_entry_get_selected (entry)
             ? COLLATE_ENCODING_DEFAULT
             : collate_counting_encoding (model);
}

/* -1 while question or documents are not counted. */
static gint64
estimate_input (CollateWorkspace *self, CollateEntry *entry)
{
  const char *encoding = get_encoding (entry);
  gint64 documents = collate_library_get_context_tokens (self->library, encoding);
  const gint64 *rest = self->counts != NULL ? g_hash_table_lookup (self->counts, encoding) : NULL;

  if (documents < 0 || rest == NULL)
    return -1;

  return collate_counting_estimate (
      collate_entry_get_model (entry), encoding, documents + *rest, collate_entry_get_thinking (entry));
}

static gboolean
estimate_cb (gpointer data)
{
  CollateWorkspace *self = data;

  self->estimate_idle = 0;
  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    {
      CollateEntry *entry = collate_workspace_get_entry (self, i);

      collate_entry_estimate (entry, estimate_input (self, entry), self->max_output);
    }
  collate_workspace_update_totals (self);

  return G_SOURCE_REMOVE;
}

void
collate_workspace_queue_estimate (CollateWorkspace *self)
{
  if (self->estimate_idle == 0)
    self->estimate_idle = g_idle_add (estimate_cb, self);
}

static void start_count (CollateWorkspace *self);

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (CollateWorkspace) self = data;

  g_clear_pointer (&self->counts, g_hash_table_unref);
  self->counts = collate_count_finish (result);
  self->counting = FALSE;
  if (self->library == NULL)
    return;

  if (self->count_again)
    start_count (self);
  collate_workspace_queue_estimate (self);
}

/* Instruction and question, in every encoding that an entry is counted in. */
static void
start_count (CollateWorkspace *self)
{
  const char *const texts[] = { collate_prompt_instruction (), self->question, NULL };
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree const char **array = NULL;

  self->count_again = self->counting;
  if (self->counting)
    return;

  for (guint i = 0; i < collate_workspace_count_entries (self); i++)
    g_hash_table_add (names, (char *) get_encoding (collate_workspace_get_entry (self, i)));
  array = (const char **) g_hash_table_get_keys_as_array (names, NULL);
  self->counting = TRUE;
  collate_count_async (self->encodings, array, texts, counted_cb, g_object_ref (self));
}

static gboolean
count_timer_cb (gpointer data)
{
  CollateWorkspace *self = data;

  self->count_timer = 0;
  start_count (self);

  return G_SOURCE_REMOVE;
}

void
collate_workspace_queue_count (CollateWorkspace *self)
{
  if (self->count_timer == 0)
    self->count_timer = g_timeout_add (COUNT_DELAY_MS, count_timer_cb, self);
}
