/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "kernel-fixture.h"

/* A device's memory, and what it refuses. */

static void
test_memory (KernelFixture *fixture)
{
  const CollateDeviceKernels *kernels = fixture->device->kernels;
  gint64 before = kernels->get_memory (fixture->device);
  g_autoptr (GError) error = NULL;
  CollateBuffer *buffer = kernels->allocate (fixture->device, 1000, &error);

  g_assert_no_error (error);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before + 1000);
  kernels->free_buffer (fixture->device, buffer);
  kernels->free_buffer (fixture->device, NULL);
  kernels->free_weight (fixture->device, NULL);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before);

  g_assert_null (kernels->allocate (fixture->device, G_MAXSIZE, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (kernels->allocate (fixture->device, (gsize) 1 << 46, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
  g_assert_cmpint (kernels->get_memory (fixture->device), ==, before);
}

static void
test_refused_weight (KernelFixture *fixture)
{
  CollateTensor tensor = { COLLATE_F32, G_MAXINT64 / 8, G_MAXINT64 / 8, "", 0 };
  g_autoptr (GError) error = NULL;

  g_assert_null (fixture->device->kernels->load (fixture->device, &tensor, &error));
  g_assert_error (error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE);
}

static void
test_default_device (void)
{
  g_autoptr (CollateDevice) device = collate_cpu_device_new (0);

  g_assert_nonnull (device);
  g_assert_cmpstr (device->name, ==, "cpu");
  g_assert_cmpstr (device->kernels->type, ==, "cpu");
  g_assert_nonnull (device->description);
}

int
main (int argc, char *argv[])
{
  kernel_begin (&argc, &argv);
  g_test_add_func ("/engine/kernels/default-device", test_default_device);
  kernel_add ("memory", test_memory);
  kernel_add ("refused-weight", test_refused_weight);
  return kernel_run ();
}
