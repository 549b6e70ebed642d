/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-about.h"

#include <glib/gi18n-lib.h>

#include "base/collate-sandbox.h"

/* What a bug report needs to know. No key, no path, no document. */
static char *
describe_machine (GtkWindow *parent, CollateSession *session)
{
  CollateCatalogue *catalogue = collate_workspace_get_catalogue (collate_session_get_workspace (session));
  GskRenderer *renderer = gtk_native_get_renderer (GTK_NATIVE (parent));
  g_autofree char *system = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  const char *prices = collate_catalogue_get_prices_date (catalogue);
  gboolean keyring;

  g_object_get (collate_session_get_keys (session), "keyring-available", &keyring, NULL);
  return g_strdup_printf ("Collate %s\n"
                          "System: %s\n"
                          "GTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n"
                          "Display: %s, renderer: %s\n"
                          "Models: %u, prices: %s\n"
                          "Keyring: %s\n"
                          "Sandbox: %s\n",
                          VERSION,
                          system != NULL ? system : "unknown",
                          gtk_get_major_version (),
                          gtk_get_minor_version (),
                          gtk_get_micro_version (),
                          adw_get_major_version (),
                          adw_get_minor_version (),
                          adw_get_micro_version (),
                          glib_major_version,
                          glib_minor_version,
                          glib_micro_version,
                          G_OBJECT_TYPE_NAME (gtk_widget_get_display (GTK_WIDGET (parent))),
                          renderer != NULL ? G_OBJECT_TYPE_NAME (renderer) : "none",
                          g_list_model_get_n_items (G_LIST_MODEL (catalogue)),
                          prices != NULL ? prices : "built in",
                          keyring ? "yes" : "no",
                          collate_sandbox_is_inside () ? "Flatpak" : "none");
}

void
collate_about_present (GtkWindow *parent, CollateSession *session)
{
  g_autofree char *machine = describe_machine (parent, session);

  adw_show_about_window (parent,
                         "application-name",
                         "Collate",
                         "application-icon",
                         APP_ID,
                         "version",
                         VERSION,
                         "developer-name",
                         _ ("The Collate contributors"),
                         "comments",
                         _ ("One question about your documents, several models: what each answered, what it "
                            "cost and how long it took."),
                         "license-type",
                         GTK_LICENSE_GPL_3_0,
                         "website",
                         "https://github.com/collate/Collate",
                         "issue-url",
                         "https://github.com/collate/Collate/issues",
                         "debug-info",
                         machine,
                         "debug-info-filename",
                         "collate-debug-info.txt",
                         /* Translators: put your names here, one a line. */
                         "translator-credits",
                         _ ("translator-credits"),
                         NULL);
}
