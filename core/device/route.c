/* SPDX-License-Identifier: BSD-2-Clause */
/* Routing of datagrams. Spec: chapter 70. */
#include "route.h"

#include "device.h"
#include "endpoint.h"
#include "event.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

/* Bytes of a datagram that is put together without asking for memory: control packets, and more. */
#define SMALL 128u

/* What a routed datagram needs to be delivered: a VM, or an endpoint, or neither, which is the
 * host's handler of events. */
struct route {
	struct vmci_context *vm;
	struct vmci_endpoint *endpoint;
	uint32_t src_context; /* as the receiver sees it */
};

static int refuse(const struct vmci_context *from, int result, const char *reason,
		  const char *clause)
{
	return vmci_refuse(from->hub, from->cid, result, reason, clause);
}

bool vmci_route_is_own_source(const struct vmci_context *from, uint32_t cid)
{
	if (cid == from->cid || cid == VMCI_INVALID_ID)
		return true;
	return from->device && vmci_device_had_cid(from->device, cid);
}

/* Privileges with which `from` speaks: the host speaks with those of the endpoint it names. */
static uint32_t sender_priv(const struct vmci_context *from, uint32_t src_resource)
{
	if (from == from->hub->host) {
		struct vmci_endpoint *ep = vmci_endpoint_find(from, src_resource);

		return ep ? ep->priv : from->priv;
	}
	return from->priv;
}

/* Whoever speaks for the host may leave its id out; guests' were filled in before. */
static int fill_source(const struct vmci_context *from, struct vmci_handle *src)
{
	if (src->context != VMCI_INVALID_ID)
		return 0;
	if (from != from->hub->host && !VMCI_FAULT("route.anonymous-accepted"))
		return refuse(from, VMCI_ERROR_INVALID_ARGS, "source context missing",
			      "CTX.ROUTE.7");
	src->context = from->cid;
	return 0;
}

static bool is_forgery_missed(uint32_t claimed)
{
	return VMCI_FAULT("route.forged-source-accepted") ||
	       (VMCI_FAULT("route.forged-machine-accepted") && vmci_cid_is_vm(claimed));
}

static bool is_way_missed(void)
{
	if (VMCI_FAULT("route.vm-to-vm"))
		return true;
	return VMCI_FAULT("route.forged-machine-accepted");
}

static int decide_host(struct vmci_context *from, struct vmci_handle dst, struct vmci_handle src,
		       struct route *r)
{
	struct vmci_hub *hub = from->hub;
	int rc;

	rc = fill_source(from, &src);
	if (rc)
		return rc;
	if (src.context != from->cid && !is_forgery_missed(src.context))
		return refuse(from, VMCI_ERROR_NO_ACCESS, "source context is not the sender's",
			      "CTX.ROUTE.8");
	r->src_context = src.context;
	if (from == hub->hypervisor && dst.resource == VMCI_EVENT_HANDLER)
		return 0;
	r->endpoint = vmci_endpoint_find(hub->host, dst.resource);
	if (VMCI_FAULT("priv.order") && !r->endpoint &&
	    (from->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED))
		return VMCI_ERROR_NO_ACCESS;
	if (VMCI_FAULT("route.host-to-host") && from == hub->host)
		return VMCI_ERROR_DST_UNREACHABLE;
	if (!r->endpoint)
		return refuse(from,
			      VMCI_FAULT("route.wrong-no-endpoint") ? VMCI_ERROR_NO_HANDLE
								    : VMCI_ERROR_INVALID_RESOURCE,
			      "no such host endpoint", "CTX.ROUTE.6");
	if (vmci_priv_denies(sender_priv(from, src.resource), r->endpoint->priv) &&
	    !VMCI_FAULT("priv.host-endpoint-open"))
		return refuse(from, VMCI_ERROR_NO_ACCESS, "privileges of sender and endpoint",
			      "PRIV.DG.1");
	return 0;
}

static int decide_vm(struct vmci_context *from, struct vmci_handle dst, struct vmci_handle src,
		     struct route *r)
{
	struct vmci_hub *hub = from->hub;
	int rc;

	if (VMCI_FAULT("route.order") && src.context != from->cid)
		return VMCI_ERROR_NO_ACCESS;
	r->vm = vmci_hub_find(hub, dst.context);
	if (!r->vm || !vmci_context_is_vm(r->vm))
		return refuse(from,
			      VMCI_FAULT("route.unknown-context-code") ? VMCI_ERROR_NOT_FOUND
								       : VMCI_ERROR_DST_UNREACHABLE,
			      "destination context unknown", "CTX.ROUTE.3");
	rc = fill_source(from, &src);
	if (rc)
		return rc;
	if (VMCI_FAULT("route.hypervisor-source") && from == hub->hypervisor)
		return VMCI_ERROR_NO_ACCESS;
	if (vmci_cid_is_vm(src.context) && src.context != dst.context && !is_way_missed())
		return refuse(from, VMCI_ERROR_DST_UNREACHABLE, "no way from VM to VM",
			      "CTX.ROUTE.4");
	if (src.context != from->cid && !is_forgery_missed(src.context))
		return refuse(from, VMCI_ERROR_NO_ACCESS, "source context is not the sender's",
			      "CTX.ROUTE.8");
	if (VMCI_FAULT("priv.denies-self") && r->vm == from &&
	    (from->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED))
		return VMCI_ERROR_NO_ACCESS;
	if (r->vm != from && vmci_priv_denies(sender_priv(from, src.resource), r->vm->priv) &&
	    !VMCI_FAULT("priv.restricted-vm-open"))
		return refuse(from, VMCI_ERROR_NO_ACCESS, "privileges of sender and VM",
			      "PRIV.DG.4");
	if (VMCI_FAULT("route.own-context-refused") && r->vm == from)
		return VMCI_ERROR_DST_UNREACHABLE;
	r->src_context = src.context;
	return 0;
}

static bool is_too_large(size_t len)
{
	if (VMCI_FAULT("send.limit-unchecked") || VMCI_FAULT("route.too-large-accepted"))
		return false;
	if (VMCI_FAULT("send.limit-off-by-one"))
		return len == VMCI_MAX_DG_SIZE || len > VMCI_MAX_DG_SIZE + 1;
	return len > VMCI_MAX_DG_SIZE;
}

static int decide(struct vmci_context *from, bool is_guest, struct vmci_handle dst,
		  struct vmci_handle src, size_t len, struct route *r)
{
	if (is_too_large(len))
		return refuse(from, VMCI_ERROR_INVALID_ARGS, "datagram too large to be routed",
			      "DG.RES.2");
	if (VMCI_FAULT("route.any-context-result") && dst.context == VMCI_INVALID_ID)
		return VMCI_ERROR_DST_UNREACHABLE;
	if (VMCI_FAULT("route.anonymous-refused") && is_guest && src.context == VMCI_INVALID_ID &&
	    src.resource == VMCI_INVALID_ID)
		return VMCI_ERROR_INVALID_ARGS;
	if (dst.context == VMCI_INVALID_ID && !VMCI_FAULT("route.invalid-destination"))
		return refuse(from, VMCI_ERROR_INVALID_ARGS, "no destination context",
			      "CTX.ROUTE.1");
	if (is_guest && vmci_route_is_own_source(from, src.context))
		src.context = from->cid;
	if (dst.context == VMCI_HYPERVISOR_CONTEXT_ID) {
		/* A host that is nobody's guest has no hypervisor above it. */
		if (VMCI_FAULT("route.vm-to-hypervisor") || VMCI_FAULT("route.host-to-hypervisor"))
			return 0;
		if (vmci_context_is_vm(from))
			return refuse(from, VMCI_ERROR_DST_UNREACHABLE,
				      "the hypervisor is reached through the device",
				      "CTX.ROUTE.2");
		return refuse(from, VMCI_ERROR_DEVICE_NOT_FOUND, "no hypervisor above this host",
			      "CTX.ROUTE.13");
	}
	if (dst.context == VMCI_HOST_CONTEXT_ID)
		return decide_host(from, dst, src, r);
	return decide_vm(from, dst, src, r);
}

static void wake(struct vmci_context *vm)
{
	if (vm->device)
		vmci_device_datagram_waits(vm->device);
}

/* Admission is part of deciding; after that a datagram is only linked in. */
static int enqueue(struct vmci_context *to, struct vmci_datagram *dg, bool is_hypervisor)
{
	struct vmci_hub *hub = to->hub;
	struct vmci_trace ev = { .kind = VMCI_TRACE_DATAGRAM_QUEUED,
				 .cid = to->cid,
				 .data = dg->bytes,
				 .len = dg->len };

	ev.result = vmci_dgqueue_admit(&to->queue, dg->len, is_hypervisor);
	if (ev.result)
		return refuse(to, ev.result, "datagram queue full", "CTX.QUEUE.1");
	vmci_dgqueue_append(&to->queue, dg);
	ev.result = (int32_t)dg->len;
	vmci_hub_trace(hub, &ev);
	if (!VMCI_FAULT("event.no-cause") || !is_hypervisor)
		wake(to);
	return (int)dg->len;
}

/* What waits for all contexts together; for a deliberate mistake. */
static uint64_t all_bytes(const struct vmci_hub *hub)
{
	const struct vmci_list *at;
	uint64_t sum = 0;

	for (at = hub->members.next; at != &hub->members; at = at->next)
		sum += VMCI_HOLDER(at, struct vmci_context, member)->queue.bytes;
	return sum;
}

int vmci_route_enqueue(struct vmci_context *to, const uint8_t *bytes, size_t len,
		       bool is_hypervisor)
{
	const struct vmci_hub_port *port = to->hub->port;
	struct vmci_datagram *dg;
	int rc = vmci_dgqueue_admit(&to->queue, len, is_hypervisor);

	if (VMCI_FAULT("queue.shared-limit") && all_bytes(to->hub) + len > 139263)
		rc = VMCI_ERROR_NO_RESOURCES;
	/* Before a copy is made, so that a flood costs no memory. */
	if (rc)
		return refuse(to, rc, "datagram queue full", "CTX.QUEUE.1");
	dg = vmci_datagram_make(port, bytes, len);
	if (!dg)
		return VMCI_ERROR_NO_MEM;
	rc = enqueue(to, dg, is_hypervisor);
	if (rc < 0)
		vmci_datagram_free(port, dg);
	return rc;
}

static int deliver(struct vmci_context *from, const struct route *r, const uint8_t *dg, size_t len)
{
	struct vmci_hub *hub = from->hub;
	struct vmci_handle src = vmci_get_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT);
	int rc;

	if (r->vm) {
		rc = vmci_route_enqueue(r->vm, dg, len,
					src.context == VMCI_HYPERVISOR_CONTEXT_ID &&
						src.resource == VMCI_CONTEXT_RESOURCE_ID);
	} else if (r->endpoint && (r->endpoint->is_delayed || from == hub->host)) {
		rc = vmci_endpoint_defer(hub, r->endpoint, dg, len);
	} else if (r->endpoint) {
		rc = vmci_endpoint_deliver(r->endpoint, dg, len);
	} else {
		vmci_event_deliver(hub->host, dg + VMCI_DATAGRAM_SIZE, len - VMCI_DATAGRAM_SIZE);
		rc = (int)len;
	}
	if (rc > 0 && VMCI_FAULT("route.result-zero"))
		return 0;
	if (rc > 0 && VMCI_FAULT("route.result-payload-only"))
		return rc - VMCI_DATAGRAM_SIZE;
	return rc;
}

int vmci_route_send(struct vmci_context *from, bool is_guest, uint8_t *dg, size_t len)
{
	struct route r = { 0 };
	int rc = decide(from, is_guest, vmci_get_handle(dg + VMCI_DATAGRAM_DST_CONTEXT),
			vmci_get_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT), len, &r);

	if (rc)
		return rc;
	if (!VMCI_FAULT("route.source-not-stamped") &&
	    !(VMCI_FAULT("route.host-source") && from == from->hub->host))
		vmci_put32(dg + VMCI_DATAGRAM_SRC_CONTEXT, r.src_context);
	return deliver(from, &r, dg, len);
}

int vmci_context_send(struct vmci_context *ctx, struct vmci_handle dst, struct vmci_handle src,
		      const void *payload, size_t len)
{
	struct vmci_hub *hub = ctx->hub;
	size_t total = VMCI_DATAGRAM_SIZE + len;
	uint8_t small[SMALL];
	uint8_t *dg = small;
	int rc;

	if (len > VMCI_HYPERCALL_MAX || is_too_large(total))
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "datagram too large to be routed",
			      "DG.RES.2");
	if (total > SMALL)
		dg = vmci_hub_alloc(hub, total);
	if (!dg)
		return VMCI_ERROR_NO_MEM;
	vmci_put_handle(dg + VMCI_DATAGRAM_DST_CONTEXT, dst);
	vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT, src);
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(dg + VMCI_DATAGRAM_PAYLOAD, payload, len);
	rc = vmci_route_send(ctx, false, dg, total);
	if (dg != small)
		vmci_hub_free(hub, dg, total);
	return rc;
}

int vmci_context_receive(struct vmci_context *ctx, uint8_t *buf, size_t size, size_t *len)
{
	struct vmci_datagram *dg = vmci_dgqueue_head(&ctx->queue);

	if (!dg)
		return VMCI_FAULT("queue.empty-result") ? 0 : VMCI_ERROR_NO_MORE_DATAGRAMS;
	if (dg->len > size && !VMCI_FAULT("context.small-buffer-drops"))
		return VMCI_ERROR_NO_MEM;
	vmci_dgqueue_take(&ctx->queue);
	*len = dg->len < size ? dg->len : size;
	memcpy(buf, dg->bytes, *len);
	vmci_datagram_free(ctx->hub->port, dg);
	dg = vmci_dgqueue_head(&ctx->queue);
	if (VMCI_FAULT("queue.next-size"))
		return (int)*len;
	return dg ? (int)dg->len : 0;
}

bool vmci_context_is_pending(const struct vmci_context *ctx)
{
	return (ctx->queue.count > 0 && !VMCI_FAULT("pending.datagram")) ||
	       (ctx->ring_count > 0 && !VMCI_FAULT("pending.ring"));
}

/* A driver that reads through the port looks at a datagram only when it has read the whole run that
 * the datagram came in, filler included. One that polls is mostly in a run that holds nothing. */
bool vmci_context_is_drained(const struct vmci_context *ctx)
{
	return !ctx->queue.count && !(ctx->device && ctx->device->in.has_given);
}
