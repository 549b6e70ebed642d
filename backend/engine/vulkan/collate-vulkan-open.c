/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* A device's handle and its functions, and how many lanes its subgroups really have. */

#define MOST_EXTENSIONS 5

static void
add_extension (VkDeviceCreateInfo *info, const char **names, gboolean wanted, const char *name)
{
  if (wanted)
    names[info->enabledExtensionCount++] = name;
}

/* With the lowest priority that it knows, so that the desktop goes first; not every driver grants it. */
static VkResult
create_handle (CollateVulkanDevice *self)
{
  const CollateVulkanTraits *traits = &self->traits;
  gboolean has_matrices = traits->matrices.m > 0;
  const VkDeviceQueueGlobalPriorityCreateInfoEXT low = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_GLOBAL_PRIORITY_CREATE_INFO_EXT,
    .globalPriority = VK_QUEUE_GLOBAL_PRIORITY_LOW_EXT,
  };
  const float priority = 0;
  VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .pNext = traits->has_priority ? &low : NULL,
    .queueFamilyIndex = traits->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT,
    .subgroupSizeControl = VK_TRUE,
    .computeFullSubgroups = traits->has_full_subgroups,
  };
  VkPhysicalDeviceShaderIntegerDotProductFeatures dots = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
    .shaderIntegerDotProduct = VK_TRUE,
  };
  CollateVulkanMatrixFeatures matrices = { .sType = COLLATE_VULKAN_MATRIX_FEATURES, .has_matrices = VK_TRUE };
  VkPhysicalDeviceVulkan12Features for_matrices = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .shaderFloat16 = VK_TRUE,
    .vulkanMemoryModel = VK_TRUE,
  };
  const char *extensions[MOST_EXTENSIONS];
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .ppEnabledExtensionNames = extensions,
  };
  VkResult result;

  collate_vulkan_chain (&info, traits->most > 0, &sizes);
  collate_vulkan_chain (&info, traits->has_dots, &dots);
  collate_vulkan_chain (&info, has_matrices, &matrices);
  collate_vulkan_chain (&info, has_matrices, &for_matrices);
  add_extension (&info, extensions, traits->most > 0, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  add_extension (&info, extensions, traits->has_dots, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
  add_extension (&info, extensions, has_matrices, COLLATE_VULKAN_MATRICES_EXTENSION);
  add_extension (&info, extensions, traits->has_budget, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  add_extension (&info, extensions, traits->has_priority, VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME);

  result = self->instance->vk.CreateDevice (self->physical, &info, NULL, &self->handle);
  if (result >= VK_SUCCESS || !traits->has_priority)
    return result;
  queue.pNext = NULL;
  info.enabledExtensionCount--;
  return self->instance->vk.CreateDevice (self->physical, &info, NULL, &self->handle);
}

gboolean
collate_vulkan_open_handle (CollateVulkanDevice *self, GError **error)
{
  if (!collate_vulkan_check (self, create_handle (self), error))
    return FALSE;
#define LOAD(name)                                                                                           \
  self->vk.name = (PFN_vk##name) self->instance->vk.GetDeviceProcAddr (self->handle, "vk" #name);
  COLLATE_VULKAN_DEVICE_FUNCTIONS (LOAD)
#undef LOAD
  self->vk.GetDeviceQueue (self->handle, self->traits.queue_family, 0, &self->queue);
  return TRUE;
}

/* How many lanes a subgroup has where it is told to have `lanes`: the least that any lane saw; 0 with an error. */
static guint32
count_lanes (CollateVulkanDevice *self, guint32 lanes, GError **error)
{
  const guint32 zeros[64] = { 0 };
  guint32 counts[64];
  guint32 least = lanes;
  CollateVulkanSlice slice;
  gboolean counted;

  if (!collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, sizeof counts, &slice, error))
    return 0;
  self->lanes = lanes;
  counted = collate_vulkan_write (self, &slice, zeros, sizeof zeros, error);
  collate_vulkan_dispatch (
      self,
      &(CollateVulkanDispatch){ .shader = COLLATE_SHADER_PROBE, .slices = { slice }, .groups = { 1, 1, 1 } });
  counted = counted && collate_vulkan_read (self, &slice, counts, sizeof counts, error);
  collate_vulkan_slice_drop (self, &slice);
  for (guint i = 0; counted && i < lanes; i++)
    least = MIN (least, counts[i]);
  return counted ? least : 0;
}

/* What a device says of its subgroups is not believed: one that runs fewer lanes than it says is asked again for as many
 * as it runs. */
gboolean
collate_vulkan_find_lanes (CollateVulkanDevice *self, GError **error)
{
  guint32 wanted =
      self->traits.most > 0 ? CLAMP (32, self->traits.least, self->traits.most) : self->traits.subgroup;
  guint32 lanes;

  wanted = CLAMP (wanted, 4, 64);
  lanes = count_lanes (self, wanted, error);
  if (lanes >= 4 && lanes < wanted)
    {
      wanted = lanes;
      lanes = count_lanes (self, wanted, error);
    }
  if (lanes == wanted)
    return TRUE;
  if (lanes > 0)
    g_set_error (error,
                 COLLATE_ERROR,
                 COLLATE_ERROR_UNSUPPORTED,
                 "the subgroups of %s have %u lanes, not %u",
                 self->traits.name,
                 lanes,
                 wanted);
  return FALSE;
}
