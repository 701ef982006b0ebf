/* SPDX-License-Identifier: BSD-2-Clause */
/* The transport of a guest behind a device. */
#include "transport.h"

#include <vmci/guest.h>

struct vmci_transport_pair {
	struct vmci_transport_pair *next; /* of those the device would not give back */
	struct vmci_guest_pair *pair;
};

struct transport_guest {
	struct transport_base base;
	struct vmci_guest *g;
	int64_t subscription[VMCI_EVENT_GUEST_MAX + 1];
	struct vmci_transport_pair *stuck;
};

static int64_t cid(void *ctx)
{
	struct transport_guest *t = ctx;

	return vmci_guest_cid(t->g);
}

/* A guest has no privileges to claim: those of its context are the host's business. */
static int64_t endpoint(void *ctx, uint32_t resource, uint32_t flags, bool trusted,
			vmci_datagram_fn *fn, void *arg)
{
	struct transport_guest *t = ctx;

	(void)trusted;
	return vmci_guest_endpoint(t->g, resource, flags, fn, arg);
}

static int endpoint_close(void *ctx, uint32_t resource)
{
	struct transport_guest *t = ctx;

	return vmci_guest_endpoint_close(t->g, resource);
}

static int send(void *ctx, struct vmci_handle dst, uint32_t src_resource, const void *payload,
		size_t len)
{
	struct transport_guest *t = ctx;

	return vmci_guest_send(t->g, dst, vmci_handle(VMCI_INVALID_ID, src_resource), payload, len);
}

static void unsubscribe(struct transport_guest *t)
{
	for (uint32_t event = 0; event <= VMCI_EVENT_GUEST_MAX; event++) {
		if (t->subscription[event] > 0)
			(void)vmci_guest_unsubscribe(t->g, (uint32_t)t->subscription[event]);
		t->subscription[event] = 0;
	}
}

static int events(void *ctx, vmci_event_fn *fn, void *arg)
{
	struct transport_guest *t = ctx;

	unsubscribe(t);
	for (uint32_t event = 0; fn && event <= VMCI_EVENT_GUEST_MAX; event++) {
		t->subscription[event] = vmci_guest_subscribe(t->g, event, fn, arg);
		if (t->subscription[event] < 0) {
			unsubscribe(t);
			return VMCI_LOCAL_NO_MEMORY;
		}
	}
	return 0;
}

static bool may_talk(void *ctx, uint32_t peer, bool trusted)
{
	(void)ctx;
	(void)peer;
	(void)trusted;
	return true;
}

/* ---- queue pairs ------------------------------------------------------------------------ */

/* A device that refuses a detach may still use the memory; it is asked again now and then. */
static void detach(struct transport_guest *t, struct vmci_transport_pair *p)
{
	if (vmci_guest_pair_detach(p->pair)) {
		p->next = t->stuck;
		t->stuck = p;
	} else {
		transport_release(&t->base, p, sizeof(*p));
	}
}

static void retry_stuck(struct transport_guest *t)
{
	struct vmci_transport_pair *p, *next = t->stuck;

	t->stuck = NULL;
	while ((p = next)) {
		next = p->next;
		detach(t, p);
	}
}

/* The leave handler is not needed: a guest's queues are its own memory, which the peer's leaving
 * does not touch. */
static int pair_open(void *ctx, struct vmci_handle handle, uint32_t peer, uint32_t flags,
		     uint32_t priv, uint64_t produce, uint64_t consume, vmci_pair_leave_fn *leave,
		     void *arg, struct vmci_transport_pair **out)
{
	struct transport_guest *t = ctx;
	struct vmci_transport_pair *p = transport_alloc(&t->base, sizeof(*p));
	int rc;

	(void)leave;
	(void)arg;
	if (!p)
		return VMCI_LOCAL_NO_MEMORY;
	retry_stuck(t);
	rc = vmci_guest_pair_alloc(t->g, handle, peer, flags, priv, produce, consume, &p->pair);
	if (rc) {
		transport_release(&t->base, p, sizeof(*p));
		return rc;
	}
	*out = p;
	return 0;
}

static void pair_close(void *ctx, struct vmci_transport_pair *p)
{
	detach(ctx, p);
}

static struct vmci_handle pair_handle(void *ctx, const struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_guest_pair_handle(p->pair);
}

static int64_t enqueue(void *ctx, struct vmci_transport_pair *p, const void *src, size_t len)
{
	(void)ctx;
	return vmci_ring_enqueue(vmci_guest_pair_produce(p->pair), src, len);
}

static int64_t dequeue(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len)
{
	(void)ctx;
	return vmci_ring_dequeue(vmci_guest_pair_consume(p->pair), dst, len);
}

static int64_t peek(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len)
{
	(void)ctx;
	return vmci_ring_peek(vmci_guest_pair_consume(p->pair), dst, len);
}

static int64_t ready(void *ctx, struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_ring_ready(vmci_guest_pair_consume(p->pair));
}

static int64_t room(void *ctx, struct vmci_transport_pair *p)
{
	(void)ctx;
	return vmci_ring_room(vmci_guest_pair_produce(p->pair));
}

/* ---- life ------------------------------------------------------------------------------- */

/* What the device still refuses goes with the guest. */
static void end(void *transport)
{
	struct transport_guest *t = transport;
	struct vmci_transport_pair *p;

	unsubscribe(t);
	retry_stuck(t);
	while ((p = t->stuck)) {
		t->stuck = p->next;
		transport_release(&t->base, p, sizeof(*p));
	}
}

struct vmci_transport *vmci_transport_of_guest(struct vmci_guest *g, void *alloc_ctx,
					       void *(*alloc)(void *ctx, size_t size),
					       void (*free)(void *ctx, void *p, size_t size))
{
	struct transport_guest *t = alloc(alloc_ctx, sizeof(*t));

	if (!t)
		return NULL;
	t->base.table = (struct vmci_transport){ .ctx = t,
						 .cid = cid,
						 .endpoint = endpoint,
						 .endpoint_close = endpoint_close,
						 .send = send,
						 .events = events,
						 .may_talk = may_talk,
						 .pair_open = pair_open,
						 .has_local_pairs = true,
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
	t->g = g;
	return &t->base.table;
}
