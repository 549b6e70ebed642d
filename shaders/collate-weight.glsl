/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The numbers of a weight in the form that the build gives as FORM, as collate-shaders.h says how they lie; bindings 0
 * to 2. */

layout (binding = 0) readonly buffer Codes
{
  uvec4 codes[];
};

layout (binding = 1) readonly buffer Bits
{
  uint bits[];
};

layout (binding = 2) readonly buffer Scales
{
  uint scales[];
};

const bool IS_K = FORM >= COLLATE_FORM_Q4_K;
const bool HAS_FIFTH_BIT = FORM == COLLATE_FORM_Q5 || FORM == COLLATE_FORM_Q5_K;

/* Units of 16 bytes for a block's codes. */
#if FORM == COLLATE_FORM_F32
const uint N_CODES = 8;
#elif FORM == COLLATE_FORM_F16 || FORM == COLLATE_FORM_BF16
const uint N_CODES = 4;
#elif FORM == COLLATE_FORM_Q8
const uint N_CODES = 2;
#else
const uint N_CODES = 1;
#endif

/* A block of a row. */
struct Block
{
  uvec4 codes[N_CODES];
  uint high[2]; /* bits above the fourth */
  vec2 scale;   /* of the first and the last 16 numbers */
  float minimum;
};

vec2
unpack_bytes (uint pair)
{
  return vec2 (float (pair & 255), float (pair >> 8 & 255));
}

vec2
unpack_signed_bytes (uint pair)
{
  return vec2 (float (bitfieldExtract (int (pair), 0, 8)), float (bitfieldExtract (int (pair), 8, 8)));
}

void
load_super_scales (uint strip, uint n, uint lane, CollateShaderWeight weight, inout Block block)
{
  uint n_supers = weight.n_blocks / COLLATE_FORM_SUPER;
  uint at = (strip * n_supers + n / COLLATE_FORM_SUPER) * 5 * weight.n_lanes + lane;
  uint within = n % COLLATE_FORM_SUPER;
  vec2 outer = unpackHalf2x16 (scales[at]);
  uint inner = scales[at + (1 + within / 2) * weight.n_lanes] >> (within % 2 * 16) & 0xffff;

  if (FORM == COLLATE_FORM_Q6_K)
    {
      block.scale = outer.x * unpack_signed_bytes (inner);
      block.minimum = 0;
    }
  else
    {
      vec2 both = outer * unpack_bytes (inner);

      block.scale = both.xx;
      block.minimum = -both.y;
    }
}

/* Block n of the row that is `lane` of a strip. */
Block
load_block (uint strip, uint n, uint lane, CollateShaderWeight weight)
{
  uint at = strip * weight.n_blocks + n;
  Block block;

  [[unroll]] for (uint i = 0; i < N_CODES; i++)
    block.codes[i] = codes[(at * N_CODES + i) * weight.n_lanes + lane];

  if (HAS_FIFTH_BIT)
    block.high[0] = bits[at * weight.n_lanes + lane];
  if (FORM == COLLATE_FORM_Q6_K)
    {
      block.high[0] = bits[at * 2 * weight.n_lanes + lane];
      block.high[1] = bits[(at * 2 + 1) * weight.n_lanes + lane];
    }

  if (IS_K)
    load_super_scales (strip, n, lane, weight, block);
  else if (FORM >= COLLATE_FORM_Q8)
    {
      vec2 both = unpackHalf2x16 (scales[at * weight.n_lanes + lane]);

      block.scale = both.xx;
      block.minimum = both.y;
    }
  return block;
}

/* Word n of a block's codes. */
uint
get_word (Block block, uint n)
{
  return block.codes[n / 4][n % 4];
}

int
get_code (Block block, uint c)
{
  int code;

  if (FORM == COLLATE_FORM_Q8)
    return bitfieldExtract (int (get_word (block, c / 4)), int (c % 4 * 8), 8);

  code = int (get_word (block, c / 8) >> (c % 4 * 8 + c / 4 % 2 * 4) & 15);
  if (HAS_FIFTH_BIT)
    code |= int (block.high[0] >> (c % 4 * 8 + c / 4) & 1) << 4;
  if (FORM == COLLATE_FORM_Q6_K)
    code = (code | int (block.high[c / 16] >> (c % 4 * 8 + c / 4 % 4 * 2) & 3) << 4) - 32;
  return code;
}

/* Codes 4n to 4n + 3 of a block, a byte each. */
uint
get_four_codes (Block block, uint n)
{
  uint codes;

  if (FORM == COLLATE_FORM_Q8)
    return get_word (block, n);

  codes = get_word (block, n / 2) >> (n % 2 * 4) & 0x0f0f0f0f;
  if (HAS_FIFTH_BIT)
    codes |= (block.high[0] >> n & 0x01010101) << 4;
  if (FORM == COLLATE_FORM_Q6_K)
    codes |= (block.high[n / 4] >> (n % 4 * 2) & 0x03030303) << 4;
  return codes;
}

/* What is added to those codes for what they mean. */
float
get_offset ()
{
  return FORM == COLLATE_FORM_Q6_K ? -32 : 0;
}

/* Number c of a block; c is constant wherever speed matters. */
float
get_number (Block block, uint c)
{
  if (FORM == COLLATE_FORM_F32)
    return uintBitsToFloat (get_word (block, c));
  if (FORM == COLLATE_FORM_F16)
    return unpackHalf2x16 (get_word (block, c / 2))[c % 2];
  if (FORM == COLLATE_FORM_BF16)
    return uintBitsToFloat (c % 2 == 0 ? get_word (block, c / 2) << 16
                                       : get_word (block, c / 2) & 0xffff0000);
  return float (get_code (block, c)) * block.scale[c / 16] + block.minimum;
}
