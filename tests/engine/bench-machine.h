/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/collate-cpu-private.h"

G_BEGIN_DECLS

/* What a benchmark holds its figures against: what this machine gives in the same run. */

#define BENCH_BEST_OF 5
#define BENCH_READ_BYTES ((gsize) 128 << 20)

typedef struct
{
  CollateDevice *device;
  double read_speed; /* bytes a second that all threads read together */
  double peak;       /* operations a second of f32 of a loop of nothing but multiplications */
} BenchMachine;

/* By its word on the command line; the best one without. */
CollateLevel bench_parse_level (const char *name);

/* A device of so many threads (0: one a core), measured, and a line that says so; FALSE where the processor lacks the
 * level. */
gboolean bench_machine_open (BenchMachine *machine, guint n_threads, CollateLevel level);
void bench_machine_close (BenchMachine *machine);

/* One thread is timed by the processor's own clock of it, so that other programs do not count; more by the wall's. */
double bench_get_seconds (void);

/* A weight whose rows are all the same: what a product costs does not depend on its numbers. `*data` holds its bytes. */
CollateWeight *bench_load (CollateDevice *device,
                           CollateType type,
                           gint64 n_groups,
                           gint64 rows,
                           gint64 columns,
                           guint8 **data);

G_END_DECLS
