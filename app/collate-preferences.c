/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-preferences.h"

#include <glib/gi18n-lib.h>

#include "collate-key-row.h"
#include "collate-local-page.h"
#include "collate-server-form.h"
#include "collate-toast.h"
#include "compare/collate-sentences.h"

/* The window of preferences: settings are bound, keys and servers have rows of their own. */

struct _CollatePreferences
{
  AdwPreferencesWindow parent_instance;

  CollateWorkspace *workspace;
  CollateKeys *keys;
  GCancellable *cancellable;
  GtkStringList *key_names;

  AdwPreferencesPage *keys_page;
  AdwPreferencesPage *servers_page;
  CollateLocalPage *local_page;
  GtkSpinButton *max_output;
  GtkSwitch *sequential;
  AdwComboRow *color_scheme;
  AdwActionRow *prices;
  GtkWidget *refresh;
  GtkSpinner *refreshing;
  AdwPreferencesGroup *keys_group;
  GtkListBox *key_list;
  GtkListBox *server_list;
  CollateServerForm *server_form;
};

G_DEFINE_FINAL_TYPE (CollatePreferences, collate_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static CollateCatalogue *
get_catalogue (CollatePreferences *self)
{
  return collate_workspace_get_catalogue (self->workspace);
}

static void
toast (CollatePreferences *self, const char *sentence)
{
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self), collate_toast_new (sentence));
}

static void
toast_error (CollatePreferences *self, const GError *error, const char *subject)
{
  g_autofree char *sentence = collate_sentence_for_error (error, subject);

  toast (self, sentence);
}

static void
update_prices (CollatePreferences *self)
{
  const char *date = collate_catalogue_get_prices_date (get_catalogue (self));
  const char *source = collate_catalogue_get_prices_source (get_catalogue (self));
  g_autofree char *text = NULL;

  if (date == NULL)
    text = g_strdup (_ ("As they came with Collate, each with its own date"));
  else
    text = g_strdup_printf (_ ("Of %s, from %s"), date, source != NULL ? source : "—");
  adw_action_row_set_subtitle (self->prices, text);
}

static void
set_refreshing (CollatePreferences *self, gboolean refreshing)
{
  gtk_widget_set_sensitive (self->refresh, !refreshing);
  gtk_spinner_set_spinning (self->refreshing, refreshing);
}

static void
refreshed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollatePreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  int n_changed = collate_catalogue_refresh_prices_finish (COLLATE_CATALOGUE (source), result, &error);
  g_autofree char *sentence = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  set_refreshing (self, FALSE);
  if (n_changed < 0)
    {
      toast_error (self, error, _ ("The price list"));
      return;
    }
  sentence = g_strdup_printf (ngettext ("%d price changed", "%d prices changed", n_changed), n_changed);
  toast (self, sentence);
  update_prices (self);
}

static void
refresh_cb (CollatePreferences *self)
{
  set_refreshing (self, TRUE);
  collate_catalogue_refresh_prices_async (get_catalogue (self),
                                          collate_workspace_get_http (self->workspace),
                                          COLLATE_PRICE_LIST,
                                          self->cancellable,
                                          refreshed_cb,
                                          g_object_ref (self));
}

static void
key_failed_cb (CollateKeyRow *row, const char *sentence, CollatePreferences *self)
{
  toast (self, sentence);
}

/* The first provider that takes the key; (nullable) (transfer none). */
static CollateProvider *
provider_of_key (CollatePreferences *self, const char *key_name)
{
  GListModel *providers = collate_catalogue_get_providers (get_catalogue (self));

  for (guint i = 0; i < g_list_model_get_n_items (providers); i++)
    {
      g_autoptr (CollateProvider) provider = g_list_model_get_item (providers, i);

      if (g_strcmp0 (collate_provider_get_key_name (provider), key_name) == 0)
        return provider;
    }
  return NULL;
}

static GtkWidget *
make_key_row (gpointer item, gpointer user_data)
{
  CollatePreferences *self = user_data;
  CollateProvider *provider = provider_of_key (self, gtk_string_object_get_string (item));
  GtkWidget *row = collate_key_row_new (self->keys, provider);

  g_signal_connect_object (row, "failed", G_CALLBACK (key_failed_cb), self, G_CONNECT_DEFAULT);
  return row;
}

/* Several providers may share a key; it has one row. */
static void
update_key_names (CollatePreferences *self)
{
  GListModel *providers = collate_catalogue_get_providers (get_catalogue (self));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (providers); i++)
    {
      g_autoptr (CollateProvider) provider = g_list_model_get_item (providers, i);
      const char *name = collate_provider_get_key_name (provider);

      if (name != NULL && g_hash_table_add (seen, g_strdup (name)))
        g_strv_builder_add (builder, name);
    }
  names = g_strv_builder_end (builder);
  gtk_string_list_splice (self->key_names,
                          0,
                          g_list_model_get_n_items (G_LIST_MODEL (self->key_names)),
                          (const char *const *) names);
}

static void
update_keyring (CollatePreferences *self)
{
  gboolean available;

  g_object_get (self->keys, "keyring-available", &available, NULL);
  adw_preferences_group_set_description (
      self->keys_group,
      available ? _ ("A key from the environment or a .env file comes first. What you enter here is kept in "
                     "the keyring.")
                : _ ("No keyring answers here: what you enter is kept for this session only."));
}

static void
remove_server_cb (GtkButton *button, CollatePreferences *self)
{
  CollateProvider *provider = g_object_get_data (G_OBJECT (button), "provider");
  g_autoptr (GError) error = NULL;

  if (!collate_catalogue_remove_server (get_catalogue (self), collate_provider_get_id (provider), &error))
    toast_error (self, error, collate_provider_get_name (provider));
}

static GtkWidget *
make_server_row (gpointer item, gpointer user_data)
{
  CollateProvider *provider = item;
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  g_autofree char *label = g_strdup_printf (_ ("Remove %s"), collate_provider_get_name (provider));

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), collate_provider_get_name (provider));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), collate_provider_get_base_url (provider));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data_full (G_OBJECT (button), "provider", g_object_ref (provider), g_object_unref);
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_server_cb), user_data, G_CONNECT_DEFAULT);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static gboolean
is_own_provider (gpointer item, gpointer user_data)
{
  return collate_provider_is_own (item);
}

static void
update_server_list (GListModel *own, guint position, guint removed, guint added, CollatePreferences *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->server_list), g_list_model_get_n_items (own) > 0);
}

static void
bind_servers (CollatePreferences *self)
{
  GListModel *providers = collate_catalogue_get_providers (get_catalogue (self));
  GtkCustomFilter *filter = gtk_custom_filter_new (is_own_provider, NULL, NULL);
  g_autoptr (GListModel) own =
      G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (providers), GTK_FILTER (filter)));

  gtk_list_box_bind_model (self->server_list, own, make_server_row, self, NULL);
  g_signal_connect_object (own, "items-changed", G_CALLBACK (update_server_list), self, G_CONNECT_DEFAULT);
  update_server_list (own, 0, 0, 0, self);
}

static gboolean
map_scheme_to_index (GValue *value, GVariant *variant, gpointer user_data)
{
  static const char *const names[] = { "default", "light", "dark", NULL };

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], g_variant_get_string (variant, NULL)))
      g_value_set_uint (value, i);
  return TRUE;
}

static GVariant *
map_index_to_scheme (const GValue *value, const GVariantType *type, gpointer user_data)
{
  static const char *const names[] = { "default", "light", "dark" };

  return g_variant_new_string (names[MIN (g_value_get_uint (value), G_N_ELEMENTS (names) - 1)]);
}

static void
bind_settings (CollatePreferences *self, GSettings *settings)
{
  g_settings_bind (settings,
                   "max-output",
                   gtk_spin_button_get_adjustment (self->max_output),
                   "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "sequential", self->sequential, "active", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind_with_mapping (settings,
                                "color-scheme",
                                self->color_scheme,
                                "selected",
                                G_SETTINGS_BIND_DEFAULT,
                                map_scheme_to_index,
                                map_index_to_scheme,
                                NULL,
                                NULL);
}

/* Zero stands for the default: the smaller of what the model can and 4,096. */
static gboolean
max_output_output_cb (GtkSpinButton *button, gpointer user_data)
{
  int value = gtk_spin_button_get_value_as_int (button);

  if (value != 0)
    return FALSE;
  gtk_editable_set_text (GTK_EDITABLE (button), _ ("Default"));
  return TRUE;
}

static int
max_output_input_cb (GtkSpinButton *button, double *value, gpointer user_data)
{
  if (!g_str_equal (gtk_editable_get_text (GTK_EDITABLE (button)), _ ("Default")))
    return FALSE;
  *value = 0;
  return TRUE;
}

static void
server_failed_cb (CollateServerForm *form, const char *sentence, CollatePreferences *self)
{
  toast (self, sentence);
}

static void
local_failed_cb (CollateLocalPage *page, const char *sentence, CollatePreferences *self)
{
  toast (self, sentence);
}

static void
collate_preferences_dispose (GObject *object)
{
  CollatePreferences *self = COLLATE_PREFERENCES (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_PREFERENCES);
  g_clear_object (&self->workspace);
  g_clear_object (&self->keys);
  g_clear_object (&self->key_names);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (collate_preferences_parent_class)->dispose (object);
}

static void
collate_preferences_class_init (CollatePreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = collate_preferences_dispose;

  g_type_ensure (COLLATE_TYPE_SERVER_FORM);
  g_type_ensure (COLLATE_TYPE_LOCAL_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, keys_page);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, servers_page);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, local_page);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, max_output);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, sequential);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, color_scheme);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, prices);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, refresh);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, refreshing);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, keys_group);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, key_list);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, server_list);
  gtk_widget_class_bind_template_child (widget_class, CollatePreferences, server_form);
  gtk_widget_class_bind_template_callback (widget_class, refresh_cb);
  gtk_widget_class_bind_template_callback (widget_class, max_output_output_cb);
  gtk_widget_class_bind_template_callback (widget_class, max_output_input_cb);
  gtk_widget_class_bind_template_callback (widget_class, server_failed_cb);
  gtk_widget_class_bind_template_callback (widget_class, local_failed_cb);
}

static void
collate_preferences_init (CollatePreferences *self)
{
  self->cancellable = g_cancellable_new ();
  self->key_names = gtk_string_list_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
catalogue_changed_cb (CollatePreferences *self)
{
  update_key_names (self);
  update_prices (self);
}

static CollatePreferences *
collate_preferences_new (CollateSession *session, GSettings *settings)
{
  CollatePreferences *self = g_object_new (COLLATE_TYPE_PREFERENCES, NULL);

  self->workspace = g_object_ref (collate_session_get_workspace (session));
  self->keys = g_object_ref (collate_session_get_keys (session));
  bind_settings (self, settings);
  gtk_list_box_bind_model (self->key_list, G_LIST_MODEL (self->key_names), make_key_row, self, NULL);
  bind_servers (self);
  collate_local_page_set_parts (
      self->local_page, collate_session_get_local_models (session), get_catalogue (self), settings);
  collate_server_form_set_parts (self->server_form, self->workspace, self->keys);
  g_signal_connect_object (
      get_catalogue (self), "changed", G_CALLBACK (catalogue_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
      self->keys, "notify::keyring-available", G_CALLBACK (update_keyring), self, G_CONNECT_SWAPPED);
  catalogue_changed_cb (self);
  update_keyring (self);
  return self;
}

static void
show_key (CollatePreferences *self, const char *key_name)
{
  for (int i = 0;; i++)
    {
      GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->key_list, i);

      if (row == NULL)
        return;
      if (g_str_equal (collate_key_row_get_key_name (COLLATE_KEY_ROW (row)), key_name))
        collate_key_row_edit (COLLATE_KEY_ROW (row));
    }
}

void
collate_preferences_present (CollateSession *session,
                             GSettings *settings,
                             GtkWindow *parent,
                             const char *place)
{
  CollatePreferences *self = collate_preferences_new (session, settings);

  gtk_window_set_transient_for (GTK_WINDOW (self), parent);
  gtk_window_set_modal (GTK_WINDOW (self), TRUE);
  if (g_str_equal (place, "keys") || g_str_has_prefix (place, "key:"))
    adw_preferences_window_set_visible_page (ADW_PREFERENCES_WINDOW (self), self->keys_page);
  else if (g_str_equal (place, "servers"))
    adw_preferences_window_set_visible_page (ADW_PREFERENCES_WINDOW (self), self->servers_page);
  else if (g_str_equal (place, "local"))
    adw_preferences_window_set_visible_page (ADW_PREFERENCES_WINDOW (self),
                                             ADW_PREFERENCES_PAGE (self->local_page));
  gtk_window_present (GTK_WINDOW (self));
  if (g_str_has_prefix (place, "key:"))
    show_key (self, place + strlen ("key:"));
}
