/* SPDX-License-Identifier: BSD-2-Clause */
/* step.h - one line of a vector to one step. */
#ifndef SPECC_STEP_H
#define SPECC_STEP_H

#include "ir.h"
#include "lex.h"

/* Compile the line at lx into *s (zeroed by the caller, line and text set by
 * it); adds to run->needs and run->abilities. `repeat` leaves the number of
 * steps open. Not for a closing brace. */
void step_compile(struct lex *lx, struct ir_run *run, struct ir_step *s);

/* True if the step judges an answer. */
bool step_checks(const struct ir_step *s);

#endif
