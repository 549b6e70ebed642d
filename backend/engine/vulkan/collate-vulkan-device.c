/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* A device of Vulkan: its life, what it keeps in memory, and the table of its kernels. */

/* What attention makes of keys that are shared out. */
#define PARTIALS ((guint64) 8 << 20)

/* Subgroups of so many lanes are those of graphics cards. */
#define MANY_LANES 32

static void
fail_lost (CollateVulkanDevice *self, GError **error)
{
  g_set_error (error, COLLATE_ERROR, COLLATE_ERROR_SERVER, "%s stopped answering", self->traits.name);
}

gboolean
collate_vulkan_check (CollateVulkanDevice *device, VkResult result, GError **error)
{
  switch (result)
    {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_TOO_MANY_OBJECTS:
      g_set_error (
          error, COLLATE_ERROR, COLLATE_ERROR_TOO_LARGE, "%s has no memory left", device->traits.name);
      return FALSE;
    case VK_ERROR_DEVICE_LOST:
      g_atomic_int_set (&device->head.is_lost, TRUE);
      fail_lost (device, error);
      return FALSE;
    default:
      if (result >= VK_SUCCESS)
        return TRUE;
      g_set_error (
          error, COLLATE_ERROR, COLLATE_ERROR_SERVER, "%s failed with %d", device->traits.name, result);
      return FALSE;
    }
}

gboolean
collate_vulkan_write (CollateVulkanDevice *device,
                      const CollateVulkanSlice *to,
                      const void *data,
                      gsize n_bytes,
                      GError **error)
{
  CollateVulkanSlice from;

  if (!collate_vulkan_finish (device, error))
    return FALSE;
  if (to->data)
    {
      memcpy (to->data, data, n_bytes);
      return TRUE;
    }
  from = collate_vulkan_upload (device, data, n_bytes);
  from.size = n_bytes;
  collate_vulkan_copy (device, &from, to);
  return collate_vulkan_finish (device, error);
}

gboolean
collate_vulkan_read (CollateVulkanDevice *device,
                     const CollateVulkanSlice *from,
                     void *data,
                     gsize n_bytes,
                     GError **error)
{
  CollateVulkanSlice to;
  gboolean done;

  if (!collate_vulkan_finish (device, error))
    return FALSE;
  if (from->data)
    {
      memcpy (data, from->data, n_bytes);
      return TRUE;
    }
  if (!collate_vulkan_slice_take (device, COLLATE_VULKAN_DOWNLOADS, n_bytes, &to, error))
    return FALSE;
  collate_vulkan_copy (device, from, &to);
  done = collate_vulkan_finish (device, error);
  if (done)
    memcpy (data, to.data, n_bytes);
  collate_vulkan_slice_drop (device, &to);
  return done;
}

static gint64
get_most (CollateDevice *device)
{
  const CollateVulkanTraits *traits = &((CollateVulkanDevice *) device)->traits;

  return (gint64) MIN (MIN (traits->most_range, traits->most_allocation), G_MAXINT64);
}

static CollateBuffer *
allocate (CollateDevice *device, gsize n_bytes, GError **error)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  CollateBuffer *buffer;

  if (n_bytes > (gsize) get_most (device))
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_TOO_LARGE,
                   "%" G_GSIZE_FORMAT " MiB in one piece, where %s addresses %" G_GINT64_FORMAT " MiB",
                   n_bytes >> 20,
                   self->traits.name,
                   get_most (device) >> 20);
      return NULL;
    }
  buffer = g_new0 (CollateBuffer, 1);
  if (!collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, n_bytes, &buffer->slice, error))
    {
      g_free (buffer);
      return NULL;
    }
  buffer->n_bytes = n_bytes;
  self->n_bytes += (gint64) n_bytes;
  return buffer;
}

/* What was recorded with it runs first; whether it failed is told at the end of the recording. */
static void
free_buffer (CollateDevice *device, CollateBuffer *buffer)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;

  if (!buffer)
    return;
  if (self->recorder.is_open)
    collate_vulkan_finish (self, &self->error);
  self->n_bytes -= (gint64) buffer->n_bytes;
  collate_vulkan_slice_drop (self, &buffer->slice);
  g_free (buffer);
}

static gboolean
write_bytes (CollateDevice *device, CollatePlace to, const void *data, gsize n_bytes, GError **error)
{
  CollateVulkanSlice slice = collate_vulkan_slice_part (&to.buffer->slice, to.offset, n_bytes);

  return collate_vulkan_write ((CollateVulkanDevice *) device, &slice, data, n_bytes, error);
}

static gboolean
read_bytes (CollateDevice *device, CollatePlace from, void *data, gsize n_bytes, GError **error)
{
  CollateVulkanSlice slice = collate_vulkan_slice_part (&from.buffer->slice, from.offset, n_bytes);

  return collate_vulkan_read ((CollateVulkanDevice *) device, &slice, data, n_bytes, error);
}

/* A device that was lost says so at the end of each recording. */
static void
begin (CollateDevice *device)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;

  g_clear_error (&self->error);
  if (self->head.is_lost)
    fail_lost (self, &self->error);
}

static gboolean
end (CollateDevice *device, GError **error)
{
  return collate_vulkan_finish ((CollateVulkanDevice *) device, error);
}

static gint64
get_memory (CollateDevice *device)
{
  return ((CollateVulkanDevice *) device)->n_bytes;
}

static gint64
get_available (CollateDevice *device)
{
  return collate_vulkan_memory_get_available ((CollateVulkanDevice *) device);
}

static void
free_device (CollateDevice *device)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;

  if (self->handle)
    {
      self->vk.DeviceWaitIdle (self->handle);
      collate_vulkan_slice_drop (self, &self->partials);
      collate_vulkan_slice_drop (self, &self->converted);
      collate_vulkan_slice_drop (self, &self->scratch);
      collate_vulkan_recorder_clear (self);
      collate_vulkan_pipelines_clear (self);
      collate_vulkan_memory_clear (self);
      self->vk.DestroyDevice (self->handle, NULL);
    }
  g_clear_pointer (&self->instance, collate_vulkan_instance_free);
  g_clear_error (&self->error);
  g_free (self->head.name);
  g_free (self->head.description);
  g_free (self);
}

static const CollateDeviceKernels kernels = {
  .allocate = allocate,
  .free_buffer = free_buffer,
  .write = write_bytes,
  .read = read_bytes,
  .load = collate_vulkan_load,
  .free_weight = collate_vulkan_free_weight,
  .begin = begin,
  .end = end,
  .embed = collate_vulkan_embed,
  .rms_norm = collate_vulkan_rms_norm,
  .matmul = collate_vulkan_matmul,
  .rope = collate_vulkan_rope,
  .store = collate_vulkan_store,
  .attention = collate_vulkan_attention,
  .swiglu = collate_vulkan_swiglu,
  .layer_norm = collate_vulkan_layer_norm,
  .grouped_matmul = collate_vulkan_grouped_matmul,
  .hadamard = collate_vulkan_hadamard,
  .store_bytes = collate_vulkan_store_bytes,
  .bound = collate_vulkan_bound,
  .sum_signs = collate_vulkan_sum_signs,
  .index = collate_vulkan_index,
  .select = collate_vulkan_select,
  .route = collate_vulkan_route,
  .experts = collate_vulkan_experts,
  .get_memory = get_memory,
  .get_available = get_available,
  .get_most = get_most,
  .free = free_device,
};

static gboolean
can (CollateVulkanDevice *self, CollateVulkanWays ways)
{
  switch (ways)
    {
    case COLLATE_VULKAN_DOTS:
      return HAVE_DOT_SHADERS && self->traits.has_dots;
    case COLLATE_VULKAN_TILES:
      return self->traits.most_shared >= COLLATE_TILE_SHARED &&
             self->traits.most_invocations >= COLLATE_TILE_SUBGROUPS * self->lanes;
    case COLLATE_VULKAN_MATRICES:
      /* A part of the tile is a subgroup's: there may be no more of them than parts. */
      return can (self, COLLATE_VULKAN_TILES) && self->traits.has_full_subgroups &&
             collate_vulkan_can_require_lanes (self) && collate_vulkan_try_matrices (self);
    default:
      return TRUE;
    }
}

/* Processors gain nothing by shared memory and by what is made of it, nor by whole numbers that they only imitate. */
static void
choose_best (CollateVulkanDevice *self)
{
  gboolean is_card = self->traits.type != VK_PHYSICAL_DEVICE_TYPE_CPU;

  self->few = self->traits.has_fast_dots && can (self, COLLATE_VULKAN_DOTS) ? COLLATE_VULKAN_DOTS
                                                                            : COLLATE_VULKAN_STRIPS;
  if (is_card && can (self, COLLATE_VULKAN_MATRICES))
    self->many = COLLATE_VULKAN_MATRICES;
  else if (self->lanes >= MANY_LANES && can (self, COLLATE_VULKAN_TILES))
    self->many = COLLATE_VULKAN_TILES;
  else
    self->many = self->few;
}

static gboolean
choose_ways (CollateVulkanDevice *self, CollateVulkanWays wanted, GError **error)
{
  if (!can (self, wanted))
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_UNSUPPORTED,
                   "%s does not multiply in the way that is asked for",
                   self->traits.name);
      return FALSE;
    }
  if (wanted == COLLATE_VULKAN_BEST)
    choose_best (self);
  else
    {
      self->many = wanted;
      self->few = wanted == COLLATE_VULKAN_DOTS ? COLLATE_VULKAN_DOTS : COLLATE_VULKAN_STRIPS;
    }
  return (self->few != COLLATE_VULKAN_DOTS && self->many != COLLATE_VULKAN_MATRICES) ||
         collate_vulkan_convert_init (self, error);
}

static gboolean
open_device (CollateVulkanDevice *self, guint index, const CollateVulkanChoice *choice, GError **error)
{
  self->instance = collate_vulkan_instance_new (error);
  if (!self->instance)
    return FALSE;
  if (index >= self->instance->n_devices)
    {
      g_set_error (
          error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "there is no device \"vulkan:%u\"", index);
      return FALSE;
    }
  self->physical = self->instance->devices[index];
  collate_vulkan_instance_get_traits (self->instance, index, &self->traits);
  if (self->traits.missing)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_UNSUPPORTED,
                   "%s lacks %s",
                   self->traits.name,
                   self->traits.missing);
      return FALSE;
    }
  return collate_vulkan_open_handle (self, error) &&
         collate_vulkan_memory_init (self, choice->is_remote, error) &&
         collate_vulkan_pipelines_init (self, error) && collate_vulkan_recorder_init (self, error) &&
         collate_vulkan_find_lanes (self, error) && choose_ways (self, choice->ways, error) &&
         collate_vulkan_slice_take (self, COLLATE_VULKAN_DEVICE_MEMORY, PARTIALS, &self->partials, error);
}

CollateDevice *
collate_vulkan_device_new_with (guint index, const CollateVulkanChoice *choice, GError **error)
{
  CollateVulkanDevice *self = g_new0 (CollateVulkanDevice, 1);

  self->kernels = kernels;
  self->head.kernels = &self->kernels;
  if (!open_device (self, index, choice, error))
    {
      free_device (&self->head);
      return NULL;
    }
  self->kernels.type = collate_vulkan_traits_get_type (&self->traits);
  self->head.name = g_strdup_printf ("vulkan:%u", index);
  self->head.description = collate_vulkan_traits_describe (&self->traits);
  return &self->head;
}

CollateDevice *
collate_vulkan_device_new (guint index, GError **error)
{
  return collate_vulkan_device_new_with (index, &(CollateVulkanChoice){ 0 }, error);
}
