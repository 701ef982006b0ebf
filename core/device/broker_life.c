/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a queue pair after both ends have met: memory comes and goes, ends leave. Spec:
 * chapter 64. */
#include "broker_check.h"

#include "device.h"
#include "event.h"

#include <vmci/fault.h>

int vmci_pair_map(struct vmci_pair_end *end, const struct vmci_pair_memory *memory)
{
	struct vmci_pair *pair = end->pair;
	struct vmci_pages *pages;
	struct vmci_pair_request rq = { .ctx = end->ctx };
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
	rc = vmci_broker_adopt(&rq, memory, &pages);
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
	if (!VMCI_FAULT("broker.state-map"))
		pair->state++;
	vmci_pair_trace(pair, end->ctx->cid, "map");
	if (!VMCI_FAULT("event.no-attach-at-map"))
		vmci_broker_announce_attach(pair);
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
	if (!VMCI_FAULT("pause.touches-memory")) {
		vmci_pair_rings_unmap(pair);
		vmci_pages_unmap(pair->pages);
	}
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

void vmci_pair_on_leave(struct vmci_pair_end *end, vmci_pair_leave_fn *fn, void *arg)
{
	end->leave_fn = fn;
	end->leave_arg = arg;
}

/* The memory is about to go, or its owner will not say any more what is in it. */
static void tell_before(struct vmci_pair_end *other)
{
	vmci_pair_leave_fn *fn = other->leave_fn;

	other->leave_fn = NULL;
	if (fn && !other->hub->is_closing && !VMCI_FAULT("detach.no-last-look"))
		fn(other->leave_arg);
}

/* The end leaves its pair; the other one, if any, is told. The end itself stays. */
static void leave(struct vmci_pair_end *end)
{
	struct vmci_pair *pair = end->pair;
	struct vmci_context *ctx = end->ctx;
	struct vmci_pair_end *other = pair->creator == end ? pair->attacher : pair->creator;
	struct vmci_handle handle = pair->handle;
	bool is_vm = vmci_context_is_vm(ctx);

	if (other)
		tell_before(other);
	if (VMCI_FAULT("detach.data-lost") && !is_vm && pair->pages &&
	    pair->pages->state == VMCI_PAGES_MAPPED)
		vmci_queue_header_init(vmci_pages_consume_header(pair->pages), handle);
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
	if (VMCI_FAULT("names.kinds-mixed") && handle.context == VMCI_HOST_CONTEXT_ID)
		(void)vmci_context_doorbell_close(ctx->hub->host, handle.resource);
	if (!other && (VMCI_FAULT("detach.handle-lingers") || VMCI_FAULT("detach.pages-touched"))) {
		pair->state = VMCI_QPB_GONE;
		if (pair->pages && VMCI_FAULT("detach.pages-touched"))
			vmci_queue_header_init(vmci_pages_consume_header(pair->pages), handle);
		vmci_pages_free(pair->pages);
		pair->pages = NULL;
		return;
	}
	if (!other && VMCI_FAULT("event.to-the-actor"))
		vmci_event_pair(ctx, VMCI_EVENT_QP_PEER_DETACH, handle, ctx->cid);
	if (!other) {
		pair->state = VMCI_QPB_GONE;
		vmci_pair_trace(pair, ctx->cid, "detach");
		free_pair(pair);
		if (VMCI_FAULT("event.last-detach"))
			vmci_event_pair(ctx, VMCI_EVENT_QP_PEER_DETACH, handle, ctx->cid);
		return;
	}
	if (is_vm && VMCI_FAULT("detach.pages-touched")) {
		pair->state = VMCI_QPB_SHUTDOWN_NO_MEM;
	} else if (is_vm && VMCI_FAULT("detach.pages-read")) {
		pair->state = VMCI_QPB_SHUTDOWN_NO_MEM;
	} else if (is_vm) {
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
	if (VMCI_FAULT("event.to-the-actor"))
		vmci_event_pair(ctx, VMCI_EVENT_QP_PEER_DETACH, handle, ctx->cid);
}

int32_t vmci_broker_guest_detach(struct vmci_context *ctx, struct vmci_handle handle)
{
	struct vmci_pair_request rq = { .ctx = ctx };
	struct vmci_pair *pair;
	struct vmci_pair_end *end;

	if (handle.context == VMCI_INVALID_ID || handle.resource == VMCI_INVALID_ID ||
	    (VMCI_FAULT("detach.resource-zero-refused") && !handle.resource))
		return vmci_pair_refuse(&rq, VMCI_ERROR_INVALID_ARGS, "handle invalid",
					"QP.DETACH.3");
	pair = vmci_pair_find(ctx->hub, handle);
	end = pair ? vmci_pair_end_of(pair, ctx) : NULL;
	if (VMCI_FAULT("detach.refuses-good"))
		return VMCI_ERROR_UNAVAILABLE;
	if ((VMCI_FAULT("detach.unknown-accepted") || VMCI_FAULT("detach.foreign-accepted")) &&
	    !end)
		return 0;
	if (VMCI_FAULT("detach.order-matters") && end && end->link.next != &ctx->ends)
		return VMCI_ERROR_UNAVAILABLE;
	if (!end)
		return vmci_pair_refuse(&rq, VMCI_ERROR_NOT_FOUND, "not attached to this pair",
					"QP.DETACH.3");
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

static bool is_left_mapped(const struct vmci_context *ctx)
{
	if (VMCI_FAULT("pause.touches-memory"))
		return true;
	if (VMCI_FAULT("broker.state-map"))
		return true;
	return VMCI_FAULT("pair.ignores-bus-master") && !ctx->device->is_quiesced;
}

void vmci_broker_unmap_all(struct vmci_context *ctx)
{
	struct vmci_list *at;

	for (at = ctx->ends.next; at != &ctx->ends; at = at->next) {
		struct vmci_pair *pair = VMCI_HOLDER(at, struct vmci_pair_end, link)->pair;

		if (!pair->pages || is_left_mapped(ctx))
			continue;
		/* Pages that died by themselves could not be looked at a last time: they stay dead.
		 */
		if (pair->pages->state == VMCI_PAGES_MAPPED && !VMCI_FAULT("pause.reads-memory")) {
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

		if (!pair->pages || pair->state % 2 == 0)
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
