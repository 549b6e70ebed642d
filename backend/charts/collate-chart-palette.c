/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "charts/collate-chart-private.h"

/* Each is at least 3 : 1 against the page and against the other seven apart in lightness or hue for people
 * who see two of the three primaries; the second column is for dark pages. */
static const guint32 COLORS[COLLATE_N_COLORS][2] = {
  { 0x22995f, 0x57e389 }, /* green */
  { 0x3584e4, 0x62a0ea }, /* blue */
  { 0xe06400, 0xffa348 }, /* orange */
  { 0x9141ac, 0xd667c8 }, /* purple */
  { 0x97142a, 0xffd3c4 }, /* red */
  { 0x0a5560, 0x93ecf7 }, /* petrol */
  { 0x8a6d3b, 0x8f9a6b }, /* ochre */
  { 0x2b2a78, 0xc9c4ff }, /* indigo */
};

void
collate_chart_get_color (guint color, gboolean dark, double *red, double *green, double *blue)
{
  guint32 rgb = COLORS[color % COLLATE_N_COLORS][dark ? 1 : 0];

  *red = (rgb >> 16) / 255.0;
  *green = (rgb >> 8 & 0xff) / 255.0;
  *blue = (rgb & 0xff) / 255.0;
}
