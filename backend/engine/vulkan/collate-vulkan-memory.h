/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "engine/vulkan/collate-vulkan-functions.h"

G_BEGIN_DECLS

typedef struct _CollateVulkanDevice CollateVulkanDevice;

/* Memory of the device in slabs, each a buffer of Vulkan's, cut into slices. One thread at a time, that of the device;
 * what is freed may not be in use by it. */

typedef enum
{
  COLLATE_VULKAN_DEVICE_MEMORY, /* weights, activations, caches */
  COLLATE_VULKAN_UPLOADS,       /* written by the host, read once by the device */
  COLLATE_VULKAN_DOWNLOADS,     /* written by the device, read by the host */
  COLLATE_VULKAN_N_KINDS,
} CollateVulkanKind;

/* A part of a slab. */
typedef struct
{
  struct _CollateVulkanSlab *slab; /* NULL: nothing */
  VkBuffer buffer;
  VkDeviceSize offset, size;
  guint8 *data; /* where the host sees it, or NULL */
} CollateVulkanSlice;

typedef struct
{
  GPtrArray *slabs;                           /* of all kinds */
  guint32 types[COLLATE_VULKAN_N_KINDS];      /* of memory */
  gboolean is_mapped[COLLATE_VULKAN_N_KINDS]; /* the host sees it */
  gint64 reserved;                            /* bytes of slabs */
} CollateVulkanMemory;

gboolean collate_vulkan_memory_init (CollateVulkanDevice *device, gboolean is_remote, GError **error);
void collate_vulkan_memory_clear (CollateVulkanDevice *device);

/* Bytes that can still be taken for weights and buffers. */
gint64 collate_vulkan_memory_get_available (CollateVulkanDevice *device);

/* COLLATE_ERROR_TOO_LARGE with the figures. */
gboolean collate_vulkan_slice_take (CollateVulkanDevice *device,
                                    CollateVulkanKind kind,
                                    guint64 n_bytes,
                                    CollateVulkanSlice *slice,
                                    GError **error);
void collate_vulkan_slice_drop (CollateVulkanDevice *device, CollateVulkanSlice *slice);

/* A part of a slice. */
CollateVulkanSlice collate_vulkan_slice_part (const CollateVulkanSlice *slice, guint64 offset, guint64 size);

G_END_DECLS
