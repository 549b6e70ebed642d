/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-entity.h"

#include <string.h>

void
collate_entity_append_escaped (GString *out, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar c = text[i];

      if (c == '&')
        g_string_append (out, "&amp;");
      else if (c == '<')
        g_string_append (out, "&lt;");
      else if (c == '>')
        g_string_append (out, "&gt;");
      else if (c == '"')
        g_string_append (out, "&quot;");
      else if (c == '\'')
        g_string_append (out, "&#39;");
      else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
        g_string_append (out, "\xef\xbf\xbd");
      else
        g_string_append_c (out, c);
    }
}

gunichar
collate_entity_decode (const char *text, gsize length)
{
  static const struct
  {
    const char *name;
    gunichar character;
  } names[] = {
    { "amp", '&' },      { "lt", '<' },       { "gt", '>' },       { "quot", '"' },      { "apos", '\'' },
    { "nbsp", 0xa0 },    { "copy", 0xa9 },    { "reg", 0xae },     { "deg", 0xb0 },      { "plusmn", 0xb1 },
    { "sup2", 0xb2 },    { "sup3", 0xb3 },    { "micro", 0xb5 },   { "middot", 0xb7 },   { "frac12", 0xbd },
    { "times", 0xd7 },   { "divide", 0xf7 },  { "ndash", 0x2013 }, { "mdash", 0x2014 },  { "lsquo", 0x2018 },
    { "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bull", 0x2022 },   { "hellip", 0x2026 },
    { "euro", 0x20ac },  { "trade", 0x2122 }, { "larr", 0x2190 },  { "rarr", 0x2192 },   { "infin", 0x221e },
    { "asymp", 0x2248 }, { "ne", 0x2260 },    { "le", 0x2264 },    { "ge", 0x2265 },     { "alpha", 0x3b1 },
    { "beta", 0x3b2 },   { "gamma", 0x3b3 },  { "delta", 0x3b4 },  { "epsilon", 0x3b5 }, { "lambda", 0x3bb },
    { "mu", 0x3bc },     { "pi", 0x3c0 },     { "sigma", 0x3c3 },  { "omega", 0x3c9 },   { "sum", 0x2211 },
  };
  g_autofree char *name = NULL;

  if (length < 3)
    return 0;

  name = g_strndup (text + 1, length - 2);
  if (name[0] == '#')
    {
      gboolean hex = name[1] == 'x' || name[1] == 'X';
      guint64 value = g_ascii_strtoull (name + (hex ? 2 : 1), NULL, hex ? 16 : 10);

      return value >= 0x20 && value <= 0x10ffff && g_unichar_validate ((gunichar) value) ? (gunichar) value
                                                                                         : 0xfffd;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i].name) == 0)
      return names[i].character;

  return 0;
}
