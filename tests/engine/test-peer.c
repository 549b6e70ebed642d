/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "engine/collate-engine.h"

/* SmolLM2-135M-Instruct, Q4_1, against another program's figures of the same weights: llama.cpp's, ggml 0.20.1, its CPU
 * backend on one thread without extra buffers (no AMX, no repacking). The file itself is named by COLLATE_MODEL, the
 * device by COLLATE_DEVICE.
 *
 * With the file as it is the peer rounds activations to eight bits before each product, and parts from itself by more
 * than is allowed here: with and without its flash attention its perplexities over the first nine windows below are
 * 18.4027 and 18.3302, where exact products give 18.2632, and its greedy tokens part where its likeliest logits differ by
 * up to 0.18. So its figures are of the file with each weight written out as the float32 number that it stands for, which
 * rounds nothing; and its perplexity of the file as it is, too, without flash attention.
 *
 * smollm2-tokens.json: the tokens of texts, control tokens not parsed.
 * smollm2-greedy.json: 64 greedy tokens a prompt, and by how much the two likeliest logits differed at each; float32.
 * smollm2-perplexity.json: `llama-perplexity -f COPYING -c 512 -b 512 -t 1 -nr --no-warmup`; "Q4_1" with `-fa off`.
 * smollm2-exact.json: of the first window of that text, the negative log-likelihood of each scored token: computed by a
 * forward pass in double precision of the file's weights ("exact"), and the peer's of the file ("peer", `-fa off`). */

#define MODEL_SHA256 "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

/* Both programs round what they compute, each elsewhere: the two likeliest tokens may change places where the peer's
 * own logits of them are as near as this. */
#define NEAR 0.15

#define PERPLEXITY_TOLERANCE 0.005

/* Not further from the exact figures than the peer is, but for what chance does in one window. */
#define NOISE_TOLERANCE 1.25

typedef struct
{
  CollateEngine *engine; /* NULL: not to be had */
  const char *reason;    /* why not */
} Peer;

static gboolean
is_known_model (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, &error);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *sum = NULL;

  g_assert_no_error (error);
  bytes = g_mapped_file_get_bytes (file);
  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  return g_str_equal (sum, MODEL_SHA256);
}

static void
open_peer (Peer *self)
{
  const char *path = g_getenv ("COLLATE_MODEL"), *device = g_getenv ("COLLATE_DEVICE");
  g_autoptr (GError) error = NULL;

  if (!path || !*path)
    {
      self->reason = "COLLATE_MODEL names no model file";
      return;
    }
  if (!is_known_model (path))
    {
      self->reason = "COLLATE_MODEL is not the file that the figures are of";
      return;
    }
  self->engine = collate_engine_open (path, device && *device ? device : "cpu", NULL, &error);
  g_assert_no_error (error);
}

/* Figures, or NULL without the model; `*figures` holds them. */
static JsonNode *
read_figures (const Peer *self, const char *name, JsonParser **figures)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "data", name, NULL);
  g_autoptr (GError) error = NULL;

  if (!self->engine)
    {
      g_test_skip (self->reason);
      return NULL;
    }
  *figures = json_parser_new ();
  json_parser_load_from_file (*figures, path, &error);
  g_assert_no_error (error);
  return json_parser_get_root (*figures);
}

static JsonArray *
read_list (const Peer *self, const char *name, JsonParser **figures)
{
  JsonNode *root = read_figures (self, name, figures);

  return root ? json_node_get_array (root) : NULL;
}

static GArray *
copy_tokens (JsonObject *from, const char *member)
{
  JsonArray *numbers = json_object_get_array_member (from, member);
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (gint32));

  for (guint i = 0; i < json_array_get_length (numbers); i++)
    {
      gint32 token = json_array_get_int_element (numbers, i);
      g_array_append_val (tokens, token);
    }
  return tokens;
}

static char *
print_tokens (const GArray *tokens)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tokens->len; i++)
    g_string_append_printf (text, "%d ", g_array_index (tokens, gint32, i));
  return g_string_free (text, FALSE);
}

/* As text, so that a failure shows both whole. */
static void
assert_same_tokens (const GArray *tokens, const GArray *expected)
{
  g_autofree char *is = print_tokens (tokens);
  g_autofree char *should_be = print_tokens (expected);

  g_assert_cmpstr (is, ==, should_be);
}

static void
test_tokens (gconstpointer data)
{
  const Peer *peer = data;
  g_autoptr (JsonParser) figures = NULL;
  JsonArray *texts = read_list (peer, "smollm2-tokens.json", &figures);

  for (guint i = 0; texts && i < json_array_get_length (texts); i++)
    {
      JsonObject *item = json_array_get_object_element (texts, i);
      const char *text = json_object_get_string_member (item, "text");
      g_autoptr (GArray) expected = copy_tokens (item, "tokens");
      g_autoptr (GArray) tokens = collate_engine_encode (peer->engine, text, -1, TRUE);

      g_test_message ("%s", text);
      assert_same_tokens (tokens, expected);
    }
}

static void
test_pieces (gconstpointer data)
{
  const Peer *peer = data;
  g_autoptr (JsonParser) figures = NULL;
  JsonArray *texts = read_list (peer, "smollm2-tokens.json", &figures);

  for (guint i = 0; texts && i < json_array_get_length (texts); i++)
    {
      JsonObject *item = json_array_get_object_element (texts, i);
      g_autoptr (GArray) tokens = copy_tokens (item, "tokens");
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint j = 0; j < tokens->len; j++)
        {
          gsize length;
          const char *piece =
              collate_engine_get_piece (peer->engine, g_array_index (tokens, gint32, j), &length);

          g_string_append_len (text, piece, length);
        }
      g_assert_cmpstr (text->str, ==, json_object_get_string_member (item, "text"));
    }
}

static gint32
find_likeliest (CollateEngineSession *session, gsize n_logits)
{
  const float *logits = collate_engine_session_get_logits (session);
  gsize best = 0;

  g_assert_nonnull (logits);
  for (gsize i = 1; i < n_logits; i++)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

/* Follows the peer's tokens up to where the two part: what comes after answers another text. */
static void
follow (const Peer *peer, CollateEngineSession *session, JsonObject *item, guint prompt)
{
  g_autoptr (GArray) expected = copy_tokens (item, "tokens");
  JsonArray *gaps = json_object_get_array_member (item, "gaps");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < expected->len; i++)
    {
      gint32 token = g_array_index (expected, gint32, i);
      gint32 ours = find_likeliest (session, collate_engine_get_info (peer->engine)->vocabulary);
      double gap = json_array_get_double_element (gaps, i);

      if (ours != token)
        {
          g_test_message ("prompt %u parts at token %u: %d, not %d; the peer's logits differ by %.4f",
                          prompt,
                          i,
                          ours,
                          token,
                          gap);
          g_assert_cmpfloat (gap, <, NEAR);
          return;
        }
      collate_engine_session_append (session, token, &error);
      g_assert_no_error (error);
    }
}

static void
check_prompt (const Peer *peer, CollateEngineSession *session, JsonObject *item, guint number)
{
  g_autoptr (GArray) expected = copy_tokens (item, "prompt");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) prompt = collate_engine_encode_chat (peer->engine,
                                                          json_object_get_string_member (item, "system"),
                                                          json_object_get_string_member (item, "user"),
                                                          FALSE,
                                                          &error);

  g_assert_no_error (error);
  assert_same_tokens (prompt, expected);
  collate_engine_session_sync (
      session, (const gint32 *) prompt->data, prompt->len, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  follow (peer, session, item, number);
}

static void
test_greedy (gconstpointer data)
{
  const Peer *peer = data;
  g_autoptr (JsonParser) figures = NULL;
  JsonArray *prompts = read_list (peer, "smollm2-greedy.json", &figures);
  g_autoptr (CollateEngineSession) session = NULL;
  g_autoptr (GError) error = NULL;

  if (!prompts)
    return;
  session = collate_engine_session_new (peer->engine, 512, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < json_array_get_length (prompts); i++)
    check_prompt (peer, session, json_array_get_object_element (prompts, i), i);
}

typedef struct
{
  const gint32 *tokens; /* the window */
  gsize n_tokens;
  gsize n_vocabulary;
  GArray *surprises; /* of double: the tokens' negative log-likelihoods */
} Score;

static void
add_surprise (gsize position, const float *logits, gpointer data)
{
  Score *score = data;
  double top = -G_MAXDOUBLE, sum = 0, surprise;

  if (position + 1 == score->n_tokens)
    return;
  for (gsize i = 0; i < score->n_vocabulary; i++)
    top = MAX (top, logits[i]);
  for (gsize i = 0; i < score->n_vocabulary; i++)
    sum += exp (logits[i] - top);
  surprise = top + log (sum) - logits[score->tokens[position + 1]];
  g_array_append_val (score->surprises, surprise);
}

/* Of the tokens in the second half of each window, the first half being their context. */
static GArray *
score_windows (const Peer *peer, const GArray *tokens, gsize context, gsize n_windows)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngineSession) session = collate_engine_session_new (peer->engine, context, NULL, &error);
  Score score = { .n_tokens = context,
                  .n_vocabulary = collate_engine_get_info (peer->engine)->vocabulary,
                  .surprises = g_array_new (FALSE, FALSE, sizeof (double)) };

  g_assert_no_error (error);
  g_assert_cmpuint (tokens->len, >=, context * n_windows);
  for (gsize i = 0; i < n_windows; i++)
    {
      score.tokens = (const gint32 *) tokens->data + i * context;
      collate_engine_session_score (
          session, score.tokens, context, context / 2, add_surprise, &score, NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (score.surprises->len, ==, n_windows * (context - context / 2 - 1));
  return score.surprises;
}

static double
compute_perplexity (const Peer *peer, const GArray *tokens, gsize context, gsize n_windows)
{
  g_autoptr (GArray) surprises = score_windows (peer, tokens, context, n_windows);
  double sum = 0;

  for (guint i = 0; i < surprises->len; i++)
    sum += g_array_index (surprises, double, i);
  return exp (sum / surprises->len);
}

static void
check_perplexity (double is, JsonObject *figures, const char *weights)
{
  double expected = json_object_get_double_member (figures, weights);

  g_test_message ("perplexity %.4f, the peer's with %s weights %.4f (%+.3f %%)",
                  is,
                  weights,
                  expected,
                  100 * (is / expected - 1));
  g_assert_cmpfloat_with_epsilon (is / expected, 1, PERPLEXITY_TOLERANCE);
}

/* The tokens of the licence, whose text does not change. */
static GArray *
encode_licence (const Peer *peer)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "COPYING", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return collate_engine_encode (peer->engine, text, -1, FALSE);
}

static void
test_perplexity (gconstpointer data)
{
  const Peer *peer = data;
  g_autoptr (JsonParser) parser = NULL;
  JsonNode *root = read_figures (peer, "smollm2-perplexity.json", &parser);
  g_autoptr (GArray) tokens = NULL;
  JsonObject *figures;
  double is;

  if (!root)
    return;
  figures = json_node_get_object (root);
  tokens = encode_licence (peer);
  is = compute_perplexity (peer,
                           tokens,
                           json_object_get_int_member (figures, "context"),
                           json_object_get_int_member (figures, "windows"));
  check_perplexity (is, figures, "F32");
  check_perplexity (is, figures, "Q4_1");
}

/* The root of the mean square of the distances from the exact figures. */
static double
compute_noise (JsonArray *exact, const GArray *surprises)
{
  double sum = 0;

  g_assert_cmpuint (surprises->len, ==, json_array_get_length (exact));
  for (guint i = 0; i < surprises->len; i++)
    sum += pow (g_array_index (surprises, double, i) - json_array_get_double_element (exact, i), 2);
  return sqrt (sum / surprises->len);
}

static void
test_exact (gconstpointer data)
{
  const Peer *peer = data;
  g_autoptr (JsonParser) figures = NULL;
  JsonNode *root = read_figures (peer, "smollm2-exact.json", &figures);
  g_autoptr (GArray) theirs = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GArray) ours = NULL;
  JsonArray *exact, *others;
  double noise, others_noise;

  if (!root)
    return;
  exact = json_object_get_array_member (json_node_get_object (root), "exact");
  others = json_object_get_array_member (json_node_get_object (root), "peer");
  for (guint i = 0; i < json_array_get_length (others); i++)
    {
      double surprise = json_array_get_double_element (others, i);
      g_array_append_val (theirs, surprise);
    }

  tokens = encode_licence (peer);
  ours = score_windows (peer, tokens, 512, 1);
  noise = compute_noise (exact, ours);
  others_noise = compute_noise (exact, theirs);
  g_test_message ("log-likelihoods are %.4f from the exact ones, the peer's %.4f", noise, others_noise);
  g_assert_cmpfloat (noise, <, others_noise * NOISE_TOLERANCE);
}

int
main (int argc, char *argv[])
{
  Peer peer = { 0 };
  int result;

  g_test_init (&argc, &argv, NULL);
  open_peer (&peer);
  g_test_add_data_func ("/engine/peer/tokens", &peer, test_tokens);
  g_test_add_data_func ("/engine/peer/pieces", &peer, test_pieces);
  g_test_add_data_func ("/engine/peer/greedy", &peer, test_greedy);
  g_test_add_data_func ("/engine/peer/perplexity", &peer, test_perplexity);
  g_test_add_data_func ("/engine/peer/exact", &peer, test_exact);
  result = g_test_run ();
  g_clear_pointer (&peer.engine, collate_engine_unref);
  return result;
}
