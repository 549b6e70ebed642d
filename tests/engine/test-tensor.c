/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "gguf-writer.h"

/* What blocks mean. `sum` is of the expanded numbers of 16 blocks of fill_blocks(), and `spots` are three of them (the
 * second, the fourth of the second half, the last), as GGUF's own package for Python expands them. */
typedef struct
{
  CollateType type;
  const char *name;
  guint block;
  gsize block_bytes;
  int halves[2]; /* where f16 fields begin, -1: none */
  float step;    /* what packing of (-1, 1) may lose: half of the distance between quants */
  float spots[3];
  const char *sum;
} TypeCase;

static const TypeCase type_cases[] = {
  { COLLATE_F32,
    "F32",
    1,
    4,
    { 2, -1 },
    0x1p-50f, /* nothing */
    { -0x1.c5f696p-8, 0x1.cb5c6ep-73, 0x1.7e3f1ep-19 },
    "53fa95713b3b0c9ef22d1f00b30a0180552a558a71bc9731bf21173f2b816ce3" },
  { COLLATE_F16,
    "F16",
    1,
    2,
    { 0, -1 },
    0x1p-12,
    { 0x1.e04p-5, 0x1.c3cp-14, 0x1.4fp-9 },
    "57934d1a640c6b5c9051bb0ec25da2ffcc39a81d57fc4dee579189d26552233c" },
  { COLLATE_BF16,
    "BF16",
    1,
    2,
    { 0, -1 },
    0x1p-9,
    { 0x1.02p-40, 0x1.1ep-113, 0x1.78p-77 },
    "8ab8f139ba006af3ec7f10c60fc26eb849efa10f2647c62c9a36f2243c8e061b" },
  { COLLATE_Q8_0,
    "Q8_0",
    32,
    34,
    { 0, -1 },
    1 / 253.0f,
    { 0x1.6a61p+7, 0x1.4208p+1, 0x1.871ap+5 },
    "396bd906dd302a68cbb352fd188d22074dbc8788367885c998828a6a6e77256e" },
  { COLLATE_Q4_0,
    "Q4_0",
    32,
    18,
    { 0, -1 },
    1 / 7.9f, /* the far side of the extreme has one quant less */
    { 0x1.452p+2, -0x1.a71p-9, -0x1.449p-10 },
    "a3743367f92619de60622eea2ab2f49d778933eb6c05188a55412128fad54a4f" },
  { COLLATE_Q4_1,
    "Q4_1",
    32,
    20,
    { 0, 2 },
    1 / 14.9f,
    { 0x1.2af82p+4, 0x1.89a8p+1, 0x1.12dp+0 },
    "e78b46113bf36a54979ea8a14f1115252953e11c5323a1ce17cd77f13a221deb" },
  { COLLATE_Q5_0,
    "Q5_0",
    32,
    22,
    { 0, -1 },
    1 / 15.9f,
    { -0x1.0efp+3, -0x1.2ap-6, 0x1.3c4p-14 },
    "15c0676c3b09a21386ada9880ff2174e72fd5ebc72da8c87581059ffcafcdbe7" },
  { COLLATE_Q5_1,
    "Q5_1",
    32,
    24,
    { 0, 2 },
    1 / 30.9f,
    { 0x1.2a801p+5, 0x1.948cfp-4, -0x1.6837cp-4 },
    "ca4f3aceef2c3d9425ab85c1e09c6e3f1c09e7a42875acdf7ad59af69475fc2a" },
  { COLLATE_Q4_K,
    "Q4_K",
    256,
    144,
    { 0, 2 },
    1 / 12.0f, /* the scales are rounded too */
    { 0x1.163b58p+8, 0x1.7748ep-4, 0x1.6fdcp-5 },
    "ed73f591b61ddbd9fbde1ccd1318e4f918fcf3d1ef3a9eba5331a2f8012b56fe" },
  { COLLATE_Q5_K,
    "Q5_K",
    256,
    176,
    { 0, 2 },
    1 / 25.0f,
    { 0x1.4e1cd8p+8, 0x1.cfe3p+2, 0x1.b342p-5 },
    "e197042b569c7f0451ed92c2770aafd0d951a17ca8259545bae72f8ee9f684fb" },
  { COLLATE_Q6_K,
    "Q6_K",
    256,
    210,
    { 208, -1 },
    1 / 30.0f,
    { -0x1.047p+3, -0x1.206cp+4, 0x1.ecadp-5 },
    "f56b384820be98f496bca437b0402f08629b223780dae05dc931dc63e1507bf4" },
};

/* Bytes of a linear congruential generator, with the top bit of the exponent cleared where floats are, so that all are
 * finite. */
static void
fill_blocks (const TypeCase *test, guint8 *data, gsize n_blocks)
{
  guint32 state = 1;

  for (gsize b = 0; b < n_blocks; b++, data += test->block_bytes)
    {
      for (gsize i = 0; i < test->block_bytes; i++)
        {
          state = state * 1103515245 + 12345;
          data[i] = (guint8) (state >> 16);
        }
      for (gsize i = 0; i < G_N_ELEMENTS (test->halves) && test->halves[i] >= 0; i++)
        data[test->halves[i] + 1] &= 0xbf;
    }
}

static void
test_expand (gconstpointer data)
{
  const TypeCase *test = data;
  gsize count = 16 * test->block;
  g_autofree guint8 *blocks = g_malloc (16 * test->block_bytes + 1);
  g_autofree float *numbers = g_new (float, count + 1);
  g_autofree char *sum = NULL;

  /* At an odd address, because a file may hold them so; and nothing is written beyond the last number. */
  fill_blocks (test, blocks + 1, 16);
  numbers[count] = 42;
  collate_type_expand (test->type, blocks + 1, numbers, (gint64) count);

  g_assert_cmpfloat (numbers[1], ==, test->spots[0]);
  g_assert_cmpfloat (numbers[count / 2 + 3], ==, test->spots[1]);
  g_assert_cmpfloat (numbers[count - 1], ==, test->spots[2]);
  g_assert_cmpfloat (numbers[count], ==, 42);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) numbers, count * sizeof *numbers);
  g_assert_cmpstr (sum, ==, test->sum);
}

static void
test_pack (gconstpointer data)
{
  const TypeCase *test = data;
  float numbers[1024], expanded[1024];
  g_autofree guint8 *blocks = g_malloc (1024 / test->block * test->block_bytes);
  guint64 state = 7;

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    numbers[i] = gguf_random (&state);
  gguf_pack (test->type, numbers, blocks, G_N_ELEMENTS (numbers));
  collate_type_expand (test->type, blocks, expanded, G_N_ELEMENTS (numbers));

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_assert_cmpfloat_with_epsilon (expanded[i], numbers[i], test->step);
}

static void
test_zeros (gconstpointer data)
{
  const TypeCase *test = data;
  float numbers[256] = { 0 }, expanded[256];
  guint8 blocks[1024];

  gguf_pack (test->type, numbers, blocks, G_N_ELEMENTS (numbers));
  collate_type_expand (test->type, blocks, expanded, G_N_ELEMENTS (expanded));
  for (gsize i = 0; i < G_N_ELEMENTS (expanded); i++)
    g_assert_cmpfloat (expanded[i], ==, 0);
}

static void
test_sizes (gconstpointer data)
{
  const TypeCase *test = data;

  g_assert_true (collate_type_is_known (test->type));
  g_assert_cmpstr (collate_type_get_name (test->type), ==, test->name);
  g_assert_cmpuint (collate_type_get_block (test->type), ==, test->block);
  g_assert_cmpuint (collate_type_get_block_bytes (test->type), ==, test->block_bytes);
  g_assert_cmpuint (collate_type_get_row_bytes (test->type, 512), ==, 512 / test->block * test->block_bytes);
  g_assert_cmpuint (collate_type_get_row_bytes (test->type, -512), ==, 0);
  if (test->block > 1)
    g_assert_cmpuint (collate_type_get_row_bytes (test->type, 512 + test->block / 2), ==, 0);
  if (test->block_bytes > test->block * 2)
    g_assert_cmpuint (collate_type_get_row_bytes (test->type, G_MAXINT64 - G_MAXINT64 % test->block), ==, 0);
}

static void
test_unknown_types (void)
{
  guint n_known = 0;

  for (guint32 type = 0; type < 1024; type++)
    n_known += (guint) collate_type_is_known (type);
  g_assert_cmpuint (n_known, ==, G_N_ELEMENTS (type_cases));
  g_assert_false (collate_type_is_known (G_MAXUINT32));
}

/* Blocks small enough to work out by hand: which byte holds which number, and what stands for zero. */
static void
test_q4_by_hand (void)
{
  /* Scale 0.5, minimum -2; byte 0 is 0x1f, byte 15 is 0xe2, the others 0x88. */
  guint8 q4_0[18] = { 0x00, 0x38, 0x1f, [3 ... 16] = 0x88, 0xe2 };
  guint8 q4_1[20] = { 0x00, 0x38, 0x00, 0xc0, 0x1f, [5 ... 18] = 0x88, 0xe2 };
  float numbers[32];

  collate_type_expand (COLLATE_Q4_0, q4_0, numbers, 32);
  g_assert_cmpfloat (numbers[0], ==, 3.5);
  g_assert_cmpfloat (numbers[1], ==, 0);
  g_assert_cmpfloat (numbers[15], ==, -3);
  g_assert_cmpfloat (numbers[16], ==, -3.5);
  g_assert_cmpfloat (numbers[31], ==, 3);

  collate_type_expand (COLLATE_Q4_1, q4_1, numbers, 32);
  g_assert_cmpfloat (numbers[0], ==, 5.5);
  g_assert_cmpfloat (numbers[1], ==, 2);
  g_assert_cmpfloat (numbers[15], ==, -1);
  g_assert_cmpfloat (numbers[16], ==, -1.5);
  g_assert_cmpfloat (numbers[31], ==, 5);
}

static void
test_q5_by_hand (void)
{
  /* Scale 2, minimum 1; fifth bits of numbers 0, 15, 16 and 31 alone; byte 0 is 0x21, the others 0. */
  guint8 q5_0[22] = { 0x00, 0x40, 0x01, 0x80, 0x01, 0x80, 0x21 };
  guint8 q5_1[24] = { 0x00, 0x40, 0x00, 0x3c, 0x01, 0x80, 0x01, 0x80, 0x21 };
  float numbers[32];

  collate_type_expand (COLLATE_Q5_0, q5_0, numbers, 32);
  g_assert_cmpfloat (numbers[0], ==, 2);
  g_assert_cmpfloat (numbers[1], ==, -32);
  g_assert_cmpfloat (numbers[15], ==, 0);
  g_assert_cmpfloat (numbers[16], ==, 4);
  g_assert_cmpfloat (numbers[31], ==, 0);

  collate_type_expand (COLLATE_Q5_1, q5_1, numbers, 32);
  g_assert_cmpfloat (numbers[0], ==, 35);
  g_assert_cmpfloat (numbers[1], ==, 1);
  g_assert_cmpfloat (numbers[15], ==, 33);
  g_assert_cmpfloat (numbers[16], ==, 37);
  g_assert_cmpfloat (numbers[31], ==, 33);
}

static void
test_q8_by_hand (void)
{
  guint8 q8_0[34] = { 0x00, 0xb4, 0x80, 0x7f, 0xff, [33] = 0x01 }; /* scale -0.25 */
  float numbers[32];

  collate_type_expand (COLLATE_Q8_0, q8_0, numbers, 32);
  g_assert_cmpfloat (numbers[0], ==, 32);
  g_assert_cmpfloat (numbers[1], ==, -31.75);
  g_assert_cmpfloat (numbers[2], ==, 0.25);
  g_assert_cmpfloat (numbers[31], ==, -0.25);
}

static void
test_k_by_hand (void)
{
  /* Scale of scales 1, of minima 0.5. Sub-block 0: scale 3, minimum 4. Sub-block 7: scale 0x25 (low half 5 in byte 11,
   * high bits 2 above byte 3), minimum 0x1a (low half 10, high bits 1 above byte 7). */
  guint8 q4_k[144] = { 0x00, 0x3c, 0x00, 0x38, 3, 0, 0, 0x80, 4, 0, 0, 0x40, 0, 0, 0, 0xa5 };
  guint8 q5_k[176];
  guint8 q6_k[210] = { 0 };
  float numbers[256];

  q4_k[16] = 0x07;       /* number 0 of sub-block 0; sub-block 1 has no scale */
  q4_k[16 + 127] = 0x90; /* the last number of sub-block 7 */
  collate_type_expand (COLLATE_Q4_K, q4_k, numbers, 256);
  g_assert_cmpfloat (numbers[0], ==, 19);
  g_assert_cmpfloat (numbers[1], ==, -2);
  g_assert_cmpfloat (numbers[32], ==, 0);
  g_assert_cmpfloat (numbers[254], ==, -13);
  g_assert_cmpfloat (numbers[255], ==, 320);

  memcpy (q5_k, q4_k, 16);
  memset (q5_k + 16, 0, 32);
  memcpy (q5_k + 48, q4_k + 16, 128);
  q5_k[16] = 0x01;      /* number 0 of sub-block 0 */
  q5_k[16 + 31] = 0x80; /* number 31 of sub-block 7 */
  collate_type_expand (COLLATE_Q5_K, q5_k, numbers, 256);
  g_assert_cmpfloat (numbers[0], ==, 67);
  g_assert_cmpfloat (numbers[1], ==, -2);
  g_assert_cmpfloat (numbers[254], ==, -13);
  g_assert_cmpfloat (numbers[255], ==, 912);

  /* Scale of scales 2; the first 16 numbers' scale is -1, the last ones' 3. */
  q6_k[209] = 0x40;
  q6_k[192] = 0xff;
  q6_k[207] = 3;
  q6_k[0] = 0x05;        /* number 0: low 5 */
  q6_k[128] = 0x01;      /* and high 1: 21 */
  q6_k[127] = 0xf0;      /* number 255: low 15 */
  q6_k[128 + 63] = 0xc0; /* and high 3: 63 */
  collate_type_expand (COLLATE_Q6_K, q6_k, numbers, 256);
  g_assert_cmpfloat (numbers[0], ==, 22);
  g_assert_cmpfloat (numbers[1], ==, 64);
  g_assert_cmpfloat (numbers[16], ==, 0);
  g_assert_cmpfloat (numbers[254], ==, -192);
  g_assert_cmpfloat (numbers[255], ==, 186);
}

static float
from_bits (guint32 bits)
{
  float number;

  memcpy (&number, &bits, sizeof number);
  return number;
}

static guint32
to_bits (float number)
{
  guint32 bits;

  memcpy (&bits, &number, sizeof bits);
  return bits;
}

/* What a half means, by its definition. */
static float
half_by_definition (guint16 half)
{
  int exponent = half >> 10 & 31;
  int fraction = half & 1023;
  double magnitude = exponent == 0   ? ldexp (fraction, -24)
                     : exponent < 31 ? ldexp (1024 + fraction, exponent - 25)
                                     : INFINITY;

  return (float) (half & 0x8000 ? -magnitude : magnitude);
}

static gboolean
is_nan (guint32 half)
{
  return (half & 0x7fff) > 0x7c00;
}

static void
test_halves (void)
{
  for (guint32 half = 0; half <= G_MAXUINT16; half++)
    {
      float number = collate_f16_to_f32 ((guint16) half);

      if (is_nan (half))
        {
          /* Stays one, with its sign and payload; a signalling one becomes quiet. */
          g_assert_true (isnan (number));
          g_assert_cmphex (collate_f32_to_f16 (number), ==, half | 0x200);
          continue;
        }
      g_assert_cmphex (to_bits (number), ==, to_bits (half_by_definition ((guint16) half)));
      g_assert_cmphex (collate_f32_to_f16 (number), ==, half);
    }
}

/* Between all neighbours: the middle goes to the even one, and what is next to the middle to the nearer one. */
static void
test_rounding (void)
{
  for (guint32 half = 0; half < 0x7c00; half++)
    {
      /* The one after the largest would be 2¹⁶. */
      double low = (double) half_by_definition ((guint16) half);
      double high = half == 0x7bff ? 65536 : (double) half_by_definition ((guint16) (half + 1));
      float middle = (float) ((low + high) / 2);
      guint32 even = half + half % 2;

      for (guint32 sign = 0; sign <= 0x8000; sign += 0x8000)
        {
          float side = sign != 0 ? -1 : 1;

          g_assert_cmphex (collate_f32_to_f16 (side * middle), ==, even | sign);
          g_assert_cmphex (collate_f32_to_f16 (side * nextafterf (middle, 0)), ==, half | sign);
          g_assert_cmphex (collate_f32_to_f16 (side * nextafterf (middle, INFINITY)), ==, (half + 1) | sign);
        }
    }
}

static void
test_extremes (void)
{
  g_assert_cmphex (collate_f32_to_f16 (INFINITY), ==, 0x7c00);
  g_assert_cmphex (collate_f32_to_f16 (-INFINITY), ==, 0xfc00);
  g_assert_cmphex (collate_f32_to_f16 (G_MAXFLOAT), ==, 0x7c00);
  g_assert_cmphex (collate_f32_to_f16 (from_bits (1)), ==, 0);
  g_assert_cmphex (collate_f32_to_f16 (-from_bits (1)), ==, 0x8000);
  g_assert_true (
      is_nan (collate_f32_to_f16 (from_bits (0x7f800001)))); /* its payload lies below what f16 has */
  g_assert_true (is_nan (collate_f32_to_f16 (from_bits (0xffffffff))));
}

static void
test_bf16 (void)
{
  const guint16 brains[] = { 0x0001, 0x7f80, 0xff80, 0x7fc0, 0x3f80, 0x8000 };
  float numbers[G_N_ELEMENTS (brains)];

  collate_type_expand (COLLATE_BF16, brains, numbers, G_N_ELEMENTS (brains));
  for (gsize i = 0; i < G_N_ELEMENTS (brains); i++)
    g_assert_cmphex (to_bits (numbers[i]), ==, (guint32) brains[i] << 16);
}

static void
add_cases (const char *what, GTestDataFunc function)
{
  for (gsize i = 0; i < G_N_ELEMENTS (type_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tensor/%s/%s", what, type_cases[i].name);

      g_test_add_data_func (path, &type_cases[i], function);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_cases ("sizes", test_sizes);
  add_cases ("expand", test_expand);
  add_cases ("pack", test_pack);
  add_cases ("zeros", test_zeros);
  g_test_add_func ("/tensor/unknown-types", test_unknown_types);
  g_test_add_func ("/tensor/by-hand/q4", test_q4_by_hand);
  g_test_add_func ("/tensor/by-hand/q5", test_q5_by_hand);
  g_test_add_func ("/tensor/by-hand/q8", test_q8_by_hand);
  g_test_add_func ("/tensor/by-hand/k", test_k_by_hand);
  g_test_add_func ("/tensor/halves/all", test_halves);
  g_test_add_func ("/tensor/halves/rounding", test_rounding);
  g_test_add_func ("/tensor/halves/extremes", test_extremes);
  g_test_add_func ("/tensor/bf16", test_bf16);

  return g_test_run ();
}
