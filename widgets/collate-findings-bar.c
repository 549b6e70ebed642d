/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* The three cards above the answers. */
#include "widgets/collate-findings-bar.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "compare/collate-comparison.h"
#include "compare/collate-sentences.h"

#define N_CARDS 3
#define SPACING 12
#define SLIMMEST_CARD 200 /* narrower than that, cards stand below each other */
#define COST_DECIMALS 4

struct _CollateFindingsBar
{
  GtkWidget parent_instance;

  CollateComparison *comparison;

  GtkWidget *cost;
  GtkLabel *cost_headline;
  GtkLabel *cost_details;
  GtkWidget *time;
  GtkLabel *time_headline;
  GtkLabel *time_details;
  GtkWidget *total;
  GtkLabel *total_headline;
  GtkLabel *total_details;
};

G_DEFINE_FINAL_TYPE (CollateFindingsBar, collate_findings_bar, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_COMPARISON,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static char *
format_hundred (CollateMoney cost)
{
  return collate_money_format (collate_money_multiply (cost, 100), 2);
}

/* The winner stands out of its figure. */
static void
set_winner (GtkLabel *headline, const char *name, const char *figure)
{
  g_autofree char *markup = g_markup_printf_escaped ("<b>%s</b> · %s", name, figure);

  gtk_label_set_markup (headline, markup);
}

static void
set_details (GtkLabel *details, char *text)
{
  g_autofree char *owned = text;

  gtk_label_set_text (details, owned ? owned : "");
  gtk_widget_set_visible (GTK_WIDGET (details), owned != NULL);
}

/* While fewer than two compete there is nobody to beat. */
static void
set_open (CollateFindingsBar *self, GtkLabel *headline, GtkLabel *details, const char *reason)
{
  gtk_label_set_text (headline, collate_comparison_is_running (self->comparison) ? "…" : "—");
  set_details (details, g_strdup (reason));
}

/* Answers of this machine compete on time alone, and so do those whose price is not known. */
static const char *
explain_open_cost (const CollateFindings *findings)
{
  if (findings->n_finished < 2)
    return _ ("known once two answers are finished");
  if (findings->total_cost == COLLATE_MONEY_UNKNOWN && !findings->total_incomplete)
    return _ ("answers of this machine are free");

  return _ ("known where two finished answers have a price");
}

static void
show_cost (CollateFindingsBar *self, const CollateFindings *findings)
{
  g_autofree char *lowest = collate_money_format (findings->lowest_cost, COST_DECIMALS);
  g_autofree char *highest = collate_money_format (findings->highest_cost, COST_DECIMALS);
  g_autofree char *hundred = format_hundred (findings->lowest_cost);
  g_autofree char *hundred_highest = format_hundred (findings->highest_cost);
  g_autofree char *winner = NULL;
  g_autofree char *loser = NULL;

  if (findings->highest_cost == COLLATE_MONEY_UNKNOWN)
    {
      set_open (self, self->cost_headline, self->cost_details, explain_open_cost (findings));
      return;
    }
  if (findings->most_cost_effective == NULL)
    {
      gtk_label_set_text (self->cost_headline, _ ("No clear winner"));
      set_details (self->cost_details,
                   findings->repeats > 1
                       ? g_strdup_printf (_ ("costs overlap: %s to %s on average"), lowest, highest)
                       : g_strdup_printf (_ ("the cheapest cost the same: %s"), lowest));
      return;
    }

  winner = collate_sentence_for_entry (self->comparison, findings->most_cost_effective);
  loser = collate_sentence_for_entry (self->comparison, findings->most_expensive);
  set_winner (self->cost_headline, winner, lowest);
  /* Translators: what a hundred questions like this would cost with the cheapest model, then the dearest
   * model's name and what they would cost with it. */
  set_details (self->cost_details,
               g_strdup_printf (_ ("a hundred such questions: %s, %s: %s"), hundred, loser, hundred_highest));
}

static char *
describe_spread (const CollateFindings *findings, const char *slowest, const char *time)
{
  if (findings->repeats <= 1)
    return g_strdup_printf (_ ("%s: %s · one run: repeat to know the spread"), slowest, time);

  return g_strdup_printf (
      ngettext ("%s: %s · mean of %u run", "%s: %s · means of %u runs", findings->repeats),
      slowest,
      time,
      findings->repeats);
}

static void
show_time (CollateFindingsBar *self, const CollateFindings *findings)
{
  g_autofree char *lowest = collate_format_seconds (findings->lowest_time);
  g_autofree char *highest = collate_format_seconds (findings->highest_time);
  g_autofree char *winner = NULL;
  g_autofree char *loser = NULL;

  if (isnan (findings->highest_time))
    {
      set_open (self, self->time_headline, self->time_details, _ ("known once two answers are finished"));
      return;
    }
  if (findings->fastest == NULL)
    {
      gtk_label_set_text (self->time_headline, _ ("No clear winner"));
      set_details (self->time_details,
                   findings->repeats > 1
                       ? g_strdup_printf (_ ("times overlap: %s to %s on average"), lowest, highest)
                       : g_strdup_printf (_ ("the quickest took the same time: %s"), lowest));
      return;
    }

  winner = collate_sentence_for_entry (self->comparison, findings->fastest);
  loser = collate_sentence_for_entry (self->comparison, findings->slowest);
  set_winner (self->time_headline, winner, lowest);
  set_details (self->time_details, describe_spread (findings, loser, highest));
}

static void
show_total (CollateFindingsBar *self, const CollateFindings *findings)
{
  g_autofree char *cost = collate_money_format (findings->total_cost, COST_DECIMALS);
  g_autofree char *input = collate_format_count (findings->total_input);
  g_autofree char *output = collate_format_count (findings->total_output);
  g_autofree char *bold = g_markup_printf_escaped ("<b>%s</b>", cost);
  g_autofree char *markup = NULL;

  if (findings->total_cost == COLLATE_MONEY_UNKNOWN)
    markup = g_markup_escape_text (findings->total_incomplete ? _ ("Cost not known") : _ ("Free"), -1);
  else if (findings->total_incomplete)
    markup = g_strdup_printf (_ ("at least %s in all"), bold);
  else
    markup = g_strdup_printf (_ ("%s in all"), bold);
  gtk_label_set_markup (self->total_headline, markup);
  set_details (self->total_details, g_strdup_printf (_ ("%s tokens read, %s written"), input, output));
}

static void
describe_card (GtkWidget *card, char *sentence)
{
  g_autofree char *owned = sentence;

  if (owned != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_PROPERTY_LABEL, owned, -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (card), GTK_ACCESSIBLE_PROPERTY_LABEL);
}

static void
update (CollateFindingsBar *self)
{
  const CollateFindings *findings =
      self->comparison != NULL ? collate_comparison_get_findings (self->comparison) : NULL;
  gboolean any = findings != NULL &&
                 (findings->n_finished > 0 || findings->total_input > 0 || findings->total_output > 0);

  gtk_widget_set_visible (GTK_WIDGET (self), any);
  if (!any)
    return;

  show_cost (self, findings);
  show_time (self, findings);
  show_total (self, findings);
  describe_card (self->cost, collate_sentence_for_cost_finding (self->comparison));
  describe_card (self->time, collate_sentence_for_time_finding (self->comparison));
  describe_card (self->total, collate_sentence_for_total (self->comparison));
}

static void
set_comparison (CollateFindingsBar *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_set_object (&self->comparison, comparison);
  if (comparison != NULL)
    {
      g_signal_connect_object (comparison, "notify::findings", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (comparison, "notify::running", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    }
  update (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

/* Layout: side by side in equal widths, or below each other. */

static gboolean
stands_side_by_side (int width)
{
  return width >= N_CARDS * SLIMMEST_CARD + (N_CARDS - 1) * SPACING;
}

static int
card_width (int width)
{
  return stands_side_by_side (width) ? (width - (N_CARDS - 1) * SPACING) / N_CARDS : width;
}

static GtkSizeRequestMode
collate_findings_bar_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure_width (CollateFindingsBar *self, int *minimum, int *natural)
{
  GtkWidget *cards[N_CARDS] = { self->cost, self->time, self->total };

  *minimum = *natural = 0;
  for (guint i = 0; i < N_CARDS; i++)
    {
      int card_minimum;
      int card_natural;

      gtk_widget_measure (cards[i], GTK_ORIENTATION_HORIZONTAL, -1, &card_minimum, &card_natural, NULL, NULL);
      *minimum = MAX (*minimum, card_minimum);
      *natural = MAX (*natural, N_CARDS * card_natural + (N_CARDS - 1) * SPACING);
    }
}

static int
measure_height (CollateFindingsBar *self, int width)
{
  GtkWidget *cards[N_CARDS] = { self->cost, self->time, self->total };
  gboolean beside = stands_side_by_side (width);
  int height = beside ? 0 : (N_CARDS - 1) * SPACING;

  for (guint i = 0; i < N_CARDS; i++)
    {
      int card_height;

      gtk_widget_measure (
          cards[i], GTK_ORIENTATION_VERTICAL, card_width (width), NULL, &card_height, NULL, NULL);
      height = beside ? MAX (height, card_height) : height + card_height;
    }

  return height;
}

static void
collate_findings_bar_measure (GtkWidget *widget,
                              GtkOrientation orientation,
                              int for_size,
                              int *minimum,
                              int *natural,
                              int *minimum_baseline,
                              int *natural_baseline)
{
  CollateFindingsBar *self = COLLATE_FINDINGS_BAR (widget);
  int slimmest;
  int usual;

  measure_width (self, &slimmest, &usual);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = slimmest;
      *natural = usual;
    }
  else
    {
      *minimum = *natural = measure_height (self, for_size < 0 ? usual : MAX (for_size, slimmest));
    }
}

static void
collate_findings_bar_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CollateFindingsBar *self = COLLATE_FINDINGS_BAR (widget);
  GtkWidget *cards[N_CARDS] = { self->cost, self->time, self->total };
  gboolean beside = stands_side_by_side (width);
  gboolean from_right = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int y = 0;

  for (int i = 0; i < N_CARDS; i++)
    {
      GtkAllocation place = { 0, y, card_width (width), height };

      if (beside)
        place.x = (from_right ? N_CARDS - 1 - i : i) * (place.width + SPACING);
      else
        gtk_widget_measure (cards[i], GTK_ORIENTATION_VERTICAL, place.width, NULL, &place.height, NULL, NULL);
      gtk_widget_size_allocate (cards[i], &place, -1);
      y += beside ? 0 : place.height + SPACING;
    }
}

static void
collate_findings_bar_dispose (GObject *object)
{
  CollateFindingsBar *self = COLLATE_FINDINGS_BAR (object);

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_clear_object (&self->comparison);
  gtk_widget_dispose_template (GTK_WIDGET (self), COLLATE_TYPE_FINDINGS_BAR);

  G_OBJECT_CLASS (collate_findings_bar_parent_class)->dispose (object);
}

static void
collate_findings_bar_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateFindingsBar *self = COLLATE_FINDINGS_BAR (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_findings_bar_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateFindingsBar *self = COLLATE_FINDINGS_BAR (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_findings_bar_class_init (CollateFindingsBarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_findings_bar_dispose;
  object_class->get_property = collate_findings_bar_get_property;
  object_class->set_property = collate_findings_bar_set_property;
  widget_class->get_request_mode = collate_findings_bar_get_request_mode;
  widget_class->measure = collate_findings_bar_measure;
  widget_class->size_allocate = collate_findings_bar_size_allocate;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-findings-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, cost);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, cost_headline);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, cost_details);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, time);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, time_headline);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, time_details);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, total);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, total_headline);
  gtk_widget_class_bind_template_child (widget_class, CollateFindingsBar, total_details);
}

static void
collate_findings_bar_init (CollateFindingsBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
collate_findings_bar_new (void)
{
  return g_object_new (COLLATE_TYPE_FINDINGS_BAR, NULL);
}
