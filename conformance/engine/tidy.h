/* SPDX-License-Identifier: BSD-2-Clause */
/* tidy.h - what a vector leaves behind in a device, and taking it away.
 *
 * Vectors start behind CONTROL.RESET, and the book says what that does. A device whose reset does
 * less has to be told so by the vectors about reset, and by no other: so before the next vector the
 * engine ends half a datagram in DATA_OUT and half a read of DATA_IN, closes what was opened by
 * hypercalls, and puts back registers. On a device that resets all this changes nothing.
 */
#ifndef CONFORMANCE_TIDY_H
#define CONFORMANCE_TIDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIDY_HANDLES 64u /* of each kind; more are left to the reset */

struct engine;

struct tidy {
	uint8_t out_head[24]; /* header of the datagram that DATA_OUT is in */
	uint32_t out_have;    /* bytes of it */
	uint64_t out_left;    /* bytes of its payload to come, once the header is whole */
	uint64_t in_bytes;    /* taken from DATA_IN by steps of the vector */
	bool registers;	      /* IMR, page shift or address words were written by steps */
	uint32_t npairs, ndoorbells;
	uint8_t pairs[TIDY_HANDLES][8], doorbells[TIDY_HANDLES][8]; /* handles as on the wire */
};

/* Things that a vector does. len bytes went to DATA_OUT; n were taken from DATA_IN; a 32-bit
 * register was written; a hypercall was made. */
void tidy_out(struct tidy *t, const uint8_t *bytes, size_t len);
void tidy_in(struct tidy *t, size_t n);
void tidy_register(struct tidy *t, uint64_t offset);
void tidy_call(struct tidy *t, uint64_t rid, const uint8_t *payload, size_t len);

/* Whether a datagram in DATA_OUT is half sent or a read of DATA_IN half done. */
bool tidy_unfinished(const struct tidy *t);

/* In front of the reset: streams and registers. Behind it: handles, by whatever transport there is,
 * with another reset at the end; only when there are any. Both forget what they did, whether it
 * worked or not; they return the machine's error. */
int tidy_streams(struct engine *e);
int tidy_handles(struct engine *e);

#endif
