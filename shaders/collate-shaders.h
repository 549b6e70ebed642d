/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COLLATE_SHADERS_H
#define COLLATE_SHADERS_H

/* What shaders and their host agree on, read by both: GLSL and C. Every member takes four bytes, so that both lay the
 * structs out alike; each fits the 128 bytes of push constants that every device has. Offsets and strides count the
 * elements of their buffer: numbers of f32, or of f16 in a cache. */

#ifndef VULKAN
#include <sys/types.h>

typedef struct CollateShaderWeight CollateShaderWeight;
typedef struct CollateShaderEmbed CollateShaderEmbed;
typedef struct CollateShaderMatmul CollateShaderMatmul;
typedef struct CollateShaderConvert CollateShaderConvert;
typedef struct CollateShaderNorm CollateShaderNorm;
typedef struct CollateShaderRope CollateShaderRope;
typedef struct CollateShaderStore CollateShaderStore;
typedef struct CollateShaderAttention CollateShaderAttention;
typedef struct CollateShaderCombine CollateShaderCombine;
typedef struct CollateShaderSwiglu CollateShaderSwiglu;
typedef struct CollateShaderHadamard CollateShaderHadamard;
typedef struct CollateShaderStoreBytes CollateShaderStoreBytes;
typedef struct CollateShaderBound CollateShaderBound;
typedef struct CollateShaderSumSigns CollateShaderSumSigns;
typedef struct CollateShaderIndex CollateShaderIndex;
typedef struct CollateShaderSelect CollateShaderSelect;
typedef struct CollateShaderMark CollateShaderMark;
typedef struct CollateShaderRoute CollateShaderRoute;
typedef struct CollateShaderSort CollateShaderSort;
typedef struct CollateShaderSumExperts CollateShaderSumExperts;
#endif

/* Specialisation constants. */
#define COLLATE_LANES 0 /* of a subgroup, which is a workgroup */
#define COLLATE_SPEC_1 1
#define COLLATE_SPEC_2 2
#define COLLATE_SPEC_3 3
#define COLLATE_SPEC_4 4
#define COLLATE_SPEC_5 5
#define COLLATE_SPEC_6 6

/* How a weight lies in memory. Rows stand in strips of as many as a subgroup has lanes (or of one, where there is only
 * one row); columns in blocks of 32, the last one filled up with zeros. Within a strip, block after block, what belongs
 * to a row stands beside what belongs to the next row:
 *   codes  [strip][block][n][lane] of 16 bytes: 8, 4, 4, 2 of them for 32 numbers of F32, F16, BF16, Q8; 1 for others,
 *          whose word n has in byte i the low four bits of code 8n + i and above them those of code 8n + 4 + i
 *   bits   [strip][block][n][lane] of 4 bytes: the fifth bits of Q5 (n = 1), two high bits of Q6 (n = 2); byte i has those of
 *          codes i, 4 + i, 8 + i …, from the lowest bit on
 *   scales [strip][block][lane] of 4 bytes: f16 scale and f16 minimum, of Q8, Q4, Q5;
 *          [strip][block / 8][5][lane] of 4 bytes for the K forms: f16 scale of scales and f16 scale of minima, then for
 *          each of eight blocks two bytes: scale and minimum, or for Q6_K the signed scales of either half. */
#define COLLATE_FORM_F32 0
#define COLLATE_FORM_F16 1
#define COLLATE_FORM_BF16 2
#define COLLATE_FORM_Q8 3
#define COLLATE_FORM_Q4 4
#define COLLATE_FORM_Q5 5
#define COLLATE_FORM_Q4_K 6
#define COLLATE_FORM_Q5_K 7
#define COLLATE_FORM_Q6_K 8

/* Numbers in a block; blocks that share the scales of a K form. */
#define COLLATE_FORM_BLOCK 32
#define COLLATE_FORM_SUPER 8

/* Activations as steps of a block's largest, in two signed bytes; units of 16 bytes that a block of them takes. */
#define COLLATE_STEPS 255
#define COLLATE_MOST_STEPS (127 * COLLATE_STEPS)
#define COLLATE_STEPS_UNITS 5

/* Rows and tokens of the tile that a workgroup makes; two by two subgroups make a part each. */
#define COLLATE_TILE 64
#define COLLATE_TILE_PART 32
#define COLLATE_TILE_SUBGROUPS 4

/* Bytes that such a workgroup shares at most. */
#define COLLATE_TILE_SHARED (32 << 10)

/* Number i of a matrix that probe-matrices.comp multiplies is i modulo one of these. */
#define COLLATE_PROBE_ROWS 7
#define COLLATE_PROBE_TOKENS 5

/* What the tokens of a product are: all, for one group of rows after the other; or those that a list names for a group.
 * Its entries are pairs of a token and one of its experts, token * n_used + u; without an order the list is the experts of
 * all pairs, otherwise a tile for each workgroup, COLLATE_LIST_TILE words of expert, first of its pairs and their number,
 * and behind all tiles the pairs, expert by expert. */
#define COLLATE_LIST_NONE 0
#define COLLATE_LIST_PAIRS 1
#define COLLATE_LIST_SORTED 2
#define COLLATE_LIST_TILE 3

/* Experts that sort-experts.comp knows, and invocations that it runs. */
#define COLLATE_MOST_EXPERTS 1024
#define COLLATE_SORTERS 128

/* Pairs of a value's numbers that a lane of attention.comp holds in registers; it keeps more in shared memory. */
#define COLLATE_MOST_PAIRS 8

/* Keys whose bounds make a page. */
#define COLLATE_KEYS_OF_PAGE 16

/* Groups of index.comp in its first dimension; the third one counts on. */
#define COLLATE_INDEX_GROUPS 32768

/* What a part of a weight's rows looks like. */
struct CollateShaderWeight
{
  uint columns;
  uint n_blocks;
  uint n_lanes;   /* rows in a strip */
  uint first_row; /* of the part */
  uint n_rows;    /* in the part; in each of its groups */
};

struct CollateShaderEmbed
{
  CollateShaderWeight weight;
  uint ids;
  uint out_offset;
  uint n_tokens;
};

struct CollateShaderMatmul
{
  CollateShaderWeight weight;
  uint in_offset;
  uint out_offset;
  uint in_stride;
  uint out_stride;
  uint n_tokens;
  uint accumulate;
  uint has_bias;
  uint group_strips; /* from group to group */
  uint group_in;
  uint group_out;
  uint list;
  uint n_tiles;     /* of the list */
  uint first_group; /* of the part, */
  uint n_groups;    /* and how many it has */
  uint n_used;      /* pairs that share their activations */
};

/* Activations in another form, of f16 or of whole numbers. */
struct CollateShaderConvert
{
  uint in_offset;
  uint in_stride;
  uint n_tokens;
  uint columns;
  uint n_blocks;
};

struct CollateShaderNorm
{
  uint in_offset;
  uint out_offset;
  uint in_stride;
  uint out_stride;
  uint n_rows;
  uint columns;
  uint has_weight;
  float epsilon;
};

struct CollateShaderRope
{
  uint heads;
  uint angles; /* [n_tokens][n_pairs] of cosine and sine */
  uint n_tokens;
  uint n_heads;
  uint head_size;
  uint n_pairs;
  uint stride;
  uint interleaved;
  uint out_offset; /* of the rotated numbers, which may stand where they stood */
  uint out_head_size;
  uint out_stride;
};

struct CollateShaderStore
{
  uint keys;
  uint values;
  uint key_cache;
  uint value_cache;
  uint n_tokens;
  uint n_columns;
  uint stride;
  uint position;
};

struct CollateShaderAttention
{
  uint queries;
  uint key_cache;
  uint value_cache;
  uint out_offset; /* of the result, or of what the combination reads */
  uint n_tokens;
  uint n_heads;
  uint n_kv_heads;
  uint stride;
  uint key_stride; /* from position to position */
  uint value_stride;
  uint position;
  uint n_chunks;
  uint chunk; /* keys */
  uint selected;
  uint n_selected; /* of a token: keys in its list, or words of marks */
  float scale;
};

/* What attention reads: all visible keys, those of a list, or those that are marked among all. */
#define COLLATE_READ_ALL 0
#define COLLATE_READ_LIST 1
#define COLLATE_READ_MARKED 2

/* Joins the chunks of each query: [n_queries][n_chunks][largest score, sum, value_size numbers]. */
struct CollateShaderCombine
{
  uint partials;
  uint out_offset;
  uint n_queries;
  uint n_chunks;
  uint value_size;
};

struct CollateShaderSwiglu
{
  uint gate;
  uint up;
  uint out_offset;
  uint n;
};

struct CollateShaderHadamard
{
  uint rows;
  uint n_rows;
  uint columns;
};

struct CollateShaderStoreBytes
{
  uint keys;
  uint cache; /* words */
  uint scales;
  uint n_tokens;
  uint n_columns;
  uint position;
};

struct CollateShaderBound
{
  uint key_cache;
  uint bounds;
  uint first_page;
  uint n_pages;
  uint n_columns;
};

struct CollateShaderSumSigns
{
  uint queries;
  uint out_offset;
  uint n_tokens;
  uint n_heads;
  uint n_kv_heads;
  uint head_size;
  uint stride;
};

struct CollateShaderIndex
{
  uint queries;
  uint weights;
  uint keys; /* words */
  uint scales;
  uint scores;
  uint n_tokens;
  uint n_heads;
  uint head_size;
  uint position;
  uint page;
  uint scores_stride;
  uint has_weights;
  float scale;
};

/* Lists of keys → a bit for each key. */
struct CollateShaderMark
{
  uint selected;
  uint n_selected; /* of a token */
  uint n_tokens;
  uint n_words; /* of a token's marks */
};

struct CollateShaderSelect
{
  uint scores;
  uint selected;
  uint n_tokens;
  uint k;
  uint position;
  uint page;
  uint scores_stride;
  uint n_first;
  uint n_last;
};

/* Pairs → a list of them by experts. */
struct CollateShaderSort
{
  uint experts;
  uint list;
  uint n_pairs;
  uint n_experts;
  uint n_tiles; /* at most */
  uint size;    /* pairs of a tile */
};

/* Adds each token's results of its experts, [n_tokens][n_used][columns]. */
struct CollateShaderSumExperts
{
  uint results;
  uint shares;
  uint out_offset;
  uint n_tokens;
  uint n_used;
  uint columns;
};

struct CollateShaderRoute
{
  uint logits;
  uint experts;
  uint shares;
  uint n_tokens;
  uint n_experts;
  uint n_used;
  uint n_groups;
  uint n_groups_used;
  uint is_sigmoid;
  uint has_bias;
  uint normalised;
  float scale;
};

#endif
