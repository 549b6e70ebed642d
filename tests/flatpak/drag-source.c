/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A window that shows a file as a file manager does, to be dragged from there: drag-source FILE. */
#include <gtk/gtk.h>

#define SIZE 120

static GdkContentProvider *
prepare_cb (GtkDragSource *source, double x, double y, GFile *file)
{
  GSList files = { file, NULL };
  GdkFileList *list = gdk_file_list_new_from_list (&files);
  GdkContentProvider *provider = gdk_content_provider_new_typed (GDK_TYPE_FILE_LIST, list);

  g_boxed_free (GDK_TYPE_FILE_LIST, list);

  return provider;
}

static gboolean
closed_cb (gboolean *closed)
{
  *closed = TRUE;

  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (argc == 2 ? argv[1] : ".");
  GtkDragSource *source;
  GtkWidget *label;
  GtkWidget *window;
  gboolean closed = FALSE;

  gtk_init ();
  source = gtk_drag_source_new ();
  g_signal_connect (source, "prepare", G_CALLBACK (prepare_cb), file);
  label = gtk_label_new ("A file");
  gtk_widget_add_controller (label, GTK_EVENT_CONTROLLER (source));
  window = gtk_window_new ();
  gtk_window_set_title (GTK_WINDOW (window), "A file");
  gtk_window_set_default_size (GTK_WINDOW (window), SIZE, SIZE);
  gtk_window_set_child (GTK_WINDOW (window), label);
  g_signal_connect_swapped (window, "close-request", G_CALLBACK (closed_cb), &closed);
  gtk_window_present (GTK_WINDOW (window));
  while (!closed)
    g_main_context_iteration (NULL, TRUE);

  return 0;
}
