/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "compare/collate-pace.h"

#include "base/collate-json.h"

/* Points that stand for equally many steps, but for the last: where there are too many, each takes in its neighbour, and
 * from then on a point stands for twice as many. */

typedef struct
{
  GArray *points;  /* of CollatePacePoint */
  guint64 n_steps; /* that a point stands for */
  guint64 n_taken; /* of them by the last point */
} Phase;

struct _CollatePace
{
  Phase phases[2]; /* reading, writing */
};

static const char *const names[] = { "reading", "writing" };

CollatePace *
collate_pace_new (void)
{
  CollatePace *pace = g_new0 (CollatePace, 1);

  for (guint i = 0; i < G_N_ELEMENTS (pace->phases); i++)
    {
      pace->phases[i].points = g_array_new (FALSE, FALSE, sizeof (CollatePacePoint));
      pace->phases[i].n_steps = 1;
    }

  return pace;
}

CollatePace *
collate_pace_copy (const CollatePace *pace)
{
  CollatePace *copy = g_memdup2 (pace, sizeof *pace);

  for (guint i = 0; i < G_N_ELEMENTS (pace->phases); i++)
    copy->phases[i].points = g_array_copy (pace->phases[i].points);

  return copy;
}

void
collate_pace_free (CollatePace *pace)
{
  for (guint i = 0; i < G_N_ELEMENTS (pace->phases); i++)
    g_array_unref (pace->phases[i].points);
  g_free (pace);
}

static CollatePacePoint *
get_point (const Phase *phase, guint index)
{
  return &g_array_index (phase->points, CollatePacePoint, index);
}

static void
take_in (CollatePacePoint *point, const CollatePacePoint *next)
{
  point->end = next->end;
  point->n_tokens += next->n_tokens;
  point->duration += next->duration;
}

static void
halve (Phase *phase)
{
  for (guint i = 0; i < phase->points->len / 2; i++)
    {
      CollatePacePoint both = *get_point (phase, 2 * i);

      take_in (&both, get_point (phase, 2 * i + 1));
      *get_point (phase, i) = both;
    }
  g_array_set_size (phase->points, phase->points->len / 2);
  phase->n_steps *= 2;
}

static gboolean
is_possible (const Phase *phase, const CollatePacePoint *step)
{
  gint64 before = phase->points->len > 0 ? get_point (phase, phase->points->len - 1)->end : 0;

  return step->end <= G_MAXINT32 && step->n_tokens > 0 && step->n_tokens <= step->end - before &&
         step->duration >= 0 && step->duration < G_MAXINT64 / G_MAXINT32;
}

void
collate_pace_add (CollatePace *pace, gboolean writing, const CollatePacePoint *step)
{
  Phase *phase = &pace->phases[writing ? 1 : 0];

  if (!is_possible (phase, step))
    return;

  if (phase->points->len > 0 && phase->n_taken < phase->n_steps)
    {
      take_in (get_point (phase, phase->points->len - 1), step);
      phase->n_taken++;
      return;
    }
  if (phase->points->len == COLLATE_MOST_PACE)
    halve (phase);
  g_array_append_val (phase->points, *step);
  phase->n_taken = 1;
}

const CollatePacePoint *
collate_pace_get (const CollatePace *pace, gboolean writing, guint *n_points)
{
  const Phase *phase = &pace->phases[writing ? 1 : 0];

  *n_points = phase->points->len;

  return (const CollatePacePoint *) (gpointer) phase->points->data;
}

/* Each point is three numbers in a row. */
JsonObject *
collate_pace_to_json (const CollatePace *pace)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (pace->phases); i++)
    {
      const Phase *phase = &pace->phases[i];
      JsonArray *numbers = json_array_new ();

      for (guint j = 0; j < phase->points->len; j++)
        {
          json_array_add_int_element (numbers, get_point (phase, j)->end);
          json_array_add_int_element (numbers, get_point (phase, j)->n_tokens);
          json_array_add_int_element (numbers, get_point (phase, j)->duration);
        }
      json_object_set_array_member (object, names[i], numbers);
    }

  return object;
}

CollatePace *
collate_pace_from_json (JsonObject *object)
{
  CollatePace *pace = collate_pace_new ();

  for (guint i = 0; i < G_N_ELEMENTS (pace->phases); i++)
    {
      JsonArray *numbers = collate_json_array (object, names[i]);
      guint n = numbers != NULL ? json_array_get_length (numbers) : 0;

      for (guint j = 0; j + 2 < n; j += 3)
        {
          const CollatePacePoint point = {
            .end = collate_json_element_int (numbers, j, -1),
            .n_tokens = collate_json_element_int (numbers, j + 1, -1),
            .duration = collate_json_element_int (numbers, j + 2, -1),
          };

          collate_pace_add (pace, i == 1, &point);
        }
    }

  return pace;
}
