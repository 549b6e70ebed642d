/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <math.h>
#include <string.h>

/* The tokens as pairs of columns: what was read, and beside it what was written, each on its own scale. */

#define TALLEST 110
#define SLIMMEST_NAME 64
#define WIDEST_COLUMN 44
#define WIDEST_GROUP 150

typedef struct
{
  PangoLayout *name;
  PangoLayout *values[2];
  double counts[2]; /* read, written; NaN where not known */
} Group;

static void
init_group (CollateChartLayout *layout, Group *group, guint index)
{
  const CollateChartItem *item = collate_chart_layout_item (layout, index);

  group->counts[0] = item->input_tokens;
  group->counts[1] = item->output_tokens;
  group->name = collate_chart_layout_text (layout, COLLATE_LABEL_NAME, item->name);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *words = collate_chart_format_short_count (group->counts[i]);

      if (!collate_chart_is_known (group->counts[i]))
        group->counts[i] = NAN;
      group->values[i] = collate_chart_layout_text (layout, COLLATE_LABEL_TICK, words);
    }
}

static void
clear_group (Group *group)
{
  g_clear_object (&group->name);
  g_clear_object (&group->values[0]);
  g_clear_object (&group->values[1]);
}

static gboolean
word_fits (PangoLayout *name, const char *word, gsize length, double width)
{
  g_autoptr (PangoLayout) alone = pango_layout_new (pango_layout_get_context (name));

  pango_layout_set_font_description (alone, pango_layout_get_font_description (name));
  pango_layout_set_text (alone, word, (int) length);

  return collate_chart_text_width (alone) <= width;
}

/* Lines break between words rather than at the hyphens in them. */
static void
keep_words_whole (PangoLayout *name, double width)
{
  const char *text = pango_layout_get_text (name);
  PangoAttrList *attributes = pango_layout_get_attributes (name);

  for (const char *word = text; *word != '\0';)
    {
      gsize length = strcspn (word, " ");
      PangoAttribute *whole = pango_attr_allow_breaks_new (!word_fits (name, word, length, width));

      whole->start_index = (guint) (word - text);
      whole->end_index = (guint) (whole->start_index + length);
      pango_attr_list_insert (attributes, whole);
      word += length + strspn (word + length, " ");
    }
  pango_layout_context_changed (name);
}

/* A name has two lines in the width of its columns. */
static void
fit_name (PangoLayout *name, double width)
{
  keep_words_whole (name, width);
  pango_layout_set_width (name, (int) (width * PANGO_SCALE));
  pango_layout_set_height (name, -2);
  pango_layout_set_wrap (name, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (name, PANGO_ELLIPSIZE_END);
  pango_layout_set_alignment (name, PANGO_ALIGN_CENTER);
}

/* The columns' distance from middle to middle, so that the values above them stand clear of each other. */
static double
measure_pitch (const Group *groups, guint n_groups)
{
  double widest = 0;

  for (guint i = 0; i < n_groups; i++)
    for (guint j = 0; j < 2; j++)
      widest = MAX (widest, collate_chart_text_width (groups[i].values[j]));

  return widest;
}

static void
lay_out_column (CollateChartLayout *layout,
                Group *group,
                guint index,
                guint series,
                double center,
                double width,
                double base,
                double height)
{
  PangoLayout *value = g_steal_pointer (&group->values[series]);
  double value_width = collate_chart_text_width (value);
  double value_height = collate_chart_text_height (value);
  CollateChartLabel *label;

  if (!isnan (group->counts[series]))
    {
      CollateChartMark *mark = collate_chart_layout_mark (layout, COLLATE_MARK_COLUMN, index);

      mark->light = series == 1;
      mark->x = center - width / 2;
      mark->y = base - height;
      mark->width = width;
      mark->height = height;
    }
  label = collate_chart_layout_place (layout,
                                      COLLATE_LABEL_TICK,
                                      value,
                                      center - value_width / 2,
                                      base - height - value_height - 2 * layout->unit,
                                      value_width + 1);
  label->faint = !collate_chart_layout_item (layout, index)->finished;
}

static void
lay_out_group (CollateChartLayout *layout,
               Group *group,
               guint index,
               double left,
               double slot,
               double pitch,
               double plot,
               const double *largest)
{
  double middle = left + slot / 2;
  double top = layout->bottom;
  double base = top + layout->small_line + 2 * layout->unit + plot;
  double width = MIN (pitch - 3 * layout->unit, WIDEST_COLUMN * layout->unit);
  guint first = layout->marks->len;
  double name_width = collate_chart_text_width (group->name);
  CollateChartLabel *name;

  for (guint i = 0; i < 2; i++)
    {
      double height =
          largest[i] > 0 && group->counts[i] > 0 ? MAX (group->counts[i] / largest[i] * plot, 1) : 0;

      lay_out_column (layout, group, index, i, middle + (i ? pitch : -pitch) / 2, width, base, height);
    }
  name = collate_chart_layout_place (layout,
                                     COLLATE_LABEL_NAME,
                                     g_steal_pointer (&group->name),
                                     middle - name_width / 2,
                                     base + 5 * layout->unit,
                                     name_width);
  name->faint = !collate_chart_layout_item (layout, index)->finished;

  for (guint i = first; i < layout->marks->len; i++)
    g_array_index (layout->marks, CollateChartMark, i).hit =
        (cairo_rectangle_t){ left, top, slot, name->y + name->height - top };
}

gboolean
collate_chart_lay_out_columns (CollateChartLayout *layout)
{
  guint n_groups = layout->order->len;
  g_autofree Group *groups = g_new0 (Group, n_groups);
  double slot = layout->width / n_groups;
  double used = MIN (slot, WIDEST_GROUP * layout->unit);
  double left = layout->left + (layout->width - used * n_groups) / 2;
  double name_height = layout->line;
  double largest[2] = { 0, 0 };
  double plot = TALLEST * layout->unit;
  double below;
  double pitch;
  gboolean fits;

  for (guint i = 0; i < n_groups; i++)
    {
      init_group (layout, &groups[i], i);
      fit_name (groups[i].name, used - 8 * layout->unit);
      name_height = MAX (name_height, collate_chart_text_height (groups[i].name));
      for (guint j = 0; j < 2; j++)
        if (groups[i].counts[j] > largest[j])
          largest[j] = groups[i].counts[j];
    }

  pitch = measure_pitch (groups, n_groups) + 5 * layout->unit;
  fits = slot >= MAX (2 * pitch + 6 * layout->unit, SLIMMEST_NAME * layout->unit);
  if (fits)
    {
      /* Columns grow with the room that a taller neighbour leaves. */
      below = 7 * layout->unit + name_height + layout->foot_height;
      plot = CLAMP (layout->asked - layout->bottom - layout->small_line - below, plot, 2 * plot);
      for (guint i = 0; i < n_groups; i++)
        lay_out_group (layout, &groups[i], i, left + i * used, used, pitch, plot, largest);
      layout->bottom += layout->small_line + 2 * layout->unit + plot;
      collate_chart_layout_line (layout,
                                 COLLATE_LINE_AXIS,
                                 layout->left,
                                 layout->bottom,
                                 layout->left + layout->width,
                                 layout->bottom);
      layout->bottom += 5 * layout->unit + name_height;
    }
  for (guint i = 0; i < n_groups; i++)
    clear_group (&groups[i]);

  return fits;
}
