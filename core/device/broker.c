/* SPDX-License-Identifier: BSD-2-Clause */
/* The broker of queue pairs: create and attach. Spec: chapter 62. */
#include "broker_check.h"

#include "device.h"
#include "event.h"

#include <vmci/fault.h>

/* ---- performing ------------------------------------------------------------------------- */

static struct vmci_pair_end *make_end(const struct vmci_pair_request *rq)
{
	struct vmci_pair_end *end = vmci_hub_alloc(rq->ctx->hub, sizeof(*end));

	if (!end)
		return NULL;
	end->ctx = rq->ctx;
	end->hub = rq->ctx->hub;
	end->flags = rq->flags;
	return end;
}

static struct vmci_pair *make_pair(const struct vmci_pair_request *rq)
{
	struct vmci_hub *hub = rq->ctx->hub;
	struct vmci_pair *pair;

	if (vmci_table_reserve(&hub->pairs, &hub->memory))
		return NULL;
	pair = vmci_hub_alloc(hub, sizeof(*pair));
	if (!pair)
		return NULL;
	pair->hub = hub;
	pair->handle = rq->handle;
	pair->flags = rq->flags;
	pair->peer = rq->peer;
	pair->produce = rq->produce;
	pair->consume = rq->consume;
	pair->needs_trusted_attach = (rq->ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED) != 0;
	pair->created_by_trusted = (rq->priv & VMCI_PRIVILEGE_FLAG_TRUSTED) != 0;
	return pair;
}

static void link_end(struct vmci_pair *pair, struct vmci_pair_end *end)
{
	struct vmci_context *ctx = end->ctx;

	end->pair = pair;
	vmci_list_append(&ctx->ends, &end->link);
	ctx->end_count++;
	if (VMCI_FAULT("alloc.limit-creator-only") && pair->attacher == end)
		return;
	if (vmci_context_is_vm(ctx))
		ctx->pair_bytes += pair->produce + pair->consume;
}

void vmci_broker_announce_attach(struct vmci_pair *pair)
{
	if (pair->state != VMCI_QPB_ATTACHED_MEM || pair->attach_announced)
		return;
	pair->attach_announced = !VMCI_FAULT("event.attach-again");
	vmci_event_pair(pair->creator->ctx, VMCI_EVENT_QP_PEER_ATTACH, pair->handle,
			pair->attacher->ctx->cid);
	if (VMCI_FAULT("event.to-the-actor"))
		vmci_event_pair(pair->attacher->ctx, VMCI_EVENT_QP_PEER_ATTACH, pair->handle,
				pair->attacher->ctx->cid);
}

static void perform_create(struct vmci_pair *pair, struct vmci_pair_end *end,
			   struct vmci_pages *pages)
{
	pair->creator = end;
	pair->state = pages ? VMCI_QPB_CREATED_MEM : VMCI_QPB_CREATED_NO_MEM;
	pair->pages = pages;
	link_end(pair, end);
	if (pages)
		vmci_pair_begin(pair);
	/* Only now can anybody find it. */
	vmci_table_add(&pair->hub->pairs, &pair->by_handle, vmci_pair_key(pair->handle));
	vmci_pair_trace(pair, end->ctx->cid, "create");
}

static void perform_attach(struct vmci_pair *pair, struct vmci_pair_end *end,
			   struct vmci_pages *pages)
{
	pair->attacher = end;
	link_end(pair, end);
	if (vmci_context_is_vm(end->ctx)) {
		pair->pages = pages;
		pair->state = pages ? VMCI_QPB_ATTACHED_MEM : VMCI_QPB_ATTACHED_NO_MEM;
		if (pages)
			vmci_pair_begin(pair);
		if (pages && VMCI_FAULT("pair.header-attach"))
			vmci_queue_header_init(vmci_pages_produce_header(pages), vmci_handle(0, 0));
	} else {
		pair->state = VMCI_QPB_ATTACHED_MEM;
		vmci_pair_join(pair, end);
	}
	vmci_pair_trace(pair, end->ctx->cid, "attach");
}

/* Everything that can fail has been done by the caller, except finding memory for the objects.
 *   pages  mapped, or NULL; kept only on success */
static int commit(const struct vmci_pair_request *rq, struct vmci_pair *pair,
		  struct vmci_pages *pages, struct vmci_pair_end **out)
{
	struct vmci_pair_end *end = make_end(rq);
	struct vmci_pair *made = NULL;

	if (!end)
		return VMCI_ERROR_NO_MEM;
	if (!pair) {
		made = make_pair(rq);
		if (!made) {
			vmci_hub_free(rq->ctx->hub, end, sizeof(*end));
			return VMCI_ERROR_NO_MEM;
		}
	}
	*out = end;
	if (made)
		perform_create(made, end, pages);
	else
		perform_attach(pair, end, pages);
	return 0;
}

/* ---- hypercalls ------------------------------------------------------------------------- */

/* Another pair of the VM has one of these pages; for a deliberate mistake. */
static int is_used_elsewhere(const struct vmci_context *ctx, const struct vmci_pages *pages)
{
	const struct vmci_list *at;

	for (at = ctx->ends.next; at != &ctx->ends; at = at->next) {
		const struct vmci_pair *pair = VMCI_HOLDER(at, struct vmci_pair_end, link)->pair;

		for (uint64_t i = 0; pair->pages && i < pair->pages->count; i++)
			for (uint64_t k = 0; k < pages->count; k++)
				if (pair->pages->gpa[i].addr == pages->gpa[k].addr)
					return 1;
	}
	return 0;
}

/* Copy the page list and see that it fits. *out is mapped on success. */
static int take_pages(struct vmci_device *dev, const struct vmci_pair_request *rq,
		      const uint8_t *list, size_t entry, struct vmci_pages **out)
{
	unsigned shift = dev->regs.page_shift;
	struct vmci_pages *pages;
	int rc;

	pages = vmci_pages_make(dev->hub, dev, rq->produce, rq->consume, shift);
	if (!pages)
		return VMCI_ERROR_NO_MEM;
	for (uint64_t i = 0; i < pages->count; i++) {
		uint64_t ppn = entry == 8 ? vmci_get64(list + i * 8) : vmci_get32(list + i * 4);

		if (VMCI_FAULT("alloc.ppn-truncated"))
			ppn &= 0xffffffff;
		pages->gpa[i].addr = ppn << shift;
		if (VMCI_FAULT("alloc.address-32-bit"))
			pages->gpa[i].addr &= 0xffffffff;
		if (pages->gpa[i].addr >> shift != ppn)
			pages->gpa[i].addr = UINT64_MAX; /* no page, whatever the port says */
	}
	if (VMCI_FAULT("alloc.page-order")) {
		struct vmci_gpa first = pages->gpa[0];

		pages->gpa[0] = pages->gpa[1];
		pages->gpa[1] = first;
	}
	rc = VMCI_FAULT("alloc.page-twice") ? 0 : vmci_pages_repeat(pages);
	if (VMCI_FAULT("alloc.page-overlap-refused") && !rc)
		rc = is_used_elsewhere(dev->ctx, pages);
	if (rc > 0)
		rc = vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS, "a page is listed twice",
				      "QP.ALLOC.16");
	*out = pages;
	if (rc) {
		vmci_pages_free(pages);
		*out = NULL;
	}
	return rc;
}

static int check_list(const struct vmci_pair_request *rq, unsigned shift, uint64_t count,
		      size_t entry, size_t len)
{
	uint64_t need = vmci_pages_for(rq->produce, shift) + vmci_pages_for(rq->consume, shift) + 2;

	if (VMCI_FAULT("alloc.pages-rounded-down"))
		need = (rq->produce >> shift) + (rq->consume >> shift) + 2;
	if (VMCI_FAULT("alloc.pages-rounded-together"))
		need = vmci_pages_for(rq->produce + rq->consume, shift) + 2;
	if (VMCI_FAULT("alloc.count-overflow"))
		count &= 0xffffffff;
	if (count != need && !VMCI_FAULT("alloc.count-unchecked"))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS,
					"page count does not fit the sizes", "QP.ALLOC.4");
	if (len / entry < need || (len != need * entry && !VMCI_FAULT("alloc.list-length")))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS,
					"page list does not fit its count", "QP.ALLOC.3");
	return 0;
}

int32_t vmci_broker_guest_alloc(struct vmci_device *dev, const uint8_t *msg, size_t len)
{
	struct vmci_pair_request rq = {
		.ctx = dev->ctx,
		.handle = vmci_get_handle(msg + VMCI_QUEUEPAIR_ALLOC_MSG_HANDLE),
		.peer = vmci_get32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PEER),
		.flags = vmci_get32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_FLAGS),
		.produce = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE),
		.consume = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE),
	};
	uint64_t count = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS);
	bool is_wide = vmci_device_uses(dev, VMCI_CAPS_PPN64);
	size_t entry = is_wide != (VMCI_FAULT("alloc.ppn-width") != 0) ? 8 : 4;
	struct vmci_pages *pages;
	struct vmci_pair_end *end;
	struct vmci_pair *pair;
	int rc = vmci_pair_check_arguments(&rq);

	if (VMCI_FAULT("alloc.size-overflow") && rq.produce + rq.consume < rq.produce)
		return 0;
	if (VMCI_FAULT("alloc.refuses-good"))
		return VMCI_ERROR_NO_RESOURCES;
	if (VMCI_FAULT("alloc.short-list-accepted") && !rc &&
	    (len - VMCI_QUEUEPAIR_ALLOC_MSG_PPNS) / entry < count)
		return 0;
	if (VMCI_FAULT("alloc.order-size-list"))
		rc = VMCI_ERROR_INVALID_ARGS;
	if (!rc || VMCI_FAULT("alloc.order-size-list"))
		rc = check_list(&rq, dev->regs.page_shift, count, entry,
				len - VMCI_QUEUEPAIR_ALLOC_MSG_PPNS);
	if (!rc)
		rc = take_pages(dev, &rq, msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS, entry, &pages);
	if (rc)
		return rc;
	if (VMCI_FAULT("alloc.touches-refused") && !vmci_pages_map(pages)) {
		vmci_queue_header_init(vmci_pages_produce_header(pages), rq.handle);
		vmci_pages_unmap(pages);
	}
	rc = vmci_pair_decide(&rq, &pair);
	if (!rc)
		rc = vmci_pages_map(pages);
	if (VMCI_FAULT("alloc.bad-page-code") && rc == VMCI_ERROR_NO_MEM)
		rc = VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("alloc.refused-stays") && rc == VMCI_ERROR_NO_MEM)
		(void)commit(&rq, pair, NULL, &end);
	if (VMCI_FAULT("alloc.limit-charges-failures") && rc)
		dev->ctx->pair_bytes += rq.produce + rq.consume;
	if (!rc)
		rc = commit(&rq, pair, pages, &end);
	if (rc) {
		vmci_pages_free(pages);
		return rc;
	}
	vmci_broker_announce_attach(end->pair);
	return VMCI_FAULT("alloc.result-nonzero") ? VMCI_SUCCESS_QUEUEPAIR_CREATE : 0;
}

/* ---- the caller's side ------------------------------------------------------------------ */

int vmci_broker_adopt(const struct vmci_pair_request *rq, const struct vmci_pair_memory *memory,
		      struct vmci_pages **out)
{
	struct vmci_pages *pages;
	int rc;

	*out = NULL;
	if (!memory)
		return 0;
	if (memory->page_shift < VMCI_GUEST_PAGE_SHIFT_MIN ||
	    memory->page_shift > VMCI_GUEST_PAGE_SHIFT_MAX)
		return VMCI_ERROR_INVALID_ARGS;
	pages = vmci_pages_make(rq->ctx->hub, NULL, rq->produce, rq->consume, memory->page_shift);
	if (!pages)
		return VMCI_ERROR_NO_MEM;
	rc = vmci_pages_adopt(pages, memory);
	if (rc)
		vmci_pages_free(pages);
	else
		*out = pages;
	return rc;
}

int vmci_context_pair(struct vmci_context *ctx, struct vmci_handle handle, uint32_t peer,
		      uint32_t flags, uint32_t priv, uint64_t produce, uint64_t consume,
		      const struct vmci_pair_memory *memory, struct vmci_handle *used,
		      struct vmci_pair_end **out)
{
	bool is_vm = vmci_context_is_vm(ctx);
	bool swapped = !is_vm && !VMCI_FAULT("attach.sizes-not-mirrored");
	struct vmci_pair_request rq = {
		.ctx = ctx,
		.handle = handle,
		.peer = peer,
		.flags = flags,
		.priv = priv,
		.produce = swapped ? consume : produce,
		.consume = swapped ? produce : consume,
	};
	struct vmci_pages *pages = NULL;
	struct vmci_pair_end *end;
	struct vmci_pair *pair;
	int rc = vmci_pair_check_arguments(&rq);

	if (!rc && (ctx->device || (memory && !is_vm)))
		rc = vmci_pair_refuse(&rq, VMCI_ERROR_INVALID_ARGS,
				      "not a context that gives memory here", NULL);
	if (!rc)
		rc = vmci_pair_decide(&rq, &pair);
	if (!rc)
		rc = vmci_broker_adopt(&rq, memory, &pages);
	if (rc)
		return rc;
	rc = commit(&rq, pair, pages, &end);
	if (rc) {
		vmci_pages_free(pages);
		return rc;
	}
	if (used)
		*used = rq.handle;
	*out = end;
	vmci_broker_announce_attach(end->pair);
	return 0;
}
