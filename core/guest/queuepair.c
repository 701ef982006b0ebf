/* SPDX-License-Identifier: BSD-2-Clause */
/* Queue pairs of a guest: the memory is always the guest's, the device writes the headers.
 * Spec: chapter 60. */
#include "state.h"

static struct vmci_guest_pair *find(const struct vmci_guest *g, struct vmci_handle h)
{
	struct vmci_guest_pair *p = g->pairs;

	while (p && !vmci_handle_equal(p->handle, h))
		p = p->next;
	return p;
}

bool guest_has_pair(const struct vmci_guest *g, struct vmci_handle handle)
{
	return find(g, handle) != NULL;
}

/* What can be refused without knowing any other pair. */
static int check(uint32_t flags, uint32_t priv, uint64_t produce, uint64_t consume)
{
	if (produce > VMCI_MAX_GUEST_QP_MEMORY || consume > VMCI_MAX_GUEST_QP_MEMORY ||
	    produce + consume > VMCI_MAX_GUEST_QP_MEMORY)
		return VMCI_ERROR_NO_RESOURCES;
	if (!produce && !consume)
		return VMCI_ERROR_INVALID_ARGS;
	if ((flags & ~(uint32_t)(VMCI_QPFLAG_ATTACH_ONLY | VMCI_QPFLAG_LOCAL)) &&
	    !VMCI_FAULT("guest-pair.flags-unchecked"))
		return VMCI_ERROR_INVALID_ARGS;
	if (priv && !VMCI_FAULT("guest-pair.priv-unchecked"))
		return VMCI_ERROR_NO_ACCESS;
	return 0;
}

/* ---- at the device ---------------------------------------------------------------------- */

/* Pages of the queues, in the order of the page list: produce header, produce data, consume
 * header, consume data. */
static size_t data_pages(const struct vmci_guest *g, uint64_t size)
{
	return (size_t)((size + guest_page(g) - 1) >> g->page_shift);
}

static int call_alloc(struct vmci_guest *g, const struct vmci_guest_pair *p, uint32_t peer)
{
	size_t entry = (g->caps & VMCI_CAPS_PPN64) || VMCI_FAULT("guest-pair.ppn-width") ? 8 : 4;
	size_t len = VMCI_QUEUEPAIR_ALLOC_MSG_SIZE + p->pages.n * entry;
	uint8_t *message, *ppn;
	int rc;

	for (size_t i = 0; i < p->pages.n; i++)
		if (entry == 4 && p->pages.addr[i] >> g->page_shift > UINT32_MAX)
			return VMCI_ERROR_INVALID_ARGS;
	message = guest_alloc(g, len);
	if (!message)
		return VMCI_LOCAL_NO_MEMORY;
	vmci_put_handle(message + VMCI_QUEUEPAIR_ALLOC_MSG_HANDLE, p->handle);
	vmci_put32(message + VMCI_QUEUEPAIR_ALLOC_MSG_PEER, peer);
	vmci_put32(message + VMCI_QUEUEPAIR_ALLOC_MSG_FLAGS, p->flags);
	vmci_put64(message + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE, p->produce_size);
	vmci_put64(message + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE, p->consume_size);
	vmci_put64(message + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS, p->pages.n);
	if (VMCI_FAULT("guest-pair.request-layout"))
		memmove(message + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE,
			message + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE, 8);
	ppn = message + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS;
	for (size_t i = 0; i < p->pages.n; i++, ppn += entry) {
		uint64_t addr = p->pages.addr[i];

		if (VMCI_FAULT("guest-pair.page-order"))
			addr = p->pages.addr[p->pages.n - 1 - i];
		if (entry == 8)
			vmci_put64(ppn, addr >> g->page_shift);
		else
			vmci_put32(ppn, (uint32_t)(addr >> g->page_shift));
	}
	rc = guest_call_result(g, VMCI_QUEUEPAIR_ALLOC, message, len);
	guest_free(g, message, len);
	return rc;
}

static int call_detach(struct vmci_guest *g, struct vmci_handle handle)
{
	uint8_t message[VMCI_QUEUEPAIR_DETACH_MSG_SIZE];

	vmci_put_handle(message + VMCI_QUEUEPAIR_DETACH_MSG_HANDLE, handle);
	return guest_call_result(g, VMCI_QUEUEPAIR_DETACH, message, sizeof(message));
}

/* The rings start from zero on both sides: the device has just written the headers, and what it
 * wrote is not asked. */
static int init_rings(struct vmci_guest_pair *p, size_t nproduce)
{
	void **page = p->pages.page;
	struct vmci_ring_memory produce = { page[0], page[nproduce + 1], page + 1,
					    NULL,    p->produce_size,	 p->g->page_shift };
	struct vmci_ring_memory consume = { page[0], page[nproduce + 1], page + nproduce + 2,
					    NULL,    p->consume_size,	 p->g->page_shift };
	int rc;

	if (VMCI_FAULT("guest-pair.wrong-header")) {
		produce.own_header = consume.own_header = page[nproduce + 1];
		produce.peer_header = consume.peer_header = page[0];
	}
	rc = vmci_ring_init(&p->produce, VMCI_RING_PRODUCER, &produce);
	return rc < 0 ? rc : vmci_ring_init(&p->consume, VMCI_RING_CONSUMER, &consume);
}

static int alloc_at_device(struct vmci_guest *g, struct vmci_guest_pair *p, uint32_t peer)
{
	size_t nproduce = data_pages(g, p->produce_size);
	size_t nconsume = data_pages(g, p->consume_size);
	int rc = guest_pages_alloc(g, &p->pages, nproduce + nconsume + 2);

	if (rc < 0)
		return rc;
	rc = init_rings(p, nproduce);
	if (rc >= 0)
		rc = call_alloc(g, p, peer);
	if (rc == VMCI_LOCAL_TIMEOUT) {
		/* Perhaps the device has the pages now: they stay until it is reset. */
		p->is_kept = true;
		return rc;
	}
	if (rc < 0 && !VMCI_FAULT("guest-pair.alloc-result-ignored")) {
		guest_pages_free(g, &p->pages);
		return rc;
	}
	if (VMCI_FAULT("guest-pair.writes-headers")) {
		memset(p->pages.page[0], 0, VMCI_QUEUE_HEADER_SIZE);
		memset(p->pages.page[nproduce + 1], 0, VMCI_QUEUE_HEADER_SIZE);
	}
	p->produce_addr = p->pages.addr[0];
	p->consume_addr = p->pages.addr[nproduce + 1];
	return 0;
}

/* ---- life ------------------------------------------------------------------------------- */

int vmci_guest_pair_alloc(struct vmci_guest *g, struct vmci_handle handle, uint32_t peer,
			  uint32_t flags, uint32_t priv, uint64_t produce, uint64_t consume,
			  struct vmci_guest_pair **out)
{
	struct vmci_guest_pair *p, *found = NULL;
	int64_t cid;
	bool is_open = handle.context == VMCI_INVALID_ID && handle.resource == VMCI_INVALID_ID;
	int rc = check(flags, priv, produce, consume);

	if (rc < 0)
		return rc;
	/* A device may choose the missing half, and nobody would learn which it took. */
	if (!is_open && (handle.context == VMCI_INVALID_ID || handle.resource == VMCI_INVALID_ID) &&
	    !VMCI_FAULT("guest-pair.half-handle"))
		return VMCI_ERROR_INVALID_ARGS;
	cid = vmci_guest_cid(g);
	if (cid < 0)
		return (int)cid;
	if (is_open)
		handle = vmci_handle((uint32_t)cid, guest_free_resource(g));
	else
		found = find(g, handle);
	if (found && !found->local)
		return VMCI_ERROR_ALREADY_EXISTS;
	p = guest_alloc(g, sizeof(*p));
	if (!p)
		return VMCI_LOCAL_NO_MEMORY;
	p->g = g;
	p->handle = handle;
	p->flags = flags;
	p->produce_size = produce;
	p->consume_size = consume;
	if (found || (flags & VMCI_QPFLAG_LOCAL))
		rc = guest_local_alloc(g, p, found, peer);
	else
		rc = alloc_at_device(g, p, peer);
	if (rc < 0 && !p->is_kept) {
		guest_free(g, p, sizeof(*p));
		return rc;
	}
	p->next = g->pairs;
	g->pairs = p;
	if (rc < 0)
		return rc;
	*out = p;
	if (found)
		guest_local_event(g, p->handle, VMCI_EVENT_QP_PEER_ATTACH);
	return 0;
}

static void free_pair(struct vmci_guest *g, struct vmci_guest_pair *p)
{
	guest_pages_free(g, &p->pages);
	guest_free(g, p, sizeof(*p));
}

int vmci_guest_pair_detach(struct vmci_guest_pair *p)
{
	struct vmci_guest *g = p->g;
	struct vmci_guest_pair **link;
	struct vmci_handle handle = p->handle;
	bool peer_is_left = false;
	int rc;

	if (p->local) {
		peer_is_left = guest_local_release(p);
		if (VMCI_FAULT("guest-event.local-uses-device") ||
		    VMCI_FAULT("guest-pair.local-uses-device"))
			call_detach(g, handle);
	} else {
		rc = VMCI_FAULT("guest-pair.detach-no-call") ? 0 : call_detach(g, handle);
		if (rc < 0 && !VMCI_FAULT("guest-pair.refused-detach-frees"))
			return rc;
		if (rc < 0) {
			/* The mistake: the memory is used for something else. */
			for (size_t i = 0; i < p->pages.n; i++)
				memset(p->pages.page[i], 0xee, guest_page(g));
		}
	}
	for (link = &g->pairs; *link != p; link = &(*link)->next)
		;
	*link = p->next;
	free_pair(g, p);
	if (peer_is_left)
		guest_local_event(g, handle, VMCI_EVENT_QP_PEER_DETACH);
	return 0;
}

void guest_detach_pairs(struct vmci_guest *g)
{
	for (struct vmci_guest_pair *p = g->pairs; p; p = p->next)
		if (!p->local && !VMCI_FAULT("guest-pair.left-attached"))
			call_detach(g, p->handle);
}

void guest_free_pairs(struct vmci_guest *g)
{
	struct vmci_guest_pair *p;

	while ((p = g->pairs)) {
		g->pairs = p->next;
		if (p->local)
			guest_local_release(p);
		free_pair(g, p);
	}
}

/* ---- use -------------------------------------------------------------------------------- */

struct vmci_ring *vmci_guest_pair_produce(struct vmci_guest_pair *p)
{
	return &p->produce;
}

struct vmci_ring *vmci_guest_pair_consume(struct vmci_guest_pair *p)
{
	return &p->consume;
}

struct vmci_handle vmci_guest_pair_handle(const struct vmci_guest_pair *p)
{
	return p->handle;
}

void vmci_guest_pair_headers(const struct vmci_guest_pair *p, uint64_t *produce, uint64_t *consume)
{
	*produce = p->produce_addr;
	*consume = p->consume_addr;
}
