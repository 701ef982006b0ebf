/* SPDX-License-Identifier: BSD-2-Clause */
/* hub.h - inside of a hub: who is there and what all of them share. */
#ifndef VMCI_DEVICE_HUB_H
#define VMCI_DEVICE_HUB_H

#include <vmci/hub.h>
#include "../common/list.h"
#include "../common/table.h"

struct vmci_hub {
	const struct vmci_hub_port *port;
	struct vmci_memory memory;     /* the port's allocator */
	struct vmci_hub_limits limits; /* defaults filled in */
	uint64_t salt;
	struct vmci_table contexts; /* by cid */
	struct vmci_list members;   /* the same, in order of creation */
	uint32_t vms;
	struct vmci_context *hypervisor, *host;
	struct vmci_table pairs;   /* by handle */
	struct vmci_table watches; /* by cid watched */
	struct vmci_list lost;	   /* ends whose context died while a caller still holds them */
	struct vmci_list delayed;  /* datagrams of the host to itself */
	uint32_t delayed_count;
	bool is_closing; /* events go to nobody */
};

static inline void *vmci_hub_alloc(struct vmci_hub *hub, size_t size)
{
	return hub->port->alloc(hub->port->ctx, size);
}

static inline void vmci_hub_free(struct vmci_hub *hub, void *p, size_t size)
{
	if (p)
		hub->port->free(hub->port->ctx, p, size);
}

static inline void vmci_hub_trace(struct vmci_hub *hub, const struct vmci_trace *ev)
{
	if (hub->port->trace)
		hub->port->trace(hub->port->ctx, ev);
}

/* Tell the observer that something was refused, and hand the result through.
 *   reason  static string;  clause  static string or NULL */
int vmci_refuse(struct vmci_hub *hub, uint32_t cid, int result, const char *reason,
		const char *clause);

#endif
