/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/vulkan/collate-vulkan-memory.h"
#include "engine/vulkan/collate-vulkan-shaders.h"

G_BEGIN_DECLS

/* What is recorded between begin() and end(), and how it is handed to the device. One thread at a time, that of the
 * device. */

/* Submissions that are measured. */
#define COLLATE_VULKAN_MOST_TIMES 64

/* One run of a shader. */
typedef struct
{
  CollateShaderId shader;
  guint32 constants[COLLATE_SHADER_MOST_CONSTANTS];        /* the first one is filled in */
  CollateVulkanSlice slices[COLLATE_SHADER_MOST_BINDINGS]; /* as many as the shader has bindings */
  gconstpointer params;
  guint32 groups[3];
  double work; /* multiplications, or as much as them */
} CollateVulkanDispatch;

typedef struct
{
  VkCommandPool pool;
  GArray *commands; /* of VkCommandBuffer */
  guint n_commands; /* of them in use; the last one is open */
  GArray *accesses; /* since the last barrier */
  GArray *sets;     /* of VkDescriptorPool */
  guint n_sets;     /* of them in use */
  GArray *uploads;  /* of CollateVulkanSlice */
  guint n_uploads;  /* of them in use */
  guint64 uploaded; /* bytes of the last one */
  VkFence fence;
  VkQueryPool times; /* two a submission; VK_NULL_HANDLE where nothing is measured */
  gboolean is_open;  /* there is something to submit, or to wait for */
  double work;       /* of the open commands */
  double quota;      /* work of a submission */
  GArray *works;     /* of double: of each submission */
} CollateVulkanRecorder;

gboolean collate_vulkan_recorder_init (CollateVulkanDevice *device, GError **error);
void collate_vulkan_recorder_clear (CollateVulkanDevice *device);

/* The open commands, and a barrier in them: what comes after waits for what came before. */
VkCommandBuffer collate_vulkan_get_commands (CollateVulkanRecorder *recorder);
void collate_vulkan_add_barrier (CollateVulkanDevice *device);

/* Makes sure that there are open commands with room for so much work. */
gboolean collate_vulkan_make_room (CollateVulkanDevice *device, double work, GError **error);

/* Records a run; what fails is kept as the device's error. */
void collate_vulkan_dispatch (CollateVulkanDevice *device, const CollateVulkanDispatch *dispatch);

/* A copy of the host's bytes that shaders can read until the next finish(); nothing where that fails. */
CollateVulkanSlice collate_vulkan_upload (CollateVulkanDevice *device, const void *data, gsize n_bytes);

/* Records a copy. */
void collate_vulkan_copy (CollateVulkanDevice *device,
                          const CollateVulkanSlice *from,
                          const CollateVulkanSlice *to);

/* Submits what was recorded, and waits; the first error since the last call. */
gboolean collate_vulkan_finish (CollateVulkanDevice *device, GError **error);

G_END_DECLS
