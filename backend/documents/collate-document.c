/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "documents/collate-document.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/collate-error.h"
#include "documents/collate-document-private.h"

struct _CollateDocument
{
  GObject parent_instance;

  GFile *file;    /* NULL for a text without one, */
  guint64 number; /* which has a number instead */
  char *name;

  CollateDocumentState state;
  guint n_pages;
  char *text; /* GRefString, NULL unless ready */
  gint64 tokens;
  GStrv warnings;
  GError *error;
};

G_DEFINE_FINAL_TYPE (CollateDocument, collate_document, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (CollateDocumentState,
                    collate_document_state,
                    G_DEFINE_ENUM_VALUE (COLLATE_DOCUMENT_READING, "reading"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOCUMENT_READY, "ready"),
                    G_DEFINE_ENUM_VALUE (COLLATE_DOCUMENT_FAILED, "failed"))

enum
{
  PROP_0,
  PROP_NAME,
  PROP_STATE,
  PROP_N_PAGES,
  PROP_TOKENS,
  PROP_WARNING,
  PROP_ERROR,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* "3", "3 and 5", "3–7, 9 and 12": runs of three pages and more are drawn together, so that a long scan
 * stays one short sentence. */
static char *
format_numbers (GArray *numbers)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < numbers->len;)
    {
      guint first = g_array_index (numbers, guint, i), n = 1;

      while (i + n < numbers->len && g_array_index (numbers, guint, i + n) == first + n)
        n++;
      if (n < 3)
        n = 1;

      g_ptr_array_add (
          words, n == 1 ? g_strdup_printf ("%u", first) : g_strdup_printf ("%u–%u", first, first + n - 1));
      i += n;
    }

  for (guint i = 0; i < words->len; i++)
    {
      if (i > 0 && i + 1 == words->len)
        /* Translators: before the last of several page numbers, "3, 5 and 7" */
        g_string_append (list, _ (" and "));
      else if (i > 0)
        /* Translators: between page numbers, "3, 5 and 7" */
        g_string_append (list, _ (", "));
      g_string_append (list, g_ptr_array_index (words, i));
    }

  return g_string_free (g_steal_pointer (&list), FALSE);
}

/* The warnings about the pages without text; (transfer full). */
static GStrv
warn_of (GArray *empty_pages)
{
  g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();

  if (empty_pages->len > 0)
    {
      g_autofree char *numbers = format_numbers (empty_pages);
      g_autofree char *warning = NULL;

      /* Translators: %s is a page's number, or several: "3, 5 and 7" */
      warning = g_strdup_printf (
          ngettext ("page %s has no text: scanned?", "pages %s have no text: scanned?", empty_pages->len),
          numbers);
      g_strv_builder_add (warnings, warning);
    }

  return g_strv_builder_end (warnings);
}

static char *
dup_warning (CollateDocument *self)
{
  return self->warnings[0] != NULL ? g_strjoinv ("\n", self->warnings) : NULL;
}

/* Takes everything that changes together, and says so; `text`, `warnings` and `error` are given away. */
static void
set_contents (CollateDocument *self,
              CollateDocumentState state,
              guint n_pages,
              char *text,
              GStrv warnings,
              GError *error)
{
  GObject *object = G_OBJECT (self);

  g_clear_pointer (&self->text, g_ref_string_release);
  g_strfreev (self->warnings);
  g_clear_error (&self->error);

  self->state = state;
  self->n_pages = n_pages;
  self->text = text;
  self->tokens = -1;
  self->warnings = warnings;
  self->error = error;

  g_object_freeze_notify (object);
  for (guint i = PROP_STATE; i < N_PROPS; i++)
    g_object_notify_by_pspec (object, properties[i]);
  g_object_thaw_notify (object);
}

static void
collate_document_finalize (GObject *object)
{
  CollateDocument *self = COLLATE_DOCUMENT (object);

  g_clear_object (&self->file);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->text, g_ref_string_release);
  g_clear_pointer (&self->warnings, g_strfreev);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (collate_document_parent_class)->finalize (object);
}

static void
collate_document_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateDocument *self = COLLATE_DOCUMENT (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_N_PAGES:
      g_value_set_uint (value, self->n_pages);
      break;
    case PROP_TOKENS:
      g_value_set_int64 (value, self->tokens);
      break;
    case PROP_WARNING:
      g_value_take_string (value, dup_warning (self));
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_document_class_init (CollateDocumentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = collate_document_finalize;
  object_class->get_property = collate_document_get_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, COLLATE_TYPE_DOCUMENT_STATE, COLLATE_DOCUMENT_READING, flags);
  properties[PROP_N_PAGES] = g_param_spec_uint ("n-pages", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_TOKENS] = g_param_spec_int64 ("tokens", NULL, NULL, -1, G_MAXINT64, -1, flags);
  properties[PROP_WARNING] = g_param_spec_string ("warning", NULL, NULL, NULL, flags);
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_document_init (CollateDocument *self)
{
  self->tokens = -1;
  self->warnings = g_new0 (char *, 1);
}

CollateDocument *
collate_document_new (GFile *file)
{
  CollateDocument *self = g_object_new (COLLATE_TYPE_DOCUMENT, NULL);
  g_autofree char *basename = g_file_get_basename (file);

  self->file = g_object_ref (file);
  self->name = basename != NULL ? g_filename_display_name (basename) : g_file_get_parse_name (file);

  return self;
}

CollateDocument *
collate_document_new_for_text (const char *name, guint n_pages, char *text, const char *const *warnings)
{
  static guint64 n_made = 0;
  CollateDocument *self;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (text != NULL && *text != '\0', NULL);
  g_return_val_if_fail (warnings != NULL, NULL);

  self = g_object_new (COLLATE_TYPE_DOCUMENT, NULL);
  self->number = ++n_made;
  self->name = g_strdup (name);
  set_contents (self, COLLATE_DOCUMENT_READY, n_pages, text, g_strdupv ((char **) warnings), NULL);

  return self;
}

void
collate_document_set_reading (CollateDocument *self)
{
  set_contents (self, COLLATE_DOCUMENT_READING, 0, NULL, g_new0 (char *, 1), NULL);
}

void
collate_document_set_pages (CollateDocument *self, GPtrArray *pages)
{
  g_autoptr (GArray) empty_pages = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < pages->len; i++)
    {
      const char *page = g_ptr_array_index (pages, i);
      guint number = i + 1;

      if (i > 0)
        g_string_append (text, "\n\n");
      g_string_append (text, page);
      if (*page == '\0')
        g_array_append_val (empty_pages, number);
    }

  if (empty_pages->len == pages->len)
    set_contents (self,
                  COLLATE_DOCUMENT_FAILED,
                  pages->len,
                  NULL,
                  g_new0 (char *, 1),
                  g_error_new_literal (COLLATE_ERROR, COLLATE_ERROR_NO_TEXT, "no text on any page"));
  else
    set_contents (self,
                  COLLATE_DOCUMENT_READY,
                  pages->len,
                  g_ref_string_new_len (text->str, text->len),
                  warn_of (empty_pages),
                  NULL);
}

void
collate_document_set_failed (CollateDocument *self, const GError *error)
{
  set_contents (self, COLLATE_DOCUMENT_FAILED, 0, NULL, g_new0 (char *, 1), g_error_copy (error));
}

void
collate_document_set_tokens (CollateDocument *self, gint64 tokens)
{
  if (self->tokens == tokens)
    return;

  self->tokens = tokens;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TOKENS]);
}

char *
collate_document_ref_text (CollateDocument *self)
{
  return g_ref_string_acquire (self->text);
}

int
collate_document_compare (CollateDocument *a, CollateDocument *b)
{
  int order = strcmp (a->name, b->name);
  g_autofree char *uri_a = NULL, *uri_b = NULL;

  if (order != 0)
    return order;
  if (a->file == NULL || b->file == NULL)
    return a->number < b->number ? -1 : a->number > b->number;
  if (g_file_peek_path (a->file) != NULL && g_file_peek_path (b->file) != NULL)
    return strcmp (g_file_peek_path (a->file), g_file_peek_path (b->file));

  uri_a = g_file_get_uri (a->file);
  uri_b = g_file_get_uri (b->file);
  return strcmp (uri_a, uri_b);
}

const char *
collate_document_get_name (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return self->name;
}

GFile *
collate_document_get_file (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return self->file;
}

char *
collate_document_dup_id (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return self->file != NULL ? g_file_get_uri (self->file)
                            : g_strdup_printf ("text:%" G_GUINT64_FORMAT, self->number);
}

CollateDocumentState
collate_document_get_state (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), COLLATE_DOCUMENT_FAILED);

  return self->state;
}

guint
collate_document_get_n_pages (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), 0);

  return self->n_pages;
}

const char *
collate_document_get_text (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return self->text;
}

gint64
collate_document_get_tokens (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), -1);

  return self->tokens;
}

const char *const *
collate_document_get_warnings (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return (const char *const *) self->warnings;
}

const GError *
collate_document_get_error (CollateDocument *self)
{
  g_return_val_if_fail (COLLATE_IS_DOCUMENT (self), NULL);

  return self->error;
}
