/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The inner loops of selection, in the vectors of the level that includes this file. */

/* See collate_cpu_get_order(). */
INLINE Ints
get_order (Floats numbers)
{
  Floats positive = numbers + 0.0f;
  Ints bits = (Ints) positive;
  Ints is_number = positive == positive;

  return ((bits ^ (bits >> 31 & G_MAXINT32)) & is_number) | (G_MININT32 & ~is_number);
}

/* Tables that are filled in turn: the same digit twice in a row is the rule, and would wait for itself. */
#define TABLES 4

TARGET static void
count_orders (const float *scores, gint64 n, guint32 *counts)
{
  guint32 tables[TABLES][COLLATE_ORDER_DIGITS] = { 0 };
  gint64 i = 0;

  for (; i + COLLATE_STRIP <= n; i += COLLATE_STRIP)
    {
      gint32 digits[COLLATE_STRIP];

      for (guint w = 0; w < WIDTH; w++)
        {
          Ints digit =
              (get_order (load (scores + i + w * LANES)) >> COLLATE_ORDER_SHIFT) + COLLATE_ORDER_DIGITS / 2;

          memcpy (digits + w * LANES, &digit, sizeof digit);
        }
      for (guint k = 0; k < COLLATE_STRIP; k++)
        tables[k % TABLES][digits[k]]++;
    }
  for (; i < n; i++)
    tables[0][(collate_cpu_get_order (scores[i]) >> COLLATE_ORDER_SHIFT) + COLLATE_ORDER_DIGITS / 2]++;
  for (guint d = 0; d < COLLATE_ORDER_DIGITS; d++)
    counts[d] = tables[0][d] + tables[1][d] + tables[2][d] + tables[3][d];
}

TARGET static gint64
find_orders (const float *scores, gint64 n, gint32 least, gint32 most, gint32 *places)
{
  gint64 i = 0, n_found = 0;

  for (; i + LANES <= n; i += LANES)
    {
      Ints order = get_order (load (scores + i));

      n_found += put_lanes (places + n_found, get_mask ((order >= least) & (order <= most)), (gint32) i);
    }
  for (; i < n; i++)
    {
      gint32 order = collate_cpu_get_order (scores[i]);

      if (order >= least && order <= most)
        places[n_found++] = (gint32) i;
    }
  return n_found;
}
