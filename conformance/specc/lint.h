/* SPDX-License-Identifier: BSD-2-Clause */
/* lint.h - what no single block shows: clauses without evidence, names bound for
 * nothing. Runs after compile_all(). */
#ifndef SPECC_LINT_H
#define SPECC_LINT_H

#include "model.h"

void lint_all(struct spec *sp);

#endif
