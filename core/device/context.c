/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: the parties of a hub. Spec: chapters 70 and 80. */
#include "context.h"

#include "broker.h"
#include "device.h"
#include "doorbell.h"
#include "endpoint.h"
#include "event.h"
#include "watch.h"

#include <vmci/fault.h>

bool vmci_priv_denies(uint32_t a, uint32_t b)
{
	bool a_restricted = (a & VMCI_PRIVILEGE_FLAG_RESTRICTED) != 0;
	bool b_restricted = (b & VMCI_PRIVILEGE_FLAG_RESTRICTED) != 0;
	bool a_trusted = (a & VMCI_PRIVILEGE_FLAG_TRUSTED) != 0;
	bool b_trusted = (b & VMCI_PRIVILEGE_FLAG_TRUSTED) != 0;

	if (VMCI_FAULT("priv.everything-allowed"))
		return false;
	if (VMCI_FAULT("priv.everything-denied"))
		return true;
	if (VMCI_FAULT("priv.trust-ignored"))
		return a_restricted || b_restricted;
	if (VMCI_FAULT("priv.one-way"))
		return a_restricted && !b_trusted;
	return (a_restricted && !b_trusted) || (b_restricted && !a_trusted);
}

uint32_t vmci_context_pick_cid(struct vmci_hub *hub, uint32_t cid, const struct vmci_context *self)
{
	struct vmci_context *taken = vmci_hub_find(hub, cid);

	if (VMCI_FAULT("context.duplicate-id"))
		return cid;
	if (VMCI_FAULT("context.id-ignored") && !self && hub->host)
		cid = VMCI_HOST_CONTEXT_ID;
	else if (!taken || taken == self)
		return cid;
	if (VMCI_FAULT("context.id-search") && cid != VMCI_INVALID_ID - 1)
		cid = VMCI_RESERVED_CID_LIMIT - 1;
	if (VMCI_FAULT("context.reserved-ids-given-out"))
		cid = cid < 3 ? 2 : cid;
	else if (cid < VMCI_RESERVED_CID_LIMIT - 1)
		cid = VMCI_RESERVED_CID_LIMIT - 1;
	/* Ends: there are fewer contexts than ids. */
	do {
		cid++;
		if (cid == VMCI_INVALID_ID)
			cid = VMCI_FAULT("context.id-search") ? 3 : VMCI_RESERVED_CID_LIMIT;
		taken = vmci_hub_find(hub, cid);
	} while (taken && taken != self);
	return cid;
}

int vmci_context_new(struct vmci_hub *hub, uint32_t cid, uint32_t priv, struct vmci_context **out)
{
	struct vmci_context *ctx;

	if (hub->vms >= hub->limits.contexts)
		return vmci_refuse(hub, cid, VMCI_ERROR_NO_RESOURCES, "too many contexts", NULL);
	if (vmci_table_reserve(&hub->contexts, &hub->memory))
		return VMCI_LOCAL_NO_MEMORY;
	ctx = vmci_hub_alloc(hub, sizeof(*ctx));
	if (!ctx)
		return VMCI_LOCAL_NO_MEMORY;
	ctx->hub = hub;
	ctx->cid = vmci_context_pick_cid(hub, cid, NULL);
	ctx->priv = priv;
	ctx->next_resource = VMCI_RESERVED_RESOURCE_ID_MAX + 1;
	vmci_dgqueue_init(&ctx->queue);
	vmci_table_init(&ctx->endpoints, hub->salt);
	vmci_table_init(&ctx->doorbells, hub->salt);
	vmci_list_init(&ctx->endpoint_list);
	vmci_list_init(&ctx->doorbell_list);
	vmci_list_init(&ctx->rings);
	vmci_list_init(&ctx->watch_list);
	vmci_list_init(&ctx->ends);
	vmci_list_init(&ctx->subscriptions);
	vmci_list_append(&hub->members, &ctx->member);
	vmci_table_add(&hub->contexts, &ctx->by_cid, ctx->cid);
	hub->vms++;
	*out = ctx;
	return 0;
}

int vmci_context_create(struct vmci_hub *hub, uint32_t cid, uint32_t priv,
			struct vmci_context **out)
{
	if (VMCI_FAULT("context.low-id-refused") && cid < VMCI_RESERVED_CID_LIMIT)
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("context.invalid-id-given") && cid == VMCI_INVALID_ID)
		cid = VMCI_RESERVED_CID_LIMIT;
	if (cid == VMCI_INVALID_ID)
		return vmci_refuse(hub, cid, VMCI_ERROR_INVALID_ARGS, "no context id", "CTX.ID.5");
	if ((priv & ~(uint32_t)VMCI_PRIVILEGE_FLAG_RESTRICTED) &&
	    !VMCI_FAULT("context.trusted-vm-allowed"))
		return vmci_refuse(hub, cid, VMCI_ERROR_INVALID_ARGS,
				   "a VM has no privilege flags but RESTRICTED", "PRIV.VM.1");
	return vmci_context_new(hub, cid, priv, out);
}

void vmci_context_renumber(struct vmci_context *ctx, uint32_t cid)
{
	uint32_t was = ctx->cid;

	vmci_table_remove(&ctx->hub->contexts, &ctx->by_cid);
	ctx->cid = cid;
	vmci_table_add(&ctx->hub->contexts, &ctx->by_cid, cid);
	vmci_event_renumbered(ctx->hub, was, cid);
}

static void leave_pairs(struct vmci_context *ctx)
{
	bool was_closing = ctx->hub->is_closing;

	if (VMCI_FAULT("end.keeps-pairs"))
		ctx->hub->is_closing = true;
	vmci_broker_context_gone(ctx);
	ctx->hub->is_closing = was_closing;
}

void vmci_context_delete(struct vmci_context *ctx)
{
	struct vmci_hub *hub = ctx->hub;
	const struct vmci_hub_port *port = hub->port;

	/* Nobody can reach it any more before anybody is told. */
	vmci_table_remove(&hub->contexts, &ctx->by_cid);
	vmci_list_remove(&ctx->member);
	hub->vms -= hub->vms > 0;
	if (VMCI_FAULT("end.leaks"))
		hub->vms += hub->limits.contexts / 50;

	if (!VMCI_FAULT("end.order"))
		vmci_watch_announce_removal(ctx);
	leave_pairs(ctx);
	if (VMCI_FAULT("end.order"))
		vmci_watch_announce_removal(ctx);
	if (ctx->device)
		vmci_device_free(ctx->device);
	vmci_watch_drop_all(ctx);
	vmci_doorbell_drop_all(ctx);
	vmci_endpoint_drop_all(ctx);
	vmci_event_drop_all(ctx);
	vmci_dgqueue_clear(&ctx->queue, port);
	vmci_table_free(&ctx->endpoints, &hub->memory);
	vmci_table_free(&ctx->doorbells, &hub->memory);
	vmci_hub_free(hub, ctx, sizeof(*ctx));
}

void vmci_context_destroy(struct vmci_context *ctx)
{
	if (VMCI_FAULT("end.id-survives") || VMCI_FAULT("context.survives-removal"))
		return;
	vmci_context_delete(ctx);
}

uint32_t vmci_context_cid(const struct vmci_context *ctx)
{
	return ctx->cid;
}

struct vmci_hub *vmci_context_hub(const struct vmci_context *ctx)
{
	return ctx->hub;
}

uint32_t vmci_context_privileges(const struct vmci_context *ctx)
{
	return ctx->priv;
}

uint32_t vmci_context_pick_resource(struct vmci_context *ctx,
				    bool (*is_taken)(const struct vmci_context *ctx,
						     uint32_t resource))
{
	uint32_t first = ctx->next_resource;
	uint32_t id = first;

	do {
		ctx->next_resource =
			id + 1 == VMCI_INVALID_ID ? VMCI_RESERVED_RESOURCE_ID_MAX + 1 : id + 1;
		if (!is_taken(ctx, id))
			return id;
		id = ctx->next_resource;
	} while (id != first);
	return VMCI_INVALID_ID;
}
