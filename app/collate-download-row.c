/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-download-row.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "base/collate-format.h"

struct _CollateDownloadRow
{
  AdwPreferencesRow parent_instance;

  CollateDownloads *downloads;
  CollateDownload *download;

  GtkLabel *name;
  GtkLabel *state;
  GtkLabel *remark;
  GtkProgressBar *bar;
  GtkWidget *stop;
  GtkWidget *go_on;
  GtkWidget *remove;
};

G_DEFINE_FINAL_TYPE (CollateDownloadRow, collate_download_row, ADW_TYPE_PREFERENCES_ROW)

/* Sentences. */

static char *
sentence_for_failure (const GError *error)
{
  switch (error->domain == COLLATE_ERROR ? error->code : -1)
    {
    case COLLATE_ERROR_OFFLINE:
      return g_strdup (_ ("The server cannot be reached. Check the network connection and the address."));
    case COLLATE_ERROR_TIMEOUT:
      return g_strdup (_ ("The server sent nothing for too long. Try again."));
    case COLLATE_ERROR_PROTOCOL:
      return g_strdup (_ ("The connection broke, or the server sends no plain file. Try again."));
    case COLLATE_ERROR_KEY:
      return g_strdup (
          _ ("The server gives this file only to people it knows. Load it with a browser, and add it "
             "as a file."));
    case COLLATE_ERROR_RETIRED:
      return g_strdup (_ ("There is no file at this address."));
    case COLLATE_ERROR_RATE:
    case COLLATE_ERROR_SERVER:
      return g_strdup (_ ("The server has a fault or is overloaded. Try again in a while."));
    case COLLATE_ERROR_REFUSED:
      return g_strdup (_ ("The server declines to send this file."));
    case COLLATE_ERROR_UNSUPPORTED:
      return g_strdup (_ ("The address leads to a place from which nothing can be loaded safely."));
    case COLLATE_ERROR_INVALID:
      return g_strdup (_ ("What is at this address is no model file in the GGUF format."));
    case COLLATE_ERROR_DAMAGED:
      return g_strdup (_ ("The file came whole, and is not the one that was meant: it has another SHA-256."));
    case COLLATE_ERROR_TOO_LARGE:
      return g_strdup (_ ("The disk does not hold this file. Make room there, and go on."));
    case COLLATE_ERROR_UNWRITABLE:
      return g_strdup (_ ("The file cannot be written."));
    default:
      return g_strdup (_ ("The file could not be loaded."));
    }
}

static char *
describe_failure (CollateDownload *download)
{
  const GError *error = collate_download_get_error (download);
  g_autofree char *sentence = sentence_for_failure (error);
  g_autofree char *detail = collate_format_line (error->message, 200);

  return *detail != '\0' ? g_strdup_printf (_ ("%s (%s)"), sentence, detail) : g_steal_pointer (&sentence);
}

/* "12.3 MB of 98.4 MB", as far as it is known. */
static char *
describe_amount (CollateDownload *download)
{
  gint64 size = collate_download_get_size (download);
  g_autofree char *received = g_format_size ((guint64) collate_download_get_received (download));
  g_autofree char *whole = size >= 0 ? g_format_size ((guint64) size) : NULL;

  /* Translators: "12.3 MB of 98.4 MB" */
  return whole != NULL ? g_strdup_printf (_ ("%s of %s"), received, whole) : g_steal_pointer (&received);
}

/* (nullable). */
static char *
describe_rest (CollateDownload *download)
{
  double speed = collate_download_get_speed (download);
  gint64 missing = collate_download_get_size (download) - collate_download_get_received (download);
  double seconds = speed > 0 ? (double) missing / speed : -1;

  if (seconds < 0 || seconds > 7 * 24 * 3600)
    return NULL;
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second left", "%d seconds left", (int) seconds + 1),
                            (int) seconds + 1);
  if (seconds < 3600)
    return g_strdup_printf (ngettext ("%d minute left", "%d minutes left", (int) (seconds / 60) + 1),
                            (int) (seconds / 60) + 1);

  return g_strdup_printf (ngettext ("%d hour left", "%d hours left", (int) (seconds / 3600) + 1),
                          (int) (seconds / 3600) + 1);
}

static char *
describe_loading (CollateDownload *download)
{
  g_autofree char *amount = describe_amount (download);
  g_autofree char *rest = describe_rest (download);
  g_autofree char *speed = g_format_size ((guint64) collate_download_get_speed (download));

  if (collate_download_get_speed (download) <= 0)
    return g_steal_pointer (&amount);

  /* Translators: "12.3 MB of 98.4 MB · 3.1 MB/s" */
  return rest != NULL ? g_strdup_printf (_ ("%s · %s/s · %s"), amount, speed, rest)
                      : g_strdup_printf (_ ("%s · %s/s"), amount, speed);
}

char *
collate_sentence_for_download (CollateDownload *download)
{
  g_autofree char *amount = describe_amount (download);
  g_autofree char *size = g_format_size ((guint64) collate_download_get_received (download));
  gboolean has_begun = collate_download_get_received (download) > 0;

  switch (collate_download_get_state (download))
    {
    case COLLATE_DOWNLOAD_CONNECTING:
      return has_begun ? g_strdup_printf (_ ("%s · connecting…"), amount) : g_strdup (_ ("Connecting…"));
    case COLLATE_DOWNLOAD_LOADING:
      return describe_loading (download);
    case COLLATE_DOWNLOAD_CHECKING:
      return g_strdup (_ ("Checking the file…"));
    case COLLATE_DOWNLOAD_DONE:
      return collate_download_is_verified (download)
                 ? g_strdup_printf (_ ("%s · the SHA-256 is the one that was given"), size)
                 : g_strdup_printf (_ ("%s · SHA-256 %s"), size, collate_download_get_digest (download));
    case COLLATE_DOWNLOAD_FAILED:
      return describe_failure (download);
    case COLLATE_DOWNLOAD_STOPPED:
    default:
      return has_begun ? g_strdup_printf (_ ("%s · stopped"), amount) : g_strdup (_ ("Stopped"));
    }
}

/* The row. */

static void
update_bar (CollateDownloadRow *self)
{
  gint64 size = collate_download_get_size (self->download);
  double share = size > 0 ? (double) collate_download_get_received (self->download) / (double) size : 0;

  gtk_progress_bar_set_fraction (self->bar, MIN (share, 1));
  gtk_widget_set_visible (GTK_WIDGET (self->bar),
                          collate_download_get_state (self->download) != COLLATE_DOWNLOAD_DONE && share > 0);
}

static void
update_progress (CollateDownloadRow *self)
{
  g_autofree char *text = collate_sentence_for_download (self->download);

  gtk_label_set_text (self->state, text);
  gtk_widget_set_visible (GTK_WIDGET (self->remark),
                          collate_download_is_running (self->download) &&
                              collate_download_get_restarted (self->download));
  update_bar (self);
}

static void
name_button (GtkWidget *button, char *name)
{
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_free (name);
}

static void
update_state (CollateDownloadRow *self)
{
  g_autofree char *name = collate_download_dup_name (self->download);
  CollateDownloadState state = collate_download_get_state (self->download);
  gboolean running = collate_download_is_running (self->download);
  gboolean done = state == COLLATE_DOWNLOAD_DONE;

  if (state == COLLATE_DOWNLOAD_FAILED)
    gtk_widget_add_css_class (GTK_WIDGET (self->state), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->state), "error");
  gtk_widget_set_visible (self->stop, running);
  gtk_widget_set_visible (self->go_on, !running && !done);
  gtk_widget_set_visible (self->remove, !running);
  gtk_button_set_icon_name (GTK_BUTTON (self->remove),
                            done ? "window-close-symbolic" : "user-trash-symbolic");
  name_button (self->remove,
               done ? g_strdup_printf (_ ("Close the note on %s"), name)
                    : g_strdup_printf (_ ("Discard the download of %s"), name));
  update_progress (self);
}

static void
stop_cb (CollateDownloadRow *self)
{
  collate_download_stop (self->download);
}

static void
go_on_cb (CollateDownloadRow *self)
{
  collate_download_start (self->download);
}

static void
remove_cb (CollateDownloadRow *self)
{
  g_autoptr (CollateDownloadRow) kept = g_object_ref (self);

  collate_downloads_remove (self->downloads, self->download);
}

static void
collate_download_row_dispose (GObject *object)
{
  CollateDownloadRow *self = COLLATE_DOWNLOAD_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_DOWNLOAD_ROW);
  g_clear_object (&self->download);
  g_clear_object (&self->downloads);

  G_OBJECT_CLASS (collate_download_row_parent_class)->dispose (object);
}

static void
collate_download_row_class_init (CollateDownloadRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_download_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-download-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, name);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, state);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, remark);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, bar);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, stop);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, go_on);
  gtk_widget_class_bind_template_child (widget_class, CollateDownloadRow, remove);
  gtk_widget_class_bind_template_callback (widget_class, stop_cb);
  gtk_widget_class_bind_template_callback (widget_class, go_on_cb);
  gtk_widget_class_bind_template_callback (widget_class, remove_cb);
}

static void
collate_download_row_init (CollateDownloadRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
collate_download_row_new (CollateDownloads *downloads, CollateDownload *download)
{
  CollateDownloadRow *self = g_object_new (COLLATE_TYPE_DOWNLOAD_ROW, NULL);
  g_autofree char *name = collate_download_dup_name (download);
  g_autofree char *progress = g_strdup_printf (_ ("Download of %s"), name);

  self->downloads = g_object_ref (downloads);
  self->download = g_object_ref (download);
  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), collate_download_get_address (download));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->bar), GTK_ACCESSIBLE_PROPERTY_LABEL, progress, -1);
  name_button (self->stop, g_strdup_printf (_ ("Stop the download of %s"), name));
  name_button (self->go_on, g_strdup_printf (_ ("Go on with the download of %s"), name));
  g_signal_connect_object (
      download, "notify::progress", G_CALLBACK (update_progress), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (download, "notify::state", G_CALLBACK (update_state), self, G_CONNECT_SWAPPED);
  update_state (self);

  return GTK_WIDGET (self);
}
