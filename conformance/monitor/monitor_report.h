/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor_report.h - what a monitor found, for people and for programs.
 *
 * The sentences of clauses come from the compiled table. Each clause of the guest's side has one
 * of four verdicts:
 *
 *      violated     broken at least once
 *      held         came up, and the guest did as it says
 *      unexercised  did not come up
 *      unseen       no device can see it; the vectors of the guest role judge it
 */
#ifndef CONFORMANCE_MONITOR_REPORT_H
#define CONFORMANCE_MONITOR_REPORT_H

#include <table.h>
#include "monitor.h"

struct monitor_report {
	const struct monitor *monitor;
	const struct vct *table;
	const char *name; /* in front of the first line: "vmci-sim: check" */
	/* Takes the text, piece by piece. */
	void (*write)(void *ctx, const char *s, size_t n);
	void *ctx;
};

/* For people: violations first, each with its clause, sentence and place. */
void monitor_report_text(const struct monitor_report *r);
/* One JSON object on each line: "finding", "clause", "refusal", and "summary" at the end. */
void monitor_report_json(const struct monitor_report *r);

/* How many clauses are violated. */
unsigned monitor_report_violated(const struct monitor *m);
/* The clause of a rule in a table, or NULL: the table has none of that name. */
const struct vct_req *monitor_report_clause(const struct vct *t, const char *id);

#endif
