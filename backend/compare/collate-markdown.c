/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* Markdown by md4c, which is known here alone: its callbacks build either blocks with Pango markup or HTML.
 * A model's text is hostile: it is escaped, its links are links only where they are http or https, and a
 * document that would grow out of proportion is shown as plain text instead. Any thread. */

#include "compare/collate-markdown.h"

#include <md4c.h>
#include <string.h>

#include "compare/collate-block-private.h"
#include "compare/collate-entity.h"

#define FLAGS (MD_DIALECT_GITHUB | MD_FLAG_NOHTML)

/* Short rows are filled up to the header's width, so a long header over many rows is a bomb. */
#define MAX_COLUMNS 64
#define MAX_CELLS 20000

/* Nesting that nobody wrote for a reader; deeper levels are shown at this one. */
#define MAX_SPANS 16
#define MAX_QUOTES 16

typedef struct
{
  MD_SPANTYPE type;
  const char *close; /* what closes it in the output; "" where it was not written */
} Span;

/* Inline content. Both outputs are written through this: a buffer, and which spans are open in it. */
typedef struct
{
  GString *markup;
  GString *text; /* the same without markup; NULL where that is not wanted */
  GArray *spans; /* of Span: the open ones */
  gboolean html;
} Inline;

static gboolean
is_web_address (const MD_ATTRIBUTE *address)
{
  return (address->size > 7 && g_ascii_strncasecmp (address->text, "http://", 7) == 0) ||
         (address->size > 8 && g_ascii_strncasecmp (address->text, "https://", 8) == 0);
}

/* An address comes in parts: plain ones, and entities. */
static void
append_address (GString *out, const MD_ATTRIBUTE *address)
{
  for (guint i = 0; address->substr_offsets[i] < address->size; i++)
    {
      const char *part = address->text + address->substr_offsets[i];
      gsize length = address->substr_offsets[i + 1] - address->substr_offsets[i];
      gunichar entity = address->substr_types[i] == MD_TEXT_ENTITY ? collate_entity_decode (part, length) : 0;
      char buffer[6];

      if (entity != 0)
        collate_entity_append_escaped (out, buffer, g_unichar_to_utf8 (entity, buffer));
      else
        collate_entity_append_escaped (out, part, length);
    }
}

static void
inline_append (Inline *self, const char *text, gsize length)
{
  collate_entity_append_escaped (self->markup, text, length);
  if (self->text != NULL)
    g_string_append_len (self->text, text, length);
}

static void
inline_text (Inline *self, MD_TEXTTYPE type, const char *text, gsize length)
{
  gunichar entity;
  char buffer[6];

  switch (type)
    {
    case MD_TEXT_NULLCHAR:
      inline_append (self, "\xef\xbf\xbd", 3);
      break;
    case MD_TEXT_SOFTBR:
      inline_append (self, " ", 1);
      break;
    case MD_TEXT_BR:
      if (self->html)
        g_string_append (self->markup, "<br>");
      inline_append (self, "\n", 1);
      break;
    case MD_TEXT_ENTITY:
      entity = collate_entity_decode (text, length);
      if (entity != 0)
        inline_append (self, buffer, g_unichar_to_utf8 (entity, buffer));
      else
        inline_append (self, text, length);
      break;
    case MD_TEXT_NORMAL:
    case MD_TEXT_CODE:
    default:
      inline_append (self, text, length);
      break;
    }
}

/* What opens and closes a span; "" where nothing does. */
static void
get_tags (Inline *self, MD_SPANTYPE type, const char **open, const char **close)
{
  static const struct
  {
    MD_SPANTYPE type;
    const char *tags[4]; /* for Pango, then for HTML */
  } all[] = {
    { MD_SPAN_EM, { "<i>", "</i>", "<em>", "</em>" } },
    { MD_SPAN_IMG, { "<i>", "</i>", "<em>", "</em>" } }, /* nothing is fetched: its name stands for it */
    { MD_SPAN_STRONG, { "<b>", "</b>", "<strong>", "</strong>" } },
    { MD_SPAN_CODE, { "<tt>", "</tt>", "<code>", "</code>" } },
    { MD_SPAN_DEL, { "<s>", "</s>", "<s>", "</s>" } },
  };

  *open = *close = "";
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i].type == type)
      {
        *open = all[i].tags[self->html ? 2 : 0];
        *close = all[i].tags[self->html ? 3 : 1];
      }
}

static void
inline_enter (Inline *self, MD_SPANTYPE type, void *detail)
{
  Span span = { type, "" };
  const char *open = "";

  if (self->spans->len < MAX_SPANS)
    get_tags (self, type, &open, &span.close);
  g_string_append (self->markup, open);

  if (self->spans->len < MAX_SPANS && type == MD_SPAN_A &&
      is_web_address (&((MD_SPAN_A_DETAIL *) detail)->href))
    {
      g_string_append (self->markup, "<a href=\"");
      append_address (self->markup, &((MD_SPAN_A_DETAIL *) detail)->href);
      g_string_append (self->markup, self->html ? "\" rel=\"noreferrer noopener\">" : "\">");
      span.close = "</a>";
    }
  g_array_append_val (self->spans, span);
}

static void
close_last (Inline *self)
{
  g_string_append (self->markup, g_array_index (self->spans, Span, self->spans->len - 1).close);
  g_array_set_size (self->spans, self->spans->len - 1);
}

/* md4c lets some spans cross (a strikethrough and emphasis): what is open inside ends with it. */
static void
inline_leave (Inline *self, MD_SPANTYPE type)
{
  gboolean found = FALSE;

  for (guint i = 0; i < self->spans->len; i++)
    found = found || g_array_index (self->spans, Span, i).type == type;

  while (found)
    {
      found = g_array_index (self->spans, Span, self->spans->len - 1).type != type;
      close_last (self);
    }
}

/* Where a block ends, so does all that is open in it. */
static void
inline_end (Inline *self)
{
  while (self->spans->len > 0)
    close_last (self);
}

/* Blocks. */

typedef struct
{
  gboolean ordered;
  guint number;
} List;

typedef struct
{
  GPtrArray *blocks;
  Inline line;

  GArray *lists;      /* of List: the open ones */
  char *marker;       /* of the item whose first paragraph is to come */
  guint n_quotes;     /* open quotes */
  CollateBlock *open; /* a code block or a table being filled */
  guint cell;         /* the next cell of the table */
} Builder;

static void
builder_reset_line (Builder *self)
{
  g_string_truncate (self->line.markup, 0);
  g_string_truncate (self->line.text, 0);
  g_array_set_size (self->line.spans, 0);
}

/* Turns the line so far into a block of the kind that its place asks for. */
static void
builder_flush (Builder *self, CollateBlockKind kind, guint level)
{
  CollateBlock *block;

  inline_end (&self->line);
  if (self->line.markup->len == 0 && self->marker == NULL)
    return;

  if (kind == COLLATE_BLOCK_PARAGRAPH && self->lists->len > 0)
    {
      kind = COLLATE_BLOCK_LIST_ITEM;
      level = self->lists->len;
    }
  else if (kind == COLLATE_BLOCK_PARAGRAPH && self->n_quotes > 0)
    {
      kind = COLLATE_BLOCK_QUOTE;
      level = MIN (self->n_quotes, MAX_QUOTES);
    }

  block = collate_block_new (kind, level);
  collate_block_set_content (block, self->line.markup->str, self->line.text->str);
  if (kind == COLLATE_BLOCK_LIST_ITEM)
    collate_block_take_marker (block, g_steal_pointer (&self->marker));
  g_ptr_array_add (self->blocks, block);
  builder_reset_line (self);
}

static void
builder_enter_item (Builder *self, const MD_BLOCK_LI_DETAIL *detail)
{
  List *list = &g_array_index (self->lists, List, self->lists->len - 1);

  g_free (self->marker);
  if (detail->is_task)
    self->marker = g_strdup (detail->task_mark == ' ' ? "☐" : "☑");
  else if (list->ordered)
    self->marker = g_strdup_printf ("%u.", list->number);
  else
    self->marker = g_strdup ("•");
  list->number++;
}

static int
builder_enter_table (Builder *self, const MD_BLOCK_TABLE_DETAIL *detail)
{
  guint n_rows = detail->head_row_count + detail->body_row_count;

  if (detail->col_count > MAX_COLUMNS || (guint64) n_rows * detail->col_count > MAX_CELLS)
    return -1;

  self->open = collate_block_new (COLLATE_BLOCK_TABLE, 0);
  collate_block_set_size (self->open, n_rows, detail->col_count);
  g_ptr_array_add (self->blocks, self->open);
  self->cell = 0;
  return 0;
}

static int
builder_enter_block (MD_BLOCKTYPE type, void *detail, void *data)
{
  Builder *self = data;
  List list = { .ordered = type == MD_BLOCK_OL };

  /* A tight item's text comes without a paragraph: it ends where another block begins. */
  if (type != MD_BLOCK_TH && type != MD_BLOCK_TD && type != MD_BLOCK_TR && type != MD_BLOCK_THEAD &&
      type != MD_BLOCK_TBODY && type != MD_BLOCK_P)
    builder_flush (self, COLLATE_BLOCK_PARAGRAPH, 0);

  switch (type)
    {
    case MD_BLOCK_QUOTE:
      self->n_quotes++;
      break;
    case MD_BLOCK_OL:
      list.number = ((MD_BLOCK_OL_DETAIL *) detail)->start;
      g_array_append_val (self->lists, list);
      break;
    case MD_BLOCK_UL:
      g_array_append_val (self->lists, list);
      break;
    case MD_BLOCK_LI:
      builder_enter_item (self, detail);
      break;
    case MD_BLOCK_HR:
      g_ptr_array_add (self->blocks, collate_block_new (COLLATE_BLOCK_RULE, 0));
      break;
    case MD_BLOCK_CODE:
      self->open = collate_block_new (COLLATE_BLOCK_CODE, self->lists->len);
      collate_block_set_language (self->open,
                                  ((MD_BLOCK_CODE_DETAIL *) detail)->lang.text,
                                  ((MD_BLOCK_CODE_DETAIL *) detail)->lang.size);
      g_ptr_array_add (self->blocks, self->open);
      break;
    case MD_BLOCK_TABLE:
      return builder_enter_table (self, detail);
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      builder_reset_line (self);
      if (self->cell < collate_block_get_n_columns (self->open))
        collate_block_set_alignment (self->open,
                                     self->cell,
                                     ((MD_BLOCK_TD_DETAIL *) detail)->align == MD_ALIGN_RIGHT    ? 1
                                     : ((MD_BLOCK_TD_DETAIL *) detail)->align == MD_ALIGN_CENTER ? 0
                                                                                                 : -1);
      break;
    default:
      break;
    }

  return 0;
}

static int
builder_leave_block (MD_BLOCKTYPE type, void *detail, void *data)
{
  Builder *self = data;

  switch (type)
    {
    case MD_BLOCK_QUOTE:
      self->n_quotes--;
      break;
    case MD_BLOCK_LI:
      builder_flush (self, COLLATE_BLOCK_PARAGRAPH, 0);
      g_clear_pointer (&self->marker, g_free);
      break;
    case MD_BLOCK_OL:
    case MD_BLOCK_UL:
      g_array_set_size (self->lists, self->lists->len - 1);
      break;
    case MD_BLOCK_H:
      builder_flush (self, COLLATE_BLOCK_HEADING, ((MD_BLOCK_H_DETAIL *) detail)->level);
      break;
    case MD_BLOCK_P:
      builder_flush (self, COLLATE_BLOCK_PARAGRAPH, 0);
      break;
    case MD_BLOCK_CODE:
      if (self->line.text->len > 0 && self->line.text->str[self->line.text->len - 1] == '\n')
        {
          g_string_truncate (self->line.text, self->line.text->len - 1);
          g_string_truncate (self->line.markup, self->line.markup->len - 1);
        }
      collate_block_set_content (self->open, self->line.markup->str, self->line.text->str);
      builder_reset_line (self);
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      inline_end (&self->line);
      collate_block_set_cell (self->open, self->cell++, self->line.markup->str);
      builder_reset_line (self);
      break;
    default:
      break;
    }

  return 0;
}

static int
builder_enter_span (MD_SPANTYPE type, void *detail, void *data)
{
  inline_enter (&((Builder *) data)->line, type, detail);
  return 0;
}

static int
builder_leave_span (MD_SPANTYPE type, void *detail, void *data)
{
  inline_leave (&((Builder *) data)->line, type);
  return 0;
}

static int
builder_text (MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE length, void *data)
{
  inline_text (&((Builder *) data)->line, type, text, length);
  return 0;
}

/* The text as it is, a paragraph between blank lines. */
static void
append_plain (GPtrArray *blocks, const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n\n", -1);

  for (guint i = 0; paragraphs[i] != NULL; i++)
    {
      g_autoptr (GString) markup = g_string_new (NULL);
      CollateBlock *block;

      if (*g_strstrip (paragraphs[i]) == '\0')
        continue;

      collate_entity_append_escaped (markup, paragraphs[i], strlen (paragraphs[i]));
      block = collate_block_new (COLLATE_BLOCK_PARAGRAPH, 0);
      collate_block_set_content (block, markup->str, paragraphs[i]);
      g_ptr_array_add (blocks, block);
    }
}

GPtrArray *
collate_markdown_parse (const char *text, gssize length)
{
  static const MD_PARSER parser = { 0,
                                    FLAGS,
                                    builder_enter_block,
                                    builder_leave_block,
                                    builder_enter_span,
                                    builder_leave_span,
                                    builder_text,
                                    NULL,
                                    NULL };
  g_autofree char *valid = g_utf8_make_valid (text, length);
  Builder builder = { .blocks = g_ptr_array_new_with_free_func (g_object_unref),
                      .line = { .markup = g_string_new (NULL),
                                .text = g_string_new (NULL),
                                .spans = g_array_new (FALSE, FALSE, sizeof (Span)) },
                      .lists = g_array_new (FALSE, FALSE, sizeof (List)) };

  if (md_parse (valid, (MD_SIZE) strlen (valid), &parser, &builder) != 0)
    {
      g_ptr_array_set_size (builder.blocks, 0);
      append_plain (builder.blocks, valid);
    }

  g_string_free (builder.line.markup, TRUE);
  g_string_free (builder.line.text, TRUE);
  g_array_unref (builder.line.spans);
  g_array_unref (builder.lists);
  g_free (builder.marker);

  return builder.blocks;
}

/* HTML. */

typedef struct
{
  Inline line; /* its markup is the whole document */
  guint n_quotes;
} Writer;

static const char *
block_tag (MD_BLOCKTYPE type)
{
  switch (type)
    {
    case MD_BLOCK_QUOTE:
      return "blockquote";
    case MD_BLOCK_UL:
      return "ul";
    case MD_BLOCK_OL:
      return "ol";
    case MD_BLOCK_LI:
      return "li";
    case MD_BLOCK_P:
      return "p";
    case MD_BLOCK_TABLE:
      return "table";
    case MD_BLOCK_THEAD:
      return "thead";
    case MD_BLOCK_TBODY:
      return "tbody";
    case MD_BLOCK_TR:
      return "tr";
    case MD_BLOCK_TH:
      return "th";
    case MD_BLOCK_TD:
      return "td";
    default:
      return NULL;
    }
}

/* The page that an answer is put into has headings of its own above level 3. */
static guint
heading_level (const MD_BLOCK_H_DETAIL *heading)
{
  return MIN (heading->level + 3, 6);
}

static int
writer_enter_block (MD_BLOCKTYPE type, void *detail, void *data)
{
  Writer *self = data;
  GString *out = self->line.markup;
  const MD_BLOCK_TABLE_DETAIL *table = detail;
  const MD_BLOCK_LI_DETAIL *item = detail;

  inline_end (&self->line);
  if (type == MD_BLOCK_QUOTE && self->n_quotes++ >= MAX_QUOTES)
    return 0;
  if (type == MD_BLOCK_TABLE &&
      (table->col_count > MAX_COLUMNS ||
       (guint64) (table->head_row_count + table->body_row_count) * table->col_count > MAX_CELLS))
    return -1;

  if (type == MD_BLOCK_H)
    g_string_append_printf (out, "<h%u>", heading_level (detail));
  else if (type == MD_BLOCK_CODE)
    g_string_append (out, "<pre><code>");
  else if (type == MD_BLOCK_HR)
    g_string_append (out, "<hr>\n");
  else if (type == MD_BLOCK_OL)
    g_string_append_printf (out, "<ol start=\"%u\">\n", ((MD_BLOCK_OL_DETAIL *) detail)->start);
  else if (block_tag (type) != NULL)
    g_string_append_printf (out, "<%s>", block_tag (type));
  if (type == MD_BLOCK_LI && item->is_task)
    g_string_append (out, item->task_mark == ' ' ? "☐ " : "☑ ");

  return 0;
}

static int
writer_leave_block (MD_BLOCKTYPE type, void *detail, void *data)
{
  Writer *self = data;
  GString *out = self->line.markup;

  inline_end (&self->line);
  if (type == MD_BLOCK_QUOTE && self->n_quotes-- > MAX_QUOTES)
    return 0;

  if (type == MD_BLOCK_H)
    g_string_append_printf (out, "</h%u>\n", heading_level (detail));
  else if (type == MD_BLOCK_CODE)
    g_string_append (out, "</code></pre>\n");
  else if (block_tag (type) != NULL)
    g_string_append_printf (out, "</%s>\n", block_tag (type));

  return 0;
}

static int
writer_enter_span (MD_SPANTYPE type, void *detail, void *data)
{
  inline_enter (&((Writer *) data)->line, type, detail);
  return 0;
}

static int
writer_leave_span (MD_SPANTYPE type, void *detail, void *data)
{
  inline_leave (&((Writer *) data)->line, type);
  return 0;
}

static int
writer_text (MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE length, void *data)
{
  inline_text (&((Writer *) data)->line, type, text, length);
  return 0;
}

char *
collate_markdown_to_html (const char *text)
{
  static const MD_PARSER parser = {
    0,    FLAGS, writer_enter_block, writer_leave_block, writer_enter_span, writer_leave_span, writer_text,
    NULL, NULL
  };
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  Writer writer = { .line = { .markup = g_string_new (NULL),
                              .spans = g_array_new (FALSE, FALSE, sizeof (Span)),
                              .html = TRUE } };

  if (md_parse (valid, (MD_SIZE) strlen (valid), &parser, &writer) != 0)
    {
      g_string_assign (writer.line.markup, "<pre>");
      collate_entity_append_escaped (writer.line.markup, valid, strlen (valid));
      g_string_append (writer.line.markup, "</pre>\n");
    }
  g_array_unref (writer.line.spans);

  return g_string_free (writer.line.markup, FALSE);
}
