/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* What a screen reader is told: N + 2 sentences for N answers, none for a token. From GTK 4.14 a widget can
 * announce; before that, a status label that nobody sees changes its text. */
#include "widgets/collate-announcer.h"

#include <glib/gi18n-lib.h>

#include "compare/collate-comparison.h"
#include "compare/collate-sentences.h"

struct _CollateAnnouncer
{
  AdwBin parent_instance;

  CollateComparison *comparison;
  GHashTable *ended; /* of answers that were told, or had ended before */
  gboolean running;

  GtkWidget *status;
};

G_DEFINE_FINAL_TYPE (CollateAnnouncer, collate_announcer, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_COMPARISON,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
announce (CollateAnnouncer *self, const char *text)
{
#if GTK_CHECK_VERSION(4, 14, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  gtk_accessible_announce (GTK_ACCESSIBLE (self), text, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  G_GNUC_END_IGNORE_DEPRECATIONS
#else
  gtk_label_set_text (GTK_LABEL (self->status), text);
#endif
}

static void
announce_start (CollateAnnouncer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->comparison));
  g_autofree char *text =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Asking for %u answer", "Asking for %u answers", n), n);

  announce (self, text);
}

static void
announce_end (CollateAnnouncer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->comparison));
  g_autofree char *text =
      g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u answer ended", "All %u answers ended", n), n);

  announce (self, text);
}

static void
announce_answer (CollateAnnouncer *self, CollateAnswer *answer)
{
  const char *label = collate_answer_get_label (answer);
  g_autofree char *problem = collate_sentence_for_answer (answer);
  g_autofree char *state = collate_sentence_for_state (answer);
  g_autofree char *text = NULL;

  /* Translators: a model's name, and what became of its answer. */
  text = g_strdup_printf (_ ("%s: %s"), label, problem != NULL ? problem : state);
  announce (self, text);
}

static void
answer_changed (CollateAnnouncer *self, CollateAnswer *answer)
{
  if (collate_answer_state_is_final (collate_answer_get_state (answer)) &&
      g_hash_table_add (self->ended, g_object_ref (answer)))
    announce_answer (self, answer);
}

/* Answers are told before their end is: the signals come in any order. */
static void
announce_answers (CollateAnnouncer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->comparison));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (self->comparison), i);

      answer_changed (self, answer);
    }
}

static void
running_changed (CollateAnnouncer *self)
{
  gboolean running = collate_comparison_is_running (self->comparison);

  if (running == self->running)
    return;
  self->running = running;
  if (running)
    {
      announce_start (self);
      return;
    }
  announce_answers (self);
  announce_end (self);
}

/* What ended before it was looked at is no news. */
static void
skip_ended (CollateAnnouncer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->comparison));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CollateAnswer) answer = g_list_model_get_item (G_LIST_MODEL (self->comparison), i);

      if (collate_answer_state_is_final (collate_answer_get_state (answer)))
        g_hash_table_add (self->ended, g_steal_pointer (&answer));
    }
}

static void
forget_comparison (CollateAnnouncer *self)
{
  if (self->comparison != NULL)
    g_signal_handlers_disconnect_by_data (self->comparison, self);
  g_clear_object (&self->comparison);
  g_hash_table_remove_all (self->ended);
  self->running = FALSE;
}

static void
set_comparison (CollateAnnouncer *self, CollateComparison *comparison)
{
  if (comparison == self->comparison)
    return;

  forget_comparison (self);
  if (comparison != NULL)
    {
      self->comparison = g_object_ref (comparison);
      g_signal_connect_object (
          comparison, "answer-changed", G_CALLBACK (answer_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (
          comparison, "notify::running", G_CALLBACK (running_changed), self, G_CONNECT_SWAPPED);
      skip_ended (self);
      running_changed (self);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COMPARISON]);
}

static void
collate_announcer_dispose (GObject *object)
{
  forget_comparison (COLLATE_ANNOUNCER (object));

  G_OBJECT_CLASS (collate_announcer_parent_class)->dispose (object);
}

static void
collate_announcer_finalize (GObject *object)
{
  g_hash_table_unref (COLLATE_ANNOUNCER (object)->ended);

  G_OBJECT_CLASS (collate_announcer_parent_class)->finalize (object);
}

static void
collate_announcer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_COMPARISON:
      g_value_set_object (value, COLLATE_ANNOUNCER (object)->comparison);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_announcer_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_COMPARISON:
      set_comparison (COLLATE_ANNOUNCER (object), g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
collate_announcer_class_init (CollateAnnouncerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = collate_announcer_dispose;
  object_class->finalize = collate_announcer_finalize;
  object_class->get_property = collate_announcer_get_property;
  object_class->set_property = collate_announcer_set_property;

  properties[PROP_COMPARISON] =
      g_param_spec_object ("comparison",
                           NULL,
                           NULL,
                           COLLATE_TYPE_COMPARISON,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
collate_announcer_init (CollateAnnouncer *self)
{
  self->ended = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);

  self->status = g_object_new (GTK_TYPE_LABEL,
                               "accessible-role",
                               GTK_ACCESSIBLE_ROLE_STATUS,
                               "ellipsize",
                               PANGO_ELLIPSIZE_END,
                               "width-chars",
                               0,
                               "max-width-chars",
                               1,
                               "opacity",
                               0.0,
                               "can-target",
                               FALSE,
                               NULL);
  adw_bin_set_child (ADW_BIN (self), self->status);
  gtk_widget_set_can_target (GTK_WIDGET (self), FALSE);
  gtk_widget_set_halign (GTK_WIDGET (self), GTK_ALIGN_START);
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_START);
}
