/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-output.h"

#include <string.h>

#include "base/collate-file.h"
#include "charts/collate-chart.h"
#include "compare/collate-export.h"
#include "widgets/collate-chart-data.h"

/* Joins the exports of `compare/` with the charts: the one place that knows both. */

static const char *const formats[] = { "text", "json", "csv", "markdown", "html", NULL };

const char *const *
collate_output_get_formats (void)
{
  return formats;
}

gboolean
collate_output_parse_format (const char *name, CollateOutputFormat *format)
{
  for (guint i = 0; formats[i] != NULL; i++)
    if (strcmp (name, formats[i]) == 0)
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

static const CollateChartStyle file_style = { .text_scale = 1.0, .focus = -1, .background = TRUE };

static char *
render_html (CollateComparison *comparison)
{
  g_autoptr (GPtrArray) items = collate_chart_data_new (comparison);
  g_autofree char *svg =
      collate_charts_to_svg (items, collate_comparison_get_title (comparison), &file_style);

  return collate_export_html (comparison, svg);
}

char *
collate_output_render (CollateComparison *comparison, CollateOutputFormat format)
{
  switch (format)
    {
    case COLLATE_OUTPUT_JSON:
      return collate_export_json (comparison);
    case COLLATE_OUTPUT_CSV:
      return collate_export_csv (comparison);
    case COLLATE_OUTPUT_MARKDOWN:
      return collate_export_markdown (comparison);
    case COLLATE_OUTPUT_HTML:
      return render_html (comparison);
    case COLLATE_OUTPUT_TEXT:
    default:
      return collate_export_text (comparison);
    }
}

gboolean
collate_output_write (const char *path, const char *text, GError **error)
{
  return collate_file_write (path, text, strlen (text), error);
}

/* The place of the path's ending in `endings` (NULL-terminated), or -1. */
static int
find_ending (const char *path, const char *const *endings)
{
  const char *dot = strrchr (path, '.');

  for (int i = 0; dot != NULL && endings[i] != NULL; i++)
    if (g_ascii_strcasecmp (dot, endings[i]) == 0)
      return i;
  return -1;
}

gboolean
collate_output_guess_format (const char *path, CollateOutputFormat *format)
{
  static const char *const endings[] = { ".txt", ".json", ".csv", ".md", ".html", NULL };
  int place = find_ending (path, endings);

  if (place < 0)
    return FALSE;
  *format = place;
  return TRUE;
}

gboolean
collate_output_is_charts_path (const char *path)
{
  static const char *const endings[] = { ".png", ".svg", ".pdf", NULL };

  return find_ending (path, endings) >= 0;
}

gboolean
collate_output_write_charts (CollateComparison *comparison, const char *path, GError **error)
{
  g_autoptr (GPtrArray) items = collate_chart_data_new (comparison);

  return collate_charts_save (items, collate_comparison_get_title (comparison), &file_style, path, error);
}
