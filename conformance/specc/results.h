/* SPDX-License-Identifier: BSD-2-Clause */
/* results.h - results of runs (JSON lines) as the book shows them.
 *
 * A column is one implementation in one role behind one target. For each column
 * and run id the last line read counts.
 */
#ifndef SPECC_RESULTS_H
#define SPECC_RESULTS_H

#include "model.h"

/* In the order of what matters most when several meet. */
enum outcome {
	OUTCOME_NONE,
	OUTCOME_SKIP,	    /* the implementation does not offer it */
	OUTCOME_UNOBSERVED, /* the harness cannot do or see it */
	OUTCOME_PASS,
	OUTCOME_DIFFERS,
	OUTCOME_TIMEOUT,
	OUTCOME_ERROR,
	OUTCOME_FAIL
};

struct result {
	const char *id; /* of the run */
	enum outcome outcome;
	const char *line, *want, *saw, *reason, *class_; /* may be "" */
	bool stale;					 /* made with another table */
};

struct column {
	const char *implementation, *version, *role, *target;
	VEC(struct result) results;
	size_t count[OUTCOME_FAIL + 1];
};

struct results {
	VEC(struct column) columns;
};

/* Read files; mistakes are errors in d with file and line. Results of ids that
 * the book does not have are left out. table_crc is the checksum of the present
 * table: results with another one are marked stale. */
struct results *results_read(struct diags *d, const struct spec *sp, char *const *files, size_t n,
			     uint32_t table_crc);

/* Result of a run in a column, or NULL. */
const struct result *results_find(const struct column *c, const char *run_id);

/* Of all runs of a vector, or of all vectors of a clause: the outcome that
 * matters most. */
enum outcome results_of_vector(const struct spec *sp, const struct column *c,
			       const struct vector *v);
enum outcome results_of_clause(const struct spec *sp, const struct column *c,
			       const struct clause *cl);

/* "pass", "fail", ... */
const char *outcome_name(enum outcome o);

/* "openvmci 0.1" / "device" / "vfio-user" in one line. */
const char *column_name(const struct column *c);

#endif
