/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that reads the peer's index. Spec: chapter 60. */
#include "ring_index.h"

/* Pairs with the peer's release store. */
int64_t ring_read_peer(const struct vmci_ring *r)
{
	uint64_t peer = vmci_load_acquire64(r->peer_word), ready;

	if (VMCI_FAULT("ring.pointer-32-bit"))
		peer = (uint32_t)peer;
	if (VMCI_FAULT("ring.zero-size") && !r->size)
		return 0;
	if (VMCI_FAULT("ring.empty-as-full") && ring_is_consumer(r) && peer == r->own)
		return (int64_t)r->size - 1;
	if (peer >= r->size) {
		if (!VMCI_FAULT("ring.trust-peer-index") || !r->size)
			return VMCI_ERROR_INVALID_SIZE;
		peer %= r->size;
	}
	if (ring_is_consumer(r))
		return (int64_t)(peer >= r->own ? peer - r->own : r->size - r->own + peer);
	ready = r->own >= peer ? r->own - peer : r->size - peer + r->own;
	return (int64_t)(r->size - 1 - ready) + (VMCI_FAULT("ring.no-gap") ? 1 : 0);
}

int ring_look(struct vmci_ring *r)
{
	int64_t avail;

	if (r->unpublished)
		ring_publish(r); /* or a full ring would wait for a peer that sees nothing of it */
	avail = ring_read_peer(r);
	if (avail < 0)
		return (int)avail;
	r->avail = (uint64_t)avail;
	return 0;
}
