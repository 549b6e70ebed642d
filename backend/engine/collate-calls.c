/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-calls.h"

#include <string.h>

#include "engine/collate-python-json.h"
#include "engine/collate-template-private.h"

/* Bytes are held from what may become the block's beginning, or the empty line before it, until it is whole or wrong;
 * they are read on from where they were read to, so that a long block takes no more than its length. */

#define D DEEPSEEK_DSML
#define INVOKE_OPEN "<" D "invoke name=\""
#define BLOCK_OPEN "<" D "function_calls>\n" INVOKE_OPEN
#define BLOCK_CLOSE "</" D "function_calls>"
#define PARAMETER_OPEN "<" D "parameter name=\""
#define PARAMETER_CLOSE "</" D "parameter>\n"

typedef enum
{
  OUTSIDE,
  NAME, /* of a function */
  NAMED,
  PARAMETERS, /* one begins, or the call ends */
  KEY,        /* of a parameter */
  KIND,
  VALUE,
  CALLS, /* another one begins, or the block ends */
  WHOLE,
} Stage;

typedef enum
{
  YES,
  NOT_YET,
  NO,
} Found;

struct _CollateCalls
{
  GString *held;
  gsize at;       /* in what is held: what comes next */
  gsize searched; /* from there on, what cannot be the beginning of what is looked for */
  Stage stage;

  GArray *calls; /* of CollateCall */
  char *name;
  char *key;
  gboolean is_string;
  GHashTable *keys; /* of the call */
  GString *arguments;

  CollateCallsFunc on_bytes;
  gpointer user_data;
};

static void
clear_call (gpointer data)
{
  CollateCall *call = data;

  g_free ((char *) call->name);
  g_free ((char *) call->arguments);
}

CollateCalls *
collate_calls_new (CollateCallsFunc on_bytes, gpointer user_data)
{
  CollateCalls *self = g_new0 (CollateCalls, 1);

  self->held = g_string_new (NULL);
  self->calls = g_array_new (FALSE, FALSE, sizeof (CollateCall));
  g_array_set_clear_func (self->calls, clear_call);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->arguments = g_string_new (NULL);
  self->on_bytes = on_bytes;
  self->user_data = user_data;
  return self;
}

static void
let_through (CollateCalls *self, gsize length)
{
  if (length > 0)
    self->on_bytes (self->held->str, length, self->user_data);
  g_string_erase (self->held, 0, length);
}

static void
enter (CollateCalls *self, Stage stage)
{
  self->stage = stage;
  self->searched = 0;
}

/* What comes next is this text, which is taken. */
static Found
take (CollateCalls *self, const char *text)
{
  gsize length = strlen (text), n = MIN (length, self->held->len - self->at);

  if (memcmp (self->held->str + self->at, text, n) != 0)
    return NO;
  if (n < length)
    return NOT_YET;
  self->at += length;
  return YES;
}

/* Takes what comes before this text, and the text; (transfer full) `*before`. */
static Found
take_until (CollateCalls *self, const char *text, char **before)
{
  const char *start = self->held->str + self->at, *end = self->held->str + self->held->len;
  gsize length = strlen (text);
  const char *found = memmem (start + self->searched, end - start - self->searched, text, length);

  if (!found)
    {
      self->searched = MAX (self->searched, (gsize) MAX (0, end - start - (gssize) length + 1));
      return NOT_YET;
    }
  *before = g_strndup (start, found - start);
  self->at += found - start + length;
  return YES;
}

/* A name stands on its line, up to a quote. */
static Found
take_name (CollateCalls *self, char **name)
{
  Found found = take_until (self, "\"", name);

  return found == YES && (**name == '\0' || strchr (*name, '\n')) ? NO : found;
}

/* Each reads what its stage is about, and says which comes next. */

static Found
read_name (CollateCalls *self)
{
  g_autofree char *name = NULL;
  Found found = take_name (self, &name);

  if (found != YES)
    return found;
  g_free (self->name);
  self->name = g_steal_pointer (&name);
  g_hash_table_remove_all (self->keys);
  g_string_assign (self->arguments, "{");
  enter (self, NAMED);
  return YES;
}

static Found
read_named (CollateCalls *self)
{
  Found found = take (self, ">\n");

  if (found == YES)
    enter (self, PARAMETERS);
  return found;
}

static void
end_call (CollateCalls *self)
{
  CollateCall call = { g_steal_pointer (&self->name) };

  g_string_append_c (self->arguments, '}');
  call.arguments = g_strdup (self->arguments->str);
  g_array_append_val (self->calls, call);
  enter (self, CALLS);
}

/* A call without parameters may have an empty line instead. */
static Found
read_parameters (CollateCalls *self)
{
  Found parameter = take (self, PARAMETER_OPEN);
  Found close = NO;

  if (parameter == YES)
    enter (self, KEY);
  if (parameter == NO)
    close =
        take (self,
              g_hash_table_size (self->keys) == 0 && self->held->str[self->at] == '\n' ? "\n</" D "invoke>\n"
                                                                                       : "</" D "invoke>\n");
  if (close == YES)
    end_call (self);
  return parameter == NO ? close : parameter;
}

static Found
read_key (CollateCalls *self)
{
  g_autofree char *key = NULL;
  Found found = take_name (self, &key);

  if (found != YES)
    return found;
  if (g_hash_table_contains (self->keys, key))
    return NO;
  g_free (self->key);
  self->key = g_strdup (key);
  g_hash_table_add (self->keys, g_steal_pointer (&key));
  enter (self, KIND);
  return YES;
}

static Found
read_kind (CollateCalls *self)
{
  Found text = take (self, " string=\"true\">");
  Found json = text == NO ? take (self, " string=\"false\">") : NO;

  self->is_string = text == YES;
  if (text == YES || json == YES)
    enter (self, VALUE);
  return text == NO ? json : text;
}

static Found
read_value (CollateCalls *self)
{
  g_autofree char *value = NULL;
  g_autofree char *json = NULL;
  Found found = take_until (self, PARAMETER_CLOSE, &value);

  if (found != YES)
    return found;
  if (!self->is_string && !(json = collate_python_json_write (value)))
    return NO;
  if (g_hash_table_size (self->keys) > 1)
    g_string_append (self->arguments, ", ");
  collate_python_json_append_string (self->arguments, self->key);
  g_string_append (self->arguments, ": ");
  if (self->is_string)
    collate_python_json_append_string (self->arguments, value);
  else
    g_string_append (self->arguments, json);
  enter (self, PARAMETERS);
  return YES;
}

static Found
read_calls (CollateCalls *self)
{
  Found next = take (self, INVOKE_OPEN);
  Found close = next == NO ? take (self, BLOCK_CLOSE) : NO;

  if (next == YES)
    enter (self, NAME);
  /* Half a character or a NUL in any of it is found here. */
  if (close == YES && !g_utf8_validate_len (self->held->str, self->at, NULL))
    return NO;
  if (close == YES)
    enter (self, WHOLE);
  return next == NO ? close : next;
}

/* The length of the longest end of what is held that the block may begin with. */
static gsize
count_begun (const GString *held)
{
  for (gsize n = MIN (held->len, strlen (BLOCK_OPEN) - 1); n > 0; n--)
    if (memcmp (held->str + held->len - n, BLOCK_OPEN, n) == 0)
      return n;
  return 0;
}

/* The length of what is held up to `length` without the empty line at its end, which is no part of the answer. */
static gsize
skip_line_back (const GString *held, gsize length)
{
  for (guint i = 0; i < 2 && length > 0 && held->str[length - 1] == '\n'; i++)
    length--;
  return length;
}

static Found
look_for_block (CollateCalls *self)
{
  GString *held = self->held;
  const char *open = memmem (held->str, held->len, BLOCK_OPEN, strlen (BLOCK_OPEN));
  gsize before = open ? (gsize) (open - held->str) : held->len - count_begun (held);
  gsize text = skip_line_back (held, before);

  let_through (self, text);
  if (!open)
    return NOT_YET;
  self->at = before - text + strlen (BLOCK_OPEN);
  enter (self, NAME);
  return YES;
}

/* It was no block: its first bytes pass, and the rest is looked at again. */
static void
give_up (CollateCalls *self)
{
  const char *open = strchr (self->held->str, '<');

  g_array_set_size (self->calls, 0);
  enter (self, OUTSIDE);
  let_through (self, open + 1 - self->held->str);
}

gboolean
collate_calls_add (CollateCalls *self, const char *bytes, gsize length)
{
  static Found (*const stages[]) (CollateCalls *) = {
    [OUTSIDE] = look_for_block, [NAME] = read_name, [NAMED] = read_named, [PARAMETERS] = read_parameters,
    [KEY] = read_key,           [KIND] = read_kind, [VALUE] = read_value, [CALLS] = read_calls,
  };
  Found found = YES;

  if (self->stage == WHOLE)
    return FALSE;
  g_string_append_len (self->held, bytes, length);
  while (self->stage != WHOLE && found != NOT_YET)
    {
      found = stages[self->stage](self);
      if (found == NO)
        give_up (self);
    }
  return self->stage != WHOLE;
}

void
collate_calls_end (CollateCalls *self)
{
  if (self->stage == WHOLE)
    return;
  g_array_set_size (self->calls, 0);
  enter (self, OUTSIDE);
  let_through (self, self->held->len);
}

gboolean
collate_calls_is_inside (CollateCalls *self)
{
  return self->stage != OUTSIDE;
}

const CollateCall *
collate_calls_get (CollateCalls *self, gsize *n_calls)
{
  *n_calls = self->stage == WHOLE ? self->calls->len : 0;
  return (const CollateCall *) (gpointer) self->calls->data;
}

void
collate_calls_free (CollateCalls *self)
{
  g_string_free (self->held, TRUE);
  g_array_unref (self->calls);
  g_free (self->name);
  g_free (self->key);
  g_hash_table_unref (self->keys);
  g_string_free (self->arguments, TRUE);
  g_free (self);
}
