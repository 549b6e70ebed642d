/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A row of the list of documents. */
#include "widgets/collate-document-row.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-sentences.h"

struct _CollateDocumentRow
{
  AdwBin parent_instance;

  GSignalGroup *document;

  GtkLabel *name;
  GtkLabel *details;
  GtkLabel *warnings;
  GtkButton *remove;
  GtkStack *icon;
};

G_DEFINE_FINAL_TYPE (CollateDocumentRow, collate_document_row, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_DOCUMENT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const char *
get_icon (CollateDocumentState state)
{
  switch (state)
    {
    case COLLATE_DOCUMENT_READING:
      return "reading";
    case COLLATE_DOCUMENT_FAILED:
      return "failed";
    case COLLATE_DOCUMENT_READY:
    default:
      return "ready";
    }
}

static void
show_name (CollateDocumentRow *self, CollateDocument *document)
{
  const char *name = collate_document_get_name (document);
  g_autofree char *id = collate_document_dup_id (document);
  g_autofree char *remove = g_strdup_printf (_ ("Remove %s"), name);

  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), name);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->remove), "s", id);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->remove), remove);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
}

static void
show_document (CollateDocumentRow *self)
{
  g_autoptr (CollateDocument) document = g_signal_group_dup_target (self->document);
  CollateDocumentState state;
  g_autofree char *details = NULL;
  g_autofree char *warnings = NULL;

  if (document == NULL)
    return;

  state = collate_document_get_state (document);
  details = collate_sentence_for_document (document);
  warnings = g_strjoinv ("\n", (GStrv) collate_document_get_warnings (document));

  show_name (self, document);
  gtk_stack_set_visible_child_name (self->icon, get_icon (state));
  gtk_label_set_text (self->details, details);
  if (state == COLLATE_DOCUMENT_FAILED)
    gtk_widget_add_css_class (GTK_WIDGET (self->details), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->details), "error");
  gtk_label_set_text (self->warnings, warnings);
  gtk_widget_set_visible (GTK_WIDGET (self->warnings), *warnings != '\0');
}

static void
collate_document_row_dispose (GObject *object)
{
  g_clear_object (&COLLATE_DOCUMENT_ROW (object)->document);

  G_OBJECT_CLASS (collate_document_row_parent_class)->dispose (object);
}

static void
collate_document_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateDocumentRow *self = COLLATE_DOCUMENT_ROW (object);

  switch (prop_id)
    {
    case PROP_DOCUMENT:
      g_value_take_object (value, g_signal_group_dup_target (self->document));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_document_row_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateDocumentRow *self = COLLATE_DOCUMENT_ROW (object);

  switch (prop_id)
    {
    case PROP_DOCUMENT:
      g_signal_group_set_target (self->document, g_value_get_object (value));
      show_document (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_document_row_class_init (CollateDocumentRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_document_row_dispose;
  object_class->get_property = collate_document_row_get_property;
  object_class->set_property = collate_document_row_set_property;

  properties[PROP_DOCUMENT] = g_param_spec_object (
      "document", NULL, NULL, COLLATE_TYPE_DOCUMENT, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-document-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentRow, name);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentRow, details);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentRow, warnings);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentRow, remove);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentRow, icon);
}

static void
collate_document_row_init (CollateDocumentRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->document = g_signal_group_new (COLLATE_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->document, "notify", G_CALLBACK (show_document), self);
}
