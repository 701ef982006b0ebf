/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - results as text: flat KTAP for people and consoles, JSON lines as the record.
 *
 * Freestanding: all goes through a writer callback, so the EFI application and vmci-conform print
 * the same bytes. KTAP from here is read back by `vmci-conform report`. Formats:
 * docs/running-vectors.md and conformance/run/results.schema.json.
 */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include "engine.h"

struct report {
	/* Gets every piece of text, in order; not NUL-ended. */
	void (*write)(void *ctx, const char *s, size_t n);
	void *ctx;
	const struct vct *table;
	/* Who and what, for the heads of both formats. Strings of the caller, no line breaks. */
	const char *implementation, *version, *target;
	const char *again; /* how to run one vector once more: the id is put behind it */
	uint32_t count;	   /* results so far; starts at 0 */
};

/* KTAP: version, plan and facts; each vector's start (so that a hang has a name); its result; the
 * end. */
void report_ktap_begin(struct report *r, uint32_t planned);
void report_ktap_run(struct report *r, uint32_t vector);
void report_ktap_result(struct report *r, const struct engine_result *res);
void report_ktap_end(struct report *r);

/* One JSON object and a line break: the record of truth. */
void report_json(struct report *r, const struct engine_result *res);

/* What failed, in lines that start with prefix: the clauses, the step, what was wanted and seen,
 * how to run it again. */
void report_failure(struct report *r, const struct engine_result *res, const char *prefix);

/* "MUST", "SHOULD NOT", ...; "device", "guest", ... Static. */
const char *report_level(unsigned level);
const char *report_side(unsigned side);

/* The chapter of a vector: that of its first clause; "" when it covers none. */
const char *report_chapter(const struct vct *t, const struct vct_vector *v);

#endif
