/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/collate-sandbox.h"
#include "collate-application.h"
#include "collate-command.h"
#include "collate-window.h"

/* What is dropped on the window: model files go into their folder, everything else to the documents. */

static char *folder;

static GtkEventController *
find_drop_target (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_DROP_TARGET (controller))
        return controller;
    }

  return NULL;
}

static char *
write_file (const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));

  return path;
}

/* A tiny model, by the program that COLLATE_WRITE_MODEL names. */
static char *
write_model (const char *name)
{
  char *path = g_build_filename (folder, name, NULL);
  const char *const command[] = { g_getenv ("COLLATE_WRITE_MODEL"), path, "llama", NULL };
  int status;

  g_assert_true (
      g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);

  return path;
}

static gboolean
drop (GtkWidget *window, const char *const *paths)
{
  GtkEventController *target = find_drop_target (window);
  g_auto (GValue) value = G_VALUE_INIT;
  GSList *files = NULL;
  gboolean taken = FALSE;

  g_assert_nonnull (target);
  g_assert_cmpint (gtk_event_controller_get_propagation_phase (target), ==, GTK_PHASE_CAPTURE);
  g_assert_true (gdk_content_formats_contain_gtype (gtk_drop_target_get_formats (GTK_DROP_TARGET (target)),
                                                    GDK_TYPE_FILE_LIST));
  for (gsize i = 0; paths[i] != NULL; i++)
    files = g_slist_append (files, g_file_new_for_path (paths[i]));
  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_take_boxed (&value, gdk_file_list_new_from_list (files));
  g_signal_emit_by_name (target, "drop", &value, 10.0, 10.0, &taken);
  g_slist_free_full (files, g_object_unref);

  return taken;
}

static CollateWorkspace *
get_workspace (CollateApplication *application)
{
  return collate_session_get_workspace (collate_application_get_session (application));
}

static void
test_drop (void)
{
  g_autoptr (CollateApplication) application = collate_application_new ();
  g_autofree char *model = write_model ("dropped.gguf");
  g_autofree char *document = write_file ("paper.txt", "Some words.");
  g_autofree char *kept =
      g_build_filename (g_get_user_data_dir (), "collate", "models", "dropped.gguf", NULL);
  const char *const paths[] = { model, document, NULL };
  const char *const none[] = { NULL };
  g_autoptr (CollateDocument) first = NULL;
  CollateLibrary *library;
  GtkWidget *window;

  g_assert_true (g_application_register (G_APPLICATION (application), NULL, NULL));
  g_application_activate (G_APPLICATION (application));
  window = GTK_WIDGET (gtk_application_get_active_window (GTK_APPLICATION (application)));
  g_assert_true (COLLATE_IS_WINDOW (window));
  library = collate_workspace_get_library (get_workspace (application));

  g_assert_true (drop (window, paths));
  while (collate_workspace_lookup_entry (get_workspace (application), "local:dropped") == NULL ||
         g_list_model_get_n_items (G_LIST_MODEL (library)) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (model, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (library)), ==, 1);
  first = g_list_model_get_item (G_LIST_MODEL (library), 0);
  g_assert_cmpstr (collate_document_get_name (first), ==, "paper.txt");
  g_assert_false (drop (window, none));

  gtk_window_destroy (GTK_WINDOW (window));
  g_application_quit (G_APPLICATION (application));
  g_unlink (model);
  g_unlink (document);
  g_unlink (kept);
}

/* A command is told what helps on a terminal. */
static void
test_command_hidden (void)
{
  char *arguments[] = { (char *) "collate", (char *) "tokens", (char *) "/nowhere/elsewhere.txt", NULL };

  if (g_test_subprocess ())
    {
      collate_sandbox_pretend (TRUE);
      g_assert_cmpint (collate_command_run (3, arguments), ==, COLLATE_EXIT_INCOMPLETE);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr (
      "*/nowhere/elsewhere.txt cannot be seen from inside Collate's sandbox.*--filesystem=*");
}

/* The first label below `root` that holds `text`; (nullable) (transfer none). */
static GtkWidget *
find_label (GtkWidget *root, const char *text)
{
  GtkWidget *found =
      GTK_IS_LABEL (root) && strstr (gtk_label_get_text (GTK_LABEL (root)), text) != NULL ? root : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_label (child, text);

  return found;
}

/* What comes by its path alone is not there in a sandbox. */
static void
test_drop_hidden (void)
{
  static const char *const sentences[] = {
    "elsewhere.txt cannot be seen from inside Collate's sandbox. Open it with the Open button",
    "The model file cannot be seen from inside Collate's sandbox.",
  };
  g_autoptr (CollateApplication) application = collate_application_new ();
  const char *const paths[] = { "/nowhere/elsewhere.txt", "/nowhere/elsewhere.gguf", NULL };
  GtkWidget *window;

  g_assert_true (g_application_register (G_APPLICATION (application), NULL, NULL));
  g_application_activate (G_APPLICATION (application));
  window = GTK_WIDGET (gtk_application_get_active_window (GTK_APPLICATION (application)));

  collate_sandbox_pretend (TRUE);
  g_assert_true (drop (window, paths));
  for (gsize i = 0; i < G_N_ELEMENTS (sentences); i++)
    while (find_label (window, sentences[i]) == NULL)
      g_main_context_iteration (NULL, TRUE);
  g_assert_null (find_label (window, "/nowhere"));
  collate_sandbox_pretend (FALSE);

  gtk_window_destroy (GTK_WINDOW (window));
  g_application_quit (G_APPLICATION (application));
}

int
main (int argc, char *argv[])
{
  g_autofree char *data = NULL;
  g_autofree char *config = NULL;

  folder = g_dir_make_tmp ("collate-drop-XXXXXX", NULL);
  data = g_build_filename (folder, "data", NULL);
  config = g_build_filename (folder, "config", NULL);
  g_setenv ("XDG_DATA_HOME", data, TRUE);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  /* Not unset: GLib would start a bus then, with whatever serves on this machine. */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/window/drop", test_drop);
  g_test_add_func ("/window/drop-hidden", test_drop_hidden);
  g_test_add_func ("/command/hidden", test_command_hidden);

  return g_test_run ();
}
