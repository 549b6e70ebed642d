/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What every shader begins with: a workgroup is one subgroup, of any size from 4 to 64, or as many invocations as the
 * specialisation constant COLLATE_GROUP says. */
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_GOOGLE_include_directive : require

#include "collate-shaders.h"

#ifndef COLLATE_GROUP
#define COLLATE_GROUP COLLATE_LANES
#endif

layout (local_size_x_id = COLLATE_GROUP) in;
layout (constant_id = COLLATE_LANES) const uint LANES = 8;

uint
get_lane ()
{
  return gl_LocalInvocationID.x;
}
