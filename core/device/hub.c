/* SPDX-License-Identifier: BSD-2-Clause */
/* The host side of one process. Spec: chapter 70. */
#include "hub.h"

#include "context.h"
#include "endpoint.h"
#include "broker.h"
#include "device.h"
#include "watch.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

int vmci_refuse(struct vmci_hub *hub, uint32_t cid, int result, const char *reason,
		const char *clause)
{
	struct vmci_trace ev = { .kind = VMCI_TRACE_REFUSAL,
				 .cid = cid,
				 .result = result,
				 .text = reason,
				 .clause = clause };

	vmci_hub_trace(hub, &ev);
	return result;
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
	return value ? value : standard;
}

static void set_limits(struct vmci_hub *hub, const struct vmci_hub_limits *limits)
{
	struct vmci_hub_limits *l = &hub->limits;

	if (limits)
		*l = *limits;
	l->contexts = or_default(l->contexts, 10000);
	l->endpoints = or_default(l->endpoints, 4096);
	l->doorbells = or_default(l->doorbells, 65536);
	l->queue_pairs = or_default(l->queue_pairs, VMCI_MAX_GUEST_QP_COUNT);
	l->host_queue_bytes = or_default(l->host_queue_bytes, 1u << 20);
	if (!l->qp_memory_bytes)
		l->qp_memory_bytes = VMCI_MAX_GUEST_QP_MEMORY;
}

int vmci_hub_create(const struct vmci_hub_port *port, const struct vmci_hub_limits *limits,
		    struct vmci_hub **out)
{
	struct vmci_hub *hub = port->alloc(port->ctx, sizeof(*hub));
	int rc;

	if (!hub)
		return VMCI_LOCAL_NO_MEMORY;
	hub->port = port;
	hub->memory = (struct vmci_memory){ port->ctx, port->alloc, port->free };
	/* An address of the host is a secret that guests cannot see: good enough to keep them
	 * from building long chains, and nothing depends on its value. */
	hub->salt = (uint64_t)(uintptr_t)hub * 0x9e3779b97f4a7c15u;
	set_limits(hub, limits);
	vmci_table_init(&hub->contexts, hub->salt);
	vmci_table_init(&hub->pairs, hub->salt);
	vmci_table_init(&hub->watches, hub->salt);
	vmci_list_init(&hub->members);
	vmci_list_init(&hub->lost);
	vmci_list_init(&hub->delayed);

	rc = vmci_context_new(hub, VMCI_HYPERVISOR_CONTEXT_ID, 0, &hub->hypervisor);
	if (!rc)
		rc = vmci_context_new(hub, VMCI_HOST_CONTEXT_ID, 0, &hub->host);
	if (rc) {
		vmci_hub_destroy(hub);
		return rc;
	}
	if (!VMCI_FAULT("priv.hypervisor-untrusted"))
		hub->hypervisor->priv = VMCI_PRIVILEGE_FLAG_TRUSTED;
	hub->vms = 0;
	*out = hub;
	return 0;
}

void vmci_hub_destroy(struct vmci_hub *hub)
{
	const struct vmci_hub_port *port = hub->port;

	hub->is_closing = true;
	vmci_endpoint_drop_delayed(hub, NULL);
	/* VMs first: their memory is given back while the host's ends still exist. */
	while (!vmci_list_is_empty(&hub->members))
		vmci_context_delete(VMCI_HOLDER(hub->members.prev, struct vmci_context, member));
	vmci_broker_free_lost(hub);
	vmci_table_free(&hub->watches, &hub->memory);
	vmci_table_free(&hub->pairs, &hub->memory);
	vmci_table_free(&hub->contexts, &hub->memory);
	port->free(port->ctx, hub, sizeof(*hub));
}

struct vmci_context *vmci_hub_find(struct vmci_hub *hub, uint32_t cid)
{
	struct vmci_node *node = vmci_table_find(&hub->contexts, cid);

	if (VMCI_FAULT("cid.old-id-lives") && !node)
		return vmci_device_once_was(hub, cid);
	return node ? VMCI_HOLDER(node, struct vmci_context, by_cid) : NULL;
}
