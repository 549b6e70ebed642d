/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Adds to a number in shared memory, and says what it was. Without its scope it would be the whole device's, which not
 * every device has. */
#extension GL_KHR_memory_scope_semantics : require

#define COLLATE_COUNT(number, n) \
  atomicAdd (number, n, gl_ScopeWorkgroup, gl_StorageSemanticsNone, gl_SemanticsRelaxed)
