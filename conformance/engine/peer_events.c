/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of the conformance peer's contexts. */
#include "peer_events.h"

#include <vmci/mem.h>
#include "peer_contexts.h"
#include "peer_state.h"

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct peer_actor *p = arg;

	(void)peer_inbox_put(&p->host_events, p->world.port, payload, len);
}

static void on_hypervisor_event(void *arg, const uint8_t *payload, size_t len)
{
	struct peer_actor *p = arg;

	(void)peer_inbox_put(&p->hypervisor_events, p->world.port, payload, len);
}

int peer_events_subscribe(struct peer_actor *p)
{
	struct vmci_hub *hub = p->world.hub;

	p->host_subscription =
		vmci_context_subscribe(vmci_hub_find(hub, VMCI_HOST_CONTEXT_ID), on_event, p);
	p->hypervisor_subscription = vmci_context_subscribe(
		vmci_hub_find(hub, VMCI_HYPERVISOR_CONTEXT_ID), on_hypervisor_event, p);
	return p->host_subscription < 0 || p->hypervisor_subscription < 0 ? -1 : 0;
}

/* The host and the hypervisor have a handler; a VM finds events among its datagrams. */
void peer_event_take(struct peer_actor *p, struct vmci_context *ctx, struct peer_reply *rp)
{
	uint32_t cid = vmci_context_cid(ctx);

	if (cid == VMCI_HOST_CONTEXT_ID || cid == VMCI_HYPERVISOR_CONTEXT_ID) {
		peer_inbox_take(cid ? &p->host_events : &p->hypervisor_events, p->world.port, rp);
		return;
	}
	peer_context_take(ctx, rp->blob_max, rp);
	if (rp->rc < 0)
		return;
	rp->blob_len -= VMCI_DATAGRAM_SIZE;
	memmove(rp->blob, rp->blob + VMCI_DATAGRAM_SIZE, rp->blob_len);
	rp->rc = rp->blob_len;
}

void peer_events_clear(struct peer_actor *p)
{
	peer_inbox_clear(&p->host_events, p->world.port);
	peer_inbox_clear(&p->hypervisor_events, p->world.port);
}

static void unsubscribe(struct peer_actor *p, uint32_t cid, int64_t id)
{
	if (id >= 0)
		(void)vmci_context_unsubscribe(vmci_hub_find(p->world.hub, cid), (uint32_t)id);
}

void peer_events_unsubscribe(struct peer_actor *p)
{
	unsubscribe(p, VMCI_HOST_CONTEXT_ID, p->host_subscription);
	unsubscribe(p, VMCI_HYPERVISOR_CONTEXT_ID, p->hypervisor_subscription);
}
