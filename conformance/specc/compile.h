/* SPDX-License-Identifier: BSD-2-Clause */
/* compile.h - from vectors as written to the runs of the table. */
#ifndef SPECC_COMPILE_H
#define SPECC_COMPILE_H

#include "model.h"

/* Compile all clauses and vectors into sp->ir; `each` lines are multiplied out,
 * `after` put in front. Reports what is wrong; a vector with errors gives no run. */
void compile_all(struct spec *sp);

#endif
