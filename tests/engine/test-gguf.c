/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "gguf-fixture.h"

/* Model files that are right: all that they say comes out again. */

static void
check_numbers (CollateGguf *gguf)
{
  struct
  {
    const char *key;
    gint64 value;
  } const figures[] = {
    { "k.u8", 255 },          { "k.i8", -128 },        { "k.u16", 65535 },      { "k.i16", -32768 },
    { "k.u32", G_MAXUINT32 }, { "k.i32", G_MININT32 }, { "k.u64", G_MAXINT64 }, { "k.i64", G_MININT64 },
  };
  const char *const no_ints[] = {
    "k.vast", "k.yes", "k.f32", "k.text", "k.ints", "k.missing", "k.", "", "zzz"
  };
  gint64 value;
  double number;
  gboolean flag;

  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      g_assert_true (collate_gguf_get_int (gguf, figures[i].key, &value));
      g_assert_cmpint (value, ==, figures[i].value);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (no_ints); i++)
    g_assert_false (collate_gguf_get_int (gguf, no_ints[i], &value));

  g_assert_true (collate_gguf_get_double (gguf, "k.f32", &number));
  g_assert_cmpfloat (number, ==, (double) 0.1f);
  g_assert_true (collate_gguf_get_double (gguf, "k.f64", &number));
  g_assert_cmpfloat (number, ==, 0.1);
  g_assert_false (collate_gguf_get_double (gguf, "k.u8", &number));
  g_assert_false (collate_gguf_get_double (gguf, "k.missing", &number));

  g_assert_true (collate_gguf_get_boolean (gguf, "k.yes", &flag));
  g_assert_true (flag);
  g_assert_false (collate_gguf_get_boolean (gguf, "k.u8", &flag));
}

static void
check_texts_and_arrays (CollateGguf *gguf)
{
  const char *const *array;
  const gsize *lengths;
  const gint32 *whole;
  const float *real;

  g_assert_cmpstr (collate_gguf_get_string (gguf, "general.name"), ==, "Sämple");
  g_assert_cmpstr (collate_gguf_get_string (gguf, "k.none"), ==, "");
  g_assert_null (collate_gguf_get_string (gguf, "k.strings"));
  g_assert_null (collate_gguf_get_string (gguf, "k.u8"));

  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.strings", &array, &lengths), ==, 3);
  for (gsize i = 0; i < 3; i++)
    g_assert_cmpmem (array[i], lengths[i], gguf_sample_strings[i], strlen (gguf_sample_strings[i]));
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.nothing", &array, &lengths), ==, 0);
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.ints", &array, &lengths), ==, -1);
  g_assert_cmpint (collate_gguf_get_strings (gguf, "k.text", &array, &lengths), ==, -1);

  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.ints", &whole), ==, 3);
  for (gsize i = 0; i < 3; i++)
    g_assert_cmpint (whole[i], ==, gguf_sample_ints[i]);
  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.shorts", &whole), ==, -1);
  g_assert_cmpint (collate_gguf_get_ints (gguf, "k.floats", &whole), ==, -1);

  g_assert_cmpint (collate_gguf_get_floats (gguf, "k.floats", &real), ==, 2);
  g_assert_cmpmem (real, 2 * sizeof *real, gguf_sample_floats, sizeof gguf_sample_floats);
  g_assert_cmpint (collate_gguf_get_floats (gguf, "k.f32", &real), ==, -1);
}

static void
check_tensors (CollateGguf *gguf)
{
  struct
  {
    const char *name;
    CollateType type;
    gint64 columns, rows;
    float first, last;
  } const wanted[] = {
    { "t.first", COLLATE_F32, 4, 2, 0, 7 },
    { "t.second", COLLATE_Q4_1, 32, 3, 0, 95 },
    { "t.cubed", COLLATE_F16, 2, 4, 1, 2 },
    { "t.point", COLLATE_F32, 1, 1, 7, 7 },
  };

  g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, G_N_ELEMENTS (wanted));
  for (gsize i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      const CollateTensor *tensor;
      float numbers[96];
      gint64 count = wanted[i].columns * wanted[i].rows;

      g_assert_cmpstr (collate_gguf_get_nth_tensor (gguf, i, &tensor), ==, wanted[i].name);
      g_assert_true (collate_gguf_get_tensor (gguf, wanted[i].name) == tensor);
      g_assert_cmpint (tensor->type, ==, wanted[i].type);
      g_assert_cmpint (tensor->columns, ==, wanted[i].columns);
      g_assert_cmpint (tensor->rows, ==, wanted[i].rows);
      g_assert_cmpuint (tensor->n_bytes,
                        ==,
                        collate_type_get_row_bytes (tensor->type, tensor->columns) * (gsize) tensor->rows);
      collate_type_expand (tensor->type, tensor->data, numbers, count);
      g_assert_cmpfloat_with_epsilon (numbers[0], wanted[i].first, 1e-6f);
      g_assert_cmpfloat_with_epsilon (numbers[count - 1], wanted[i].last, 0.1f);
    }
  g_assert_null (collate_gguf_get_tensor (gguf, "t.missing"));
  g_assert_null (collate_gguf_get_tensor (gguf, ""));
}

static void
test_everything (GgufFixture *fixture, gconstpointer data)
{
  const guint32 alignments[] = { 8, 32, 4096 };

  for (guint32 version = 2; version <= 3; version++)
    for (gsize i = 0; i < G_N_ELEMENTS (alignments); i++)
      {
        g_autoptr (GgufWriter) writer = gguf_sample_new (version, alignments[i], 0);
        g_autoptr (GBytes) bytes = gguf_writer_to_bytes (writer);
        g_autoptr (CollateGguf) gguf = NULL;

        gguf_writer_save (writer, fixture->path);
        gguf = gguf_fixture_open (fixture);
        g_assert_cmpuint (collate_gguf_get_size (gguf), ==, g_bytes_get_size (bytes));
        check_numbers (gguf);
        check_texts_and_arrays (gguf);
        check_tensors (gguf);
      }
}

static void
test_empty_but_right (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GgufWriter) writer = gguf_writer_new (3);
  g_autoptr (CollateGguf) gguf = NULL;
  gint64 value;

  gguf_writer_save (writer, fixture->path);
  gguf = gguf_fixture_open (fixture);
  g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, 0);
  g_assert_null (collate_gguf_get_tensor (gguf, "x"));
  g_assert_false (collate_gguf_get_int (gguf, "x", &value));
}

/* The longest names that may be, and one byte more. */
static void
test_longest_names (GgufFixture *fixture, gconstpointer data)
{
  for (gsize more = 0; more <= 1; more++)
    {
      g_autofree char *key = g_strnfill (65535 + more, 'k');
      g_autofree char *name = g_strnfill (64 + more, 't');
      g_autoptr (GgufWriter) with_key = gguf_writer_new (3);
      g_autoptr (GgufWriter) with_tensor = gguf_writer_new (3);
      const float number = 1;
      gint64 value;

      gguf_writer_add_int (with_key, key, GGUF_UINT8, 7);
      gguf_writer_save (with_key, fixture->path);
      if (more == 0)
        {
          g_autoptr (CollateGguf) gguf = gguf_fixture_open (fixture);

          g_assert_true (collate_gguf_get_int (gguf, key, &value));
        }
      else
        gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, "65536 bytes");

      gguf_writer_add_tensor (with_tensor, name, COLLATE_F32, 1, 1, &number);
      gguf_writer_save (with_tensor, fixture->path);
      if (more == 0)
        {
          g_autoptr (CollateGguf) gguf = gguf_fixture_open (fixture);

          g_assert_nonnull (collate_gguf_get_tensor (gguf, name));
        }
      else
        gguf_fixture_refuse (fixture, COLLATE_ERROR_INVALID, "65 bytes");
    }
}

static void
test_outlives_its_name (GgufFixture *fixture, gconstpointer data)
{
  g_autoptr (GgufWriter) writer = gguf_sample_new (3, 32, 0);
  g_autoptr (CollateGguf) gguf = NULL, other = NULL;

  gguf_writer_save (writer, fixture->path);
  gguf = gguf_fixture_open (fixture);
  other = collate_gguf_ref (gguf);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  gguf_fixture_save (fixture, (const guint8 *) "", 0);
  g_clear_pointer (&gguf, collate_gguf_unref);
  check_numbers (other);
  check_texts_and_arrays (other);
  check_tensors (other);
}

static void
test_tiny_models (GgufFixture *fixture, gconstpointer data)
{
  const char *const architectures[] = { "llama", "qwen2", "qwen3" };
  const gsize n_tensors[] = { 2 + 2 * 9, 3 + 2 * 12, 3 + 2 * 11 };
  const CollateType types[] = { COLLATE_F32, COLLATE_Q4_1, COLLATE_Q6_K };

  for (gsize a = 0; a < G_N_ELEMENTS (architectures); a++)
    for (gsize t = 0; t < G_N_ELEMENTS (types); t++)
      {
        GgufTinyModel shape = gguf_tiny_model_get_shape (architectures[a], types[t]);
        g_autoptr (CollateGguf) gguf = NULL;
        const CollateTensor *tensor;
        const char *const *tokens;
        const gsize *lengths;
        const gint32 *token_types;

        gguf_writer_tiny_model (fixture->path, architectures[a], types[t], 1);
        gguf = gguf_fixture_open (fixture);
        g_assert_cmpuint (collate_gguf_get_n_tensors (gguf), ==, n_tensors[a]);
        tensor = collate_gguf_get_tensor (gguf, "token_embd.weight");
        g_assert_cmpint (tensor->type, ==, types[t]);
        g_assert_cmpint (tensor->columns, ==, shape.columns);
        g_assert_cmpint (tensor->rows, ==, (gint64) shape.vocabulary);
        g_assert_cmpint (collate_gguf_get_strings (gguf, "tokenizer.ggml.tokens", &tokens, &lengths),
                         ==,
                         (gint64) shape.vocabulary);
        g_assert_cmpint (collate_gguf_get_ints (gguf, "tokenizer.ggml.token_type", &token_types),
                         ==,
                         (gint64) shape.vocabulary);
        g_assert_cmpmem (tokens[2], lengths[2], "<|im_end|>", 10);
        g_assert_cmpint (token_types[2], ==, 3);
      }
}

/* The real one, where there is one. */
static void
test_real_model (void)
{
  const char *path = g_getenv ("COLLATE_MODEL");
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateGguf) gguf = NULL;
  g_autoptr (GTimer) timer = NULL;

  if (path == NULL)
    {
      g_test_skip ("COLLATE_MODEL names no model file");
      return;
    }

  timer = g_timer_new ();
  gguf = collate_gguf_open (path, &error);
  g_test_message ("opened in %.1f ms", g_timer_elapsed (timer, NULL) * 1e3);
  g_assert_no_error (error);
  g_assert_nonnull (collate_gguf_get_string (gguf, "general.architecture"));
  g_assert_nonnull (collate_gguf_get_tensor (gguf, "token_embd.weight"));
  gguf_read_everything (gguf);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  gguf_fixture_add ("everything", NULL, test_everything);
  gguf_fixture_add ("empty-but-right", NULL, test_empty_but_right);
  gguf_fixture_add ("longest-names", NULL, test_longest_names);
  gguf_fixture_add ("outlives-its-name", NULL, test_outlives_its_name);
  gguf_fixture_add ("tiny-models", NULL, test_tiny_models);
  g_test_add_func ("/gguf/real-model", test_real_model);

  return g_test_run ();
}
