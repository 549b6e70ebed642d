/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib.h>
#include <string.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

/* Stands in for the Vulkan loader of a machine with a graphics card that looks right and cannot be opened. Its memory is
 * as many MiB as BROKEN_CARD_MIB says, 4096 where that is not set. */

static int instance, card;

static VKAPI_ATTR VkResult VKAPI_CALL
get_version (guint32 *version)
{
  *version = VK_API_VERSION_1_3;
  return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
create_instance (const VkInstanceCreateInfo *info,
                 const VkAllocationCallbacks *callbacks,
                 VkInstance *created)
{
  *created = (VkInstance) &instance;
  return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
destroy_instance (VkInstance destroyed, const VkAllocationCallbacks *callbacks)
{
}

static VKAPI_ATTR VkResult VKAPI_CALL
list_devices (VkInstance of, guint32 *n, VkPhysicalDevice *devices)
{
  if (devices != NULL && *n > 0)
    devices[0] = (VkPhysicalDevice) &card;
  *n = 1;
  return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
list_extensions (VkPhysicalDevice device, const char *layer, guint32 *n, VkExtensionProperties *extensions)
{
  *n = 0;
  return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
get_properties (VkPhysicalDevice device, VkPhysicalDeviceProperties2 *properties)
{
  properties->properties.apiVersion = VK_API_VERSION_1_3;
  properties->properties.deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
  g_strlcpy (properties->properties.deviceName, "Broken Card", VK_MAX_PHYSICAL_DEVICE_NAME_SIZE);
  for (VkBaseOutStructure *more = properties->pNext; more != NULL; more = more->pNext)
    if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES)
      {
        VkPhysicalDeviceVulkan11Properties *lanes = (gpointer) more;

        lanes->subgroupSize = 32;
        lanes->subgroupSupportedStages = VK_SHADER_STAGE_COMPUTE_BIT;
        lanes->subgroupSupportedOperations = ~(VkSubgroupFeatureFlags) 0;
      }
}

static VKAPI_ATTR void VKAPI_CALL
get_features (VkPhysicalDevice device, VkPhysicalDeviceFeatures2 *features)
{
}

static VKAPI_ATTR void VKAPI_CALL
get_memory (VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2 *memory)
{
  const char *size = g_getenv ("BROKEN_CARD_MIB");

  memory->memoryProperties.memoryTypeCount = 1;
  memory->memoryProperties.memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  memory->memoryProperties.memoryHeapCount = 1;
  memory->memoryProperties.memoryHeaps[0].size = g_ascii_strtoull (size != NULL ? size : "4096", NULL, 10)
                                                 << 20;
}

static VKAPI_ATTR void VKAPI_CALL
get_queues (VkPhysicalDevice device, guint32 *n, VkQueueFamilyProperties *families)
{
  if (families != NULL && *n > 0)
    families[0] = (VkQueueFamilyProperties){ .queueFlags = VK_QUEUE_COMPUTE_BIT, .queueCount = 1 };
  *n = 1;
}

static VKAPI_ATTR VkResult VKAPI_CALL
refuse_device (VkPhysicalDevice device,
               const VkDeviceCreateInfo *info,
               const VkAllocationCallbacks *callbacks,
               VkDevice *created)
{
  return VK_ERROR_INITIALIZATION_FAILED;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
get_device_function (VkDevice device, const char *name)
{
  return NULL;
}

static const struct
{
  const char *name;
  PFN_vkVoidFunction function;
} functions[] = {
  { "vkEnumerateInstanceVersion", (PFN_vkVoidFunction) get_version },
  { "vkCreateInstance", (PFN_vkVoidFunction) create_instance },
  { "vkDestroyInstance", (PFN_vkVoidFunction) destroy_instance },
  { "vkEnumeratePhysicalDevices", (PFN_vkVoidFunction) list_devices },
  { "vkEnumerateDeviceExtensionProperties", (PFN_vkVoidFunction) list_extensions },
  { "vkGetPhysicalDeviceProperties2", (PFN_vkVoidFunction) get_properties },
  { "vkGetPhysicalDeviceFeatures2", (PFN_vkVoidFunction) get_features },
  { "vkGetPhysicalDeviceMemoryProperties2", (PFN_vkVoidFunction) get_memory },
  { "vkGetPhysicalDeviceQueueFamilyProperties", (PFN_vkVoidFunction) get_queues },
  { "vkCreateDevice", (PFN_vkVoidFunction) refuse_device },
  { "vkGetDeviceProcAddr", (PFN_vkVoidFunction) get_device_function },
};

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr (VkInstance of, const char *name);

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
vkGetInstanceProcAddr (VkInstance of, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    if (strcmp (functions[i].name, name) == 0)
      return functions[i].function;
  return NULL;
}
