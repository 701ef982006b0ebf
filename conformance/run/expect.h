/* SPDX-License-Identifier: BSD-2-Clause */
/* expect.h - lists of known deviations of an implementation.
 *
 * One line each, sorted by id:  ID  OUTCOME[:CLASS@STEP]  # why, where reported, when to look again
 * In ID, * stands for characters other than / . and @. The list is exact: a listed vector that
 * passes or fails otherwise, an id without a vector, and a line without a reason are all wrong.
 */
#ifndef CONFORM_EXPECT_H
#define CONFORM_EXPECT_H

#include "records.h"

struct expect {
	struct expect_line {
		char *id;
		enum engine_outcome outcome;
		bool exact; /* class and step are given */
		enum engine_class cls;
		uint32_t step;
		unsigned line;
	} *lines;
	size_t count;
	char *name;
};

/* Read a list. Returns 0, or -1: cannot be read or is wrong; each mistake is one line on stderr. */
int expect_load(struct expect *x, const char *name, const struct vct *t);
void expect_free(struct expect *x);

/* Mark the records that the list accounts for. Returns how many do not agree with it, each one line
 * on stderr: a listed vector with another outcome, class or step, and one that differs and is not
 * listed. Failures that are not listed speak for themselves and are not counted. An empty *x agrees
 * with everything. */
unsigned expect_judge(const struct expect *x, struct records *r);

#endif
