/* SPDX-License-Identifier: BSD-2-Clause */
/* The broker of queue pairs: create, attach, detach. Spec: chapter 60. */
#include "broker.h"

#include "device.h"
#include "event.h"

#include <vmci/fault.h>

/* What somebody wants; sizes of the VM's view. */
struct request {
	struct vmci_context *ctx;
	struct vmci_handle handle;
	uint32_t peer, flags, priv;
	uint64_t produce, consume;
};

static int refuse(const struct request *rq, int result, const char *reason)
{
	return vmci_refuse(rq->ctx->hub, rq->ctx->cid, result, reason, NULL);
}

static uint64_t key_of(struct vmci_handle handle)
{
	return (uint64_t)handle.context << 32 | handle.resource;
}

static struct vmci_pair *find(const struct vmci_hub *hub, struct vmci_handle handle)
{
	struct vmci_node *node = vmci_table_find(&hub->pairs, key_of(handle));

	return node ? VMCI_HOLDER(node, struct vmci_pair, by_handle) : NULL;
}

static struct vmci_pair_end *end_of(const struct vmci_pair *pair, const struct vmci_context *ctx)
{
	if (pair->creator && pair->creator->ctx == ctx)
		return pair->creator;
	if (pair->attacher && pair->attacher->ctx == ctx)
		return pair->attacher;
	return NULL;
}

struct vmci_pair_end *vmci_pair_vm_end(const struct vmci_pair *pair)
{
	if (pair->creator && vmci_context_is_vm(pair->creator->ctx))
		return pair->creator;
	if (pair->attacher && vmci_context_is_vm(pair->attacher->ctx))
		return pair->attacher;
	return NULL;
}

static bool has_resource(const struct vmci_context *ctx, uint32_t resource)
{
	return find(ctx->hub, vmci_handle(ctx->cid, resource)) != NULL;
}

/* ---- deciding --------------------------------------------------------------------------- */

static int check_sizes(const struct request *rq)
{
	uint64_t max = VMCI_MAX_GUEST_QP_MEMORY + (VMCI_FAULT("broker.limit-off-by-one") ? 1 : 0);

	if (VMCI_FAULT("broker.no-size-limit"))
		return 0;
	if (VMCI_FAULT("broker.size-overflow")) {
		if (rq->produce + rq->consume > max)
			return VMCI_ERROR_NO_RESOURCES;
		return 0;
	}
	if (rq->produce > max || rq->consume > max - rq->produce)
		return refuse(rq, VMCI_ERROR_NO_RESOURCES, "queues larger than 128 MiB");
	return 0;
}

static int check_arguments(const struct request *rq)
{
	struct vmci_handle h = rq->handle;

	if (h.context == VMCI_INVALID_ID)
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "handle without a context");
	if ((rq->flags & ~(uint32_t)VMCI_QP_ALL_FLAGS) && !VMCI_FAULT("alloc.flags-unchecked"))
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "unknown queue pair flags");
	if ((rq->flags & VMCI_QPFLAG_LOCAL) && !VMCI_FAULT("alloc.local-accepted"))
		return refuse(rq, VMCI_ERROR_INVALID_ARGS,
			      "a local pair is no matter of the broker");
	if (!rq->produce && !rq->consume && !VMCI_FAULT("alloc.both-zero"))
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "both queues empty");
	return 0;
}

static int check_create(const struct request *rq)
{
	const struct vmci_context *ctx = rq->ctx;

	if ((rq->flags & VMCI_QPFLAG_ATTACH_ONLY) && !VMCI_FAULT("create.attach-only"))
		return refuse(rq, VMCI_ERROR_NOT_FOUND, "nothing to attach to");
	if (VMCI_FAULT("create.order") && vmci_cid_is_vm(ctx->cid) && vmci_cid_is_vm(rq->peer))
		return VMCI_ERROR_DST_UNREACHABLE;
	if (rq->handle.context != ctx->cid && rq->handle.context != rq->peer &&
	    !VMCI_FAULT("create.foreign-handle"))
		return refuse(rq, VMCI_ERROR_NO_ACCESS,
			      "handle of neither the creator nor the peer");
	if (vmci_context_is_vm(ctx) && vmci_cid_is_vm(rq->peer) && !VMCI_FAULT("create.vm-to-vm"))
		return refuse(rq, VMCI_ERROR_DST_UNREACHABLE, "no queue pair from VM to VM");
	return 0;
}

static int check_attach(const struct request *rq, const struct vmci_pair *pair)
{
	const struct vmci_context *ctx = rq->ctx;
	bool is_vm = vmci_context_is_vm(ctx);
	uint32_t ignored = VMCI_QPFLAG_ATTACH_ONLY | VMCI_QP_ASYMM;

	if (pair->state != VMCI_QPB_CREATED_NO_MEM && pair->state != VMCI_QPB_CREATED_MEM)
		return refuse(rq, VMCI_ERROR_UNAVAILABLE, "the pair takes no attacher");
	if (VMCI_FAULT("attach.order") &&
	    (rq->produce != pair->produce || rq->consume != pair->consume))
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	if (is_vm && vmci_context_is_vm(pair->creator->ctx) && !VMCI_FAULT("attach.vm-to-vm"))
		return refuse(rq, VMCI_ERROR_DST_UNREACHABLE, "no queue pair from VM to VM");
	if ((ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED) && !pair->created_by_trusted &&
	    !VMCI_FAULT("priv.restricted-attaches"))
		return refuse(rq, VMCI_ERROR_NO_ACCESS, "the creator was not trusted");
	if (pair->needs_trusted_attach && !(rq->priv & VMCI_PRIVILEGE_FLAG_TRUSTED) &&
	    !VMCI_FAULT("priv.untrusted-attaches"))
		return refuse(rq, VMCI_ERROR_NO_ACCESS, "a restricted VM's pair needs trust");
	if (pair->peer != VMCI_INVALID_ID && pair->peer != ctx->cid &&
	    !VMCI_FAULT("attach.peer-unchecked"))
		return refuse(rq, VMCI_ERROR_NO_ACCESS, "the pair is for somebody else");
	if (VMCI_FAULT("attach.own-peer-compared") && rq->peer != pair->creator->ctx->cid)
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	if (VMCI_FAULT("attach.flags-compared"))
		ignored = 0;
	if ((pair->flags & ~ignored) != (rq->flags & ~ignored))
		return refuse(rq, VMCI_ERROR_QUEUEPAIR_MISMATCH, "flags of both ends");
	if ((rq->produce != pair->produce || rq->consume != pair->consume) &&
	    !VMCI_FAULT("attach.sizes-unchecked"))
		return refuse(rq, VMCI_ERROR_QUEUEPAIR_MISMATCH, "sizes of both ends");
	if (!is_vm && pair->state == VMCI_QPB_CREATED_NO_MEM &&
	    !VMCI_FAULT("attach.unmapped-accepted"))
		return refuse(rq, VMCI_ERROR_UNAVAILABLE, "the pair has no memory now");
	if (is_vm && pair->state != VMCI_QPB_CREATED_NO_MEM)
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "the pair has memory already");
	return 0;
}

static int check_quota(const struct request *rq)
{
	const struct vmci_context *ctx = rq->ctx;
	uint64_t limit = ctx->device ? ctx->device->config.qp_memory_bytes
				     : ctx->hub->limits.qp_memory_bytes;

	if (!vmci_context_is_vm(ctx))
		return 0;
	if (ctx->end_count >= ctx->hub->limits.queue_pairs)
		return refuse(rq, VMCI_ERROR_NO_RESOURCES, "too many queue pairs");
	if (VMCI_FAULT("alloc.no-limit"))
		return 0;
	if (VMCI_FAULT("alloc.limit-off-by-one"))
		limit++;
	if (ctx->pair_bytes > limit || rq->produce + rq->consume > limit - ctx->pair_bytes)
		return refuse(rq, VMCI_ERROR_NO_RESOURCES, "queue memory of the VM used up");
	return 0;
}

/* The first error of the tables; *pair is what to attach to, NULL to create. */
static int decide(struct request *rq, struct vmci_pair **pair)
{
	struct vmci_hub *hub = rq->ctx->hub;
	int rc;

	*pair = NULL;
	if (rq->handle.resource == VMCI_INVALID_ID)
		rq->handle.resource = vmci_context_pick_resource(rq->ctx, has_resource);
	else
		*pair = find(hub, rq->handle);
	if (*pair && end_of(*pair, rq->ctx) && !VMCI_FAULT("create.twice"))
		return refuse(rq, VMCI_ERROR_ALREADY_EXISTS, "attached already");
	rc = *pair ? check_attach(rq, *pair) : check_create(rq);
	if (rc)
		return rc;
	return check_quota(rq);
}

/* ---- performing ------------------------------------------------------------------------- */

static struct vmci_pair_end *make_end(const struct request *rq)
{
	struct vmci_pair_end *end = vmci_hub_alloc(rq->ctx->hub, sizeof(*end));

	if (!end)
		return NULL;
	end->ctx = rq->ctx;
	end->hub = rq->ctx->hub;
	end->flags = rq->flags;
	return end;
}

static struct vmci_pair *make_pair(const struct request *rq)
{
	struct vmci_hub *hub = rq->ctx->hub;
	struct vmci_pair *pair;

	if (vmci_table_reserve(&hub->pairs, hub->port))
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
	if (vmci_context_is_vm(ctx))
		ctx->pair_bytes += pair->produce + pair->consume;
}

static void announce_attach(struct vmci_pair *pair)
{
	if (pair->state != VMCI_QPB_ATTACHED_MEM || pair->attach_announced)
		return;
	pair->attach_announced = true;
	vmci_event_pair(pair->creator->ctx, VMCI_EVENT_QP_PEER_ATTACH, pair->handle,
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
	vmci_table_add(&pair->hub->pairs, &pair->by_handle, key_of(pair->handle));
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
	} else {
		pair->state = VMCI_QPB_ATTACHED_MEM;
		vmci_pair_join(pair, end);
	}
	vmci_pair_trace(pair, end->ctx->cid, "attach");
}

/* Everything that can fail has been done by the caller, except finding memory for the objects.
 *   pages  mapped, or NULL; kept only on success */
static int commit(const struct request *rq, struct vmci_pair *pair, struct vmci_pages *pages,
		  struct vmci_pair_end **out)
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

/* Copy the page list and see that it fits. *out is mapped on success. */
static int take_pages(struct vmci_device *dev, const struct request *rq, const uint8_t *list,
		      size_t entry, struct vmci_pages **out)
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
		if (pages->gpa[i].addr >> shift != ppn)
			pages->gpa[i].addr = UINT64_MAX; /* no page, whatever the port says */
	}
	rc = VMCI_FAULT("alloc.page-twice") ? 0 : vmci_pages_repeat(pages);
	if (rc > 0)
		rc = refuse(rq, VMCI_ERROR_INVALID_ARGS, "a page is listed twice");
	*out = pages;
	if (rc) {
		vmci_pages_free(pages);
		*out = NULL;
	}
	return rc;
}

static int check_list(const struct request *rq, unsigned shift, uint64_t count, size_t entry,
		      size_t len)
{
	uint64_t need = vmci_pages_for(rq->produce, shift) + vmci_pages_for(rq->consume, shift) + 2;

	if (VMCI_FAULT("alloc.pages-rounded-down"))
		need = (rq->produce >> shift) + (rq->consume >> shift) + 2;
	if (VMCI_FAULT("alloc.pages-rounded-together"))
		need = vmci_pages_for(rq->produce + rq->consume, shift) + 2;
	if (count != need && !VMCI_FAULT("alloc.count-unchecked"))
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "page count does not fit the sizes");
	if (len / entry < need || (len != need * entry && !VMCI_FAULT("alloc.list-length")))
		return refuse(rq, VMCI_ERROR_INVALID_ARGS, "page list does not fit its count");
	return 0;
}

int32_t vmci_broker_guest_alloc(struct vmci_device *dev, const uint8_t *msg, size_t len)
{
	struct request rq = {
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
	int rc = check_sizes(&rq);

	if (!rc)
		rc = check_arguments(&rq);
	if (!rc)
		rc = check_list(&rq, dev->regs.page_shift, count, entry,
				len - VMCI_QUEUEPAIR_ALLOC_MSG_PPNS);
	if (!rc)
		rc = take_pages(dev, &rq, msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS, entry, &pages);
	if (rc)
		return rc;
	rc = decide(&rq, &pair);
	if (!rc)
		rc = vmci_pages_map(pages);
	if (!rc)
		rc = commit(&rq, pair, pages, &end);
	if (rc) {
		vmci_pages_free(pages);
		return rc;
	}
	announce_attach(end->pair);
	return VMCI_FAULT("alloc.result-nonzero") ? VMCI_SUCCESS_QUEUEPAIR_CREATE : 0;
}

/* ---- the caller's side ------------------------------------------------------------------ */

#define BARE_PAGE_SHIFT(memory) ((memory) ? (memory)->page_shift : VMCI_GUEST_PAGE_SHIFT_MIN)

static int adopt(const struct request *rq, const struct vmci_pair_memory *memory,
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
	struct request rq = {
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
	int rc = check_sizes(&rq);

	if (!rc)
		rc = check_arguments(&rq);
	if (!rc && (ctx->device || (memory && !is_vm)))
		rc = refuse(&rq, VMCI_ERROR_INVALID_ARGS, "not a context that gives memory here");
	if (!rc)
		rc = decide(&rq, &pair);
	if (!rc)
		rc = adopt(&rq, memory, &pages);
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
	announce_attach(end->pair);
	return 0;
}

int vmci_pair_map(struct vmci_pair_end *end, const struct vmci_pair_memory *memory)
{
	struct vmci_pair *pair = end->pair;
	struct vmci_pages *pages;
	struct request rq = { .ctx = end->ctx };
	int rc;

	if (!pair)
		return VMCI_ERROR_NOT_FOUND;
	if (!vmci_context_is_vm(end->ctx) || end->ctx->device)
		return 0;
	if (pair->state != VMCI_QPB_CREATED_NO_MEM && pair->state != VMCI_QPB_ATTACHED_NO_MEM &&
	    pair->state != VMCI_QPB_SHUTDOWN_NO_MEM)
		return 0;
	if (!memory)
		return VMCI_ERROR_INVALID_ARGS;
	rq.produce = pair->produce;
	rq.consume = pair->consume;
	rc = adopt(&rq, memory, &pages);
	if (rc)
		return rc;
	if (pair->pages) {
		vmci_pages_free(pair->pages);
		pair->pages = pages;
		vmci_pair_rings_map(pair);
	} else {
		pair->pages = pages;
		vmci_pair_begin(pair);
	}
	pair->state++;
	vmci_pair_trace(pair, end->ctx->cid, "map");
	announce_attach(pair);
	return 0;
}

int vmci_pair_unmap(struct vmci_pair_end *end)
{
	struct vmci_pair *pair = end->pair;

	if (!pair)
		return VMCI_ERROR_NOT_FOUND;
	if (!vmci_context_is_vm(end->ctx) || end->ctx->device)
		return 0;
	if (pair->state != VMCI_QPB_CREATED_MEM && pair->state != VMCI_QPB_ATTACHED_MEM &&
	    pair->state != VMCI_QPB_SHUTDOWN_MEM)
		return 0;
	vmci_pair_rings_unmap(pair);
	vmci_pages_unmap(pair->pages);
	pair->state--;
	vmci_pair_trace(pair, end->ctx->cid, "unmap");
	return 0;
}

/* ---- detaching -------------------------------------------------------------------------- */

static void free_pair(struct vmci_pair *pair)
{
	vmci_table_remove(&pair->hub->pairs, &pair->by_handle);
	vmci_pages_free(pair->pages);
	vmci_hub_free(pair->hub, pair, sizeof(*pair));
}

/* The end leaves its pair; the other one, if any, is told. The end itself stays. */
static void leave(struct vmci_pair_end *end)
{
	struct vmci_pair *pair = end->pair;
	struct vmci_context *ctx = end->ctx;
	struct vmci_pair_end *other = pair->creator == end ? pair->attacher : pair->creator;
	struct vmci_handle handle = pair->handle;
	bool is_vm = vmci_context_is_vm(ctx);

	vmci_list_remove(&end->link);
	ctx->end_count--;
	end->pair = NULL;
	end->has_rings = false;
	if (pair->creator == end)
		pair->creator = NULL;
	else
		pair->attacher = NULL;
	if (is_vm && !VMCI_FAULT("alloc.limit-leaks"))
		ctx->pair_bytes -= pair->produce + pair->consume;
	if (!other) {
		pair->state = VMCI_QPB_GONE;
		vmci_pair_trace(pair, ctx->cid, "detach");
		free_pair(pair);
		if (VMCI_FAULT("event.last-detach"))
			vmci_event_pair(ctx, VMCI_EVENT_QP_PEER_DETACH, handle, ctx->cid);
		return;
	}
	if (is_vm) {
		vmci_pair_rings_drop(pair);
		vmci_pages_free(pair->pages);
		pair->pages = NULL;
		pair->state = VMCI_QPB_SHUTDOWN_NO_MEM;
	} else {
		pair->state = pair->state == VMCI_QPB_ATTACHED_MEM ? VMCI_QPB_SHUTDOWN_MEM
								   : VMCI_QPB_SHUTDOWN_NO_MEM;
	}
	vmci_pair_trace(pair, ctx->cid, "detach");
	vmci_event_pair(other->ctx, VMCI_EVENT_QP_PEER_DETACH, handle, ctx->cid);
}

int32_t vmci_broker_guest_detach(struct vmci_context *ctx, struct vmci_handle handle)
{
	struct request rq = { .ctx = ctx };
	struct vmci_pair *pair;
	struct vmci_pair_end *end;

	if (handle.context == VMCI_INVALID_ID || handle.resource == VMCI_INVALID_ID)
		return refuse(&rq, VMCI_ERROR_INVALID_ARGS, "handle invalid");
	pair = find(ctx->hub, handle);
	end = pair ? end_of(pair, ctx) : NULL;
	if (!end)
		return refuse(&rq, VMCI_ERROR_NOT_FOUND, "not attached to this pair");
	leave(end);
	vmci_hub_free(ctx->hub, end, sizeof(*end));
	return 0;
}

int vmci_pair_detach(struct vmci_pair_end *end)
{
	struct vmci_hub *hub = end->hub;
	int rc = 0;

	if (end->pair) {
		leave(end);
	} else {
		vmci_list_remove(&end->link);
		rc = VMCI_ERROR_NOT_FOUND;
	}
	vmci_hub_free(hub, end, sizeof(*end));
	return rc;
}

void vmci_broker_context_gone(struct vmci_context *ctx)
{
	while (!vmci_list_is_empty(&ctx->ends)) {
		struct vmci_pair_end *end = VMCI_HOLDER(ctx->ends.next, struct vmci_pair_end, link);

		leave(end);
		if (ctx->device)
			vmci_hub_free(ctx->hub, end, sizeof(*end));
		else
			vmci_list_append(&ctx->hub->lost, &end->link);
	}
}

void vmci_broker_free_lost(struct vmci_hub *hub)
{
	while (!vmci_list_is_empty(&hub->lost)) {
		struct vmci_pair_end *end = VMCI_HOLDER(hub->lost.next, struct vmci_pair_end, link);

		vmci_list_remove(&end->link);
		vmci_hub_free(hub, end, sizeof(*end));
	}
}

/* ---- memory of a device's guest --------------------------------------------------------- */

void vmci_broker_unmap_all(struct vmci_context *ctx)
{
	struct vmci_list *at;

	for (at = ctx->ends.next; at != &ctx->ends; at = at->next) {
		struct vmci_pair *pair = VMCI_HOLDER(at, struct vmci_pair_end, link)->pair;

		if (!pair->pages)
			continue;
		/* Pages that died by themselves could not be looked at a last time: they stay dead.
		 */
		if (pair->pages->state == VMCI_PAGES_MAPPED) {
			vmci_pair_rings_unmap(pair);
			vmci_pages_unmap(pair->pages);
		}
		pair->state--; /* an end that exists is in a state with memory */
		vmci_pair_trace(pair, ctx->cid, "unmap");
	}
}

void vmci_broker_map_all(struct vmci_context *ctx)
{
	struct vmci_list *at;

	for (at = ctx->ends.next; at != &ctx->ends; at = at->next) {
		struct vmci_pair *pair = VMCI_HOLDER(at, struct vmci_pair_end, link)->pair;

		if (!pair->pages)
			continue;
		/* A page that is no memory any more: the pair has the state of one with memory, and
		 * each use tries again. */
		if (vmci_pages_map(pair->pages))
			pair->pages->state = VMCI_PAGES_DEAD;
		else
			vmci_pair_rings_map(pair);
		pair->state++;
		vmci_pair_trace(pair, ctx->cid, "map");
	}
}

void vmci_broker_memory_changed(struct vmci_context *ctx)
{
	struct vmci_list *at;

	for (at = ctx->ends.next; at != &ctx->ends; at = at->next) {
		struct vmci_pair *pair = VMCI_HOLDER(at, struct vmci_pair_end, link)->pair;

		if (pair->pages)
			vmci_pages_kill(pair->pages);
	}
}
