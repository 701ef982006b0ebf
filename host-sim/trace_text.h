/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_text.h - trace events as lines for people.
 *
 * A line: seconds since the start, a short kind, what happened with names for numbers, and for
 * a refusal the reason and the clause of the book. Bytes of the guest appear as numbers and hex
 * digits only.
 */
#ifndef HOST_SIM_TRACE_TEXT_H
#define HOST_SIM_TRACE_TEXT_H

#include <stdint.h>
#include <stdio.h>
#include <vmci/trace.h>
#include "vfu.h"

struct trace_text {
	FILE *out; /* NULL: nothing is written */
	uint64_t start_us;
	uint64_t lines; /* written so far */
};

/* Begin: times count from now. */
void trace_text_start(struct trace_text *t, FILE *out);

/* One event of the core, one of the vfio-user server, one request to the conformance peer. */
void trace_text_event(struct trace_text *t, const struct vmci_trace *ev);
void trace_text_vfu(struct trace_text *t, enum vfu_note what, uint64_t a, uint64_t b,
		    const char *text);
void trace_text_peer(struct trace_text *t, uint32_t op, const uint64_t *args, uint32_t nargs,
		     int64_t rc);
/* A line of somebody else: kind as long as "sockets" at most, text without bytes of the guest that
 * are not printable. Nothing is written when t->out is NULL. */
void trace_text_line(struct trace_text *t, const char *kind, const char *text);

#endif
