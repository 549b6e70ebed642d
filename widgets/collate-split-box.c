/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A scrolled window does not measure its child's height for the width that it will have (GTK 4.8), which
 * would cut or stretch wrapped text; so columns that scroll sideways are laid out here. */
#include "widgets/collate-split-box.h"

#define COLUMN_WIDTH 300
#define SPACING 8
#define SCROLL_STEP 60

struct _CollateSplitBox
{
  GtkWidget parent_instance;

  GPtrArray *children; /* in order; parented here */
  gboolean columns;
  GtkAdjustment *adjustment;
  GtkWidget *scrollbar;
};

G_DEFINE_FINAL_TYPE (CollateSplitBox, collate_split_box, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_COLUMNS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/* The least width in which every child fits. */
static int
get_least_width (CollateSplitBox *self)
{
  int least = 0;

  for (guint i = 0; i < self->children->len; i++)
    {
      int minimum;

      gtk_widget_measure (
          self->children->pdata[i], GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      least = MAX (least, minimum);
    }
  return least;
}

static int
get_gaps (CollateSplitBox *self)
{
  return self->children->len > 0 ? SPACING * (self->children->len - 1) : 0;
}

/* How wide a column is where all have `width` together. */
static int
get_column_width (CollateSplitBox *self, int width)
{
  int share = self->children->len > 0 ? (width - get_gaps (self)) / (int) self->children->len : width;

  return MAX (share, MAX (COLUMN_WIDTH, get_least_width (self)));
}

static int
get_content_width (CollateSplitBox *self, int column_width)
{
  return column_width * self->children->len + get_gaps (self);
}

static int
get_scrollbar_height (CollateSplitBox *self)
{
  int height;

  gtk_widget_measure (self->scrollbar, GTK_ORIENTATION_VERTICAL, -1, &height, NULL, NULL, NULL);
  return height;
}

static int
get_child_height (GtkWidget *child, int width)
{
  int height;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
  return height;
}

static int
measure_columns (CollateSplitBox *self, int width)
{
  int column_width = get_column_width (self, width);
  int height = 0;

  for (guint i = 0; i < self->children->len; i++)
    height = MAX (height, get_child_height (self->children->pdata[i], column_width));
  if (get_content_width (self, column_width) > width)
    height += get_scrollbar_height (self);
  return height;
}

static int
measure_stack (CollateSplitBox *self, int width)
{
  int height = get_gaps (self);

  for (guint i = 0; i < self->children->len; i++)
    height += get_child_height (self->children->pdata[i], width);
  return height;
}

static GtkSizeRequestMode
collate_split_box_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
collate_split_box_measure (GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  CollateSplitBox *self = COLLATE_SPLIT_BOX (widget);
  int least = get_least_width (self);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = least;
      *natural =
          self->columns ? get_content_width (self, MAX (COLUMN_WIDTH, least)) : MAX (COLUMN_WIDTH, least);
      return;
    }
  if (for_size < least)
    for_size = least;
  *minimum = self->columns ? measure_columns (self, for_size) : measure_stack (self, for_size);
  *natural = *minimum;
}

static void
allocate_columns (CollateSplitBox *self, int width, int height)
{
  int column_width = get_column_width (self, width);
  int content_width = get_content_width (self, column_width);
  gboolean scrolls = content_width > width;
  int bar_height = scrolls ? get_scrollbar_height (self) : 0;
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int start;

  gtk_adjustment_configure (self->adjustment,
                            gtk_adjustment_get_value (self->adjustment),
                            0,
                            content_width,
                            SCROLL_STEP,
                            width,
                            width);
  start = -(int) gtk_adjustment_get_value (self->adjustment);
  for (guint i = 0; i < self->children->len; i++)
    {
      int x = start + (int) i * (column_width + SPACING);

      gtk_widget_size_allocate (self->children->pdata[i],
                                &(GtkAllocation){ .x = mirrored ? width - x - column_width : x,
                                                  .width = column_width,
                                                  .height = height - bar_height },
                                -1);
    }
  gtk_widget_set_child_visible (self->scrollbar, scrolls);
  if (scrolls)
    gtk_widget_size_allocate (
        self->scrollbar, &(GtkAllocation){ 0, height - bar_height, width, bar_height }, -1);
}

static void
allocate_stack (CollateSplitBox *self, int width)
{
  int y = 0;

  for (guint i = 0; i < self->children->len; i++)
    {
      int height = get_child_height (self->children->pdata[i], width);

      gtk_widget_size_allocate (
          self->children->pdata[i], &(GtkAllocation){ .y = y, .width = width, .height = height }, -1);
      y += height + SPACING;
    }
  gtk_widget_set_child_visible (self->scrollbar, FALSE);
}

static void
collate_split_box_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CollateSplitBox *self = COLLATE_SPLIT_BOX (widget);

  if (self->columns)
    allocate_columns (self, width, height);
  else
    allocate_stack (self, width);
}

/* The column that has the keyboard is brought into view. */
static void
collate_split_box_set_focus_child (GtkWidget *widget, GtkWidget *child)
{
  CollateSplitBox *self = COLLATE_SPLIT_BOX (widget);
  guint position;

  GTK_WIDGET_CLASS (collate_split_box_parent_class)->set_focus_child (widget, child);

  if (child != NULL && self->columns && g_ptr_array_find (self->children, child, &position))
    {
      int column_width = get_column_width (self, gtk_widget_get_width (widget));
      int x = (int) position * (column_width + SPACING);

      gtk_adjustment_clamp_page (self->adjustment, x, x + column_width);
    }
}

static gboolean
scroll (CollateSplitBox *self, double dx, double dy)
{
  double page = gtk_adjustment_get_page_size (self->adjustment);

  if (!self->columns || dx == 0 || gtk_adjustment_get_upper (self->adjustment) <= page)
    return GDK_EVENT_PROPAGATE;
  gtk_adjustment_set_value (self->adjustment, gtk_adjustment_get_value (self->adjustment) + dx * SCROLL_STEP);
  return GDK_EVENT_STOP;
}

static void
collate_split_box_dispose (GObject *object)
{
  CollateSplitBox *self = COLLATE_SPLIT_BOX (object);

  while (self->children->len > 0)
    collate_split_box_remove (self, 0);
  g_clear_pointer (&self->scrollbar, gtk_widget_unparent);
  g_clear_object (&self->adjustment);

  G_OBJECT_CLASS (collate_split_box_parent_class)->dispose (object);
}

static void
collate_split_box_finalize (GObject *object)
{
  g_ptr_array_unref (COLLATE_SPLIT_BOX (object)->children);

  G_OBJECT_CLASS (collate_split_box_parent_class)->finalize (object);
}

static void
collate_split_box_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_COLUMNS:
      g_value_set_boolean (value, COLLATE_SPLIT_BOX (object)->columns);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_split_box_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CollateSplitBox *self = COLLATE_SPLIT_BOX (object);

  switch (prop_id)
    {
    case PROP_COLUMNS:
      self->columns = g_value_get_boolean (value);
      gtk_widget_set_overflow (GTK_WIDGET (self), self->columns ? GTK_OVERFLOW_HIDDEN : GTK_OVERFLOW_VISIBLE);
      if (self->columns)
        gtk_widget_add_css_class (GTK_WIDGET (self), "columns");
      else
        gtk_widget_remove_css_class (GTK_WIDGET (self), "columns");
      gtk_widget_queue_resize (GTK_WIDGET (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_split_box_class_init (CollateSplitBoxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = collate_split_box_dispose;
  object_class->finalize = collate_split_box_finalize;
  object_class->get_property = collate_split_box_get_property;
  object_class->set_property = collate_split_box_set_property;
  widget_class->get_request_mode = collate_split_box_get_request_mode;
  widget_class->measure = collate_split_box_measure;
  widget_class->size_allocate = collate_split_box_size_allocate;
  widget_class->set_focus_child = collate_split_box_set_focus_child;

  properties[PROP_COLUMNS] =
      g_param_spec_boolean ("columns", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_css_name (widget_class, "splitbox");
}

static void
collate_split_box_init (CollateSplitBox *self)
{
  GtkEventController *controller = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_HORIZONTAL);

  self->children = g_ptr_array_new ();
  self->adjustment = g_object_ref_sink (gtk_adjustment_new (0, 0, 0, 0, 0, 0));
  g_signal_connect_object (
      self->adjustment, "value-changed", G_CALLBACK (gtk_widget_queue_allocate), self, G_CONNECT_SWAPPED);
  self->scrollbar = gtk_scrollbar_new (GTK_ORIENTATION_HORIZONTAL, self->adjustment);
  gtk_widget_set_parent (self->scrollbar, GTK_WIDGET (self));

  g_signal_connect_object (controller, "scroll", G_CALLBACK (scroll), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

void
collate_split_box_insert (CollateSplitBox *self, GtkWidget *child, guint position)
{
  GtkWidget *next = collate_split_box_get_child (self, position);

  g_return_if_fail (position <= self->children->len);

  g_ptr_array_insert (self->children, position, child);
  gtk_widget_insert_before (child, GTK_WIDGET (self), next != NULL ? next : self->scrollbar);
}

GtkWidget *
collate_split_box_get_child (CollateSplitBox *self, guint position)
{
  g_return_val_if_fail (COLLATE_IS_SPLIT_BOX (self), NULL);

  return position < self->children->len ? g_ptr_array_index (self->children, position) : NULL;
}

void
collate_split_box_remove (CollateSplitBox *self, guint position)
{
  g_return_if_fail (COLLATE_IS_SPLIT_BOX (self));
  g_return_if_fail (position < self->children->len);

  gtk_widget_unparent (g_ptr_array_steal_index (self->children, position));
}

guint
collate_split_box_get_n_children (CollateSplitBox *self)
{
  g_return_val_if_fail (COLLATE_IS_SPLIT_BOX (self), 0);

  return self->children->len;
}
