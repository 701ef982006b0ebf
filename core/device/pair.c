/* SPDX-License-Identifier: BSD-2-Clause */
/* What both ends of a queue pair do with its memory. Spec: chapter 60. */
#include "broker.h"

#include "device.h"

#include <vmci/fault.h>

void vmci_pair_trace(const struct vmci_pair *pair, uint32_t cid, const char *what)
{
	struct vmci_trace ev = { .kind = VMCI_TRACE_QUEUE_PAIR,
				 .cid = cid,
				 .handle = pair->handle,
				 .value = (uint64_t)pair->state,
				 .text = what };

	vmci_hub_trace(pair->hub, &ev);
}

/* ---- rings ------------------------------------------------------------------------------ */

/* Both queues as one end sees them. */
struct view {
	struct vmci_ring_memory produce, consume;
};

/* Deliberate mistakes in finding the queues. */
static void spoil(const struct vmci_pages *p, struct view *v, struct vmci_ring_memory right)
{
	if (VMCI_FAULT("pair.queues-swapped") && p->produce <= p->consume) {
		v->produce.pages = v->consume.pages;
		v->consume.pages = right.pages;
	}
	if (VMCI_FAULT("pair.page-offset")) {
		v->produce.pages += p->consume > 1;
		v->produce.size -= p->consume > 1 ? (uint64_t)1 << p->page_shift : 0;
	}
	if (VMCI_FAULT("pair.size-rounded")) {
		v->produce.size = p->consume << p->page_shift;
		v->consume.size = p->produce << p->page_shift;
	}
	if (VMCI_FAULT("pair.wrong-header")) {
		v->produce.own_header = (void *)(uintptr_t)right.peer_header;
		v->produce.peer_header = right.own_header;
		v->consume.own_header = v->produce.own_header;
		v->consume.peer_header = v->produce.peer_header;
	}
}

static void look_from(const struct vmci_pair *pair, bool is_vm, struct view *v)
{
	const struct vmci_pages *p = pair->pages;
	struct vmci_ring_memory guest_produces = {
		.pages = vmci_pages_produce_data(p),
		.size = pair->produce,
		.page_shift = p->page_shift,
	};
	struct vmci_ring_memory guest_consumes = {
		.pages = vmci_pages_consume_data(p),
		.size = pair->consume,
		.page_shift = p->page_shift,
	};
	void *own = is_vm ? vmci_pages_produce_header(p) : vmci_pages_consume_header(p);
	void *peer = is_vm ? vmci_pages_consume_header(p) : vmci_pages_produce_header(p);

	v->produce = is_vm ? guest_produces : guest_consumes;
	v->consume = is_vm ? guest_consumes : guest_produces;
	v->produce.own_header = own;
	v->produce.peer_header = peer;
	v->consume.own_header = own;
	v->consume.peer_header = peer;
	spoil(p, v, v->produce);
}

void vmci_pair_join(struct vmci_pair *pair, struct vmci_pair_end *end)
{
	struct view v;

	/* A guest behind a device has its own. */
	if (end->ctx->device)
		return;
	look_from(pair, vmci_context_is_vm(end->ctx), &v);
	/* Nothing here can be refused: headers are whole pages or were checked. */
	if (vmci_ring_init(&end->produce, VMCI_RING_PRODUCER, &v.produce) ||
	    vmci_ring_init(&end->consume, VMCI_RING_CONSUMER, &v.consume))
		pair->hub->port->panic(pair->hub->port->ctx, "vmci_pair_join");
	end->has_rings = true;
}

void vmci_pair_begin(struct vmci_pair *pair)
{
	struct vmci_handle handle = pair->handle;

	if (VMCI_FAULT("pair.header-handle"))
		handle.resource = 0;
	vmci_queue_header_init(vmci_pages_produce_header(pair->pages), handle);
	vmci_queue_header_init(vmci_pages_consume_header(pair->pages), handle);
	if (VMCI_FAULT("pair.header-pointers"))
		vmci_put64((uint8_t *)vmci_pages_consume_header(pair->pages) +
				   VMCI_QUEUE_HEADER_PRODUCER_TAIL,
			   1);
	if (pair->creator)
		vmci_pair_join(pair, pair->creator);
	if (pair->attacher)
		vmci_pair_join(pair, pair->attacher);
}

static void unmap_end(struct vmci_pair_end *end)
{
	if (!end || !end->has_rings)
		return;
	vmci_ring_unmap(&end->produce);
	vmci_ring_unmap(&end->consume);
}

void vmci_pair_rings_unmap(struct vmci_pair *pair)
{
	if (!pair->pages || pair->pages->state != VMCI_PAGES_MAPPED)
		return;
	unmap_end(pair->creator);
	unmap_end(pair->attacher);
}

static void map_end(struct vmci_pair *pair, struct vmci_pair_end *end)
{
	struct view v;

	if (!end || end->ctx->device)
		return;
	if (!end->has_rings) {
		vmci_pair_join(pair, end);
		return;
	}
	look_from(pair, vmci_context_is_vm(end->ctx), &v);
	if (vmci_ring_map(&end->produce, &v.produce) || vmci_ring_map(&end->consume, &v.consume))
		pair->hub->port->panic(pair->hub->port->ctx, "vmci_pair_rings_map");
}

void vmci_pair_rings_map(struct vmci_pair *pair)
{
	if (VMCI_FAULT("pause.loses-position")) {
		vmci_pair_begin(pair);
		return;
	}
	map_end(pair, pair->creator);
	map_end(pair, pair->attacher);
}

void vmci_pair_rings_drop(struct vmci_pair *pair)
{
	if (pair->creator)
		pair->creator->has_rings = false;
	if (pair->attacher)
		pair->attacher->has_rings = false;
}

/* ---- moving bytes ----------------------------------------------------------------------- */

/* Pages that moved are pinned again when somebody needs them. */
static bool is_mapped(struct vmci_pair *pair)
{
	struct vmci_pages *pages = pair->pages;

	if (pages->state == VMCI_PAGES_MAPPED)
		return true;
	if (pages->state != VMCI_PAGES_DEAD || vmci_pages_map(pages))
		return false;
	vmci_pair_rings_map(pair);
	return true;
}

/* For a deliberate mistake: transfers end with the guest's detach, questions do not. */
static bool is_only_read(const struct vmci_pair *pair)
{
	return VMCI_FAULT("detach.pages-read") && pair->state == VMCI_QPB_SHUTDOWN_NO_MEM;
}

static int usable(struct vmci_pair_end *end)
{
	if (VMCI_FAULT("detach.host-before-guest") && end->pair &&
	    end->pair->state == VMCI_QPB_CREATED_NO_MEM)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if (VMCI_FAULT("pause.detach-hangs") && end->pair && !end->has_rings)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if (!end->pair || !end->has_rings || is_only_read(end->pair))
		return VMCI_ERROR_QUEUEPAIR_NOTATTACHED;
	if (VMCI_FAULT("pause.reads-memory") && end->pair->state % 2)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if (is_mapped(end->pair))
		return 0;
	return end->flags & VMCI_QPFLAG_NONBLOCK ? VMCI_ERROR_WOULD_BLOCK
						 : VMCI_ERROR_QUEUEPAIR_NOT_READY;
}

int64_t vmci_pair_enqueue(struct vmci_pair_end *end, const void *src, size_t len)
{
	int rc = usable(end);

	if (VMCI_FAULT("detach.host-still-writes") && rc == VMCI_ERROR_QUEUEPAIR_NOTATTACHED)
		return (int64_t)len;
	return rc ? rc : vmci_ring_enqueue(&end->produce, src, len);
}

int64_t vmci_pair_dequeue(struct vmci_pair_end *end, void *dst, size_t len)
{
	int rc = usable(end);

	if (VMCI_FAULT("detach.host-still-reads") && rc == VMCI_ERROR_QUEUEPAIR_NOTATTACHED)
		return (int64_t)len;
	return rc ? rc : vmci_ring_dequeue(&end->consume, dst, len);
}

int64_t vmci_pair_peek(struct vmci_pair_end *end, void *dst, size_t len)
{
	int rc = usable(end);

	return rc ? rc : vmci_ring_peek(&end->consume, dst, len);
}

/* Questions are answered from what was seen last while the memory is away, and with 0 when there
 * is none for good. */
static int64_t ask(struct vmci_pair_end *end, struct vmci_ring *ring, bool ready)
{
	if (!end->pair || !end->has_rings)
		return 0;
	if (VMCI_FAULT("pause.no-saved-headers") && !is_mapped(end->pair))
		return 0;
	if (!is_mapped(end->pair) && end->pair->pages->state == VMCI_PAGES_DEAD)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	return ready ? vmci_ring_ready(ring) : vmci_ring_room(ring);
}

int64_t vmci_pair_ready(struct vmci_pair_end *end)
{
	return ask(end, &end->consume, true);
}

int64_t vmci_pair_room(struct vmci_pair_end *end)
{
	return ask(end, &end->produce, false);
}

int vmci_pair_state(const struct vmci_pair_end *end)
{
	int state = end->pair ? end->pair->state : VMCI_QPB_GONE;

	if (VMCI_FAULT("broker.state-create") && state <= VMCI_QPB_CREATED_MEM)
		state ^= 3;
	if (VMCI_FAULT("broker.state-attach") &&
	    (state == VMCI_QPB_ATTACHED_NO_MEM || state == VMCI_QPB_ATTACHED_MEM))
		state ^= 7;
	if (VMCI_FAULT("broker.state-detach") &&
	    (state == VMCI_QPB_SHUTDOWN_NO_MEM || state == VMCI_QPB_SHUTDOWN_MEM))
		state ^= 3;
	return state;
}

struct vmci_handle vmci_pair_handle(const struct vmci_pair_end *end)
{
	return end->pair ? end->pair->handle : vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID);
}
