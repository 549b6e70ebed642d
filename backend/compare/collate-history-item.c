/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* A past comparison in a list. Main thread. */

#include "compare/collate-history-item.h"

struct _CollateHistoryItem
{
  GObject parent_instance;

  CollateStoreRow *row;
  GDateTime *created;
};

G_DEFINE_FINAL_TYPE (CollateHistoryItem, collate_history_item, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_ID,
  PROP_TITLE,
  PROP_QUESTION,
  PROP_CREATED,
  PROP_N_DOCUMENTS,
  PROP_N_MODELS,
  PROP_STATE,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

static void
collate_history_item_finalize (GObject *object)
{
  CollateHistoryItem *self = COLLATE_HISTORY_ITEM (object);

  g_clear_pointer (&self->row, collate_store_row_free);
  g_clear_pointer (&self->created, g_date_time_unref);

  G_OBJECT_CLASS (collate_history_item_parent_class)->finalize (object);
}

static void
collate_history_item_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CollateHistoryItem *self = COLLATE_HISTORY_ITEM (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_int64 (value, self->row->id);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->row->title);
      break;
    case PROP_QUESTION:
      g_value_set_string (value, self->row->question);
      break;
    case PROP_CREATED:
      g_value_set_boxed (value, self->created);
      break;
    case PROP_N_DOCUMENTS:
      g_value_set_uint (value, g_strv_length (self->row->documents));
      break;
    case PROP_N_MODELS:
      g_value_set_uint (value, g_strv_length (self->row->models));
      break;
    case PROP_STATE:
      g_value_set_string (value, self->row->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_history_item_class_init (CollateHistoryItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = collate_history_item_finalize;
  object_class->get_property = collate_history_item_get_property;

  properties[PROP_ID] = g_param_spec_int64 ("id", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_QUESTION] = g_param_spec_string ("question", NULL, NULL, NULL, flags);
  properties[PROP_CREATED] = g_param_spec_boxed ("created", NULL, NULL, G_TYPE_DATE_TIME, flags);
  properties[PROP_N_DOCUMENTS] = g_param_spec_uint ("n-documents", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_MODELS] = g_param_spec_uint ("n-models", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_history_item_init (CollateHistoryItem *self)
{
}

CollateHistoryItem *
collate_history_item_new (CollateStoreRow *row)
{
  CollateHistoryItem *self = g_object_new (COLLATE_TYPE_HISTORY_ITEM, NULL);

  self->row = row;
  self->created = g_date_time_new_from_unix_utc (row->created / G_USEC_PER_SEC);
  if (self->created == NULL)
    self->created = g_date_time_new_from_unix_utc (0);

  return self;
}

void
collate_history_item_set_title (CollateHistoryItem *self, const char *title)
{
  if (g_strcmp0 (self->row->title, title) == 0)
    return;

  g_free (self->row->title);
  self->row->title = g_strdup (title);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

void
collate_history_item_set_state (CollateHistoryItem *self, const char *state)
{
  if (g_strcmp0 (self->row->state, state) == 0)
    return;

  self->row->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

gint64
collate_history_item_get_id (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), 0);

  return self->row->id;
}

const char *
collate_history_item_get_title (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return self->row->title;
}

const char *
collate_history_item_get_question (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return self->row->question;
}

GDateTime *
collate_history_item_get_created (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return self->created;
}

const char *const *
collate_history_item_get_documents (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return (const char *const *) self->row->documents;
}

const char *const *
collate_history_item_get_models (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return (const char *const *) self->row->models;
}

const char *
collate_history_item_get_state (CollateHistoryItem *self)
{
  g_return_val_if_fail (COLLATE_IS_HISTORY_ITEM (self), NULL);

  return self->row->state;
}
