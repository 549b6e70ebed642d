/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "engine/collate-engine.h"
#include "engine/collate-gguf.h"

/* DeepSeek's and GLM's architectures against Hugging Face's own classes: small models with random weights, and what those
 * classes make of them. tiny-deepseek.py made the files, and says what is in them and why its figures leave nothing to
 * chance. An argument names another device than the CPU. */

static const char *device = "cpu";

/* Of the largest logit. */
#define TOLERANCE 1e-4

/* What a mistake makes of them at the least. */
#define FAR 1e-2

static const CollateEngineReading dense_reading = { FALSE };
static const CollateEngineReading sparse_reading = { .sparse = TRUE };

static const char *const names[] = {
  "tiny-deepseek2-v2", "tiny-deepseek2-v3", "tiny-deepseek32", "tiny-deepseek32-mtp", "tiny-glm-dsa",
};

typedef struct
{
  char *folder, *path;
  CollateEngine *engine;

  char *architecture;
  GArray *tokens;
  float *logits; /* after each token */
  gsize n_vocabulary;
  float *drafts; /* behind them: for each token but the last, of what comes after the next; or NULL */
} Reference;

static char *
find_file (const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ending, NULL);

  return g_test_build_filename (G_TEST_DIST, "engine", "data", file, NULL);
}

static GBytes *
unpack (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) packed = g_file_read (file, NULL, &error);
  g_autoptr (GConverter) converter = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  g_assert_no_error (error);
  stream = g_converter_input_stream_new (G_INPUT_STREAM (packed), converter);
  g_output_stream_splice (out, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error);
  g_assert_no_error (error);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static void
write_bytes (Reference *self, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  gsize n_bytes;
  const char *data = g_bytes_get_data (bytes, &n_bytes);

  g_file_set_contents (self->path, data, (gssize) n_bytes, &error);
  g_assert_no_error (error);
}

/* Writes a model's bytes, and opens them. */
static void
open_bytes (Reference *self, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->engine, collate_engine_unref);
  write_bytes (self, bytes);
  self->engine = collate_engine_open (self->path, device, NULL, &error);
  g_assert_no_error (error);
}

static void
read_description (Reference *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = find_file (name, ".json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *description;
  JsonArray *tokens;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  description = json_node_get_object (json_parser_get_root (parser));
  self->architecture = g_strdup (json_object_get_string_member (description, "architecture"));
  tokens = json_object_get_array_member (description, "tokens");
  self->tokens = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (guint i = 0; i < json_array_get_length (tokens); i++)
    {
      gint32 token = json_array_get_int_element (tokens, i);

      g_array_append_val (self->tokens, token);
    }
}

static void
read_logits (Reference *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = find_file (name, ".f32");
  gsize n_bytes, n_rows;

  g_file_get_contents (path, (char **) &self->logits, &n_bytes, &error);
  g_assert_no_error (error);
  self->n_vocabulary = collate_engine_get_info (self->engine)->vocabulary;
  n_rows = n_bytes / sizeof (float) / self->n_vocabulary;
  if (n_rows > self->tokens->len)
    {
      g_assert_cmpuint (n_rows, ==, self->tokens->len * 2 - 1);
      self->drafts = self->logits + self->tokens->len * self->n_vocabulary;
    }
  else
    g_assert_cmpuint (n_rows, ==, self->tokens->len);
}

static void
set_up (Reference *self, gconstpointer data)
{
  const char *name = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *packed = find_file (name, ".gguf.gz");
  g_autoptr (GBytes) bytes = unpack (packed);

  self->folder = g_dir_make_tmp ("collate-deepseek-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "model.gguf", NULL);
  open_bytes (self, bytes);
  read_description (self, name);
  read_logits (self, name);
}

static void
tear_down (Reference *self, gconstpointer data)
{
  g_clear_pointer (&self->engine, collate_engine_unref);
  g_remove (self->path);
  g_rmdir (self->folder);
  g_free (self->path);
  g_free (self->folder);
  g_free (self->architecture);
  g_array_unref (self->tokens);
  g_free (self->logits);
}

static CollateEngineSession *
new_session (Reference *self, const CollateEngineReading *reading)
{
  g_autoptr (GError) error = NULL;
  CollateEngineSession *session = collate_engine_session_new (self->engine, 0, reading, &error);

  g_assert_no_error (error);
  return session;
}

/* As the model was trained to read. */
static const CollateEngineReading *
get_reading (Reference *self)
{
  return g_str_equal (self->architecture, "deepseek2") ? &dense_reading : &sparse_reading;
}

static const gint32 *
get_tokens (Reference *self)
{
  return (const gint32 *) (gpointer) self->tokens->data;
}

static void
synchronise (Reference *self, CollateEngineSession *session, gsize n_tokens)
{
  g_autoptr (GError) error = NULL;

  collate_engine_session_sync (session, get_tokens (self), n_tokens, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static float
get_largest (const float *logits, gsize n)
{
  float largest = 0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabsf (logits[i]));
  return largest;
}

/* How far a row of logits is from the one that is expected, of the largest of all. */
static float
compare (Reference *self, gsize position, const float *logits)
{
  gsize n = self->n_vocabulary;
  const float *expected = self->logits + position * n;
  float difference = 0;

  g_assert_nonnull (logits);
  for (gsize i = 0; i < n; i++)
    {
      if (!isfinite (logits[i]))
        return INFINITY;
      difference = MAX (difference, fabsf (logits[i] - expected[i]));
    }
  return difference / get_largest (self->logits, self->tokens->len * n);
}

typedef struct
{
  Reference *reference;
  gsize n;          /* rows that came */
  float difference; /* the largest of them */
  GByteArray *rows;
} Scored;

static void
compare_row (gsize position, const float *logits, gpointer user_data)
{
  Scored *scored = user_data;

  g_assert_cmpuint (position, ==, scored->n);
  scored->n++;
  scored->difference = MAX (scored->difference, compare (scored->reference, position, logits));
  g_byte_array_append (
      scored->rows, (const guint8 *) logits, (guint) (scored->reference->n_vocabulary * sizeof *logits));
}

/* The logits after each token, computed together; (transfer full). */
static GByteArray *
score (Reference *self, CollateEngineSession *session, float *difference)
{
  g_autoptr (GError) error = NULL;
  Scored scored = { self, 0, 0, g_byte_array_new () };

  collate_engine_session_score (
      session, get_tokens (self), self->tokens->len, 0, compare_row, &scored, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scored.n, ==, self->tokens->len);
  if (difference)
    *difference = scored.difference;
  return scored.rows;
}

static void
test_prefill (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session = new_session (self, get_reading (self));
  g_autoptr (GByteArray) rows = NULL;
  float difference;

  rows = score (self, session, &difference);
  g_test_message ("prefill: %.1e", (double) difference);
  g_assert_cmpfloat (difference, <=, TOLERANCE);
}

static void
test_steps (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session = new_session (self, get_reading (self));
  g_autoptr (GError) error = NULL;
  float difference = 0;

  for (gsize i = 0; i < self->tokens->len; i++)
    {
      g_assert_true (collate_engine_session_append (session, get_tokens (self)[i], &error));
      g_assert_no_error (error);
      difference = MAX (difference, compare (self, i, collate_engine_session_get_logits (session)));
    }
  g_test_message ("token by token: %.1e", (double) difference);
  g_assert_cmpfloat (difference, <=, TOLERANCE);
}

/* Parts that end anywhere, and a timeline that is cut and written anew. */
static void
test_parts (Reference *self, gconstpointer data)
{
  static const gsize ends[] = { 1, 2, 15, 16, 17, 33, 64, 20, 49, 95, 96 };
  g_autoptr (CollateEngineSession) session = new_session (self, get_reading (self));
  float difference = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      synchronise (self, session, ends[i]);
      difference = MAX (difference, compare (self, ends[i] - 1, collate_engine_session_get_logits (session)));
    }
  g_test_message ("in parts: %.1e", (double) difference);
  g_assert_cmpfloat (difference, <=, TOLERANCE);
}

static void
test_info (Reference *self, gconstpointer data)
{
  const CollateEngineInfo *info = collate_engine_get_info (self->engine);
  gboolean indexed = !g_str_equal (self->architecture, "deepseek2");

  g_assert_cmpstr (info->architecture, ==, self->architecture);
  g_assert_cmpint (info->index, ==, indexed ? COLLATE_INDEX_TRAINED : COLLATE_INDEX_BOUNDS);
  g_assert_cmpint (info->layers, ==, strstr (data, "-mtp") ? 2 : 3);
  if (indexed)
    g_assert_cmpint (info->top_k, ==, 16);
}

/* What an indexer leaves out changes what comes out, and the share that is left is told. */
static void
test_selection (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) sparse = new_session (self, &sparse_reading);
  g_autoptr (CollateEngineSession) dense = new_session (self, &dense_reading);
  gsize n = self->tokens->len;
  g_autoptr (GByteArray) rows = NULL;
  float difference;
  double share = 0;

  rows = score (self, dense, &difference);
  g_assert_cmpfloat (difference, >, FAR);
  for (gsize i = 0; i < n; i++)
    share += (double) MIN (16, i + 1) / (i + 1) / n;
  synchronise (self, sparse, n);
  g_assert_cmpfloat_with_epsilon (collate_engine_session_get_share (sparse, 0, (gint64) n), share, 1e-6);
  g_assert_cmpfloat (collate_engine_session_get_share (dense, 0, (gint64) n), ==, 1);
}

/* With as many as there are it is dense attention, to the last bit. */
static void
test_all_selected (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) sparse =
      new_session (self, &(CollateEngineReading){ .sparse = TRUE, .top_k = self->tokens->len });
  g_autoptr (CollateEngineSession) dense = new_session (self, &dense_reading);
  g_autoptr (GByteArray) all = score (self, sparse, NULL);
  g_autoptr (GByteArray) expected = score (self, dense, NULL);

  g_assert_cmpmem (all->data, all->len, expected->data, expected->len);
}

/* A model's bytes in memory, to be changed; tensors are found in the file as it is. */
typedef struct
{
  GByteArray *bytes;
  CollateGguf *gguf;
} Changed;

static void
begin_change (Reference *self, const char *name, Changed *changed)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *packed = find_file (name, ".gguf.gz");
  GBytes *bytes = unpack (packed);

  write_bytes (self, bytes);
  changed->bytes = g_bytes_unref_to_array (bytes);
  changed->gguf = collate_gguf_open (self->path, &error);
  g_assert_no_error (error);
}

static gpointer
find_tensor (Changed *changed, const char *name, const CollateTensor **tensor)
{
  gpointer found;

  *tensor = collate_gguf_get_tensor (changed->gguf, name);
  g_assert_nonnull (*tensor);
  found = memmem (changed->bytes->data, changed->bytes->len, (*tensor)->data, (*tensor)->n_bytes);
  g_assert_nonnull (found);
  return found;
}

/* Makes all numbers of a tensor this one. */
static void
fill (Changed *changed, const char *name, float number)
{
  const CollateTensor *tensor;
  float *numbers = find_tensor (changed, name, &tensor);

  for (gsize i = 0; i < tensor->n_bytes / sizeof number; i++)
    memcpy (numbers + i, &number, sizeof number);
}

/* Opens the changed model, and tells how far it is from the figures. */
static float
end_change (Reference *self, Changed *changed)
{
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (changed->bytes);
  g_autoptr (CollateEngineSession) session = NULL;
  g_autoptr (GByteArray) rows = NULL;
  float difference;

  collate_gguf_unref (changed->gguf);
  open_bytes (self, bytes);
  session = new_session (self, get_reading (self));
  rows = score (self, session, &difference);
  return difference;
}

/* Puts the rows of queries and keys in the order in which the right turns do what wrong ones would have done. */
static void
reorder (Changed *changed, const char *name, gboolean interleaved)
{
  enum
  {
    SIZE = 64,
    HALF = 8
  };
  const CollateTensor *tensor;
  guint8 *to = find_tensor (changed, name, &tensor);
  const guint8 *from = tensor->data;
  gsize n_rows = tensor->rows == 1 ? tensor->columns : tensor->rows;
  gsize row_bytes = tensor->n_bytes / n_rows;

  for (gsize row = 0; row < n_rows; row++)
    {
      gsize i = row % SIZE;
      gsize other = row - i + i % 2 * HALF + i / 2;

      if (i >= 2 * HALF)
        continue;
      if (interleaved)
        memcpy (to + row * row_bytes, from + other * row_bytes, row_bytes);
      else
        memcpy (to + other * row_bytes, from + row * row_bytes, row_bytes);
    }
}

/* The figures tell whether the indexer turns the right pairs. */
static void
test_wrong_pairs (Reference *self, gconstpointer data)
{
  static const char *const parts[] = { "attn_q_b.weight", "attn_k.weight", "k_norm.weight", "k_norm.bias" };
  Changed changed;

  begin_change (self, data, &changed);
  for (guint layer = 0; layer < 2; layer++)
    for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
      {
        g_autofree char *name = g_strdup_printf ("blk.%u.indexer.%s", layer, parts[i]);

        reorder (&changed, name, g_str_equal (self->architecture, "glm-dsa"));
      }
  g_assert_cmpfloat (end_change (self, &changed), >, FAR);
}

/* And whether what is easily forgotten is there. */
static void
test_forgotten (Reference *self, gconstpointer data)
{
  static const char *const biases[] = { "blk.1.exp_probs_b.bias", "blk.1.indexer.k_norm.bias" };

  for (gsize i = 0; i < G_N_ELEMENTS (biases); i++)
    {
      Changed changed;

      begin_change (self, data, &changed);
      fill (&changed, biases[i], 0);
      g_assert_cmpfloat (end_change (self, &changed), >, FAR);
    }
}

/* Numbers that are none choose something all the same, and nothing that is not there. */
static void
test_no_numbers (Reference *self, gconstpointer data)
{
  static const char *const tensors[] = {
    "blk.1.indexer.k_norm.bias", "blk.1.indexer.proj.weight", "blk.1.ffn_gate_inp.weight",
    "blk.1.exp_probs_b.bias",    "blk.0.attn_norm.weight",
  };
  static const float numbers[] = { NAN, INFINITY, -INFINITY };

  for (gsize i = 0; i < G_N_ELEMENTS (tensors); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (numbers); j++)
      {
        Changed changed;

        begin_change (self, data, &changed);
        fill (&changed, tensors[i], numbers[j]);
        g_assert_cmpfloat (end_change (self, &changed), >, TOLERANCE);
      }
}

/* Index keys in eight bits choose other tokens, the same that the definition chooses with them. */
static void
test_narrow (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session =
      new_session (self, &(CollateEngineReading){ .sparse = TRUE, .narrow_index = TRUE });
  g_autoptr (GByteArray) rows = NULL;
  float difference;

  rows = score (self, session, &difference);
  g_assert_cmpfloat (difference, >, FAR);

  g_free (self->logits);
  read_logits (self, "tiny-deepseek32-narrow");
  g_byte_array_unref (rows);
  rows = score (self, session, &difference);
  g_test_message ("index keys in eight bits: %.1e", (double) difference);
  g_assert_cmpfloat (difference, <=, TOLERANCE);
}

static gint32
find_likeliest (const float *logits, gsize n)
{
  gint32 likeliest = 0;

  for (gsize i = 1; i < n; i++)
    if (logits[i] > logits[likeliest])
      likeliest = (gint32) i;
  return likeliest;
}

/* The token that the module expects after the next is the one that counts as rightly drafted when it comes. */
static void
test_drafts (Reference *self, gconstpointer data)
{
  g_autoptr (CollateEngineSession) session =
      new_session (self, &(CollateEngineReading){ .sparse = TRUE, .drafts = TRUE });
  g_autoptr (GError) error = NULL;

  g_assert_true (collate_engine_get_info (self->engine)->drafts);
  for (gsize i = 0; i + 2 < self->tokens->len; i++)
    {
      gint32 draft = find_likeliest (self->drafts + i * self->n_vocabulary, self->n_vocabulary);
      gint64 n_drafted, n_right;

      synchronise (self, session, i + 1);
      g_assert_true (collate_engine_session_append (session, get_tokens (self)[i + 1], &error));
      g_assert_cmpfloat (compare (self, i + 1, collate_engine_session_get_logits (session)), <=, TOLERANCE);
      g_assert_true (collate_engine_session_append (session, draft, &error));
      g_assert_no_error (error);
      collate_engine_session_get_drafts (session, &n_drafted, &n_right);
      g_assert_cmpint (n_drafted, ==, 1);
      g_assert_cmpint (n_right, ==, 1);
    }
}

static void
add (const char *name, const char *what, void (*run) (Reference *self, gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/engine/deepseek/%s/%s", name, what);

  g_test_add (path, Reference, name, set_up, run, tear_down);
}

static gboolean
has_device (void)
{
  g_autoptr (GPtrArray) devices = collate_engine_list_devices ();

  for (guint i = 0; i < devices->len; i++)
    if (g_str_equal (((const CollateEngineDevice *) g_ptr_array_index (devices, i))->name, device))
      return TRUE;
  return FALSE;
}

static void
test_no_device (void)
{
  g_test_skip ("no such device");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 1)
    device = argv[1];
  if (!has_device ())
    {
      g_test_add_func ("/engine/deepseek/device", test_no_device);
      return g_test_run ();
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      add (names[i], "info", test_info);
      add (names[i], "prefill", test_prefill);
      add (names[i], "steps", test_steps);
      add (names[i], "parts", test_parts);
      add (names[i], "all-selected", test_all_selected);
      if (!g_str_has_prefix (names[i], "tiny-deepseek2-"))
        {
          add (names[i], "selection", test_selection);
          add (names[i], "wrong-pairs", test_wrong_pairs);
          add (names[i], "forgotten", test_forgotten);
          add (names[i], "no-numbers", test_no_numbers);
        }
    }
  add ("tiny-deepseek32", "narrow", test_narrow);
  add ("tiny-deepseek32-mtp", "drafts", test_drafts);
  return g_test_run ();
}
