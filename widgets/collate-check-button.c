/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "widgets/collate-check-button.h"

struct _CollateCheckButton
{
  GtkCheckButton parent_instance;
};

G_DEFINE_FINAL_TYPE (CollateCheckButton, collate_check_button, GTK_TYPE_CHECK_BUTTON)

static void
toggle (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkCheckButton *check = GTK_CHECK_BUTTON (widget);

  gtk_check_button_set_active (check, !gtk_check_button_get_active (check));
}

static void
collate_check_button_class_init (CollateCheckButtonClass *klass)
{
  gtk_widget_class_install_action (GTK_WIDGET_CLASS (klass), "check.toggle", NULL, toggle);
}

static void
collate_check_button_init (CollateCheckButton *self)
{
}
