/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/vulkan/collate-vulkan-memory.h"
#include "engine/vulkan/collate-vulkan-shaders.h"

G_BEGIN_DECLS

/* Shaders made to run on the device, each shape of each when it is first asked for. One thread at a time, that of the
 * device. */
typedef struct
{
  GHashTable *pipelines; /* shader and constants → VkPipeline */
  VkDescriptorSetLayout set_layouts[COLLATE_SHADER_MOST_BINDINGS + 1];
  VkPipelineLayout layouts[COLLATE_SHADER_MOST_BINDINGS + 1]; /* by the number of bindings */
  VkPipelineCache cache;
  char *cache_path; /* (nullable): not kept */
} CollateVulkanPipelines;

gboolean collate_vulkan_pipelines_init (CollateVulkanDevice *device, GError **error);

/* Keeps the cache on disk, too. */
void collate_vulkan_pipelines_clear (CollateVulkanDevice *device);

/* Whether the device can be told to run just as many lanes as a subgroup of it was seen to have. */
gboolean collate_vulkan_can_require_lanes (CollateVulkanDevice *device);

/* A shader with these specialisation constants, but for that of the subgroup's size; VK_NULL_HANDLE with an error. */
VkPipeline collate_vulkan_pipelines_get (CollateVulkanDevice *device,
                                         CollateShaderId shader,
                                         const guint32 constants[COLLATE_SHADER_MOST_CONSTANTS],
                                         GError **error);

/* A driver's own data as it was kept: nothing where the file is not whole, or not of this driver; (nullable). */
GBytes *collate_vulkan_cache_load (const char *path, const guint8 uuid[VK_UUID_SIZE]);
void collate_vulkan_cache_save (const char *path,
                                const guint8 uuid[VK_UUID_SIZE],
                                const void *data,
                                gsize n_bytes);

G_END_DECLS
