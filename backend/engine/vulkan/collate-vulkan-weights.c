/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/vulkan/collate-vulkan-weights.h"

#include "base/collate-error.h"
#include "engine/vulkan/collate-vulkan-private.h"

/* Weights on their way to the device: packed in place where the host sees its memory, through a staging buffer
 * otherwise. */

/* Of the staging buffer; a strip is smaller, but for rows of more than half a million numbers. */
#define STAGING ((guint64) 16 << 20)

typedef struct
{
  CollateVulkanDevice *device;
  const CollateTensor *tensor;
  const CollateWeight *weight;
  CollateVulkanStripBytes bytes; /* of a strip */
  CollateVulkanSlice staging;    /* nothing: not needed */
} Loading;

static CollateVulkanPart *
get_part (const CollateWeight *weight, guint n)
{
  return &g_array_index (weight->parts, CollateVulkanPart, n);
}

void
collate_vulkan_free_weight (CollateDevice *device, CollateWeight *weight)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;

  if (!weight)
    return;
  for (guint i = 0; i < weight->parts->len; i++)
    collate_vulkan_slice_drop (self, &get_part (weight, i)->slice);
  self->n_bytes -= (gint64) weight->n_bytes;
  g_array_unref (weight->parts);
  g_free (weight);
}

static guint64
align (const CollateVulkanDevice *device, guint64 n_bytes)
{
  guint64 alignment = device->traits.alignment;

  return (n_bytes + alignment - 1) / alignment * alignment;
}

/* Strips whose codes a shader sees at once, and whose number fits a dispatch. */
static guint64
get_most_strips (const Loading *loading)
{
  const CollateVulkanTraits *traits = &loading->device->traits;
  guint64 largest = MAX (loading->bytes.codes, loading->bytes.scales);

  return MIN (MIN (traits->most_range, traits->most_allocation / 2) / MAX (largest, 1), traits->most_groups);
}

static gint64
get_group_rows (const CollateWeight *weight)
{
  return weight->rows / weight->n_groups;
}

static guint64
count_strips (const CollateVulkanPart *part)
{
  return (guint64) part->n_groups * part->group_strips;
}

/* `part` with the shape of its rows. */
static gboolean
add_part (const Loading *loading, CollateVulkanPart *part, GError **error)
{
  CollateVulkanDevice *device = loading->device;
  CollateWeight *weight = (CollateWeight *) loading->weight;
  guint64 n_strips, codes, bits, scales;

  part->group_strips = (part->shape.n_rows + part->shape.n_lanes - 1) / part->shape.n_lanes;
  n_strips = count_strips (part);
  codes = align (device, loading->bytes.codes * n_strips);
  bits = align (device, loading->bytes.bits * n_strips);
  scales = align (device, loading->bytes.scales * n_strips);
  if (!collate_vulkan_slice_take (
          device, COLLATE_VULKAN_DEVICE_MEMORY, codes + bits + scales, &part->slice, error))
    return FALSE;

  /* A binding needs something: what is not there is bound to the codes. */
  part->codes = collate_vulkan_slice_part (&part->slice, 0, codes);
  part->bits = bits > 0 ? collate_vulkan_slice_part (&part->slice, codes, bits) : part->codes;
  part->scales = scales > 0 ? collate_vulkan_slice_part (&part->slice, codes + bits, scales) : part->codes;
  g_array_append_val (weight->parts, *part);
  weight->n_bytes += part->slice.size;
  device->n_bytes += (gint64) part->slice.size;
  return TRUE;
}

/* Parts of some rows of the only group. */
static gboolean
add_row_parts (const Loading *loading, CollateShaderWeight shape, guint64 most_rows, GError **error)
{
  for (gint64 row = 0; row < loading->weight->rows; row += (gint64) most_rows)
    {
      CollateVulkanPart part = { .shape = shape, .n_groups = 1 };

      part.shape.first_row = (guint32) row;
      part.shape.n_rows = (guint32) MIN (loading->weight->rows - row, (gint64) most_rows);
      if (!add_part (loading, &part, error))
        return FALSE;
    }
  return TRUE;
}

/* Parts of some groups. */
static gboolean
add_group_parts (const Loading *loading, CollateShaderWeight shape, guint64 most_groups, GError **error)
{
  const CollateWeight *weight = loading->weight;

  shape.n_rows = (guint32) get_group_rows (weight);
  for (gint64 group = 0; group < weight->n_groups; group += (gint64) most_groups)
    {
      CollateVulkanPart part = {
        .shape = shape,
        .first_group = (guint32) group,
        .n_groups = (guint32) MIN (weight->n_groups - group, (gint64) most_groups),
      };

      part.shape.first_row = (guint32) (group * get_group_rows (weight));
      if (!add_part (loading, &part, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_parts (const Loading *loading, guint32 n_lanes, GError **error)
{
  const CollateWeight *weight = loading->weight;
  gboolean is_grouped = weight->n_groups > 1;
  guint64 group_strips = (guint64) (get_group_rows (weight) + n_lanes - 1) / n_lanes;
  guint64 most = get_most_strips (loading) / (is_grouped ? group_strips : 1);
  CollateShaderWeight shape = {
    .columns = (guint32) weight->columns,
    .n_blocks = (guint32) ((weight->columns + COLLATE_FORM_BLOCK - 1) / COLLATE_FORM_BLOCK),
    .n_lanes = n_lanes,
  };

  if (most == 0)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_TOO_LARGE,
                   "a %s of a weight is more than the device addresses",
                   is_grouped ? "group of rows" : "row");
      return FALSE;
    }
  return is_grouped ? add_group_parts (loading, shape, most, error)
                    : add_row_parts (loading, shape, most * n_lanes, error);
}

/* Strip n of a part. */
static void
pack_strip (const Loading *loading, const CollateVulkanPart *part, guint64 n, const CollateVulkanStrip *strip)
{
  const CollateShaderWeight *shape = &part->shape;
  gint64 within = (gint64) (n % part->group_strips) * shape->n_lanes; /* its group's rows */
  gint64 group = (gint64) (n / part->group_strips);

  collate_vulkan_pack_strip (loading->tensor,
                             loading->weight->form,
                             shape->n_lanes,
                             shape->first_row + group * shape->n_rows + within,
                             (guint) MIN (shape->n_rows - within, shape->n_lanes),
                             strip);
}

static void
pack (const Loading *loading,
      const CollateVulkanPart *part,
      guint64 first,
      guint64 n_strips,
      guint8 *codes,
      guint8 *bits,
      guint8 *scales)
{
  const CollateVulkanStripBytes *bytes = &loading->bytes;

  for (guint64 i = 0; i < n_strips; i++)
    pack_strip (loading,
                part,
                first + i,
                &(CollateVulkanStrip){
                    (guint32 *) (gpointer) (codes + i * bytes->codes),
                    (guint32 *) (gpointer) (bits + i * bytes->bits),
                    (guint32 *) (gpointer) (scales + i * bytes->scales),
                });
}

static void
copy_section (const Loading *loading,
              guint64 from,
              const CollateVulkanSlice *section,
              guint64 at,
              guint64 size)
{
  CollateVulkanSlice source, target;

  if (size == 0)
    return;
  source = collate_vulkan_slice_part (&loading->staging, from, size);
  target = collate_vulkan_slice_part (section, at, size);
  collate_vulkan_copy (loading->device, &source, &target);
}

static gboolean
send_strips (const Loading *loading, const CollateVulkanPart *part, guint64 first, guint64 n, GError **error)
{
  const CollateVulkanStripBytes *bytes = &loading->bytes;
  guint64 bits = n * bytes->codes;
  guint64 scales = bits + n * bytes->bits;
  guint8 *data = loading->staging.data;

  pack (loading, part, first, n, data, data + bits, data + scales);
  copy_section (loading, 0, &part->codes, first * bytes->codes, n * bytes->codes);
  copy_section (loading, bits, &part->bits, first * bytes->bits, n * bytes->bits);
  copy_section (loading, scales, &part->scales, first * bytes->scales, n * bytes->scales);
  return collate_vulkan_finish (loading->device, error);
}

static gboolean
fill_part (Loading *loading, const CollateVulkanPart *part, GError **error)
{
  const CollateVulkanStripBytes *bytes = &loading->bytes;
  guint64 n_strips = count_strips (part);
  guint64 size = bytes->codes + bytes->bits + bytes->scales;
  guint64 n = CLAMP (STAGING / size, 1, n_strips);

  if (part->slice.data)
    {
      pack (loading, part, 0, n_strips, part->codes.data, part->bits.data, part->scales.data);
      return TRUE;
    }
  if (!loading->staging.slab &&
      !collate_vulkan_slice_take (
          loading->device, COLLATE_VULKAN_UPLOADS, n * size, &loading->staging, error))
    return FALSE;
  for (guint64 i = 0; i < n_strips; i += n)
    if (!send_strips (loading, part, i, MIN (n, n_strips - i), error))
      return FALSE;
  return TRUE;
}

/* The whole of it, before any part is taken; in floating point, since files may say anything. */
static gboolean
check_size (const Loading *loading, GError **error)
{
  const CollateVulkanStripBytes *bytes = &loading->bytes;
  const CollateWeight *weight = loading->weight;
  double a_strip = (double) bytes->codes + (double) bytes->bits + (double) bytes->scales;
  gint64 rows = get_group_rows (weight);
  double n_bytes =
      a_strip * (double) rows / (double) MIN (rows, loading->device->lanes) * (double) weight->n_groups;
  double available = (double) collate_vulkan_memory_get_available (loading->device);

  if (weight->columns <= G_MAXINT32 && weight->rows <= G_MAXINT32 && n_bytes <= available)
    return TRUE;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_TOO_LARGE,
               "a weight of %.0f MiB, where %s has %.0f MiB left",
               n_bytes / (1 << 20),
               loading->device->traits.name,
               available / (1 << 20));
  return FALSE;
}

static gboolean
fill (Loading *loading, guint32 n_lanes, GError **error)
{
  gboolean filled = check_size (loading, error) && collate_vulkan_finish (loading->device, error) &&
                    add_parts (loading, n_lanes, error);

  for (guint i = 0; filled && i < loading->weight->parts->len; i++)
    filled = fill_part (loading, get_part (loading->weight, i), error);
  collate_vulkan_slice_drop (loading->device, &loading->staging);
  return filled;
}

CollateWeight *
collate_vulkan_load (CollateDevice *device, const CollateTensor *tensor, GError **error)
{
  CollateVulkanDevice *self = (CollateVulkanDevice *) device;
  CollateWeight *weight = g_new0 (CollateWeight, 1);
  guint32 n_lanes = tensor->rows == 1 ? 1 : self->lanes;
  guint32 n_blocks = (guint32) ((tensor->columns + COLLATE_FORM_BLOCK - 1) / COLLATE_FORM_BLOCK);
  CollateTensor row = { COLLATE_F32, tensor->columns, 1 };
  Loading loading = { self, tensor, weight };
  g_autofree float *numbers = NULL;

  /* Kernels add a single row as it is, too. */
  if (tensor->rows == 1)
    {
      numbers = g_new (float, tensor->columns);
      collate_type_expand (tensor->type, tensor->data, numbers, tensor->columns);
      row.data = numbers;
      loading.tensor = &row;
    }
  weight->form = collate_vulkan_get_form (loading.tensor->type);
  weight->rows = tensor->rows;
  weight->columns = tensor->columns;
  weight->n_groups = MAX (tensor->n_groups, 1);
  weight->parts = g_array_new (FALSE, FALSE, sizeof (CollateVulkanPart));
  loading.bytes = collate_vulkan_get_strip_bytes (weight->form, n_blocks, n_lanes);

  if (fill (&loading, n_lanes, error))
    return weight;
  collate_vulkan_free_weight (device, weight);
  return NULL;
}
