/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A comparison from top to bottom: what was asked of what, findings, answers, metrics, charts. */
#include "widgets/collate-comparison-view.h"

#include <glib/gi18n-lib.h>

#include "charts/collate-chart.h"
#include "compare/collate-comparison.h"
#include "compare/collate-sentences.h"
#include "widgets/collate-chart-data.h"
#include "widgets/collate-chart-view.h"
#include "widgets/collate-dates.h"
#include "widgets/collate-findings-bar.h"
#include "widgets/collate-metrics-table.h"

#define NAMED_DOCUMENTS 3

struct _CollateComparisonView
{
  AdwBin parent_instance;

  CollateComparison *comparison;

  GtkWidget *content;
  GtkLabel *question;
  GtkLabel *asked;
  CollateAnswerList *answers;
  GtkWidget *charts;
  AdwBin *pace; /* the chart below them, with the whole width to itself */
};

G_DEFINE_FINAL_TYPE (CollateComparisonView, collate_comparison_view, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_COMPARISON,
  PROP_LAYOUT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* "DeepSeek_V3_2.pdf, NSA.pdf and 2 more". */
static char *
describe_documents (GPtrArray *documents)
{
  guint n_named = MIN (documents->len, NAMED_DOCUMENTS);
  guint n_more = documents->len - n_named;
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < n_named; i++)
    {
      const CollateDocumentRecord *record = g_ptr_array_index (documents, i);

      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", record->name);
    }
  if (n_more > 0)
    {
      g_string_append_c (names, ' ');
      g_string_append_printf (
          names, g_dngettext (GETTEXT_PACKAGE, "and %u more", "and %u more", n_more), n_more);
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* "Yesterday, 14:05 · NSA.pdf · 57,204 tokens". */
static char *
describe_asked (CollateComparison *comparison)
{
  GDateTime *created = collate_comparison_get_created (comparison);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) local = g_date_time_to_local (created);
  g_autofree char *day = collate_format_day (created, now);
  g_autofree char *hour = g_date_time_format (local, "%H:%M");
  GPtrArray *documents = collate_comparison_get_documents (comparison);
  gint64 tokens = collate_comparison_get_context_tokens (comparison);
  g_autofree char *names = describe_documents (documents);
  g_autofree char *count = collate_format_count (tokens);
  g_autofree char *size = NULL;

  if (documents->len == 0)
    return g_strdup_printf (_ ("%s, %s · without documents"), day, hour);
  size = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%s token", "%s tokens", tokens), count);
  return g_strdup_printf (_ ("%s, %s · %s · %s"), day, hour, names, size);
}

static gboolean
has_ended_answer (CollateComparison *comparison)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (comparison));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (comparison), i);

      if (collate_answer_get_state (answer) == COLLATE_ANSWER_DONE)
        return TRUE;
    }
  return FALSE;
}

static GtkWidget *
make_chart (CollateComparisonView *self, CollateChartKind kind)
{
  GtkWidget *chart = g_object_new (COLLATE_TYPE_CHART_VIEW, "kind", kind, NULL);

  g_object_bind_property (self, "comparison", chart, "comparison", G_BINDING_SYNC_CREATE);

  return chart;
}

/* The charts are made when there is something to draw. */
static void
ensure_charts (CollateComparisonView *self)
{
  if (gtk_widget_get_first_child (self->charts) != NULL)
    return;

  for (CollateChartKind kind = 0; kind < COLLATE_CHART_PACE; kind++)
    {
      GtkWidget *chart = make_chart (self, kind);
      GtkWidget *child = gtk_flow_box_child_new ();

      gtk_widget_set_focusable (child, FALSE);
      gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (child), chart);
      gtk_flow_box_append (GTK_FLOW_BOX (self->charts), child);
    }
}

static void
show_pace (CollateComparisonView *self)
{
  g_autoptr (GPtrArray) items = collate_chart_data_new (self->comparison);
  gboolean wanted = collate_chart_is_wanted (COLLATE_CHART_PACE, items);

  if (wanted && adw_bin_get_child (self->pace) == NULL)
    adw_bin_set_child (self->pace, make_chart (self, COLLATE_CHART_PACE));
  gtk_widget_set_visible (GTK_WIDGET (self->pace), wanted);
}

static void
show_charts (CollateComparisonView *self)
{
  gboolean any = has_ended_answer (self->comparison);

  if (any)
    {
      ensure_charts (self);
      show_pace (self);
    }
  gtk_widget_set_visible (self->charts, any);
  if (!any)
    gtk_widget_set_visible (GTK_WIDGET (self->pace), FALSE);
}

static void
show_asked (CollateComparisonView *self)
{
  g_autofree char *asked = describe_asked (self->comparison);

  gtk_label_set_text (self->question, collate_comparison_get_question (self->comparison));
  gtk_label_set_text (self->asked, asked);
}

static void
set_comparison (CollateComparisonView *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_set_object (&self->comparison, comparison);
  gtk_widget_set_visible (self->content, comparison != NULL);
  if (comparison != NULL)
    {
      g_signal_connect_object (
          comparison, "notify::findings", G_CALLBACK (show_charts), self, G_CONNECT_SWAPPED);
      show_asked (self);
      show_charts (self);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

static void
layout_changed (CollateComparisonView *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAYOUT]);
}

static void
collate_comparison_view_dispose (GObject *object)
{
  CollateComparisonView *self = COLLATE_COMPARISON_VIEW (object);

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_clear_object (&self->comparison);

  G_OBJECT_CLASS (collate_comparison_view_parent_class)->dispose (object);
}

static void
collate_comparison_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateComparisonView *self = COLLATE_COMPARISON_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    case PROP_LAYOUT:
      g_object_get_property (G_OBJECT (self->answers), "layout", value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_comparison_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateComparisonView *self = COLLATE_COMPARISON_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (self, g_value_get_object (value));
      break;
    case PROP_LAYOUT:
      g_object_set_property (G_OBJECT (self->answers), "layout", value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_comparison_view_class_init (CollateComparisonViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_comparison_view_dispose;
  object_class->get_property = collate_comparison_view_get_property;
  object_class->set_property = collate_comparison_view_set_property;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_LAYOUT] =
      g_param_spec_enum ("layout",
                         NULL,
                         NULL,
                         COLLATE_TYPE_ANSWER_LAYOUT,
                         COLLATE_ANSWER_LAYOUT_STACKED,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (COLLATE_TYPE_ANSWER_LIST);
  g_type_ensure (COLLATE_TYPE_FINDINGS_BAR);
  g_type_ensure (COLLATE_TYPE_METRICS_TABLE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-comparison-view.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, content);
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, question);
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, asked);
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, answers);
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, charts);
  gtk_widget_class_bind_template_child (widget_class, CollateComparisonView, pace);
  gtk_widget_class_bind_template_callback (widget_class, layout_changed);
}

static void
collate_comparison_view_init (CollateComparisonView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

gboolean
collate_comparison_view_focus_answer (CollateComparisonView *self, guint position)
{
  g_return_val_if_fail (COLLATE_IS_COMPARISON_VIEW (self), FALSE);

  return collate_answer_list_focus_answer (self->answers, position);
}
