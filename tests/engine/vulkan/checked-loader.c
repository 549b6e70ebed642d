/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

/* Stands where a program looks for the Vulkan loader, which it finds by COLLATE_VULKAN_LOADER, so that the layers see all
 * that there is to see: they check vkCmdDispatch() for missing barriers, and let vkCmdDispatchBase() pass unseen. With
 * COLLATE_VULKAN_BARRIERS=none it leaves out every barrier, which the layers have to find. */

static PFN_vkGetInstanceProcAddr get_instance_function;
static PFN_vkGetDeviceProcAddr get_device_function;
static PFN_vkCmdDispatch dispatch;
static PFN_vkCmdDispatchBase dispatch_base;

static VKAPI_ATTR void VKAPI_CALL
leave_out_barrier (VkCommandBuffer commands,
                   VkPipelineStageFlags from,
                   VkPipelineStageFlags to,
                   VkDependencyFlags flags,
                   uint32_t n_memory,
                   const VkMemoryBarrier *memory,
                   uint32_t n_buffers,
                   const VkBufferMemoryBarrier *buffers,
                   uint32_t n_images,
                   const VkImageMemoryBarrier *images)
{
}

static VKAPI_ATTR void VKAPI_CALL
dispatch_seen (VkCommandBuffer commands,
               uint32_t first_x,
               uint32_t first_y,
               uint32_t first_z,
               uint32_t x,
               uint32_t y,
               uint32_t z)
{
  if (first_x == 0 && first_y == 0 && first_z == 0)
    dispatch (commands, x, y, z);
  else
    dispatch_base (commands, first_x, first_y, first_z, x, y, z);
}

static int
leaves_out_barriers (void)
{
  const char *barriers = getenv ("COLLATE_VULKAN_BARRIERS");

  return barriers != NULL && strcmp (barriers, "none") == 0;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
get_checked_function (VkDevice device, const char *name)
{
  if (strcmp (name, "vkCmdPipelineBarrier") == 0 && leaves_out_barriers ())
    return (PFN_vkVoidFunction) leave_out_barrier;
  if (strcmp (name, "vkCmdDispatchBase") != 0)
    return get_device_function (device, name);

  dispatch = (PFN_vkCmdDispatch) get_device_function (device, "vkCmdDispatch");
  dispatch_base = (PFN_vkCmdDispatchBase) get_device_function (device, name);
  return (PFN_vkVoidFunction) dispatch_seen;
}

static PFN_vkGetInstanceProcAddr
open_loader (void)
{
  const char *path = getenv ("COLLATE_VULKAN_LOADER");
  void *library = path != NULL ? dlopen (path, RTLD_NOW | RTLD_LOCAL) : NULL;

  return library != NULL ? (PFN_vkGetInstanceProcAddr) dlsym (library, "vkGetInstanceProcAddr") : NULL;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr (VkInstance instance, const char *name);

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
vkGetInstanceProcAddr (VkInstance instance, const char *name)
{
  if (get_instance_function == NULL)
    get_instance_function = open_loader ();
  if (get_instance_function == NULL)
    return NULL;
  if (strcmp (name, "vkGetDeviceProcAddr") != 0)
    return get_instance_function (instance, name);

  get_device_function = (PFN_vkGetDeviceProcAddr) get_instance_function (instance, name);
  return (PFN_vkVoidFunction) get_checked_function;
}
