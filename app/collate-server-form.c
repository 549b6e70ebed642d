/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-server-form.h"

#include <glib/gi18n-lib.h>

#include "base/collate-error.h"
#include "clients/collate-probe.h"
#include "collate-key-store.h"
#include "compare/collate-sentences.h"

struct _CollateServerForm
{
  AdwPreferencesGroup parent_instance;

  CollateWorkspace *workspace;
  CollateKeys *keys;
  GCancellable *cancellable;
  GPtrArray *served; /* of CollateServed, after a test; (nullable) */
  char *address;     /* the one that answered; (nullable) */

  AdwComboRow *preset;
  GtkEditable *name_row;
  GtkEditable *address_row;
  GtkEditable *key_row;
  GtkWidget *test_button;
  GtkSpinner *spinner;
  AdwActionRow *test_row;
  GtkListBox *model_list;
  GtkWidget *add_button;
};

enum
{
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* The addresses where these servers listen unless told otherwise. */
static const struct
{
  const char *name;
  const char *address;
} presets[] = {
  { "Ollama", "http://localhost:11434/v1" },
  { "vLLM", "http://localhost:8000/v1" },
  { "llama.cpp", "http://localhost:8080/v1" },
  { "LM Studio", "http://localhost:1234/v1" },
};

G_DEFINE_FINAL_TYPE (CollateServerForm, collate_server_form, ADW_TYPE_PREFERENCES_GROUP)

static void
fail (CollateServerForm *self, const GError *error, const char *subject)
{
  g_autofree char *sentence = collate_sentence_for_error (error, subject);

  g_signal_emit (self, signals[FAILED], 0, sentence);
}

static char *
dup_text (GtkEditable *row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (row)));
}

static GtkCheckButton *
nth_check (CollateServerForm *self, guint n)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->model_list, n);

  return GTK_CHECK_BUTTON (adw_action_row_get_activatable_widget (ADW_ACTION_ROW (row)));
}

static guint
count_ticked (CollateServerForm *self)
{
  guint n_ticked = 0;

  for (guint i = 0; self->served != NULL && i < self->served->len; i++)
    n_ticked += gtk_check_button_get_active (nth_check (self, i));
  return n_ticked;
}

static void
update (CollateServerForm *self)
{
  g_autofree char *name = dup_text (self->name_row);
  g_autofree char *address = dup_text (self->address_row);

  gtk_widget_set_sensitive (self->test_button, *address != '\0' && !gtk_spinner_get_spinning (self->spinner));
  gtk_widget_set_visible (GTK_WIDGET (self->model_list), self->served != NULL && self->served->len > 0);
  gtk_widget_set_visible (self->add_button, self->served != NULL && self->served->len > 0);
  gtk_widget_set_sensitive (self->add_button, *name != '\0' && count_ticked (self) > 0);
}

/* What was found belongs to another address or key now. */
static void
forget_test (CollateServerForm *self)
{
  GtkListBoxRow *row;

  g_cancellable_cancel (self->cancellable);
  g_set_object (&self->cancellable, NULL);
  g_clear_pointer (&self->served, g_ptr_array_unref);
  g_clear_pointer (&self->address, g_free);
  while ((row = gtk_list_box_get_row_at_index (self->model_list, 0)) != NULL)
    gtk_list_box_remove (self->model_list, GTK_WIDGET (row));
  gtk_spinner_set_spinning (self->spinner, FALSE);
  adw_action_row_set_subtitle (self->test_row, _ ("Asks the server which models it serves"));
  update (self);
}

static void
preset_cb (CollateServerForm *self)
{
  guint selected = adw_combo_row_get_selected (self->preset);

  if (selected == 0 || selected > G_N_ELEMENTS (presets))
    return;
  gtk_editable_set_text (self->name_row, presets[selected - 1].name);
  gtk_editable_set_text (self->address_row, presets[selected - 1].address);
}

static void
add_model_row (CollateServerForm *self, const CollateServed *served)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *check = gtk_check_button_new ();
  g_autofree char *context = collate_format_count (served->context);
  g_autofree char *subtitle =
      served->context > 0 ? g_strdup_printf (_ ("Context of %s tokens"), context) : NULL;

  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (check, "toggled", G_CALLBACK (update), self);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), served->model);
  if (subtitle != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  /* The row's title becomes the check box's accessible name by this. */
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  gtk_list_box_append (self->model_list, row);
}

static void
show_served (CollateServerForm *self)
{
  g_autofree char *text = g_strdup_printf (ngettext ("It serves %u model: tick what to ask",
                                                     "It serves %u models: tick what to ask",
                                                     self->served->len),
                                           self->served->len);

  adw_action_row_set_subtitle (self->test_row, text);
  for (guint i = 0; i < self->served->len; i++)
    add_model_row (self, g_ptr_array_index (self->served, i));
  if (self->served->len == 1)
    gtk_check_button_set_active (nth_check (self, 0), TRUE);
}

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateServerForm) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GPtrArray) served = collate_probe_finish (result, &address, &error);

  /* A test that was given up reports to nobody. */
  if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_STOPPED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_spinner_set_spinning (self->spinner, FALSE);
  if (served == NULL)
    {
      g_autofree char *sentence = collate_sentence_for_error (error, _ ("The server"));

      adw_action_row_set_subtitle (self->test_row, sentence);
    }
  else
    {
      self->served = g_steal_pointer (&served);
      self->address = g_steal_pointer (&address);
      show_served (self);
    }
  update (self);
}

static void
test_cb (CollateServerForm *self)
{
  g_autofree char *address = dup_text (self->address_row);
  g_autofree char *key = dup_text (self->key_row);

  forget_test (self);
  self->cancellable = g_cancellable_new ();
  gtk_spinner_set_spinning (self->spinner, TRUE);
  adw_action_row_set_subtitle (self->test_row, _ ("Asking the server…"));
  update (self);
  collate_probe_async (collate_workspace_get_http (self->workspace),
                       COLLATE_API_OPENAI,
                       address,
                       *key != '\0' ? key : NULL,
                       self->cancellable,
                       tested_cb,
                       g_object_ref (self));
}

/* "My server" → "MY_SERVER_API_KEY": what an environment variable for it would be called. */
static char *
make_key_name (const char *name)
{
  g_autofree char *upper = g_ascii_strup (name, -1);

  g_strcanon (upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", '_');
  return g_strconcat (upper, "_API_KEY", NULL);
}

static void
key_stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateServerForm) self = user_data;
  g_autofree char *words = NULL;

  collate_key_store_finish (result, &words);
  if (words != NULL)
    g_signal_emit (self, signals[FAILED], 0, words);
}

static gboolean
add_server (CollateServerForm *self, const char *name, const char *key_name, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GArray) contexts = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_auto (GStrv) models = NULL;

  for (guint i = 0; i < self->served->len; i++)
    {
      CollateServed *served = g_ptr_array_index (self->served, i);

      if (!gtk_check_button_get_active (nth_check (self, i)))
        continue;
      g_strv_builder_add (builder, served->model);
      g_array_append_val (contexts, served->context);
    }
  models = g_strv_builder_end (builder);
  return collate_catalogue_add_server (collate_workspace_get_catalogue (self->workspace),
                                       name,
                                       COLLATE_API_OPENAI,
                                       self->address,
                                       key_name,
                                       (const char *const *) models,
                                       (const gint64 *) contexts->data,
                                       error);
}

static void
clear (CollateServerForm *self)
{
  adw_combo_row_set_selected (self->preset, 0);
  gtk_editable_set_text (self->name_row, "");
  gtk_editable_set_text (self->address_row, "");
  gtk_editable_set_text (self->key_row, "");
  forget_test (self);
}

static void
add_cb (CollateServerForm *self)
{
  g_autofree char *name = dup_text (self->name_row);
  g_autofree char *key = dup_text (self->key_row);
  g_autofree char *key_name = *key != '\0' ? make_key_name (name) : g_strdup ("");
  g_autoptr (GError) error = NULL;

  if (!add_server (self, name, key_name, &error))
    {
      fail (self, error, name);
      return;
    }
  if (*key != '\0')
    collate_key_store_async (self->keys, key_name, key, key_stored_cb, g_object_ref (self));
  clear (self);
}

static void
collate_server_form_dispose (GObject *object)
{
  CollateServerForm *self = COLLATE_SERVER_FORM (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_SERVER_FORM);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->workspace);
  g_clear_object (&self->keys);
  G_OBJECT_CLASS (collate_server_form_parent_class)->dispose (object);
}

static void
collate_server_form_finalize (GObject *object)
{
  CollateServerForm *self = COLLATE_SERVER_FORM (object);

  g_clear_pointer (&self->served, g_ptr_array_unref);
  g_free (self->address);
  G_OBJECT_CLASS (collate_server_form_parent_class)->finalize (object);
}

static void
collate_server_form_class_init (CollateServerFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_server_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_server_form_finalize;
  signals[FAILED] = g_signal_new ("failed",
                                  COLLATE_TYPE_SERVER_FORM,
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-server-form.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, preset);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, address_row);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, key_row);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, test_button);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, spinner);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, test_row);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, model_list);
  gtk_widget_class_bind_template_child (widget_class, CollateServerForm, add_button);
  gtk_widget_class_bind_template_callback (widget_class, preset_cb);
  gtk_widget_class_bind_template_callback (widget_class, update);
  gtk_widget_class_bind_template_callback (widget_class, forget_test);
  gtk_widget_class_bind_template_callback (widget_class, test_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_cb);
}

static void
collate_server_form_init (CollateServerForm *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  forget_test (self);
}

void
collate_server_form_set_parts (CollateServerForm *self, CollateWorkspace *workspace, CollateKeys *keys)
{
  g_return_if_fail (COLLATE_IS_SERVER_FORM (self));

  g_set_object (&self->workspace, workspace);
  g_set_object (&self->keys, keys);
}
