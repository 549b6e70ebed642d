/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The inner loops that are no products of weights, in the vectors of the level that includes this file; and its table. */

/* Up to LANES numbers, zeros after them. */
INLINE Floats
load_part (const float *in, gint64 n)
{
  Floats out = { 0 };

  if (n >= LANES)
    return load (in);
  memcpy (&out, in, (gsize) n * sizeof *in);
  return out;
}

INLINE void
store_part (float *out, Floats in, gint64 n)
{
  if (n >= LANES)
    store (out, in);
  else
    memcpy (out, &in, (gsize) n * sizeof *out);
}

INLINE Floats
load_halves_part (const guint16 *in, gint64 n)
{
  guint16 whole[LANES] = { 0 };

  if (n >= LANES)
    return load_halves (in);
  memcpy (whole, in, (gsize) n * sizeof *in);
  return load_halves (whole);
}

/* Numbers this large have no fraction: what is added to one is rounded to whole numbers. */
#define WHOLE 12582912.0f

/* 2 ** (n + rest) for a whole n and a rest of at most a half, whose power is a polynomial that is off by 2e-9 at most. */
INLINE Floats
raise_two (Floats n, Floats rest)
{
  static const float terms[] = {
    0.00133999309f, 0.00961848907f, 0.0555032864f, 0.240226462f, 0.693147182f, 1
  };
  Floats sum = repeat (0.000153458124f);

  for (guint i = 0; i < G_N_ELEMENTS (terms); i++)
    sum = sum * rest + terms[i];
  return multiply_power (sum, n);
}

/* 2 ** x where x is not above 0; far below, the least that is a normal number: others are slow to count with, and it
 * counts for nothing just as well. */
INLINE Floats
power_of_two (Floats x)
{
  Floats bounded = largest (x, repeat (-126));
  Floats n = (bounded + WHOLE) - WHOLE;

  return raise_two (n, bounded - n);
}

/* exp (x); infinite and zero where it is. The logarithm of 2 is in two parts: n times the first is exact. */
INLINE Floats
exponential (Floats x)
{
  Floats bounded = -largest (-largest (x, repeat (-104)), repeat (-90));
  Floats n = (bounded * 1.44269504f + WHOLE) - WHOLE;
  Floats rest = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;

  return raise_two (n, rest * 1.44269504f);
}

TARGET static void
to_f16 (const float *in, guint16 *out, gint64 n)
{
  guint16 last[LANES];
  gint64 i = 0;

  for (; i + LANES <= n; i += LANES)
    store_halves (out + i, load (in + i));
  if (i == n)
    return;
  store_halves (last, load_part (in + i, n - i));
  memcpy (out + i, last, (gsize) (n - i) * sizeof *out);
}

TARGET static void
from_f16 (const guint16 *in, float *out, gint64 n)
{
  for (gint64 i = 0; i < n; i += LANES)
    store_part (out + i, load_halves_part (in + i, n - i), n - i);
}

/* All bits of those lanes whose bits are set. */
INLINE Ints
spread_bits (guint64 bits)
{
  static const gint32 powers[] = { 1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                   1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15 };
  Ints mine;

  memcpy (&mine, powers, sizeof mine);
  return (repeat_int ((gint32) bits) & mine) != 0;
}

INLINE Floats
keep_lanes (Floats in, Ints kept)
{
  return (Floats) ((Ints) in & kept);
}

/* A score that counts for nothing is less than any other. */
INLINE Floats
load_score (const float *scores, gint64 n, const guint64 *seen, guint first, gboolean hides)
{
  Floats in = load (scores + n * COLLATE_PANEL);
  Ints kept;

  if (!hides)
    return in;
  kept = spread_bits (seen[n] >> first);
  return (Floats) (((Ints) in & kept) | ((Ints) repeat (COLLATE_LEAST_SCORE) & ~kept));
}

/* A strip of rows from `first` on; the largest scores of every other key by themselves, so that none waits for the one
 * before. */
INLINE void
weigh_strip (float *scores,
             const guint64 *seen,
             guint first,
             gint64 n_keys,
             float *most,
             float *weights,
             float *factors,
             gboolean hides)
{
  Floats highest[2][WIDTH], sums[WIDTH] = { 0 };

  for (guint w = 0; w < WIDTH; w++)
    highest[0][w] = highest[1][w] = load (most + w * LANES);
  for (gint64 n = 0; n + 1 < n_keys; n += 2)
    for (guint i = 0; i < 2; i++)
      for (guint w = 0; w < WIDTH; w++)
        highest[i][w] =
            largest (highest[i][w], load_score (scores + w * LANES, n + i, seen, first + w * LANES, hides));
  for (guint w = 0; w < WIDTH; w++)
    {
      highest[0][w] = largest (highest[0][w], highest[1][w]);
      highest[0][w] = largest (highest[0][w],
                               load_score (scores + w * LANES, n_keys - 1, seen, first + w * LANES, hides));
    }
  for (gint64 n = 0; n < n_keys; n++)
    for (guint w = 0; w < WIDTH; w++)
      {
        float *at = scores + n * COLLATE_PANEL + w * LANES;
        Ints kept = hides ? spread_bits (seen[n] >> (first + w * LANES)) : (Ints){ 0 };
        Floats distance = load (at) - highest[0][w];
        Floats weight = power_of_two (hides ? keep_lanes (distance, kept) : distance);

        if (hides)
          weight = keep_lanes (weight, kept);
        store (at, weight);
        sums[w] += weight;
      }
  for (guint w = 0; w < WIDTH; w++)
    {
      Floats factor = power_of_two (load (most + w * LANES) - highest[0][w]);

      store (most + w * LANES, highest[0][w]);
      store (factors + w * LANES, factor);
      store (weights + w * LANES, load (weights + w * LANES) * factor + sums[w]);
    }
}

TARGET static void
weigh_rows (float *scores,
            const guint64 *seen,
            gint64 n_keys,
            guint n_strips,
            float *most,
            float *weights,
            float *factors)
{
  for (guint r = 0; r < n_strips * COLLATE_STRIP; r += COLLATE_STRIP)
    if (seen != NULL)
      weigh_strip (scores + r, seen, r, n_keys, most + r, weights + r, factors + r, TRUE);
    else
      weigh_strip (scores + r, NULL, r, n_keys, most + r, weights + r, factors + r, FALSE);
}

TARGET static void
scale_rows (float *sums, gint64 n, guint n_strips, const float *factors)
{
  for (gint64 i = 0; i < n; i++)
    for (guint r = 0; r < n_strips * COLLATE_STRIP; r += LANES)
      {
        float *at = sums + i * COLLATE_PANEL + r;

        store (at, load (at) * load (factors + r));
      }
}

/* How many of so many rows go together: as many as tiles may have, but none alone where that can be helped. */
INLINE guint
count_together (gint64 n_rows)
{
  gint64 n_tiles = (n_rows + ATTENTION_ROWS - 1) / ATTENTION_ROWS;

  return (guint) ((n_rows + n_tiles - 1) / n_tiles);
}

/* Keys (values) that are asked for ahead: they lie too far apart for the processor to see what comes next. */
#define KEYS_AHEAD 16

INLINE const guint16 *
get_key (const guint16 *keys, gint64 stride, const gint32 *places, gint64 n)
{
  return keys + (places != NULL ? places[n] : n) * stride;
}

/* Places end where they end; other keys go on behind the last one. */
INLINE gint64
look_ahead (const gint32 *places, gint64 n, gint64 n_keys)
{
  return places != NULL ? MIN (n + KEYS_AHEAD, n_keys - 1) : n + KEYS_AHEAD;
}

INLINE void
ask_for (const guint16 *key, gint64 head_size)
{
  for (gint64 i = 0; i < head_size; i += 32)
    __builtin_prefetch (key + i);
}

/* LANES numbers of each row against those of four keys. */
INLINE void
score_part (const float *queries,
            guint n_rows,
            const guint16 *const *keys,
            gint64 head_size,
            gint64 at,
            gint64 n,
            Floats sums[ATTENTION_ROWS][4])
{
  Floats parts[ATTENTION_ROWS];

  for (guint r = 0; r < n_rows; r++)
    parts[r] = load_part (queries + r * head_size + at, n);
  for (guint k = 0; k < 4; k++)
    {
      Floats key = load_halves_part (keys[k] + at, n);

      for (guint r = 0; r < n_rows; r++)
        sums[r][k] = parts[r] * key + sums[r][k];
    }
}

/* Four keys at a time; beyond the last key it stands in for those that are missing. */
INLINE void
score_some (const float *queries,
            guint n_rows,
            const guint16 *keys,
            gint64 stride,
            const gint32 *places,
            gint64 n_keys,
            gint64 head_size,
            float *scores,
            gint64 scores_stride)
{
  gint64 whole = head_size - head_size % LANES;

  for (gint64 n = 0; n < n_keys; n += 4)
    {
      Floats sums[ATTENTION_ROWS][4];
      const guint16 *four[4];

      for (guint k = 0; k < 4; k++)
        {
          four[k] = get_key (keys, stride, places, MIN (n + k, n_keys - 1));
          ask_for (get_key (keys, stride, places, look_ahead (places, n + k, n_keys)), head_size);
          for (guint r = 0; r < n_rows; r++)
            sums[r][k] = (Floats){ 0 };
        }
      for (gint64 i = 0; i < whole; i += LANES)
        score_part (queries, n_rows, four, head_size, i, LANES, sums);
      if (whole < head_size)
        score_part (queries, n_rows, four, head_size, whole, head_size - whole, sums);
      for (guint r = 0; r < n_rows; r++)
        {
          float row[4];

          add_lanes_of_four (sums[r], row);
          if (n + 4 <= n_keys)
            memcpy (scores + r * scores_stride + n, row, sizeof row);
          else
            memcpy (scores + r * scores_stride + n, row, (gsize) (n_keys - n) * sizeof *row);
        }
    }
}

/* A copy of the loop for each number of rows. */
TARGET static void
score_keys (const float *queries,
            gint64 n_rows,
            const guint16 *keys,
            gint64 stride,
            const gint32 *places,
            gint64 n_keys,
            gint64 head_size,
            float *scores,
            gint64 scores_stride)
{
  while (n_rows > 0)
    {
      guint n = count_together (n_rows);

      if (n == 1)
        score_some (queries, 1, keys, stride, places, n_keys, head_size, scores, scores_stride);
      else if (n == 2)
        score_some (queries, 2, keys, stride, places, n_keys, head_size, scores, scores_stride);
      else if (n == 3)
        score_some (queries, 3, keys, stride, places, n_keys, head_size, scores, scores_stride);
      else
        score_some (queries, ATTENTION_ROWS, keys, stride, places, n_keys, head_size, scores, scores_stride);
      n_rows -= n;
      queries += n * head_size;
      scores += n * scores_stride;
    }
}

/* Vectors of a value that are summed at a time. */
#define VALUE_VECTORS 4

/* `n` numbers of each value, in so many vectors. */
INLINE void
add_some (const float *weights,
          gint64 weights_stride,
          guint n_rows,
          const guint16 *values,
          gint64 stride,
          const gint32 *places,
          gint64 n_keys,
          float *result,
          gint64 result_stride,
          guint n_vectors,
          gint64 n)
{
  Floats sums[ATTENTION_ROWS][VALUE_VECTORS];

  for (guint v = 0; v < n_vectors; v++)
    for (guint r = 0; r < n_rows; r++)
      sums[r][v] = load_part (result + r * result_stride + v * LANES, n);
  for (gint64 key = 0; key < n_keys; key++)
    {
      const guint16 *from = get_key (values, stride, places, key);

      ask_for (get_key (values, stride, places, look_ahead (places, key, n_keys)), n_vectors * LANES);
      for (guint v = 0; v < n_vectors; v++)
        {
          Floats value = load_halves_part (from + v * LANES, n);

          for (guint r = 0; r < n_rows; r++)
            sums[r][v] = weights[r * weights_stride + key] * value + sums[r][v];
        }
    }
  for (guint v = 0; v < n_vectors; v++)
    for (guint r = 0; r < n_rows; r++)
      store_part (result + r * result_stride + v * LANES, sums[r][v], n);
}

INLINE void
add_rows (const float *weights,
          gint64 weights_stride,
          guint n_rows,
          const guint16 *values,
          gint64 stride,
          const gint32 *places,
          gint64 n_keys,
          gint64 head_size,
          float *sums)
{
  gint64 i = 0;

  for (; i + VALUE_VECTORS * LANES <= head_size; i += VALUE_VECTORS * LANES)
    add_some (weights,
              weights_stride,
              n_rows,
              values + i,
              stride,
              places,
              n_keys,
              sums + i,
              head_size,
              VALUE_VECTORS,
              LANES);
  for (; i < head_size; i += LANES)
    add_some (weights,
              weights_stride,
              n_rows,
              values + i,
              stride,
              places,
              n_keys,
              sums + i,
              head_size,
              1,
              head_size - i);
}

TARGET static void
add_values (const float *weights,
            gint64 weights_stride,
            gint64 n_rows,
            const guint16 *values,
            gint64 stride,
            const gint32 *places,
            gint64 n_keys,
            gint64 head_size,
            float *sums)
{
  while (n_rows > 0)
    {
      guint n = count_together (n_rows);

      if (n == 1)
        add_rows (weights, weights_stride, 1, values, stride, places, n_keys, head_size, sums);
      else if (n == 2)
        add_rows (weights, weights_stride, 2, values, stride, places, n_keys, head_size, sums);
      else if (n == 3)
        add_rows (weights, weights_stride, 3, values, stride, places, n_keys, head_size, sums);
      else
        add_rows (weights, weights_stride, ATTENTION_ROWS, values, stride, places, n_keys, head_size, sums);
      n_rows -= n;
      weights += n * weights_stride;
      sums += n * head_size;
    }
}

TARGET static float
weigh (float *numbers, gint64 n, float *most)
{
  Floats highest[WIDTH], sums[WIDTH] = { 0 };

  for (guint w = 0; w < WIDTH; w++)
    highest[w] = repeat (*most);
  for (gint64 i = 0; i < n; i += COLLATE_STRIP)
    for (guint w = 0; w < WIDTH; w++)
      highest[w] = largest (highest[w], load (numbers + i + w * LANES));
  for (guint w = 1; w < WIDTH; w++)
    highest[0] = largest (highest[0], highest[w]);
  *most = max_lanes (highest[0]);
  highest[0] = repeat (*most);
  for (gint64 i = 0; i < n; i += COLLATE_STRIP)
    for (guint w = 0; w < WIDTH; w++)
      {
        Floats weight = power_of_two (load (numbers + i + w * LANES) - highest[0]);

        store (numbers + i + w * LANES, weight);
        sums[w] += weight;
      }
  for (guint w = 1; w < WIDTH; w++)
    sums[0] += sums[w];
  return add_lanes (sums[0]);
}

TARGET static float
add_squares (const float *in, gint64 n)
{
  Floats sum = { 0 };

  for (gint64 i = 0; i < n; i += LANES)
    {
      Floats numbers = load_part (in + i, n - i);

      sum = numbers * numbers + sum;
    }
  return add_lanes (sum);
}

TARGET static void
swiglu (const float *gate, const float *up, float *out, gint64 n)
{
  for (gint64 i = 0; i < n; i += LANES)
    {
      Floats numbers = load_part (gate + i, n - i);
      Floats gated = numbers / (1 + exponential (-numbers)) * load_part (up + i, n - i);

      store_part (out + i, gated, n - i);
    }
}

#define COLLATE_FORM_LOOPS(its_name)                                                                         \
  {                                                                                                          \
    .name = its_name, .quantize = quantize, .dot_quants = dot_quants, .dot_floats = dot_floats,              \
    .expand_nibbles = expand_nibbles, .multiply_quants = multiply_quants, .expand_floats = expand_floats,    \
    .multiply_floats = multiply_floats, .multiply_columns = multiply_columns, .to_f16 = to_f16,              \
    .from_f16 = from_f16, .weigh_rows = weigh_rows, .scale_rows = scale_rows, .score_keys = score_keys,      \
    .add_values = add_values, .widen_bytes = widen_bytes, .lay_out_keys = lay_out_keys,                      \
    .score_panel = score_panel, .count_orders = count_orders, .find_orders = find_orders, .weigh = weigh,    \
    .add_squares = add_squares, .swiglu = swiglu,                                                            \
  }
