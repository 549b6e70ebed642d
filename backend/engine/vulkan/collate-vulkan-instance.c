/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-instance.h"

#include <dlfcn.h>

#include "base/collate-error.h"
#include "engine/collate-device.h"

/* Finds the loader at run time, and the devices that it knows. */

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, message);
  return FALSE;
}

/* The library stays: drivers keep threads and data of theirs that do not survive its end. */
static PFN_vkGetInstanceProcAddr
open_library (CollateVulkanInstance *self)
{
  self->library = dlopen ("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  return self->library ? (PFN_vkGetInstanceProcAddr) dlsym (self->library, "vkGetInstanceProcAddr") : NULL;
}

static gboolean
create_instance (CollateVulkanInstance *self, PFN_vkGetInstanceProcAddr get, GError **error)
{
  PFN_vkEnumerateInstanceVersion get_version =
      (PFN_vkEnumerateInstanceVersion) get (NULL, "vkEnumerateInstanceVersion");
  PFN_vkCreateInstance create = (PFN_vkCreateInstance) get (NULL, "vkCreateInstance");
  const VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "collate",
    .apiVersion = COLLATE_VULKAN_FLOOR,
  };
  const VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pApplicationInfo = &application,
  };
  guint32 version = 0;

  if (!get_version || !create || get_version (&version) != VK_SUCCESS || version < COLLATE_VULKAN_FLOOR)
    return fail (error, "the Vulkan loader is older than 1.2");
  if (create (&info, NULL, &self->handle) != VK_SUCCESS)
    return fail (error, "there is no Vulkan driver");
  return TRUE;
}

static gboolean
load_functions (CollateVulkanInstance *self, PFN_vkGetInstanceProcAddr get)
{
#define LOAD(name)                                                                                           \
  self->vk.name = (PFN_vk##name) get (self->handle, "vk" #name);                                             \
  if (!self->vk.name)                                                                                        \
    return FALSE;
  COLLATE_VULKAN_INSTANCE_FUNCTIONS (LOAD)
#undef LOAD
  self->get_matrix_properties = (CollateVulkanGetMatrixProperties) get (
      self->handle, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  return TRUE;
}

static gboolean
find_devices (CollateVulkanInstance *self)
{
  if (self->vk.EnumeratePhysicalDevices (self->handle, &self->n_devices, NULL) != VK_SUCCESS)
    return FALSE;
  self->devices = g_new (VkPhysicalDevice, MAX (self->n_devices, 1));
  return self->vk.EnumeratePhysicalDevices (self->handle, &self->n_devices, self->devices) >= VK_SUCCESS;
}

CollateVulkanInstance *
collate_vulkan_instance_new (GError **error)
{
  g_autoptr (CollateVulkanInstance) self = g_new0 (CollateVulkanInstance, 1);
  PFN_vkGetInstanceProcAddr get = open_library (self);

  if (!get)
    fail (error, "there is no Vulkan loader (libvulkan.so.1)");
  else if (create_instance (self, get, error))
    {
      if (load_functions (self, get) && find_devices (self))
        return g_steal_pointer (&self);
      fail (error, "the Vulkan loader does not name its devices");
    }
  return NULL;
}

void
collate_vulkan_instance_free (CollateVulkanInstance *instance)
{
  if (instance->handle && instance->vk.DestroyInstance)
    instance->vk.DestroyInstance (instance->handle, NULL);
  if (instance->library)
    dlclose (instance->library);
  g_free (instance->devices);
  g_free (instance);
}

static void
free_info (gpointer data)
{
  CollateVulkanInfo *info = data;

  g_free (info->name);
  g_free (info->description);
  g_free (info);
}

GPtrArray *
collate_vulkan_list (void)
{
  GPtrArray *infos = g_ptr_array_new_with_free_func (free_info);
  g_autoptr (CollateVulkanInstance) instance = collate_vulkan_instance_new (NULL);

  for (guint i = 0; instance && i < instance->n_devices; i++)
    {
      CollateVulkanTraits traits;
      CollateVulkanInfo *info;

      collate_vulkan_instance_get_traits (instance, i, &traits);
      if (traits.missing)
        continue;
      info = g_new (CollateVulkanInfo, 1);
      *info = (CollateVulkanInfo){
        .index = i,
        .name = g_strdup_printf ("vulkan:%u", i),
        .type = collate_vulkan_traits_get_type (&traits),
        .description = collate_vulkan_traits_describe (&traits),
      };
      g_ptr_array_add (infos, info);
    }
  return infos;
}
