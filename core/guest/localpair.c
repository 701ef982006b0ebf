/* SPDX-License-Identifier: BSD-2-Clause */
/* Local queue pairs: both ends in this guest; the device never hears of them. Spec: chapter 60. */
#include "state.h"

static struct guest_local *make(struct vmci_guest *g, const struct vmci_guest_pair *p)
{
	struct guest_local *l = guest_alloc(g, sizeof(*l));

	if (!l)
		return NULL;
	l->size[0] = p->produce_size;
	l->size[1] = p->consume_size;
	for (int k = 0; k < 2; k++) {
		vmci_queue_header_init(l->header[k], p->handle);
		if (l->size[k])
			l->bytes[k] = guest_alloc(g, (size_t)l->size[k]);
		if (l->size[k] && !l->bytes[k]) {
			guest_free(g, l->bytes[0], (size_t)l->size[0]);
			guest_free(g, l, sizeof(*l));
			return NULL;
		}
	}
	return l;
}

/* Take a side over. Its indices are where the last user of the side left them. */
static int take_side(struct vmci_guest_pair *p, struct guest_local *l, unsigned side)
{
	unsigned peer = 1 - side;
	struct vmci_ring_memory produce = { l->header[side], l->header[peer], NULL,
					    l->bytes[side],  l->size[side],   0 };
	struct vmci_ring_memory consume = { l->header[side], l->header[peer], NULL,
					    l->bytes[peer],  l->size[peer],   0 };
	int rc = 0;

	p->local = l;
	p->user = side;
	l->is_used[side] = true;
	/* A queue of no bytes has no indices to continue with. */
	if (l->size[side])
		rc = vmci_ring_attach(&p->produce, VMCI_RING_PRODUCER, &produce);
	else
		rc = vmci_ring_init(&p->produce, VMCI_RING_PRODUCER, &produce);
	if (rc < 0)
		return rc;
	return l->size[peer] ? vmci_ring_attach(&p->consume, VMCI_RING_CONSUMER, &consume)
			     : vmci_ring_init(&p->consume, VMCI_RING_CONSUMER, &consume);
}

int guest_local_alloc(struct vmci_guest *g, struct vmci_guest_pair *p,
		      const struct vmci_guest_pair *found, uint32_t peer)
{
	const uint32_t ignored = VMCI_QPFLAG_ATTACH_ONLY;
	struct guest_local *l;
	unsigned side;

	if (!found) {
		if ((p->handle.context != g->cid || (peer != VMCI_INVALID_ID && peer != g->cid)) &&
		    !VMCI_FAULT("guest-pair.local-foreign"))
			return VMCI_ERROR_NO_ACCESS;
		if ((p->flags & VMCI_QPFLAG_ATTACH_ONLY) &&
		    !VMCI_FAULT("guest-pair.local-attach-only"))
			return VMCI_ERROR_NOT_FOUND;
		l = make(g, p);
		if (!l)
			return VMCI_LOCAL_NO_MEMORY;
		return take_side(p, l, 0);
	}
	l = found->local;
	if (l->is_used[0] && l->is_used[1] && !VMCI_FAULT("guest-pair.local-third"))
		return VMCI_ERROR_UNAVAILABLE;
	side = l->is_used[0] ? 1 : 0;
	if ((p->produce_size != l->size[side] || p->consume_size != l->size[1 - side] ||
	     (p->flags & ~ignored) != (found->flags & ~ignored)) &&
	    !VMCI_FAULT("guest-pair.local-sizes"))
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	return take_side(p, l, side);
}

bool guest_local_release(struct vmci_guest_pair *p)
{
	struct guest_local *l = p->local;

	p->local = NULL;
	l->is_used[p->user] = false;
	if (l->is_used[1 - p->user])
		return true;
	for (int k = 0; k < 2; k++)
		guest_free(p->g, l->bytes[k], (size_t)l->size[k]);
	guest_free(p->g, l, sizeof(*l));
	return false;
}

void guest_local_event(struct vmci_guest *g, struct vmci_handle handle, uint32_t event)
{
	uint8_t payload[VMCI_EVENT_QP_SIZE] = { 0 };

	if (VMCI_FAULT("guest-event.local-missing"))
		return;
	vmci_put32(payload + VMCI_EVENT_QP_EVENT, event);
	vmci_put_handle(payload + VMCI_EVENT_QP_HANDLE, handle);
	vmci_put32(payload + VMCI_EVENT_QP_PEER_ID, g->cid);
	guest_dispatch_event(g, payload, sizeof(payload));
}
