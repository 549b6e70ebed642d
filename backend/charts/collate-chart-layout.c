/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* What all charts share: text, title, notes, and the lists that a layout fills. */

#define POINTS 10.0
#define SMALL 0.88
#define TITLE_LINES 4
#define NOTE_LINES 3
#define NOTE_GAP 0.6 /* of a small line */

static void
clear_label (gpointer data)
{
  CollateChartLabel *label = data;

  g_clear_object (&label->text);
}

static PangoContext *
create_context (gboolean round_positions)
{
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  cairo_font_options_t *options = cairo_font_options_create ();

  /* The same widths on every surface and at every scale: what is laid out for the window fits the PDF. */
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (context, options);
  pango_cairo_context_set_resolution (context, 96);
  pango_context_set_round_glyph_positions (context, round_positions);
  cairo_font_options_destroy (options);

  return context;
}

PangoLayout *
collate_chart_layout_text (CollateChartLayout *layout, CollateChartLabelRole role, const char *text)
{
  PangoLayout *shaped = pango_layout_new (layout->context);
  PangoFontDescription *font = pango_font_description_new ();
  PangoAttrList *attributes = pango_attr_list_new ();
  double size = POINTS * layout->unit;

  if (role == COLLATE_LABEL_TICK || role == COLLATE_LABEL_NOTE)
    size *= SMALL;
  pango_font_description_set_family (font, layout->style->font ? layout->style->font : "Sans");
  pango_font_description_set_size (font, (int) (size * PANGO_SCALE));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum"));

  pango_layout_set_font_description (shaped, font);
  pango_layout_set_attributes (shaped, attributes);
  pango_layout_set_single_paragraph_mode (shaped, TRUE);
  pango_layout_set_text (shaped, text, -1);
  pango_attr_list_unref (attributes);
  pango_font_description_free (font);

  return shaped;
}

double
collate_chart_text_width (PangoLayout *text)
{
  PangoRectangle extents;

  pango_layout_get_extents (text, NULL, &extents);

  return (double) extents.width / PANGO_SCALE;
}

double
collate_chart_text_height (PangoLayout *text)
{
  PangoRectangle extents;

  pango_layout_get_extents (text, NULL, &extents);

  return (double) extents.height / PANGO_SCALE;
}

/* The same text with an ellipsis in its middle. Pango leaves a hole behind one where glyphs stand between
 * pixels, so that a cut text is the only one whose glyphs do not. */
static PangoLayout *
cut_text (CollateChartLayout *layout, PangoLayout *text, double width)
{
  PangoLayout *cut = pango_layout_new (layout->cut_context);

  pango_layout_set_font_description (cut, pango_layout_get_font_description (text));
  pango_layout_set_attributes (cut, pango_layout_get_attributes (text));
  pango_layout_set_single_paragraph_mode (cut, TRUE);
  pango_layout_set_text (cut, pango_layout_get_text (text), -1);
  pango_layout_set_width (cut, (int) (MAX (width, 1) * PANGO_SCALE));
  pango_layout_set_ellipsize (cut, PANGO_ELLIPSIZE_MIDDLE);
  g_object_unref (text);

  return cut;
}

CollateChartLabel *
collate_chart_layout_place (CollateChartLayout *layout,
                            CollateChartLabelRole role,
                            PangoLayout *text,
                            double x,
                            double y,
                            double width)
{
  CollateChartLabel label = { .role = role, .x = x, .y = y };

  if (pango_layout_get_width (text) < 0 && collate_chart_text_width (text) > width)
    text = cut_text (layout, text, width);
  label.text = text;
  label.width = MIN (collate_chart_text_width (text), width);
  label.height = collate_chart_text_height (text);
  g_array_append_val (layout->labels, label);

  return &g_array_index (layout->labels, CollateChartLabel, layout->labels->len - 1);
}

static void
shape_paragraph (CollateChartLayout *layout, PangoLayout *text, int n_lines)
{
  pango_layout_set_width (text, (int) (layout->width * PANGO_SCALE));
  pango_layout_set_wrap (text, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (text, PANGO_ELLIPSIZE_END);
  pango_layout_set_height (text, -n_lines);
}

static PangoLayout *
shape_note (CollateChartLayout *layout, const char *words)
{
  PangoLayout *text = collate_chart_layout_text (layout, COLLATE_LABEL_NOTE, words);

  shape_paragraph (layout, text, NOTE_LINES);

  return text;
}

static void
place_paragraph (CollateChartLayout *layout, CollateChartLabelRole role, PangoLayout *text)
{
  layout->bottom +=
      collate_chart_layout_place (layout, role, text, layout->left, layout->bottom, layout->width)->height;
}

void
collate_chart_layout_note (CollateChartLayout *layout, const char *words)
{
  layout->bottom += layout->small_line * NOTE_GAP;
  place_paragraph (layout, COLLATE_LABEL_NOTE, shape_note (layout, words));
}

void
collate_chart_layout_foot (CollateChartLayout *layout, const char *words)
{
  PangoLayout *text = shape_note (layout, words);

  g_ptr_array_add (layout->feet, text);
  layout->foot_height += layout->small_line * NOTE_GAP + collate_chart_text_height (text);
}

static void
lay_out_feet (CollateChartLayout *layout)
{
  for (guint i = 0; i < layout->feet->len; i++)
    {
      layout->bottom += layout->small_line * NOTE_GAP;
      place_paragraph (layout, COLLATE_LABEL_NOTE, g_object_ref (g_ptr_array_index (layout->feet, i)));
    }
}

/* "Cost" in bold and the finding beside it, as one paragraph that wraps. */
static void
lay_out_title (CollateChartLayout *layout)
{
  const char *title = collate_chart_get_title (layout->kind);
  g_autofree char *finding = collate_chart_get_finding (layout->kind, layout->items);
  g_autofree char *words = g_strdup_printf ("%s\u2002%s", title, finding);
  PangoLayout *text = collate_chart_layout_text (layout, COLLATE_LABEL_TITLE, words);
  PangoAttrList *attributes = pango_layout_get_attributes (text);
  PangoAttribute *bold = pango_attr_weight_new (PANGO_WEIGHT_BOLD);
  PangoAttribute *dim = pango_attr_foreground_alpha_new (layout->style->contrast ? 65535 : 45000);

  bold->end_index = (guint) strlen (title);
  dim->start_index = bold->end_index;
  pango_attr_list_insert (attributes, bold);
  pango_attr_list_insert (attributes, dim);
  pango_layout_context_changed (text);
  shape_paragraph (layout, text, TITLE_LINES);
  place_paragraph (layout, COLLATE_LABEL_TITLE, text);
  layout->bottom += layout->line * COLLATE_CHART_TITLE_GAP;
}

static void
name_unknown (CollateChartLayout *layout)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *note = NULL;

  for (guint i = 0; i < layout->items->len; i++)
    {
      const CollateChartItem *item = g_ptr_array_index (layout->items, i);

      /* How long a server takes for a token nobody knows. */
      if (layout->kind == COLLATE_CHART_PACE && !item->local)
        continue;
      if (isnan (collate_chart_item_value (layout->kind, item)))
        g_string_append_printf (names, "%s%s", names->len ? _ (", ") : "", item->name);
    }
  if (names->len == 0)
    return;

  /* Translators: names of models whose cost, time or tokens a chart cannot show */
  note = g_strdup_printf (_ ("Not known: %s"), names->str);
  collate_chart_layout_foot (layout, note);
}

CollateChartMark *
collate_chart_layout_mark (CollateChartLayout *layout, CollateChartMarkShape shape, guint index)
{
  CollateChartMark mark = { .shape = shape, .index = index, .split = NAN, .low = NAN, .high = NAN };

  mark.item = collate_chart_layout_item (layout, index);
  g_array_append_val (layout->marks, mark);

  return &g_array_index (layout->marks, CollateChartMark, layout->marks->len - 1);
}

void
collate_chart_layout_line (CollateChartLayout *layout,
                           CollateChartLineRole role,
                           double x1,
                           double y1,
                           double x2,
                           double y2)
{
  CollateChartLine line = { role, x1, y1, x2, y2 };

  g_array_append_val (layout->lines, line);
}

const CollateChartItem *
collate_chart_layout_item (CollateChartLayout *layout, guint index)
{
  return g_ptr_array_index (layout->items, g_array_index (layout->order, guint, index));
}

void
collate_chart_layout_rewind (CollateChartLayout *layout, guint n_labels, double top)
{
  g_array_set_size (layout->labels, n_labels);
  g_array_set_size (layout->marks, 0);
  g_array_set_size (layout->lines, 0);
  layout->bottom = top;
}

static void
lay_out_marks (CollateChartLayout *layout)
{
  if (layout->order->len == 0)
    return;

  switch (layout->kind)
    {
    case COLLATE_CHART_TOKENS:
      if (!collate_chart_lay_out_columns (layout))
        collate_chart_lay_out_rows (layout);
      break;
    case COLLATE_CHART_TRADEOFF:
      collate_chart_lay_out_scatter (layout);
      break;
    case COLLATE_CHART_PACE:
      collate_chart_lay_out_pace (layout);
      break;
    case COLLATE_CHART_COST:
    case COLLATE_CHART_TIME:
    case COLLATE_N_CHARTS:
    default:
      collate_chart_lay_out_rows (layout);
      break;
    }
}

static double
measure_line (CollateChartLayout *layout, CollateChartLabelRole role)
{
  g_autoptr (PangoLayout) text = collate_chart_layout_text (layout, role, "X");

  return collate_chart_text_height (text);
}

CollateChartLayout *
collate_chart_layout_new (CollateChartKind kind,
                          GPtrArray *items,
                          const CollateChartStyle *style,
                          double width,
                          double height)
{
  CollateChartLayout *layout = g_new0 (CollateChartLayout, 1);

  layout->kind = kind;
  layout->style = style;
  layout->items = items;
  layout->order = collate_chart_order (kind, items);
  layout->left = COLLATE_CHART_PADDING;
  layout->width = MAX (width - 2 * COLLATE_CHART_PADDING, 40);
  layout->asked = height;
  layout->unit = style->text_scale > 0 ? CLAMP (style->text_scale, 0.5, 4) : 1;
  layout->bottom = COLLATE_CHART_PADDING;
  layout->context = create_context (FALSE);
  layout->cut_context = create_context (TRUE);
  layout->labels = g_array_new (FALSE, FALSE, sizeof (CollateChartLabel));
  layout->marks = g_array_new (FALSE, FALSE, sizeof (CollateChartMark));
  layout->lines = g_array_new (FALSE, FALSE, sizeof (CollateChartLine));
  layout->feet = g_ptr_array_new_with_free_func (g_object_unref);
  g_array_set_clear_func (layout->labels, clear_label);

  layout->line = measure_line (layout, COLLATE_LABEL_NAME);
  layout->small_line = measure_line (layout, COLLATE_LABEL_TICK);

  lay_out_title (layout);
  if (kind == COLLATE_CHART_TOKENS && layout->order->len > 0)
    collate_chart_layout_foot (layout, _ ("Read, and lighter beside it written, each on its own scale"));
  if (kind == COLLATE_CHART_PACE && layout->order->len > 0)
    collate_chart_layout_foot (layout, _ ("Time for a token upwards, its place in the context to the right"));
  name_unknown (layout);
  layout->foot_height += COLLATE_CHART_PADDING;

  lay_out_marks (layout);
  lay_out_feet (layout);
  layout->bottom += COLLATE_CHART_PADDING;

  return layout;
}

void
collate_chart_layout_free (CollateChartLayout *layout)
{
  g_array_unref (layout->order);
  g_ptr_array_unref (layout->feet);
  g_array_unref (layout->labels);
  g_array_unref (layout->marks);
  g_array_unref (layout->lines);
  g_object_unref (layout->context);
  g_object_unref (layout->cut_context);
  g_free (layout);
}
