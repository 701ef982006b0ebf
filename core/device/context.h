/* SPDX-License-Identifier: BSD-2-Clause */
/* context.h - inside of a context: what one party of the hub owns. */
#ifndef VMCI_DEVICE_CONTEXT_H
#define VMCI_DEVICE_CONTEXT_H

#include "dgqueue.h"
#include "hub.h"

struct vmci_device;

struct vmci_context {
	struct vmci_hub *hub;
	struct vmci_node by_cid;
	struct vmci_list member;
	uint32_t cid;
	uint32_t priv;
	struct vmci_device *device; /* NULL: host, hypervisor or a bare VM */

	struct vmci_dgqueue queue; /* of a VM */

	struct vmci_table endpoints; /* of host and hypervisor, by resource */
	struct vmci_list endpoint_list;
	uint32_t endpoint_count;

	struct vmci_table doorbells; /* by handle, see doorbell.c */
	struct vmci_list doorbell_list;
	uint32_t doorbell_count;
	struct vmci_list rings; /* rung, not yet delivered */
	uint32_t ring_count;

	struct vmci_list watch_list;
	uint32_t watch_count;

	struct vmci_list ends; /* of queue pairs */
	uint32_t end_count;
	uint64_t pair_bytes; /* queue memory this VM supplies */

	struct vmci_list subscriptions; /* to events; of host and hypervisor */
	uint32_t subscription;		/* id given out last */
	const void *mark;		/* for deliberate mistakes */
	uint32_t next_resource;
};

/* The protocol's idea of a virtual machine: also ids that no VM should have. */
static inline bool vmci_cid_is_vm(uint32_t cid)
{
	return cid > VMCI_HOST_CONTEXT_ID && cid != VMCI_INVALID_ID;
}

/* This context is a VM, whatever id it was given. */
static inline bool vmci_context_is_vm(const struct vmci_context *ctx)
{
	return ctx != ctx->hub->host && ctx != ctx->hub->hypervisor;
}

/* Interaction rule of chapter 80, for privilege flags of two parties. */
bool vmci_priv_denies(uint32_t a, uint32_t b);

/* Make a context of a VM. As vmci_context_create, for both kinds of VM. */
int vmci_context_new(struct vmci_hub *hub, uint32_t cid, uint32_t priv, struct vmci_context **out);
/* The id a VM gets that asks for cid; `self` counts as free. */
uint32_t vmci_context_pick_cid(struct vmci_hub *hub, uint32_t cid, const struct vmci_context *self);
/* cid is free. */
void vmci_context_renumber(struct vmci_context *ctx, uint32_t cid);
/* Everything a context holds goes; the others are told. */
void vmci_context_delete(struct vmci_context *ctx);

/* A resource id of this context that `is_taken` does not know, from 1024 on, or VMCI_INVALID_ID.
 * Ids are not given out again soon. */
uint32_t vmci_context_pick_resource(struct vmci_context *ctx,
				    bool (*is_taken)(const struct vmci_context *ctx,
						     uint32_t resource));

#endif
