/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-toast.h"

/* A toast's own title is cut after a line, and what helps often stands at a sentence's end. */

#define LINE_CHARS 60
#define LEAST_SECONDS 5
#define CHARS_PER_SECOND 10

AdwToast *
collate_toast_new (const char *sentence)
{
  AdwToast *toast = adw_toast_new ("");
  GtkWidget *label = gtk_label_new (sentence);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (label), LINE_CHARS);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  adw_toast_set_custom_title (toast, label);
  adw_toast_set_timeout (toast, MAX (LEAST_SECONDS, g_utf8_strlen (sentence, -1) / CHARS_PER_SECOND));

  return toast;
}
