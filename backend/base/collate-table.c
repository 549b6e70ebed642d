/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-table.h"

#include <string.h>

#include "base/collate-format.h"

/* A cell that is longer would push the others out of sight. */
#define MOST_CHARACTERS 100

struct _CollateTable
{
  const char *alignment;
  guint n_columns;
  guint *widths;
  GPtrArray *rows; /* of GStrv */
};

CollateTable *
collate_table_new (const char *alignment)
{
  CollateTable *table = g_new0 (CollateTable, 1);

  table->alignment = alignment;
  table->n_columns = strlen (alignment);
  table->widths = g_new0 (guint, table->n_columns);
  table->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  return table;
}

static guint
get_width (const char *text)
{
  guint width = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar character = g_utf8_get_char (at);

      if (!g_unichar_iszerowidth (character))
        width += g_unichar_iswide (character) ? 2 : 1;
    }
  return width;
}

void
collate_table_add (CollateTable *table, const char *const *cells)
{
  GStrv row = g_new0 (char *, table->n_columns + 1);

  for (guint i = 0; i < table->n_columns; i++)
    {
      row[i] = collate_format_line (cells[i], MOST_CHARACTERS);
      table->widths[i] = MAX (table->widths[i], get_width (row[i]));
    }
  g_ptr_array_add (table->rows, row);
}

static void
append_row (CollateTable *table, GString *text, GStrv row)
{
  for (guint i = 0; i < table->n_columns; i++)
    {
      int padding = table->widths[i] - get_width (row[i]);
      gboolean is_last = i + 1 == table->n_columns;

      if (table->alignment[i] == 'r')
        g_string_append_printf (text, "%*s%s", padding, "", row[i]);
      else
        g_string_append_printf (text, "%s%*s", row[i], is_last ? 0 : padding, "");
      g_string_append (text, is_last ? "\n" : "  ");
    }
}

char *
collate_table_to_string (CollateTable *table)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < table->rows->len; i++)
    append_row (table, text, g_ptr_array_index (table->rows, i));
  return g_string_free (text, FALSE);
}

void
collate_table_free (CollateTable *table)
{
  g_free (table->widths);
  g_ptr_array_unref (table->rows);
  g_free (table);
}
