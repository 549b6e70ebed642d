/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-key-row.h"

#include <glib/gi18n-lib.h>

#include "collate-dialogs.h"
#include "collate-key-store.h"

struct _CollateKeyRow
{
  AdwExpanderRow parent_instance;

  CollateKeys *keys;
  CollateProvider *provider;

  GtkEditable *entry;
  GtkWidget *forget;
  GtkWidget *page;
};

enum
{
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CollateKeyRow, collate_key_row, ADW_TYPE_EXPANDER_ROW)

const char *
collate_key_row_get_key_name (CollateKeyRow *self)
{
  return collate_provider_get_key_name (self->provider);
}

static const char *
describe_source (CollateKeySource source)
{
  switch (source)
    {
    case COLLATE_KEY_ENVIRONMENT:
      return _ ("From the environment: %s");
    case COLLATE_KEY_FILE:
      return _ ("From a .env file: %s");
    case COLLATE_KEY_KEYRING:
      return _ ("In the keyring: %s");
    case COLLATE_KEY_SESSION:
      return _ ("For this session only: %s");
    case COLLATE_KEY_NONE:
    default:
      return _ ("Missing: %s");
    }
}

static void
update (CollateKeyRow *self)
{
  const char *name = collate_key_row_get_key_name (self);
  CollateKeySource source = collate_keys_get_source (self->keys, name);
  g_auto (GStrv) parts = g_strsplit (describe_source (source), "%s", 2);
  g_autofree char *subtitle = g_strjoinv (name, parts);

  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), subtitle);
  gtk_widget_set_visible (self->forget, source == COLLATE_KEY_KEYRING || source == COLLATE_KEY_SESSION);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateKeyRow) self = user_data;
  g_autofree char *words = NULL;

  if (collate_key_store_finish (result, &words) && self->entry != NULL)
    gtk_editable_set_text (self->entry, "");
  if (words != NULL)
    g_signal_emit (self, signals[FAILED], 0, words);
}

static void
store (CollateKeyRow *self, const char *key)
{
  collate_key_store_async (
      self->keys, collate_key_row_get_key_name (self), key, stored_cb, g_object_ref (self));
}

static void
apply_cb (CollateKeyRow *self)
{
  g_autofree char *key = g_strstrip (g_strdup (gtk_editable_get_text (self->entry)));

  if (*key != '\0')
    store (self, key);
}

static void
forget_cb (CollateKeyRow *self)
{
  store (self, NULL);
}

static void
page_cb (CollateKeyRow *self)
{
  collate_dialogs_show_page (ADW_PREFERENCES_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                             collate_provider_get_key_page (self->provider));
}

static void
collate_key_row_dispose (GObject *object)
{
  CollateKeyRow *self = COLLATE_KEY_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_KEY_ROW);
  g_clear_object (&self->keys);
  g_clear_object (&self->provider);
  G_OBJECT_CLASS (collate_key_row_parent_class)->dispose (object);
}

static void
collate_key_row_class_init (CollateKeyRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_key_row_dispose;
  signals[FAILED] = g_signal_new (
      "failed", COLLATE_TYPE_KEY_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-key-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateKeyRow, entry);
  gtk_widget_class_bind_template_child (widget_class, CollateKeyRow, forget);
  gtk_widget_class_bind_template_child (widget_class, CollateKeyRow, page);
  gtk_widget_class_bind_template_callback (widget_class, apply_cb);
  gtk_widget_class_bind_template_callback (widget_class, forget_cb);
  gtk_widget_class_bind_template_callback (widget_class, page_cb);
}

static void
collate_key_row_init (CollateKeyRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
collate_key_row_new (CollateKeys *keys, CollateProvider *provider)
{
  CollateKeyRow *self = g_object_new (COLLATE_TYPE_KEY_ROW, NULL);
  g_autofree char *title = g_markup_escape_text (collate_provider_get_name (provider), -1);

  self->keys = g_object_ref (keys);
  self->provider = g_object_ref (provider);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  gtk_widget_set_visible (self->page, collate_provider_get_key_page (provider) != NULL);
  g_signal_connect_object (keys, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

void
collate_key_row_edit (CollateKeyRow *self)
{
  g_return_if_fail (COLLATE_IS_KEY_ROW (self));

  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (self), TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}
