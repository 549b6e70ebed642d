/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Four numbers of e4m3. What is below the least normal number has no leading one: it is added and taken away. */
vec4
expand_e4m3 (uint word)
{
  uvec4 bytes = uvec4 (word, word >> 8, word >> 16, word >> 24) & 255;
  uvec4 magnitudes = bytes & 127;
  vec4 numbers = uintBitsToFloat ((magnitudes << 20) + (120u << 23));

  numbers = mix (numbers, numbers * 2 - 0.015625, lessThan (magnitudes, uvec4 (8)));
  return mix (numbers, -numbers, greaterThan (bytes, uvec4 (127)));
}
