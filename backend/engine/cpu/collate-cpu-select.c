/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/cpu/collate-cpu-private.h"

#include <math.h>
#include <string.h>

/* The keys that each token reads: a radix select on the bits of scores (Alabi and others, 2012), eleven bits at a time,
 * finds the score of the last one; a second look over the scores writes the places of those above it, and of the first
 * equal ones. What takes part are the scores of pages, each counting for as many keys as it has. */

#define DIGIT_BITS 11
#define N_DIGITS (1 << DIGIT_BITS)

/* The keys from `first` to before `end` of a row, and how many of them are wanted. */
typedef struct
{
  const float *scores;
  gint64 page;
  gint64 first, end;
  gint64 n_wanted;
} Range;

/* The bits of a score in the order of scores; 0 for what is no number. */
static inline guint32
get_order (float score)
{
  float number = score + 0.0f; /* -0 is 0 */
  guint32 bits;

  memcpy (&bits, &number, sizeof bits);
  if (isnan (number))
    return 0;
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static gint64
count_keys (const Range *range, gint64 page)
{
  return MIN ((page + 1) * range->page, range->end) - MAX (page * range->page, range->first);
}

/* Of the keys whose order begins as `prefix` does, the digit at `shift` of the one wanted, counted from the largest;
 * *n_above gets those of larger digits added. */
static guint32
find_digit (const Range *range, guint32 prefix, guint shift, guint n_bits, gint64 *n_above)
{
  gint64 counts[N_DIGITS] = { 0 };
  guint32 digit = (1u << n_bits) - 1;

  for (gint64 page = range->first / range->page; page * range->page < range->end; page++)
    {
      guint32 order = get_order (range->scores[page]);

      if ((guint64) order >> (shift + n_bits) == (guint64) prefix >> (shift + n_bits))
        counts[order >> shift & digit] += count_keys (range, page);
    }
  while (*n_above + counts[digit] < range->n_wanted)
    *n_above += counts[digit--];
  return digit;
}

/* The order of the last key that is wanted; *n_above gets the number of those above it. */
static guint32
find_last (const Range *range, gint64 *n_above)
{
  guint32 order = 0;

  *n_above = 0;
  order |= find_digit (range, order, 21, 11, n_above) << 21;
  order |= find_digit (range, order, 10, 11, n_above) << 10;
  order |= find_digit (range, order, 0, 10, n_above);
  return order;
}

static gint32 *
put_keys (gint32 *out, gint64 first, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    *out++ = (gint32) (first + i);
  return out;
}

/* Ascending. */
static gint32 *
put_range (const Range *range, gint32 *out)
{
  gint64 n_above, n_equal;
  guint32 last;

  if (range->n_wanted == range->end - range->first)
    return put_keys (out, range->first, range->n_wanted);
  if (range->n_wanted == 0)
    return out;
  last = find_last (range, &n_above);
  n_equal = range->n_wanted - n_above;
  for (gint64 page = range->first / range->page; page * range->page < range->end; page++)
    {
      guint32 order = get_order (range->scores[page]);
      gint64 n = count_keys (range, page);

      if (order < last)
        continue;
      if (order == last)
        {
          n = MIN (n, n_equal);
          n_equal -= n;
        }
      out = put_keys (out, MAX (page * range->page, range->first), n);
    }
  return out;
}

/* The first and the last keys come before all others, the earlier before the later. */
static void
select_row (const CollateSelect *params, gint64 t)
{
  gint64 n_visible = params->position + t + 1;
  gint64 k = MIN (params->k, n_visible);
  gint64 n_first = MIN (params->n_first, k);
  gint64 n_last = CLAMP (params->n_last, 0, n_visible - n_first);
  gint64 n_kept = MIN (n_last, k - n_first);
  gint32 *row = collate_place_get_ints (params->selected) + t * params->k;
  gint32 *out = put_keys (row, 0, n_first);
  const Range range = {
    .scores = collate_place_get (params->scores) + t * params->scores_stride,
    .page = params->page,
    .first = n_first,
    .end = n_visible - n_last,
    .n_wanted = k - n_first - n_kept,
  };

  out = put_range (&range, out);
  out = put_keys (out, n_visible - n_last, n_kept);
  while (out < row + params->k)
    *out++ = -1;
}

static void
select_rows (gpointer data, gint64 first, gint64 end, guint thread)
{
  for (gint64 t = first; t < end; t++)
    select_row (((const CollateCpuCall *) data)->params, t);
}

void
collate_cpu_select (CollateDevice *device, const CollateSelect *params)
{
  CollateCpuCall call = { (CollateCpuDevice *) device, params };

  collate_pool_run (call.cpu->pool, select_rows, &call, params->n_tokens, 1);
}
