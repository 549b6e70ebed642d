/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What model files run on, and where it is the processor, why. */
#define COLLATE_TYPE_DEVICE_ROW (collate_device_row_get_type ())
G_DECLARE_FINAL_TYPE (CollateDeviceRow, collate_device_row, COLLATE, DEVICE_ROW, AdwComboRow)

/* Shows and changes the setting "device". */
void collate_device_row_set_settings (CollateDeviceRow *self, GSettings *settings);

G_END_DECLS
