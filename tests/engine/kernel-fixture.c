/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "kernel-fixture.h"

#include <math.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/cpu/collate-cpu-private.h"
#include "engine/vulkan/collate-vulkan-choice.h"
#include "gguf-writer.h"

/* Of places in their buffers: the least that there may be, and one that suits loads of four numbers. */
#define LEAST_OFFSET 4
#define EVEN_OFFSET 16

const CollateType kernel_types[KERNEL_N_TYPES] = {
  COLLATE_F32,  COLLATE_F16,  COLLATE_BF16, COLLATE_Q8_0, COLLATE_Q4_0, COLLATE_Q4_1,
  COLLATE_Q5_0, COLLATE_Q5_1, COLLATE_Q4_K, COLLATE_Q5_K, COLLATE_Q6_K,
};

/* A device of the list: opened once, since the drivers of some compile what they run. */
typedef struct
{
  char *name;
  CollateDevice *device;
  CollateVulkanWays ways; /* COLLATE_VULKAN_BEST where nothing was chosen */
} Setup;

typedef struct
{
  const Setup *setup;
  KernelTest test;
} Case;

static GPtrArray *setups;

static void
free_setup (gpointer data)
{
  Setup *setup = data;

  g_free (setup->name);
  collate_device_free (setup->device);
  g_free (setup);
}

static void
add_setup (char *name, CollateDevice *device, CollateVulkanWays ways)
{
  Setup *setup = g_new (Setup, 1);

  *setup = (Setup){ name, device, ways };
  g_ptr_array_add (setups, setup);
}

const KernelLevel *
kernel_get_level (guint n)
{
  static const KernelLevel levels[] = {
    { "plain", COLLATE_LEVEL_PLAIN },       { "avx2", COLLATE_LEVEL_AVX2 },
    { "avx512", COLLATE_LEVEL_AVX512 },     { "neon", COLLATE_LEVEL_NEON },
    { "neon-dot", COLLATE_LEVEL_NEON_DOT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (collate_cpu_loops_get (levels[i].level) != NULL && n-- == 0)
      return &levels[i];
  return NULL;
}

static void
skip_vulkan (void)
{
  g_test_skip ("no Vulkan device");
}

/* None under AddressSanitizer, where a software driver takes a quarter of an hour to compile all of the shaders; what the
 * host does for them runs there in the tests of whole models. */
static GPtrArray *
list_vulkan (void)
{
#ifdef __SANITIZE_ADDRESS__
  return g_ptr_array_new ();
#else
  return collate_vulkan_list ();
#endif
}

/* A device that is listed and does not open is a failure, no reason to skip. */
static void
add_vulkan_setups (void)
{
  g_autoptr (GPtrArray) infos = list_vulkan ();

  for (guint i = 0; i < infos->len; i++)
    {
      const CollateVulkanInfo *info = g_ptr_array_index (infos, i);
      g_autoptr (GError) error = NULL;
      CollateDevice *device = collate_vulkan_device_new (info->index, &error);

      g_assert_no_error (error);
      add_setup (g_strdup_printf ("vulkan-%u", info->index), device, COLLATE_VULKAN_BEST);
    }
  if (infos->len == 0)
    g_test_add_func ("/engine/kernels/vulkan", skip_vulkan);
}

void
kernel_add_ways (void)
{
  static const struct
  {
    const char *name;
    CollateVulkanWays ways;
  } all[] = {
    { "strips", COLLATE_VULKAN_STRIPS },
    { "dots", COLLATE_VULKAN_DOTS },
    { "tiles", COLLATE_VULKAN_TILES },
    { "matrices", COLLATE_VULKAN_MATRICES },
  };
  g_autoptr (GPtrArray) infos = list_vulkan ();

  for (guint i = 0; i < infos->len; i++)
    for (guint j = 0; j < G_N_ELEMENTS (all); j++)
      {
        const CollateVulkanInfo *info = g_ptr_array_index (infos, i);
        const CollateVulkanChoice choice = { .ways = all[j].ways };
        g_autoptr (GError) error = NULL;
        CollateDevice *device;

        /* The software rasteriser crashes on matrices where it is told how wide it has to be. */
        if (choice.ways == COLLATE_VULKAN_MATRICES && g_getenv ("LP_NATIVE_VECTOR_WIDTH") != NULL)
          continue;
        device = collate_vulkan_device_new_with (info->index, &choice, &error);
        if (g_error_matches (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED))
          continue;
        g_assert_no_error (error);
        add_setup (g_strdup_printf ("vulkan-%u-%s", info->index, all[j].name), device, all[j].ways);
      }
}

void
kernel_begin (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  setups = g_ptr_array_new_with_free_func (free_setup);
  for (guint i = 0; kernel_get_level (i) != NULL; i++)
    add_setup (g_strdup (kernel_get_level (i)->name),
               collate_cpu_device_new_with (3, kernel_get_level (i)->level),
               COLLATE_VULKAN_BEST);
  add_vulkan_setups ();
}

static void
run_case (gconstpointer data)
{
  const Case *this = data;
  KernelFixture fixture;

  kernel_fixture_begin (&fixture, this->setup->device);
  fixture.ways = this->setup->ways;
  this->test (&fixture);
  kernel_fixture_end (&fixture);
}

void
kernel_add (const char *name, KernelTest test)
{
  for (guint i = 0; i < setups->len; i++)
    {
      Case *this = g_new (Case, 1);
      g_autofree char *path = NULL;

      *this = (Case){ g_ptr_array_index (setups, i), test };
      path = g_strdup_printf ("/engine/kernels/%s/%s", this->setup->name, name);
      g_test_add_data_func_full (path, this, run_case, g_free);
    }
}

int
kernel_run (void)
{
  int status = g_test_run ();

  g_ptr_array_unref (setups);
  return status;
}

/* A buffer, or a weight with the bytes of its tensor and its numbers. */
typedef struct
{
  CollateBuffer *buffer;
  CollateWeight *weight;
  guint8 *bytes;
  float *numbers;
} Made;

static void
add_made (KernelFixture *fixture, Made made)
{
  g_ptr_array_add (fixture->made, g_memdup2 (&made, sizeof made));
}

void
kernel_fixture_begin (KernelFixture *fixture, CollateDevice *device)
{
  *fixture = (KernelFixture){
    .device = device,
    .is_cpu = strcmp (device->kernels->type, "cpu") == 0,
    .made = g_ptr_array_new_with_free_func (g_free),
    .seed = 1,
  };
}

void
kernel_fixture_end (KernelFixture *fixture)
{
  kernel_drop (fixture);
  g_ptr_array_unref (fixture->made);
}

void
kernel_drop (KernelFixture *fixture)
{
  for (guint i = 0; i < fixture->made->len; i++)
    {
      const Made *made = g_ptr_array_index (fixture->made, i);

      fixture->device->kernels->free_buffer (fixture->device, made->buffer);
      fixture->device->kernels->free_weight (fixture->device, made->weight);
      g_free (made->bytes);
      g_free (made->numbers);
    }
  g_ptr_array_set_size (fixture->made, 0);
}

float *
kernel_make_numbers (KernelFixture *fixture, gint64 n)
{
  float *numbers = g_new (float, MAX (n, 1));

  for (gint64 i = 0; i < n; i++)
    numbers[i] = gguf_random (&fixture->seed);
  return numbers;
}

guint16 *
kernel_make_halves (KernelFixture *fixture, gint64 n)
{
  guint16 *halves = g_new (guint16, MAX (n, 1));

  for (gint64 i = 0; i < n; i++)
    halves[i] = collate_f32_to_f16 (gguf_random (&fixture->seed));
  return halves;
}

CollatePlace
kernel_put (KernelFixture *fixture, const void *data, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;
  gsize offset = gguf_random (&fixture->seed) < 0 ? LEAST_OFFSET : EVEN_OFFSET;
  CollatePlace place = { fixture->device->kernels->allocate (fixture->device, n_bytes + offset, &error),
                         offset };
  g_autofree guint8 *garbage = NULL;

  g_assert_no_error (error);
  add_made (fixture, (Made){ .buffer = place.buffer });
  if (data == NULL)
    {
      garbage = g_malloc (MAX (n_bytes, 1));
      memset (garbage, 0xff, n_bytes);
      data = garbage;
    }
  g_assert_true (fixture->device->kernels->write (fixture->device, place, data, n_bytes, &error));
  g_assert_no_error (error);
  return place;
}

CollatePlace
kernel_put_numbers (KernelFixture *fixture, const float *numbers, gint64 n)
{
  return kernel_put (fixture, numbers, (gsize) n * sizeof (float));
}

gpointer
kernel_get (KernelFixture *fixture, CollatePlace place, gsize n_bytes)
{
  g_autofree guint8 *data = g_malloc (MAX (n_bytes, 1));
  g_autoptr (GError) error = NULL;

  g_assert_true (fixture->device->kernels->end (fixture->device, &error));
  g_assert_no_error (error);
  g_assert_true (fixture->device->kernels->read (fixture->device, place, data, n_bytes, &error));
  g_assert_no_error (error);
  return g_steal_pointer (&data);
}

float *
kernel_get_numbers (KernelFixture *fixture, CollatePlace place, gint64 n)
{
  return kernel_get (fixture, place, (gsize) n * sizeof (float));
}

/* Loads a weight of these numbers, which become those that its blocks mean. */
static CollateWeight *
load_weight (KernelFixture *fixture, CollateTensor tensor, float *numbers)
{
  gint64 n = tensor.rows * tensor.columns;
  g_autoptr (GError) error = NULL;
  Made made = { .numbers = numbers };

  tensor.n_bytes = collate_type_get_row_bytes (tensor.type, tensor.columns) * (gsize) tensor.rows;
  made.bytes = g_malloc (tensor.n_bytes);
  gguf_pack (tensor.type, numbers, made.bytes, n);
  collate_type_expand (tensor.type, made.bytes, numbers, n);
  tensor.data = made.bytes;
  made.weight = fixture->device->kernels->load (fixture->device, &tensor, &error);
  g_assert_no_error (error);
  g_assert_nonnull (made.weight);
  add_made (fixture, made);
  return made.weight;
}

CollateWeight *
kernel_make_groups (KernelFixture *fixture,
                    CollateType type,
                    gint64 n_groups,
                    gint64 rows,
                    gint64 columns,
                    const float **numbers)
{
  float *made = kernel_make_numbers (fixture, n_groups * rows * columns);

  if (numbers != NULL)
    *numbers = made;
  return load_weight (fixture,
                      (CollateTensor){
                          .type = type,
                          .columns = columns,
                          .rows = n_groups * rows,
                          .n_groups = n_groups,
                          .stays_in_file = fixture->stays_in_file,
                      },
                      made);
}

CollateWeight *
kernel_make_weight (KernelFixture *fixture,
                    CollateType type,
                    gint64 rows,
                    gint64 columns,
                    const float **numbers)
{
  return kernel_make_groups (fixture, type, 1, rows, columns, numbers);
}

CollateWeight *
kernel_make_row (KernelFixture *fixture, const float *numbers, gint64 n)
{
  return load_weight (fixture,
                      (CollateTensor){ .type = COLLATE_F32, .columns = n, .rows = 1 },
                      g_memdup2 (numbers, (gsize) n * sizeof *numbers));
}

void
kernel_assert_near (double number, double expected, double tolerance, const char *what)
{
  if (!(fabs (number - expected) <= tolerance))
    g_error ("%s: %.9g instead of %.9g, off by %.3g where %.3g is allowed",
             what,
             number,
             expected,
             fabs (number - expected),
             tolerance);
}
