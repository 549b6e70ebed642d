/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-recorder.h"

#include <string.h>

#include "engine/vulkan/collate-vulkan-private.h"

/* A kernel waits for another only where one of them writes what the other touches. A device that also draws the desktop
 * gets its work in short pieces; how short is learnt from how long they took. */

#define UPLOAD ((guint64) 1 << 20)

/* Descriptor sets of a pool. */
#define SETS 512

/* A submission of a real device, ns; what it is taken to do in that time before anything was measured. */
#define PIECE 4e6
#define FIRST_QUOTA 2e8

/* Submissions that are measured. */
#define MOST_TIMES 64

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
    .queryCount = 2 * MOST_TIMES,
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

static VkCommandBuffer
get_commands (CollateVulkanRecorder *self)
{
  return g_array_index (self->commands, VkCommandBuffer, self->n_commands - 1);
}

static void
add_barrier (CollateVulkanDevice *device, VkPipelineStageFlags to, VkAccessFlags for_what)
{
  const VkMemoryBarrier barrier = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
    .dstAccessMask = for_what,
  };

  device->vk.CmdPipelineBarrier (get_commands (&device->recorder),
                                 VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                 to,
                                 0,
                                 1,
                                 &barrier,
                                 0,
                                 NULL,
                                 0,
                                 NULL);
  g_array_set_size (device->recorder.accesses, 0);
}

static void
add_device_barrier (CollateVulkanDevice *device)
{
  add_barrier (device,
               VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
               VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                   VK_ACCESS_TRANSFER_WRITE_BIT);
}

/* Writes the time of the last commands, where it is measured: `which` 0 as they begin, 1 as they end. */
static void
add_time (CollateVulkanDevice *device, guint which)
{
  CollateVulkanRecorder *self = &device->recorder;
  guint n = (self->n_commands - 1) * 2;

  if (!self->times || self->n_commands > MOST_TIMES)
    return;
  if (which == 0)
    device->vk.CmdResetQueryPool (get_commands (self), self->times, n, 2);
  device->vk.CmdWriteTimestamp (
      get_commands (self), VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, self->times, n + which);
}

/* Opens commands; what came before them counts for their barriers. */
static gboolean
open_commands (CollateVulkanDevice *device, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;
  const VkCommandBufferAllocateInfo allocation = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .commandPool = self->pool,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  const VkCommandBufferBeginInfo begin = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
  };
  VkCommandBuffer commands;

  if (self->n_commands == self->commands->len)
    {
      if (!collate_vulkan_check (
              device, device->vk.AllocateCommandBuffers (device->handle, &allocation, &commands), error))
        return FALSE;
      g_array_append_val (self->commands, commands);
    }
  commands = g_array_index (self->commands, VkCommandBuffer, self->n_commands);
  if (!collate_vulkan_check (device, device->vk.BeginCommandBuffer (commands, &begin), error))
    return FALSE;

  self->n_commands++;
  self->work = 0;
  if (!self->is_open)
    add_device_barrier (device);
  self->is_open = TRUE;
  add_time (device, 0);
  return TRUE;
}

/* Hands the open commands over; the last ones tell when all are done. */
static gboolean
submit (CollateVulkanDevice *device, gboolean last, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;
  VkCommandBuffer commands = get_commands (self);
  const VkSubmitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .commandBufferCount = 1,
    .pCommandBuffers = &commands,
  };

  add_time (device, 1);
  if (last)
    add_barrier (device, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  g_array_append_val (self->works, self->work);
  return collate_vulkan_check (device, device->vk.EndCommandBuffer (commands), error) &&
         collate_vulkan_check (
             device,
             device->vk.QueueSubmit (device->queue, 1, &info, last ? self->fence : VK_NULL_HANDLE),
             error);
}

/* Makes sure that there are open commands with room for so much work. */
static gboolean
make_room (CollateVulkanDevice *device, double work, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;

  if (self->n_commands > 0 && (self->work == 0 || self->work + work <= self->quota))
    return TRUE;
  if (self->n_commands > 0 && !submit (device, FALSE, error))
    return FALSE;
  return open_commands (device, error);
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
    add_device_barrier (device);
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
  VkCommandBuffer commands = get_commands (&device->recorder);

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
      if (!make_room (device, work, error))
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

  if (device->error || !make_room (device, 0, &device->error))
    return;
  wait_for_slices (device, slices, 2, 1 << 1);
  device->vk.CmdCopyBuffer (get_commands (&device->recorder), from->buffer, to->buffer, 1, &region);
}

/* The longest submission tells how much the next ones may do. */
static void
learn_quota (CollateVulkanDevice *device)
{
  CollateVulkanRecorder *self = &device->recorder;
  guint n = MIN (self->works->len, MOST_TIMES);
  guint64 times[2 * MOST_TIMES];
  guint64 mask =
      device->traits.timestamp_bits < 64 ? ((guint64) 1 << device->traits.timestamp_bits) - 1 : G_MAXUINT64;
  double slowest = 0; /* ns for one of work */

  if (!self->times || n == 0 ||
      device->vk.GetQueryPoolResults (device->handle,
                                      self->times,
                                      0,
                                      2 * n,
                                      sizeof times,
                                      times,
                                      sizeof *times,
                                      VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
    return;
  for (guint i = 0; i < n; i++)
    {
      double work = g_array_index (self->works, double, i);
      double time = (double) ((times[2 * i + 1] - times[2 * i]) & mask) * device->traits.timestamp_period;

      /* What is short says little. */
      if (time > PIECE / 8 && work > 0)
        slowest = MAX (slowest, time / work);
    }
  if (slowest > 0)
    self->quota = CLAMP (PIECE / slowest, self->quota / 8, self->quota * 2);
  else if (n > 1)
    self->quota *= 2;
}

static gboolean
submit_and_wait (CollateVulkanDevice *device, GError **error)
{
  VkFence fence = device->recorder.fence;

  return submit (device, TRUE, error) &&
         collate_vulkan_check (
             device, device->vk.WaitForFences (device->handle, 1, &fence, VK_TRUE, G_MAXUINT64), error) &&
         collate_vulkan_check (device, device->vk.ResetFences (device->handle, 1, &fence), error);
}

/* Everything that was taken for the recording can be taken again. */
static void
reset (CollateVulkanDevice *device)
{
  CollateVulkanRecorder *self = &device->recorder;

  device->vk.ResetCommandPool (device->handle, self->pool, 0);
  for (guint i = 0; i < self->sets->len; i++)
    device->vk.ResetDescriptorPool (device->handle, g_array_index (self->sets, VkDescriptorPool, i), 0);
  g_array_set_size (self->accesses, 0);
  g_array_set_size (self->works, 0);
  self->n_commands = 0;
  self->n_sets = 0;
  self->n_uploads = 0;
  self->uploaded = 0;
  self->is_open = FALSE;
}

gboolean
collate_vulkan_finish (CollateVulkanDevice *device, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;

  if (!device->error && self->is_open && submit_and_wait (device, &device->error))
    learn_quota (device);
  if (device->error)
    device->vk.DeviceWaitIdle (device->handle);
  if (self->is_open || self->n_uploads > 0)
    reset (device);
  device->angles.slice = (CollateVulkanSlice){ 0 };

  if (!device->error)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&device->error));
  return FALSE;
}
