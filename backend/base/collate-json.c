/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-json.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"

/* The member's node where it has the type that is asked for; NULL otherwise. */
static JsonNode *
member_of_type (JsonObject *object, const char *member, JsonNodeType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && json_node_get_node_type (node) == type ? node : NULL;
}

/* The node where it is a number; NULL otherwise. */
static JsonNode *
number_node (JsonNode *node)
{
  GType type =
      node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? node : NULL;
}

static JsonNode *
number_member (JsonObject *object, const char *member)
{
  return object != NULL ? number_node (json_object_get_member (object, member)) : NULL;
}

JsonObject *
collate_json_object (JsonObject *object, const char *member)
{
  JsonNode *node = member_of_type (object, member, JSON_NODE_OBJECT);

  return node != NULL ? json_node_get_object (node) : NULL;
}

JsonArray *
collate_json_array (JsonObject *object, const char *member)
{
  JsonNode *node = member_of_type (object, member, JSON_NODE_ARRAY);

  return node != NULL ? json_node_get_array (node) : NULL;
}

const char *
collate_json_string (JsonObject *object, const char *member)
{
  JsonNode *node = member_of_type (object, member, JSON_NODE_VALUE);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node)
                                                                          : NULL;
}

static gint64
number_to_int (JsonNode *node, gint64 fallback)
{
  double value;

  if (node == NULL)
    return fallback;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return json_node_get_int (node);

  value = json_node_get_double (node);
  return isfinite (value) && fabs (value) < 9e18 ? (gint64) value : fallback;
}

gint64
collate_json_int (JsonObject *object, const char *member, gint64 fallback)
{
  return number_to_int (number_member (object, member), fallback);
}

double
collate_json_double (JsonObject *object, const char *member, double fallback)
{
  JsonNode *node = number_member (object, member);

  if (node == NULL)
    return fallback;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return (double) json_node_get_int (node);

  return json_node_get_double (node);
}

gboolean
collate_json_boolean (JsonObject *object, const char *member, gboolean fallback)
{
  JsonNode *node = member_of_type (object, member, JSON_NODE_VALUE);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN ? json_node_get_boolean (node)
                                                                           : fallback;
}

static JsonNode *
element (JsonArray *array, guint index)
{
  return array != NULL && index < json_array_get_length (array) ? json_array_get_element (array, index)
                                                                : NULL;
}

JsonObject *
collate_json_element_object (JsonArray *array, guint index)
{
  JsonNode *node = element (array, index);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
collate_json_element_string (JsonArray *array, guint index)
{
  JsonNode *node = element (array, index);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

gint64
collate_json_element_int (JsonArray *array, guint index, gint64 fallback)
{
  return number_to_int (number_node (element (array, index)), fallback);
}

/* Reading. json-glib's parser alone is not safe with what strangers write: it ends the program at half a surrogate
 * pair, cuts a string at an escaped NUL, takes comments, and descends by recursion as deep as it is asked. */

#define MAX_DEPTH 64

/* The value of the escape \uXXXX at `p`; -1 where it is none. */
static int
read_escape (const char *p, const char *end)
{
  int value = 0;

  if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
    return -1;

  for (int i = 2; i < 6; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return -1;
      value = value * 16 + digit;
    }

  return value;
}

/* Looks at the escape at `p`, replaces it where it stands for no character, and returns what follows it; NULL where it
 * is malformed. */
static char *
mend_escape (char *p, const char *end)
{
  int value, low;

  if (end - p < 2)
    return NULL;
  if (p[1] != 'u')
    return p[1] != '\0' && strchr ("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;

  value = read_escape (p, end);
  if (value < 0)
    return NULL;

  low = value >= 0xd800 && value < 0xdc00 ? read_escape (p + 6, end) : -1;
  if (low >= 0xdc00 && low < 0xe000)
    return p + 12;
  if (value == 0 || (value >= 0xd800 && value < 0xe000))
    memcpy (p, "\\ufffd", 6);

  return p + 6;
}

/* Mends the text in place; what is wrong with it, or NULL. */
static const char *
mend (char *text, gsize length)
{
  const char *end = text + length;
  gboolean in_string = FALSE;
  int depth = 0;

  for (char *p = text; p < end;)
    {
      if (in_string && *p == '\\')
        {
          p = mend_escape (p, end);
          if (p == NULL)
            return "malformed JSON: an escape";
          continue;
        }

      if (*p == '"')
        in_string = !in_string;
      else if (!in_string)
        {
          if (*p == '{' || *p == '[')
            depth++;
          else if (*p == '}' || *p == ']')
            depth--;
          else if (*p == '\0' || (!g_ascii_isalnum (*p) && strchr (" \t\r\n,:+-.", *p) == NULL))
            return "malformed JSON";
          if (depth > MAX_DEPTH)
            return "nested too deeply";
        }
      p++;
    }

  return in_string || depth != 0 ? "malformed JSON: it ends too early" : NULL;
}

/* The root of what is parsed; (nullable) (transfer full). */
static JsonNode *
parse (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) local = NULL;
  gsize n_bytes = length < 0 ? strlen (data) : (gsize) length;
  g_autofree char *text = NULL;
  const char *problem;

  if (!g_utf8_validate_len (data, n_bytes, NULL))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "not UTF-8 text");
      return NULL;
    }

  text = g_strndup (data, n_bytes);
  problem = mend (text, n_bytes);
  if (problem == NULL && !json_parser_load_from_data (parser, text, n_bytes, &local))
    problem = local->message;
  if (problem == NULL && json_parser_get_root (parser) == NULL)
    problem = "empty";
  if (problem != NULL)
    {
      /* It may quote a part of the text that ends within a character. */
      g_autofree char *words = g_utf8_make_valid (problem, -1);

      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, words);
      return NULL;
    }

  return json_parser_steal_root (parser);
}

JsonObject *
collate_json_parse_object (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonNode) root = parse (data, length, error);

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    return json_node_dup_object (root);
  if (root != NULL)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "not a JSON object");

  return NULL;
}

JsonArray *
collate_json_parse_array (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonNode) root = parse (data, length, error);

  if (root != NULL && JSON_NODE_HOLDS_ARRAY (root))
    return json_node_dup_array (root);
  if (root != NULL)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_INVALID, "not a JSON array");

  return NULL;
}

/* Writing. */

void
collate_json_add_string (JsonBuilder *builder, const char *member, const char *value)
{
  json_builder_set_member_name (builder, member);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
collate_json_add_strings (JsonBuilder *builder, const char *member, const char *const *values)
{
  json_builder_set_member_name (builder, member);
  json_builder_begin_array (builder);
  for (guint i = 0; values[i] != NULL; i++)
    json_builder_add_string_value (builder, values[i]);
  json_builder_end_array (builder);
}

void
collate_json_add_int (JsonBuilder *builder, const char *member, gint64 value)
{
  json_builder_set_member_name (builder, member);
  json_builder_add_int_value (builder, value);
}

void
collate_json_add_double (JsonBuilder *builder, const char *member, double value)
{
  json_builder_set_member_name (builder, member);
  json_builder_add_double_value (builder, value);
}

static void write_node (GString *out, JsonNode *node, gboolean pretty, guint depth);

static void
write_line (GString *out, gboolean pretty, guint depth)
{
  if (!pretty)
    return;

  g_string_append_c (out, '\n');
  for (guint i = 0; i < depth; i++)
    g_string_append (out, "  ");
}

static void
write_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      guchar c = *p;

      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", c);
      else if (c == '\n')
        g_string_append (out, "\\n");
      else if (c == '\t')
        g_string_append (out, "\\t");
      else if (c == '\r')
        g_string_append (out, "\\r");
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_c (out, c);
    }
  g_string_append_c (out, '"');
}

static void
write_double (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    {
      g_string_append (out, "null");
      return;
    }

  for (int digits = 15; digits <= 17; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        break;
    }

  g_string_append (out, buffer);
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (out, ".0");
}

static void
write_value (GString *out, JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      write_string (out, json_node_get_string (node));
      break;
    case G_TYPE_DOUBLE:
      write_double (out, json_node_get_double (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      break;
    default:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
      break;
    }
}

static void
write_object (GString *out, JsonObject *object, gboolean pretty, guint depth)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean first = TRUE;

  g_string_append_c (out, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;
      write_line (out, pretty, depth + 1);
      write_string (out, name);
      g_string_append (out, pretty ? ": " : ":");
      write_node (out, member, pretty, depth + 1);
    }
  if (!first)
    write_line (out, pretty, depth);
  g_string_append_c (out, '}');
}

static void
write_array (GString *out, JsonArray *array, gboolean pretty, guint depth)
{
  guint length = json_array_get_length (array);

  g_string_append_c (out, '[');
  for (guint i = 0; i < length; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      write_line (out, pretty, depth + 1);
      write_node (out, json_array_get_element (array, i), pretty, depth + 1);
    }
  if (length > 0)
    write_line (out, pretty, depth);
  g_string_append_c (out, ']');
}

static void
write_node (GString *out, JsonNode *node, gboolean pretty, guint depth)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      write_object (out, json_node_get_object (node), pretty, depth);
      break;
    case JSON_NODE_ARRAY:
      write_array (out, json_node_get_array (node), pretty, depth);
      break;
    case JSON_NODE_VALUE:
      write_value (out, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (out, "null");
      break;
    }
}

char *
collate_json_to_string (JsonNode *node, gboolean pretty)
{
  GString *out = g_string_new (NULL);

  write_node (out, node, pretty, 0);

  return g_string_free (out, FALSE);
}
