/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What all products of a weight and activations share: parameters, and where a product goes. */

layout (binding = 4) buffer Out
{
  float products[];
};

layout (binding = 5) readonly buffer Bias
{
  float bias[];
};

layout (push_constant) uniform Params
{
  CollateShaderMatmul params;
};

void
put (uint row, uint token, float sum)
{
  uint at = params.out_offset + token * params.out_stride + params.weight.first_row + row;

  if (params.accumulate != 0)
    sum += products[at];
  if (params.has_bias != 0)
    sum += bias[params.weight.first_row + row];
  products[at] = sum;
}
