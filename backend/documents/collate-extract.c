/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helper program that reads one document, so that a crafted file can hurt a process that holds nothing:
 * the file comes on standard input, already open, its name (for its ending alone) is the one argument, and a
 * reply (collate-reply.h) leaves on standard output. The one file that knows poppler. */
#include "config.h"

#include <errno.h>
#include <poppler.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/collate-error.h"
#include "documents/collate-reply.h"
#include "documents/collate-text.h"

#define CPU_SECONDS 60
#define MEMORY_BYTES (G_GINT64_CONSTANT (2) << 30)
#define OPEN_FILES 32

static void
set_limit (int resource, rlim_t value)
{
  struct rlimit limit = { value, value };

  /* A limit that is lower already stays, and one that cannot be set leaves the others. */
  setrlimit (resource, &limit);
}

static void
confine (void)
{
  /* Fontconfig would like to write its cache: that shall fail, not kill. */
  signal (SIGXFSZ, SIG_IGN);

  set_limit (RLIMIT_CPU, CPU_SECONDS);
  set_limit (RLIMIT_CORE, 0);
  set_limit (RLIMIT_FSIZE, 0);
  set_limit (RLIMIT_NOFILE, OPEN_FILES);
  /* A sanitizer's shadow memory alone is terabytes of address space. */
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
  set_limit (RLIMIT_AS, MEMORY_BYTES);
#endif

  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GByteArray *
read_all (int fd, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 buffer[64 * 1024];

  while (TRUE)
    {
      ssize_t n = read (fd, buffer, sizeof buffer);

      if (n == 0)
        return g_steal_pointer (&bytes);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNREADABLE, g_strerror (errno));
          return NULL;
        }
      if (bytes->len + n > COLLATE_REPLY_MAX_TEXT)
        {
          g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "more than 64 MiB of text");
          return NULL;
        }
      g_byte_array_append (bytes, buffer, n);
    }
}

static gboolean
write_all (int fd, const GByteArray *bytes)
{
  for (gsize done = 0; done < bytes->len;)
    {
      ssize_t n = write (fd, bytes->data + done, bytes->len - done);

      if (n < 0 && errno != EINTR)
        return FALSE;
      done += MAX (n, 0);
    }

  return TRUE;
}

/* Formats that are written in letters but are not meant to be read as such. */
static gboolean
is_foreign (const char *text)
{
  return g_str_has_prefix (text, "{\\rtf") || g_str_has_prefix (text, "%!PS");
}

static GPtrArray *
read_text (int fd, GError **error)
{
  g_autoptr (GByteArray) bytes = read_all (fd, error);
  g_autofree char *text = NULL;
  GPtrArray *pages;

  if (bytes == NULL)
    return NULL;

  text = collate_text_decode (bytes->data, bytes->len, error);
  if (text == NULL)
    return NULL;

  if (is_foreign (text))
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "neither a PDF file nor text");
      return NULL;
    }

  pages = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (pages, collate_text_is_blank (text) ? g_strdup ("") : g_steal_pointer (&text));

  return pages;
}

/* The bytes from `offset`, or from that far before the end of the file. */
static gsize
peek (int fd, off_t offset, char *buffer, gsize size)
{
  ssize_t n;

  if (offset < 0)
    offset = MAX (lseek (fd, 0, SEEK_END) + offset, 0);
  n = pread (fd, buffer, size, offset);

  return MAX (n, 0);
}

static gboolean
is_pdf (int fd, const char *name)
{
  g_autofree char *folded = g_ascii_strdown (name, -1);
  char head[5];

  return g_str_has_suffix (folded, ".pdf") ||
         (peek (fd, 0, head, sizeof head) == sizeof head && memcmp (head, "%PDF-", sizeof head) == 0);
}

static gboolean
has_end_marker (int fd)
{
  char tail[1024];
  gsize length = peek (fd, -(off_t) sizeof tail, tail, sizeof tail);

  return memmem (tail, length, "%%EOF", strlen ("%%EOF")) != NULL;
}

/* In points: further than from an index to an exponent, nearer than from a table's row to the next but one. */
#define BLOCK_DISTANCE 12

/* What belongs between two neighbours in poppler's text: it sets the end of one block and the beginning of the
 * next without a space, and so makes "0.5510.00" of the prices in two cells of a table. Half a letter's height
 * is more than any gap inside a word, upright or turned. */
static const char *
separator (const PopplerRectangle *last, const PopplerRectangle *next)
{
  double height = MIN (last->y2 - last->y1, next->y2 - next->y1);

  if (next->y1 - last->y2 > BLOCK_DISTANCE || last->y1 - next->y2 > BLOCK_DISTANCE ||
      last->x1 - next->x2 > BLOCK_DISTANCE)
    return "\n";
  if (next->x1 - last->x2 > height / 2)
    return " ";
  return "";
}

static char *
separate_blocks (const char *text, const PopplerRectangle *boxes)
{
  GString *separated = g_string_sized_new (strlen (text));
  const PopplerRectangle *last = NULL;

  for (; *text != '\0'; text = g_utf8_next_char (text), boxes++)
    {
      gunichar c = g_utf8_get_char (text);
      gboolean is_space = g_unichar_isspace (c);

      if (last != NULL && !is_space)
        g_string_append (separated, separator (last, boxes));
      g_string_append_unichar (separated, c);
      last = is_space ? NULL : boxes;
    }

  return g_string_free (separated, FALSE);
}

static char *
read_page_text (PopplerPage *page)
{
  g_autofree char *text = poppler_page_get_text (page);
  g_autofree PopplerRectangle *boxes = NULL;
  guint n_boxes;

  if (text == NULL)
    return g_strdup ("");
  if (!g_utf8_validate (text, -1, NULL) || !poppler_page_get_text_layout (page, &boxes, &n_boxes) ||
      (glong) n_boxes != g_utf8_strlen (text, -1))
    return g_steal_pointer (&text);

  return separate_blocks (text, boxes);
}

static char *
read_page (PopplerDocument *document, int index)
{
  PopplerPage *page = poppler_document_get_page (document, index);
  g_autofree char *text = page != NULL ? read_page_text (page) : g_strdup ("");
  g_autofree char *clean = collate_text_clean (text);

  g_clear_object (&page);

  return collate_text_is_blank (clean) ? g_strdup ("") : g_steal_pointer (&clean);
}

static GPtrArray *
read_pages (PopplerDocument *document, gboolean is_whole, GError **error)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func (g_free);
  int n_pages = poppler_document_get_n_pages (document);
  gsize length = 0;

  if (n_pages <= 0)
    {
      g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "no pages");
      return NULL;
    }

  for (int i = 0; i < n_pages; i++)
    {
      char *page = read_page (document, i);

      g_ptr_array_add (pages, page);
      length += strlen (page);
      if (length > COLLATE_REPLY_MAX_TEXT || n_pages > COLLATE_REPLY_MAX_PAGES)
        {
          g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "%d pages, too much text", n_pages);
          return NULL;
        }

      /* Poppler opens what is left of a file that was cut off, and gives empty pages for the rest. */
      if (*page == '\0' && !is_whole)
        {
          g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_DAMAGED, "cut off: page %d is missing", i + 1);
          return NULL;
        }
    }

  return g_steal_pointer (&pages);
}

static GPtrArray *
read_pdf (int fd, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean is_whole = has_end_marker (fd);
  PopplerDocument *document;
  GPtrArray *pages;

  /* A copy, because poppler reads standard input itself as a stream. */
  document = poppler_document_new_from_fd (dup (fd), NULL, &local_error);
  if (document == NULL)
    {
      g_set_error_literal (error,
                           COLLATE_ERROR,
                           g_error_matches (local_error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED)
                               ? COLLATE_ERROR_PASSWORD
                               : COLLATE_ERROR_DAMAGED,
                           local_error->message);
      return NULL;
    }

  pages = read_pages (document, is_whole, error);
  g_object_unref (document);

  return pages;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) pages = NULL;
  g_autoptr (GByteArray) reply = NULL;
  g_autoptr (GError) error = NULL;

  if (argc != 2)
    return 2;

  confine ();

  if (is_pdf (STDIN_FILENO, argv[1]))
    pages = read_pdf (STDIN_FILENO, &error);
  else
    pages = read_text (STDIN_FILENO, &error);

  reply = pages != NULL ? collate_reply_new_pages (pages) : collate_reply_new_error (error);

  return write_all (STDOUT_FILENO, reply) ? 0 : 1;
}
