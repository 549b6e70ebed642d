/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-split.h"

#include <string.h>

#include "tokens/collate-classes.h"

/* The encodings' regular expressions, each written out as a scanner: what an expression engine would
 * try, in its order, but linear in the text whatever the text is. Each expression stands above its function;
 * they have no alternatives that need to look back further than one run of a class. */

/* What collate-classes.h says of a code point. */
typedef enum
{
  OTHER,   /* control, format, unassigned, private */
  UPPER,   /* Lu, Lt */
  LOWER,   /* Ll */
  LETTER,  /* Lm, Lo */
  MARK,    /* M */
  NUMBER,  /* N */
  PUNCT,   /* P */
  SYMBOL,  /* S */
  SPACE,   /* White_Space but the two below */
  NEWLINE, /* CR, LF */
  NOTHING, /* past the end of the text */
} CollateClass;

#define SET(klass) (1u << (klass))
#define IS(klass, set) ((SET (klass) & (set)) != 0)

#define LETTERS (SET (UPPER) | SET (LOWER) | SET (LETTER))
#define SPACES (SET (SPACE) | SET (NEWLINE))
/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and [\p{Ll}\p{Lm}\p{Lo}\p{M}] */
#define HEADS (SET (UPPER) | SET (LETTER) | SET (MARK))
#define TAILS (SET (LOWER) | SET (LETTER) | SET (MARK))
/* [^\s\p{L}\p{N}] and [^\r\n\p{L}\p{N}] */
#define SIGNS (SET (OTHER) | SET (MARK) | SET (PUNCT) | SET (SYMBOL))
#define PREFIXES (SIGNS | SET (SPACE))

/* The code point at `p` and, in `next`, where the one after it begins. */
static inline gunichar
decode (const guchar *p, const guchar **next)
{
  if (p[0] < 0x80)
    {
      *next = p + 1;
      return p[0];
    }
  if (p[0] < 0xe0)
    {
      *next = p + 2;
      return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    }
  if (p[0] < 0xf0)
    {
      *next = p + 3;
      return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    }
  *next = p + 4;
  return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
}

static inline CollateClass
class_at (const guchar *p, const guchar *end, const guchar **next)
{
  gunichar c;

  if (p >= end)
    {
      *next = p;
      return NOTHING;
    }
  c = decode (p, next);
  return collate_class_blocks[collate_class_index[c / 128] * 128 + c % 128] - '0';
}

/* The end of the run of code points of `set` that begins at `p`. */
static inline const guchar *
skip (const guchar *p, const guchar *end, guint set)
{
  const guchar *next;

  while (IS (class_at (p, end, &next), set))
    p = next;
  return p;
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d): its end, or `p`. Without regard to case U+017F, the long s, is an s. */
static const guchar *
skip_contraction (const guchar *p, const guchar *end)
{
  guchar first, second;

  if (end - p < 2 || p[0] != '\'')
    return p;
  first = g_ascii_tolower (p[1]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd')
    return p + 2;
  if (end - p < 3)
    return p;
  second = g_ascii_tolower (p[2]);
  if ((first == 'l' && second == 'l') || ((first == 'r' || first == 'v') && second == 'e') ||
      (p[1] == 0xc5 && p[2] == 0xbf))
    return p + 3;
  return p;
}

/* \p{N}{1,max}: its end, or `p`. */
static const guchar *
skip_digits (const guchar *p, const guchar *end, int max)
{
  const guchar *next;

  for (int i = 0; i < max && class_at (p, end, &next) == NUMBER; i++)
    p = next;
  return p;
}

/* ' ?' and then one or more of `set`: its end, or `p`. */
static const guchar *
skip_signs (const guchar *p, const guchar *end, guint set)
{
  const guchar *begin = p < end && *p == ' ' ? p + 1 : p;
  const guchar *sign_end = skip (begin, end, set);

  return sign_end > begin ? sign_end : p;
}

/* \s+(?!\S)|\s+ at a white space: all of a run that ends the text; else all but the last space, which belongs to
 * what follows; else the one space. */
static const guchar *
skip_blanks (const guchar *p, const guchar *end)
{
  const guchar *last = p;
  const guchar *at = p;
  const guchar *next;

  while (IS (class_at (at, end, &next), SPACES))
    {
      last = at;
      at = next;
    }
  return at == end || last == p ? at : last;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ at a white space: to the last line end of the run, else as above. */
static const guchar *
skip_spaces (const guchar *p, const guchar *end)
{
  const guchar *line_end = NULL;
  const guchar *at = p;
  CollateClass klass;

  while (IS (klass = class_at (at, end, &at), SPACES))
    if (klass == NEWLINE)
      line_end = at;
  return line_end ? line_end : skip_blanks (p, end);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max}| ?[^\s\p{L}\p{N}]+[\r\n]*: its end, or `p`. */
static const guchar *
skip_word (const guchar *p, const guchar *end, int max_digits)
{
  const guchar *next, *begin, *at;

  if ((at = skip_contraction (p, end)) > p)
    return at;

  begin = IS (class_at (p, end, &next), PREFIXES) ? next : p;
  if ((at = skip (begin, end, LETTERS)) > begin)
    return at;

  if ((at = skip_digits (p, end, max_digits)) > p)
    return at;
  at = skip_signs (p, end, SIGNS);
  return at > p ? skip (at, end, SET (NEWLINE)) : p;
}

/* '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|
 * \s+(?!\S)|\s */
static const guchar *
skip_cl100k (const guchar *p, const guchar *end)
{
  const guchar *at = skip_word (p, end, 3);

  if (at > p)
    return at;
  at = skip (p, end, SPACES);
  return at == end ? at : skip_spaces (p, end);
}

/* A word as above, or \s*[\r\n]+|\s+(?!\S)|\s+ */
static const guchar *
skip_llama (const guchar *p, const guchar *end, int max_digits)
{
  const guchar *at = skip_word (p, end, max_digits);

  return at > p ? at : skip_spaces (p, end);
}

/* 's|'t|'re|'ve|'m|'ll|'d: its end, or `p`. */
static const guchar *
skip_lower_contraction (const guchar *p, const guchar *end)
{
  const guchar *contraction_end = skip_contraction (p, end);

  for (const guchar *at = p + 1; at < contraction_end; at++)
    if (!g_ascii_islower (*at))
      return p;
  return contraction_end;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const guchar *
skip_gpt2 (const guchar *p, const guchar *end)
{
  const guchar *at;

  if ((at = skip_lower_contraction (p, end)) > p || (at = skip_signs (p, end, LETTERS)) > p ||
      (at = skip_signs (p, end, SET (NUMBER))) > p || (at = skip_signs (p, end, SIGNS)) > p)
    return at;
  return skip_blanks (p, end);
}

/* What the above leaves, cut by \p{N}+ and then by [0-9][0-9][0-9]. */
static const guchar *
skip_default (const guchar *p, const guchar *end)
{
  const guchar *next;

  if (*p == ' ' && class_at (p + 1, end, &next) == NUMBER)
    return p + 1;
  if (class_at (p, end, &next) != NUMBER)
    return skip_gpt2 (p, end);
  for (const guchar *at = p; class_at (at, end, &next) == NUMBER; at = next)
    if (end - at >= 3 && g_ascii_isdigit (at[0]) && g_ascii_isdigit (at[1]) && g_ascii_isdigit (at[2]))
      return at > p ? at : at + 3;
  return skip (p, end, SET (NUMBER));
}

/* Heads* Tails+ with heads and tails that share letters and marks. Where no tail follows the heads, the
 * expression gives heads back until one of them can be the tail. Its end, or `p`. */
static const guchar *
skip_word_with_tail (const guchar *p, const guchar *end)
{
  const guchar *at = p;
  const guchar *shared_end = p;
  const guchar *next, *tail_end;
  CollateClass klass;

  while (IS (klass = class_at (at, end, &next), HEADS))
    {
      at = next;
      if (IS (klass, TAILS))
        shared_end = next;
    }
  tail_end = skip (at, end, TAILS);
  return tail_end > at ? tail_end : shared_end;
}

/* [^\r\n\p{L}\p{N}]?Heads*Tails+(?i:'s|…)?|[^\r\n\p{L}\p{N}]?Heads+Tails*(?i:'s|…)?|\p{N}{1,3}|
 *  ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static const guchar *
skip_o200k (const guchar *p, const guchar *end)
{
  const guchar *next, *begin, *at;

  begin = IS (class_at (p, end, &next), PREFIXES) ? next : p;
  if ((at = skip_word_with_tail (begin, end)) > begin)
    return skip_contraction (at, end);
  if (begin > p && (at = skip_word_with_tail (p, end)) > p)
    return skip_contraction (at, end);
  /* Had a tail been possible, it would have been taken: these heads have none. */
  if ((at = skip (begin, end, HEADS)) > begin)
    return skip_contraction (at, end);

  if ((at = skip_digits (p, end, 3)) > p)
    return at;
  if ((at = skip_signs (p, end, SIGNS)) > p)
    {
      while (at < end && (*at == '\r' || *at == '\n' || *at == '/'))
        at++;
      return at;
    }
  return skip_spaces (p, end);
}

/* [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
 * \s*[\r\n]+|\s+(?!\S)|\s+: its end, or `p` where nothing of it begins there. */
static const guchar *
skip_deepseek_piece (const guchar *p, const guchar *end)
{
  const guint letters = LETTERS | SET (MARK);
  const guchar *next, *begin, *at;
  CollateClass klass = class_at (p, end, &next);

  if (g_ascii_ispunct (*p) && end - p > 1 && g_ascii_isalpha (p[1]))
    {
      for (at = p + 1; at < end && g_ascii_isalpha (*at);)
        at++;
      return at;
    }

  begin = IS (klass, SET (OTHER) | SET (MARK) | SET (NUMBER) | SET (SPACE)) ? next : p;
  if ((at = skip (begin, end, letters)) > begin || (at = skip (p, end, letters)) > p)
    return at;

  if ((at = skip_signs (p, end, SET (PUNCT) | SET (SYMBOL))) > p)
    return skip (at, end, SET (NEWLINE));
  return IS (klass, SPACES) ? skip_spaces (p, end) : p;
}

/* The runs that rules before the last one cut a text into. DeepSeek: \p{N} (by threes, later) and
 * [\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+. SmolLM: \p{N}. Default: [\p{P}\$\+<=>\^~\|]+. */
typedef enum
{
  RUN_NUMBERS,
  RUN_CJK,
  RUN_PUNCT,
  RUN_REST,
} CollateRun;

static CollateRun
run_at (CollateSplit rule, const guchar *p, const guchar *end, const guchar **next)
{
  CollateClass klass = class_at (p, end, next);
  gunichar c;

  if (rule == COLLATE_SPLIT_DEFAULT)
    return klass == PUNCT || (*p < 0x80 && strchr ("$+<=>^~|", *p) && *p) ? RUN_PUNCT : RUN_REST;
  if (klass == NUMBER)
    return RUN_NUMBERS;
  if (rule == COLLATE_SPLIT_SMOLLM)
    return RUN_REST;
  c = decode (p, next);
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x4e00 && c <= 0x9fa5) ? RUN_CJK : RUN_REST;
}

/* Each expression sees the pieces of the one before as texts of their own: the end of the one at `at`. */
static const guchar *
find_segment_end (CollateSplitter *self)
{
  const guchar *next;
  CollateRun run;

  if (self->at < self->segment_end)
    return self->segment_end;

  run = run_at (self->rule, self->at, self->end, &self->segment_end);
  if (run == RUN_NUMBERS && self->rule == COLLATE_SPLIT_SMOLLM)
    return self->segment_end;
  while (self->segment_end < self->end && run_at (self->rule, self->segment_end, self->end, &next) == run)
    self->segment_end = next;
  return self->segment_end;
}

/* What DeepSeek's last expression does not match is a piece too, up to the next match. */
static const guchar *
skip_deepseek (const guchar *begin, const guchar *end)
{
  const guchar *p = begin;

  while (p < end)
    {
      const guchar *match_end;

      if ((match_end = skip_digits (p, end, 3)) > p || (match_end = skip_deepseek_piece (p, end)) > p)
        return p > begin ? p : match_end;
      class_at (p, end, &p);
    }
  return p;
}

void
collate_splitter_init (CollateSplitter *self, CollateSplit rule, const guchar *text, gsize length)
{
  *self = (CollateSplitter){ .rule = rule, .at = text, .end = text + length, .segment_end = text };
}

gboolean
collate_splitter_next (CollateSplitter *self, const guchar **piece, gsize *length)
{
  const guchar *piece_end = self->at;

  if (self->at >= self->end)
    return FALSE;

  switch (self->rule)
    {
    case COLLATE_SPLIT_CL100K:
      piece_end = skip_cl100k (self->at, self->end);
      break;
    case COLLATE_SPLIT_O200K:
      piece_end = skip_o200k (self->at, self->end);
      break;
    case COLLATE_SPLIT_DEEPSEEK_V3:
      piece_end = skip_deepseek (self->at, find_segment_end (self));
      break;
    case COLLATE_SPLIT_GPT2:
      piece_end = skip_gpt2 (self->at, self->end);
      break;
    case COLLATE_SPLIT_SMOLLM:
      piece_end = skip_gpt2 (self->at, find_segment_end (self));
      break;
    case COLLATE_SPLIT_LLAMA3:
      piece_end = skip_llama (self->at, self->end, 3);
      break;
    case COLLATE_SPLIT_QWEN2:
      piece_end = skip_llama (self->at, self->end, 1);
      break;
    case COLLATE_SPLIT_DEFAULT:
      piece_end = skip_default (self->at, find_segment_end (self));
      break;
    }

  *piece = self->at;
  *length = piece_end - self->at;
  self->at = piece_end;
  return TRUE;
}
