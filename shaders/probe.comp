/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* How many lanes a subgroup really has: some devices name another number than they run. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"

layout (binding = 0) writeonly buffer Out
{
  uint counts[];
};

void
main ()
{
  counts[get_lane ()] = subgroupAdd (1);
}
