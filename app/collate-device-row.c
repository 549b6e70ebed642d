/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-device-row.h"

#include <glib/gi18n-lib.h>

#include "engine/collate-engine.h"

/* Devices are looked for on a thread: their drivers take their time. */

struct _CollateDeviceRow
{
  AdwComboRow parent_instance;

  GSettings *settings;
  GtkStringList *titles;
  GPtrArray *names; /* of the devices, as the setting says them, beside the titles */
  gboolean filling; /* what is selected is nobody's choice */
};

G_DEFINE_FINAL_TYPE (CollateDeviceRow, collate_device_row, ADW_TYPE_COMBO_ROW)

static void
append (CollateDeviceRow *self, const char *name, const char *title)
{
  g_ptr_array_add (self->names, g_strdup (name));
  gtk_string_list_append (self->titles, title);
}

static void
append_device (CollateDeviceRow *self, const CollateEngineDevice *device)
{
  g_autofree char *title = NULL;

  if (g_str_equal (device->name, "cpu"))
    title = g_strdup_printf (_ ("Processor (%s)"), device->description);
  else if (g_str_equal (device->type, "software"))
    title = g_strdup_printf (_ ("%s, which the processor plays (%s)"), device->description, device->name);
  else
    title = g_strdup_printf (_ ("%s (%s)"), device->description, device->name);
  append (self, device->name, title);
}

static void
select_setting (CollateDeviceRow *self)
{
  g_autofree char *name = g_settings_get_string (self->settings, "device");
  g_autofree char *gone = NULL;
  guint position;

  self->filling = TRUE;
  if (!g_ptr_array_find_with_equal_func (self->names, name, g_str_equal, &position))
    {
      /* A card that was taken out: whoever chose it shall see that. */
      gone = g_strdup_printf (_ ("%s, which is not there"), name);
      position = self->names->len;
      append (self, name, gone);
    }
  adw_combo_row_set_selected (ADW_COMBO_ROW (self), position);
  self->filling = FALSE;
}

static gboolean
has_card (GPtrArray *devices)
{
  for (guint i = 0; i < devices->len; i++)
    {
      const CollateEngineDevice *device = devices->pdata[i];

      if (!g_str_equal (device->name, "cpu") && !g_str_equal (device->type, "software"))
        return TRUE;
    }

  return FALSE;
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CollateDeviceRow) self = user_data;
  g_autoptr (GPtrArray) devices = g_task_propagate_pointer (G_TASK (result), NULL);

  if (self->settings == NULL)
    return;
  self->filling = TRUE;
  append (self,
          "auto",
          has_card (devices) ? _ ("Automatic")
                             : _ ("Automatic: the processor, since no graphics card with Vulkan was found"));
  for (guint i = 0; i < devices->len; i++)
    append_device (self, devices->pdata[i]);
  select_setting (self);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, collate_engine_list_devices (), (GDestroyNotify) g_ptr_array_unref);
}

static void
selected_cb (CollateDeviceRow *self)
{
  guint position = adw_combo_row_get_selected (ADW_COMBO_ROW (self));

  if (!self->filling && self->settings != NULL && position < self->names->len)
    g_settings_set_string (self->settings, "device", self->names->pdata[position]);
}

static void
collate_device_row_dispose (GObject *object)
{
  g_clear_object (&COLLATE_DEVICE_ROW (object)->settings);

  G_OBJECT_CLASS (collate_device_row_parent_class)->dispose (object);
}

static void
collate_device_row_finalize (GObject *object)
{
  CollateDeviceRow *self = COLLATE_DEVICE_ROW (object);

  g_object_unref (self->titles);
  g_ptr_array_unref (self->names);

  G_OBJECT_CLASS (collate_device_row_parent_class)->finalize (object);
}

static void
collate_device_row_class_init (CollateDeviceRowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = collate_device_row_dispose;
  G_OBJECT_CLASS (klass)->finalize = collate_device_row_finalize;
}

static void
collate_device_row_init (CollateDeviceRow *self)
{
  self->titles = gtk_string_list_new (NULL);
  self->names = g_ptr_array_new_with_free_func (g_free);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), _ ("Runs on"));
  adw_combo_row_set_use_subtitle (ADW_COMBO_ROW (self), TRUE);
  adw_combo_row_set_model (ADW_COMBO_ROW (self), G_LIST_MODEL (self->titles));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  g_signal_connect (self, "notify::selected", G_CALLBACK (selected_cb), NULL);
}

void
collate_device_row_set_settings (CollateDeviceRow *self, GSettings *settings)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (COLLATE_IS_DEVICE_ROW (self));

  self->settings = g_object_ref (settings);
  task = g_task_new (NULL, NULL, listed_cb, g_object_ref (self));
  g_task_set_source_tag (task, collate_device_row_set_settings);
  g_task_run_in_thread (task, list_in_thread);
}
