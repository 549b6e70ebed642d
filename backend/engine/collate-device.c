/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine/collate-device.h"

void
collate_device_free (CollateDevice *device)
{
  if (device != NULL)
    device->kernels->free (device);
}
