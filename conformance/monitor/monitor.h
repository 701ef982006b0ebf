/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor.h - judges what a guest does at a device, while it does it.
 *
 * A consumer of the trace (vmci/trace.h). It needs no help from the guest and changes nothing: it
 * reads events, and guest memory where the guest shares it with the other side. Each rule
 * (rules.h) is a clause of the book. A rule *holds* when what its clause speaks about came up and
 * the guest did as it says; a rule that never came up has not been exercised.
 *
 *      guest --> device --trace--> monitor --found--> a violation, when it is new
 *                                     |
 *                                     +-- at any time: scores, findings, refusals (report.h)
 *
 * What the guest owes within some time (to fetch a datagram it was told of) is judged when the
 * patience is over and the guest has been busy since, so a guest that stands still is not blamed.
 *
 * Freestanding; one monitor for each device, no state elsewhere. Nothing here fails.
 */
#ifndef CONFORMANCE_MONITOR_H
#define CONFORMANCE_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/port.h>
#include <vmci/trace.h>
#include "rules.h"

#define MONITOR_PATIENCE_US 10000000u /* a slow guest under emulation, with a debugger's pauses */

struct monitor;

/* One kind of violation: a rule, and what was done. */
struct monitor_finding {
	enum monitor_rule rule;
	const char *what;      /* static; monitor_finding_text() puts the numbers in */
	uint64_t value, other; /* of the first time */
	uint64_t event;	       /* number of the event of the first time, from 1 */
	uint64_t line;	       /* of the text trace, 0 = there is none */
	uint64_t count;
};

/* One kind of refusal by the device. */
struct monitor_refusal {
	const char *reason, *clause; /* static; clause may be NULL */
	int32_t result;
	uint64_t event, line, count;
};

struct monitor_score {
	uint64_t held, violated;
};

struct monitor_port {
	void *ctx;
	/* Copy guest memory; 0, or not 0: not memory. NULL: nothing that lies there is judged. */
	int (*mem_read)(void *ctx, struct vmci_gpa gpa, void *dst, size_t len);
	/* A violation of a new kind; may be NULL. Not to call back. */
	void (*found)(void *ctx, const struct monitor_finding *f);
};

/* Bytes that a monitor needs. */
size_t monitor_bytes(void);
/* Make one in memory of monitor_bytes(), aligned for any type, the caller's. port is copied. */
struct monitor *monitor_start(void *memory, const struct monitor_port *port, uint64_t patience_us);

/* The time, any origin, not going back; at least before each event that came later. */
void monitor_time(struct monitor *m, uint64_t now_us);
/* The line of the text trace that the next event becomes; 0: there is no such trace. */
void monitor_line(struct monitor *m, uint64_t line);
/* What happened. Events of other contexts are taken into account where they concern this guest. */
void monitor_event(struct monitor *m, const struct vmci_trace *ev);
/* The guest is gone, and nothing more will come. */
void monitor_finish(struct monitor *m);

/* ---- what came out ---------------------------------------------------------------------- */

const char *monitor_clause(enum monitor_rule rule);
struct monitor_score monitor_score(const struct monitor *m, enum monitor_rule rule);
/* Events so far. */
uint64_t monitor_events(const struct monitor *m);
/* The n-th, oldest first; NULL: there are no more. */
const struct monitor_finding *monitor_finding(const struct monitor *m, unsigned n);
const struct monitor_refusal *monitor_refusal(const struct monitor *m, unsigned n);
/* "a write of 0x1 to IMR, 8 bits wide", cut to size. Returns buf. */
const char *monitor_finding_text(const struct monitor_finding *f, char *buf, size_t size);

#endif
