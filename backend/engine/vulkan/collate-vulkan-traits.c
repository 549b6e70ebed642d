/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "engine/vulkan/collate-vulkan-instance.h"
#include "shaders/collate-shaders.h"

/* Asks a device what it can do. */

/* What a device need not know, and is asked about only where it does. */
typedef struct
{
  gboolean sizes, dots, matrices;
} Extensions;

static gboolean
has_extension (const VkExtensionProperties *extensions, guint32 n, const char *name)
{
  for (guint32 i = 0; i < n; i++)
    if (strncmp (extensions[i].extensionName, name, sizeof extensions[i].extensionName) == 0)
      return TRUE;
  return FALSE;
}

/* A family of queues that only computes leaves the one that draws to the desktop. */
static gboolean
find_queue (CollateVulkanInstance *self, VkPhysicalDevice device, CollateVulkanTraits *traits)
{
  VkQueueFamilyProperties families[32];
  guint32 n = G_N_ELEMENTS (families);
  gboolean found = FALSE;

  self->vk.GetPhysicalDeviceQueueFamilyProperties (device, &n, families);
  for (guint32 i = 0; i < n; i++)
    {
      gboolean computes = families[i].queueFlags & VK_QUEUE_COMPUTE_BIT;
      gboolean draws = families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT;

      if (families[i].queueCount == 0 || !computes || (found && draws))
        continue;
      traits->queue_family = i;
      traits->timestamp_bits = families[i].timestampValidBits;
      found = TRUE;
      if (!draws)
        break;
    }
  return found;
}

static Extensions
read_extensions (CollateVulkanInstance *self, VkPhysicalDevice device, CollateVulkanTraits *traits)
{
  g_autofree VkExtensionProperties *extensions = NULL;
  guint32 n = 0;

  self->vk.EnumerateDeviceExtensionProperties (device, NULL, &n, NULL);
  extensions = g_new0 (VkExtensionProperties, MAX (n, 1));
  if (self->vk.EnumerateDeviceExtensionProperties (device, NULL, &n, extensions) < VK_SUCCESS)
    n = 0;
  traits->has_budget = has_extension (extensions, n, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  traits->has_priority = has_extension (extensions, n, VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME);
  return (Extensions){
    .sizes = has_extension (extensions, n, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME),
    .dots = has_extension (extensions, n, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME),
    .matrices = has_extension (extensions, n, COLLATE_VULKAN_MATRICES_EXTENSION),
  };
}

static gboolean
divides (guint32 n, guint32 whole)
{
  return n > 0 && whole % n == 0;
}

/* Whether a tile's part can be made of such matrices. */
static gboolean
suits (const CollateVulkanMatrixProperties *kind)
{
  return kind->a == COLLATE_VULKAN_FLOAT16 && kind->b == COLLATE_VULKAN_FLOAT16 &&
         kind->c == COLLATE_VULKAN_FLOAT32 && kind->result == COLLATE_VULKAN_FLOAT32 &&
         kind->scope == COLLATE_VULKAN_SUBGROUP && divides (kind->m, COLLATE_TILE_PART) &&
         divides (kind->n, COLLATE_TILE_PART) && divides (kind->k, COLLATE_FORM_BLOCK) && kind->k % 4 == 0;
}

/* Of what the units multiply, the largest that suits. */
static CollateVulkanMatrices
find_matrices (CollateVulkanInstance *self, VkPhysicalDevice device)
{
  CollateVulkanMatrixProperties kinds[128];
  CollateVulkanMatrices best = { 0 };
  guint32 n = G_N_ELEMENTS (kinds);

  for (guint32 i = 0; i < n; i++)
    kinds[i] = (CollateVulkanMatrixProperties){ .sType = COLLATE_VULKAN_MATRIX_PROPERTIES };
  if (!self->get_matrix_properties || self->get_matrix_properties (device, &n, kinds) < VK_SUCCESS)
    n = 0;
  for (guint32 i = 0; i < n; i++)
    if (suits (&kinds[i]) && kinds[i].m * kinds[i].n * kinds[i].k > best.m * best.n * best.k)
      best = (CollateVulkanMatrices){ kinds[i].m, kinds[i].n, kinds[i].k };
  return best;
}

static void
read_features (CollateVulkanInstance *self,
               VkPhysicalDevice device,
               CollateVulkanTraits *traits,
               const Extensions *has)
{
  CollateVulkanMatrixFeatures matrices = { .sType = COLLATE_VULKAN_MATRIX_FEATURES };
  VkPhysicalDeviceShaderIntegerDotProductFeatures dots = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
  };
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT,
  };
  VkPhysicalDeviceVulkan12Features features12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
  };
  VkPhysicalDeviceFeatures2 features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &features12,
  };

  collate_vulkan_chain (&features, has->sizes, &sizes);
  collate_vulkan_chain (&features, has->dots, &dots);
  collate_vulkan_chain (&features, has->matrices, &matrices);
  self->vk.GetPhysicalDeviceFeatures2 (device, &features);
  traits->has_float16 = features12.shaderFloat16;
  traits->has_full_subgroups = sizes.computeFullSubgroups;
  traits->has_dots = dots.shaderIntegerDotProduct;
  if (matrices.has_matrices && features12.shaderFloat16 && features12.vulkanMemoryModel)
    traits->matrices = find_matrices (self, device);
  if (!sizes.subgroupSizeControl)
    traits->least = traits->most = 0;
}

static const char *
find_missing (const VkPhysicalDeviceProperties *properties, const VkPhysicalDeviceVulkan11Properties *more)
{
  const VkSubgroupFeatureFlags needed =
      VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_BALLOT_BIT;

  if (properties->apiVersion < COLLATE_VULKAN_FLOOR)
    return "Vulkan 1.2";
  if (!(more->subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
      (more->subgroupSupportedOperations & needed) != needed || more->subgroupSize < 4 ||
      more->subgroupSize > 64)
    return "subgroups of 4 to 64 lanes";
  return NULL;
}

static void
read_properties (CollateVulkanInstance *self,
                 VkPhysicalDevice device,
                 CollateVulkanTraits *traits,
                 const Extensions *has)
{
  VkPhysicalDeviceShaderIntegerDotProductProperties dots = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES,
  };
  VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
  };
  VkPhysicalDeviceVulkan12Properties properties12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES,
  };
  VkPhysicalDeviceVulkan11Properties properties11 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES,
    .pNext = &properties12,
  };
  VkPhysicalDeviceProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &properties11,
  };
  const VkPhysicalDeviceLimits *limits = &properties.properties.limits;

  collate_vulkan_chain (&properties, has->sizes, &sizes);
  collate_vulkan_chain (&properties, has->dots, &dots);
  self->vk.GetPhysicalDeviceProperties2 (device, &properties);
  g_strlcpy (traits->driver, properties12.driverName, sizeof traits->driver);
  g_strlcpy (traits->driver_info, properties12.driverInfo, sizeof traits->driver_info);
  memcpy (traits->cache_uuid, properties.properties.pipelineCacheUUID, VK_UUID_SIZE);
  traits->missing = find_missing (&properties.properties, &properties11);
  traits->vendor = properties.properties.vendorID;
  traits->device = properties.properties.deviceID;
  traits->driver_version = properties.properties.driverVersion;
  traits->subgroup = properties11.subgroupSize;
  if (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)
    {
      traits->least = sizes.minSubgroupSize;
      traits->most = sizes.maxSubgroupSize;
    }
  traits->has_fast_dots = dots.integerDotProduct4x8BitPackedSignedAccelerated;
  traits->timestamp_period = limits->timestampPeriod;
  traits->most_groups = MIN (limits->maxComputeWorkGroupCount[0],
                             MIN (limits->maxComputeWorkGroupCount[1], limits->maxComputeWorkGroupCount[2]));
  traits->most_invocations = MIN (limits->maxComputeWorkGroupInvocations, limits->maxComputeWorkGroupSize[0]);
  traits->most_shared = limits->maxComputeSharedMemorySize;
  traits->alignment = MAX (limits->minStorageBufferOffsetAlignment, 16);
  traits->most_range = limits->maxStorageBufferRange / traits->alignment * traits->alignment;
  traits->most_allocation = properties11.maxMemoryAllocationSize / traits->alignment * traits->alignment;
}

void
collate_vulkan_instance_get_traits (CollateVulkanInstance *instance, guint index, CollateVulkanTraits *traits)
{
  VkPhysicalDevice device = instance->devices[index];
  VkPhysicalDeviceProperties2 basic = { .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
  VkPhysicalDeviceMemoryProperties2 memory = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
  };
  Extensions has;

  *traits = (CollateVulkanTraits){ 0 };
  instance->vk.GetPhysicalDeviceProperties2 (device, &basic);
  g_strlcpy (traits->name, basic.properties.deviceName, sizeof traits->name);
  traits->type = basic.properties.deviceType;
  if (basic.properties.apiVersion < COLLATE_VULKAN_FLOOR)
    {
      traits->missing = "Vulkan 1.2";
      return;
    }

  has = read_extensions (instance, device, traits);
  read_properties (instance, device, traits, &has);
  read_features (instance, device, traits, &has);
  instance->vk.GetPhysicalDeviceMemoryProperties2 (device, &memory);
  traits->memory = memory.memoryProperties;
  if (!find_queue (instance, device, traits))
    traits->missing = "a queue that computes";
}

const char *
collate_vulkan_traits_get_type (const CollateVulkanTraits *traits)
{
  switch (traits->type)
    {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "software";
    default:
      return "virtual";
    }
}

char *
collate_vulkan_traits_describe (const CollateVulkanTraits *traits)
{
  g_autoptr (GString) text = g_string_new (traits->name);

  if (traits->driver[0] != '\0')
    g_string_append_printf (text, ", %s %s", traits->driver, traits->driver_info);
  g_string_append_printf (text, _ (", subgroups of %u"), traits->subgroup);
  if (traits->has_float16)
    g_string_append (text, ", f16");
  if (traits->has_fast_dots)
    g_string_append (text, _ (", products of 8 bits"));
  if (traits->matrices.m > 0)
    g_string_append (text, _ (", cooperative matrices"));
  return g_string_free (g_steal_pointer (&text), FALSE);
}
