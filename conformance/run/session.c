/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - an open target with an engine on it. */
#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "records.h"

/* How often a server that went away is looked for, 100 ms apart. */
#define REOPEN_TRIES 20

static void start_engine(struct session *s)
{
	engine_start(s->engine, s->table, &s->target.machine);
	s->engine->seed = s->seed;
	s->engine->ignore_needs = s->ignore_needs;
}

int session_open(struct session *s, const struct vct *t, const char *target, unsigned role,
		 uint32_t seed)
{
	char error[256];

	memset(s, 0, sizeof(*s));
	s->table = t;
	s->seed = seed;
	if (target_open(&s->target, target, role, seed, error, sizeof(error))) {
		fprintf(stderr, "vmci-conform: %s\n", error);
		return -1;
	}
	s->engine = must_alloc(sizeof(*s->engine));
	start_engine(s);
	return 0;
}

void session_close(struct session *s)
{
	if (!s->lost)
		engine_finish(s->engine);
	target_close(&s->target);
	free(s->engine);
	s->engine = NULL;
}

static void reopen(struct session *s)
{
	const struct timespec pause = { 0, 100000000 };

	s->lost = true;
	if (!s->target.reopen)
		return;
	for (int i = 0; i < REOPEN_TRIES && s->lost; i++) {
		if (i)
			nanosleep(&pause, NULL);
		s->lost = s->target.reopen(&s->target) != 0;
	}
	if (!s->lost)
		start_engine(s);
}

void session_run(struct session *s, uint32_t vector, struct engine_result *r)
{
	if (s->lost) {
		memset(r, 0, sizeof(*r));
		r->vector = vector;
		r->line = s->table->vectors[vector].line;
		r->outcome = ENGINE_ERROR;
		r->cls = ENGINE_CLASS_CRASH;
		snprintf(r->reason, sizeof(r->reason), SESSION_GONE);
		return;
	}
	engine_run(s->engine, vector, r);
	if (r->outcome == ENGINE_ERROR && r->cls == ENGINE_CLASS_CRASH)
		reopen(s);
}
