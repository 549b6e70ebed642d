/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/collate-error.h"
#include "engine/collate-engine-private.h"
#include "engine/vulkan/collate-vulkan-private.h"
#include "tiny-engine.h"

/* What may go wrong with a device of Vulkan: it is not there, it has no memory, it is lost, it lies, its files are
 * somebody else's. And that a kernel's numbers do not depend on how its work reaches the device. */

#define COLUMNS 256
#define ROWS 75
#define TOKENS 5
#define N_PRODUCTS (ROWS * TOKENS)
#define SEED 11

static const gint32 ids[TOKENS] = { 0, 8, 31, 40, ROWS - 1 };

/* The first device; NULL where there is none, and the test is skipped. */
static CollateVulkanDevice *
open_first (gboolean is_remote)
{
  g_autoptr (GPtrArray) infos = collate_vulkan_list ();
  g_autoptr (GError) error = NULL;
  CollateDevice *device;

  if (infos->len == 0)
    {
      g_test_skip ("no Vulkan device");
      return NULL;
    }
  device = collate_vulkan_device_new_with (((const CollateVulkanInfo *) g_ptr_array_index (infos, 0))->index,
                                           &(CollateVulkanChoice){ .is_remote = is_remote },
                                           &error);
  g_assert_no_error (error);
  return (CollateVulkanDevice *) device;
}

static float *
make_numbers (gint64 n)
{
  guint64 seed = SEED;
  float *numbers = g_new (float, n);

  for (gint64 i = 0; i < n; i++)
    numbers[i] = gguf_random (&seed);
  return numbers;
}

/* The products of rows of a weight with all of its rows → N_PRODUCTS numbers; NULL with an error. */
static float *
compute (CollateVulkanDevice *self, GError **error)
{
  CollateDevice *device = &self->head;
  const CollateDeviceKernels *kernels = device->kernels;
  g_autofree float *numbers = make_numbers (ROWS * COLUMNS);
  CollateTensor tensor = { COLLATE_Q5_K, COLUMNS, ROWS };
  g_autofree guint8 *data = NULL;
  g_autofree float *products = g_new (float, N_PRODUCTS);
  CollateWeight *weight;
  CollatePlace in = { 0 }, out = { 0 };
  gboolean done;

  tensor.n_bytes = collate_type_get_row_bytes (tensor.type, COLUMNS) * ROWS;
  tensor.data = data = g_malloc (tensor.n_bytes);
  gguf_pack (tensor.type, numbers, data, ROWS * COLUMNS);
  weight = kernels->load (device, &tensor, error);
  if (!weight)
    return NULL;
  in.buffer = kernels->allocate (device, TOKENS * COLUMNS * sizeof (float), error);
  out.buffer = in.buffer ? kernels->allocate (device, N_PRODUCTS * sizeof (float), error) : NULL;
  done = out.buffer != NULL;
  if (done)
    {
      kernels->begin (device);
      kernels->embed (device, &(CollateEmbed){ weight, ids, in, TOKENS });
      kernels->matmul (
          device,
          &(CollateMatmul){
              .in = in, .n_tokens = TOKENS, .n_products = 1, .products = { { weight, NULL, out } } });
      done = kernels->end (device, error) &&
             kernels->read (device, out, products, N_PRODUCTS * sizeof (float), error);
    }
  kernels->free_buffer (device, in.buffer);
  kernels->free_buffer (device, out.buffer);
  kernels->free_weight (device, weight);
  return done ? g_steal_pointer (&products) : NULL;
}

static void
assert_right (const float *products)
{
  g_autofree float *numbers = make_numbers (ROWS * COLUMNS);
  g_autofree guint8 *data = g_malloc (collate_type_get_row_bytes (COLLATE_Q5_K, COLUMNS) * ROWS);

  gguf_pack (COLLATE_Q5_K, numbers, data, ROWS * COLUMNS);
  collate_type_expand (COLLATE_Q5_K, data, numbers, ROWS * COLUMNS);
  for (guint t = 0; t < TOKENS; t++)
    for (guint r = 0; r < ROWS; r++)
      {
        double sum = 0;

        for (guint c = 0; c < COLUMNS; c++)
          sum += (double) numbers[ids[t] * COLUMNS + c] * numbers[r * COLUMNS + c];
        g_assert_cmpfloat_with_epsilon (products[t * ROWS + r], sum, 1e-4);
      }
}

static float *
compute_right (CollateVulkanDevice *device)
{
  g_autoptr (GError) error = NULL;
  float *products = compute (device, &error);

  g_assert_no_error (error);
  g_assert_nonnull (products);
  assert_right (products);
  return products;
}

/* What a device computes is the same however its memory and its work are cut. */
static void
assert_same (CollateVulkanDevice *device, const float *expected)
{
  g_autofree float *products = compute_right (device);

  g_assert_cmpmem (products, N_PRODUCTS * sizeof (float), expected, N_PRODUCTS * sizeof (float));
  g_assert_cmpint (device->head.kernels->get_memory (&device->head), ==, 0);
}

static void
close_device (CollateVulkanDevice *device)
{
  collate_device_free (&device->head);
}

static void
test_cuts (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  CollateVulkanDevice *remote;
  g_autofree float *expected = NULL;
  guint64 most_range;
  double quota;

  if (!device)
    return;
  expected = compute_right (device);

  most_range = device->traits.most_range;
  device->traits.most_range = 8192; /* some strips of the weight */
  assert_same (device, expected);
  device->traits.most_range = most_range;

  quota = device->recorder.quota;
  device->recorder.quota = 1000; /* a group of the product */
  assert_same (device, expected);
  device->recorder.quota = quota;
  close_device (device);

  remote = open_first (TRUE);
  g_assert_false (remote->memory.is_mapped[COLLATE_VULKAN_DEVICE_MEMORY]);
  assert_same (remote, expected);
  close_device (remote);
}

static void
test_freed_while_recorded (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  const CollateDeviceKernels *kernels;
  g_autoptr (GError) error = NULL;
  g_autofree float *numbers = make_numbers (64);
  CollatePlace gate, out;
  float made[64];

  if (!device)
    return;
  kernels = device->head.kernels;
  gate.buffer = kernels->allocate (&device->head, sizeof made, NULL);
  out.buffer = kernels->allocate (&device->head, sizeof made, NULL);
  gate.offset = out.offset = 0;
  g_assert_true (kernels->write (&device->head, gate, numbers, sizeof made, NULL));
  kernels->begin (&device->head);
  kernels->swiglu (&device->head, &(CollateSwiglu){ gate, gate, out, 64 });
  kernels->free_buffer (&device->head, gate.buffer);
  g_assert_true (kernels->end (&device->head, &error));
  g_assert_true (kernels->read (&device->head, out, made, sizeof made, &error));
  for (guint i = 0; i < 64; i++)
    g_assert_true (made[i] >= 0); /* silu (x) * x is */
  kernels->free_buffer (&device->head, out.buffer);
  close_device (device);
}

static VKAPI_ATTR VkResult VKAPI_CALL
lose (VkQueue queue, guint32 n, const VkSubmitInfo *infos, VkFence fence)
{
  return VK_ERROR_DEVICE_LOST;
}

static void
test_lost (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  g_autoptr (GError) error = NULL;

  if (!device)
    return;
  device->vk.QueueSubmit = lose;
  g_assert_false (device->head.is_lost);
  g_assert_null (compute (device, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
  g_assert_nonnull (strstr (error->message, device->traits.name));
  g_assert_true (device->head.is_lost);
  g_clear_error (&error);

  /* For good, and nothing of the recording stays. */
  device->head.kernels->begin (&device->head);
  g_assert_false (device->head.kernels->end (&device->head, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
  g_assert_cmpint (device->head.kernels->get_memory (&device->head), ==, 0);
  close_device (device);
}

/* A model whose device is lost says so, to whoever computes with it and to whoever keeps it. */
static void
test_lost_engine (void)
{
  g_autoptr (GPtrArray) infos = collate_vulkan_list ();
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngine) engine = NULL;
  g_autoptr (CollateEngineSession) session = NULL;
  g_autofree gint32 *tokens = tiny_engine_get_tokens (SEED, 8);
  TinyEngine tiny;

  if (infos->len == 0)
    {
      g_test_skip ("no Vulkan device");
      return;
    }
  tiny_engine_open (&tiny, "llama", COLLATE_F32);
  engine = collate_engine_open (
      tiny.path, ((const CollateVulkanInfo *) g_ptr_array_index (infos, 0))->name, NULL, &error);
  g_assert_no_error (error);
  session = collate_engine_session_new (engine, 0, NULL, &error);
  g_assert_no_error (error);

  ((CollateVulkanDevice *) collate_engine_get_model (engine)->device)->vk.QueueSubmit = lose;
  g_assert_false (collate_engine_is_lost (engine));
  g_assert_false (collate_engine_session_sync (session, tokens, 8, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_SERVER);
  g_assert_true (collate_engine_is_lost (engine));
  g_assert_false (collate_engine_is_lost (tiny.engine));
  tiny_engine_close (&tiny);
}

/* A card that fails is named, and the CPU computes; a file that is no model is no matter of the card. */
static void
test_instead (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CollateEngine) engine = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("no model", 8);
  TinyEngine tiny;

  tiny_engine_open (&tiny, "llama", COLLATE_F32);
  engine = collate_engine_open_on (tiny.path, "vulkan:99", "cpu", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (collate_engine_get_device (engine), ==, "cpu");
  g_assert_error (collate_engine_get_avoided (engine), COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (collate_engine_get_avoided (engine)->message, "vulkan:99: "));

  g_assert_null (collate_engine_open_on (tiny.path, "vulkan:99", NULL, NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  tiny_engine_write (&tiny, bytes);
  g_assert_null (collate_engine_open_on (tiny.path, "vulkan:99", "cpu", NULL, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_INVALID);
  tiny_engine_close (&tiny);
}

static VKAPI_ATTR VkResult VKAPI_CALL
refuse_memory (VkDevice device,
               const VkMemoryAllocateInfo *info,
               const VkAllocationCallbacks *callbacks,
               VkDeviceMemory *memory)
{
  return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static VKAPI_ATTR VkResult VKAPI_CALL
refuse_submission (VkQueue queue, guint32 n, const VkSubmitInfo *infos, VkFence fence)
{
  return VK_ERROR_OUT_OF_HOST_MEMORY;
}

static void
test_no_memory (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  PFN_vkAllocateMemory allocate;
  PFN_vkQueueSubmit submit;
  g_autoptr (GError) error = NULL;
  g_autofree float *products = NULL;

  if (!device)
    return;
  allocate = device->vk.AllocateMemory;
  submit = device->vk.QueueSubmit;
  device->vk.AllocateMemory = refuse_memory;
  g_assert_null (device->head.kernels->allocate (&device->head, 100 << 20, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  device->vk.AllocateMemory = allocate;

  device->vk.QueueSubmit = refuse_submission;
  g_assert_null (compute (device, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_false (device->head.is_lost);
  device->vk.QueueSubmit = submit;

  /* It was short of memory, and goes on. */
  products = compute_right (device);
  close_device (device);
}

/* What does not fit is refused before anything is taken, with the figures. */
static void
test_budget (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  const CollateDeviceKernels *kernels;
  g_autoptr (GError) error = NULL;
  CollateTensor tensor = { COLLATE_F32, 4096, 1 << 20, "", 0 };
  VkMemoryHeap *heaps;

  if (!device)
    return;
  kernels = device->head.kernels;
  heaps = device->traits.memory.memoryHeaps;
  device->traits.has_budget = FALSE;
  for (guint i = 0; i < VK_MAX_MEMORY_HEAPS; i++)
    heaps[i].size = (guint64) device->memory.reserved + (96 << 20);
  g_assert_cmpint (kernels->get_available (&device->head), <=, 96 << 20);

  g_assert_null (kernels->load (&device->head, &tensor, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "16384 MiB"));
  g_clear_error (&error);
  g_assert_null (kernels->allocate (&device->head, 97 << 20, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "97 MiB"));
  g_clear_error (&error);
  g_assert_false (collate_device_check_memory (&device->head, 97 << 20, "the weights", &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_cmpint (kernels->get_memory (&device->head), ==, 0);
  close_device (device);
}

/* Slices come and go; what is free is one again afterwards. */
static void
test_slices (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  CollateVulkanSlice slices[64];
  gint64 reserved;

  if (!device)
    return;
  reserved = device->memory.reserved;
  for (guint round = 1; round <= 3; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (slices); i++)
        g_assert_true (collate_vulkan_slice_take (
            device, COLLATE_VULKAN_DEVICE_MEMORY, 1 + i * 70001, &slices[i], NULL));
      for (guint i = 0; i < G_N_ELEMENTS (slices); i++)
        for (guint j = 0; j < i; j++)
          g_assert_true (slices[i].buffer != slices[j].buffer ||
                         slices[i].offset >= slices[j].offset + slices[j].size ||
                         slices[j].offset >= slices[i].offset + slices[i].size);
      for (guint i = 0; i < G_N_ELEMENTS (slices); i++)
        {
          guint at = i * (2 * round + 1) % G_N_ELEMENTS (slices); /* every one, in some order */

          g_assert_cmpuint (slices[at].offset % device->traits.alignment, ==, 0);
          collate_vulkan_slice_drop (device, &slices[at]);
        }
      g_assert_cmpint (device->memory.reserved, ==, reserved);
    }
  close_device (device);
}

/* Runs the test again in a process of its own, where the variable has this value from the start. */
static void
assert_right_with (const char *variable, const char *value)
{
  g_autofree char *before = g_strdup (g_getenv (variable));

  g_setenv (variable, value, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  if (before)
    g_setenv (variable, before, TRUE);
  else
    g_unsetenv (variable);
  g_test_trap_assert_passed ();
}

static void
assert_nothing (void)
{
  g_autoptr (GPtrArray) infos = collate_vulkan_list ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (infos->len, ==, 0);
  g_assert_null (collate_vulkan_device_new (0, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
}

static void
test_no_loader (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_cache_dir (), "broken", NULL);
  g_autofree char *library = g_build_filename (folder, "libvulkan.so.1", NULL);

  if (g_test_subprocess ())
    {
      assert_nothing ();
      return;
    }
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (library, "no library", -1, NULL));
  assert_right_with ("LD_LIBRARY_PATH", folder);
}

static void
test_no_driver (void)
{
  if (g_test_subprocess ())
    assert_nothing ();
  else
    assert_right_with ("VK_ICD_FILENAMES", "/nonexistent.json");
}

static void
test_beyond_the_last (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (collate_vulkan_device_new (G_MAXUINT, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED);
}

/* Mesa's software device believes any width of this variable; beyond that of the processor's vectors it says more lanes
 * than it runs. */
static void
test_lies (void)
{
  static const char *const widths[] = { "128", "1024" };

  if (g_test_subprocess ())
    {
      CollateVulkanDevice *device = open_first (FALSE);
      g_autofree float *products = device ? compute_right (device) : NULL;

      g_clear_pointer (&device, close_device);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++)
    assert_right_with ("LP_NATIVE_VECTOR_WIDTH", widths[i]);
}

/* What a driver could have written: its header, and bytes. */
static GByteArray *
make_cache (const guint8 uuid[VK_UUID_SIZE])
{
  VkPipelineCacheHeaderVersionOne header = {
    .headerSize = sizeof header,
    .headerVersion = VK_PIPELINE_CACHE_HEADER_VERSION_ONE,
  };
  GByteArray *bytes = g_byte_array_new ();

  memcpy (header.pipelineCacheUUID, uuid, VK_UUID_SIZE);
  g_byte_array_append (bytes, (const guint8 *) &header, sizeof header);
  g_byte_array_append (bytes, (const guint8 *) "compiled", 8);
  return bytes;
}

static void
test_cache (void)
{
  const guint8 uuid[VK_UUID_SIZE] = "this driver", other[VK_UUID_SIZE] = "another one";
  g_autofree char *path = g_build_filename (g_get_user_cache_dir (), "deep", "pipelines", NULL);
  g_autoptr (GByteArray) bytes = make_cache (uuid);
  g_autoptr (GBytes) kept = NULL;
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_null (collate_vulkan_cache_load (path, uuid));
  collate_vulkan_cache_save (path, uuid, bytes->data, bytes->len);
  kept = collate_vulkan_cache_load (path, uuid);
  g_assert_nonnull (kept);
  g_assert_cmpmem (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept), bytes->data, bytes->len);
  g_assert_null (collate_vulkan_cache_load (path, other));

  /* Any byte that changed, any byte that is missing or too many. */
  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  for (gsize i = 0; i < length; i++)
    {
      contents[i] ^= 1;
      g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
      g_assert_null (collate_vulkan_cache_load (path, uuid));
      contents[i] ^= 1;
      g_assert_true (g_file_set_contents (path, contents, (gssize) i, NULL));
      g_assert_null (collate_vulkan_cache_load (path, uuid));
    }
  g_assert_true (g_file_set_contents (path, contents, (gssize) length + 1, NULL)); /* the 0 at its end */
  g_assert_null (collate_vulkan_cache_load (path, uuid));

  /* A right checksum over what no driver wrote. */
  collate_vulkan_cache_save (path, uuid, "short", 5);
  g_assert_null (collate_vulkan_cache_load (path, uuid));
  bytes->data[0] = 0xff;
  collate_vulkan_cache_save (path, uuid, bytes->data, bytes->len);
  g_assert_null (collate_vulkan_cache_load (path, uuid));

  /* No file at all. */
  g_remove (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_null (collate_vulkan_cache_load (path, uuid));
  collate_vulkan_cache_save (path, uuid, bytes->data, bytes->len);
}

/* A device keeps what its driver compiled, whatever it found there. */
static void
test_kept (void)
{
  CollateVulkanDevice *device = open_first (FALSE);
  g_autofree float *products = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GBytes) kept = NULL;
  guint8 uuid[VK_UUID_SIZE];

  if (!device)
    return;
  path = g_strdup (device->pipelines.cache_path);
  memcpy (uuid, device->traits.cache_uuid, sizeof uuid);
  g_assert_true (g_str_has_prefix (path, g_get_user_cache_dir ()));
  close_device (device);
  g_assert_true (g_file_set_contents (path, "of somebody else", -1, NULL));

  device = open_first (FALSE);
  products = compute_right (device);
  close_device (device);
  kept = collate_vulkan_cache_load (path, uuid);
  g_assert_nonnull (kept);
}

static void
remove_all (const char *path)
{
  GDir *folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder && (name = g_dir_read_name (folder)))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_clear_pointer (&folder, g_dir_close);
  g_remove (path);
}

/* What is kept goes to a folder of the test, but for what Mesa compiled: that is of use to the next run. */
static char *
take_cache (void)
{
  g_autofree char *compiled = g_build_filename (g_get_home_dir (), ".cache", "mesa_shader_cache", NULL);
  char *folder = g_dir_make_tmp ("collate-vulkan-XXXXXX", NULL);

  g_setenv ("MESA_SHADER_CACHE_DIR", compiled, FALSE);
  g_setenv ("XDG_CACHE_HOME", folder, TRUE);
  return folder;
}

int
main (int argc, char *argv[])
{
  g_autofree char *cache = take_cache ();
  int status;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/engine/vulkan/cuts", test_cuts);
  g_test_add_func ("/engine/vulkan/freed-while-recorded", test_freed_while_recorded);
  g_test_add_func ("/engine/vulkan/lost", test_lost);
  g_test_add_func ("/engine/vulkan/lost-engine", test_lost_engine);
  g_test_add_func ("/engine/vulkan/instead", test_instead);
  g_test_add_func ("/engine/vulkan/no-memory", test_no_memory);
  g_test_add_func ("/engine/vulkan/budget", test_budget);
  g_test_add_func ("/engine/vulkan/slices", test_slices);
  g_test_add_func ("/engine/vulkan/no-loader", test_no_loader);
  g_test_add_func ("/engine/vulkan/no-driver", test_no_driver);
  g_test_add_func ("/engine/vulkan/beyond-the-last", test_beyond_the_last);
  g_test_add_func ("/engine/vulkan/lies", test_lies);
  g_test_add_func ("/engine/vulkan/cache", test_cache);
  g_test_add_func ("/engine/vulkan/kept", test_kept);
  status = g_test_run ();
  remove_all (cache);
  return status;
}
