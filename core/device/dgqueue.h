/* SPDX-License-Identifier: BSD-2-Clause */
/* dgqueue.h - datagrams that wait for one context, first in, first out, within limits.
 *
 * Spec: chapter 70, the queue of a context.
 */
#ifndef VMCI_DEVICE_DGQUEUE_H
#define VMCI_DEVICE_DGQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/port.h>
#include "../common/list.h"

/* One datagram: header and payload, len bytes. */
struct vmci_datagram {
	struct vmci_list link;
	void *target; /* of delayed delivery at the host */
	size_t len;
	uint8_t bytes[];
};

struct vmci_dgqueue {
	struct vmci_list list;
	uint64_t bytes; /* sum of len */
	uint32_t count;
};

/* A private copy, or NULL without memory. */
struct vmci_datagram *vmci_datagram_make(const struct vmci_hub_port *port, const uint8_t *bytes,
					 size_t len);
void vmci_datagram_free(const struct vmci_hub_port *port, struct vmci_datagram *dg);

void vmci_dgqueue_init(struct vmci_dgqueue *q);
void vmci_dgqueue_clear(struct vmci_dgqueue *q, const struct vmci_hub_port *port);

/* Would len more bytes be accepted? Returns 0, or VMCI_ERROR_NO_RESOURCES: the queue would
 * reach VMCI_MAX_DATAGRAM_QUEUE_SIZE, or, for the hypervisor's own datagrams (source {0, 0}),
 * VMCI_MAX_DATAGRAM_AND_EVENT_QUEUE_SIZE. */
int vmci_dgqueue_admit(const struct vmci_dgqueue *q, size_t len, bool is_hypervisor);
void vmci_dgqueue_append(struct vmci_dgqueue *q, struct vmci_datagram *dg);

/* The oldest, or NULL; take it away (the caller frees it). */
struct vmci_datagram *vmci_dgqueue_head(const struct vmci_dgqueue *q);
struct vmci_datagram *vmci_dgqueue_take(struct vmci_dgqueue *q);

#endif
