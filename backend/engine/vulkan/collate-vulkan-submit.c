/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-private.h"

/* How commands reach the device. One that also draws the desktop gets its work in short pieces; how short is learnt from
 * how long they took. */

/* A submission of a real device, ns. */
#define PIECE 4e6

VkCommandBuffer
collate_vulkan_get_commands (CollateVulkanRecorder *self)
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

  device->vk.CmdPipelineBarrier (collate_vulkan_get_commands (&device->recorder),
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

void
collate_vulkan_add_barrier (CollateVulkanDevice *device)
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

  if (!self->times || self->n_commands > COLLATE_VULKAN_MOST_TIMES)
    return;
  if (which == 0)
    device->vk.CmdResetQueryPool (collate_vulkan_get_commands (self), self->times, n, 2);
  device->vk.CmdWriteTimestamp (
      collate_vulkan_get_commands (self), VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, self->times, n + which);
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
    collate_vulkan_add_barrier (device);
  self->is_open = TRUE;
  add_time (device, 0);
  return TRUE;
}

/* Hands the open commands over; the last ones tell when all are done. */
static gboolean
submit (CollateVulkanDevice *device, gboolean last, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;
  VkCommandBuffer commands = collate_vulkan_get_commands (self);
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
gboolean
collate_vulkan_make_room (CollateVulkanDevice *device, double work, GError **error)
{
  CollateVulkanRecorder *self = &device->recorder;

  if (self->n_commands > 0 && (self->work == 0 || self->work + work <= self->quota))
    return TRUE;
  if (self->n_commands > 0 && !submit (device, FALSE, error))
    return FALSE;
  return open_commands (device, error);
}

/* The longest submission tells how much the next ones may do. */
static void
learn_quota (CollateVulkanDevice *device)
{
  CollateVulkanRecorder *self = &device->recorder;
  guint n = MIN (self->works->len, COLLATE_VULKAN_MOST_TIMES);
  guint64 times[2 * COLLATE_VULKAN_MOST_TIMES];
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
