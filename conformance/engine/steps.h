/* SPDX-License-Identifier: BSD-2-Clause */
/* steps.h - inside the engine: one step, and how a step says that a vector is over. */
#ifndef CONFORMANCE_STEPS_H
#define CONFORMANCE_STEPS_H

#include "code_bytes.h"
#include "code_number.h"
#include "engine.h"

/* A step, decoded. */
struct step {
	const struct vct_step *rec;
	uint64_t args[PEER_ARGS];
	size_t blob_len; /* e->blob */
	uint64_t within_us;
};

/* The functions below return 0: go on, or 1: the vector is over and e->result says why. */

/* A machine function returned rc; `what` completes "the harness cannot ...". */
int step_machine(struct engine *e, int rc, const char *what);
/* A failure; e->want and e->saw have the texts. */
int step_fail(struct engine *e, enum engine_class cls);
int step_fail_text(struct engine *e, enum engine_class cls, const char *want, const char *saw);
int step_error(struct engine *e, const char *reason);
int step_unobserved(struct engine *e, const char *reason);
int step_skip(struct engine *e, const char *reason);

/* Judge a number by the step's number pattern; without one everything is right. */
int step_number(struct engine *e, const struct step *s, struct code_subject subject,
		enum engine_class cls);
/* Whether the bytes match the step's byte pattern; texts are fresh. Without one they do. */
bool step_bytes(struct engine *e, const struct step *s, const uint8_t *p, size_t n,
		enum code_context context);
/* Whether this step is judged the other way round. */
bool step_opposite(struct engine *e);
void step_texts(struct engine *e);

/* Waiting for something: step_wait_more() lets a little time pass, false when `us` are over. */
struct step_wait {
	uint64_t began, us, spent;
	int rc; /* of the machine, looked at when it says false */
};
int step_wait_start(struct engine *e, struct step_wait *w, uint64_t us);
bool step_wait_more(struct engine *e, struct step_wait *w);

/* The verbs. */
int step_device(struct engine *e,
		const struct step *s);		       /* guest's and device's, device under test */
int step_look(struct engine *e, const struct step *s); /* memory, queues, datagrams, interrupts */
int step_actor(struct engine *e, const struct step *s); /* HOST, ASK and what a guest does */

#endif
