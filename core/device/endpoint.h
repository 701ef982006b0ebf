/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint.h - datagram endpoints of the host and the hypervisor. */
#ifndef VMCI_DEVICE_ENDPOINT_H
#define VMCI_DEVICE_ENDPOINT_H

#include "context.h"

struct vmci_endpoint {
	struct vmci_node by_resource;
	struct vmci_list link;
	uint32_t resource;
	uint32_t priv;
	bool is_delayed;
	uint64_t waiting_bytes; /* delayed datagrams, with what they cost */
	vmci_datagram_fn *fn;
	void *arg;
};

struct vmci_endpoint *vmci_endpoint_find(const struct vmci_context *ctx, uint32_t resource);
void vmci_endpoint_drop_all(struct vmci_context *ctx);

/* Deliver now. Returns len or what the handler refused with. */
int vmci_endpoint_deliver(struct vmci_endpoint *ep, const uint8_t *dg, size_t len);
/* Deliver in vmci_hub_run. Returns len, or VMCI_ERROR_NO_MEM: too much waits, or no memory. */
int vmci_endpoint_defer(struct vmci_hub *hub, struct vmci_endpoint *ep, const uint8_t *dg,
			size_t len);
/* What waits for this endpoint (NULL: for all) goes. */
void vmci_endpoint_drop_delayed(struct vmci_hub *hub, const struct vmci_endpoint *ep);

#endif
