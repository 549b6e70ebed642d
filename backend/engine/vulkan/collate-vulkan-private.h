/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/collate-device.h"
#include "engine/vulkan/collate-vulkan-choice.h"
#include "engine/vulkan/collate-vulkan-instance.h"
#include "engine/vulkan/collate-vulkan-memory.h"
#include "engine/vulkan/collate-vulkan-pipelines.h"
#include "engine/vulkan/collate-vulkan-recorder.h"
#include "engine/vulkan/collate-vulkan-weights.h"

G_BEGIN_DECLS

/* What the parts of the Vulkan device share. */

struct _CollateBuffer
{
  CollateVulkanSlice slice;
  gsize n_bytes;
};

/* Cosines and sines that were uploaded last, for this recording. */
typedef struct
{
  CollateVulkanSlice slice;
  const float *frequencies;
  gint64 position, n_tokens, n_pairs;
  float magnitude;
} CollateVulkanAngles;

struct _CollateVulkanDevice
{
  CollateDevice head;
  CollateDeviceKernels kernels; /* with the device's type */

  CollateVulkanInstance *instance;
  VkPhysicalDevice physical;
  CollateVulkanTraits traits;
  guint32 lanes;          /* of a subgroup, as it was seen to run */
  CollateVulkanWays few;  /* how products of few tokens are made, */
  CollateVulkanWays many; /* and of many */

  VkDevice handle;
  VkQueue queue;
  CollateVulkanFunctions vk;

  CollateVulkanMemory memory;
  CollateVulkanPipelines pipelines;
  CollateVulkanRecorder recorder;
  CollateVulkanSlice partials;  /* of attention whose keys are split */
  CollateVulkanSlice converted; /* activations in the form that some ways take */
  CollateVulkanSlice scratch;   /* as much as was asked for so far */
  CollateVulkanAngles angles;
  gint64 n_bytes; /* of buffers and weights */

  GError *error; /* the first one while recording */
};

/* An error where the result is one; a lost device stays lost. */
gboolean collate_vulkan_check (CollateVulkanDevice *device, VkResult result, GError **error);

/* Opens the device that `physical` and `traits` are of. */
gboolean collate_vulkan_open_handle (CollateVulkanDevice *device, GError **error);

/* Tries how many lanes a subgroup has. */
gboolean collate_vulkan_find_lanes (CollateVulkanDevice *device, GError **error);

/* Whether the device's matrix units work. */
gboolean collate_vulkan_try_matrices (CollateVulkanDevice *device);

/* Makes room for activations in another form. */
gboolean collate_vulkan_convert_init (CollateVulkanDevice *device, GError **error);

/* How many tokens' activations there is room for; makes those of `params` what these ways take → 16-byte units from one
 * token to the next. */
gint64 collate_vulkan_get_most_converted (CollateVulkanDevice *device, const CollateMatmul *params);
guint32 collate_vulkan_convert (CollateVulkanDevice *device,
                                const CollateMatmul *params,
                                CollateVulkanWays ways);

/* Rows of whole blocks, one behind the other, as matrix units take them, and how many of them there is room for. */
gint64 collate_vulkan_get_most_halved (CollateVulkanDevice *device, gint64 columns);
void collate_vulkan_halve (CollateVulkanDevice *device, CollatePlace rows, gint64 n_rows, gint64 columns);

/* Copies between the host and a slice; what was recorded runs first. */
gboolean collate_vulkan_write (CollateVulkanDevice *device,
                               const CollateVulkanSlice *to,
                               const void *data,
                               gsize n_bytes,
                               GError **error);
gboolean collate_vulkan_read (CollateVulkanDevice *device,
                              const CollateVulkanSlice *from,
                              void *data,
                              gsize n_bytes,
                              GError **error);

/* How often an invocation may go round all of its loops together: Mesa's software rasteriser ends them after 65535 times. */
#define COLLATE_VULKAN_MOST_ROUNDS 60000

/* A product of a part of a weight. */
typedef struct
{
  const CollateWeight *weight;
  const CollateVulkanPart *part;
  CollateVulkanWays ways; /* one of them */
  CollateVulkanSlice in, out;
  CollateVulkanSlice more;    /* bias or list; `in` without them */
  CollateShaderMatmul shader; /* but for what is said of the part */
  guint32 listed;             /* COLLATE_LIST_…; shader.n_tokens is then how many make a tile */
  double work;                /* of each group */
} CollateVulkanProduct;

void collate_vulkan_multiply_part (CollateVulkanDevice *device, const CollateVulkanProduct *product);

/* Memory for what a kernel makes on its way, until the next call; nothing where there is none. */
CollateVulkanSlice collate_vulkan_get_scratch (CollateVulkanDevice *device, guint64 n_bytes);

/* Where a place stands in its buffer, in elements of `size` bytes. */
guint32 collate_vulkan_get_offset (CollatePlace place, gsize size);

/* Groups of so much for n; for shaders that go on where their groups end. */
guint32 collate_vulkan_count_groups (gint64 n, gint64 a_group);
guint32 collate_vulkan_count_looping_groups (CollateVulkanDevice *device, gint64 n, gint64 a_group);

/* The numbers of a weight of one row. */
CollateVulkanSlice collate_vulkan_get_row (const CollateWeight *weight);

/* The kernels, of CollateDeviceKernels. */
void collate_vulkan_embed (CollateDevice *device, const CollateEmbed *params);
void collate_vulkan_rms_norm (CollateDevice *device, const CollateRmsNorm *params);
void collate_vulkan_matmul (CollateDevice *device, const CollateMatmul *params);
void collate_vulkan_rope (CollateDevice *device, const CollateRope *params);
void collate_vulkan_store (CollateDevice *device, const CollateStore *params);
void collate_vulkan_attention (CollateDevice *device, const CollateAttention *params);
void collate_vulkan_swiglu (CollateDevice *device, const CollateSwiglu *params);
void collate_vulkan_layer_norm (CollateDevice *device, const CollateLayerNorm *params);
void collate_vulkan_grouped_matmul (CollateDevice *device, const CollateGroupedMatmul *params);
void collate_vulkan_hadamard (CollateDevice *device, const CollateHadamard *params);
void collate_vulkan_store_bytes (CollateDevice *device, const CollateStoreBytes *params);
void collate_vulkan_bound (CollateDevice *device, const CollateBound *params);
void collate_vulkan_sum_signs (CollateDevice *device, const CollateSumSigns *params);
void collate_vulkan_index (CollateDevice *device, const CollateIndex *params);
void collate_vulkan_select (CollateDevice *device, const CollateSelect *params);
void collate_vulkan_route (CollateDevice *device, const CollateRoute *params);
void collate_vulkan_experts (CollateDevice *device, const CollateExperts *params);

G_END_DECLS
