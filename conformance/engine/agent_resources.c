/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent's guest was asked to listen to, and what it heard. */
#include "agent_resources.h"

#include <vmci/defs.h>
#include <vmci/mem.h>

/* A datagram in the pool: resource and length in front, then the bytes. */
#define POOL_HEAD 8u

void agent_give(struct peer_reply *rp, const uint8_t *bytes, uint32_t len)
{
	if (len > rp->blob_max) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	memcpy(rp->blob, bytes, len);
	rp->blob_len = len;
}

void agent_resources_forget(struct agent *a)
{
	memset(a->endpoints, 0, sizeof(a->endpoints));
	memset(a->subscriptions, 0, sizeof(a->subscriptions));
	memset(a->doorbells, 0, sizeof(a->doorbells));
	a->pool_used = 0;
	a->pool_lost = 0;
}

/* ---- endpoints --------------------------------------------------------------------------- */

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct agent_endpoint *e = arg;
	struct agent *a = e->agent;
	uint8_t *at = a->pool + a->pool_used;

	if (len > AGENT_POOL - POOL_HEAD || a->pool_used > AGENT_POOL - POOL_HEAD - len) {
		a->pool_lost++;
		return VMCI_ERROR_NO_RESOURCES;
	}
	vmci_put32(at, e->resource);
	vmci_put32(at + 4, (uint32_t)len);
	memcpy(at + POOL_HEAD, data, len);
	a->pool_used += POOL_HEAD + (uint32_t)len;
	return 0;
}

int64_t agent_endpoint_open(struct agent *a, uint32_t resource, uint32_t flags)
{
	struct agent_endpoint *e = a->endpoints, *end = e + AGENT_ENDPOINTS;
	int64_t rc;

	while (e < end && e->is_used)
		e++;
	if (e == end)
		return PEER_RC_BAD_REQUEST;
	e->agent = a;
	rc = vmci_guest_endpoint(a->guest, resource, flags, on_datagram, e);
	if (rc < 0)
		return rc;
	e->resource = (uint32_t)rc;
	e->is_used = true;
	return rc;
}

int64_t agent_endpoint_close(struct agent *a, uint32_t resource)
{
	int rc = vmci_guest_endpoint_close(a->guest, resource);

	for (unsigned i = 0; rc == 0 && i < AGENT_ENDPOINTS; i++)
		if (a->endpoints[i].resource == resource)
			a->endpoints[i].is_used = false;
	return rc;
}

/* Take the oldest datagram of one endpoint out of the pool. */
void agent_endpoint_receive(struct agent *a, uint32_t resource, struct peer_reply *rp)
{
	uint32_t at = 0, len;

	for (; at < a->pool_used; at += POOL_HEAD + len) {
		len = vmci_get32(a->pool + at + 4);
		if (vmci_get32(a->pool + at) != resource)
			continue;
		rp->rc = len;
		agent_give(rp, a->pool + at + POOL_HEAD, len);
		a->pool_used -= POOL_HEAD + len;
		memmove(a->pool + at, a->pool + at + POOL_HEAD + len, a->pool_used - at);
		return;
	}
	rp->rc = VMCI_ERROR_NO_MORE_DATAGRAMS;
}

/* ---- events ------------------------------------------------------------------------------ */

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct agent_subscription *s = arg;

	s->count++;
	s->has_last = true;
	s->last_len = (uint32_t)(len < sizeof(s->last) ? len : sizeof(s->last));
	memcpy(s->last, payload, s->last_len);
}

static struct agent_subscription *find_subscription(struct agent *a, uint32_t id)
{
	for (unsigned i = 0; i < AGENT_SUBSCRIPTIONS; i++)
		if (a->subscriptions[i].is_used && a->subscriptions[i].id == id)
			return &a->subscriptions[i];
	return NULL;
}

int64_t agent_subscribe(struct agent *a, uint32_t event)
{
	struct agent_subscription *s = a->subscriptions, *end = s + AGENT_SUBSCRIPTIONS;
	int64_t rc;

	while (s < end && s->is_used)
		s++;
	if (s == end)
		return PEER_RC_BAD_REQUEST;
	rc = vmci_guest_subscribe(a->guest, event, on_event, s);
	if (rc < 0)
		return rc;
	s->id = (uint32_t)rc;
	s->is_used = true;
	return rc;
}

/* What an ended subscription was told can still be asked for: its slot stays. */
void agent_events(struct agent *a, uint32_t op, uint32_t id, struct peer_reply *rp)
{
	struct agent_subscription *s = find_subscription(a, id);

	if (!s) {
		rp->rc = VMCI_ERROR_NOT_FOUND;
	} else if (op == PEER_ASK_EVENTS) {
		rp->rc = s->count;
		s->count = 0;
	} else if (!s->has_last) {
		rp->rc = VMCI_ERROR_NO_MORE_DATAGRAMS;
	} else {
		rp->rc = s->last_len;
		agent_give(rp, s->last, s->last_len);
		s->has_last = false;
	}
}

/* ---- doorbells --------------------------------------------------------------------------- */

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct agent_doorbell *d = arg;

	(void)handle;
	d->count++;
}

static struct agent_doorbell *find_doorbell(struct agent *a, struct vmci_handle h)
{
	for (unsigned i = 0; i < AGENT_DOORBELLS; i++)
		if (a->doorbells[i].is_used && vmci_handle_equal(a->doorbells[i].handle, h))
			return &a->doorbells[i];
	return NULL;
}

int64_t agent_doorbell_open(struct agent *a, struct vmci_handle h, uint32_t flags, uint32_t priv)
{
	struct agent_doorbell *d = a->doorbells, *end = d + AGENT_DOORBELLS;
	int64_t rc;

	while (d < end && d->is_used)
		d++;
	if (d == end)
		return PEER_RC_BAD_REQUEST;
	d->count = 0;
	rc = vmci_guest_doorbell(a->guest, h, flags, priv, on_ring, d);
	if (rc < 0)
		return rc;
	if (h.context == VMCI_INVALID_ID)
		h.context = (uint32_t)vmci_guest_cid(a->guest);
	d->handle = vmci_handle(h.context, (uint32_t)rc);
	d->is_used = true;
	return rc;
}

int64_t agent_doorbell_close(struct agent *a, struct vmci_handle h)
{
	struct agent_doorbell *d = find_doorbell(a, h);
	int rc = vmci_guest_doorbell_close(a->guest, h);

	if (rc == 0 && d)
		d->is_used = false;
	return rc;
}

int64_t agent_doorbell_fired(struct agent *a, struct vmci_handle h)
{
	struct agent_doorbell *d = find_doorbell(a, h);
	int64_t count;

	if (!d)
		return VMCI_ERROR_NOT_FOUND;
	count = d->count;
	d->count = 0;
	return count;
}
