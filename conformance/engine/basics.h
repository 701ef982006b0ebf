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

enum basic {
	BASIC_CALL_PORTS = 1 << 0, /* GET_CONTEXT_ID gives one and the same plausible id */
	BASIC_CALL_DMA = 1 << 1,
	BASIC_TAKE_DMA = 1 << 2,  /* a DMA receive completes when nothing waits */
	BASIC_OWN_PORTS = 1 << 3, /* a datagram to the own context is accepted and arrives */
	BASIC_OWN_DMA = 1 << 4,
	BASIC_RING = 1 << 5,   /* ringing an own doorbell changes the bitmap */
	BASIC_MESSAGE = 1 << 6 /* a waiting datagram causes some message */
};

struct engine;

struct basics {
	bool tried;
	uint32_t broken; /* enum basic, once tried */
	uint32_t used;	 /* enum basic, by the running vector */
	uint32_t cid;	 /* last answer to GET_CONTEXT_ID in the running vector, 0 none */
};

/* What the running vector does: it starts; a datagram goes to {context, resource} through the
 * engine's transport; its result was `value`; the register that moves a datagram is used by hand; a
 * datagram is expected to arrive. */
void basics_begin(struct basics *b);
void basics_sends(struct engine *e, uint32_t context, uint32_t resource);
void basics_result(struct engine *e, uint32_t context, uint32_t resource, uint32_t value);
void basics_register(struct engine *e, uint64_t offset);
void basics_takes(struct engine *e);
void basics_waits(struct engine *e); /* for an interrupt message */

/* After a failure: the name of a thing that the vector used and that does not work on this device;
 * NULL when there is none, or when it cannot be found out. May try things out on the device, which
 * is not in a known state afterwards. */
const char *basics_missing(struct engine *e);

#endif
