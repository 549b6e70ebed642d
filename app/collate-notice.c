/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "collate-notice.h"

/* libadwaita has AdwBanner from 1.3 on; this is what we need of it. */

struct _CollateNotice
{
  AdwBin parent_instance;

  GtkRevealer *revealer;
  GtkLabel *label;
  GtkButton *button;

  char *action;
  char *target;
};

enum
{
  PROP_TEXT = 1,
  PROP_BUTTON_LABEL,
  PROP_ACTION,
  PROP_TARGET,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (CollateNotice, collate_notice, ADW_TYPE_BIN)

void
collate_notice_set_text (CollateNotice *self, const char *text)
{
  g_return_if_fail (COLLATE_IS_NOTICE (self));

  /* The text stays while it slides away. */
  if (text != NULL)
    gtk_label_set_text (self->label, text);
  gtk_revealer_set_reveal_child (self->revealer, text != NULL);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TEXT]);
}

static void
set_button_label (CollateNotice *self, const char *label)
{
  gtk_button_set_label (self->button, label != NULL ? label : "");
  gtk_widget_set_visible (GTK_WIDGET (self->button), label != NULL);
}

static void
update_action (CollateNotice *self)
{
  if (self->target != NULL)
    gtk_actionable_set_action_target (GTK_ACTIONABLE (self->button), "s", self->target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->button), self->action);
}

static void
collate_notice_dispose (GObject *object)
{
  /* First, because the bin does not see its child go with the template. */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), COLLATE_TYPE_NOTICE);
  G_OBJECT_CLASS (collate_notice_parent_class)->dispose (object);
}

static void
collate_notice_finalize (GObject *object)
{
  CollateNotice *self = COLLATE_NOTICE (object);

  g_free (self->action);
  g_free (self->target);
  G_OBJECT_CLASS (collate_notice_parent_class)->finalize (object);
}

static void
collate_notice_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CollateNotice *self = COLLATE_NOTICE (object);

  switch (id)
    {
    case PROP_TEXT:
      g_value_set_string (
          value, gtk_revealer_get_reveal_child (self->revealer) ? gtk_label_get_text (self->label) : NULL);
      break;
    case PROP_BUTTON_LABEL:
      g_value_set_string (value, gtk_button_get_label (self->button));
      break;
    case PROP_ACTION:
      g_value_set_string (value, self->action);
      break;
    case PROP_TARGET:
      g_value_set_string (value, self->target);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
collate_notice_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CollateNotice *self = COLLATE_NOTICE (object);

  switch (id)
    {
    case PROP_TEXT:
      collate_notice_set_text (self, g_value_get_string (value));
      break;
    case PROP_BUTTON_LABEL:
      set_button_label (self, g_value_get_string (value));
      break;
    case PROP_ACTION:
      g_free (self->action);
      self->action = g_value_dup_string (value);
      update_action (self);
      break;
    case PROP_TARGET:
      g_free (self->target);
      self->target = g_value_dup_string (value);
      update_action (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
collate_notice_class_init (CollateNoticeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = collate_notice_dispose;
  object_class->finalize = collate_notice_finalize;
  object_class->get_property = collate_notice_get_property;
  object_class->set_property = collate_notice_set_property;

  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  properties[PROP_BUTTON_LABEL] = g_param_spec_string ("button-label", NULL, NULL, NULL, flags);
  properties[PROP_ACTION] = g_param_spec_string ("action", NULL, NULL, NULL, flags);
  properties[PROP_TARGET] = g_param_spec_string ("target", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/collate/Collate/ui/collate-notice.ui");
  gtk_widget_class_bind_template_child (widget_class, CollateNotice, revealer);
  gtk_widget_class_bind_template_child (widget_class, CollateNotice, label);
  gtk_widget_class_bind_template_child (widget_class, CollateNotice, button);
}

static void
collate_notice_init (CollateNotice *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
