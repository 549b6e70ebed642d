/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"
#include "engine/cpu/collate-cpu-loops.h"
#include "engine/vulkan/collate-vulkan-choice.h"

G_BEGIN_DECLS

/* What the tests of kernels share: a test runs on every device that this machine has, which is the CPU with each of its
 * sets of instructions, and each device of Vulkan. Tolerances are parts of the sum of the absolute values of what is
 * added up. */

#define KERNEL_SUM_TOLERANCE 4e-6  /* of sums in f32 */
#define KERNEL_HALF_TOLERANCE 1e-3 /* of products of f16: half a step of either */
#define KERNEL_STEP_TOLERANCE 1e-4 /* of products of activations in steps, where many numbers are added up */

typedef struct
{
  CollateDevice *device;
  gboolean is_cpu;        /* which rounds activations to steps where weights are quants */
  gboolean stays_in_file; /* what weights of groups are to do that are made from now on */
  CollateVulkanWays ways; /* chosen for it */
  GPtrArray *made;        /* what kernel_drop() frees, at the test's end at the latest */
  guint64 seed;
} KernelFixture;

typedef void (*KernelTest) (KernelFixture *fixture);

/* All types of weights. */
#define KERNEL_N_TYPES 11
extern const CollateType kernel_types[KERNEL_N_TYPES];

/* main() of a test program: begin, add tests, run. */
void kernel_begin (int *argc, char ***argv);
void kernel_add (const char *name, KernelTest test);
int kernel_run (void);

/* Adds to the devices, for the tests that are added from here on, those of Vulkan once for each way in which they can
 * multiply. */
void kernel_add_ways (void);

/* The levels of the CPU that this processor has; NULL beyond the last. */
typedef struct
{
  const char *name;
  CollateLevel level;
} KernelLevel;

const KernelLevel *kernel_get_level (guint n);

/* A device outside of the list, with its fixture. */
void kernel_fixture_begin (KernelFixture *fixture, CollateDevice *device);
void kernel_fixture_end (KernelFixture *fixture);

float *kernel_make_numbers (KernelFixture *fixture, gint64 n);
guint16 *kernel_make_halves (KernelFixture *fixture, gint64 n);

/* Memory of the device with a copy of these bytes, or with bytes that are no sensible numbers where `data` is NULL. Its
 * start lies off the lines of any cache, as within a scratch that several kernels share. */
CollatePlace kernel_put (KernelFixture *fixture, const void *data, gsize n_bytes);
CollatePlace kernel_put_numbers (KernelFixture *fixture, const float *numbers, gint64 n);

/* Ends what was begun, and reads. */
gpointer kernel_get (KernelFixture *fixture, CollatePlace place, gsize n_bytes);
float *kernel_get_numbers (KernelFixture *fixture, CollatePlace place, gint64 n);

/* A weight with random numbers, and what its blocks mean, where that is asked for. */
CollateWeight *kernel_make_weight (KernelFixture *fixture,
                                   CollateType type,
                                   gint64 rows,
                                   gint64 columns,
                                   const float **numbers);

/* The same of as many rows for each of the groups. */
CollateWeight *kernel_make_groups (KernelFixture *fixture,
                                   CollateType type,
                                   gint64 n_groups,
                                   gint64 rows,
                                   gint64 columns,
                                   const float **numbers);

/* A weight of one row with these numbers. */
CollateWeight *kernel_make_row (KernelFixture *fixture, const float *numbers, gint64 n);

/* Frees the buffers and weights made so far, with their numbers. */
void kernel_drop (KernelFixture *fixture);

void kernel_assert_near (double number, double expected, double tolerance, const char *what);

G_END_DECLS
