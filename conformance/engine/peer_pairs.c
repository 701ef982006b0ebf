/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance peer's ends of queue pairs. */
#include "peer_pairs.h"

#include <vmci/fault.h>
#include <vmci/mem.h>
#include "peer_state.h"

#define PAGE_SHIFT 12u
#define PAGE	   ((size_t)1 << PAGE_SHIFT)

/* ---- memory of bare VMs ------------------------------------------------------------------ */

static size_t pages_of(uint64_t bytes)
{
	return (size_t)((bytes + PAGE - 1) >> PAGE_SHIFT);
}

static void free_pages(struct peer_actor *p, struct peer_pages *pages)
{
	const struct vmci_hub_port *port = p->world.port;

	if (pages->block) {
		port->free(port->ctx, pages->block, pages->size);
		p->pair_memory -= pages->size;
	}
	if (pages->list)
		port->free(port->ctx, pages->list, pages->list_size);
	memset(pages, 0, sizeof(*pages));
}

/* A block with both headers and all data pages, the data pages in descending order, so that nobody
 * gets along with taking them for neighbours. Returns 0 or a result. */
static int make_pages(struct peer_actor *p, struct peer_pages *pages, uint64_t produce,
		      uint64_t consume)
{
	const struct vmci_hub_port *port = p->world.port;
	size_t np, nc, n;

	if (produce > PEER_MEMORY_BYTES || consume > PEER_MEMORY_BYTES - produce)
		return VMCI_ERROR_NO_MEM;
	np = pages_of(produce);
	nc = pages_of(consume);
	n = np + nc;
	pages->size = (n + 2) * PAGE;
	if (pages->size > PEER_MEMORY_BYTES + 4 * PAGE - p->pair_memory)
		return VMCI_ERROR_NO_MEM;
	pages->list_size = (n + 1) * sizeof(void *);
	pages->block = port->alloc(port->ctx, pages->size);
	if (pages->block)
		p->pair_memory += pages->size;
	pages->list = port->alloc(port->ctx, pages->list_size);
	if (!pages->block || !pages->list) {
		free_pages(p, pages);
		return VMCI_ERROR_NO_MEM;
	}
	for (size_t i = 0; i < n; i++)
		pages->list[i] = pages->block + (n + 1 - i) * PAGE;
	pages->memory.produce_header = pages->block;
	pages->memory.consume_header = pages->block + PAGE;
	pages->memory.produce_pages = pages->list;
	pages->memory.consume_pages = pages->list + np;
	pages->memory.page_shift = PAGE_SHIFT;
	return 0;
}

/* ---- life -------------------------------------------------------------------------------- */

static void drop(struct peer_actor *p, struct peer_pair *pair)
{
	if (pair->end)
		vmci_pair_detach(pair->end);
	free_pages(p, &pair->pages);
	memset(pair, 0, sizeof(*pair));
}

void peer_pairs_drop(struct peer_actor *p)
{
	for (unsigned i = 0; i < PEER_PAIRS; i++)
		drop(p, &p->pairs[i]);
}

/* as, name, ctx, res, peer, flags, produce, consume, priv */
static int64_t alloc(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a,
		     bool with_memory)
{
	struct vmci_handle handle = { (uint32_t)a[2], (uint32_t)a[3] };
	struct peer_pair made = { .as = (uint32_t)a[0], .produce = a[6], .consume = a[7] };
	int64_t rc = 0;

	if (with_memory) {
		rc = make_pages(p, &made.pages, a[6], a[7]);
		/* Sizes that nobody can back are still the broker's to refuse. */
		if (rc && a[6] <= PEER_MEMORY_BYTES && a[7] <= PEER_MEMORY_BYTES)
			return rc;
	}
	rc = vmci_context_pair(ctx, handle, (uint32_t)a[4], (uint32_t)a[5], (uint32_t)a[8], a[6],
			       a[7], made.pages.block ? &made.pages.memory : NULL, NULL, &made.end);
	if (rc) {
		free_pages(p, &made.pages);
		return rc;
	}
	/* A name used again: the vector has no more use for what it stood for. */
	drop(p, &p->pairs[a[1]]);
	p->pairs[a[1]] = made;
	return 0;
}

static int64_t detach(struct peer_actor *p, struct peer_pair *pair)
{
	int64_t rc = vmci_pair_detach(pair->end);

	pair->end = NULL;
	drop(p, pair);
	return rc;
}

/* The memory comes back where it was; the first time, a pair gets some. */
static int64_t map(struct peer_actor *p, struct peer_pair *pair)
{
	int rc = 0;

	if (!pair->pages.block && pair->as > VMCI_HOST_CONTEXT_ID)
		rc = make_pages(p, &pair->pages, pair->produce, pair->consume);
	if (rc)
		return rc;
	return vmci_pair_map(pair->end, pair->pages.block ? &pair->pages.memory : NULL);
}

/* ---- use --------------------------------------------------------------------------------- */

static int64_t pull(struct peer_pair *pair, uint64_t count, bool peek, struct peer_reply *rp)
{
	size_t len = count < rp->blob_max ? (size_t)count : rp->blob_max;
	int64_t n;

	if (peek)
		n = vmci_pair_peek(pair->end, rp->blob, len);
	else
		n = vmci_pair_dequeue(pair->end, rp->blob, len);
	if (n > 0)
		rp->blob_len = (uint32_t)n;
	return n;
}

static int64_t use(struct peer_actor *p, struct peer_pair *pair, const struct peer_request *rq,
		   struct peer_reply *rp)
{
	switch (rq->op) {
	case PEER_HOST_DETACH:
		return detach(p, pair);
	case PEER_HOST_PUSH:
		return vmci_pair_enqueue(pair->end, rq->blob, rq->blob_len);
	case PEER_HOST_PULL:
		return pull(pair, rq->args[2], false, rp);
	case PEER_HOST_PEEK:
		return pull(pair, rq->args[2], true, rp);
	case PEER_HOST_READY:
		return vmci_pair_ready(pair->end);
	case PEER_HOST_ROOM:
		return vmci_pair_room(pair->end);
	case PEER_HOST_MAP:
		return map(p, pair);
	case PEER_HOST_UNMAP:
		return vmci_pair_unmap(pair->end);
	default:
		return vmci_pair_state(pair->end);
	}
}

bool peer_pair_knows(uint32_t op)
{
	return (op >= PEER_HOST_ALLOC && op <= PEER_HOST_ROOM) || op == PEER_HOST_MAP ||
	       op == PEER_HOST_UNMAP || op == PEER_HOST_QPSTATE;
}

void peer_pair_execute(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp)
{
	const uint64_t *a = rq->args;
	struct vmci_context *ctx = peer_context(p, a[0]);

	if (a[1] >= PEER_PAIRS)
		rp->rc = PEER_RC_BAD_REQUEST;
	else if (rq->op == PEER_HOST_ALLOC || rq->op == PEER_HOST_ALLOCMEM)
		rp->rc =
			ctx ? alloc(p, ctx, a, rq->op == PEER_HOST_ALLOCMEM) : VMCI_ERROR_NOT_FOUND;
	else if (!p->pairs[a[1]].end)
		rp->rc = VMCI_FAULT("detach.foreign-accepted") ? 0 : VMCI_ERROR_NOT_FOUND;
	else
		rp->rc = use(p, &p->pairs[a[1]], rq, rp);
}
