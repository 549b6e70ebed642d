/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-local-page.h"

#include <glib/gi18n-lib.h>

#include "collate-device-row.h"
#include "collate-dialogs.h"
#include "base/collate-format.h"
#include "catalogue/collate-local-model.h"
#include "collate-download-form.h"
#include "collate-local-files.h"
#include "compare/collate-sentences.h"

struct _CollateLocalPage
{
  AdwPreferencesPage parent_instance;

  CollateLocalModels *local_models;
  GCancellable *cancellable;

  AdwActionRow *folder;
  GtkListBox *list;
  GtkWidget *add;
  GtkSpinner *adding;
  CollateDownloadForm *downloads;
  CollateDeviceRow *device;
};

enum
{
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CollateLocalPage, collate_local_page, ADW_TYPE_PREFERENCES_PAGE)

static void
fail (CollateLocalPage *self, const GError *error, const char *subject)
{
  g_autofree char *sentence = collate_sentence_for_error (error, subject);

  g_signal_emit (self, signals[FAILED], 0, sentence);
}

/* Adding. */

static void
set_adding (CollateLocalPage *self, gboolean adding)
{
  gtk_widget_set_sensitive (self->add, !adding);
  gtk_spinner_set_spinning (self->adding, adding);
}

static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateLocalPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  id = collate_local_models_add_finish (self->local_models, result, &error);
  set_adding (self, FALSE);
  if (id == NULL)
    {
      g_autofree char *sentence = collate_local_files_dup_problem (error);

      g_signal_emit (self, signals[FAILED], 0, sentence);
    }
}

static void
chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateLocalPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) files = collate_dialogs_files_finish (result, &error);
  g_autoptr (GFile) file = files != NULL ? g_list_model_get_item (files, 0) : NULL;
  g_autofree char *problem = collate_dialogs_dup_problem (error);

  if (problem != NULL)
    g_signal_emit (self, signals[FAILED], 0, problem);
  if (file == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  set_adding (self, TRUE);
  collate_local_models_add_async (self->local_models, file, self->cancellable, added_cb, g_object_ref (self));
}

static void
add_cb (CollateLocalPage *self)
{
  collate_dialogs_open_model_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                    self->cancellable,
                                    chosen_cb,
                                    g_object_ref (self));
}

/* Removing. */

typedef struct
{
  CollateLocalPage *page;
  CollateModel *model;
} Removal;

static void
removal_free (Removal *removal)
{
  g_object_unref (removal->page);
  g_object_unref (removal->model);
  g_free (removal);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Removal, removal_free)

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Removal) removal = user_data;
  g_autoptr (GError) error = NULL;

  if (removal->page->local_models != NULL &&
      !collate_local_models_remove_finish (removal->page->local_models, result, &error))
    fail (removal->page, error, collate_model_get_name (removal->model));
}

static void
removal_confirmed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Removal) removal = user_data;
  CollateLocalModels *local_models = removal->page->local_models;
  CollateModel *model = removal->model;

  if (collate_dialogs_confirm_finish (result, NULL) && local_models != NULL)
    collate_local_models_remove_async (local_models, model, NULL, removed_cb, g_steal_pointer (&removal));
}

static void
remove_cb (GtkButton *button, CollateLocalPage *self)
{
  CollateModel *model = g_object_get_data (G_OBJECT (button), "model");
  g_autofree char *heading = g_strdup_printf (_ ("Remove %s?"), collate_model_get_name (model));
  Removal *removal = g_new0 (Removal, 1);

  removal->page = g_object_ref (self);
  removal->model = g_object_ref (model);
  collate_dialogs_confirm_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                 heading,
                                 _ ("Its file is deleted. Past answers of it stay in the history."),
                                 _ ("_Remove"),
                                 self->cancellable,
                                 removal_confirmed_cb,
                                 removal);
}

/* The list. */

static void
add_part (GPtrArray *parts, const char *text)
{
  if (text != NULL && *text != '\0')
    g_ptr_array_add (parts, g_strdup (text));
}

static void
add_parameters (GPtrArray *parts, gint64 n)
{
  if (n >= 1000000000)
    g_ptr_array_add (parts, g_strdup_printf (_ ("%.3g B parameters"), (double) n / 1e9));
  else if (n > 0)
    g_ptr_array_add (parts, g_strdup_printf (_ ("%.3g M parameters"), (double) n / 1e6));
}

static void
add_context (GPtrArray *parts, gint64 n)
{
  g_autofree char *count = collate_format_count (n);

  if (n > 0)
    g_ptr_array_add (parts, g_strdup_printf (_ ("context of %s tokens"), count));
}

/* "llama · 135 M parameters · Q4_1 · 98.4 MB · context of 8,192 tokens · ChatML · apache-2.0". */
static char *
describe_file (const CollateLocalModel *local)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *size = local->file_bytes > 0 ? g_format_size ((guint64) local->file_bytes) : NULL;

  add_part (parts, local->architecture);
  add_parameters (parts, local->parameters);
  add_part (parts, local->quantization);
  add_part (parts, size);
  add_context (parts, local->context);
  add_part (parts, local->chat);
  add_part (parts, local->licence);
  g_ptr_array_add (parts, NULL);

  return g_strjoinv ("\302\240· ", (char **) parts->pdata);
}

/* Where a file is not in the person's folder, that is said with what is wrong with it or what it takes. */
static char *
describe_state (CollateModel *model)
{
  g_autofree char *memory = collate_sentence_for_memory (model);
  const char *problem = collate_model_get_problem (model);
  const char *state = problem != NULL ? problem : memory;

  if (!collate_model_get_local (model)->shared)
    return g_strdup (state);
  /* Translators: of a model file that is not the person's own, and so cannot be removed here. */
  return state != NULL ? g_strdup_printf (_ ("Installed for everybody. %s"), state)
                       : g_strdup (_ ("Installed for everybody."));
}

/* What the file is, and below what is to be said of it. */
static char *
describe (CollateModel *model)
{
  g_autofree char *file = describe_file (collate_model_get_local (model));
  g_autofree char *second = describe_state (model);

  if (*file == '\0' || second == NULL)
    return g_strdup (second != NULL ? second : file);

  return g_strdup_printf ("%s\n%s", file, second);
}

static void
show_model (AdwActionRow *row, CollateModel *model, GtkWidget *warning)
{
  g_autofree char *subtitle = describe (model);

  adw_action_row_set_subtitle (row, subtitle);
  gtk_widget_set_visible (warning,
                          collate_model_get_problem (model) != NULL || !collate_model_is_held (model));
}

static void
memory_changed_cb (CollateModel *model, GParamSpec *pspec, AdwActionRow *row)
{
  show_model (row, model, g_object_get_data (G_OBJECT (row), "warning"));
}

static GtkWidget *
make_remove_button (CollateLocalPage *self, CollateModel *model)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *label = g_strdup_printf (_ ("Remove %s"), collate_model_get_name (model));

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data_full (G_OBJECT (button), "model", g_object_ref (model), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_cb), self, G_CONNECT_DEFAULT);

  return button;
}

static GtkWidget *
make_row (gpointer item, gpointer user_data)
{
  CollateModel *model = item;
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *warning = gtk_image_new_from_icon_name ("dialog-warning-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), collate_model_get_name (model));
  gtk_widget_add_css_class (warning, "warning");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), warning);
  g_object_set_data (G_OBJECT (row), "warning", warning);
  show_model (ADW_ACTION_ROW (row), model, warning);
  g_signal_connect_object (
      model, "notify::free-memory", G_CALLBACK (memory_changed_cb), row, G_CONNECT_DEFAULT);
  if (!collate_model_get_local (model)->shared)
    adw_action_row_add_suffix (ADW_ACTION_ROW (row), make_remove_button (user_data, model));

  return row;
}

static void
show_folder_cb (CollateLocalPage *self)
{
  const char *folder = collate_local_models_get_folder (self->local_models);
  g_autofree char *address = g_filename_to_uri (folder, NULL, NULL);

  if (address != NULL)
    collate_dialogs_show_page (ADW_PREFERENCES_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), address);
}

/* One of the entries that a file has. */
static gboolean
is_file (gpointer item, gpointer user_data)
{
  return collate_model_is_local (item) && !collate_model_is_sparse (item);
}

static void
update_list (GListModel *models, guint position, guint removed, guint added, CollateLocalPage *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->list), g_list_model_get_n_items (models) > 0);
}

static void
collate_local_page_dispose (GObject *object)
{
  CollateLocalPage *self = COLLATE_LOCAL_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_LOCAL_PAGE);
  g_clear_object (&self->local_models);

  G_OBJECT_CLASS (collate_local_page_parent_class)->dispose (object);
}

static void
collate_local_page_finalize (GObject *object)
{
  g_object_unref (COLLATE_LOCAL_PAGE (object)->cancellable);

  G_OBJECT_CLASS (collate_local_page_parent_class)->finalize (object);
}

static void
collate_local_page_class_init (CollateLocalPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_local_page_dispose;
  object_class->finalize = collate_local_page_finalize;

  signals[FAILED] = g_signal_new ("failed",
                                  G_TYPE_FROM_CLASS (klass),
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_STRING);

  g_type_ensure (COLLATE_TYPE_DEVICE_ROW);
  g_type_ensure (COLLATE_TYPE_DOWNLOAD_FORM);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-local-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, folder);
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, list);
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, add);
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, adding);
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, downloads);
  gtk_widget_class_bind_template_child (widget_class, CollateLocalPage, device);
  gtk_widget_class_bind_template_callback (widget_class, add_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_folder_cb);
}

static void
collate_local_page_init (CollateLocalPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
collate_local_page_set_parts (CollateLocalPage *self,
                              CollateLocalModels *local_models,
                              CollateCatalogue *catalogue,
                              GSettings *settings)
{
  GtkCustomFilter *filter = gtk_custom_filter_new (is_file, NULL, NULL);
  g_autoptr (GListModel) models =
      G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (catalogue)), GTK_FILTER (filter)));
  g_autofree char *folder = g_filename_display_name (collate_local_models_get_folder (local_models));

  self->local_models = g_object_ref (local_models);
  adw_action_row_set_subtitle (self->folder, folder);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->folder), folder);
  gtk_list_box_bind_model (self->list, models, make_row, self, NULL);
  g_signal_connect_object (models, "items-changed", G_CALLBACK (update_list), self, G_CONNECT_DEFAULT);
  update_list (models, 0, 0, 0, self);
  collate_device_row_set_settings (self->device, settings);
  collate_download_form_set_downloads (self->downloads, collate_local_models_get_downloads (local_models));
  collate_local_models_look_at_memory (local_models);
}
