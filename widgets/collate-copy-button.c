/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A copy button whose icon turns into a tick for a moment: feedback without a message. */
#include "widgets/collate-copy-button.h"

#define TICK_MS 1500

struct _CollateCopyButton
{
  GtkButton parent_instance;

  guint tick_id;
};

G_DEFINE_FINAL_TYPE (CollateCopyButton, collate_copy_button, GTK_TYPE_BUTTON)

static gboolean
end_tick (gpointer user_data)
{
  CollateCopyButton *self = user_data;

  self->tick_id = 0;
  gtk_button_set_icon_name (GTK_BUTTON (self), "edit-copy-symbolic");
  return G_SOURCE_REMOVE;
}

static void
collate_copy_button_dispose (GObject *object)
{
  g_clear_handle_id (&COLLATE_COPY_BUTTON (object)->tick_id, g_source_remove);

  G_OBJECT_CLASS (collate_copy_button_parent_class)->dispose (object);
}

static void
collate_copy_button_class_init (CollateCopyButtonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_copy_button_dispose;
}

static void
collate_copy_button_init (CollateCopyButton *self)
{
  gtk_button_set_icon_name (GTK_BUTTON (self), "edit-copy-symbolic");
  gtk_widget_add_css_class (GTK_WIDGET (self), "flat");
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
}

GtkWidget *
collate_copy_button_new (const char *label)
{
  GtkWidget *self = g_object_new (COLLATE_TYPE_COPY_BUTTON, "tooltip-text", label, NULL);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return self;
}

void
collate_copy_button_copy (CollateCopyButton *self, const char *text)
{
  g_return_if_fail (COLLATE_IS_COPY_BUTTON (self));
  g_return_if_fail (text != NULL);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  gtk_button_set_icon_name (GTK_BUTTON (self), "object-select-symbolic");
  g_clear_handle_id (&self->tick_id, g_source_remove);
  self->tick_id = g_timeout_add (TICK_MS, end_tick, self);
}
