/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <string.h>

#include "base/collate-error.h"
#include "base/collate-file.h"

/* The page with all charts, as a picture, a drawing or a document. */

#define PAGE_WIDTH 1000
#define MARGIN 28
#define GUTTER 16
#define WIDE (PAGE_WIDTH - 2 * MARGIN)
#define CARD_WIDTH ((WIDE - GUTTER) / 2)
#define N_ROWS 2
#define TITLE_POINTS 14
#define PIXELS_PER_POINT (96.0 / 72.0)

typedef struct
{
  GPtrArray *items;
  CollateChartStyle style;
  PangoLayout *title;
  double title_height;
  int heights[N_ROWS]; /* of a row of two charts */
  int pace_height;     /* of the chart below, which has the whole width; 0: it is not there */
  int height;
} Page;

static PangoLayout *
shape_title (const CollateChartStyle *style, const char *title)
{
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  PangoLayout *text = pango_layout_new (context);
  PangoFontDescription *font = pango_font_description_new ();
  g_autofree char *valid = g_utf8_make_valid (title ? title : "", -1);

  pango_cairo_context_set_resolution (context, 96);
  pango_font_description_set_family (font, style->font ? style->font : "Sans");
  pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_font_description_set_size (font, TITLE_POINTS * PANGO_SCALE);
  pango_layout_set_font_description (text, font);
  pango_layout_set_text (text, valid, -1);
  pango_layout_set_width (text, (PAGE_WIDTH - 2 * MARGIN) * PANGO_SCALE);
  pango_layout_set_wrap (text, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize (text, PANGO_ELLIPSIZE_END);
  pango_layout_set_height (text, -3);
  pango_layout_context_changed (text);
  pango_font_description_free (font);
  g_object_unref (context);

  return text;
}

/* A page is light, whatever the window is. */
static void
page_init (Page *page, GPtrArray *items, const char *title, const CollateChartStyle *style)
{
  page->items = items;
  page->style = *style;
  page->style.dark = FALSE;
  page->style.focus = -1;
  page->style.text_scale = 1;
  page->title = shape_title (style, title);
  page->title_height = collate_chart_text_height (page->title) + GUTTER;
  page->height = (int) (MARGIN + page->title_height + GUTTER + MARGIN);
  for (guint row = 0; row < N_ROWS; row++)
    {
      int left = collate_chart_get_height (2 * row, items, &page->style, CARD_WIDTH);
      int right = collate_chart_get_height (2 * row + 1, items, &page->style, CARD_WIDTH);

      page->heights[row] = MAX (left, right);
      page->height += page->heights[row];
    }
  if (!collate_chart_is_wanted (COLLATE_CHART_PACE, items))
    return;
  page->pace_height = collate_chart_get_height (COLLATE_CHART_PACE, items, &page->style, WIDE);
  page->height += page->pace_height + GUTTER;
}

static void
page_clear (Page *page)
{
  g_clear_object (&page->title);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Page, page_clear)

static void
draw_card (const Page *page, cairo_t *cr, CollateChartKind kind, double x, double y, int width, int height)
{
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_rectangle (cr, 0.5, 0.5, width - 1, height - 1);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.15);
  cairo_set_line_width (cr, 1);
  cairo_stroke (cr);
  collate_chart_draw (kind, page->items, &page->style, cr, width, height);
  cairo_restore (cr);
}

static void
page_draw (const Page *page, cairo_t *cr)
{
  double y = MARGIN;

  if (page->style.background)
    {
      cairo_set_source_rgb (cr, 1, 1, 1);
      cairo_paint (cr);
    }
  cairo_set_source_rgba (cr, 0, 0, 0, 0.85);
  cairo_move_to (cr, MARGIN, y);
  pango_cairo_show_layout (cr, page->title);
  y += page->title_height;
  for (guint row = 0; row < N_ROWS; row++)
    {
      draw_card (page, cr, 2 * row, MARGIN, y, CARD_WIDTH, page->heights[row]);
      draw_card (page, cr, 2 * row + 1, MARGIN + CARD_WIDTH + GUTTER, y, CARD_WIDTH, page->heights[row]);
      y += page->heights[row] + GUTTER;
    }
  if (page->pace_height > 0)
    draw_card (page, cr, COLLATE_CHART_PACE, MARGIN, y, WIDE, page->pace_height);
}

static cairo_status_t
append_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);

  return CAIRO_STATUS_SUCCESS;
}

static cairo_status_t
finish_drawing (cairo_surface_t *surface, cairo_t *cr)
{
  cairo_status_t status = cairo_status (cr);

  cairo_destroy (cr);
  cairo_surface_finish (surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (surface);
  cairo_surface_destroy (surface);

  return status;
}

static cairo_status_t
write_png (const Page *page, GByteArray *bytes)
{
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 2 * PAGE_WIDTH, 2 * page->height);
  cairo_status_t status;
  cairo_t *cr;

  cairo_surface_set_device_scale (surface, 2, 2);
  cr = cairo_create (surface);
  page_draw (page, cr);
  status = cairo_status (cr);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream (surface, append_bytes, bytes);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);

  return status;
}

static cairo_status_t
write_svg (const Page *page, GByteArray *bytes)
{
  cairo_surface_t *surface =
      cairo_svg_surface_create_for_stream (append_bytes, bytes, PAGE_WIDTH, page->height);
  cairo_t *cr;

  cairo_svg_surface_set_document_unit (surface, CAIRO_SVG_UNIT_PX);
  cr = cairo_create (surface);
  page_draw (page, cr);

  return finish_drawing (surface, cr);
}

static cairo_status_t
write_pdf (const Page *page, const char *title, GByteArray *bytes)
{
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (
      append_bytes, bytes, PAGE_WIDTH / PIXELS_PER_POINT, page->height / PIXELS_PER_POINT);
  g_autofree char *valid = g_utf8_make_valid (title ? title : "", -1);
  cairo_t *cr;

  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, valid);
  cr = cairo_create (surface);
  cairo_scale (cr, 1 / PIXELS_PER_POINT, 1 / PIXELS_PER_POINT);
  page_draw (page, cr);

  return finish_drawing (surface, cr);
}

gboolean
collate_charts_save (GPtrArray *items,
                     const char *title,
                     const CollateChartStyle *style,
                     const char *path,
                     GError **error)
{
  g_auto (Page) page = { 0 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *lower = g_ascii_strdown (path, -1);
  cairo_status_t status;

  page_init (&page, items, title, style);
  page.style.background = TRUE;
  if (g_str_has_suffix (lower, ".png"))
    status = write_png (&page, bytes);
  else if (g_str_has_suffix (lower, ".svg"))
    status = write_svg (&page, bytes);
  else if (g_str_has_suffix (lower, ".pdf"))
    status = write_pdf (&page, title, bytes);
  else
    {
      g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%s: neither .png, .svg nor .pdf", path);
      return FALSE;
    }

  if (status != CAIRO_STATUS_SUCCESS)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE, cairo_status_to_string (status));
      return FALSE;
    }

  return collate_file_write (path, (const char *) bytes->data, bytes->len, error);
}

/* What a screen reader reads in place of the drawing. */
static char *
describe_page (GPtrArray *items, const char *title)
{
  g_autoptr (GString) words = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (title ? title : "", -1);
  g_autofree char *escaped_title = g_markup_escape_text (valid, -1);
  g_autofree char *escaped_words = NULL;

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      g_autofree char *finding = collate_chart_get_finding (kind, items);

      if (!collate_chart_is_wanted (kind, items))
        continue;
      g_string_append_printf (words, "%s%s: %s.", kind ? " " : "", collate_chart_get_title (kind), finding);
    }
  escaped_words = g_markup_escape_text (words->str, -1);

  return g_strdup_printf ("<title>%s</title><desc>%s</desc>", escaped_title, escaped_words);
}

char *
collate_charts_to_svg (GPtrArray *items, const char *title, const CollateChartStyle *style)
{
  g_auto (Page) page = { 0 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *description = describe_page (items, title);
  g_autoptr (GString) svg = NULL;
  const char *start;
  char *inside;

  page_init (&page, items, title, style);
  if (write_svg (&page, bytes) != CAIRO_STATUS_SUCCESS)
    return g_strdup ("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>");

  g_byte_array_append (bytes, (const guint8 *) "", 1);
  start = strstr ((const char *) bytes->data, "<svg");
  svg = g_string_new (start ? start : "<svg>");

  /* Cairo numbers its parts in every file alike, and a page may hold other drawings. Text is glyphs here,
   * so that nothing else can look like a reference. */
  g_string_replace (svg, " id=\"", " id=\"collate-charts-", 0);
  g_string_replace (svg, "href=\"#", "href=\"#collate-charts-", 0);
  g_string_replace (svg, "url(#", "url(#collate-charts-", 0);
  g_string_replace (svg, "<svg ", "<svg role=\"img\" ", 1);
  inside = strchr (svg->str, '>');
  if (inside)
    g_string_insert (svg, inside - svg->str + 1, description);

  return g_string_free (g_steal_pointer (&svg), FALSE);
}
