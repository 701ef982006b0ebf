/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagram endpoints of the host and the hypervisor. Spec: chapter 70. */
#include "endpoint.h"

#include <vmci/fault.h>

/* What a waiting datagram costs beside its bytes. */
#define DELAYED_OVERHEAD 64u

struct vmci_endpoint *vmci_endpoint_find(const struct vmci_context *ctx, uint32_t resource)
{
	struct vmci_node *node = vmci_table_find(&ctx->endpoints, resource);

	return node ? VMCI_HOLDER(node, struct vmci_endpoint, by_resource) : NULL;
}

static bool is_taken(const struct vmci_context *ctx, uint32_t resource)
{
	return vmci_endpoint_find(ctx, resource) != NULL;
}

/* Resources of the hypervisor that are, or were, hypercalls of the device. */
static bool is_hypercall(const struct vmci_context *ctx, uint32_t resource)
{
	return ctx == ctx->hub->hypervisor && resource <= 12;
}

int64_t vmci_context_endpoint(struct vmci_context *ctx, uint32_t resource, uint32_t priv,
			      uint32_t flags, vmci_datagram_fn *fn, void *arg)
{
	struct vmci_hub *hub = ctx->hub;
	struct vmci_endpoint *ep;

	if (vmci_context_is_vm(ctx) || !fn)
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_INVALID_ARGS,
				   "not a context with endpoints", NULL);
	if (flags & ~(uint32_t)(VMCI_FLAG_ANYCID_DG_HND | VMCI_FLAG_DG_DELAYED_CB))
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_INVALID_ARGS, "endpoint flags", NULL);
	if (priv & ~(uint32_t)VMCI_PRIVILEGE_ALL_FLAGS)
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_INVALID_ARGS, "privilege flags", NULL);
	if (ctx->endpoint_count >= hub->limits.endpoints)
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_NO_RESOURCES, "too many endpoints",
				   NULL);
	if (resource == VMCI_INVALID_ID)
		resource = vmci_context_pick_resource(ctx, is_taken);
	else if ((is_taken(ctx, resource) && !VMCI_FAULT("endpoint.duplicate")) ||
		 is_hypercall(ctx, resource))
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_ALREADY_EXISTS, "the endpoint exists",
				   NULL);
	if (vmci_table_reserve(&ctx->endpoints, &hub->memory))
		return VMCI_LOCAL_NO_MEMORY;
	ep = vmci_hub_alloc(hub, sizeof(*ep));
	if (!ep)
		return VMCI_LOCAL_NO_MEMORY;
	ep->resource = resource;
	ep->priv = priv;
	ep->is_delayed = (flags & VMCI_FLAG_DG_DELAYED_CB) != 0;
	ep->fn = fn;
	ep->arg = arg;
	vmci_table_add(&ctx->endpoints, &ep->by_resource, resource);
	vmci_list_append(&ctx->endpoint_list, &ep->link);
	ctx->endpoint_count++;
	return resource;
}

static void drop(struct vmci_context *ctx, struct vmci_endpoint *ep)
{
	vmci_endpoint_drop_delayed(ctx->hub, ep);
	vmci_table_remove(&ctx->endpoints, &ep->by_resource);
	vmci_list_remove(&ep->link);
	ctx->endpoint_count--;
	vmci_hub_free(ctx->hub, ep, sizeof(*ep));
}

int vmci_context_endpoint_close(struct vmci_context *ctx, uint32_t resource)
{
	struct vmci_endpoint *ep = vmci_endpoint_find(ctx, resource);

	if (!ep)
		return vmci_refuse(ctx->hub, ctx->cid, VMCI_ERROR_NOT_FOUND, "no such endpoint",
				   NULL);
	if (VMCI_FAULT("route.endpoint-survives-close"))
		return 0;
	drop(ctx, ep);
	if (VMCI_FAULT("names.kinds-mixed"))
		(void)vmci_context_doorbell_close(ctx, resource);
	return 0;
}

void vmci_endpoint_drop_all(struct vmci_context *ctx)
{
	while (!vmci_list_is_empty(&ctx->endpoint_list))
		drop(ctx, VMCI_HOLDER(ctx->endpoint_list.next, struct vmci_endpoint, link));
}

int vmci_endpoint_deliver(struct vmci_endpoint *ep, const uint8_t *dg, size_t len)
{
	int rc = ep->fn(ep->arg, dg, len);

	if (rc < 0 && !VMCI_FAULT("route.handler-error-lost"))
		return rc;
	return (int)len;
}

int vmci_endpoint_defer(struct vmci_hub *hub, struct vmci_endpoint *ep, const uint8_t *dg,
			size_t len)
{
	struct vmci_datagram *copy;

	if (hub->delayed_count >= VMCI_MAX_DELAYED_DG_HOST_QUEUE_SIZE - 1)
		return vmci_refuse(hub, VMCI_HOST_CONTEXT_ID, VMCI_ERROR_NO_MEM,
				   "too many delayed datagrams", "CTX.HOST.3");
	if (ep->waiting_bytes + len + DELAYED_OVERHEAD > hub->limits.host_queue_bytes)
		return vmci_refuse(hub, VMCI_HOST_CONTEXT_ID, VMCI_ERROR_NO_MEM,
				   "too many bytes wait for the endpoint", NULL);
	copy = vmci_datagram_make(hub->port, dg, len);
	if (!copy)
		return VMCI_ERROR_NO_MEM;
	copy->target = ep;
	vmci_list_append(&hub->delayed, &copy->link);
	hub->delayed_count++;
	ep->waiting_bytes += len + DELAYED_OVERHEAD;
	return (int)len;
}

static struct vmci_datagram *take_delayed(struct vmci_hub *hub, struct vmci_list *at)
{
	struct vmci_datagram *dg = VMCI_HOLDER(at, struct vmci_datagram, link);
	struct vmci_endpoint *ep = dg->target;

	vmci_list_remove(&dg->link);
	hub->delayed_count--;
	ep->waiting_bytes -= dg->len + DELAYED_OVERHEAD;
	return dg;
}

void vmci_endpoint_drop_delayed(struct vmci_hub *hub, const struct vmci_endpoint *ep)
{
	struct vmci_list *at = hub->delayed.next;

	while (at != &hub->delayed) {
		struct vmci_list *next = at->next;

		if (!ep || VMCI_HOLDER(at, struct vmci_datagram, link)->target == ep)
			vmci_datagram_free(hub->port, take_delayed(hub, at));
		at = next;
	}
}

size_t vmci_hub_run(struct vmci_hub *hub)
{
	/* What handlers send in turn waits for the next call: the work of one call is bounded. */
	uint32_t n = hub->delayed_count;
	uint32_t i;

	for (i = 0; i < n && !vmci_list_is_empty(&hub->delayed); i++) {
		struct vmci_datagram *dg;
		struct vmci_endpoint *ep;

		ep = VMCI_HOLDER(hub->delayed.next, struct vmci_datagram, link)->target;
		dg = take_delayed(hub, hub->delayed.next);
		(void)vmci_endpoint_deliver(ep, dg->bytes, dg->len);
		vmci_datagram_free(hub->port, dg);
	}
	return i;
}
