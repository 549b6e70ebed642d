/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A chart in the window. What it draws is gathered once a frame at most and kept as a render node: answers
 * change many times a second. */
#include "widgets/collate-chart-view.h"

#include <adwaita.h>
#include <math.h>

#include "charts/collate-chart.h"
#include "compare/collate-comparison.h"
#include "widgets/collate-chart-data.h"

/* The chart's letters are a little smaller than those around it. */
#define POINTS_AT_SCALE_1 11.0
#define PIXELS_PER_POINT (96.0 / 72.0)
#define SLIMMEST 240
#define USUAL_WIDTH 400

struct _CollateChartView
{
  GtkWidget parent_instance;

  CollateComparison *comparison;
  CollateChartKind kind;

  GPtrArray *items;
  CollateChartStyle style;
  char *font;
  GskRenderNode *drawn;
  int measured_width;
  int measured_height;

  int hovered; /* marks, -1: none */
  int focused;
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (CollateChartView, collate_chart_view, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_COMPARISON,
  PROP_KIND,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
forget_drawing (CollateChartView *self)
{
  g_clear_pointer (&self->drawn, gsk_render_node_unref);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
forget_layout (CollateChartView *self)
{
  self->measured_width = -1;
  forget_drawing (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static int
get_height (CollateChartView *self, int width)
{
  if (self->measured_width != width)
    {
      self->measured_height = collate_chart_get_height (self->kind, self->items, &self->style, width);
      self->measured_width = width;
    }

  return self->measured_height;
}

/* The mark that pointer or keyboard is on: its words are the value that is read out. */
static void
show_mark (CollateChartView *self)
{
  int mark = self->hovered >= 0 ? self->hovered : self->focused;
  g_autofree char *words = NULL;

  if (mark >= (int) collate_chart_get_n_marks (self->kind, self->items))
    mark = -1;
  if (mark >= 0)
    {
      words = collate_chart_describe_mark (self->kind, self->items, (guint) mark);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, words, -1);
    }
  else
    {
      gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT);
    }
  if (mark == self->style.focus)
    return;

  self->style.focus = mark;
  forget_drawing (self);
}

static void
name_chart (CollateChartView *self)
{
  g_autofree char *finding = collate_chart_get_finding (self->kind, self->items);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  collate_chart_get_title (self->kind),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  finding,
                                  -1);
}

static void
take_items (CollateChartView *self, GPtrArray *items)
{
  g_clear_pointer (&self->items, g_ptr_array_unref);
  self->items = items;
  gtk_widget_set_focusable (GTK_WIDGET (self), collate_chart_get_n_marks (self->kind, items) > 0);
  name_chart (self);
  show_mark (self);
  forget_layout (self);
}

static void
refresh (CollateChartView *self)
{
  g_autoptr (GPtrArray) items = NULL;

  items = self->comparison ? collate_chart_data_new (self->comparison) : collate_chart_items_new ();
  if (!collate_chart_data_equal (items, self->items))
    take_items (self, g_steal_pointer (&items));
}

static gboolean
refresh_in_frame (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  CollateChartView *self = COLLATE_CHART_VIEW (widget);

  self->tick_id = 0;
  refresh (self);

  return G_SOURCE_REMOVE;
}

static void
queue_refresh (CollateChartView *self)
{
  if (self->tick_id == 0)
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), refresh_in_frame, NULL, NULL);
}

static double
get_text_scale (GtkWidget *widget, const PangoFontDescription *font)
{
  double points = (double) pango_font_description_get_size (font) / PANGO_SCALE;
  double resolution = pango_cairo_context_get_resolution (gtk_widget_get_pango_context (widget));

  if (pango_font_description_get_size_is_absolute (font))
    points /= PIXELS_PER_POINT;
  else if (resolution > 0)
    points *= resolution / 96;

  return points > 0 ? points / POINTS_AT_SCALE_1 : 1;
}

static void
update_style (CollateChartView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  AdwStyleManager *manager = adw_style_manager_get_default ();
  const PangoFontDescription *font =
      pango_context_get_font_description (gtk_widget_get_pango_context (widget));
  const char *family = pango_font_description_get_family (font);
  CollateChartStyle style = self->style;

  style.text_scale = get_text_scale (widget, font);
  style.dark = adw_style_manager_get_dark (manager);
  style.contrast = adw_style_manager_get_high_contrast (manager);
  if (g_strcmp0 (family, self->font) == 0 && style.text_scale == self->style.text_scale &&
      style.dark == self->style.dark && style.contrast == self->style.contrast)
    return;

  g_free (self->font);
  self->font = g_strdup (family);
  style.font = self->font;
  self->style = style;
  forget_layout (self);
}

static void
hover (CollateChartView *self, double x, double y)
{
  GtkWidget *widget = GTK_WIDGET (self);

  self->hovered = collate_chart_pick (self->kind,
                                      self->items,
                                      &self->style,
                                      gtk_widget_get_width (widget),
                                      gtk_widget_get_height (widget),
                                      x,
                                      y);
  show_mark (self);
}

static void
unhover (CollateChartView *self)
{
  self->hovered = -1;
  show_mark (self);
}

static void
focus_first (CollateChartView *self)
{
  self->focused = MAX (self->focused, 0);
  show_mark (self);
}

static void
unfocus (CollateChartView *self)
{
  self->focused = -1;
  show_mark (self);
}

static gboolean
walk (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  CollateChartView *self = COLLATE_CHART_VIEW (widget);
  int last = (int) collate_chart_get_n_marks (self->kind, self->items) - 1;
  int step = g_variant_get_int32 (arguments);

  if (last < 0)
    return GDK_EVENT_PROPAGATE;

  self->focused = CLAMP (CLAMP (self->focused, 0, last) + CLAMP (step, -last - 1, last + 1), 0, last);
  self->hovered = -1;
  show_mark (self);

  return GDK_EVENT_STOP;
}

static gboolean
collate_chart_view_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  CollateChartView *self = COLLATE_CHART_VIEW (widget);
  g_autofree char *words = NULL;

  if (self->style.focus < 0)
    return FALSE;

  words = collate_chart_describe_mark (self->kind, self->items, (guint) self->style.focus);
  gtk_tooltip_set_text (tooltip, words);

  return TRUE;
}

static GtkSizeRequestMode
collate_chart_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
collate_chart_view_measure (GtkWidget *widget,
                            GtkOrientation orientation,
                            int for_size,
                            int *minimum,
                            int *natural,
                            int *minimum_baseline,
                            int *natural_baseline)
{
  CollateChartView *self = COLLATE_CHART_VIEW (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = SLIMMEST;
      *natural = USUAL_WIDTH;
    }
  else
    {
      *minimum = *natural = get_height (self, for_size > 0 ? MAX (for_size, SLIMMEST) : USUAL_WIDTH);
    }
}

static void
collate_chart_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  forget_drawing (COLLATE_CHART_VIEW (widget));
}

static void
collate_chart_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CollateChartView *self = COLLATE_CHART_VIEW (widget);
  int width = gtk_widget_get_width (widget);
  int height = gtk_widget_get_height (widget);

  if (self->drawn == NULL)
    {
      graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, width, height);
      cairo_t *cr;

      self->drawn = gsk_cairo_node_new (&bounds);
      cr = gsk_cairo_node_get_draw_context (self->drawn);
      collate_chart_draw (self->kind, self->items, &self->style, cr, width, height);
      cairo_destroy (cr);
    }
  gtk_snapshot_append_node (snapshot, self->drawn);
}

static void
collate_chart_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (collate_chart_view_parent_class)->css_changed (widget, change);
  update_style (COLLATE_CHART_VIEW (widget));
}

static void
collate_chart_view_system_setting_changed (GtkWidget *widget, GtkSystemSetting setting)
{
  GTK_WIDGET_CLASS (collate_chart_view_parent_class)->system_setting_changed (widget, setting);
  update_style (COLLATE_CHART_VIEW (widget));
}

static void
set_comparison (CollateChartView *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_set_object (&self->comparison, comparison);
  if (comparison != NULL)
    {
      g_signal_connect_object (
          comparison, "answer-changed", G_CALLBACK (queue_refresh), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (
          comparison, "items-changed", G_CALLBACK (queue_refresh), self, G_CONNECT_SWAPPED);
    }
  refresh (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

static void
set_kind (CollateChartView *self, CollateChartKind kind)
{
  if (kind == self->kind)
    return;

  self->kind = kind;
  take_items (self, g_ptr_array_ref (self->items));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KIND]);
}

static void
collate_chart_view_dispose (GObject *object)
{
  CollateChartView *self = COLLATE_CHART_VIEW (object);

  if (self->tick_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick_id);
  self->tick_id = 0;
  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_clear_object (&self->comparison);

  G_OBJECT_CLASS (collate_chart_view_parent_class)->dispose (object);
}

static void
collate_chart_view_finalize (GObject *object)
{
  CollateChartView *self = COLLATE_CHART_VIEW (object);

  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->drawn, gsk_render_node_unref);
  g_free (self->font);

  G_OBJECT_CLASS (collate_chart_view_parent_class)->finalize (object);
}

static void
collate_chart_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateChartView *self = COLLATE_CHART_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, self->comparison);
      break;
    case PROP_KIND:
      g_value_set_uint (value, self->kind);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_chart_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateChartView *self = COLLATE_CHART_VIEW (object);

  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (self, g_value_get_object (value));
      break;
    case PROP_KIND:
      set_kind (self, g_value_get_uint (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_chart_view_class_init (CollateChartViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  static const struct
  {
    guint key;
    int step;
  } keys[] = {
    { GDK_KEY_Left, -1 },        { GDK_KEY_Up, -1 },      { GDK_KEY_Right, 1 },
    { GDK_KEY_Down, 1 },         { GDK_KEY_KP_Left, -1 }, { GDK_KEY_KP_Up, -1 },
    { GDK_KEY_KP_Right, 1 },     { GDK_KEY_KP_Down, 1 },  { GDK_KEY_Home, G_MININT32 },
    { GDK_KEY_End, G_MAXINT32 },
  };

  object_class->dispose = collate_chart_view_dispose;
  object_class->finalize = collate_chart_view_finalize;
  object_class->get_property = collate_chart_view_get_property;
  object_class->set_property = collate_chart_view_set_property;
  widget_class->query_tooltip = collate_chart_view_query_tooltip;
  widget_class->get_request_mode = collate_chart_view_get_request_mode;
  widget_class->measure = collate_chart_view_measure;
  widget_class->size_allocate = collate_chart_view_size_allocate;
  widget_class->snapshot = collate_chart_view_snapshot;
  widget_class->css_changed = collate_chart_view_css_changed;
  widget_class->system_setting_changed = collate_chart_view_system_setting_changed;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  properties[PROP_KIND] =
      g_param_spec_uint ("kind",
                         NULL,
                         NULL,
                         0,
                         COLLATE_N_CHARTS - 1,
                         COLLATE_CHART_COST,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_css_name (widget_class, "chart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding (widget_class, keys[i].key, 0, walk, "i", keys[i].step);
}

static void
collate_chart_view_init (CollateChartView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  AdwStyleManager *manager = adw_style_manager_get_default ();

  self->hovered = self->focused = self->style.focus = -1;
  self->measured_width = -1;
  self->items = collate_chart_items_new ();
  gtk_widget_add_css_class (widget, "card");
  gtk_widget_set_has_tooltip (widget, TRUE);
  update_style (self);
  name_chart (self);

  g_signal_connect_swapped (motion, "enter", G_CALLBACK (hover), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (hover), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (unhover), self);
  gtk_widget_add_controller (widget, motion);
  g_signal_connect_swapped (focus, "enter", G_CALLBACK (focus_first), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (unfocus), self);
  gtk_widget_add_controller (widget, focus);
  g_signal_connect_object (manager, "notify::dark", G_CALLBACK (update_style), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
      manager, "notify::high-contrast", G_CALLBACK (update_style), self, G_CONNECT_SWAPPED);
}

GtkWidget *
collate_chart_view_new (void)
{
  return g_object_new (COLLATE_TYPE_CHART_VIEW, NULL);
}
