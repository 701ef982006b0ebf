/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.h - `run --check`: the protocol monitor looks on while vectors run.
 *
 * In the guest role it judges the guest under test, and what it says should agree with the vectors.
 * In the device role it judges the vector, which plays a guest and is often a bad one on purpose:
 * that shows which clause a stimulus breaks.
 */
#ifndef CONFORM_WATCH_H
#define CONFORM_WATCH_H

#include <stdio.h>
#include "monitor_report.h"
#include "session.h"

struct watch {
	struct monitor *monitor;
	struct session *session;
	const struct vct *table;
	struct monitor_score total[MONITOR_RULE_COUNT];
	bool has_begun;	       /* the vector's device has been reset */
	unsigned vectors, bad; /* watched; with a violation */
};

void watch_open(struct watch *w, const struct vct *t);
void watch_close(struct watch *w);
/* Watch the target of a session from now on. */
void watch_session(struct watch *w, struct session *s);
/* Around each vector. after() writes a line for each violation. */
void watch_before(struct watch *w);
void watch_after(struct watch *w, uint32_t vector, FILE *out);
/* The sum of all vectors. */
void watch_summary(const struct watch *w, FILE *out);

#endif
