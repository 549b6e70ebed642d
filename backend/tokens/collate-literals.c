/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tokens/collate-literals.h"

/* A tree of the literals' bytes; most bytes of a text begin none, and leave it at its root. */

typedef struct
{
  guint32 child; /* 0: none; the root is nobody's child */
  guint32 sibling;
  gint32 id; /* of the literal that ends here, or -1 */
  guchar byte;
} Node;

struct _CollateLiterals
{
  GArray *nodes;
  guint32 roots[256]; /* by first byte */
};

static inline Node *
get_node (const CollateLiterals *self, guint32 index)
{
  return &g_array_index (self->nodes, Node, index);
}

/* The child with this byte; 0 where there is none. */
static inline guint32
find_child (const CollateLiterals *self, guint32 parent, guchar byte)
{
  guint32 child = get_node (self, parent)->child;

  while (child && get_node (self, child)->byte != byte)
    child = get_node (self, child)->sibling;
  return child;
}

static guint32
add_node (CollateLiterals *self, guint32 sibling, guchar byte)
{
  Node node = { .sibling = sibling, .id = -1, .byte = byte };

  g_array_append_val (self->nodes, node);
  return self->nodes->len - 1;
}

CollateLiterals *
collate_literals_new (void)
{
  CollateLiterals *self = g_new0 (CollateLiterals, 1);

  self->nodes = g_array_new (FALSE, TRUE, sizeof (Node));
  add_node (self, 0, 0);
  return self;
}

void
collate_literals_free (CollateLiterals *self)
{
  g_array_unref (self->nodes);
  g_free (self);
}

void
collate_literals_add (CollateLiterals *self, const guchar *text, gsize length, gint32 id)
{
  guint32 node;

  if (length == 0 || length > COLLATE_LITERALS_MAX_LENGTH)
    return;

  node = self->roots[text[0]];
  if (!node)
    node = self->roots[text[0]] = add_node (self, 0, text[0]);
  for (gsize i = 1; i < length; i++)
    {
      guint32 child = find_child (self, node, text[i]);

      if (!child)
        {
          child = add_node (self, get_node (self, node)->child, text[i]);
          get_node (self, node)->child = child;
        }
      node = child;
    }
  if (get_node (self, node)->id < 0)
    get_node (self, node)->id = id;
}

/* The longest that `text` begins with. */
static gboolean
match (const CollateLiterals *self, const guchar *text, gsize length, gsize *literal_length, gint32 *id)
{
  guint32 node = self->roots[text[0]];

  *literal_length = 0;
  for (gsize i = 1; node; i++)
    {
      if (get_node (self, node)->id >= 0)
        {
          *literal_length = i;
          *id = get_node (self, node)->id;
        }
      node = i < length ? find_child (self, node, text[i]) : 0;
    }
  return *literal_length > 0;
}

gboolean
collate_literals_find (const CollateLiterals *self,
                       const guchar *text,
                       gsize length,
                       gsize *offset,
                       gsize *literal_length,
                       gint32 *id)
{
  for (*offset = 0; *offset < length; ++*offset)
    if (match (self, text + *offset, length - *offset, literal_length, id))
      return TRUE;
  return FALSE;
}
