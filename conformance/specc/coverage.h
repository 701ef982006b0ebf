/* SPDX-License-Identifier: BSD-2-Clause */
/* coverage.h - which rows of the fact sheet the book settles, and plain lists. */
#ifndef SPECC_COVERAGE_H
#define SPECC_COVERAGE_H

#include "model.h"

struct text;

/* Counts per chapter; with rows ("1-216,303-310") also the numbers among them
 * that no clause and no rejection cites. Returns the number of those, or -1 for
 * a malformed list. */
long coverage_report(const struct spec *sp, const char *rows, struct text *out);

/* Clauses and vectors, one a line, fields separated by tabs. */
void coverage_list(const struct spec *sp, bool clauses, bool vectors, struct text *out);

#endif
