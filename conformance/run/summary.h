/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.h - what came out, for people: failures with all that is known, then one table. */
#ifndef CONFORM_SUMMARY_H
#define CONFORM_SUMMARY_H

#include "records.h"
#include "term.h"

/* One failure, deviation, error or timeout in full: clauses, step, want and saw, how to rerun.
 * `again` is a command to which the id is added. */
void summary_failure(const struct records *r, const struct record *rec, const char *again,
		     struct term *t);

/* All of those, in the order of the records. */
void summary_failures(const struct records *r, const char *again, struct term *t);

/* The table: a line for each chapter that has vectors in r, their sum, then what was not observed
 * and why, and one closing line. A clause counts as shown when a vector that covers it passed and
 * none failed. */
void summary_table(const struct records *r, struct term *t);

#endif
