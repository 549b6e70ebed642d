/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-memory.h"

#include "base/collate-error.h"
#include "engine/collate-memory.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* Few large allocations, since a device allows only some thousands of them. A slab that is empty goes back. */

#define MIB ((guint64) 1 << 20)

/* What is larger than half of it gets a slab of its own. */
#define SLAB (32 * MIB)

typedef struct
{
  VkDeviceSize offset, size;
} Gap;

typedef struct _CollateVulkanSlab
{
  CollateVulkanKind kind;
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkDeviceSize size;
  guint8 *data; /* (nullable) */
  GArray *gaps; /* of Gap, by offset, never side by side */
} Slab;

/* The first type of memory, of those that buffers may lie in, that has these properties; drivers list the fastest first. */
static gboolean
find_type (const CollateVulkanTraits *traits, guint32 usable, VkMemoryPropertyFlags flags, guint32 *type)
{
  for (guint32 i = 0; i < traits->memory.memoryTypeCount; i++)
    if (usable >> i & 1 && (traits->memory.memoryTypes[i].propertyFlags & flags) == flags)
      {
        *type = i;
        return TRUE;
      }
  return FALSE;
}

static VkResult
create_buffer (CollateVulkanDevice *device, VkDeviceSize size, VkBuffer *buffer)
{
  const VkBufferCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
    .size = size,
    .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
             VK_BUFFER_USAGE_TRANSFER_DST_BIT,
  };

  return device->vk.CreateBuffer (device->handle, &info, NULL, buffer);
}

/* The types of memory that buffers may lie in, as bits: the same for all of one usage. */
static gboolean
find_usable (CollateVulkanDevice *device, guint32 *usable, GError **error)
{
  VkMemoryRequirements requirements;
  VkBuffer buffer;

  if (!collate_vulkan_check (device, create_buffer (device, MIB, &buffer), error))
    return FALSE;
  device->vk.GetBufferMemoryRequirements (device->handle, buffer, &requirements);
  device->vk.DestroyBuffer (device->handle, buffer, NULL);
  *usable = requirements.memoryTypeBits;
  return TRUE;
}

#define HOST (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define LOCAL VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define CACHED VK_MEMORY_PROPERTY_HOST_CACHED_BIT

/* Where device and host share one memory, everything is written and read in place. */
gboolean
collate_vulkan_memory_init (CollateVulkanDevice *device, gboolean is_remote, GError **error)
{
  const CollateVulkanTraits *traits = &device->traits;
  CollateVulkanMemory *memory = &device->memory;
  gboolean shared =
      traits->type == VK_PHYSICAL_DEVICE_TYPE_CPU || traits->type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
  guint32 *types = memory->types;
  guint32 usable;

  if (!find_usable (device, &usable, error))
    return FALSE;
  memory->slabs = g_ptr_array_new ();
  memory->is_mapped[COLLATE_VULKAN_UPLOADS] = TRUE;
  memory->is_mapped[COLLATE_VULKAN_DOWNLOADS] = TRUE;
  memory->is_mapped[COLLATE_VULKAN_DEVICE_MEMORY] =
      shared && !is_remote &&
      find_type (traits, usable, LOCAL | HOST | CACHED, &types[COLLATE_VULKAN_DEVICE_MEMORY]);

  if ((memory->is_mapped[COLLATE_VULKAN_DEVICE_MEMORY] ||
       find_type (traits, usable, LOCAL, &types[COLLATE_VULKAN_DEVICE_MEMORY])) &&
      find_type (traits, usable, HOST, &types[COLLATE_VULKAN_UPLOADS]) &&
      (find_type (traits, usable, HOST | CACHED, &types[COLLATE_VULKAN_DOWNLOADS]) ||
       find_type (traits, usable, HOST, &types[COLLATE_VULKAN_DOWNLOADS])))
    return TRUE;
  g_set_error (
      error, COLLATE_ERROR, COLLATE_ERROR_UNSUPPORTED, "%s has no memory to compute in", traits->name);
  return FALSE;
}

static void
free_slab (CollateVulkanDevice *device, Slab *slab)
{
  device->vk.DestroyBuffer (device->handle, slab->buffer, NULL);
  device->vk.FreeMemory (device->handle, slab->memory, NULL);
  device->memory.reserved -= (gint64) slab->size;
  g_array_unref (slab->gaps);
  g_free (slab);
}

void
collate_vulkan_memory_clear (CollateVulkanDevice *device)
{
  GPtrArray *slabs = device->memory.slabs;

  for (guint i = 0; slabs && i < slabs->len; i++)
    free_slab (device, slabs->pdata[i]);
  g_clear_pointer (&device->memory.slabs, g_ptr_array_unref);
}

gint64
collate_vulkan_memory_get_available (CollateVulkanDevice *device)
{
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT,
  };
  VkPhysicalDeviceMemoryProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
    .pNext = device->traits.has_budget ? &budget : NULL,
  };
  const CollateVulkanMemory *memory = &device->memory;
  guint32 type = memory->types[COLLATE_VULKAN_DEVICE_MEMORY];
  guint32 heap = device->traits.memory.memoryTypes[type].heapIndex;
  gint64 available = (gint64) MIN (device->traits.memory.memoryHeaps[heap].size, G_MAXINT64);

  if (device->traits.has_budget)
    {
      device->instance->vk.GetPhysicalDeviceMemoryProperties2 (device->physical, &properties);
      available = (gint64) (budget.heapBudget[heap] - MIN (budget.heapUsage[heap], budget.heapBudget[heap]));
    }
  else
    available = MAX (available - available / 8 - memory->reserved, 0);

  /* Memory that is the host's, too. */
  return memory->is_mapped[COLLATE_VULKAN_DEVICE_MEMORY] ? MIN (available, collate_memory_get_available ())
                                                         : available;
}

static gboolean
fail_for_size (CollateVulkanDevice *device, guint64 n_bytes, guint64 limit, const char *what, GError **error)
{
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_TOO_LARGE,
               "%" G_GUINT64_FORMAT " MiB of memory on %s, where %s %" G_GUINT64_FORMAT " MiB",
               n_bytes / MIB,
               device->head.name,
               what,
               limit / MIB);
  return FALSE;
}

static gboolean
check_size (CollateVulkanDevice *device, CollateVulkanKind kind, guint64 n_bytes, GError **error)
{
  gint64 available;

  if (n_bytes > device->traits.most_allocation)
    return fail_for_size (device, n_bytes, device->traits.most_allocation, "one piece may have", error);
  if (kind != COLLATE_VULKAN_DEVICE_MEMORY)
    return TRUE;
  available = collate_vulkan_memory_get_available (device);
  return n_bytes <= (guint64) available ||
         fail_for_size (device, n_bytes, (guint64) available, "there are free", error);
}

static gboolean
fill_slab (CollateVulkanDevice *device, Slab *slab, GError **error)
{
  VkMemoryRequirements requirements;
  VkMemoryAllocateInfo allocation = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .memoryTypeIndex = device->memory.types[slab->kind],
  };

  if (!collate_vulkan_check (device, create_buffer (device, slab->size, &slab->buffer), error))
    return FALSE;
  device->vk.GetBufferMemoryRequirements (device->handle, slab->buffer, &requirements);
  allocation.allocationSize = requirements.size;

  return collate_vulkan_check (
             device, device->vk.AllocateMemory (device->handle, &allocation, NULL, &slab->memory), error) &&
         collate_vulkan_check (
             device, device->vk.BindBufferMemory (device->handle, slab->buffer, slab->memory, 0), error) &&
         (!device->memory.is_mapped[slab->kind] ||
          collate_vulkan_check (
              device,
              device->vk.MapMemory (
                  device->handle, slab->memory, 0, VK_WHOLE_SIZE, 0, (gpointer *) &slab->data),
              error));
}

static Slab *
add_slab (CollateVulkanDevice *device, CollateVulkanKind kind, guint64 n_bytes, GError **error)
{
  guint64 size = n_bytes > SLAB / 2 ? n_bytes : SLAB;
  Slab *slab;

  /* The last bit of memory may hold what is asked for, and no whole slab. */
  if (kind != COLLATE_VULKAN_DEVICE_MEMORY || size > (guint64) collate_vulkan_memory_get_available (device))
    size = n_bytes;
  if (!check_size (device, kind, size, error))
    return NULL;

  slab = g_new0 (Slab, 1);
  slab->kind = kind;
  slab->size = size;
  slab->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
  device->memory.reserved += (gint64) size;
  if (!fill_slab (device, slab, error))
    {
      free_slab (device, slab);
      return NULL;
    }
  g_array_append_val (slab->gaps, ((Gap){ 0, size }));
  g_ptr_array_add (device->memory.slabs, slab);
  return slab;
}

static gboolean
cut (Slab *slab, guint64 n_bytes, CollateVulkanSlice *slice)
{
  for (guint i = 0; i < slab->gaps->len; i++)
    {
      Gap *gap = &g_array_index (slab->gaps, Gap, i);

      if (gap->size < n_bytes)
        continue;
      *slice = (CollateVulkanSlice){
        slab, slab->buffer, gap->offset, n_bytes, slab->data ? slab->data + gap->offset : NULL
      };
      gap->offset += n_bytes;
      gap->size -= n_bytes;
      if (gap->size == 0)
        g_array_remove_index (slab->gaps, i);
      return TRUE;
    }
  return FALSE;
}

gboolean
collate_vulkan_slice_take (CollateVulkanDevice *device,
                           CollateVulkanKind kind,
                           guint64 n_bytes,
                           CollateVulkanSlice *slice,
                           GError **error)
{
  GPtrArray *slabs = device->memory.slabs;
  guint64 alignment = device->traits.alignment;
  Slab *slab;

  if (n_bytes > device->traits.most_allocation)
    return fail_for_size (device, n_bytes, device->traits.most_allocation, "one piece may have", error);
  n_bytes = (MAX (n_bytes, 1) + alignment - 1) / alignment * alignment;
  for (guint i = 0; i < slabs->len; i++)
    if (((Slab *) slabs->pdata[i])->kind == kind && cut (slabs->pdata[i], n_bytes, slice))
      return TRUE;
  slab = add_slab (device, kind, n_bytes, error);
  return slab && cut (slab, n_bytes, slice);
}

/* Joins gap i with the one after it. */
static void
join (GArray *gaps, guint i)
{
  Gap *gap = &g_array_index (gaps, Gap, i);

  if (i + 1 >= gaps->len || gap[0].offset + gap[0].size != gap[1].offset)
    return;
  gap->size += gap[1].size;
  g_array_remove_index (gaps, i + 1);
}

void
collate_vulkan_slice_drop (CollateVulkanDevice *device, CollateVulkanSlice *slice)
{
  Slab *slab = slice->slab;
  Gap gap = { slice->offset, slice->size };
  guint i = 0;

  if (!slab)
    return;
  while (i < slab->gaps->len && g_array_index (slab->gaps, Gap, i).offset < gap.offset)
    i++;
  g_array_insert_val (slab->gaps, i, gap);
  join (slab->gaps, i);
  if (i > 0)
    join (slab->gaps, i - 1);

  if (g_array_index (slab->gaps, Gap, 0).size == slab->size)
    {
      g_ptr_array_remove_fast (device->memory.slabs, slab);
      free_slab (device, slab);
    }
  *slice = (CollateVulkanSlice){ 0 };
}

CollateVulkanSlice
collate_vulkan_slice_part (const CollateVulkanSlice *slice, guint64 offset, guint64 size)
{
  return (CollateVulkanSlice){
    slice->slab, slice->buffer, slice->offset + offset, size, slice->data ? slice->data + offset : NULL
  };
}
