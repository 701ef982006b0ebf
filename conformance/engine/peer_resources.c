/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance peer's resources. */
#include "peer_resources.h"

#include "peer_state.h"

/* ---- endpoints --------------------------------------------------------------------------- */

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct peer_object *o = arg;

	if (o->refuse)
		return o->refuse;
	return peer_inbox_put(&o->inbox, o->peer->world.port, data, len);
}

/* 0 for a resource that was asked for by number, else the one that was chosen. */
static int64_t settle(struct peer_actor *p, struct peer_object *o, uint32_t wanted, int64_t rc)
{
	if (rc < 0) {
		peer_object_forget(p, o);
		return rc == VMCI_LOCAL_NO_MEMORY ? VMCI_ERROR_NO_MEM : rc;
	}
	o->value = (uint32_t)rc;
	return wanted == VMCI_INVALID_ID ? rc : 0;
}

int64_t peer_endpoint_open(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	struct peer_object *o = peer_object_add(p, OBJECT_ENDPOINT, (uint32_t)a[0], (uint32_t)a[1]);

	if (!o)
		return VMCI_ERROR_NO_RESOURCES;
	return settle(
		p, o, (uint32_t)a[1],
		vmci_context_endpoint(ctx, (uint32_t)a[1], (uint32_t)a[2], 0, on_datagram, o));
}

int64_t peer_endpoint_refuse(struct peer_actor *p, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, OBJECT_ENDPOINT, a[0], a[1]);

	if (!o)
		return VMCI_ERROR_NOT_FOUND;
	o->refuse = (int32_t)(uint32_t)a[2];
	return 0;
}

void peer_endpoint_receive(struct peer_actor *p, const uint64_t *a, struct peer_reply *rp)
{
	struct peer_object *o = peer_object_find(p, OBJECT_ENDPOINT, a[0], a[1]);

	if (!o) {
		rp->rc = VMCI_ERROR_NOT_FOUND;
		return;
	}
	(void)vmci_hub_run(p->world.hub);
	peer_inbox_take(&o->inbox, p->world.port, rp);
}

static int64_t undo(struct peer_actor *p, enum object_kind kind, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, kind, a[0], a[1]);

	if (!o)
		return VMCI_ERROR_NOT_FOUND;
	peer_object_undo(p, o);
	return 0;
}

int64_t peer_endpoint_close(struct peer_actor *p, const uint64_t *a)
{
	return undo(p, OBJECT_ENDPOINT, a);
}

/* ---- doorbells --------------------------------------------------------------------------- */

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct peer_object *o = arg;

	(void)handle;
	o->rung++;
}

int64_t peer_doorbell_open(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	struct peer_object *o = peer_object_add(p, OBJECT_DOORBELL, (uint32_t)a[0], (uint32_t)a[1]);
	bool is_vm = ctx != vmci_hub_find(p->world.hub, VMCI_HOST_CONTEXT_ID) &&
		     ctx != vmci_hub_find(p->world.hub, VMCI_HYPERVISOR_CONTEXT_ID);

	if (!o)
		return VMCI_ERROR_NO_RESOURCES;
	return settle(p, o, (uint32_t)a[1],
		      vmci_context_doorbell(ctx, (uint32_t)a[1], (uint32_t)a[2],
					    is_vm ? NULL : on_ring, is_vm ? NULL : o));
}

int64_t peer_doorbell_rung(struct peer_actor *p, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, OBJECT_DOORBELL, a[0], a[1]);
	int64_t rung;

	if (!o)
		return VMCI_ERROR_NOT_FOUND;
	rung = o->rung;
	o->rung = 0;
	return rung;
}

int64_t peer_doorbell_close(struct peer_actor *p, const uint64_t *a)
{
	return undo(p, OBJECT_DOORBELL, a);
}
