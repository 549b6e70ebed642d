/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-pipelines.h"

#include <string.h>

#include "engine/vulkan/collate-vulkan-private.h"

/* Drivers compile a shader for the constants that it is given, so that loops unroll and sums stay in registers. */

typedef struct
{
  guint32 shader;
  guint32 constants[COLLATE_SHADER_MOST_CONSTANTS];
} Key;

typedef struct
{
  Key key;
  VkPipeline pipeline;
} Entry;

static guint
hash_key (gconstpointer data)
{
  const Key *key = data;
  guint hash = key->shader;

  for (guint i = 0; i < COLLATE_SHADER_MOST_CONSTANTS; i++)
    hash = hash * 31 + key->constants[i];
  return hash;
}

static gboolean
keys_are_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (Key)) == 0;
}

static gboolean
create_layouts (CollateVulkanDevice *device, guint n, GError **error)
{
  VkDescriptorSetLayoutBinding bindings[COLLATE_SHADER_MOST_BINDINGS];
  const VkDescriptorSetLayoutCreateInfo set = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = n,
    .pBindings = bindings,
  };
  const VkPushConstantRange range = { VK_SHADER_STAGE_COMPUTE_BIT, 0, 128 };
  const VkPipelineLayoutCreateInfo layout = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = &device->pipelines.set_layouts[n],
    .pushConstantRangeCount = 1,
    .pPushConstantRanges = &range,
  };

  for (guint i = 0; i < n; i++)
    bindings[i] = (VkDescriptorSetLayoutBinding){
      i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL
    };
  return collate_vulkan_check (device,
                               device->vk.CreateDescriptorSetLayout (
                                   device->handle, &set, NULL, &device->pipelines.set_layouts[n]),
                               error) &&
         collate_vulkan_check (
             device,
             device->vk.CreatePipelineLayout (device->handle, &layout, NULL, &device->pipelines.layouts[n]),
             error);
}

static char *
get_cache_path (CollateVulkanDevice *device)
{
  g_autoptr (GString) name = g_string_new ("pipelines-");

  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (name, "%02x", device->traits.cache_uuid[i]);
  return g_build_filename (g_get_user_cache_dir (), "collate", name->str, NULL);
}

/* A driver that refuses what was kept begins anew. */
static gboolean
create_cache (CollateVulkanDevice *device, GError **error)
{
  g_autoptr (GBytes) kept = NULL;
  VkPipelineCacheCreateInfo info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO };
  VkPipelineCache *cache = &device->pipelines.cache;

  device->pipelines.cache_path = get_cache_path (device);
  kept = collate_vulkan_cache_load (device->pipelines.cache_path, device->traits.cache_uuid);
  if (kept)
    {
      info.pInitialData = g_bytes_get_data (kept, &info.initialDataSize);
      if (device->vk.CreatePipelineCache (device->handle, &info, NULL, cache) == VK_SUCCESS)
        return TRUE;
      info.initialDataSize = 0;
      info.pInitialData = NULL;
    }
  return collate_vulkan_check (
      device, device->vk.CreatePipelineCache (device->handle, &info, NULL, cache), error);
}

gboolean
collate_vulkan_pipelines_init (CollateVulkanDevice *device, GError **error)
{
  device->pipelines.pipelines = g_hash_table_new_full (hash_key, keys_are_equal, NULL, g_free);
  for (guint n = 1; n <= COLLATE_SHADER_MOST_BINDINGS; n++)
    if (!create_layouts (device, n, error))
      return FALSE;
  return create_cache (device, error);
}

static void
keep_cache (CollateVulkanDevice *device)
{
  g_autofree guint8 *data = NULL;
  gsize n_bytes = 0;

  if (device->head.is_lost ||
      device->vk.GetPipelineCacheData (device->handle, device->pipelines.cache, &n_bytes, NULL) != VK_SUCCESS)
    return;
  data = g_try_malloc (MAX (n_bytes, 1));
  if (data &&
      device->vk.GetPipelineCacheData (device->handle, device->pipelines.cache, &n_bytes, data) == VK_SUCCESS)
    collate_vulkan_cache_save (device->pipelines.cache_path, device->traits.cache_uuid, data, n_bytes);
}

void
collate_vulkan_pipelines_clear (CollateVulkanDevice *device)
{
  CollateVulkanPipelines *self = &device->pipelines;
  GHashTableIter iter;
  Entry *entry;

  if (!self->pipelines)
    return;
  if (self->cache && g_hash_table_size (self->pipelines) > 0)
    keep_cache (device);
  g_hash_table_iter_init (&iter, self->pipelines);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    device->vk.DestroyPipeline (device->handle, entry->pipeline, NULL);
  g_clear_pointer (&self->pipelines, g_hash_table_unref);
  device->vk.DestroyPipelineCache (device->handle, self->cache, NULL);
  for (guint n = 1; n <= COLLATE_SHADER_MOST_BINDINGS; n++)
    {
      device->vk.DestroyPipelineLayout (device->handle, self->layouts[n], NULL);
      device->vk.DestroyDescriptorSetLayout (device->handle, self->set_layouts[n], NULL);
    }
  g_clear_pointer (&self->cache_path, g_free);
}

static VkResult
create_module (CollateVulkanDevice *device, const CollateShader *shader, VkShaderModule *module)
{
  const VkShaderModuleCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = shader->n_bytes,
    .pCode = shader->code,
  };

  return device->vk.CreateShaderModule (device->handle, &info, NULL, module);
}

gboolean
collate_vulkan_can_require_lanes (CollateVulkanDevice *device)
{
  return device->lanes >= device->traits.least && device->lanes <= device->traits.most;
}

static VkResult
create_pipeline (CollateVulkanDevice *device, const Key *key, VkShaderModule module, VkPipeline *pipeline)
{
  VkSpecializationMapEntry entries[COLLATE_SHADER_MOST_CONSTANTS];
  const VkSpecializationInfo specialization = {
    G_N_ELEMENTS (entries), entries, sizeof key->constants, key->constants
  };
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
    .requiredSubgroupSize = device->lanes,
  };
  gboolean sized = collate_vulkan_can_require_lanes (device);
  const VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .pNext = sized ? &size : NULL,
      .flags = sized && device->traits.has_full_subgroups
                   ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT
                   : 0,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .module = module,
      .pName = "main",
      .pSpecializationInfo = &specialization,
    },
    .layout = device->pipelines.layouts[collate_shader_get (key->shader)->n_bindings],
  };

  for (guint32 i = 0; i < G_N_ELEMENTS (entries); i++)
    entries[i] = (VkSpecializationMapEntry){ i, i * sizeof (guint32), sizeof (guint32) };
  return device->vk.CreateComputePipelines (
      device->handle, device->pipelines.cache, 1, &info, NULL, pipeline);
}

VkPipeline
collate_vulkan_pipelines_get (CollateVulkanDevice *device,
                              CollateShaderId shader,
                              const guint32 constants[COLLATE_SHADER_MOST_CONSTANTS],
                              GError **error)
{
  Key key = { shader };
  VkShaderModule module;
  Entry *entry;
  VkResult result;

  memcpy (key.constants, constants, sizeof key.constants);
  key.constants[COLLATE_LANES] = device->lanes;
  entry = g_hash_table_lookup (device->pipelines.pipelines, &key);
  if (entry)
    return entry->pipeline;

  if (!collate_vulkan_check (device, create_module (device, collate_shader_get (shader), &module), error))
    return VK_NULL_HANDLE;
  entry = g_new0 (Entry, 1);
  entry->key = key;
  result = create_pipeline (device, &key, module, &entry->pipeline);
  device->vk.DestroyShaderModule (device->handle, module, NULL);
  if (!collate_vulkan_check (device, result, error))
    {
      g_free (entry);
      return VK_NULL_HANDLE;
    }
  g_hash_table_insert (device->pipelines.pipelines, &entry->key, entry);
  return entry->pipeline;
}
