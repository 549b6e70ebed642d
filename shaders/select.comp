/* SPDX-License-Identifier: GPL-3.0-or-later */
#version 460

/* For each token the k visible keys of the largest scores, in ascending order. A workgroup takes a token: eight bits of the
 * scores' order at a time it counts how many keys have which, until it knows the k-th largest and how many that are equal
 * to it are among the first k; then each subgroup writes those of a part of the keys. */

#extension GL_GOOGLE_include_directive : require
#define COLLATE_GROUP COLLATE_SPEC_1
#include "collate-common.glsl"
#include "collate-count.glsl"
#include "collate-order.glsl"

layout (constant_id = COLLATE_SPEC_1) const uint INVOCATIONS = 8;
layout (constant_id = COLLATE_SPEC_2) const uint PAGE = 1; /* keys that share a score */

const uint SUBGROUPS = INVOCATIONS / LANES;
const uint BITS = 8;
const uint BINS = 1 << BITS;
const uint BINS_EACH = BINS / LANES;
const uint FORCED = 0xffffffff;

layout (binding = 0) readonly buffer Scores
{
  float scores[];
};

layout (binding = 1) writeonly buffer Selected
{
  int selected[];
};

layout (push_constant) uniform Params
{
  CollateShaderSelect params;
};

shared uint histogram[BINS];
shared uvec2 counts[SUBGROUPS]; /* of a subgroup's keys: above the threshold, and at it */

/* Of the k-th largest as many bits as were looked at, and how many that share them belong to the first k. */
struct Threshold
{
  uint bits, mask, n_equal;
};

uint
get_n_keys ()
{
  return params.position + gl_WorkGroupID.x + 1;
}

uint
get_key (uint key)
{
  if (key < params.n_first || key + params.n_last >= get_n_keys ())
    return FORCED;
  return get_order (scores[params.scores + gl_WorkGroupID.x * params.scores_stride + key / PAGE]);
}

void
count_bins (Threshold threshold, uint shift)
{
  for (uint i = gl_LocalInvocationID.x; i < BINS; i += INVOCATIONS)
    histogram[i] = 0;
  barrier ();
  for (uint key = gl_LocalInvocationID.x; key < get_n_keys (); key += INVOCATIONS)
    {
      uint order = get_key (key);

      if ((order & threshold.mask) == threshold.bits)
        COLLATE_COUNT (histogram[order >> shift & (BINS - 1)], 1);
    }
  barrier ();
}

/* From the largest bin on, until as many are counted as are needed. A lane looks at some bins beside each other. → whether
 * all of the last bin are needed. */
bool
narrow (inout Threshold threshold, uint shift)
{
  uint largest = BINS - 1 - gl_SubgroupInvocationID * BINS_EACH;
  uint sum = 0;

  for (uint i = 0; i < BINS_EACH; i++)
    sum += histogram[largest - i];

  uint before = subgroupExclusiveAdd (sum);
  uvec3 found = uvec3 (0); /* the bin, those above it, those in it */

  if (before < threshold.n_equal && threshold.n_equal <= before + sum)
    for (uint i = 0; i < BINS_EACH; i++)
      {
        uint n = histogram[largest - i];

        if (before < threshold.n_equal && threshold.n_equal <= before + n)
          found = uvec3 (largest - i, before, n);
        before += n;
      }
  found = subgroupMax (found);
  threshold.bits |= found.x << shift;
  threshold.mask |= (BINS - 1) << shift;
  threshold.n_equal -= found.y;
  return threshold.n_equal == found.z;
}

Threshold
find_threshold ()
{
  Threshold threshold = Threshold (0, 0, params.k);

  for (uint shift = 32; shift > 0; shift -= BITS)
    {
      count_bins (threshold, shift - BITS);
      bool done = narrow (threshold, shift - BITS);
      barrier ();
      if (done)
        break;
    }
  return threshold;
}

/* A subgroup's keys. */
uvec2
get_part ()
{
  uint size = (get_n_keys () + INVOCATIONS - 1) / INVOCATIONS * LANES;

  return min (uvec2 (gl_SubgroupID, gl_SubgroupID + 1) * size, uvec2 (get_n_keys ()));
}

/* Whether this lane's key is above the threshold, and whether it is at it. */
bvec2
compare (Threshold threshold, uint key, uint end)
{
  uint order = key < end ? get_key (key) & threshold.mask : 0;

  return bvec2 (key < end && order > threshold.bits, key < end && order == threshold.bits);
}

/* How many of the subgroups before this one are above the threshold and at it. */
uvec2
count_before (Threshold threshold)
{
  uvec2 part = get_part ();
  uvec2 sums = uvec2 (0);

  if (SUBGROUPS == 1)
    return sums;
  for (uint key = part.x; key < part.y; key += LANES)
    sums += uvec2 (compare (threshold, key + gl_SubgroupInvocationID, part.y));
  sums = subgroupAdd (sums);
  if (subgroupElect ())
    counts[gl_SubgroupID] = sums;
  barrier ();
  sums = uvec2 (0);
  for (uint i = 0; i < gl_SubgroupID; i++)
    sums += counts[i];
  return sums;
}

void
write (Threshold threshold)
{
  uvec2 before = count_before (threshold);
  uint to = params.selected + gl_WorkGroupID.x * params.k;
  uvec2 part = get_part ();
  uint n_equal = before.y;
  uint n = before.x + min (n_equal, threshold.n_equal);

  for (uint first = part.x; first < part.y; first += LANES)
    {
      uint key = first + gl_SubgroupInvocationID;
      bvec2 above_or_at = compare (threshold, key, part.y);
      uvec4 at = subgroupBallot (above_or_at.y);
      bool taken = above_or_at.x ||
                   (above_or_at.y && n_equal + subgroupBallotExclusiveBitCount (at) < threshold.n_equal);
      uvec4 all = subgroupBallot (taken);

      if (taken)
        selected[to + n + subgroupBallotExclusiveBitCount (all)] = int (key);
      n_equal += subgroupBallotBitCount (at);
      n += subgroupBallotBitCount (all);
    }
}

void
main ()
{
  uint to = params.selected + gl_WorkGroupID.x * params.k;

  if (get_n_keys () > params.k)
    write (find_threshold ());
  else
    for (uint i = gl_LocalInvocationID.x; i < params.k; i += INVOCATIONS)
      selected[to + i] = i < get_n_keys () ? int (i) : -1;
}
