/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The sidebar's list of documents. */
#include "widgets/collate-document-list.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-sentences.h"
#include "documents/collate-library.h"
#include "widgets/collate-document-row.h"

struct _CollateDocumentList
{
  AdwBin parent_instance;

  GSignalGroup *library;

  GtkLabel *tokens;
  GtkWidget *empty;
  GtkNoSelection *selection;
};

G_DEFINE_FINAL_TYPE (CollateDocumentList, collate_document_list, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_LIBRARY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
show_tokens (CollateDocumentList *self, CollateLibrary *library)
{
  gint64 tokens;
  g_autofree char *count = NULL;
  g_autofree char *text = NULL;
  g_autofree char *spoken = NULL;

  g_object_get (library, "context-tokens", &tokens, NULL);
  count = collate_format_count (tokens);
  if (tokens < 0)
    text = g_strdup (_ ("counting…"));
  else
    text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s token", "%s tokens", tokens), count);
  spoken = g_strdup_printf (_ ("Total tokens: %s"), tokens < 0 ? _ ("counting…") : count);

  gtk_label_set_text (self->tokens, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->tokens), spoken);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->tokens), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static void
show_library (CollateDocumentList *self)
{
  g_autoptr (CollateLibrary) library = g_signal_group_dup_target (self->library);
  gboolean any = library != NULL && g_list_model_get_n_items (G_LIST_MODEL (library)) > 0;

  gtk_widget_set_visible (self->empty, !any);
  gtk_widget_set_visible (GTK_WIDGET (self->tokens), any);
  if (any)
    show_tokens (self, library);
}

static gboolean
drop_files (CollateDocumentList *self, const GValue *value)
{
  g_autoptr (CollateLibrary) library = g_signal_group_dup_target (self->library);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GSList) dropped = gdk_file_list_get_files (g_value_get_boxed (value));

  for (GSList *l = dropped; l != NULL; l = l->next)
    g_ptr_array_add (files, g_object_ref (l->data));
  if (library == NULL || files->len == 0)
    return FALSE;

  collate_library_add (library, files);
  return TRUE;
}

static void
remove_document (GtkWidget *widget, const char *action_name, GVariant *parameter)
{
  CollateDocumentList *self = COLLATE_DOCUMENT_LIST (widget);
  g_autoptr (CollateLibrary) library = g_signal_group_dup_target (self->library);
  const char *id = g_variant_get_string (parameter, NULL);

  for (guint i = 0; library != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (library)); i++)
    {
      g_autoptr (CollateDocument) document = g_list_model_get_item (G_LIST_MODEL (library), i);
      g_autofree char *other = collate_document_dup_id (document);

      if (g_str_equal (id, other))
        {
          collate_library_remove (library, document);
          return;
        }
    }
}

static void
collate_document_list_dispose (GObject *object)
{
  g_clear_object (&COLLATE_DOCUMENT_LIST (object)->library);

  G_OBJECT_CLASS (collate_document_list_parent_class)->dispose (object);
}

static void
collate_document_list_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateDocumentList *self = COLLATE_DOCUMENT_LIST (object);

  switch (prop_id)
    {
    case PROP_LIBRARY:
      g_value_take_object (value, g_signal_group_dup_target (self->library));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_document_list_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateDocumentList *self = COLLATE_DOCUMENT_LIST (object);

  switch (prop_id)
    {
    case PROP_LIBRARY:
      g_signal_group_set_target (self->library, g_value_get_object (value));
      gtk_no_selection_set_model (self->selection, g_value_get_object (value));
      show_library (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_document_list_class_init (CollateDocumentListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_document_list_dispose;
  object_class->get_property = collate_document_list_get_property;
  object_class->set_property = collate_document_list_set_property;

  properties[PROP_LIBRARY] = g_param_spec_object (
      "library", NULL, NULL, COLLATE_TYPE_LIBRARY, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_DOCUMENT_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-document-list.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentList, tokens);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentList, empty);
  gtk_widget_class_bind_template_child (widget_class, CollateDocumentList, selection);
  gtk_widget_class_install_action (widget_class, "documents.remove", "s", remove_document);
}

static void
collate_document_list_init (CollateDocumentList *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));

  g_signal_connect_object (target, "drop", G_CALLBACK (drop_files), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));

  self->library = g_signal_group_new (COLLATE_TYPE_LIBRARY);
  g_signal_group_connect_swapped (self->library, "notify", G_CALLBACK (show_library), self);
  g_signal_group_connect_swapped (self->library, "items-changed", G_CALLBACK (show_library), self);
  g_signal_group_connect_swapped (self->library, "context-changed", G_CALLBACK (show_library), self);
}
