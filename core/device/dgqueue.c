/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that wait for one context. Spec: chapter 70. */
#include "dgqueue.h"

#include <vmci/error.h>
#include <vmci/fault.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

struct vmci_datagram *vmci_datagram_make(const struct vmci_hub_port *port, const uint8_t *bytes,
					 size_t len)
{
	struct vmci_datagram *dg = port->alloc(port->ctx, sizeof(*dg) + len);

	if (!dg)
		return NULL;
	vmci_list_init(&dg->link);
	dg->target = NULL;
	dg->len = len;
	memcpy(dg->bytes, bytes, len);
	return dg;
}

void vmci_datagram_free(const struct vmci_hub_port *port, struct vmci_datagram *dg)
{
	if (dg)
		port->free(port->ctx, dg, sizeof(*dg) + dg->len);
}

void vmci_dgqueue_init(struct vmci_dgqueue *q)
{
	vmci_list_init(&q->list);
	q->bytes = 0;
	q->count = 0;
}

void vmci_dgqueue_clear(struct vmci_dgqueue *q, const struct vmci_hub_port *port)
{
	while (!vmci_list_is_empty(&q->list))
		vmci_datagram_free(port, vmci_dgqueue_take(q));
}

int vmci_dgqueue_admit(const struct vmci_dgqueue *q, size_t len, bool is_hypervisor)
{
	uint64_t limit = VMCI_MAX_DATAGRAM_QUEUE_SIZE;

	if (VMCI_FAULT("queue.reserve-for-all"))
		is_hypervisor = true;
	if (is_hypervisor && !VMCI_FAULT("queue.events-share-limit"))
		limit = VMCI_MAX_DATAGRAM_AND_EVENT_QUEUE_SIZE;
	if (VMCI_FAULT("queue.no-limit"))
		return 0;
	if (VMCI_FAULT("queue.limit-off-by-one"))
		limit++;
	return q->bytes + len >= limit ? VMCI_ERROR_NO_RESOURCES : 0;
}

static bool is_event(const struct vmci_datagram *dg)
{
	return !vmci_get64(dg->bytes + VMCI_DATAGRAM_SRC_CONTEXT);
}

void vmci_dgqueue_append(struct vmci_dgqueue *q, struct vmci_datagram *dg)
{
	/* The order that in-tree Linux hosts have: newest first. */
	bool to_front = VMCI_FAULT("queue.last-in-first-out");

	if (VMCI_FAULT("event.overtakes"))
		to_front = is_event(dg);
	if (VMCI_FAULT("event.resumed-first"))
		to_front = is_event(dg) &&
			   vmci_get32(dg->bytes + VMCI_DATAGRAM_PAYLOAD) == VMCI_EVENT_QP_RESUMED;
	if (to_front)
		vmci_list_append(q->list.next, &dg->link);
	else
		vmci_list_append(&q->list, &dg->link);
	q->bytes += dg->len;
	q->count++;
}

struct vmci_datagram *vmci_dgqueue_head(const struct vmci_dgqueue *q)
{
	if (vmci_list_is_empty(&q->list))
		return NULL;
	return VMCI_HOLDER(q->list.next, struct vmci_datagram, link);
}

struct vmci_datagram *vmci_dgqueue_take(struct vmci_dgqueue *q)
{
	struct vmci_datagram *dg = vmci_dgqueue_head(q);

	if (!dg)
		return NULL;
	vmci_list_remove(&dg->link);
	if (!VMCI_FAULT("queue.limit-leaks"))
		q->bytes -= dg->len;
	q->count--;
	return dg;
}
