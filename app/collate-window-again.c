/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-window-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Puts the question of the comparison that is shown again, to the same models and over the same documents: where
 * others are loaded, their text comes back from the history. */

typedef struct
{
  CollateWindow *window;
  CollateComparison *comparison;
  GPtrArray *documents; /* of CollateDocument, as they were; NULL until the history has told */
} Again;

static void
again_free (Again *again)
{
  g_object_unref (again->window);
  g_object_unref (again->comparison);
  g_clear_pointer (&again->documents, g_ptr_array_unref);
  g_free (again);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Again, again_free)

/* The ids of the entries that answered, each once. */
static GStrv
dup_entry_ids (CollateComparison *comparison)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (comparison)); i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);
      const char *id = collate_answer_get_entry_id (answer);

      if (g_hash_table_add (seen, g_strdup (id)))
        g_strv_builder_add (builder, id);
    }
  return g_strv_builder_end (builder);
}

/* The documents that are part of what models read; (transfer full). */
static GPtrArray *
dup_ready (CollateLibrary *library)
{
  GPtrArray *ready = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (G_LIST_MODEL (library), i);

      if (collate_document_get_state (document) == COLLATE_DOCUMENT_READY)
        g_ptr_array_add (ready, g_steal_pointer (&document));
    }
  return ready;
}

/* All that is known where the history has no text. */
static gboolean
names_are_loaded (CollateLibrary *library, GPtrArray *records)
{
  g_autoptr (GPtrArray) ready = dup_ready (library);

  if (ready->len != records->len)
    return FALSE;
  for (guint i = 0; i < ready->len; i++)
    if (strcmp (collate_document_get_name (ready->pdata[i]),
                ((CollateDocumentRecord *) records->pdata[i])->name) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
documents_are_loaded (CollateLibrary *library, GPtrArray *documents)
{
  g_autoptr (GPtrArray) ready = dup_ready (library);

  if (ready->len != documents->len)
    return FALSE;
  for (guint i = 0; i < ready->len; i++)
    if (strcmp (collate_document_get_name (ready->pdata[i]),
                collate_document_get_name (documents->pdata[i])) != 0 ||
        strcmp (collate_document_get_text (ready->pdata[i]),
                collate_document_get_text (documents->pdata[i])) != 0)
      return FALSE;
  return TRUE;
}

/* Puts the documents of then into the place of those that are loaded. */
static void
load_documents (Again *again)
{
  CollateLibrary *library = collate_workspace_get_library (again->window->workspace);

  if (g_list_model_get_n_items (G_LIST_MODEL (library)) > 0)
    _collate_window_toast (again->window, _ ("The documents of this question replace those that were open."));

  collate_library_clear (library);
  for (guint i = 0; i < again->documents->len; i++)
    collate_library_add_document (library, again->documents->pdata[i]);
}

/* Unless the person went on to something else meanwhile. */
static void
ask (Again *again)
{
  CollateWindow *self = again->window;
  g_autofree char *question = NULL;
  gboolean can_ask;

  g_object_get (self->workspace, "question", &question, "can-ask", &can_ask, NULL);
  if (can_ask && self->comparison == again->comparison &&
      g_strcmp0 (question, collate_comparison_get_question (again->comparison)) == 0)
    _collate_window_ask (self);
}

static void
end (Again *again)
{
  again->window->restoring = FALSE;
  _collate_window_update_running (again->window);
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Again) again = user_data;

  if (!collate_library_settle_finish (COLLATE_LIBRARY (source), result, NULL))
    return;

  end (again);
  if (documents_are_loaded (COLLATE_LIBRARY (source), again->documents))
    ask (again);
}

static void
restored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Again) again = user_data;
  CollateWindow *self = again->window;
  CollateLibrary *library;

  again->documents = collate_history_restore_finish (COLLATE_HISTORY (source), result, NULL);
  if (g_cancellable_is_cancelled (self->cancellable))
    return;

  library = collate_workspace_get_library (self->workspace);
  if (self->comparison != again->comparison)
    {
      end (again);
      return;
    }
  if (again->documents != NULL)
    {
      if (!documents_are_loaded (library, again->documents))
        load_documents (again);
      collate_library_settle_async (library, self->cancellable, counted_cb, g_steal_pointer (&again));
      return;
    }

  end (again);
  if (names_are_loaded (library, collate_comparison_get_documents (again->comparison)))
    ask (again);
  else
    _collate_window_toast (self, _ ("Open the same documents first, then ask."));
}

void
_collate_window_ask_again (CollateWindow *self)
{
  g_auto (GStrv) ids = dup_entry_ids (self->comparison);
  Again *again = g_new0 (Again, 1);

  g_object_set (self->workspace, "question", collate_comparison_get_question (self->comparison), NULL);
  collate_workspace_select (self->workspace, (const char *const *) ids);

  again->window = g_object_ref (self);
  again->comparison = g_object_ref (self->comparison);
  self->restoring = TRUE;
  _collate_window_update_running (self);
  collate_history_restore_async (collate_workspace_get_history (self->workspace),
                                 collate_comparison_get_id (self->comparison),
                                 self->cancellable,
                                 restored_cb,
                                 again);
}
