/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-device.h"
#include "engine/collate-memory.h"
#include "engine/vulkan/collate-vulkan-instance.h"

/* How much memory a card has for models, without opening it. */

/* The heap of the first type of memory that is the card's own: drivers list the fastest first. */
static gboolean
find_heap (const VkPhysicalDeviceMemoryProperties *memory, guint32 *heap)
{
  for (guint32 i = 0; i < memory->memoryTypeCount; i++)
    if (memory->memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)
      {
        *heap = memory->memoryTypes[i].heapIndex;
        return *heap < VK_MAX_MEMORY_HEAPS;
      }
  return FALSE;
}

gint64
collate_vulkan_get_room (guint index)
{
  g_autoptr (CollateVulkanInstance) instance = collate_vulkan_instance_new (NULL);
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT,
  };
  VkPhysicalDeviceMemoryProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
  };
  CollateVulkanTraits traits;
  guint64 n_bytes;
  guint32 heap;

  if (!instance || index >= instance->n_devices)
    return -1;
  collate_vulkan_instance_get_traits (instance, index, &traits);
  if (traits.missing || !find_heap (&traits.memory, &heap))
    return -1;

  properties.pNext = traits.has_budget ? &budget : NULL;
  instance->vk.GetPhysicalDeviceMemoryProperties2 (instance->devices[index], &properties);
  n_bytes = traits.memory.memoryHeaps[heap].size;
  /* A budget is what this process may have in all: what it holds already is part of it. */
  n_bytes = traits.has_budget ? budget.heapBudget[heap] : n_bytes - n_bytes / 8;
  n_bytes = MIN (n_bytes, G_MAXINT64);
  return traits.type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU
             ? MIN ((gint64) n_bytes, collate_memory_get_available ())
             : (gint64) n_bytes;
}
