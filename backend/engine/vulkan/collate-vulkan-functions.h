/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

G_BEGIN_DECLS

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
