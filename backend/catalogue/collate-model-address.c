/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "catalogue/collate-model-address.h"

#include <string.h>

#include "base/collate-format.h"
#include "net/collate-http.h"

#define SUFFIX ".gguf"
#define MAX_NAME 80 /* characters */
#define N_DIGITS 64

static gboolean
is_hugging_face (GUri *uri)
{
  static const char *const hosts[] = { "huggingface.co", "www.huggingface.co", "hf.co", NULL };
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (uri), -1);

  return g_strv_contains (hosts, host);
}

/* "/owner/name/blob/main/file" is a page about the file, and "/raw/" what stands for it in the repository. */
static char *
find_file (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  if (g_strv_length (parts) < 6 || (strcmp (parts[3], "blob") != 0 && strcmp (parts[3], "raw") != 0))
    return g_strdup (path);
  g_free (parts[3]);
  parts[3] = g_strdup ("resolve");

  return g_strjoinv ("/", parts);
}

char *
collate_model_address_resolve (const char *text)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GUri) uri = NULL;
  g_autofree char *path = NULL;

  if (!collate_http_is_guarded (stripped))
    return NULL;
  uri = g_uri_parse (stripped, G_URI_FLAGS_ENCODED, NULL);
  if (uri == NULL)
    return NULL;

  path = is_hugging_face (uri) ? find_file (g_uri_get_path (uri)) : g_strdup (g_uri_get_path (uri));

  return g_uri_join (G_URI_FLAGS_ENCODED,
                     g_uri_get_scheme (uri),
                     NULL,
                     g_uri_get_host (uri),
                     g_uri_get_port (uri),
                     path,
                     g_uri_get_query (uri),
                     NULL);
}

/* The last part of the path, as people read it. */
static char *
dup_last_part (const char *address)
{
  g_autoptr (GUri) uri = g_uri_parse (address, G_URI_FLAGS_ENCODED, NULL);
  const char *path = uri != NULL ? g_uri_get_path (uri) : "";
  const char *slash = strrchr (path, '/');
  const char *part = slash != NULL ? slash + 1 : path;
  char *plain = g_uri_unescape_string (part, NULL);

  return plain != NULL ? plain : g_strdup (part);
}

char *
collate_model_address_dup_name (const char *address)
{
  g_autofree char *part = dup_last_part (address);
  gsize length = strlen (part);
  g_autofree char *valid = NULL;
  g_autofree char *line = NULL;
  char *name;

  if (length >= strlen (SUFFIX) && g_ascii_strcasecmp (part + length - strlen (SUFFIX), SUFFIX) == 0)
    part[length - strlen (SUFFIX)] = '\0';
  valid = g_utf8_make_valid (part, -1);
  line = collate_format_line (valid, MAX_NAME);
  g_strdelimit (line, "/\\:", '-');
  name = g_strstrip (line);
  while (*name == '.' || *name == ' ')
    name++;

  return g_strdup (*name != '\0' ? name : "model");
}

gboolean
collate_model_address_parse_digest (const char *text, char **digest)
{
  g_autofree char *lower = g_strstrip (g_ascii_strdown (text, -1));
  const char *digits = g_str_has_prefix (lower, "sha256:") ? lower + strlen ("sha256:") : lower;

  *digest = NULL;
  if (*digits == '\0')
    return TRUE;
  if (strlen (digits) != N_DIGITS || strspn (digits, "0123456789abcdef") != N_DIGITS)
    return FALSE;
  *digest = g_strdup (digits);

  return TRUE;
}
