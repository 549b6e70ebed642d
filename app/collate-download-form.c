/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-download-form.h"

#include <glib/gi18n-lib.h>

#include "catalogue/collate-model-address.h"
#include "collate-dialogs.h"
#include "collate-download-row.h"

struct _CollateDownloadForm
{
  AdwPreferencesGroup parent_instance;

  CollateDownloads *downloads;
  GCancellable *cancellable;

  GtkEditable *address;
  GtkEditable *digest;
  GtkLabel *problem;
  GtkWidget *download;
  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (CollateDownloadForm, collate_download_form, ADW_TYPE_PREFERENCES_GROUP)

/* What shall be loaded, while the person is asked. */
typedef struct
{
  CollateDownloadForm *form;
  char *address;
  char *name;
  char *digest;
} Wish;

static void
wish_free (Wish *wish)
{
  g_object_unref (wish->form);
  g_free (wish->address);
  g_free (wish->name);
  g_free (wish->digest);
  g_free (wish);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wish, wish_free)

static void
complain (CollateDownloadForm *self, GtkEditable *row, const char *sentence)
{
  gtk_label_set_text (self->problem, sentence);
  gtk_widget_set_visible (GTK_WIDGET (self->problem), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (row), "error");
  gtk_widget_grab_focus (GTK_WIDGET (row));
}

static void
changed_cb (CollateDownloadForm *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (self->address)));

  gtk_widget_remove_css_class (GTK_WIDGET (self->address), "error");
  gtk_widget_remove_css_class (GTK_WIDGET (self->digest), "error");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), FALSE);
  gtk_widget_set_sensitive (self->download, *text != '\0');
}

static void
begin (const Wish *wish, gboolean replace)
{
  CollateDownloadForm *self = wish->form;

  gtk_editable_set_text (self->address, "");
  gtk_editable_set_text (self->digest, "");
  collate_downloads_add (self->downloads, wish->address, wish->name, wish->digest, replace);
}

static void
replacing_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Wish) wish = user_data;

  if (collate_dialogs_confirm_finish (result, NULL) && wish->form->downloads != NULL)
    begin (wish, TRUE);
}

static void
ask_to_replace (Wish *wish)
{
  g_autofree char *heading = g_strdup_printf (_ ("Replace %s?"), wish->name);

  collate_dialogs_confirm_async (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (wish->form))),
      heading,
      _ ("There is a model of this name already. Its file goes as soon as the new one is complete."),
      _ ("_Replace"),
      wish->form->cancellable,
      replacing_cb,
      wish);
}

/* FALSE where the list has a download of that name that is not done. */
static gboolean
make_room (CollateDownloadForm *self, const char *name)
{
  CollateDownload *before = collate_downloads_lookup (self->downloads, name);

  if (before == NULL)
    return TRUE;
  if (collate_download_get_state (before) != COLLATE_DOWNLOAD_DONE)
    return FALSE;
  collate_downloads_remove (self->downloads, before);

  return TRUE;
}

static void
download_cb (CollateDownloadForm *self)
{
  g_autoptr (Wish) wish = g_new0 (Wish, 1);

  wish->form = g_object_ref (self);
  wish->address = collate_model_address_resolve (gtk_editable_get_text (self->address));
  if (wish->address == NULL)
    {
      complain (
          self,
          self->address,
          _ ("Enter an address that begins with https://. Plain http is for servers on this machine alone, "
             "since anybody on the way could change what comes."));
      return;
    }
  if (!collate_model_address_parse_digest (gtk_editable_get_text (self->digest), &wish->digest))
    {
      complain (self, self->digest, _ ("A SHA-256 has 64 characters, digits and the letters a to f."));
      return;
    }

  wish->name = collate_model_address_dup_name (wish->address);
  if (!make_room (self, wish->name))
    complain (self, self->address, _ ("A download of this name is in the list already."));
  else if (collate_downloads_is_taken (self->downloads, wish->name))
    ask_to_replace (g_steal_pointer (&wish));
  else
    begin (wish, FALSE);
}

static GtkWidget *
make_row (gpointer item, gpointer user_data)
{
  CollateDownloadForm *self = user_data;

  return collate_download_row_new (self->downloads, item);
}

static void
update_list (GListModel *list, guint position, guint removed, guint added, CollateDownloadForm *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->list), g_list_model_get_n_items (list) > 0);
}

static void
collate_download_form_dispose (GObject *object)
{
  CollateDownloadForm *self = COLLATE_DOWNLOAD_FORM (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_DOWNLOAD_FORM);
  g_clear_object (&self->downloads);

  G_OBJECT_CLASS (collate_download_form_parent_class)->dispose (object);
}

static void
collate_download_form_finalize (GObject *object)
{
  g_object_unref (COLLATE_DOWNLOAD_FORM (object)->cancellable);

  G_OBJECT_CLASS (collate_download_form_parent_class)->finalize (object);
}

static void
collate_download_form_class_init (CollateDownloadFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_download_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_download_form_finalize;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-download-form.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadForm, address);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadForm, digest);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadForm, problem);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadForm, download);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadForm, list);
  gtk_widget_class_bind_template_callback (widget_class, changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, download_cb);
}

static void
collate_download_form_init (CollateDownloadForm *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  changed_cb (self);
}

void
collate_download_form_set_downloads (CollateDownloadForm *self, CollateDownloads *downloads)
{
  GListModel *list = collate_downloads_get_list (downloads);

  g_return_if_fail (COLLATE_IS_DOWNLOAD_FORM (self));

  self->downloads = g_object_ref (downloads);
  gtk_list_box_bind_model (self->list, list, make_row, self, NULL);
  g_signal_connect_object (list, "items-changed", G_CALLBACK (update_list), self, G_CONNECT_DEFAULT);
  update_list (list, 0, 0, 0, self);
}
