/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/vulkan/collate-vulkan-functions.h"

G_BEGIN_DECLS

/* The version that a device has at least. */
#define COLLATE_VULKAN_FLOOR VK_API_VERSION_1_2

/* The loader, and what it says of this machine's devices. One thread at a time. */
typedef struct
{
  gpointer library;
  VkInstance handle;
  CollateVulkanInstanceFunctions vk;
  CollateVulkanGetMatrixProperties get_matrix_properties; /* (nullable) */
  VkPhysicalDevice *devices;                              /* in the loader's order */
  guint32 n_devices;
} CollateVulkanInstance;

/* What matrix units multiply: m rows by n columns, k numbers of f16 each, with sums of f32. */
typedef struct
{
  guint32 m, n, k; /* 0: there are none, or none that suit */
} CollateVulkanMatrices;

/* What a device can do, as it says. */
typedef struct
{
  char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
  char driver[VK_MAX_DRIVER_NAME_SIZE];
  char driver_info[VK_MAX_DRIVER_INFO_SIZE];
  VkPhysicalDeviceType type;
  const char *missing; /* what it lacks for this program to run on it, or NULL; static */

  guint32 vendor, device, driver_version;
  guint8 cache_uuid[VK_UUID_SIZE];

  guint32 subgroup;            /* lanes */
  guint32 least, most;         /* lanes that can be asked for; 0: none */
  gboolean has_full_subgroups; /* can be asked for */
  gboolean has_float16;
  gboolean has_dots;              /* products of four bytes at once, */
  gboolean has_fast_dots;         /* in hardware */
  CollateVulkanMatrices matrices; /* cooperative ones */
  gboolean has_budget;            /* says how much memory is free */
  gboolean has_priority;          /* can be told to let others go first */

  guint32 queue_family;
  guint32 timestamp_bits; /* 0: it does not measure */
  float timestamp_period; /* ns */
  guint32 most_groups;    /* of a dispatch, in a dimension */
  guint32 most_shared;    /* bytes of a workgroup */
  guint32 most_invocations;
  guint64 most_range; /* bytes of a buffer that a shader sees */
  guint64 most_allocation;
  guint64 alignment; /* of what a shader sees */
  VkPhysicalDeviceMemoryProperties memory;
} CollateVulkanTraits;

/* COLLATE_ERROR_UNSUPPORTED where there is no loader, no driver, or nothing of Vulkan 1.2; (nullable) (transfer full). */
CollateVulkanInstance *collate_vulkan_instance_new (GError **error);
void collate_vulkan_instance_free (CollateVulkanInstance *instance);

void collate_vulkan_instance_get_traits (CollateVulkanInstance *instance,
                                         guint index,
                                         CollateVulkanTraits *traits);

/* "discrete", "integrated", "virtual", "software"; static. */
const char *collate_vulkan_traits_get_type (const CollateVulkanTraits *traits);

/* For people; (transfer full). */
char *collate_vulkan_traits_describe (const CollateVulkanTraits *traits);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CollateVulkanInstance, collate_vulkan_instance_free)

G_END_DECLS
