/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "shaders/collate-shaders.h"

G_BEGIN_DECLS

/* The shaders, as the build compiled them; those for matrix units and for products of bytes are empty where its compiler knew none. Any thread. */

#define COLLATE_SHADER_N_FORMS 9
#define COLLATE_SHADER_MOST_BINDINGS 6
#define COLLATE_SHADER_MOST_CONSTANTS 7

typedef enum
{
  COLLATE_SHADER_PROBE,
  COLLATE_SHADER_RMS_NORM,
  COLLATE_SHADER_ROPE,
  COLLATE_SHADER_STORE,
  COLLATE_SHADER_ATTENTION,
  COLLATE_SHADER_COMBINE,
  COLLATE_SHADER_SWIGLU,
  COLLATE_SHADER_HALVE,
  COLLATE_SHADER_QUANTISE,
  COLLATE_SHADER_PROBE_MATRICES,
  COLLATE_SHADER_LAYER_NORM,
  COLLATE_SHADER_HADAMARD,
  COLLATE_SHADER_STORE_BYTES,
  COLLATE_SHADER_BOUND,
  COLLATE_SHADER_SUM_SIGNS,
  COLLATE_SHADER_INDEX,
  COLLATE_SHADER_INDEX_MATRIX,
  COLLATE_SHADER_SELECT,
  COLLATE_SHADER_MARK,
  COLLATE_SHADER_ROUTE,
  COLLATE_SHADER_SORT_EXPERTS,
  COLLATE_SHADER_SUM_EXPERTS,
  COLLATE_SHADER_EMBED, /* + the form of the weight */
  COLLATE_SHADER_MATMUL = COLLATE_SHADER_EMBED + COLLATE_SHADER_N_FORMS,
  COLLATE_SHADER_DOT = COLLATE_SHADER_MATMUL + COLLATE_SHADER_N_FORMS,
  COLLATE_SHADER_TILE = COLLATE_SHADER_DOT + COLLATE_SHADER_N_FORMS,
  COLLATE_SHADER_MATRIX = COLLATE_SHADER_TILE + COLLATE_SHADER_N_FORMS,
  COLLATE_SHADER_N_SHADERS = COLLATE_SHADER_MATRIX + COLLATE_SHADER_N_FORMS,
} CollateShaderId;

typedef struct
{
  const guint32 *code; /* SPIR-V */
  gsize n_bytes;
  guint n_bindings;
  guint written;      /* bit n: binding n is written */
  gsize params;       /* bytes */
  gboolean divisible; /* its groups do not look at how many there are */
} CollateShader;

const CollateShader *collate_shader_get (CollateShaderId id);

G_END_DECLS
