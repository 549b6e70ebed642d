/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "base/collate-json.h"
#include "compare/collate-answer-private.h"
#include "compare/collate-pace.h"

/* How long tokens took along a timeline, however long that is. */

static void
add (CollatePace *pace, gboolean writing, gint64 end, gint64 n_tokens, gint64 duration)
{
  collate_pace_add (pace, writing, &(CollatePacePoint){ end, n_tokens, duration });
}

static CollatePacePoint
get (const CollatePace *pace, gboolean writing, guint index)
{
  guint n_points;
  const CollatePacePoint *points = collate_pace_get (pace, writing, &n_points);

  g_assert_cmpuint (index, <, n_points);
  return points[index];
}

static guint
count (const CollatePace *pace, gboolean writing)
{
  guint n_points;

  collate_pace_get (pace, writing, &n_points);
  return n_points;
}

static void
assert_point (CollatePacePoint point, gint64 end, gint64 n_tokens, gint64 duration)
{
  g_assert_cmpint (point.end, ==, end);
  g_assert_cmpint (point.n_tokens, ==, n_tokens);
  g_assert_cmpint (point.duration, ==, duration);
}

static void
test_points (void)
{
  g_autoptr (CollatePace) pace = collate_pace_new ();
  g_autoptr (CollatePace) copy = NULL;

  add (pace, FALSE, 256, 256, 5000);
  add (pace, FALSE, 300, 44, 900);
  add (pace, TRUE, 301, 1, 100);
  copy = collate_pace_copy (pace);
  add (pace, TRUE, 302, 1, 200);

  g_assert_cmpuint (count (pace, FALSE), ==, 2);
  assert_point (get (pace, FALSE, 1), 300, 44, 900);
  g_assert_cmpuint (count (pace, TRUE), ==, 2);
  assert_point (get (pace, TRUE, 1), 302, 1, 200);
  g_assert_cmpuint (count (copy, TRUE), ==, 1);
}

/* Nothing is lost where points are joined, their places stay in order, and each but the last stands for as much. */
static void
test_many (void)
{
  const gint64 lengths[] = { COLLATE_MOST_PACE, COLLATE_MOST_PACE + 1, 2 * COLLATE_MOST_PACE + 1, 100000 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (CollatePace) pace = collate_pace_new ();
      gint64 end = 0, duration = 0;

      for (gint64 j = 1; j <= lengths[i]; j++)
        add (pace, TRUE, j, 1, j);

      g_assert_cmpuint (count (pace, TRUE), <=, COLLATE_MOST_PACE);
      g_assert_cmpuint (count (pace, TRUE), >=, COLLATE_MOST_PACE / 2);
      for (guint j = 0; j < count (pace, TRUE); j++)
        {
          const CollatePacePoint point = get (pace, TRUE, j);

          g_assert_cmpint (point.end, ==, end + point.n_tokens);
          g_assert_true (point.n_tokens == get (pace, TRUE, 0).n_tokens || j + 1 == count (pace, TRUE));
          end = point.end;
          duration += point.duration;
        }
      g_assert_cmpint (end, ==, lengths[i]);
      g_assert_cmpint (duration, ==, lengths[i] * (lengths[i] + 1) / 2);
    }
}

static void
test_impossible (void)
{
  g_autoptr (CollatePace) pace = collate_pace_new ();

  add (pace, FALSE, 10, 11, 5);
  add (pace, FALSE, 10, 0, 5);
  add (pace, FALSE, 10, -1, 5);
  add (pace, FALSE, 10, 10, -5);
  add (pace, FALSE, G_MAXINT64, 10, 5);
  add (pace, FALSE, 10, 10, G_MAXINT64);
  g_assert_cmpuint (count (pace, FALSE), ==, 0);
  add (pace, FALSE, 10, 10, 5);
  add (pace, FALSE, 15, 6, 5);
  add (pace, FALSE, 9, 9, 5);
  g_assert_cmpuint (count (pace, FALSE), ==, 1);
}

static void
test_json (void)
{
  g_autoptr (CollatePace) pace = collate_pace_new ();
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (CollatePace) again = NULL;

  for (gint64 i = 1; i <= 1000; i++)
    add (pace, i > 500, i, 1, 7 * i);
  object = collate_pace_to_json (pace);
  again = collate_pace_from_json (object);

  for (int writing = 0; writing < 2; writing++)
    {
      g_assert_cmpuint (count (again, writing), ==, count (pace, writing));
      for (guint i = 0; i < count (pace, writing); i++)
        {
          const CollatePacePoint point = get (pace, writing, i);

          assert_point (get (again, writing, i), point.end, point.n_tokens, point.duration);
        }
    }
}

/* A file may hold what it likes: there are no more points than are ever drawn. */
static void
test_json_long (void)
{
  g_autoptr (GString) text = g_string_new ("{\"reading\":[");
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (CollatePace) pace = NULL;

  for (int i = 1; i <= 3000; i++)
    g_string_append_printf (text, "%d,1,1,", i);
  g_string_append (text, "3001,1],\"writing\":7}");
  object = collate_json_parse_object (text->str, -1, NULL);
  pace = collate_pace_from_json (object);

  g_assert_cmpuint (count (pace, FALSE), <=, COLLATE_MOST_PACE);
  g_assert_cmpint (get (pace, FALSE, count (pace, FALSE) - 1).end, ==, 3000);
  g_assert_cmpuint (count (pace, TRUE), ==, 0);
}

static void
tell (CollateAnswer *answer, CollateEvent event)
{
  event.time = g_get_monotonic_time ();
  collate_answer_apply (answer, &event);
}

/* What was computed on a card that failed then is no part of the answer that the processor gives. */
static void
test_answer (void)
{
  g_autoptr (CollateAnswer) answer = collate_answer_new (collate_answer_record_new ("local:m", "m", 1), 1);
  guint n_points;

  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_SENT, .number = 1 });
  g_assert_null (collate_answer_get_pace (answer, FALSE, &n_points));
  g_assert_cmpuint (n_points, ==, 0);
  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_LOADS });
  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_STEP, .number = 256, .total = 256, .duration = 9 });
  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_SHARE, .share = 1 });
  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_LOADS });
  g_assert_null (collate_answer_get_pace (answer, FALSE, &n_points));
  g_assert_true (isnan (collate_answer_get_keys_read (answer)));

  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_STEP, .number = 64, .total = 64, .duration = 9 });
  tell (
      answer,
      (CollateEvent){ .kind = COLLATE_EVENT_STEP, .number = 65, .total = 1, .duration = 3, .writing = TRUE });
  tell (answer, (CollateEvent){ .kind = COLLATE_EVENT_SHARE, .share = 0.5 });
  collate_answer_finish (answer, NULL, 0);
  assert_point (*collate_answer_get_pace (answer, FALSE, &n_points), 64, 64, 9);
  g_assert_cmpuint (n_points, ==, 1);
  assert_point (*collate_answer_get_pace (answer, TRUE, &n_points), 65, 1, 3);
  g_assert_cmpfloat (collate_answer_get_keys_read (answer), ==, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compare/pace/points", test_points);
  g_test_add_func ("/compare/pace/many", test_many);
  g_test_add_func ("/compare/pace/impossible", test_impossible);
  g_test_add_func ("/compare/pace/json", test_json);
  g_test_add_func ("/compare/pace/json-long", test_json_long);
  g_test_add_func ("/compare/pace/answer", test_answer);

  return g_test_run ();
}
