/* SPDX-License-Identifier: BSD-2-Clause */
/* session.h - an open target with an engine on it, for one role. */
#ifndef CONFORM_SESSION_H
#define CONFORM_SESSION_H

#include "engine.h"
#include "options.h"
#include "target.h"

/* Reason of the results of a lost session. */
#define SESSION_GONE "the target is gone"

struct session {
	struct target target;
	struct engine *engine;
	const struct vct *table;
	uint32_t seed;
	bool ignore_needs;
	bool lost; /* the target is gone for good */
};

/* Returns 0, or -1 with one line on stderr. */
int session_open(struct session *s, const struct vct *t, const char *target, unsigned role,
		 uint32_t seed);
void session_close(struct session *s);

/* Run one vector. After a crash the target is opened again for the next one; when that fails the
 * session is lost, and every later vector is an error of class crash. */
void session_run(struct session *s, uint32_t vector, struct engine_result *r);

#endif
