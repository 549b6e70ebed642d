/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-choices.h"

struct _CollateChoices
{
  GObject parent_instance;

  CollateWorkspace *workspace;
  GSettings *settings;
  gboolean ticking; /* what is ticked is nobody's choice */
};

G_DEFINE_FINAL_TYPE (CollateChoices, collate_choices, G_TYPE_OBJECT)

static void
remember_models (CollateChoices *self)
{
  g_auto (GStrv) ids = NULL;

  if (self->ticking)
    return;
  ids = collate_workspace_dup_selected (self->workspace);
  g_settings_set_strv (self->settings, "models", (const char *const *) ids);
  g_settings_set_boolean (self->settings, "models-chosen", TRUE);
}

static void
thinking_changed_cb (CollateEntry *entry, GParamSpec *pspec, gpointer user_data)
{
  CollateChoices *self = user_data;
  GListModel *entries = collate_workspace_get_entries (self->workspace);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) ids = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (entries); i++)
    {
      g_autoptr (CollateEntry) each = g_list_model_get_item (entries, i);

      if (collate_entry_get_thinking (each))
        g_strv_builder_add (builder, collate_entry_get_id (each));
    }
  ids = g_strv_builder_end (builder);
  g_settings_set_strv (self->settings, "thinking-models", (const char *const *) ids);
}

/* What the first start ticks is not remembered: it may be another thing once there are keys. */
static void
tick_default (CollateChoices *self)
{
  g_auto (GStrv) ids = collate_workspace_dup_default (self->workspace);

  self->ticking = TRUE;
  collate_workspace_select (self->workspace, (const char *const *) ids);
  self->ticking = FALSE;
}

static void
tick (CollateChoices *self)
{
  g_auto (GStrv) ids = NULL;

  if (!g_settings_get_boolean (self->settings, "models-chosen"))
    {
      tick_default (self);
      return;
    }

  ids = g_settings_get_strv (self->settings, "models");
  collate_workspace_select (self->workspace, (const char *const *) ids);
}

/* Entries come anew when the catalogue is read again. */
static void
entries_changed_cb (GListModel *entries, guint position, guint removed, guint added, gpointer user_data)
{
  CollateChoices *self = user_data;
  g_auto (GStrv) thinking = g_settings_get_strv (self->settings, "thinking-models");

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (CollateEntry) entry = g_list_model_get_item (entries, i);
      const char *id = collate_entry_get_id (entry);

      if (g_strv_contains ((const char *const *) thinking, id))
        collate_entry_set_thinking (entry, TRUE);
      g_signal_connect_object (
          entry, "notify::thinking", G_CALLBACK (thinking_changed_cb), self, G_CONNECT_DEFAULT);
      g_signal_connect_object (
          entry, "notify::selected", G_CALLBACK (remember_models), self, G_CONNECT_SWAPPED);
    }

  /* Model files are found a moment after the start. */
  if (!g_settings_get_boolean (self->settings, "models-chosen"))
    tick_default (self);
}

static void
collate_choices_dispose (GObject *object)
{
  CollateChoices *self = COLLATE_CHOICES (object);

  g_clear_object (&self->workspace);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (collate_choices_parent_class)->dispose (object);
}

static void
collate_choices_class_init (CollateChoicesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_choices_dispose;
}

static void
collate_choices_init (CollateChoices *self)
{
}

CollateChoices *
collate_choices_new (CollateWorkspace *workspace, GSettings *settings)
{
  CollateChoices *self = g_object_new (COLLATE_TYPE_CHOICES, NULL);
  GListModel *entries = collate_workspace_get_entries (workspace);

  self->workspace = g_object_ref (workspace);
  self->settings = g_object_ref (settings);
  g_settings_bind (settings, "max-output", workspace, "max-output", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "device", workspace, "device", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "sequential", workspace, "sequential", G_SETTINGS_BIND_DEFAULT);

  tick (self);
  g_signal_connect_object (
      entries, "items-changed", G_CALLBACK (entries_changed_cb), self, G_CONNECT_DEFAULT);
  entries_changed_cb (entries, 0, 0, g_list_model_get_n_items (entries), self);
  return self;
}
