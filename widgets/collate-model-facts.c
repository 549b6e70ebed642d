/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The popover with a model's facts. It is made when it is opened, so that it shows what holds then. */
#include "widgets/collate-model-facts.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-sentences.h"

#define MILLION 1000000
#define VALUE_WIDTH_CHARS 34

char *
collate_format_price (CollateMoney per_token)
{
  CollateMoney million = collate_money_multiply (per_token, MILLION);
  gboolean cents = million == collate_money_round (million, 2);

  return collate_money_format (million, cents ? 2 : 4);
}

static void
attach_row (GtkGrid *grid, int *row, const char *name, const char *value)
{
  GtkWidget *label = gtk_label_new (name);
  GtkWidget *text = gtk_label_new (value);

  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (text), VALUE_WIDTH_CHARS);
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_widget_set_focusable (text, FALSE);
  gtk_grid_attach (grid, label, 0, *row, 1, 1);
  gtk_grid_attach (grid, text, 1, (*row)++, 1, 1);
}

/* "$0.28 in · $0.42 out (as the tutorial states, 2025-10)", or that it is unknown. */
static char *
describe_price (const CollatePrice *price)
{
  g_autoptr (GString) text = NULL;
  g_autofree char *input = NULL;
  g_autofree char *output = NULL;
  const char *source;
  const char *as_of;

  if (price == NULL)
    return g_strdup (_ ("price unknown"));

  input = collate_format_price (collate_price_get_input (price));
  output = collate_format_price (collate_price_get_output (price));
  source = collate_price_get_source (price);
  as_of = collate_price_get_as_of (price);

  text = g_string_new (NULL);
  /* Translators: US dollars for a million tokens, read and written. */
  g_string_append_printf (text, _ ("%s in · %s out"), input, output);
  if (g_strcmp0 (source, "tutorial") == 0)
    g_string_append_printf (text, "\n%s", _ ("as the tutorial states"));
  else if (source != NULL)
    g_string_append_printf (text, "\n%s", source);
  if (as_of != NULL)
    g_string_append_printf (text, "%s%s", source != NULL ? ", " : "\n", as_of);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
attach_route (GtkGrid *grid, int *row, CollateRoute *route, gboolean chosen)
{
  g_autofree char *price = describe_price (collate_route_get_price (route));
  g_autofree char *name = g_strdup (collate_provider_get_name (collate_route_get_provider (route)));
  g_autoptr (GString) text = g_string_new (collate_route_get_model (route));
  const char *retired = collate_route_get_retired (route);

  g_string_append_printf (text, "\n%s", price);
  if (retired != NULL)
    {
      g_string_append_c (text, '\n');
      g_string_append_printf (text, _ ("retires %s"), retired);
    }
  if (chosen)
    g_string_append_printf (text, "\n%s", _ ("used now"));
  attach_row (grid, row, name, text->str);
}

GtkWidget *
collate_model_facts_new (CollateModel *model)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *title = gtk_label_new (collate_model_get_name (model));
  GtkWidget *grid = gtk_grid_new ();
  GPtrArray *facts = collate_model_get_facts (model);
  GListModel *routes = collate_model_get_routes (model);
  const char *source = collate_model_get_facts_source (model);
  int row = 0;

  gtk_widget_add_css_class (box, "model-facts");
  gtk_widget_add_css_class (title, "heading");
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);

  for (guint i = 0; i < facts->len; i++)
    {
      const CollateFact *fact = g_ptr_array_index (facts, i);

      attach_row (GTK_GRID (grid), &row, fact->label, fact->value);
    }
  if (source != NULL)
    attach_row (GTK_GRID (grid), &row, _ ("Source"), source);
  for (guint i = 0; i < g_list_model_get_n_items (routes); i++)
    {
      g_autoptr (CollateRoute) route = g_list_model_get_item (routes, i);

      attach_route (GTK_GRID (grid), &row, route, route == collate_model_get_route (model));
    }

  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), grid);
  return box;
}
