/* SPDX-License-Identifier: BSD-2-Clause */
/* step_parts.h - what the files that compile steps share. */
#ifndef SPECC_STEP_PARTS_H
#define SPECC_STEP_PARTS_H

#include "step.h"

/* The step being made. */
struct maker {
	struct lex *lx;
	struct ir_run *run;
	struct ir_step *s;
};

/* Arguments. */
void part_arg(struct maker *m, uint64_t constant);
void part_value(struct maker *m);
void part_register(struct maker *m);
void part_address(struct maker *m);
void part_handle(struct maker *m); /* C:R, two arguments */
/* The guest's queue pair NAME of an earlier `queues` line. */
void part_queues(struct maker *m);

/* `payload BYTES` if it stands here. */
void part_payload(struct maker *m);
/* BYTES, required. */
void part_bytes(struct maker *m);

/* Answers. */
void part_answer(struct maker *m);		    /* [-> P] */
void part_answer_bytes(struct maker *m, int64_t n); /* [-> BPAT], n: known length or -1 */
void part_answer_both(struct maker *m, bool must);  /* -> P bytes BPAT */

/* The verb table's own functions. */
bool step_guest(struct maker *m, const char *verb);
bool step_device(struct maker *m, const char *verb);
void step_does(struct maker *m);
void step_host(struct maker *m);
void step_ask(struct maker *m);

#endif
