/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a ring lies: made, attached, mapped and unmapped. Spec: chapter 60. */
#include <vmci/ring.h>

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "ring_index.h"

void vmci_queue_header_init(void *header, struct vmci_handle handle)
{
	uint8_t *bytes = header;

	memset(bytes, 0, VMCI_FAULT("pair.half-cleared") ? 12 : VMCI_QUEUE_HEADER_SIZE);
	vmci_put_handle(bytes + VMCI_QUEUE_HEADER_HANDLE, handle);
}

static int check_memory(const struct vmci_ring_memory *m)
{
	if (!m->own_header || !m->peer_header || ((uintptr_t)m->own_header & 7) ||
	    ((uintptr_t)m->peer_header & 7))
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (m->size && !m->pages && !m->contiguous)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (m->pages && (m->page_shift < VMCI_GUEST_PAGE_SHIFT_MIN ||
			 m->page_shift > VMCI_GUEST_PAGE_SHIFT_MAX))
		return VMCI_LOCAL_BAD_ARGUMENT;
	return 0;
}

static void set_memory(struct vmci_ring *r, const struct vmci_ring_memory *m)
{
	uint8_t *own = m->own_header;
	const uint8_t *peer = m->peer_header;

	if (ring_is_consumer(r)) {
		r->own_word = own + VMCI_QUEUE_HEADER_CONSUMER_HEAD;
		r->peer_word = peer + VMCI_QUEUE_HEADER_PRODUCER_TAIL;
	} else {
		r->own_word = own + VMCI_QUEUE_HEADER_PRODUCER_TAIL;
		r->peer_word = peer + VMCI_QUEUE_HEADER_CONSUMER_HEAD;
	}
	r->flags &= RING_CONSUMER;
	if (m->pages) {
		r->memory = (void *)(uintptr_t)m->pages;
		r->page_shift = (uint8_t)m->page_shift;
	} else {
		r->memory = m->contiguous;
		r->flags |= RING_CONTIGUOUS;
	}
	r->run_end = (uint32_t)r->own;
}

int vmci_ring_init(struct vmci_ring *r, enum vmci_ring_side side,
		   const struct vmci_ring_memory *mem)
{
	int rc = check_memory(mem);

	if (rc < 0)
		return rc;
	memset(r, 0, sizeof(*r));
	r->flags = side == VMCI_RING_CONSUMER ? RING_CONSUMER : 0;
	r->size = mem->size;
	set_memory(r, mem);
	return 0;
}

int vmci_ring_attach(struct vmci_ring *r, enum vmci_ring_side side,
		     const struct vmci_ring_memory *mem)
{
	int rc = vmci_ring_init(r, side, mem);

	if (rc < 0)
		return rc;
	/* The own index is ours but has been in shared memory: believed like one of the peer. */
	r->own = vmci_load_acquire64(r->own_word);
	if (r->own >= r->size)
		return VMCI_ERROR_INVALID_SIZE;
	r->run_end = (uint32_t)r->own;
	return ring_look(r);
}

void vmci_ring_unmap(struct vmci_ring *r)
{
	bool is_corrupt;

	if (r->flags & RING_UNMAPPED)
		return;
	is_corrupt = ring_look(r) < 0;
	r->flags &= RING_CONSUMER;
	r->flags |= RING_UNMAPPED | (is_corrupt ? RING_CORRUPT : 0);
	r->run_end = (uint32_t)r->own;
	r->own_word = NULL;
	r->peer_word = NULL;
	r->memory = NULL;
}

int vmci_ring_map(struct vmci_ring *r, const struct vmci_ring_memory *mem)
{
	int rc = check_memory(mem);

	if (rc < 0)
		return rc;
	if (mem->size != r->size)
		return VMCI_LOCAL_BAD_ARGUMENT;
	set_memory(r, mem);
	r->avail = 0; /* the next use looks */
	ring_publish(r);
	return 0;
}
