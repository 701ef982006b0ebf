/* SPDX-License-Identifier: BSD-2-Clause */
/* rings.h - the engine's own end of a queue pair, in raw guest memory.
 *
 * It plays the guest of a device under test, without the core's queue: what it writes and
 * believes is written down here once more, from the book (QP chapter). Both header pages and
 * all data pages come from one allocation of the machine, handed out in a scattered order that
 * needs no list.
 */
#ifndef CONFORMANCE_RINGS_H
#define CONFORMANCE_RINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "machine.h"

struct ring_pair {
	bool used;
	uint32_t page_shift;
	uint32_t npages;	/* headers included */
	uint32_t stride, start; /* page i of the list is (start + i * stride) mod npages of base */
	uint64_t base;		/* guest-physical address of the allocation, page aligned */
	uint64_t produce, consume; /* bytes of the two queues, as the guest names them */
	uint64_t produce_pages;	   /* data pages of the produce queue */
};

/* Largest number of pages of one pair; more is refused. */
#define RING_PAGES_MAX 40000u

/* Get memory for a pair. seed varies the order of the pages.
 * Returns 0, MACHINE_ERROR or MACHINE_UNSUPPORTED from the machine's allocator, or 1: the sizes
 * need more than RING_PAGES_MAX pages. */
int ring_create(struct ring_pair *q, struct machine *m, uint64_t produce, uint64_t consume,
		uint32_t seed);

/* Guest-physical address of page i of the list the device gets: produce header, produce data,
 * consume header, consume data. i < npages. */
uint64_t ring_page(const struct ring_pair *q, uint32_t i);

/* Addresses of the two header pages. */
uint64_t ring_produce_header(const struct ring_pair *q);
uint64_t ring_consume_header(const struct ring_pair *q);

/* The guest's enqueue and dequeue: *result is the number of bytes, or the VMCI result that a driver
 * would give (no space, no data, indices out of range). The indices are taken from
 * memory each time. Returns 0 or what the machine's memory access returned.
 *   src/dst, len  the caller's buffer; dequeue moves at most len bytes */
int ring_push(const struct ring_pair *q, struct machine *m, const uint8_t *src, size_t len,
	      int64_t *result);
int ring_pull(const struct ring_pair *q, struct machine *m, uint8_t *dst, size_t len,
	      int64_t *result);

#endif
