/* SPDX-License-Identifier: BSD-2-Clause */
/* The transport of the host or hypervisor context of a hub. */
#include "transport.h"

#include <vmci/hub.h>

struct vmci_transport_pair {
	struct vmci_pair_end *end;
};

struct transport_context {
	struct transport_base base;
	struct vmci_context *context;
	int64_t events, ids; /* subscriptions, 0: none */
};

static int64_t cid(void *ctx)
{
	struct transport_context *t = ctx;

	return vmci_context_cid(t->context);
}

static int64_t endpoint(void *ctx, uint32_t resource, uint32_t flags, bool trusted,
			vmci_datagram_fn *fn, void *arg)
{
	struct transport_context *t = ctx;

	return vmci_context_endpoint(t->context, resource,
				     trusted ? VMCI_PRIVILEGE_FLAG_TRUSTED : 0, flags, fn, arg);
}

static int endpoint_close(void *ctx, uint32_t resource)
{
	struct transport_context *t = ctx;

	return vmci_context_endpoint_close(t->context, resource);
}

static int send(void *ctx, struct vmci_handle dst, uint32_t src_resource, const void *payload,
		size_t len)
{
	struct transport_context *t = ctx;
	struct vmci_handle src = { vmci_context_cid(t->context), src_resource };

	return vmci_context_send(t->context, dst, src, payload, len);
}

static void unsubscribe(struct transport_context *t, int64_t *id)
{
	if (*id > 0)
		(void)vmci_context_unsubscribe(t->context, (uint32_t)*id);
	*id = 0;
}

static int events(void *ctx, vmci_event_fn *fn, void *arg)
{
	struct transport_context *t = ctx;

	unsubscribe(t, &t->events);
	if (fn)
		t->events = vmci_context_subscribe(t->context, fn, arg);
	return t->events < 0 ? VMCI_LOCAL_NO_MEMORY : 0;
}

static int renumbers(void *ctx, vmci_renumber_fn *fn, void *arg)
{
	struct transport_context *t = ctx;

	unsubscribe(t, &t->ids);
	if (fn)
		t->ids = vmci_context_subscribe_ids(t->context, fn, arg);
	return t->ids < 0 ? VMCI_LOCAL_NO_MEMORY : 0;
}

static struct vmci_context *find(struct transport_context *t, uint32_t peer)
{
	return vmci_hub_find(vmci_context_hub(t->context), peer);
}

/* Whoever is not there cannot be talked to either, but that is for the send to find out. */
static bool may_talk(void *ctx, uint32_t peer, bool trusted)
{
	const struct vmci_context *c = find(ctx, peer);

	return trusted || !c || !(vmci_context_privileges(c) & VMCI_PRIVILEGE_FLAG_RESTRICTED);
}

static bool is_drained(void *ctx, uint32_t peer)
{
	const struct vmci_context *c = find(ctx, peer);

	return !c || vmci_context_is_drained(c);
}

/* ---- queue pairs ------------------------------------------------------------------------ */

static int pair_open(void *ctx, struct vmci_handle handle, uint32_t peer, uint32_t flags,
		     uint32_t priv, uint64_t produce, uint64_t consume, vmci_pair_leave_fn *leave,
		     void *arg, struct vmci_transport_pair **out)
{
	struct transport_context *t = ctx;
	struct vmci_transport_pair *p = transport_alloc(&t->base, sizeof(*p));
	int rc;

	if (!p)
		return VMCI_LOCAL_NO_MEMORY;
	if (handle.context == VMCI_INVALID_ID && handle.resource == VMCI_INVALID_ID)
		handle.context = vmci_context_cid(t->context);
	rc = vmci_context_pair(t->context, handle, peer, flags, priv, produce, consume, NULL, NULL,
			       &p->end);
	if (rc) {
		transport_release(&t->base, p, sizeof(*p));
		return rc;
	}
	vmci_pair_on_leave(p->end, leave, arg);
	*out = p;
	return 0;
}

static void pair_close(void *ctx, struct vmci_transport_pair *p)
{
	struct transport_context *t = ctx;

	(void)vmci_pair_detach(p->end);
	transport_release(&t->base, p, sizeof(*p));
}

static struct vmci_handle pair_handle(void *ctx, const struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_pair_handle(p->end);
}

static int64_t enqueue(void *ctx, struct vmci_transport_pair *p, const void *src, size_t len)
{
	(void)ctx;
	return vmci_pair_enqueue(p->end, src, len);
}

static int64_t dequeue(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len)
{
	(void)ctx;
	return vmci_pair_dequeue(p->end, dst, len);
}

static int64_t peek(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len)
{
	(void)ctx;
	return vmci_pair_peek(p->end, dst, len);
}

static int64_t ready(void *ctx, struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_pair_ready(p->end);
}

static int64_t room(void *ctx, struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_pair_room(p->end);
}

/* ---- life ------------------------------------------------------------------------------- */

static void end(void *transport)
{
	(void)events(transport, NULL, NULL);
	(void)renumbers(transport, NULL, NULL);
}

struct vmci_transport *vmci_transport_of_context(struct vmci_context *ctx, void *alloc_ctx,
						 void *(*alloc)(void *ctx, size_t size),
						 void (*free)(void *ctx, void *p, size_t size))
{
	struct transport_context *t = alloc(alloc_ctx, sizeof(*t));

	if (!t)
		return NULL;
	t->base.table = (struct vmci_transport){ .ctx = t,
						 .cid = cid,
						 .endpoint = endpoint,
						 .endpoint_close = endpoint_close,
						 .send = send,
						 .events = events,
						 .renumbers = renumbers,
						 .may_talk = may_talk,
						 .is_drained = is_drained,
						 .announces_close = true,
						 .pair_open = pair_open,
						 .pair_close = pair_close,
						 .pair_handle = pair_handle,
						 .enqueue = enqueue,
						 .dequeue = dequeue,
						 .peek = peek,
						 .ready = ready,
						 .room = room };
	t->base.alloc_ctx = alloc_ctx;
	t->base.alloc = alloc;
	t->base.free = free;
	t->base.size = sizeof(*t);
	t->base.end = end;
	t->context = ctx;
	return &t->base.table;
}
