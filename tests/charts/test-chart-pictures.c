/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <cairo.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "base/collate-error.h"
#include "chart-samples.h"

/* How charts look, against pictures kept beside this file (UPDATE_GOLDEN=1 writes them anew; what differs is
 * left as x.out.png and x.diff.png beside the build), and the files that they are saved to. */

/* A channel may be this far off, and so many pixels in ten thousand further: versions of Cairo and FreeType
 * round edges differently. */
#define CHANNEL_TOLERANCE 40
#define PIXEL_TOLERANCE 60

static cairo_surface_t *
draw (GPtrArray *items, CollateChartKind kind, const CollateChartStyle *style, int width)
{
  int height = collate_chart_get_height (kind, items, style, width);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (surface);
  double page = style->dark ? 0.21 : 1;

  cairo_set_source_rgb (cr, page, page, page);
  cairo_paint (cr);
  collate_chart_draw (kind, items, style, cr, width, height);
  cairo_destroy (cr);

  return surface;
}

/* Counts the pixels that differ, and paints them red in `difference`. */
static guint
compare_pixels (cairo_surface_t *drawn, cairo_surface_t *golden, cairo_surface_t *difference)
{
  int width = cairo_image_surface_get_width (drawn);
  int height = cairo_image_surface_get_height (drawn);
  guint n = 0;

  for (int y = 0; y < height; y++)
    {
      const guint8 *a = cairo_image_surface_get_data (drawn) + y * cairo_image_surface_get_stride (drawn);
      const guint8 *b = cairo_image_surface_get_data (golden) + y * cairo_image_surface_get_stride (golden);
      guint32 *out = (guint32 *) (gpointer) (cairo_image_surface_get_data (difference) +
                                             y * cairo_image_surface_get_stride (difference));

      for (int x = 0; x < width; x++, a += 4, b += 4)
        {
          gboolean differs = ABS (a[0] - b[0]) > CHANNEL_TOLERANCE || ABS (a[1] - b[1]) > CHANNEL_TOLERANCE ||
                             ABS (a[2] - b[2]) > CHANNEL_TOLERANCE;

          n += differs;
          out[x] = differs ? 0xff0000 : 0xe0e0e0;
        }
    }
  cairo_surface_mark_dirty (difference);

  return n;
}

static void
keep_output (cairo_surface_t *surface, const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "charts", file, NULL);

  cairo_surface_write_to_png (surface, path);
  g_test_message ("see %s", path);
}

static void
check_golden (cairo_surface_t *drawn, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "charts", "golden", file, NULL);
  int width = cairo_image_surface_get_width (drawn);
  int height = cairo_image_surface_get_height (drawn);
  cairo_surface_t *golden;
  cairo_surface_t *difference;
  guint n = G_MAXUINT;

  if (g_getenv ("UPDATE_GOLDEN"))
    {
      g_assert_cmpint (cairo_surface_write_to_png (drawn, path), ==, CAIRO_STATUS_SUCCESS);
      return;
    }

  golden = cairo_image_surface_create_from_png (path);
  difference = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  if (cairo_surface_status (golden) == CAIRO_STATUS_SUCCESS &&
      cairo_image_surface_get_width (golden) == width && cairo_image_surface_get_height (golden) == height)
    n = compare_pixels (drawn, golden, difference);
  if (n > (guint) (width * height) * PIXEL_TOLERANCE / 10000)
    {
      keep_output (drawn, name, ".out.png");
      keep_output (difference, name, ".diff.png");
      g_test_message ("%s: %u pixels differ", name, n);
      g_test_fail ();
    }
  cairo_surface_destroy (golden);
  cairo_surface_destroy (difference);
}

static const struct
{
  const char *name;
  const char *sample;
  CollateChartKind kind;
  int width;
  CollateChartStyle style;
} PICTURES[] = {
  { "cost-light", "tutorial", COLLATE_CHART_COST, 480, { .text_scale = 1, .focus = -1 } },
  { "time-light", "tutorial", COLLATE_CHART_TIME, 480, { .text_scale = 1, .focus = -1 } },
  { "tokens-light", "tutorial", COLLATE_CHART_TOKENS, 480, { .text_scale = 1, .focus = -1 } },
  { "tradeoff-light", "tutorial", COLLATE_CHART_TRADEOFF, 480, { .text_scale = 1, .focus = -1 } },
  { "cost-dark-focus", "mixed", COLLATE_CHART_COST, 480, { .dark = TRUE, .text_scale = 1, .focus = 2 } },
  { "time-dark", "mixed", COLLATE_CHART_TIME, 480, { .dark = TRUE, .text_scale = 1, .focus = -1 } },
  { "tokens-dark-narrow",
    "mixed",
    COLLATE_CHART_TOKENS,
    300,
    { .dark = TRUE, .text_scale = 1, .focus = -1 } },
  { "tradeoff-dark-crowd",
    "crowd-24",
    COLLATE_CHART_TRADEOFF,
    480,
    { .dark = TRUE, .text_scale = 1, .focus = 3 } },
  { "pace-light", "pace", COLLATE_CHART_PACE, 720, { .text_scale = 1, .focus = -1 } },
  { "pace-dark-focus", "pace", COLLATE_CHART_PACE, 720, { .dark = TRUE, .text_scale = 1, .focus = 1 } },
  { "pace-narrow", "pace", COLLATE_CHART_PACE, 320, { .text_scale = 1, .focus = -1 } },
  { "pace-crowd", "pace-crowd", COLLATE_CHART_PACE, 720, { .dark = TRUE, .text_scale = 1, .focus = -1 } },
  { "cost-large-text", "mixed", COLLATE_CHART_COST, 300, { .text_scale = 2, .focus = -1, .contrast = TRUE } },
};

static void
test_picture (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) items = samples_lookup (PICTURES[i].sample);
  CollateChartStyle style = PICTURES[i].style;
  cairo_surface_t *drawn;

  style.font = "DejaVu Sans";
  drawn = draw (items, PICTURES[i].kind, &style, PICTURES[i].width);
  check_golden (drawn, PICTURES[i].name);
  cairo_surface_destroy (drawn);
}

/* The focused mark is to be seen. */
static void
test_focus_shows (void)
{
  g_autoptr (GPtrArray) items = samples_pace ();

  for (guint kind = 0; kind < COLLATE_N_CHARTS; kind++)
    {
      CollateChartStyle style = { .text_scale = 1, .font = "DejaVu Sans", .focus = -1 };
      cairo_surface_t *without = draw (items, kind, &style, 480);
      cairo_surface_t *with;
      gsize size;

      style.focus = 1;
      with = draw (items, kind, &style, 480);
      size = (gsize) cairo_image_surface_get_stride (with) * cairo_image_surface_get_height (with);
      g_assert_cmpint (
          memcmp (cairo_image_surface_get_data (with), cairo_image_surface_get_data (without), size), !=, 0);
      cairo_surface_destroy (with);
      cairo_surface_destroy (without);
    }
}

typedef struct
{
  char *folder;
  GPtrArray *items;
  CollateChartStyle style;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("collate-charts-XXXXXX", NULL);
  fixture->items = samples_mixed ();
  fixture->style = (CollateChartStyle){ .dark = TRUE, .text_scale = 2, .font = "DejaVu Sans", .focus = 1 };
  g_assert_nonnull (fixture->folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (folder)))
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
  g_ptr_array_unref (fixture->items);
}

static char *
save (Fixture *fixture, const char *name, gsize *length)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *contents = NULL;

  collate_charts_save (fixture->items, "Sparse & <dense>?", &fixture->style, path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &contents, length, NULL));

  return contents;
}

static void
test_save_png (Fixture *fixture, gconstpointer data)
{
  gsize length;
  g_autofree char *contents = save (fixture, "charts.PNG", &length);
  g_autofree char *path = g_build_filename (fixture->folder, "charts.PNG", NULL);
  cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
  const guint8 *corner = cairo_image_surface_get_data (surface);

  g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
  g_assert_cmpint (cairo_image_surface_get_width (surface), ==, 2000);
  g_assert_cmpint (cairo_image_surface_get_height (surface), >, 800);
  /* A light page, whatever the window's style. */
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (corner[i], ==, 255);
  cairo_surface_destroy (surface);
}

static void
test_save_pdf (Fixture *fixture, gconstpointer data)
{
  gsize length;
  g_autofree char *contents = save (fixture, "charts.pdf", &length);

  g_assert_true (g_str_has_prefix (contents, "%PDF-"));
  g_assert_nonnull (g_strrstr_len (contents + length - 16, 16, "%%EOF"));
}

typedef struct
{
  guint depth;
  guint elements;
  GHashTable *ids;
  GPtrArray *references;
  GString *text;
} Drawing;

static void
on_start (GMarkupParseContext *context,
          const char *element,
          const char **names,
          const char **values,
          gpointer user_data,
          GError **error)
{
  Drawing *drawing = user_data;

  if (drawing->depth == 0)
    g_assert_cmpstr (element, ==, "svg");
  drawing->depth++;
  drawing->elements++;
  for (guint i = 0; names[i]; i++)
    {
      const char *link = strstr (values[i], "url(#");

      if (g_str_equal (names[i], "id"))
        g_assert_true (g_hash_table_add (drawing->ids, g_strdup (values[i])));
      else if (g_str_has_suffix (names[i], "href"))
        g_ptr_array_add (drawing->references, g_strdup (values[i] + 1));
      else if (link)
        g_ptr_array_add (drawing->references, g_strndup (link + 5, strcspn (link + 5, ")")));
    }
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer user_data, GError **error)
{
  ((Drawing *) user_data)->depth--;
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer user_data, GError **error)
{
  g_string_append_len (((Drawing *) user_data)->text, text, (gssize) length);
}

static void
parse_drawing (Drawing *drawing, const char *svg)
{
  static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end, .text = on_text };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, drawing, NULL);
  g_autoptr (GError) error = NULL;

  drawing->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  drawing->references = g_ptr_array_new_with_free_func (g_free);
  drawing->text = g_string_new (NULL);
  g_markup_parse_context_parse (context, svg, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < drawing->references->len; i++)
    g_assert_true (g_hash_table_contains (drawing->ids, g_ptr_array_index (drawing->references, i)));
}

static void
clear_drawing (Drawing *drawing)
{
  g_hash_table_unref (drawing->ids);
  g_ptr_array_unref (drawing->references);
  g_string_free (drawing->text, TRUE);
}

static void
test_save_svg (Fixture *fixture, gconstpointer data)
{
  gsize length;
  g_autofree char *contents = save (fixture, "charts.svg", &length);
  Drawing drawing = { 0 };

  parse_drawing (&drawing, contents);
  g_assert_cmpuint (drawing.elements, >, 100);
  clear_drawing (&drawing);
}

static void
test_svg_element (Fixture *fixture, gconstpointer data)
{
  g_autofree char *svg = collate_charts_to_svg (fixture->items, "Sparse & <dense>?", &fixture->style);
  Drawing drawing = { 0 };
  GHashTableIter iter;
  gpointer id;

  g_assert_true (g_str_has_prefix (svg, "<svg "));
  parse_drawing (&drawing, svg);
  g_hash_table_iter_init (&iter, drawing.ids);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_assert_true (g_str_has_prefix (id, "collate-charts-"));
  g_assert_cmpuint (drawing.references->len, >, 100);
  g_assert_nonnull (strstr (drawing.text->str, "Sparse & <dense>?"));
  g_assert_nonnull (strstr (drawing.text->str, "GPT-5 costs 10 times as much as DeepSeek v3.2-Exp"));
  clear_drawing (&drawing);
}

static void
test_save_fails (Fixture *fixture, gconstpointer data)
{
  g_autofree char *odd = g_build_filename (fixture->folder, "charts.bmp", NULL);
  g_autofree char *nowhere = g_build_filename (fixture->folder, "missing", "charts.png", NULL);
  g_autoptr (GError) unsupported = NULL;
  g_autoptr (GError) unwritable = NULL;

  g_assert_false (collate_charts_save (fixture->items, "Title", &fixture->style, odd, &unsupported));
  g_assert_error (unsupported, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_false (g_file_test (odd, G_FILE_TEST_EXISTS));
  g_assert_false (collate_charts_save (fixture->items, "Title", &fixture->style, nowhere, &unwritable));
  g_assert_error (unwritable, COLLATE_ERROR, COLLATE_ERROR_UNWRITABLE);
}

static void
test_save_hostile (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "a.png", "a.svg", "a.pdf" };
  g_autoptr (GPtrArray) items = samples_hostile ();
  g_autofree char *title = g_strnfill (5000, 'w');

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL);
      g_autoptr (GError) error = NULL;

      collate_charts_save (items, i ? title : "\xff\x01", &fixture->style, path, &error);
      g_assert_no_error (error);
    }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (PICTURES); i++)
    {
      g_autofree char *path = g_strdup_printf ("/charts/pictures/%s", PICTURES[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_picture);
    }
  g_test_add_func ("/charts/pictures/focus", test_focus_shows);
  ADD ("/charts/save/png", test_save_png);
  ADD ("/charts/save/pdf", test_save_pdf);
  ADD ("/charts/save/svg", test_save_svg);
  ADD ("/charts/save/svg-element", test_svg_element);
  ADD ("/charts/save/fails", test_save_fails);
  ADD ("/charts/save/hostile", test_save_hostile);

  return g_test_run ();
}
