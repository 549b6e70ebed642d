/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"
#include "engine/vulkan/collate-vulkan-memory.h"
#include "engine/vulkan/collate-vulkan-shaders.h"

G_BEGIN_DECLS

/* Weights as shaders read them: collate-shaders.h says how. */

/* As many of a weight's rows as a shader sees at once. */
typedef struct
{
  CollateShaderWeight shape;
  guint32 first_group, n_groups; /* of rows */
  guint32 group_strips;          /* of each */
  CollateVulkanSlice slice;      /* the whole part */
  CollateVulkanSlice codes, bits, scales;
} CollateVulkanPart;

struct _CollateWeight
{
  guint form;
  gint64 rows, columns;
  gint64
      n_groups; /* of rows; each begins at a strip of its own, and lies in one part, unless there is but one */
  GArray *parts; /* of CollateVulkanPart, by rows; a single row is f32, in the order of columns */
  gsize n_bytes;
};

CollateWeight *collate_vulkan_load (CollateDevice *device, const CollateTensor *tensor, GError **error);
void collate_vulkan_free_weight (CollateDevice *device, CollateWeight *weight);

/* Where a strip is written, on the host. */
typedef struct
{
  guint32 *codes, *bits, *scales;
} CollateVulkanStrip;

guint collate_vulkan_get_form (CollateType type);

/* Bytes of a strip's codes, bits and scales. */
typedef struct
{
  guint64 codes, bits, scales;
} CollateVulkanStripBytes;

CollateVulkanStripBytes collate_vulkan_get_strip_bytes (guint form, guint32 n_blocks, guint32 n_lanes);

/* Packs n_rows rows from `first` on; lanes beyond the last row become zeros. */
void collate_vulkan_pack_strip (const CollateTensor *tensor,
                                guint form,
                                guint32 n_lanes,
                                gint64 first,
                                guint n_rows,
                                const CollateVulkanStrip *strip);

G_END_DECLS
