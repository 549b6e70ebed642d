/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A row of the list of models. */
#include "widgets/collate-model-row.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-entry.h"
#include "compare/collate-sentences.h"
#include "widgets/collate-check-button.h"
#include "widgets/collate-dates.h"
#include "widgets/collate-model-facts.h"

#define RETIRES_SOON_DAYS 60

struct _CollateModelRow
{
  AdwBin parent_instance;

  GSignalGroup *entry;
  GSignalGroup *model;
  GBindingGroup *bindings;

  GtkCheckButton *check;
  GtkLabel *name;
  GtkLabel *at_most;
  GtkMenuButton *info;
  GtkLabel *details;
  GtkWidget *problem_line;
  GtkLabel *problem;
  GtkButton *mend;
  GtkToggleButton *thinking;
};

G_DEFINE_FINAL_TYPE (CollateModelRow, collate_model_row, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_ENTRY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static gboolean
costs_nothing (const CollatePrice *price)
{
  return price != NULL && collate_price_get_input (price) == 0 && collate_price_get_output (price) == 0;
}

static void
show_at_most (CollateModelRow *self, CollateEntry *entry, const CollatePrice *price)
{
  CollateMoney at_most = collate_entry_get_at_most (entry);
  g_autofree char *money = NULL;
  g_autofree char *text = NULL;
  g_autofree char *spoken = NULL;

  if (costs_nothing (price))
    text = g_strdup (_ ("free"));
  else if (at_most == COLLATE_MONEY_UNKNOWN)
    {
      text = g_strdup ("—");
      spoken = g_strdup (_ ("Its price is not known"));
    }
  else
    {
      money = collate_money_format (at_most, 4);
      text = g_strdup_printf ("≤ %s", money);
      spoken = g_strdup_printf (_ ("This question costs at most %s"), money);
    }
  gtk_label_set_text (self->at_most, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->at_most), spoken);
}

/* TRUE where another provider than the model's first one is asked: worth saying. */
static gboolean
is_detour (CollateModel *model)
{
  GListModel *routes = collate_model_get_routes (model);
  g_autoptr (CollateRoute) first = g_list_model_get_item (routes, 0);

  return first != NULL && first != collate_model_get_route (model);
}

static void
append_part (GString *text, const char *part)
{
  if (text->len > 0)
    g_string_append (text, " · ");
  g_string_append (text, part);
}

static void
show_details (CollateModelRow *self, CollateEntry *entry, CollateRoute *route, const CollatePrice *price)
{
  CollateModel *model = collate_entry_get_model (entry);
  gint64 context = collate_model_get_context (model);
  gint64 input = collate_entry_get_input_tokens (entry);
  g_autoptr (GString) text = g_string_new (NULL);

  if (price != NULL && !costs_nothing (price))
    {
      g_autofree char *in = collate_format_price (collate_price_get_input (price));
      g_autofree char *out = collate_format_price (collate_price_get_output (price));

      g_string_append_printf (text, _ ("%s in · %s out"), in, out);
    }
  if (collate_model_is_local (model))
    append_part (text, _ ("on this machine"));
  if (collate_model_is_sparse (model))
    append_part (text, _ ("sparse attention"));
  if (route != NULL && is_detour (model))
    {
      const char *provider = collate_provider_get_name (collate_route_get_provider (route));
      g_autofree char *through = g_strdup_printf (_ ("through %s"), provider);

      append_part (text, through);
    }
  if (context > 0 && input <= context && input * 100 >= context)
    {
      g_autofree char *share =
          g_strdup_printf (_ ("%d\302\240%% of its window"), (int) (input * 100 / context));

      append_part (text, share);
    }
  gtk_label_set_text (self->details, text->str);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->details), text->str);
}

static char *
describe_too_long (CollateEntry *entry)
{
  g_autofree char *holds = collate_format_count (collate_model_get_context (collate_entry_get_model (entry)));
  g_autofree char *needs = collate_format_count (collate_entry_get_needed_tokens (entry));

  return g_strdup_printf (_ ("holds %s tokens, needs %s"), holds, needs);
}

/* What is too large for this machine's memory now, in a few words; (nullable). */
static char *
describe_too_large (CollateEntry *entry)
{
  CollateModel *model = collate_entry_get_model (entry);
  gint64 held = collate_model_get_held_context (model);
  g_autofree char *holds = collate_format_count (held);
  g_autofree char *needs = collate_format_count (collate_entry_get_needed_tokens (entry));

  if (collate_model_is_held (model) || (held > 0 && collate_entry_get_needed_tokens (entry) <= held))
    return NULL;
  if (held == 0)
    return g_strdup (_ ("too large for the memory that is free"));

  return g_strdup_printf (_ ("memory holds %s tokens of it, needs %s"), holds, needs);
}

/* "retires in 8 days", where that is soon; (nullable). */
static char *
describe_retirement (CollateRoute *route)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const char *retired = route != NULL ? collate_route_get_retired (route) : NULL;
  int days;

  if (retired == NULL || !collate_days_until (retired, now, &days) || days < 1 || days > RETIRES_SOON_DAYS)
    return NULL;
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "retires in %d day", "retires in %d days", days),
                          days);
}

static char *
describe_retired (CollateRoute *route)
{
  const char *retired = route != NULL ? collate_route_get_retired (route) : NULL;

  if (retired == NULL)
    return g_strdup (_ ("nobody serves it"));
  return g_strdup_printf (_ ("retired since %s"), retired);
}

/* The one action that mends what is wrong: its button's text, and what app.preferences opens; NULL hides
 * the button. */
static void
show_mend (CollateModelRow *self, const char *label, const char *target)
{
  gtk_widget_set_visible (GTK_WIDGET (self->mend), label != NULL);
  if (label == NULL)
    return;

  gtk_button_set_label (self->mend, label);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->mend), "s", target);
}

static void
show_problem (CollateModelRow *self, CollateEntry *entry, CollateRoute *route)
{
  g_autofree char *text = NULL;
  g_autofree char *target = NULL;
  g_autofree char *memory = NULL;
  const char *key = NULL;
  const char *mend = NULL;
  const char *hint = NULL;

  switch (collate_model_get_availability (collate_entry_get_model (entry)))
    {
    case COLLATE_UNAVAILABLE_KEY:
      key = route != NULL ? collate_provider_get_key_name (collate_route_get_provider (route)) : NULL;
      if (key == NULL)
        break;
      text = g_strdup_printf (_ ("%s is missing"), key);
      mend = _ ("Add Key…");
      target = g_strconcat ("key:", key, NULL);
      break;
    case COLLATE_UNAVAILABLE_RETIRED:
      text = describe_retired (route);
      hint = _ ("Choose another model, or add a server that has it.");
      mend = _ ("Add Server…");
      target = g_strdup ("servers");
      break;
    case COLLATE_UNAVAILABLE_FILE:
      text = g_strdup (collate_model_get_problem (collate_entry_get_model (entry)));
      mend = _ ("Local Models…");
      target = g_strdup ("local");
      break;
    case COLLATE_AVAILABLE:
    default:
      if (collate_entry_get_fit (entry) == COLLATE_FIT_TOO_LONG)
        text = describe_too_long (entry);
      else if ((text = describe_too_large (entry)) != NULL)
        hint = memory = collate_sentence_for_memory (collate_entry_get_model (entry));
      else
        text = describe_retirement (route);
    }
  gtk_label_set_text (self->problem, text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->problem), hint != NULL ? hint : text);
  gtk_widget_set_visible (self->problem_line, text != NULL);
  show_mend (self, mend, target);
}

static void
show_entry (CollateModelRow *self)
{
  g_autoptr (CollateEntry) entry = g_signal_group_dup_target (self->entry);
  CollateModel *model;
  CollateRoute *route;
  const CollatePrice *price;

  if (entry == NULL)
    return;

  model = collate_entry_get_model (entry);
  route = collate_model_get_route (model);
  price = route != NULL ? collate_route_get_price (route) : NULL;

  show_at_most (self, entry, price);
  show_details (self, entry, route, price);
  show_problem (self, entry, route);
}

static void
show_name (CollateModelRow *self, CollateEntry *entry)
{
  const char *name = collate_entry_get_name (entry);
  g_autofree char *about = g_strdup_printf (_ ("About %s"), name);

  gtk_label_set_text (self->name, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->check), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->info), about);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->info), GTK_ACCESSIBLE_PROPERTY_LABEL, about, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->thinking),
                          collate_model_get_thinking (collate_entry_get_model (entry)) ==
                              COLLATE_THINKING_SWITCH);
}

static void
set_entry (CollateModelRow *self, CollateEntry *entry)
{
  g_signal_group_set_target (self->entry, entry);
  g_signal_group_set_target (self->model, entry != NULL ? collate_entry_get_model (entry) : NULL);
  g_binding_group_set_source (self->bindings, entry);
  if (entry != NULL)
    show_name (self, entry);
  show_entry (self);
}

static void
create_facts (GtkMenuButton *button, gpointer user_data)
{
  CollateModelRow *self = user_data;
  g_autoptr (CollateEntry) entry = g_signal_group_dup_target (self->entry);
  GtkWidget *popover = gtk_popover_new ();

  if (entry != NULL)
    gtk_popover_set_child (GTK_POPOVER (popover), collate_model_facts_new (collate_entry_get_model (entry)));
  gtk_menu_button_set_popover (button, popover);
}

static void
collate_model_row_dispose (GObject *object)
{
  CollateModelRow *self = COLLATE_MODEL_ROW (object);

  g_clear_object (&self->entry);
  g_clear_object (&self->model);
  g_clear_object (&self->bindings);

  G_OBJECT_CLASS (collate_model_row_parent_class)->dispose (object);
}

static void
collate_model_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateModelRow *self = COLLATE_MODEL_ROW (object);

  switch (prop_id)
    {
    case PROP_ENTRY:
      g_value_take_object (value, g_signal_group_dup_target (self->entry));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_model_row_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateModelRow *self = COLLATE_MODEL_ROW (object);

  switch (prop_id)
    {
    case PROP_ENTRY:
      set_entry (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_model_row_class_init (CollateModelRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_model_row_dispose;
  object_class->get_property = collate_model_row_get_property;
  object_class->set_property = collate_model_row_set_property;

  properties[PROP_ENTRY] = g_param_spec_object (
      "entry", NULL, NULL, COLLATE_TYPE_ENTRY, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_CHECK_BUTTON);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-model-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, check);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, name);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, at_most);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, info);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, details);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, problem_line);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, problem);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, mend);
  gtk_widget_class_bind_template_child (widget_class, CollateModelRow, thinking);
}

static void
collate_model_row_init (CollateModelRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_menu_button_set_create_popup_func (self->info, create_facts, self, NULL);

  self->entry = g_signal_group_new (COLLATE_TYPE_ENTRY);
  g_signal_group_connect_swapped (self->entry, "notify", G_CALLBACK (show_entry), self);
  self->model = g_signal_group_new (COLLATE_TYPE_MODEL);
  g_signal_group_connect_swapped (self->model, "notify", G_CALLBACK (show_entry), self);

  self->bindings = g_binding_group_new ();
  g_binding_group_bind (
      self->bindings, "selected", self->check, "active", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  g_binding_group_bind (
      self->bindings, "thinking", self->thinking, "active", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
}
