/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagram endpoints of a guest: who may send, who receives. Spec: chapter 20. */
#include "state.h"

/* Delayed datagrams that wait for one drain to end. */
#define DELAYED_MAX 256u

static struct guest_endpoint *find(const struct vmci_guest *g, struct vmci_handle h)
{
	struct guest_endpoint *e;

	for (e = g->endpoints; e; e = e->next)
		if (e->handle.resource == h.resource &&
		    (e->handle.context == h.context || e->handle.context == VMCI_INVALID_ID ||
		     h.context == VMCI_INVALID_ID))
			return e;
	return NULL;
}

/* ---- receiving -------------------------------------------------------------------------- */

static void delay(struct vmci_guest *g, const struct guest_endpoint *e, const uint8_t *data,
		  size_t len)
{
	struct guest_delayed *d = NULL;

	if (g->ndelayed < DELAYED_MAX)
		d = guest_alloc(g, sizeof(*d) + len);
	if (!d) {
		guest_note(g, "no memory for a delayed datagram", VMCI_ERROR_NO_MEM);
		return;
	}
	d->endpoint = e->serial;
	d->len = len;
	memcpy(d->data, data, len);
	*g->delayed_end = d;
	g->delayed_end = &d->next;
	g->ndelayed++;
}

void guest_dispatch(struct vmci_guest *g, const uint8_t *data, size_t len)
{
	struct vmci_handle dst = vmci_get_handle(data + VMCI_DATAGRAM_DST_CONTEXT);
	struct vmci_handle src = vmci_get_handle(data + VMCI_DATAGRAM_SRC_CONTEXT);
	struct guest_endpoint *e;
	bool is_event =
		src.context == VMCI_HYPERVISOR_CONTEXT_ID && dst.resource == VMCI_EVENT_HANDLER;
	int rc;

	if (g->is_gone)
		return; /* a handler of an earlier record noticed it */
	if (VMCI_FAULT("guest.event-from-anybody"))
		is_event = dst.resource == VMCI_EVENT_HANDLER;
	if (VMCI_FAULT("guest.event-by-source-alone"))
		is_event = src.context == VMCI_HYPERVISOR_CONTEXT_ID;
	if (is_event && !VMCI_FAULT("guest-datagram.event-to-endpoint")) {
		rc = guest_dispatch_event(g, data + VMCI_DATAGRAM_SIZE, len - VMCI_DATAGRAM_SIZE);
		if (rc < 0)
			guest_note(g, "an event was dropped", rc);
		return;
	}
	e = find(g, dst);
	if (!e) {
		guest_note(g, "a datagram for nobody was dropped", VMCI_ERROR_NO_HANDLE);
		if (VMCI_FAULT("guest.unknown-endpoint-stops"))
			g->is_gone = true;
		return;
	}
	if (e->flags & VMCI_FLAG_DG_DELAYED_CB)
		delay(g, e, data, len);
	else
		e->fn(e->arg, data, len);
}

void guest_run_delayed_datagrams(struct vmci_guest *g)
{
	struct guest_delayed *d;
	struct guest_endpoint *e;

	while ((d = g->delayed)) {
		g->delayed = d->next;
		if (!g->delayed)
			g->delayed_end = &g->delayed;
		g->ndelayed--;
		for (e = g->endpoints; e; e = e->next)
			if (e->serial == d->endpoint) {
				e->fn(e->arg, d->data, d->len);
				break;
			}
		guest_free(g, d, sizeof(*d) + d->len);
	}
}

/* ---- endpoints -------------------------------------------------------------------------- */

uint32_t guest_free_resource(struct vmci_guest *g)
{
	for (;;) {
		struct vmci_handle h = vmci_handle(g->cid, g->next_resource);

		/* One counter for every kind: a handle comes back only after all others. */
		g->next_resource = h.resource < VMCI_INVALID_ID - 1
					   ? h.resource + 1
					   : VMCI_RESERVED_RESOURCE_ID_MAX + 1;
		if (!find(g, h) && !guest_has_doorbell(g, h) && !guest_has_pair(g, h))
			return h.resource;
	}
}

int64_t vmci_guest_endpoint(struct vmci_guest *g, uint32_t resource, uint32_t flags,
			    vmci_datagram_fn *fn, void *arg)
{
	struct guest_endpoint *e;
	uint32_t context = VMCI_INVALID_ID;
	int64_t cid;

	if ((flags & ~(uint32_t)(VMCI_FLAG_ANYCID_DG_HND | VMCI_FLAG_DG_DELAYED_CB)) &&
	    !VMCI_FAULT("guest.well-known"))
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("guest.anycid-exact"))
		flags &= ~(uint32_t)VMCI_FLAG_ANYCID_DG_HND;
	if (!(flags & VMCI_FLAG_ANYCID_DG_HND) || resource == VMCI_INVALID_ID) {
		cid = vmci_guest_cid(g);
		if (cid < 0)
			return cid;
		if (!(flags & VMCI_FLAG_ANYCID_DG_HND))
			context = (uint32_t)cid;
	}
	if (resource == VMCI_INVALID_ID)
		resource = guest_free_resource(g);
	else if (find(g, vmci_handle(context, resource)) && !VMCI_FAULT("guest.endpoint-twice"))
		return VMCI_ERROR_ALREADY_EXISTS;
	e = guest_alloc(g, sizeof(*e));
	if (!e)
		return VMCI_LOCAL_NO_MEMORY;
	e->serial = ++g->serial;
	e->handle = vmci_handle(context, resource);
	e->flags = flags;
	e->fn = fn;
	e->arg = arg;
	e->next = g->endpoints;
	g->endpoints = e;
	return resource;
}

int vmci_guest_endpoint_close(struct vmci_guest *g, uint32_t resource)
{
	struct guest_endpoint **link, *e;

	for (link = &g->endpoints; (e = *link); link = &e->next)
		if (e->handle.resource == resource) {
			*link = e->next;
			guest_free(g, e, sizeof(*e));
			return 0;
		}
	return VMCI_ERROR_NOT_FOUND;
}

void guest_free_datagrams(struct vmci_guest *g)
{
	struct guest_delayed *d;
	struct guest_endpoint *e;

	while ((d = g->delayed)) {
		g->delayed = d->next;
		guest_free(g, d, sizeof(*d) + d->len);
	}
	g->delayed_end = &g->delayed;
	g->ndelayed = 0;
	while ((e = g->endpoints)) {
		g->endpoints = e->next;
		guest_free(g, e, sizeof(*e));
	}
}

/* ---- sending ---------------------------------------------------------------------------- */

int vmci_guest_send(struct vmci_guest *g, struct vmci_handle dst, struct vmci_handle src,
		    const void *payload, size_t len)
{
	uint8_t dg[VMCI_DATAGRAM_SIZE];
	int32_t result = 0;
	int64_t cid;
	int rc;

	if ((len > VMCI_MAX_DG_PAYLOAD_SIZE && !VMCI_FAULT("guest.sends-too-large")) ||
	    dst.context == VMCI_INVALID_ID)
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("guest.limit-off-by-one") && len == VMCI_MAX_DG_PAYLOAD_SIZE)
		return VMCI_ERROR_INVALID_ARGS;
	/* The host is another role: its id as a source would only be refused. */
	if (dst.context == VMCI_HYPERVISOR_CONTEXT_ID && src.context == VMCI_HOST_CONTEXT_ID)
		return VMCI_ERROR_INVALID_ARGS;
	if (src.context == VMCI_INVALID_ID && src.resource != VMCI_INVALID_ID) {
		cid = vmci_guest_cid(g);
		if (cid < 0)
			return (int)cid;
		src.context = (uint32_t)cid;
	}
	if (!find(g, src) && !VMCI_FAULT("guest-datagram.foreign-source"))
		return VMCI_ERROR_NO_HANDLE;

	vmci_put_handle(dg + VMCI_DATAGRAM_DST_CONTEXT, dst);
	vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT, src);
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	rc = guest_transfer(g, dg, payload, len, &result);
	if (VMCI_FAULT("guest.result-lost"))
		result = 0;
	return rc < 0 ? rc : guest_result(result);
}
