/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "net/collate-sse.h"

/* Streams, and what they say: each event as NAME=DATA;, line feeds in it as |. */
typedef struct
{
  const char *name;
  const char *stream;
  const char *events;
  gboolean rest;
} SseCase;

static const SseCase sse_cases[] = {
  { "one", "data: a\n\n", "=a;", FALSE },
  { "no-space", "data:a\n\n", "=a;", FALSE },
  { "one-space-only", "data:  a \n\n", "= a ;", FALSE },
  { "named", "event: e\ndata: a\n\n", "e=a;", FALSE },
  { "name-after-data", "data: a\nevent: e\n\n", "e=a;", FALSE },
  { "last-name-wins", "event: e\nevent: f\ndata: a\n\n", "f=a;", FALSE },
  { "name-is-not-kept", "event: e\ndata: a\n\ndata: b\n\n", "e=a;=b;", FALSE },
  { "name-without-data", "event: e\n\ndata: b\n\n", "=b;", FALSE },
  { "lines", "data: a\ndata: b\ndata\ndata:\n\n", "=a|b||;", FALSE },
  { "empty-data", "data\n\ndata:\n\n", "=;=;", FALSE },
  { "cr", "data: a\rdata: b\r\rdata: c\r\r", "=a|b;=c;", FALSE },
  { "crlf", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", "=a|b;=c;", FALSE },
  { "mixed", "data: a\r\ndata: b\n\rdata: c\r\r\n", "=a|b;=c;", FALSE },
  { "comments", ": x\n\n:\n:data: no\ndata: a\n: y\n\n", "=a;", FALSE },
  { "other-fields", "id: 1\nretry: 5\nData: no\ndata2: no\nx\n\ndata: a\n\n", "=a;", FALSE },
  { "mark",
    "\xef\xbb\xbf"
    "data: a\n\n",
    "=a;",
    FALSE },
  { "mark-once",
    "\xef\xbb\xbf\xef\xbb\xbf"
    "data: a\n\ndata: b\n\n",
    "=b;",
    FALSE },
  { "mark-later",
    "\n\xef\xbb\xbf"
    "data: a\n\n",
    "",
    FALSE },
  { "mark-alone", "\xef\xbb\xbf", "", FALSE },
  { "colons", "data: a: b:\n\n", "=a: b:;", FALSE },
  { "letters", "data: Gr\xc3\xbc\xc3\x9f\xe2\x82\xac\n\n", "=Gr\xc3\xbc\xc3\x9f\xe2\x82\xac;", FALSE },
  { "nothing", "", "", FALSE },
  { "blank", "\n\r\r\n\n", "", FALSE },
  { "rest-of-a-line", "data: a\n\ndata: b", "=a;", TRUE },
  { "rest-without-a-blank-line", "data: a\n\ndata: b\n", "=a;", TRUE },
  { "rest-is-a-comment", "data: a\n\n: keep-alive", "=a;", FALSE },
  { "rest-is-a-name", "event: e\n", "", TRUE },
};

static gboolean
note (const char *event, const char *data, gsize length, gpointer user_data)
{
  GString *events = user_data;
  g_autofree char *text = g_strdelimit (g_strdup (data), "\n", '|');

  g_assert_cmpuint (strlen (data), ==, length);
  g_string_append_printf (events, "%s=%s;", event, text);

  return TRUE;
}

static void
push (CollateSse *sse, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_sse_push (sse, (const guint8 *) data, length, &error));
  g_assert_no_error (error);
}

/* Whole, cut in two at every place, and byte by byte. */
static void
test_case (gconstpointer data)
{
  const SseCase *test = data;
  gsize length = strlen (test->stream);

  for (gsize cut = 0; cut <= length + 1; cut++)
    {
      g_autoptr (GString) events = g_string_new (NULL);
      g_autoptr (CollateSse) sse = collate_sse_new (note, events, 1000);

      if (cut <= length)
        {
          push (sse, test->stream, cut);
          push (sse, test->stream + cut, length - cut);
        }
      for (gsize i = 0; cut > length && i < length; i++)
        push (sse, test->stream + i, 1);

      g_assert_cmpstr (events->str, ==, test->events);
      g_assert_cmpint (collate_sse_has_rest (sse), ==, test->rest);
    }
}

static gboolean
note_once (const char *event, const char *data, gsize length, gpointer user_data)
{
  (*(int *) user_data)++;

  return FALSE;
}

static void
test_end (void)
{
  int n = 0;
  g_autoptr (CollateSse) sse = collate_sse_new (note_once, &n, 1000);
  static const char text[] = "data: a\n\ndata: b\n\nda";

  push (sse, text, strlen (text));
  push (sse, text, strlen (text));
  g_assert_cmpint (n, ==, 1);
  g_assert_false (collate_sse_has_rest (sse));
}

/* The limit holds for one line, and for an event of many. */
static void
test_limit (void)
{
  static const char *const pieces[] = { "0123456789", "data: 1\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) events = g_string_new (NULL);
      g_autoptr (CollateSse) sse = collate_sse_new (note, events, 100);
      g_autoptr (GError) error = NULL;
      guint n = 0;

      while (collate_sse_push (sse, (const guint8 *) pieces[i], strlen (pieces[i]), &error))
        g_assert_cmpuint (n++, <, 100);
      g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_PROTOCOL);
      g_assert_cmpuint (n, >, 5);
      g_assert_cmpstr (events->str, ==, "");
    }
}

static void
test_nul (void)
{
  g_autoptr (GString) events = g_string_new (NULL);
  g_autoptr (CollateSse) sse = collate_sse_new (note_once, &(int){ 0 }, 100);
  static const char text[] = "da\0ta: a\n\n\0\n\n";

  push (sse, text, sizeof text - 1);
  g_assert_false (collate_sse_has_rest (sse));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (sse_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/net/sse/", sse_cases[i].name, NULL);

      g_test_add_data_func (path, &sse_cases[i], test_case);
    }
  g_test_add_func ("/net/sse/end", test_end);
  g_test_add_func ("/net/sse/limit", test_limit);
  g_test_add_func ("/net/sse/nul", test_nul);

  return g_test_run ();
}
