/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Numbers as whole numbers of the same order: 0 equals -0, and what is no number is below all others. */

uint
get_order (float number)
{
  uint bits = floatBitsToUint (number);
  uint magnitude = bits & 0x7fffffff;

  if (magnitude > 0x7f800000)
    return 0;
  if (magnitude == 0)
    return 0x80000000;
  return bits != magnitude ? ~bits : bits | 0x80000000;
}
