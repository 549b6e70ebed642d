/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"

G_BEGIN_DECLS

/* What a device of Vulkan chooses by itself, and tests choose for it. */

/* How products are made. */
typedef enum
{
  COLLATE_VULKAN_BEST,     /* of those below, what suits the device, for few tokens and for many */
  COLLATE_VULKAN_STRIPS,   /* a subgroup by itself */
  COLLATE_VULKAN_DOTS,     /* the same, in whole numbers where weights are quants */
  COLLATE_VULKAN_TILES,    /* several subgroups, in shared memory; few tokens as strips */
  COLLATE_VULKAN_MATRICES, /* the same, on matrix units */
} CollateVulkanWays;

typedef struct
{
  gboolean is_remote; /* memory that the host does not see, as graphics cards have it */
  CollateVulkanWays ways;
} CollateVulkanChoice;

/* The same as collate_vulkan_device_new(); COLLATE_ERROR_UNSUPPORTED also where the device cannot do what is chosen. */
CollateDevice *collate_vulkan_device_new_with (guint index,
                                               const CollateVulkanChoice *choice,
                                               GError **error);

G_END_DECLS
