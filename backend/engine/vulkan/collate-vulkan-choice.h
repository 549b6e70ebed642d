/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"

G_BEGIN_DECLS

/* What a device of Vulkan chooses by itself, and tests choose for it. */

/* How products of many tokens are made. */
typedef enum
{
  COLLATE_VULKAN_BEST,     /* of those below, what suits the device */
  COLLATE_VULKAN_STRIPS,   /* a subgroup by itself */
  COLLATE_VULKAN_TILES,    /* several subgroups, in shared memory */
  COLLATE_VULKAN_MATRICES, /* the same, on matrix units */
} CollateVulkanWays;

typedef struct
{
  gboolean is_remote; /* memory that the host does not see, as graphics cards have it */
  CollateVulkanWays ways;
} CollateVulkanChoice;

/* The same as collate_vulkan_device_new(); COLLATE_ERROR_UNSUPPORTED also where the device has no matrix units for what is
 * to be made on them. */
CollateDevice *collate_vulkan_device_new_with (guint index,
                                               const CollateVulkanChoice *choice,
                                               GError **error);

/* What was chosen, never COLLATE_VULKAN_BEST. */
CollateVulkanWays collate_vulkan_device_get_ways (CollateDevice *device);

G_END_DECLS
