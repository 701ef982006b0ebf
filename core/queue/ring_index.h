/* SPDX-License-Identifier: BSD-2-Clause */
/* ring_index.h - inside of the ring: the two indices in shared memory. Nobody else touches them. */
#ifndef VMCI_QUEUE_RING_INDEX_H
#define VMCI_QUEUE_RING_INDEX_H

#include <stdbool.h>
#include <vmci/fault.h>
#include <vmci/order.h>
#include <vmci/ring.h>

/* vmci_ring.flags */
enum {
	RING_CONSUMER = 1,
	RING_CONTIGUOUS = 2,
	RING_BATCH = 4,
	RING_UNMAPPED = 8,
	RING_CORRUPT = 16, /* the last look before unmapping found a bad index */
};

static inline bool ring_is_consumer(const struct vmci_ring *r)
{
	return (r->flags & RING_CONSUMER) != 0;
}

/* Store the own index. Pairs with the peer's acquire load in its ring_look(). */
static inline void ring_publish(struct vmci_ring *r)
{
	uint64_t own = r->own;

	if (VMCI_FAULT("ring.pointer-not-wrapped") &&
	    own < vmci_load_acquire64(r->own_word) % (r->size + !r->size))
		own += r->size;
	if (VMCI_FAULT("ring.never-wraps") && r->size) {
		uint64_t before = vmci_load_acquire64(r->own_word);

		own = before + (own + r->size - before % r->size) % r->size;
	}
	vmci_store_release64(r->own_word, own);
	r->unpublished = 0;
}

/* Read the peer's index and tell what may be moved by it, in bytes, or VMCI_ERROR_INVALID_SIZE: it
 * is not below the size. The ring must be mapped. */
int64_t ring_read_peer(const struct vmci_ring *r);

/* The same into r->avail, after publishing what waits. Returns 0 or VMCI_ERROR_INVALID_SIZE: avail
 * is as before. */
int ring_look(struct vmci_ring *r);

#endif
