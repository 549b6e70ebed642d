/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <string.h>

/* The keys that each token reads: a radix select on the order of scores (Alabi and others, 2012), eleven bits at a time,
 * finds that of the last one; a last look over the scores writes the places of those above it, and of the first equal
 * ones. What takes part are the scores of pages, each counting for as many keys as it has; after the first digit those alone
 * that may be among the best, where these are few. Threads take a row each, or parts of one row's pages: these are counted,
 * so that it makes no difference. */

#define SOME_SCORES 4096    /* that are looked at together */
#define FEW_PAGES (1 << 16) /* that there is room for by themselves */

#define LEAST_PART 16384 /* pages that are worth to wake a thread */
#define MOST_PARTS 16

/* Of a thread. */
typedef struct
{
  gint32 places[SOME_SCORES + COLLATE_STRIP]; /* of those of some scores that are looked for */
  gint32 pages[FEW_PAGES];
  float scores[FEW_PAGES];
} Room;

G_STATIC_ASSERT (sizeof (Room) <= COLLATE_SCRATCH_BYTES);

/* The keys from `first` to before `end` of a row, and how many of them are wanted. */
typedef struct
{
  const CollateCpuLoops *loops;
  const float *scores; /* of pages, n_pages of them */
  const gint32 *pages; /* their numbers; NULL: one after the other from the first key's on */
  gint64 n_pages;
  gint64 page;
  gint64 first, end;
  gint64 n_wanted;
  Room *room;
} Range;

static gint64
get_page (const Range *range, gint64 i)
{
  return range->pages != NULL ? range->pages[i] : range->first / range->page + i;
}

/* Keys of a page that are within the range. */
static gint64
count_keys (const Range *range, gint64 page)
{
  return MIN ((page + 1) * range->page, range->end) - MAX (page * range->page, range->first);
}

/* The parts of a range's pages. */
typedef struct
{
  CollateCpuDevice *cpu;
  const Range *range;
  guint thread; /* that works on all of them where there is one */
  gint64 n_parts, pages_a_part;
  guint32 *counts; /* of pages, [part][first digit] */
  gint32 digit;    /* from which on they are wanted */
} Parts;

static void
run_parts (Parts *parts, CollatePoolFunc func)
{
  if (parts->n_parts == 1)
    func (parts, 0, 1, parts->thread);
  else
    collate_pool_run (parts->cpu->pool, func, parts, parts->n_parts, 1);
}

static gint64
get_part_end (const Parts *parts, gint64 part)
{
  return MIN ((part + 1) * parts->pages_a_part, parts->range->n_pages);
}

static void
count_parts (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Parts *parts = data;

  for (gint64 part = first; part < end; part++)
    {
      gint64 at = part * parts->pages_a_part;

      parts->range->loops->count_orders (parts->range->scores + at,
                                         get_part_end (parts, part) - at,
                                         parts->counts + part * COLLATE_ORDER_DIGITS);
    }
}

/* How many keys have each first digit; pages that are not whole are the first one and the last one at most. */
static void
count_first_digits (Parts *parts, gint64 *counts)
{
  const Range *range = parts->range;

  run_parts (parts, count_parts);
  memset (counts, 0, sizeof *counts * COLLATE_ORDER_DIGITS);
  for (gint64 i = 0; i < parts->n_parts * COLLATE_ORDER_DIGITS; i++)
    counts[i % COLLATE_ORDER_DIGITS] += parts->counts[i] * range->page;
  for (gint64 i = 0; i < range->n_pages; i += MAX (range->n_pages - 1, 1))
    counts[(collate_cpu_get_order (range->scores[i]) >> COLLATE_ORDER_SHIFT) + COLLATE_ORDER_DIGITS / 2] -=
        range->page - count_keys (range, get_page (range, i));
}

/* Finds those of some scores from `at` on that are of an order within bounds; → how many, with their places in the room. */
static gint64
find_some (const Range *range, gint64 at, gint32 least, gint32 most)
{
  gint64 n = MIN (SOME_SCORES, range->n_pages - at);

  return range->loops->find_orders (range->scores + at, n, least, most, range->room->places);
}

/* How many keys of an order from `least` on, up to the next larger digit, have each digit from `shift` on. */
static void
count_digits (const Range *range, gint32 least, guint shift, guint n_bits, gint64 *counts)
{
  gint32 most = least + ((1 << (shift + n_bits)) - 1);

  memset (counts, 0, sizeof *counts << n_bits);
  for (gint64 at = 0; at < range->n_pages; at += SOME_SCORES)
    {
      gint64 n = find_some (range, at, least, most);

      for (gint64 i = 0; i < n; i++)
        {
          gint64 place = at + range->room->places[i];

          counts[(collate_cpu_get_order (range->scores[place]) - least) >> shift] +=
              count_keys (range, get_page (range, place));
        }
    }
}

/* The digit of the key that is wanted last, from the largest on; *n_above gets the keys of larger digits added. */
static gint32
find_digit (const Range *range, const gint64 *counts, gint32 n_digits, gint64 *n_above)
{
  gint32 digit = n_digits - 1;

  while (*n_above + counts[digit] < range->n_wanted)
    *n_above += counts[digit--];
  return digit;
}

static gint32
get_order (gint32 digit)
{
  return (digit - COLLATE_ORDER_DIGITS / 2) * (1 << COLLATE_ORDER_SHIFT);
}

/* Pages that are wanted of those before a part. */
static gint64
count_wanted (const Parts *parts, gint64 end)
{
  gint64 n = 0;

  for (gint64 part = 0; part < end; part++)
    for (gint32 digit = parts->digit; digit < COLLATE_ORDER_DIGITS; digit++)
      n += parts->counts[part * COLLATE_ORDER_DIGITS + digit];
  return n;
}

static void
take_parts (gpointer data, gint64 first, gint64 end, guint thread)
{
  const Parts *parts = data;
  const Range *range = parts->range;
  gint32 *places = ((Room *) (gpointer) parts->cpu->scratches[thread])->places;

  for (gint64 part = first; part < end; part++)
    {
      gint64 to = count_wanted (parts, part), part_end = get_part_end (parts, part);

      for (gint64 at = part * parts->pages_a_part; at < part_end; at += SOME_SCORES)
        {
          gint64 n = range->loops->find_orders (range->scores + at,
                                                MIN (SOME_SCORES, part_end - at),
                                                get_order (parts->digit),
                                                G_MAXINT32,
                                                places);

          for (gint64 i = 0; i < n; i++, to++)
            {
              range->room->scores[to] = range->scores[at + places[i]];
              range->room->pages[to] = (gint32) get_page (range, at + places[i]);
            }
        }
    }
}

/* Leaves those pages alone whose first digit is that of the key that is wanted last, or larger. */
static void
narrow (Parts *parts, gint32 digit, Range *range)
{
  parts->digit = digit;
  run_parts (parts, take_parts);
  range->scores = range->room->scores;
  range->pages = range->room->pages;
  range->n_pages = count_wanted (parts, parts->n_parts);
}

/* The order of the key that is wanted last; *n_above gets the number of those above it. */
static gint32
find_last (Parts *parts, Range *range, gint64 *n_above)
{
  gint64 counts[COLLATE_ORDER_DIGITS];
  gint32 digit, order;

  *n_above = 0;
  count_first_digits (parts, counts);
  digit = find_digit (range, counts, COLLATE_ORDER_DIGITS, n_above);
  order = get_order (digit);
  /* Pages at both ends may not be whole. */
  if ((*n_above + counts[digit]) / range->page + 2 <= FEW_PAGES)
    narrow (parts, digit, range);
  count_digits (range, order, 10, 11, counts);
  order += find_digit (range, counts, 1 << 11, n_above) << 10;
  count_digits (range, order, 0, 10, counts);
  return order + find_digit (range, counts, 1 << 10, n_above);
}

static gint32 *
put_keys (gint32 *out, gint64 first, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    *out++ = (gint32) (first + i);
  return out;
}

/* The keys of a page, of those that are equal to the last one as many as are left. */
static gint32 *
put_page (const Range *range, gint64 place, gint32 last, gint64 *n_equal, gint32 *out)
{
  gint64 page = get_page (range, place), n = count_keys (range, page);

  if (collate_cpu_get_order (range->scores[place]) == last)
    {
      n = MIN (n, *n_equal);
      *n_equal -= n;
    }
  return put_keys (out, MAX (page * range->page, range->first), n);
}

/* Ascending. */
static gint32 *
put_range (Parts *parts, Range *range, gint32 *out)
{
  gint64 n_above, n_equal;
  gint32 last;

  if (range->n_wanted == range->end - range->first)
    return put_keys (out, range->first, range->n_wanted);
  if (range->n_wanted == 0)
    return out;
  last = find_last (parts, range, &n_above);
  n_equal = range->n_wanted - n_above;
  for (gint64 at = 0; at < range->n_pages; at += SOME_SCORES)
    {
      gint64 n = find_some (range, at, last, G_MAXINT32);

      for (gint64 i = 0; i < n; i++)
        out = put_page (range, at + range->room->places[i], last, &n_equal, out);
    }
  return out;
}

/* The first and the last keys come before all others, the earlier before the later. */
static void
select_row (const CollateCpuCall *call, gint64 t, guint thread, gint64 n_parts, guint32 *counts)
{
  const CollateSelect *params = call->params;
  gint64 n_visible = params->position + t + 1;
  gint64 k = MIN (params->k, n_visible);
  gint64 n_first = MIN (params->n_first, k);
  gint64 n_last = CLAMP (params->n_last, 0, n_visible - n_first);
  gint64 n_kept = MIN (n_last, k - n_first);
  gint32 *row = collate_place_get_ints (params->selected) + t * params->k;
  gint32 *out = put_keys (row, 0, n_first);
  Range range = {
    .loops = call->cpu->loops,
    .scores = collate_place_get (params->scores) + t * params->scores_stride + n_first / params->page,
    .n_pages = (n_visible - n_last + params->page - 1) / params->page - n_first / params->page,
    .page = params->page,
    .first = n_first,
    .end = n_visible - n_last,
    .n_wanted = k - n_first - n_kept,
    .room = (Room *) (gpointer) call->cpu->scratches[thread],
  };
  const Range whole = range;
  Parts parts = {
    .cpu = call->cpu,
    .range = &whole,
    .thread = thread,
    .n_parts = n_parts,
    .pages_a_part = (range.n_pages + n_parts - 1) / n_parts,
    .counts = counts,
  };

  out = put_range (&parts, &range, out);
  out = put_keys (out, n_visible - n_last, n_kept);
  while (out < row + params->k)
    *out++ = -1;
}

static void
select_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  guint32 counts[COLLATE_ORDER_DIGITS];

  for (gint64 t = first; t < end; t++)
    select_row (data, t, thread, 1, counts);
}

/* A row that is alone, by all threads. */
static void
select_shared (const CollateCpuCall *call)
{
  const CollateSelect *params = call->params;
  gint64 n_threads = collate_pool_get_n_threads (call->cpu->pool);
  gint64 n_parts = CLAMP ((params->position + 1) / params->page / LEAST_PART, 1, MIN (n_threads, MOST_PARTS));
  guint32 counts[MOST_PARTS * COLLATE_ORDER_DIGITS];

  select_row (call, 0, 0, n_parts, counts);
}

void
collate_cpu_select (CollateDevice *device, const CollateSelect *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  if (params->n_tokens == 1)
    select_shared (&call);
  else
    collate_pool_run (call.cpu->pool, select_rows, &call, params->n_tokens, 1);
}
