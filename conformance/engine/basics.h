/* SPDX-License-Identifier: BSD-2-Clause */
/* basics.h - what nearly every vector stands on, and whether the device under test has it.
 *
 * Vectors make hypercalls, send datagrams to their own context, ring their own doorbells and wait
 * for messages on the way to what they are about. A device that cannot do one of these would fail a
 * hundred vectors for one mistake. So when a vector fails that used such a thing, the engine tries
 * the thing by itself, once for each device; where it does not work the vector is skipped, and the
 * report says what it stood on. Vectors with the flag `basic` are about these things: such a one is
 * skipped only for something that stands in the list below before the thing it is about, so that
 * the mistake itself is told.
 */
#ifndef CONFORMANCE_BASICS_H
#define CONFORMANCE_BASICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "table.h"

enum basic {
	/* GET_CONTEXT_ID gives one and the same plausible id, also behind a call with a payload */
	BASIC_CALL_PORTS = 1 << 0,
	BASIC_CALL_DMA = 1 << 1,
	BASIC_TAKE_DMA = 1 << 2,    /* a DMA receive completes when nothing waits */
	BASIC_REFUSED_DMA = 1 << 3, /* so does a DMA send that is refused */
	BASIC_OWN_PORTS = 1 << 4,   /* a datagram to the own context arrives once, as it was sent */
	BASIC_OWN_DMA = 1 << 5,
	BASIC_ORDER = 1 << 6,	 /* two of them arrive in the order in which they were sent */
	BASIC_QUERY = 1 << 7,	 /* RESOURCES_QUERY knows GET_CONTEXT_ID */
	BASIC_ICR = 1 << 8,	 /* an idle ICR is 0, a cause of before is gone when it was read */
	BASIC_PAIR = 1 << 9,	 /* a small queue pair can be created */
	BASIC_HEADERS = 1 << 10, /* which has headers where they belong */
	BASIC_DETACH = 1 << 11,	 /* to leave a pair that is not there is refused */
	BASIC_RING = 1 << 12,	 /* ringing an own doorbell makes its byte in the bitmap 1 */
	BASIC_RING_CAUSE = 1 << 13, /* which latches the cause */
	BASIC_MESSAGE = 1 << 14,    /* a waiting datagram causes some message */
	BASIC_VECTOR = 1 << 15 /* in exclusive mode a datagram causes message 0, a ring message 1 */
};

struct engine;

struct basics {
	bool tried;
	uint32_t broken; /* enum basic, once tried */
	uint32_t used;	 /* enum basic, by the running vector */
	uint32_t cid;	 /* last answer to GET_CONTEXT_ID in the running vector, 0 none */
	uint32_t sent;	 /* datagrams to the own context in the running vector */
	bool exclusive;	 /* the mode of interrupts that the running vector chose */
};

/* What the running vector does: it starts; a datagram goes to {context, resource} through the
 * engine's transport; its result was `value`, or the transport broke down over it; the register
 * that moves a datagram is used by hand; a datagram is expected to arrive. */
void basics_begin(struct basics *b);
void basics_sends(struct engine *e, uint32_t context, uint32_t resource);
void basics_result(struct engine *e, uint32_t context, uint32_t resource, uint32_t value);
void basics_fault(struct engine *e);
void basics_register(struct engine *e, uint64_t offset);
void basics_takes(struct engine *e);
void basics_irq_mode(struct engine *e, enum vct_irq_mode mode);
void basics_waits(struct engine *e); /* for an interrupt message */

/* After a failure: the name of a thing that the vector used and that does not work on this device;
 * NULL when there is none, or when it cannot be found out. May try things out on the device, which
 * is not in a known state afterwards. */
const char *basics_missing(struct engine *e);

/* Tries all of it, and sets tried and broken. Returns 0 or the machine's error. */
int basics_try(struct engine *e);

#endif
