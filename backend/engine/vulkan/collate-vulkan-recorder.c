/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-recorder.h"

#include <string.h>

#include "engine/vulkan/collate-vulkan-private.h"

/* What is recorded: a kernel waits for another only where one of them writes what the other touches. */

#define UPLOAD ((guint64) 1 << 20)

/* Descriptor sets of a pool. */
#define SETS 512

/* What a real device is taken to do in a submission before anything was measured. */
#define FIRST_QUOTA 2e8

typedef struct
{
  VkBuffer buffer;
  VkDeviceSize offset, end;
  gboolean writes;
} Access;

static gboolean
is_short (CollateVulkanDevice *device)
{
  return device->traits.type != VK_PHYSICAL_DEVICE_TYPE_CPU;
}

gboolean
collate_vulkan_recorder_init (CollateVulkanDevice *device, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;
  const VkCommandPoolCreateInfo pool = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .queueFamilyIndex = device->traits.queue_family,
  };
  const VkFenceCreateInfo fence = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
  const VkQueryPoolCreateInfo times = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = 2 * COLLATE_VULKAN_MOST_TIMES,
  };

  self->commands = g_array_new (FALSE, FALSE, sizeof (VkCommandBuffer));
  self->accesses = g_array_new (FALSE, FALSE, sizeof (Access));
  self->sets = g_array_new (FALSE, FALSE, sizeof (VkDescriptorPool));
  self->uploads = g_array_new (FALSE, FALSE, sizeof (CollateVulkanSlice));
  self->works = g_array_new (FALSE, FALSE, sizeof (double));
  self->quota = is_short (device) ? FIRST_QUOTA : G_MAXDOUBLE;

  return collate_vulkan_check (
             device, device->vk.CreateCommandPool (device->handle, &pool, NULL, &self->pool), error) &&
         collate_vulkan_check (
             device, device->vk.CreateFence (device->handle, &fence, NULL, &self->fence), error) &&
         (!is_short (device) || device->traits.timestamp_bits == 0 ||
          collate_vulkan_check (
              device, device->vk.CreateQueryPool (device->handle, &times, NULL, &self->times), error));
}

void
collate_vulkan_recorder_clear (CollateVulkanDevice *device)
{
  CollateVulkanRecorder *self = &device->recorder;

  if (!self->commands)
    return;
  for (guint i = 0; i < self->sets->len; i++)
    device->vk.DestroyDescriptorPool (device->handle, g_array_index (self->sets, VkDescriptorPool, i), NULL);
  for (guint i = 0; i < self->uploads->len; i++)
    collate_vulkan_slice_drop (device, &g_array_index (self->uploads, CollateVulkanSlice, i));
  device->vk.DestroyCommandPool (device->handle, self->pool, NULL);
  device->vk.DestroyFence (device->handle, self->fence, NULL);
  device->vk.DestroyQueryPool (device->handle, self->times, NULL);
  g_array_unref (self->commands);
  g_array_unref (self->accesses);
  g_array_unref (self->sets);
  g_array_unref (self->uploads);
  g_array_unref (self->works);
  *self = (CollateVulkanRecorder){ 0 };
}

static gboolean
collides (CollateVulkanRecorder *self, const Access *access)
{
  for (guint i = 0; i < self->accesses->len; i++)
    {
      const Access *other = &g_array_index (self->accesses, Access, i);

      if (other->buffer == access->buffer && other->offset < access->end && access->offset < other->end &&
          (other->writes || access->writes))
        return TRUE;
    }
  return FALSE;
}

static void
wait_for_slices (CollateVulkanDevice *device, const CollateVulkanSlice *slices, guint n, guint written)
{
  CollateVulkanRecorder *self = &device->recorder;
  Access accesses[COLLATE_SHADER_MOST_BINDINGS];
  gboolean waits = FALSE;

  for (guint i = 0; i < n; i++)
    {
      accesses[i] =
          (Access){ slices[i].buffer, slices[i].offset, slices[i].offset + slices[i].size, written >> i & 1 };
      waits = waits || collides (self, &accesses[i]);
    }
  if (waits)
    collate_vulkan_add_barrier (device);
  g_array_append_vals (self->accesses, accesses, n);
}

static gboolean
add_pool (CollateVulkanDevice *device, GError **error)
{
  const VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                      SETS * COLLATE_SHADER_MOST_BINDINGS };
  const VkDescriptorPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = SETS,
    .poolSizeCount = 1,
    .pPoolSizes = &size,
  };
  VkDescriptorPool pool;

  if (!collate_vulkan_check (
          device, device->vk.CreateDescriptorPool (device->handle, &info, NULL, &pool), error))
    return FALSE;
  g_array_append_val (device->recorder.sets, pool);
  return TRUE;
}

static gboolean
allocate_set (CollateVulkanDevice *device, guint n_bindings, VkDescriptorSet *set, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;
  guint n = self->n_sets / SETS;
  VkDescriptorSetAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorSetCount = 1,
    .pSetLayouts = &device->pipelines.set_layouts[n_bindings],
  };

  if (n == self->sets->len && !add_pool (device, error))
    return FALSE;
  info.descriptorPool = g_array_index (self->sets, VkDescriptorPool, n);
  self->n_sets++;
  return collate_vulkan_check (device, device->vk.AllocateDescriptorSets (device->handle, &info, set), error);
}

static gboolean
make_set (CollateVulkanDevice *device,
          const CollateVulkanDispatch *dispatch,
          VkDescriptorSet *set,
          GError **error)
{
  guint n = collate_shader_get (dispatch->shader)->n_bindings;
  VkDescriptorBufferInfo infos[COLLATE_SHADER_MOST_BINDINGS];
  VkWriteDescriptorSet write = {
    .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
    .descriptorCount = n,
    .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
    .pBufferInfo = infos,
  };

  if (!allocate_set (device, n, set, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    infos[i] = (VkDescriptorBufferInfo){ dispatch->slices[i].buffer,
                                         dispatch->slices[i].offset,
                                         dispatch->slices[i].size };
  write.dstSet = *set;
  device->vk.UpdateDescriptorSets (device->handle, 1, &write, 0, NULL);
  return TRUE;
}

/* Records the groups of a run from `base` on. */
static void
add_groups (CollateVulkanDevice *device,
            const CollateVulkanDispatch *dispatch,
            VkPipeline pipeline,
            VkDescriptorSet set,
            const guint32 base[3],
            const guint32 count[3])
{
  const CollateShader *shader = collate_shader_get (dispatch->shader);
  VkPipelineLayout layout = device->pipelines.layouts[shader->n_bindings];
  VkCommandBuffer commands = collate_vulkan_get_commands (&device->recorder);

  device->vk.CmdBindPipeline (commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  device->vk.CmdBindDescriptorSets (commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, NULL);
  if (shader->params > 0)
    device->vk.CmdPushConstants (
        commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, (guint32) shader->params, dispatch->params);
  device->vk.CmdDispatchBase (commands, base[0], base[1], base[2], count[0], count[1], count[2]);
}

static guint
find_widest (const guint32 groups[3])
{
  guint widest = groups[1] > groups[0] ? 1 : 0;

  return groups[2] > groups[widest] ? 2 : widest;
}

/* Records a run in as many pieces as the device is to be given at once. */
static gboolean
record (CollateVulkanDevice *device, const CollateVulkanDispatch *dispatch, GError **error)
{
  const CollateShader *shader = collate_shader_get (dispatch->shader);
  CollateVulkanRecorder *self = &device->recorder;
  guint32 base[3] = { 0 }, count[3] = { dispatch->groups[0], dispatch->groups[1], dispatch->groups[2] };
  guint widest = find_widest (count);
  guint32 n_groups = count[widest];
  double n_pieces = shader->divisible ? MIN (dispatch->work / self->quota, n_groups) : 1;
  guint32 piece = n_pieces > 1 ? MAX ((guint32) (n_groups / n_pieces), 1) : n_groups;
  VkPipeline pipeline = collate_vulkan_pipelines_get (device, dispatch->shader, dispatch->constants, error);
  VkDescriptorSet set;

  if (!pipeline || !make_set (device, dispatch, &set, error))
    return FALSE;
  for (guint32 done = 0; done < n_groups; done += count[widest])
    {
      double work;

      base[widest] = done;
      count[widest] = MIN (piece, n_groups - done);
      work = dispatch->work * count[widest] / n_groups;
      if (!collate_vulkan_make_room (device, work, error))
        return FALSE;
      if (done == 0)
        wait_for_slices (device, dispatch->slices, shader->n_bindings, shader->written);
      add_groups (device, dispatch, pipeline, set, base, count);
      self->work += work;
    }
  return TRUE;
}

void
collate_vulkan_dispatch (CollateVulkanDevice *device, const CollateVulkanDispatch *dispatch)
{
  if (!device->error && dispatch->groups[0] * dispatch->groups[1] * dispatch->groups[2] > 0)
    record (device, dispatch, &device->error);
}

CollateVulkanSlice
collate_vulkan_upload (CollateVulkanDevice *device, const void *data, gsize n_bytes)
{
  CollateVulkanRecorder *self = &device->recorder;
  CollateVulkanSlice slice = { 0 };
  guint64 size =
      (n_bytes + device->traits.alignment - 1) / device->traits.alignment * device->traits.alignment;

  while (self->n_uploads == 0 ||
         g_array_index (self->uploads, CollateVulkanSlice, self->n_uploads - 1).size - self->uploaded < size)
    {
      if (self->n_uploads == self->uploads->len)
        {
          if (device->error ||
              !collate_vulkan_slice_take (
                  device, COLLATE_VULKAN_UPLOADS, MAX (size, UPLOAD), &slice, &device->error))
            return (CollateVulkanSlice){ 0 };
          g_array_append_val (self->uploads, slice);
        }
      self->n_uploads++;
      self->uploaded = 0;
    }
  slice = collate_vulkan_slice_part (
      &g_array_index (self->uploads, CollateVulkanSlice, self->n_uploads - 1), self->uploaded, size);
  memcpy (slice.data, data, n_bytes);
  self->uploaded += size;
  return slice;
}

void
collate_vulkan_copy (CollateVulkanDevice *device,
                     const CollateVulkanSlice *from,
                     const CollateVulkanSlice *to)
{
  const CollateVulkanSlice slices[] = { *from, *to };
  const VkBufferCopy region = { from->offset, to->offset, MIN (from->size, to->size) };

  if (device->error || !collate_vulkan_make_room (device, 0, &device->error))
    return;
  wait_for_slices (device, slices, 2, 1 << 1);
  device->vk.CmdCopyBuffer (
      collate_vulkan_get_commands (&device->recorder), from->buffer, to->buffer, 1, &region);
}
