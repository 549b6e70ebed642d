/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-device.h"

#include "engine/collate-memory.h"

void
collate_device_free (CollateDevice *device)
{
  if (device != NULL)
    device->kernels->free (device);
}

const char *
collate_device_get_memory_name (CollateDevice *device)
{
  return g_str_equal (device->kernels->type, "cpu") ? NULL : device->name;
}

gboolean
collate_device_check_memory (CollateDevice *device, gint64 n_bytes, const char *what, GError **error)
{
  return collate_memory_check_in (
      device->kernels->get_available (device), n_bytes, what, collate_device_get_memory_name (device), error);
}
