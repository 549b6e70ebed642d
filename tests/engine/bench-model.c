/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-machine.h"
#include "engine/collate-graph.h"

/* How fast a whole model of SmolLM2-135M's shape reads and writes, as parts of what this machine gives in the same run:
 * reading, its operations against a loop of nothing but multiplications of f32 (quants can be above it); writing, the
 * bytes of weights and caches against a plain read.
 *
 *   bench-model [threads [type]]    type: F16, Q8_0, Q4_0, Q4_1 */

#define CHUNK 256
#define SHORT 512
#define DEPTH 4096
#define N_WRITTEN 32
#define TURNS 3

static const CollateShape shape = {
  .n_layers = 30,
  .width = 576,
  .n_heads = 9,
  .n_kv_heads = 3,
  .head_size = 64,
  .value_size = 64,
  .hidden = 1536,
  .n_vocabulary = 49152,
  .context = DEPTH + N_WRITTEN,
  .n_rotated = 64,
  .epsilon = 1e-5f,
  .attention_scale = 0.125f,
};

static const CollateEngineReading dense = { FALSE };

/* The best rates of all turns, in tokens a second. */
typedef struct
{
  double read_short, read_long, write_first, write_deep;
} Rates;

typedef struct
{
  CollateEngineModel model;
  CollateActivations at;
  CollatePlace logits;
  GPtrArray *data; /* of weights */
  GPtrArray *weights;
  GPtrArray *buffers;
} Subject;

static CollateWeight *
load (Subject *subject, CollateType type, gint64 rows, gint64 columns)
{
  guint8 *data;
  CollateWeight *weight = bench_load (subject->model.device, type, 1, rows, columns, &data);

  g_ptr_array_add (subject->data, data);
  g_ptr_array_add (subject->weights, weight);
  return weight;
}

static CollatePlace
take (Subject *subject, gint64 n_numbers, gsize size)
{
  CollateDevice *device = subject->model.device;
  CollatePlace place = { device->kernels->allocate (device, (gsize) n_numbers * size, NULL), 0 };

  g_ptr_array_add (subject->buffers, place.buffer);
  return place;
}

static void
load_layer (Subject *subject, CollateType type, CollateLayer *layer)
{
  gint64 n_key = shape.n_kv_heads * shape.head_size;

  layer->attention_norm = load (subject, COLLATE_F32, 1, shape.width);
  layer->query = load (subject, type, shape.width, shape.width);
  layer->key = load (subject, type, n_key, shape.width);
  layer->value = load (subject, type, n_key, shape.width);
  layer->attention_out = load (subject, type, shape.width, shape.width);
  layer->hidden_norm = load (subject, COLLATE_F32, 1, shape.width);
  layer->gate = load (subject, type, shape.hidden, shape.width);
  layer->up = load (subject, type, shape.hidden, shape.width);
  layer->down = load (subject, type, shape.width, shape.hidden);
}

static void
take_memory (Subject *subject)
{
  gint64 n_bytes = 0;
  gboolean taken;

  subject->logits = take (subject, shape.n_vocabulary, sizeof (float));
  taken = collate_activations_take (
      &subject->at, &subject->model, &dense, shape.context, CHUNK, subject->buffers, &n_bytes, NULL);
  g_assert_true (taken);
}

static void
set_up (Subject *subject, CollateDevice *device, CollateType type)
{
  subject->model = (CollateEngineModel){ .shape = shape, .device = device };
  subject->data = g_ptr_array_new_with_free_func (g_free);
  subject->weights = g_ptr_array_new ();
  subject->buffers = g_ptr_array_new ();

  subject->model.frequencies = g_new (float, shape.n_rotated / 2);
  for (gint64 i = 0; i < shape.n_rotated / 2; i++)
    subject->model.frequencies[i] = 1 / (float) (i + 1);
  subject->model.layers = g_new0 (CollateLayer, shape.n_layers);
  for (gint64 i = 0; i < shape.n_layers; i++)
    load_layer (subject, type, &subject->model.layers[i]);
  subject->model.norm = load (subject, COLLATE_F32, 1, shape.width);
  subject->model.embedding = load (subject, type, shape.n_vocabulary, shape.width);
  subject->model.output = subject->model.embedding;
  take_memory (subject);
}

static void
tear_down (Subject *subject)
{
  CollateDevice *device = subject->model.device;

  for (guint i = 0; i < subject->weights->len; i++)
    device->kernels->free_weight (device, g_ptr_array_index (subject->weights, i));
  for (guint i = 0; i < subject->buffers->len; i++)
    device->kernels->free_buffer (device, g_ptr_array_index (subject->buffers, i));
  g_ptr_array_unref (subject->weights);
  g_ptr_array_unref (subject->buffers);
  g_ptr_array_unref (subject->data);
  g_free (subject->model.frequencies);
  g_free (subject->model.layers);
  collate_activations_clear (&subject->at);
}

/* Tokens in chunks of so many; the seconds that they take, with the logits after the last of each chunk where a chunk is
 * one token. */
static double
compute (Subject *subject, gint64 position, gint64 n_tokens, gint64 chunk)
{
  CollateDevice *device = subject->model.device;
  double start = bench_get_seconds ();
  gint32 tokens[CHUNK] = { 0 };

  for (gint64 end = position + n_tokens; position < end; position += chunk)
    {
      device->kernels->begin (device);
      collate_graph_forward (&subject->model, &dense, &subject->at, tokens, chunk, position, chunk == 1);
      if (chunk == 1)
        collate_graph_logits (&subject->model, &subject->at, 0, 1, subject->logits);
      device->kernels->end (device, NULL);
    }
  return bench_get_seconds () - start;
}

static Rates
measure (Subject *subject)
{
  Rates best = { 0 };

  for (guint i = 0; i < TURNS; i++)
    {
      double first = compute (subject, 0, N_WRITTEN, 1);
      double soon = compute (subject, 0, SHORT, CHUNK);
      double late = compute (subject, SHORT, DEPTH - SHORT, CHUNK);
      double deep = compute (subject, DEPTH, N_WRITTEN, 1);

      best.write_first = MAX (best.write_first, N_WRITTEN / first);
      best.read_short = MAX (best.read_short, SHORT / soon);
      best.read_long = MAX (best.read_long, DEPTH / (soon + late));
      best.write_deep = MAX (best.write_deep, N_WRITTEN / deep);
    }
  return best;
}

/* Operations for a token that sees so many on average; those for logits are for the last token alone. */
static double
count_operations (double n_seen)
{
  gint64 n_key = shape.n_kv_heads * shape.head_size;
  gint64 n_weights = shape.width * (2 * shape.width + 2 * n_key + 3 * shape.hidden);

  return 2.0 * (double) shape.n_layers * ((double) n_weights + 2 * n_seen * (double) shape.width);
}

/* Bytes that writing a token reads. */
static double
count_bytes (CollateType type, double n_seen)
{
  gint64 n_key = shape.n_kv_heads * shape.head_size;
  gint64 n_rows = 2 * shape.width + 2 * n_key + 2 * shape.hidden;
  gsize row = collate_type_get_row_bytes (type, shape.width);
  gsize down = collate_type_get_row_bytes (type, shape.hidden) * (gsize) shape.width;

  return (double) shape.n_layers * ((double) (row * (gsize) n_rows + down) + n_seen * 4 * (double) n_key) +
         (double) (row * (gsize) shape.n_vocabulary);
}

static void
report (const BenchMachine *machine, CollateType type)
{
  const char *name = collate_type_get_name (type);
  Subject subject;
  Rates rates;

  set_up (&subject, machine->device, type);
  rates = measure (&subject);
  tear_down (&subject);
  g_print ("%-5s reading %d: %7.1f tokens/s (%4.2f of the peak), %d: %7.1f (%4.2f)\n",
           name,
           SHORT,
           rates.read_short,
           rates.read_short * count_operations (SHORT / 2) / machine->peak,
           DEPTH,
           rates.read_long,
           rates.read_long * count_operations (DEPTH / 2) / machine->peak);
  g_print ("%-5s writing at 0: %7.1f tokens/s (%4.2f of reading memory), at %d: %7.1f (%4.2f)\n",
           name,
           rates.write_first,
           rates.write_first * count_bytes (type, N_WRITTEN / 2) / machine->read_speed,
           DEPTH,
           rates.write_deep,
           rates.write_deep * count_bytes (type, DEPTH) / machine->read_speed);
}

int
main (int argc, char *argv[])
{
  static const CollateType types[] = { COLLATE_F16, COLLATE_Q8_0, COLLATE_Q4_0, COLLATE_Q4_1 };
  guint n_threads = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 0;
  BenchMachine machine;

  if (!bench_machine_open (&machine, n_threads, COLLATE_LEVEL_BEST))
    return 77;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (argc <= 2 || g_str_equal (argv[2], collate_type_get_name (types[i])))
      report (&machine, types[i]);
  bench_machine_close (&machine);
  return 0;
}
