/* SPDX-License-Identifier: BSD-2-Clause */
/* Events. Spec: chapter 50. */
#include "event.h"

#include "route.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

#define HEAD VMCI_DATAGRAM_SIZE

/* ---- subscribers ------------------------------------------------------------------------ */

/* Ids ascend along the list. A loop remembers the id, not the object, so that a handler may remove
 * any subscription. */
struct subscription {
	struct vmci_list link;
	uint32_t id;
	vmci_event_fn *fn; /* one of the two */
	vmci_renumber_fn *renumber_fn;
	void *arg;
};

static struct subscription *next_after(const struct vmci_context *ctx, uint32_t id)
{
	struct vmci_list *at;

	for (at = ctx->subscriptions.next; at != &ctx->subscriptions; at = at->next) {
		struct subscription *s = VMCI_HOLDER(at, struct subscription, link);

		if (s->id > id)
			return s;
	}
	return NULL;
}

static int64_t subscribe(struct vmci_context *ctx, vmci_event_fn *fn, vmci_renumber_fn *renumber_fn,
			 void *arg)
{
	struct subscription *s;

	if (vmci_context_is_vm(ctx) || (!fn && !renumber_fn))
		return vmci_refuse(ctx->hub, ctx->cid, VMCI_ERROR_INVALID_ARGS,
				   "not a context with handlers", NULL);
	s = vmci_hub_alloc(ctx->hub, sizeof(*s));
	if (!s)
		return VMCI_LOCAL_NO_MEMORY;
	s->id = ++ctx->subscription;
	s->fn = fn;
	s->renumber_fn = renumber_fn;
	s->arg = arg;
	vmci_list_append(&ctx->subscriptions, &s->link);
	return s->id;
}

int64_t vmci_context_subscribe(struct vmci_context *ctx, vmci_event_fn *fn, void *arg)
{
	return subscribe(ctx, fn, NULL, arg);
}

int64_t vmci_context_subscribe_ids(struct vmci_context *ctx, vmci_renumber_fn *fn, void *arg)
{
	return subscribe(ctx, NULL, fn, arg);
}

static void drop(struct vmci_context *ctx, struct subscription *s)
{
	vmci_list_remove(&s->link);
	vmci_hub_free(ctx->hub, s, sizeof(*s));
}

int vmci_context_unsubscribe(struct vmci_context *ctx, uint32_t id)
{
	struct subscription *s = id ? next_after(ctx, id - 1) : NULL;

	if (!s || s->id != id)
		return VMCI_ERROR_NOT_FOUND;
	drop(ctx, s);
	return 0;
}

void vmci_event_drop_all(struct vmci_context *ctx)
{
	while (!vmci_list_is_empty(&ctx->subscriptions))
		drop(ctx, VMCI_HOLDER(ctx->subscriptions.next, struct subscription, link));
}

void vmci_event_deliver(struct vmci_context *to, const uint8_t *payload, size_t len)
{
	uint32_t last = to->subscription, id = 0;
	struct subscription *s;

	while ((s = next_after(to, id)) && s->id <= last) {
		id = s->id;
		if (s->fn)
			s->fn(s->arg, payload, len);
	}
}

static void tell_renumbered(struct vmci_context *to, uint32_t was, uint32_t is)
{
	uint32_t last = to->subscription, id = 0;
	struct subscription *s;

	while ((s = next_after(to, id)) && s->id <= last) {
		id = s->id;
		if (s->renumber_fn)
			s->renumber_fn(s->arg, was, is);
	}
}

void vmci_event_renumbered(struct vmci_hub *hub, uint32_t was, uint32_t is)
{
	tell_renumbered(hub->hypervisor, was, is);
	tell_renumbered(hub->host, was, is);
}

/* ---- events ----------------------------------------------------------------------------- */

/* dg has room for a header in front of len bytes of payload. */
static int send(struct vmci_context *to, uint8_t *dg, size_t len, const struct vmci_trace *ev)
{
	struct vmci_hub *hub = to->hub;
	struct vmci_trace seen = *ev;
	struct vmci_handle src = vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, VMCI_CONTEXT_RESOURCE_ID);

	int rc;

	if (hub->is_closing)
		return 0;
	seen.kind = VMCI_TRACE_EVENT;
	seen.cid = to->cid;
	vmci_hub_trace(hub, &seen);
	if (!vmci_context_is_vm(to)) {
		vmci_event_deliver(to, dg + HEAD, len);
		return 0;
	}
	if (VMCI_FAULT("event.wrong-source"))
		src.context = VMCI_HOST_CONTEXT_ID;
	if (VMCI_FAULT("event.padding-not-zero")) {
		vmci_put32(dg + HEAD + VMCI_EVENT_DATA_RESERVED, 0x5a5a5a5a);
		if (len == VMCI_EVENT_QP_SIZE)
			vmci_put32(dg + HEAD + VMCI_EVENT_QP_RESERVED2, 0x5a5a5a5a);
		else
			vmci_put32(dg + HEAD + VMCI_EVENT_CTX_RESERVED2, 0x5a5a5a5a);
	}
	vmci_put_handle(dg + VMCI_DATAGRAM_DST_CONTEXT, vmci_handle(to->cid, VMCI_EVENT_HANDLER));
	if (VMCI_FAULT("event.wrong-destination"))
		vmci_put32(dg + VMCI_DATAGRAM_DST_CONTEXT, VMCI_HYPERVISOR_CONTEXT_ID);
	vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT, src);
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (VMCI_FAULT("event.needs-subscription") && to->device && !to->mark)
		return 0;
	if (VMCI_FAULT("event.unsubscribe-works") && to->device && to->mark)
		return 0;
	if (VMCI_FAULT("event.wrong-size"))
		len -= 4;
	if (VMCI_FAULT("event.wrong-size"))
		vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	rc = vmci_route_enqueue(to, dg, HEAD + len, true);
	return rc < 0 ? rc : 0;
}

int vmci_event_context(struct vmci_context *to, uint32_t event, uint32_t cid)
{
	uint8_t dg[HEAD + VMCI_EVENT_CTX_SIZE] = { 0 };
	struct vmci_trace ev = { .value = event, .value2 = cid };

	if (VMCI_FAULT("event.resumed-payload") && event == VMCI_EVENT_QP_RESUMED)
		cid = 0;
	vmci_put32(dg + HEAD + VMCI_EVENT_CTX_EVENT, event);
	vmci_put32(dg + HEAD + VMCI_EVENT_CTX_CONTEXT_ID, cid);
	return send(to, dg, VMCI_EVENT_CTX_SIZE, &ev);
}

void vmci_event_pair(struct vmci_context *to, uint32_t event, struct vmci_handle handle,
		     uint32_t peer)
{
	uint8_t dg[HEAD + VMCI_EVENT_QP_SIZE] = { 0 };
	struct vmci_trace ev = { .value = event, .value2 = peer, .handle = handle };

	if (VMCI_FAULT("event.no-attach") && event == VMCI_EVENT_QP_PEER_ATTACH)
		return;
	if (VMCI_FAULT("event.no-detach") && event == VMCI_EVENT_QP_PEER_DETACH)
		return;
	if (VMCI_FAULT("event.no-hypervisor-events") && peer == VMCI_HYPERVISOR_CONTEXT_ID)
		return;
	if (VMCI_FAULT("event.wrong-peer"))
		peer = to->cid;
	vmci_put32(dg + HEAD + VMCI_EVENT_QP_EVENT, event);
	vmci_put_handle(dg + HEAD + VMCI_EVENT_QP_HANDLE, handle);
	vmci_put32(dg + HEAD + VMCI_EVENT_QP_PEER_ID, peer);
	/* Who attaches or detaches has no use for the other one's full queue. */
	(void)send(to, dg, VMCI_EVENT_QP_SIZE, &ev);
}
