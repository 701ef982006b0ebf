/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts that the conformance peer makes, watches and looks into. */
#include "peer_contexts.h"

#include "peer_state.h"

#define RINGS_MAX 4096u

int64_t peer_context_make(struct peer_actor *p, const uint64_t *a)
{
	struct vmci_context *ctx;
	struct peer_object *o = peer_object_add(p, OBJECT_CONTEXT, (uint32_t)a[0], 0);
	int rc;

	if (!o)
		return VMCI_ERROR_NO_RESOURCES;
	rc = vmci_context_create(p->world.hub, (uint32_t)a[1], (uint32_t)a[2], &ctx);
	if (rc) {
		peer_object_forget(p, o);
		return rc == VMCI_LOCAL_NO_MEMORY ? VMCI_ERROR_NO_MEM : rc;
	}
	o->value = vmci_context_cid(ctx);
	return o->value;
}

int64_t peer_context_remove(struct peer_actor *p, const uint64_t *a)
{
	struct peer_object *o;

	/* Whoever made it may not be whoever removes it. */
	for (o = p->objects; o; o = o->next)
		if (o->kind == OBJECT_CONTEXT && o->value == a[1])
			break;
	if (!o)
		return VMCI_ERROR_NOT_FOUND;
	peer_object_undo(p, o);
	return 0;
}

int64_t peer_context_watch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	int rc = vmci_context_watch(ctx, (uint32_t)a[1]);

	if (!rc && !peer_object_add(p, OBJECT_WATCH, (uint32_t)a[0], (uint32_t)a[1])) {
		(void)vmci_context_unwatch(ctx, (uint32_t)a[1]);
		rc = VMCI_ERROR_NO_RESOURCES;
	}
	return rc;
}

int64_t peer_context_unwatch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, OBJECT_WATCH, a[0], a[1]);

	if (o)
		peer_object_forget(p, o);
	return vmci_context_unwatch(ctx, (uint32_t)a[1]);
}

void peer_context_take(struct vmci_context *ctx, uint64_t size, struct peer_reply *rp)
{
	size_t max = size < rp->blob_max ? (size_t)size : rp->blob_max, len = 0;

	rp->rc = vmci_context_receive(ctx, rp->blob, max, &len);
	if (rp->rc >= 0)
		rp->blob_len = (uint32_t)len;
}

int64_t peer_context_rings(struct peer_actor *p, struct vmci_context *ctx)
{
	const struct vmci_hub_port *port = p->world.port;
	size_t size = RINGS_MAX * sizeof(struct vmci_handle);
	struct vmci_handle *list = port->alloc(port->ctx, size);
	int rc;

	if (!list)
		return VMCI_ERROR_NO_MEM;
	rc = vmci_context_rings(ctx, list, RINGS_MAX);
	port->free(port->ctx, list, size);
	return rc;
}
