/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-template.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-template-private.h"

/* A chat template is a program (in Jinja); the few families of models that are run here have each written theirs in a
 * handful of ways. It is recognised by words that only its family uses, and never run: the conversation is written out
 * here. What differs within a family (thinking, the first token, a preamble) is read from the template's text. */

/* A hundred times the longest that is known: what is longer is none, and to look at it takes memory and time. */
#define MAX_TEMPLATE (4u << 20)

#define QUOTES "'\""

/* What Llama 3.1 and later put before every system message; the date is the one that the template falls back to. */
#define LLAMA3_CUTTING "Cutting Knowledge Date: December 2023"
#define LLAMA3_DATE "Today Date: "
#define LLAMA3_PREAMBLE LLAMA3_CUTTING "\n" LLAMA3_DATE "26 Jul 2024\n\n"

#define CHATML_START "<|im_start|>"
#define CHATML_END "<|im_end|>"
#define CHATML_SYSTEM CHATML_START "system\n"

struct _CollateTemplate
{
  CollateChatFormat format;
  gboolean begins_with_bos;
  gboolean has_preamble; /* Llama 3.1 */
  gboolean names_roles;  /* DeepSeek 2: roles in plain words */
  gboolean has_calls;    /* DeepSeek 3.2, of all that is known here */
  gboolean thinks;
  char *think;    /* what the prompt ends with so that the model thinks, … */
  char *no_think; /* … and so that it does not; (nullable): nothing */
  char *system;   /* what a conversation without a system's turn begins with in ChatML; (nullable): nothing */
  const char *thought; /* what DeepSeek 3.1 puts before earlier answers; (nullable): nothing */
};

/* A string of the template from `at` to its closing quote, with its line ends no longer escaped. */
static char *
read_literal (const char *at)
{
  g_autofree char *literal = g_strndup (at, strcspn (at, QUOTES));
  g_auto (GStrv) lines = g_strsplit (literal, "\\n", -1);

  return g_strjoinv ("\n", lines);
}

/* Reads off the end of the template, which writes the beginning of the answer, how that opens or closes thinking: by
 * an opening tag that stays open, by an empty block, or by a closing tag alone. Where it cannot be switched, an empty
 * block closes it. */
static void
read_thinking (CollateTemplate *self, const char *text)
{
  const char *tail = g_strrstr (text, "add_generation_prompt");
  const char *at;

  self->thinks = strstr (text, CLOSE_TAG) != NULL || (tail && strstr (tail, OPEN_TAG));
  if (!tail)
    return;

  for (at = strstr (tail, OPEN_TAG); at; at = strstr (at + strcspn (at, QUOTES), OPEN_TAG))
    {
      g_autofree char *literal = read_literal (at);
      char **place = strstr (literal, CLOSE_TAG) ? &self->no_think : &self->think;

      if (!*place)
        *place = g_steal_pointer (&literal);
    }
  if (!self->no_think && (at = strstr (tail, CLOSE_TAG)))
    self->no_think = read_literal (at);
  else if (!self->no_think && self->think && !strstr (tail, "thinking"))
    self->no_think = g_strdup (OPEN_TAG "\n\n" CLOSE_TAG "\n\n");
}

/* The whole turn of a system that stands in the template. */
static char *
read_system (const char *text)
{
  for (const char *at = strstr (text, CHATML_START "system"); at;
       at = strstr (at + strcspn (at, QUOTES), CHATML_START "system"))
    {
      g_autofree char *literal = read_literal (at);
      char *end = strstr (literal, CHATML_END);

      if (end && g_str_has_prefix (literal, CHATML_SYSTEM))
        return g_strndup (literal + strlen (CHATML_SYSTEM), end - literal - strlen (CHATML_SYSTEM));
    }
  return NULL;
}

/* Tags that are all that the template writes before an earlier answer; what begins the next one comes after those. */
static const char *
find_thought (const char *text)
{
  const char *tail = g_strrstr (text, "add_generation_prompt");
  gssize length = tail ? tail - text : -1;

  if (g_strstr_len (text, length, "{{'" CLOSE_TAG "'}}"))
    return CLOSE_TAG;
  return g_strstr_len (text, length, "{{'" OPEN_TAG CLOSE_TAG "'}}") ? OPEN_TAG CLOSE_TAG : NULL;
}

/* Formats of their own that use the tokens of a known one. */
static gboolean
is_stranger (const char *text)
{
  return strstr (text, "<|im_sep|>") ||                                         /* Phi 4 */
         strstr (text, "<end_of_utterance>") ||                                 /* SmolVLM */
         (strstr (text, DEEPSEEK_DSML) && !strstr (text, "function_calls>")) || /* DeepSeek 4 */
         strstr (text, ">>>${recipient}") ||                                    /* Functionary 3.2, … */
         (strstr (text, LLAMA3_CUTTING) && !strstr (text, LLAMA3_DATE));        /* … and 3.1 */
}

static CollateChatFormat
recognise (const char *text, gboolean can_switch)
{
  if (is_stranger (text))
    return COLLATE_CHAT_UNKNOWN;
  if (strstr (text, CHATML_START))
    return can_switch ? COLLATE_CHAT_QWEN3 : COLLATE_CHAT_CHATML;
  if (strstr (text, "<|start_header_id|>") && strstr (text, "<|end_header_id|>"))
    return COLLATE_CHAT_LLAMA3;
  if (strstr (text, "[INST]") && strstr (text, "<<SYS>>"))
    return COLLATE_CHAT_LLAMA2;
  if (strstr (text, DEEPSEEK_USER) && strstr (text, DEEPSEEK_ASSISTANT) && strstr (text, "system_prompt"))
    return COLLATE_CHAT_DEEPSEEK;
  if (strstr (text, "'User: ' + message['content']") && strstr (text, "'Assistant: ' + message['content']"))
    return COLLATE_CHAT_DEEPSEEK;
  return COLLATE_CHAT_UNKNOWN;
}

/* DeepSeek publishes a program instead of a template for 3.2; what others made of it opens thinking only to close it. */
static void
set_thinking (CollateTemplate *self)
{
  g_free (self->think);
  g_free (self->no_think);
  self->thinks = TRUE;
  self->think = g_strdup (OPEN_TAG);
  self->no_think = g_strdup (CLOSE_TAG);
}

CollateTemplate *
collate_template_new (const char *chat_template)
{
  CollateTemplate *self = g_new0 (CollateTemplate, 1);

  self->format = COLLATE_CHAT_NONE;
  if (!chat_template)
    return self;
  self->format = COLLATE_CHAT_UNKNOWN;
  if (strlen (chat_template) > MAX_TEMPLATE)
    return self;

  read_thinking (self, chat_template);
  self->format = recognise (chat_template, self->think || self->no_think);
  self->begins_with_bos = strstr (chat_template, "bos_token") != NULL;
  self->has_preamble = strstr (chat_template, LLAMA3_CUTTING) != NULL;
  self->names_roles = strstr (chat_template, DEEPSEEK_USER) == NULL;
  self->system = read_system (chat_template);
  self->thought = find_thought (chat_template);
  self->has_calls = self->format == COLLATE_CHAT_DEEPSEEK && strstr (chat_template, DEEPSEEK_DSML);
  if (self->has_calls)
    set_thinking (self);
  return self;
}

CollateTemplate *
collate_template_new_deepseek32 (void)
{
  CollateTemplate *self = g_new0 (CollateTemplate, 1);

  self->format = COLLATE_CHAT_DEEPSEEK;
  self->begins_with_bos = TRUE;
  self->has_calls = TRUE;
  set_thinking (self);
  return self;
}

void
collate_template_free (CollateTemplate *self)
{
  g_free (self->think);
  g_free (self->no_think);
  g_free (self->system);
  g_free (self);
}

CollateChatFormat
collate_template_get_format (CollateTemplate *self)
{
  return self->format;
}

static void
flush (CollateTemplateWriter *writer)
{
  if (writer->text->len > 0)
    {
      g_autoptr (GArray) ids =
          collate_vocabulary_encode (writer->vocabulary, writer->text->str, writer->text->len);

      g_array_append_vals (writer->tokens, ids->data, ids->len);
    }
  g_string_truncate (writer->text, 0);
}

void
collate_template_write_text (CollateTemplateWriter *writer, const char *text)
{
  g_string_append (writer->text, text);
}

/* Without the white space around it, as the templates of the Llama models write it. */
static void
write_trimmed (CollateTemplateWriter *writer, const char *text)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));

  collate_template_write_text (writer, trimmed);
}

/* A vocabulary without that token was trained with its spelling. */
void
collate_template_write_control (CollateTemplateWriter *writer, const char *spelling)
{
  gint32 token = collate_vocabulary_find_control (writer->vocabulary, spelling);

  if (token < 0)
    {
      collate_template_write_text (writer, spelling);
      return;
    }
  flush (writer);
  g_array_append_val (writer->tokens, token);
}

void
collate_template_write_tags (CollateTemplateWriter *writer, const char *text)
{
  g_auto (GStrv) parts = g_regex_split_simple ("(</?think>|" DEEPSEEK_DSML ")", text ? text : "", 0, 0);

  for (guint i = 0; parts[i]; i++)
    if (strcmp (parts[i], OPEN_TAG) == 0 || strcmp (parts[i], CLOSE_TAG) == 0 ||
        strcmp (parts[i], DEEPSEEK_DSML) == 0)
      collate_template_write_control (writer, parts[i]);
    else
      collate_template_write_text (writer, parts[i]);
}

/* Each format writes the turns in order, and then what comes before the answer. Only the first turn may be the system's,
 * as everywhere in the templates. */

static const char *const role_names[] = {
  [COLLATE_ROLE_SYSTEM] = "system",
  [COLLATE_ROLE_USER] = "user",
  [COLLATE_ROLE_ASSISTANT] = "assistant",
};

static void
write_chatml_turn (CollateTemplateWriter *writer, const CollateTurn *turn)
{
  collate_template_write_control (writer, CHATML_START);
  collate_template_write_text (writer, role_names[turn->role]);
  collate_template_write_text (writer, "\n");
  collate_template_write_text (writer, turn->content);
  collate_template_write_control (writer, CHATML_END);
  collate_template_write_text (writer, "\n");
}

static void
write_chatml (CollateTemplate *self, CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  if (self->system && turns[0].role != COLLATE_ROLE_SYSTEM)
    write_chatml_turn (writer, &(CollateTurn){ COLLATE_ROLE_SYSTEM, self->system });
  for (gsize i = 0; i < n_turns; i++)
    write_chatml_turn (writer, &turns[i]);
  collate_template_write_control (writer, CHATML_START);
  collate_template_write_text (writer, "assistant\n");
}

static void
write_llama3_header (CollateTemplateWriter *writer, CollateRole role)
{
  collate_template_write_control (writer, "<|start_header_id|>");
  collate_template_write_text (writer, role_names[role]);
  collate_template_write_control (writer, "<|end_header_id|>");
  collate_template_write_text (writer, "\n\n");
}

static void
write_llama3_turn (CollateTemplate *self, CollateTemplateWriter *writer, const CollateTurn *turn)
{
  write_llama3_header (writer, turn->role);
  if (turn->role == COLLATE_ROLE_SYSTEM && self->has_preamble)
    collate_template_write_text (writer, LLAMA3_PREAMBLE);
  write_trimmed (writer, turn->content);
  collate_template_write_control (writer, "<|eot_id|>");
}

static void
write_llama3 (CollateTemplate *self, CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  const CollateTurn silent = { COLLATE_ROLE_SYSTEM, "" };

  if (self->has_preamble && turns[0].role != COLLATE_ROLE_SYSTEM)
    write_llama3_turn (self, writer, &silent);
  for (gsize i = 0; i < n_turns; i++)
    write_llama3_turn (self, writer, &turns[i]);
  write_llama3_header (writer, COLLATE_ROLE_ASSISTANT);
}

/* What the system says stands within what the user says first. */
static void
write_llama2 (CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  g_autofree char *first = NULL;
  gsize n = 0;

  if (n_turns > 1 && turns[0].role == COLLATE_ROLE_SYSTEM)
    {
      first = g_strconcat ("<<SYS>>\n", turns[0].content, "\n<</SYS>>\n\n", turns[1].content, NULL);
      n = 1;
    }
  for (gsize i = n; i < n_turns; i++)
    {
      gboolean answer = turns[i].role == COLLATE_ROLE_ASSISTANT;

      collate_template_write_text (writer, answer ? " " : "[INST] ");
      write_trimmed (writer, i == n && first ? first : turns[i].content);
      collate_template_write_text (writer, answer ? " " : " [/INST]");
      if (answer)
        {
          collate_template_write_control (writer, "</s>");
          collate_template_write_control (writer, "<s>");
        }
    }
}

static void
write_deepseek (CollateTemplate *self, CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  for (gsize i = 0; i < n_turns; i++)
    {
      if (turns[i].role != COLLATE_ROLE_SYSTEM)
        collate_template_write_control (
            writer, turns[i].role == COLLATE_ROLE_USER ? DEEPSEEK_USER : DEEPSEEK_ASSISTANT);
      if (turns[i].role == COLLATE_ROLE_ASSISTANT)
        collate_template_write_tags (writer, self->thought);
      collate_template_write_text (writer, turns[i].content);
      if (turns[i].role == COLLATE_ROLE_ASSISTANT)
        collate_template_write_control (writer, DEEPSEEK_END);
    }
  collate_template_write_control (writer, DEEPSEEK_ASSISTANT);
}

static void
write_deepseek2 (CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  for (gsize i = 0; i < n_turns; i++)
    {
      if (turns[i].role != COLLATE_ROLE_SYSTEM)
        collate_template_write_text (writer, turns[i].role == COLLATE_ROLE_USER ? "User: " : "Assistant: ");
      collate_template_write_text (writer, turns[i].content);
      if (turns[i].role == COLLATE_ROLE_ASSISTANT)
        collate_template_write_control (writer, DEEPSEEK_END);
      else
        collate_template_write_text (writer, "\n\n");
    }
  collate_template_write_text (writer, "Assistant:");
}

static void
write_plain (CollateTemplateWriter *writer, const CollateTurn *turns, gsize n_turns)
{
  for (gsize i = 0; i < n_turns; i++)
    {
      collate_template_write_text (writer, turns[i].content);
      if (*turns[i].content && i + 1 < n_turns)
        collate_template_write_text (writer, "\n\n");
    }
}

static gboolean
write_turns (CollateTemplate *self,
             CollateTemplateWriter *writer,
             const CollateTurn *turns,
             gsize n_turns,
             gboolean think,
             GError **error)
{
  if (self->has_calls)
    return collate_template_write_dsml (writer, turns, n_turns, think, error);
  switch (self->format)
    {
    case COLLATE_CHAT_CHATML:
    case COLLATE_CHAT_QWEN3:
      write_chatml (self, writer, turns, n_turns);
      break;
    case COLLATE_CHAT_LLAMA3:
      write_llama3 (self, writer, turns, n_turns);
      break;
    case COLLATE_CHAT_LLAMA2:
      write_llama2 (writer, turns, n_turns);
      break;
    case COLLATE_CHAT_DEEPSEEK:
      if (self->names_roles)
        write_deepseek2 (writer, turns, n_turns);
      else
        write_deepseek (self, writer, turns, n_turns);
      break;
    case COLLATE_CHAT_NONE:
    case COLLATE_CHAT_UNKNOWN:
      write_plain (writer, turns, n_turns);
      break;
    }
  return TRUE;
}

static gboolean
has_calls (const CollateTurn *turns, gsize n_turns)
{
  for (gsize i = 0; i < n_turns; i++)
    if (turns[i].role == COLLATE_ROLE_TOOL || turns[i].n_calls > 0 || (turns[i].tools && turns[i].tools[0]))
      return TRUE;
  return FALSE;
}

static gboolean
check_turns (CollateTemplate *self, const CollateTurn *turns, gsize n_turns, GError **error)
{
  const char *fault = NULL;

  if (self->format == COLLATE_CHAT_UNKNOWN)
    fault = "the model's chat template is none that is known";
  else if (!self->has_calls && has_calls (turns, n_turns))
    fault = "the model's chat format has no calls of functions";
  if (fault)
    g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, fault);
  return fault == NULL;
}

GArray *
collate_template_encode_turns (CollateTemplate *self,
                               CollateVocabulary *vocabulary,
                               gint32 bos,
                               gboolean add_bos,
                               const CollateTurn *turns,
                               gsize n_turns,
                               gboolean think,
                               GError **error)
{
  CollateTemplateWriter writer;
  gboolean written;

  if (!check_turns (self, turns, n_turns, error))
    return NULL;

  writer =
      (CollateTemplateWriter){ vocabulary, g_array_new (FALSE, FALSE, sizeof (gint32)), g_string_new (NULL) };
  if (bos >= 0 && (add_bos || self->begins_with_bos))
    g_array_append_val (writer.tokens, bos);
  written = write_turns (self, &writer, turns, n_turns, think, error);
  collate_template_write_tags (&writer, think ? self->think : self->no_think);
  flush (&writer);
  g_string_free (writer.text, TRUE);
  if (!written)
    g_clear_pointer (&writer.tokens, g_array_unref);
  return writer.tokens;
}

GArray *
collate_template_encode (CollateTemplate *self,
                         CollateVocabulary *vocabulary,
                         gint32 bos,
                         gboolean add_bos,
                         const char *system,
                         const char *user,
                         gboolean think,
                         GError **error)
{
  const CollateTurn turns[] = { { COLLATE_ROLE_SYSTEM, system }, { COLLATE_ROLE_USER, user } };
  gsize n_skipped = system ? 0 : 1;

  return collate_template_encode_turns (
      self, vocabulary, bos, add_bos, turns + n_skipped, G_N_ELEMENTS (turns) - n_skipped, think, error);
}

const char *
collate_template_get_think_tags (CollateTemplate *self, const char **close, gboolean *begins_inside)
{
  *close = self->thinks ? CLOSE_TAG : NULL;
  *begins_inside = self->think != NULL;
  return self->thinks ? OPEN_TAG : NULL;
}
