/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "compare/collate-markdown.h"

static void
ignore_element (GMarkupParseContext *context,
                const char *name,
                const char **attributes,
                const char **values,
                gpointer data,
                GError **error)
{
  static const char *const allowed[] = { "x", "b", "i", "tt", "s", "a" };
  gboolean known = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    known = known || strcmp (name, allowed[i]) == 0;
  g_assert_true (known);
  for (guint i = 0; attributes[i] != NULL; i++)
    {
      g_assert_cmpstr (name, ==, "a");
      g_assert_cmpstr (attributes[i], ==, "href");
      g_assert_true (g_ascii_strncasecmp (values[i], "http://", 7) == 0 ||
                     g_ascii_strncasecmp (values[i], "https://", 8) == 0);
    }
}

/* Markup that a label takes: well formed, and of known elements alone. */
static void
assert_markup (const char *markup)
{
  static const GMarkupParser parser = { .start_element = ignore_element };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);
  g_autofree char *document = g_strdup_printf ("<x>%s</x>", markup);
  g_autoptr (GError) error = NULL;

  g_markup_parse_context_parse (context, document, -1, &error);
  g_assert_no_error (error);
  g_markup_parse_context_end_parse (context, &error);
  g_assert_no_error (error);
}

static void
assert_block (CollateBlock *block)
{
  assert_markup (collate_block_get_markup (block));
  for (guint row = 0; row < collate_block_get_n_rows (block); row++)
    for (guint column = 0; column < collate_block_get_n_columns (block); column++)
      assert_markup (collate_block_get_cell (block, row, column));
}

static GPtrArray *
parse (const char *text)
{
  GPtrArray *blocks = collate_markdown_parse (text, -1);

  for (guint i = 0; i < blocks->len; i++)
    assert_block (blocks->pdata[i]);

  return blocks;
}

/* What the text's blocks look like, a line each. */
static char *
describe (const char *text)
{
  static const char *const kinds[] = { "p", "h", "li", "quote", "code", "table", "rule" };
  g_autoptr (GPtrArray) blocks = parse (text);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < blocks->len; i++)
    {
      CollateBlock *block = blocks->pdata[i];

      g_string_append_printf (
          out, "%s%u", kinds[collate_block_get_kind (block)], collate_block_get_level (block));
      if (collate_block_get_marker (block) != NULL)
        g_string_append_printf (out, "(%s)", collate_block_get_marker (block));
      g_string_append_printf (out, "[%s]\n", collate_block_get_markup (block));
    }

  return g_string_free (out, FALSE);
}

static void
test_blocks (void)
{
  static const struct
  {
    const char *text;
    const char *blocks;
  } cases[] = {
    { "", "" },
    { "Yes.", "p0[Yes.]\n" },
    { "one\ntwo  \nthree", "p0[one two\nthree]\n" },
    { "# A\n\n### B", "h1[A]\nh3[B]\n" },
    { "- a\n- b\n  - c\n    - d\n- e", "li1(•)[a]\nli1(•)[b]\nli2(•)[c]\nli3(•)[d]\nli1(•)[e]\n" },
    { "3. a\n4. b\n\n   more", "li1(3.)[a]\nli1(4.)[b]\nli1[more]\n" },
    { "- [ ] to do\n- [x] done", "li1(☐)[to do]\nli1(☑)[done]\n" },
    { "> a\n>> b", "quote1[a]\nquote2[b]\n" },
    { "***\n", "rule0[]\n" },
    { "```c\nint a < b;\n```", "code0[int a &lt; b;]\n" },
    { "- x\n\n  ```\n  y\n  ```", "li1(•)[x]\ncode1[y]\n" },
    { "**b** *i* ***bi*** ~~s~~ `c`", "p0[<b>b</b> <i>i</i> <i><b>bi</b></i> <s>s</s> <tt>c</tt>]\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *blocks = describe (cases[i].text);

      g_assert_cmpstr (blocks, ==, cases[i].blocks);
    }
}

static void
test_table (void)
{
  g_autoptr (GPtrArray) blocks = parse ("| a | b | c |\n|:--|:-:|--:|\n| 1 | **2** | <3> |\n| 4 |\n");
  CollateBlock *table = blocks->pdata[0];

  g_assert_cmpuint (blocks->len, ==, 1);
  g_assert_cmpint (collate_block_get_kind (table), ==, COLLATE_BLOCK_TABLE);
  g_assert_cmpuint (collate_block_get_n_columns (table), ==, 3);
  g_assert_cmpuint (collate_block_get_n_rows (table), ==, 3);
  g_assert_cmpstr (collate_block_get_cell (table, 0, 2), ==, "c");
  g_assert_cmpstr (collate_block_get_cell (table, 1, 1), ==, "<b>2</b>");
  g_assert_cmpstr (collate_block_get_cell (table, 1, 2), ==, "&lt;3&gt;");
  g_assert_cmpstr (collate_block_get_cell (table, 2, 1), ==, "");
  g_assert_cmpint (collate_block_get_alignment (table, 0), ==, -1);
  g_assert_cmpint (collate_block_get_alignment (table, 1), ==, 0);
  g_assert_cmpint (collate_block_get_alignment (table, 2), ==, 1);
}

/* Only the web is linked to; everything that a model writes stays text. */
static void
test_links (void)
{
  static const struct
  {
    const char *text;
    const char *markup;
  } cases[] = {
    { "[a](https://e.org/?x=1&y=\"2\")", "<a href=\"https://e.org/?x=1&amp;y=&quot;2&quot;\">a</a>" },
    { "[a](https://e.org/?x=1&amp;y)", "<a href=\"https://e.org/?x=1&amp;y\">a</a>" },
    { "<HTTP://E.org>", "<a href=\"HTTP://E.org\">HTTP://E.org</a>" },
    { "see https://e.org.", "see <a href=\"https://e.org\">https://e.org</a>." },
    { "[a](javascript:alert(1))", "a" },
    { "[a](file:///etc/passwd)", "a" },
    { "[a](data:text/html,x)", "a" },
    { "[a](https:)", "a" },
    { "![plan](https://e.org/a.png)", "<i>plan</i>" },
    { "<b>x</b>", "&lt;b&gt;x&lt;/b&gt;" },
    { "<span foreground='red'>x", "&lt;span foreground=&#39;red&#39;&gt;x" },
    { "&lt;b&gt; &amp;amp; &mdash; &#8364; &nosuch;", "&lt;b&gt; &amp;amp; — € &amp;nosuch;" },
    { "a\001b\177c",
      "a\xef\xbf\xbd"
      "b\xef\xbf\xbd"
      "c" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) blocks = parse (cases[i].text);

      g_assert_cmpuint (blocks->len, ==, 1);
      g_assert_cmpstr (collate_block_get_markup (blocks->pdata[0]), ==, cases[i].markup);
    }
}

/* While an answer is written its end is unfinished at every moment. */
static void
test_half_written (void)
{
  static const char text[] =
      "# Über\n\nA **bold [link](https://e.org)** `c`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
      "1. one\n   - two\n\n```py\nprint('<&>')\n```\n> quote &amp; ~~no~~\n";

  for (gsize length = 0; length <= strlen (text); length++)
    {
      g_autoptr (GPtrArray) blocks = collate_markdown_parse (text, (gssize) length);

      for (guint i = 0; i < blocks->len; i++)
        assert_block (blocks->pdata[i]);
    }
}

static void
test_equal (void)
{
  g_autoptr (GPtrArray) a = parse ("x\n\n- y\n\n| a |\n|---|\n| 1 |\n");
  g_autoptr (GPtrArray) b = parse ("x\n\n- y\n\n| a |\n|---|\n| 1 |\n");
  g_autoptr (GPtrArray) c = parse ("z\n\n* [ ] y\n\n| a |\n|--:|\n| 2 |\n");

  g_assert_cmpuint (a->len, ==, 3);
  g_assert_cmpuint (c->len, ==, 3);
  for (guint i = 0; i < a->len; i++)
    {
      g_assert_true (collate_block_equal (a->pdata[i], b->pdata[i]));
      g_assert_false (collate_block_equal (a->pdata[i], c->pdata[i]));
    }
}

static char *
repeat (const char *text, gsize times)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < times; i++)
    g_string_append (out, text);

  return g_string_free (out, FALSE);
}

/* Texts that make parsers slow, deep or large. The columns of the last one would be filled up to 2,500
 * million cells. */
static void
test_monsters (void)
{
  g_autofree char *many = repeat ("Plain **bold** text with `code`.\n\n", 30000);
  g_autofree char *quotes = repeat (">", 10000);
  g_autofree char *lists = repeat ("- ", 5000);
  g_autofree char *stars = repeat ("*a ", 50000);
  g_autofree char *brackets = repeat ("[", 50000);
  g_autofree char *ticks = repeat ("`x``", 20000);
  g_autofree char *header = repeat ("|a", 50000);
  g_autofree char *line = repeat ("|-", 50000);
  g_autofree char *rows = repeat ("|b\n", 50000);
  g_autofree char *table = g_strconcat (header, "|\n", line, "|\n", rows, NULL);
  g_autofree char *deep = g_strconcat (quotes, " deep", NULL);
  g_autofree char *nested = g_strconcat (lists, "deep", NULL);
  const char *const texts[] = { many, deep, nested, stars, brackets, ticks, table };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) blocks = parse (texts[i]);
      g_autofree char *html = collate_markdown_to_html (texts[i]);

      g_assert_cmpuint (blocks->len, >, 0);
      g_assert_cmpuint (strlen (html), <, 20 * strlen (texts[i]) + 1000);
    }
}

/* Bytes that mean something to Markdown, in any order: whatever comes out is valid. */
static void
test_random (void)
{
  static const char *const pieces[] = { "*",
                                        "_",
                                        "**",
                                        "`",
                                        "```\n",
                                        "[",
                                        "](",
                                        ")",
                                        "<",
                                        ">",
                                        "&",
                                        "#",
                                        "|",
                                        "-",
                                        "~~",
                                        "\n",
                                        "\n\n",
                                        "    ",
                                        "1. ",
                                        "- ",
                                        "> ",
                                        "a",
                                        "https://e.org",
                                        "&amp;",
                                        "\\",
                                        "!",
                                        "é",
                                        "\xff",
                                        "\001",
                                        "|---|\n",
                                        "- [x] ",
                                        "\t",
                                        "<b>" };

  for (guint round = 0; round < 3000; round++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      int n_pieces = g_test_rand_int_range (1, 60);

      for (int i = 0; i < n_pieces; i++)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);

      {
        g_autoptr (GPtrArray) blocks = parse (text->str);
        g_autofree char *html = collate_markdown_to_html (text->str);

        g_assert_true (g_utf8_validate (html, -1, NULL));
        g_assert_null (strstr (html, "<b>"));
      }
    }
}

static void
test_html (void)
{
  static const struct
  {
    const char *text;
    const char *html;
  } cases[] = {
    { "# A", "<h4>A</h4>\n" },
    { "a **b**", "<p>a <strong>b</strong></p>\n" },
    { "- a\n- [x] b", "<ul><li>a</li>\n<li>☑ b</li>\n</ul>\n" },
    { "7. a", "<ol start=\"7\">\n<li>a</li>\n</ol>\n" },
    { "```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>\n" },
    { "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n" },
    { "[a](javascript:x)", "<p>a</p>\n" },
    { "[a](https://e.org/\"x)",
      "<p><a href=\"https://e.org/&quot;x\" rel=\"noreferrer noopener\">a</a></p>\n" },
    { "| a |\n|---|\n| 1 |",
      "<table><thead><tr><th>a</th>\n</tr>\n</thead>\n<tbody><tr><td>1</td>\n</tr>\n</tbody>\n</table>\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *html = collate_markdown_to_html (cases[i].text);

      g_assert_cmpstr (html, ==, cases[i].html);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compare/markdown/blocks", test_blocks);
  g_test_add_func ("/compare/markdown/table", test_table);
  g_test_add_func ("/compare/markdown/links", test_links);
  g_test_add_func ("/compare/markdown/half-written", test_half_written);
  g_test_add_func ("/compare/markdown/equal", test_equal);
  g_test_add_func ("/compare/markdown/monsters", test_monsters);
  g_test_add_func ("/compare/markdown/random", test_random);
  g_test_add_func ("/compare/markdown/html", test_html);

  return g_test_run ();
}
