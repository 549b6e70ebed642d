/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/collate-error.h"

/* G_DEFINE_QUARK()'s has no lock, and errors come up on all threads. */
GQuark
collate_error_quark (void)
{
  static gsize quark;

  if (g_once_init_enter (&quark))
    g_once_init_leave (&quark, g_quark_from_static_string ("collate_error_quark"));
  return (GQuark) quark;
}

static const char *const names[] = {
  [COLLATE_ERROR_KEY] = "key",
  [COLLATE_ERROR_OFFLINE] = "offline",
  [COLLATE_ERROR_QUOTA] = "quota",
  [COLLATE_ERROR_RATE] = "rate",
  [COLLATE_ERROR_TOO_LONG] = "too_long",
  [COLLATE_ERROR_REFUSED] = "refused",
  [COLLATE_ERROR_RETIRED] = "retired",
  [COLLATE_ERROR_PROTOCOL] = "protocol",
  [COLLATE_ERROR_SERVER] = "server",
  [COLLATE_ERROR_TIMEOUT] = "timeout",
  [COLLATE_ERROR_EMPTY] = "empty",
  [COLLATE_ERROR_STOPPED] = "stopped",
  [COLLATE_ERROR_INTERRUPTED] = "interrupted",
  [COLLATE_ERROR_UNSUPPORTED] = "unsupported",
  [COLLATE_ERROR_UNREADABLE] = "unreadable",
  [COLLATE_ERROR_UNWRITABLE] = "unwritable",
  [COLLATE_ERROR_DAMAGED] = "damaged",
  [COLLATE_ERROR_PASSWORD] = "password",
  [COLLATE_ERROR_NO_TEXT] = "no_text",
  [COLLATE_ERROR_TOO_LARGE] = "too_large",
  [COLLATE_ERROR_INVALID] = "invalid",
  [COLLATE_ERROR_HIDDEN] = "hidden",
};

const char *
collate_error_to_string (CollateError code)
{
  g_return_val_if_fail ((gsize) code < G_N_ELEMENTS (names), "invalid");

  return names[code];
}

gboolean
collate_error_from_string (const char *name, CollateError *code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        *code = i;
        return TRUE;
      }

  return FALSE;
}
