/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* Chooses each token's experts (arXiv:2412.19437, section 2.1.2): a workgroup, which is a subgroup, takes a token after
 * the other. Numbers are chosen one after the other, each time the first largest of those that come after the last one. */

#extension GL_GOOGLE_include_directive : require
#include "collate-common.glsl"
#include "collate-order.glsl"

/* Of sums that are divided by: experts of which none is anything get no share. */
const float LEAST = 1e-20;

/* Minus infinity. */
#define LOWEST uintBitsToFloat (0xff800000)

layout (binding = 0) readonly buffer Logits
{
  float logits[];
};

layout (binding = 1) readonly buffer Bias
{
  float bias[];
};

layout (binding = 2) writeonly buffer Experts
{
  int experts[];
};

layout (binding = 3) writeonly buffer Shares
{
  float shares[];
};

layout (push_constant) uniform Params
{
  CollateShaderRoute params;
};

shared float gates[COLLATE_MOST_EXPERTS];
shared float values[COLLATE_MOST_EXPERTS];       /* with bias: what decides */
shared float group_values[COLLATE_MOST_EXPERTS];
shared uint kept[COLLATE_MOST_EXPERTS];          /* whether a group is */
shared uint chosen[COLLATE_MOST_EXPERTS];

void
wait ()
{
  subgroupMemoryBarrierShared ();
  subgroupBarrier ();
}

void
make_gates (uint first)
{
  float largest = LOWEST;
  float sum = 0;

  for (uint e = get_lane (); e < params.n_experts; e += LANES)
    largest = max (largest, logits[first + e]);
  largest = subgroupMax (largest);
  for (uint e = get_lane (); e < params.n_experts; e += LANES)
    {
      float logit = logits[first + e];
      float gate = params.is_sigmoid != 0 ? 1 / (1 + exp (-logit)) : exp (logit - largest);

      gates[e] = gate;
      sum += gate;
    }
  sum = params.is_sigmoid != 0 ? 1 : subgroupAdd (sum);
  for (uint e = get_lane (); e < params.n_experts; e += LANES)
    {
      gates[e] /= sum;
      values[e] = gates[e] + (params.has_bias != 0 ? bias[e] : 0);
    }
  wait ();
}

/* The sum of a group's two largest, or its largest with softmax. */
float
value_group (uint group, uint size)
{
  vec2 largest = vec2 (LOWEST);

  for (uint i = 0; i < size; i++)
    {
      float value = values[group * size + i];

      if (value > largest.x)
        largest = vec2 (value, largest.x);
      else if (value > largest.y)
        largest.y = value;
    }
  return params.is_sigmoid != 0 && size > 1 ? largest.x + largest.y : largest.x;
}

/* Of all lanes the largest order, and of the equal ones the first; UINT_MAX where there is none. */
uint
find_first (uint order, uint n)
{
  uint largest = subgroupMax (order);

  return subgroupMin (order == largest ? n : 0xffffffff);
}

void
keep_groups ()
{
  uint size = params.n_experts / params.n_groups;

  for (uint g = get_lane (); g < params.n_groups; g += LANES)
    {
      group_values[g] = value_group (g, size);
      kept[g] = params.n_groups_used >= params.n_groups ? 1 : 0;
    }
  wait ();
  if (params.n_groups_used >= params.n_groups)
    return;
  for (uint i = 0; i < params.n_groups_used; i++)
    {
      uint order = 0;
      uint best = 0xffffffff;

      for (uint g = get_lane (); g < params.n_groups; g += LANES)
        if (kept[g] == 0 && (best == 0xffffffff || get_order (group_values[g]) > order))
          {
            order = get_order (group_values[g]);
            best = g;
          }
      best = find_first (order, best);
      if (best < params.n_groups)
        kept[best] = 1;
      wait ();
    }
}

/* → the next expert, which is marked as chosen. */
uint
choose ()
{
  uint size = params.n_experts / params.n_groups;
  uint order = 0;
  uint best = 0xffffffff;

  for (uint e = get_lane (); e < params.n_experts; e += LANES)
    if (kept[e / size] != 0 && chosen[e] == 0 && (best == 0xffffffff || get_order (values[e]) > order))
      {
        order = get_order (values[e]);
        best = e;
      }
  best = find_first (order, best);
  if (best < params.n_experts)
    chosen[best] = 1;
  wait ();
  return min (best, params.n_experts - 1);
}

void
route (uint token)
{
  uint to = token * params.n_used;
  float sum = 0;

  make_gates (params.logits + token * params.n_experts);
  keep_groups ();
  for (uint e = get_lane (); e < params.n_experts; e += LANES)
    chosen[e] = 0;
  wait ();
  for (uint i = 0; i < params.n_used; i++)
    {
      uint expert = choose ();

      sum += gates[expert];
      if (get_lane () == 0)
        experts[params.experts + to + i] = int (expert);
      group_values[i] = gates[expert];
    }
  wait ();

  float factor = params.normalised != 0 ? params.scale / max (sum, LEAST) : params.scale;

  for (uint i = get_lane (); i < params.n_used; i += LANES)
    shares[params.shares + to + i] = group_values[i] * factor;
  wait ();
}

void
main ()
{
  for (uint token = gl_WorkGroupID.x; token < params.n_tokens; token += gl_NumWorkGroups.x)
    route (token);
}
