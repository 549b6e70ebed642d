/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-joined.h"

#include <string.h>

#include "base/collate-error.h"

typedef struct
{
  const CollateTensor *joined;
  gint64 n_heads, n_plain, out_size;
} Joined;

static gboolean
find_joined (CollateGguf *gguf,
             const CollateLatentShape *shape,
             const CollateBinding *binding,
             Joined *found,
             GError **error)
{
  const char *layer_end = strstr (binding->name, ".attn_");
  g_autofree char *name =
      g_strdup_printf ("%.*s.attn_kv_b.weight", (int) (layer_end - binding->name), binding->name);
  gint64 rows = binding->n_groups * (shape->n_plain + shape->out_size);

  *found =
      (Joined){ collate_gguf_get_tensor (gguf, name), binding->n_groups, shape->n_plain, shape->out_size };
  if (found->joined == NULL || (found->joined->columns == shape->rank && found->joined->rows == rows))
    return found->joined != NULL;
  g_set_error (error,
               COLLATE_ERROR,
               COLLATE_ERROR_INVALID,
               "%s is %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
               " x %" G_GINT64_FORMAT,
               name,
               found->joined->columns,
               found->joined->rows,
               shape->rank,
               rows);
  return FALSE;
}

static const guint8 *
get_row (const Joined *self, gint64 head, gint64 row)
{
  return (const guint8 *) self->joined->data +
         (head * (self->n_plain + self->out_size) + row) *
             (gint64) collate_type_get_row_bytes (self->joined->type, self->joined->columns);
}

/* [head][n_plain][rank] → [head][rank][n_plain]. */
static void
turn_keys (const Joined *self, CollateTensor *part)
{
  gint64 rank = self->joined->columns;
  g_autofree float *row = g_new (float, rank);
  float *numbers = (float *) part->data;
  guint16 *halves = (guint16 *) part->data;

  for (gint64 head = 0; head < self->n_heads; head++)
    for (gint64 i = 0; i < self->n_plain; i++)
      {
        collate_type_expand (self->joined->type, get_row (self, head, i), row, rank);
        for (gint64 r = 0; r < rank; r++)
          if (part->type == COLLATE_F32)
            numbers[(head * rank + r) * self->n_plain + i] = row[r];
          else
            halves[(head * rank + r) * self->n_plain + i] = collate_f32_to_f16 (row[r]);
      }
}

static void
copy_values (const Joined *self, CollateTensor *part)
{
  gsize n_bytes = part->n_bytes / (gsize) self->n_heads;

  for (gint64 head = 0; head < self->n_heads; head++)
    memcpy ((guint8 *) part->data + (gsize) head * n_bytes, get_row (self, head, self->n_plain), n_bytes);
}

gboolean
collate_joined_take_part (CollateGguf *gguf,
                          const CollateLatentShape *shape,
                          const CollateBinding *binding,
                          CollateTensor *part,
                          GError **error)
{
  gboolean is_keys = g_str_has_suffix (binding->name, ".attn_k_b.weight");
  gboolean is_fine;
  Joined self;

  if (!find_joined (gguf, shape, binding, &self, error))
    return FALSE;
  is_fine = self.joined->type == COLLATE_F32 || self.joined->type == COLLATE_BF16;
  *part = (CollateTensor){
    .type = !is_keys  ? self.joined->type
            : is_fine ? COLLATE_F32
                      : COLLATE_F16,
    .columns = binding->columns,
    .rows = binding->rows,
  };
  part->n_bytes = collate_type_get_row_bytes (part->type, part->columns) * (gsize) part->rows;
  part->data = g_try_malloc (part->n_bytes);
  if (part->data == NULL)
    {
      g_set_error (error,
                   COLLATE_ERROR,
                   COLLATE_ERROR_TOO_LARGE,
                   "no memory for %s of %" G_GSIZE_FORMAT " bytes",
                   binding->name,
                   part->n_bytes);
      return FALSE;
    }
  if (is_keys)
    turn_keys (&self, part);
  else
    copy_values (&self, part);
  return TRUE;
}
