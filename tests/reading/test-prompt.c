/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "reading/collate-prompt.h"

/* The instruction first, then the context as it is: nothing between or after them that could differ. */
static void
test_system (void)
{
  static const char context[] = "\n\n=== Document: a.txt ===\n\nThe sky is green.";
  g_autofree char *first = collate_prompt_system (context);
  g_autofree char *second = collate_prompt_system (context);

  g_assert_cmpstr (first, ==, second);
  g_assert_true (g_str_has_prefix (first, collate_prompt_instruction ()));
  g_assert_cmpstr (first + strlen (collate_prompt_instruction ()), ==, context);
}

static void
test_system_without_documents (void)
{
  g_autofree char *system = collate_prompt_system ("");

  g_assert_cmpstr (system, ==, collate_prompt_instruction ());
  g_assert_nonnull (strstr (system, "do not know"));
  g_assert_nonnull (strstr (system, "no documents"));
}

static void
test_ids (void)
{
  static const struct
  {
    const char *id;
    const char *model; /* NULL: refused */
  } cases[] = {
    { "gpt-5", "gpt-5" },
    { "gpt-5+whole", "gpt-5" },
    { "qwen+plus+whole", "qwen+plus" },
    { "", "" },
    { "gpt-5+", NULL },
    { "gpt-5+half", NULL },
    { "gpt-5+whole ", NULL },
    { "gpt-5+WHOLE", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *model = NULL;
      CollateReading reading = 77;
      gboolean parsed = collate_reading_parse_id (cases[i].id, &model, &reading);

      g_assert_cmpint (parsed, ==, cases[i].model != NULL);
      g_assert_cmpstr (model, ==, cases[i].model);
      if (parsed)
        g_assert_cmpstr (collate_reading_to_string (reading), ==, "whole");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reading/prompt/system", test_system);
  g_test_add_func ("/reading/prompt/without-documents", test_system_without_documents);
  g_test_add_func ("/reading/prompt/ids", test_ids);

  return g_test_run ();
}
