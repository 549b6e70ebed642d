/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

G_BEGIN_DECLS

/* What VK_KHR_cooperative_matrix declares, which the headers of Debian 12 do not have. */
#define COLLATE_VULKAN_MATRICES_EXTENSION "VK_KHR_cooperative_matrix"
#define COLLATE_VULKAN_MATRIX_FEATURES ((VkStructureType) 1000506000)
#define COLLATE_VULKAN_MATRIX_PROPERTIES ((VkStructureType) 1000506001)
#define COLLATE_VULKAN_FLOAT16 0
#define COLLATE_VULKAN_FLOAT32 1
#define COLLATE_VULKAN_SUBGROUP 3

typedef struct
{
  VkStructureType sType;
  void *pNext;
  VkBool32 has_matrices;
  VkBool32 has_robust_access;
} CollateVulkanMatrixFeatures;

typedef struct
{
  VkStructureType sType;
  void *pNext;
  guint32 m, n, k;
  guint32 a, b, c, result; /* types of numbers */
  VkBool32 saturates;
  guint32 scope;
} CollateVulkanMatrixProperties;

typedef VkResult (VKAPI_PTR *CollateVulkanGetMatrixProperties) (VkPhysicalDevice device,
                                                                guint32 *n,
                                                                CollateVulkanMatrixProperties *kinds);

/* Adds a struct to what is behind another one, where it is wanted. */
static inline void
collate_vulkan_chain (gpointer head, gboolean wanted, gpointer more)
{
  VkBaseOutStructure *first = head, *next = more;

  if (!wanted)
    return;
  next->pNext = first->pNext;
  first->pNext = next;
}

/* The functions of Vulkan that are called, found at run time: the program is not linked with a loader. */

#define COLLATE_VULKAN_INSTANCE_FUNCTIONS(X)                                                                 \
  X (CreateDevice)                                                                                           \
  X (DestroyInstance)                                                                                        \
  X (EnumerateDeviceExtensionProperties)                                                                     \
  X (EnumeratePhysicalDevices)                                                                               \
  X (GetDeviceProcAddr)                                                                                      \
  X (GetPhysicalDeviceFeatures2)                                                                             \
  X (GetPhysicalDeviceMemoryProperties2)                                                                     \
  X (GetPhysicalDeviceProperties2)                                                                           \
  X (GetPhysicalDeviceQueueFamilyProperties)

#define COLLATE_VULKAN_DEVICE_FUNCTIONS(X)                                                                   \
  X (AllocateCommandBuffers)                                                                                 \
  X (AllocateDescriptorSets)                                                                                 \
  X (AllocateMemory)                                                                                         \
  X (BeginCommandBuffer)                                                                                     \
  X (BindBufferMemory)                                                                                       \
  X (CmdBindDescriptorSets)                                                                                  \
  X (CmdBindPipeline)                                                                                        \
  X (CmdCopyBuffer)                                                                                          \
  X (CmdDispatchBase)                                                                                        \
  X (CmdPipelineBarrier)                                                                                     \
  X (CmdPushConstants)                                                                                       \
  X (CmdResetQueryPool)                                                                                      \
  X (CmdWriteTimestamp)                                                                                      \
  X (CreateBuffer)                                                                                           \
  X (CreateCommandPool)                                                                                      \
  X (CreateComputePipelines)                                                                                 \
  X (CreateDescriptorPool)                                                                                   \
  X (CreateDescriptorSetLayout)                                                                              \
  X (CreateFence)                                                                                            \
  X (CreatePipelineCache)                                                                                    \
  X (CreatePipelineLayout)                                                                                   \
  X (CreateQueryPool)                                                                                        \
  X (CreateShaderModule)                                                                                     \
  X (DestroyBuffer)                                                                                          \
  X (DestroyCommandPool)                                                                                     \
  X (DestroyDescriptorPool)                                                                                  \
  X (DestroyDescriptorSetLayout)                                                                             \
  X (DestroyDevice)                                                                                          \
  X (DestroyFence)                                                                                           \
  X (DestroyPipeline)                                                                                        \
  X (DestroyPipelineCache)                                                                                   \
  X (DestroyPipelineLayout)                                                                                  \
  X (DestroyQueryPool)                                                                                       \
  X (DestroyShaderModule)                                                                                    \
  X (DeviceWaitIdle)                                                                                         \
  X (EndCommandBuffer)                                                                                       \
  X (FreeMemory)                                                                                             \
  X (GetBufferMemoryRequirements)                                                                            \
  X (GetDeviceQueue)                                                                                         \
  X (GetPipelineCacheData)                                                                                   \
  X (GetQueryPoolResults)                                                                                    \
  X (MapMemory)                                                                                              \
  X (QueueSubmit)                                                                                            \
  X (ResetCommandPool)                                                                                       \
  X (ResetDescriptorPool)                                                                                    \
  X (ResetFences)                                                                                            \
  X (UpdateDescriptorSets)                                                                                   \
  X (WaitForFences)

#define COLLATE_VULKAN_MEMBER(name) PFN_vk##name name;

typedef struct
{
  COLLATE_VULKAN_INSTANCE_FUNCTIONS (COLLATE_VULKAN_MEMBER)
} CollateVulkanInstanceFunctions;

typedef struct
{
  COLLATE_VULKAN_DEVICE_FUNCTIONS (COLLATE_VULKAN_MEMBER)
} CollateVulkanFunctions;

G_END_DECLS
