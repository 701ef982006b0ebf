/* SPDX-License-Identifier: BSD-2-Clause */
/* agent.c - the core's guest role, led by requests. */
#include "agent.h"
#include "table.h"

#include <vmci/defs.h>
#include <vmci/mem.h>

/* A datagram in the pool: resource and length in front, then the bytes. */
#define POOL_HEAD 8u

/* ---- what handlers keep ----------------------------------------------------------------- */

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

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct agent_subscription *s = arg;

	s->count++;
	s->has_last = true;
	s->last_len = (uint32_t)(len < sizeof(s->last) ? len : sizeof(s->last));
	memcpy(s->last, payload, s->last_len);
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct agent_doorbell *d = arg;

	(void)handle;
	d->count++;
}

/* ---- helpers ---------------------------------------------------------------------------- */

static void give(struct peer_reply *rp, const uint8_t *bytes, uint32_t len)
{
	if (len > rp->blob_max) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	memcpy(rp->blob, bytes, len);
	rp->blob_len = len;
}

static void forget_objects(struct agent *a)
{
	memset(a->pairs, 0, sizeof(a->pairs));
	memset(a->endpoints, 0, sizeof(a->endpoints));
	memset(a->subscriptions, 0, sizeof(a->subscriptions));
	memset(a->doorbells, 0, sizeof(a->doorbells));
	a->pool_used = 0;
	a->pool_lost = 0;
}

static void remove_guest(struct agent *a)
{
	socket_actor_drop(&a->sockets);
	if (a->guest)
		vmci_guest_remove(a->guest);
	a->guest = NULL;
	forget_objects(a);
}

/* ---- datagrams -------------------------------------------------------------------------- */

static int64_t ask_endpoint(struct agent *a, uint32_t resource, uint32_t flags)
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

static int64_t ask_close(struct agent *a, uint32_t resource)
{
	int rc = vmci_guest_endpoint_close(a->guest, resource);

	for (unsigned i = 0; rc == 0 && i < AGENT_ENDPOINTS; i++)
		if (a->endpoints[i].resource == resource)
			a->endpoints[i].is_used = false;
	return rc;
}

/* Take the oldest datagram of one endpoint out of the pool. */
static void ask_recv(struct agent *a, uint32_t resource, struct peer_reply *rp)
{
	uint32_t at = 0, len;

	for (; at < a->pool_used; at += POOL_HEAD + len) {
		len = vmci_get32(a->pool + at + 4);
		if (vmci_get32(a->pool + at) != resource)
			continue;
		rp->rc = len;
		give(rp, a->pool + at + POOL_HEAD, len);
		a->pool_used -= POOL_HEAD + len;
		memmove(a->pool + at, a->pool + at + POOL_HEAD + len, a->pool_used - at);
		return;
	}
	rp->rc = VMCI_ERROR_NO_MORE_DATAGRAMS;
}

/* ---- events ----------------------------------------------------------------------------- */

static struct agent_subscription *find_subscription(struct agent *a, uint32_t id)
{
	for (unsigned i = 0; i < AGENT_SUBSCRIPTIONS; i++)
		if (a->subscriptions[i].is_used && a->subscriptions[i].id == id)
			return &a->subscriptions[i];
	return NULL;
}

static int64_t ask_subscribe(struct agent *a, uint32_t event)
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
static void ask_events(struct agent *a, uint32_t op, uint32_t id, struct peer_reply *rp)
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
		give(rp, s->last, s->last_len);
		s->has_last = false;
	}
}

/* ---- doorbells -------------------------------------------------------------------------- */

static struct agent_doorbell *find_doorbell(struct agent *a, struct vmci_handle h)
{
	for (unsigned i = 0; i < AGENT_DOORBELLS; i++)
		if (a->doorbells[i].is_used && vmci_handle_equal(a->doorbells[i].handle, h))
			return &a->doorbells[i];
	return NULL;
}

static int64_t ask_doorbell(struct agent *a, struct vmci_handle h, uint32_t flags, uint32_t priv)
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

static int64_t ask_undoorbell(struct agent *a, struct vmci_handle h)
{
	struct agent_doorbell *d = find_doorbell(a, h);
	int rc = vmci_guest_doorbell_close(a->guest, h);

	if (rc == 0 && d)
		d->is_used = false;
	return rc;
}

static int64_t ask_fired(struct agent *a, struct vmci_handle h)
{
	struct agent_doorbell *d = find_doorbell(a, h);
	int64_t count;

	if (!d)
		return VMCI_ERROR_NOT_FOUND;
	count = d->count;
	d->count = 0;
	return count;
}

/* ---- queue pairs ------------------------------------------------------------------------ */

static void ask_alloc(struct agent *a, const uint64_t *args, struct peer_reply *rp)
{
	uint64_t name = args[0], produce, consume;
	uint8_t headers[16];

	if (name >= AGENT_PAIRS || a->pairs[name]) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	rp->rc = vmci_guest_pair_alloc(a->guest, vmci_handle((uint32_t)args[1], (uint32_t)args[2]),
				       (uint32_t)args[3], (uint32_t)args[4], (uint32_t)args[7],
				       args[5], args[6], &a->pairs[name]);
	if (rp->rc < 0) {
		a->pairs[name] = NULL;
		return;
	}
	vmci_guest_pair_headers(a->pairs[name], &produce, &consume);
	vmci_put64(headers, produce);
	vmci_put64(headers + 8, consume);
	give(rp, headers, sizeof(headers));
}

static void ask_pair(struct agent *a, const struct peer_request *rq, const uint64_t *args,
		     struct peer_reply *rp)
{
	uint64_t name = args[0], count = args[1];
	struct vmci_guest_pair *p = name < AGENT_PAIRS ? a->pairs[name] : NULL;

	if (!p) {
		rp->rc = VMCI_ERROR_NOT_FOUND;
		return;
	}
	if (count > rp->blob_max)
		count = rp->blob_max;
	switch (rq->op) {
	case PEER_ASK_DETACH:
		rp->rc = vmci_guest_pair_detach(p);
		if (rp->rc >= 0)
			a->pairs[name] = NULL;
		break;
	case PEER_ASK_PUSH:
		rp->rc = vmci_ring_enqueue(vmci_guest_pair_produce(p), rq->blob, rq->blob_len);
		break;
	case PEER_ASK_PULL:
		rp->rc = vmci_ring_dequeue(vmci_guest_pair_consume(p), rp->blob, (size_t)count);
		break;
	case PEER_ASK_PEEK:
		rp->rc = vmci_ring_peek(vmci_guest_pair_consume(p), rp->blob, (size_t)count);
		break;
	case PEER_ASK_READY:
		rp->rc = vmci_ring_ready(vmci_guest_pair_consume(p));
		break;
	default: /* PEER_ASK_ROOM */
		rp->rc = vmci_ring_room(vmci_guest_pair_produce(p));
		break;
	}
	if (rp->rc > 0 && (rq->op == PEER_ASK_PULL || rq->op == PEER_ASK_PEEK))
		rp->blob_len = (uint32_t)rp->rc;
}

/* ---- sockets ---------------------------------------------------------------------------- */

static void use_sockets(struct agent *a, const struct peer_request *rq, const uint64_t *args,
			struct peer_reply *rp)
{
	if (!a->sockets.stack)
		a->sockets.transport = vmci_transport_of_guest(a->guest, a->port->ctx,
							       a->port->alloc, a->port->free);
	socket_actor_execute(&a->sockets, rq, args, rp);
}

/* ---- requests --------------------------------------------------------------------------- */

static void execute_with_guest(struct agent *a, const struct peer_request *rq, const uint64_t *args,
			       struct peer_reply *rp)
{
	struct vmci_handle h = vmci_handle((uint32_t)args[0], (uint32_t)args[1]);

	switch (rq->op) {
	case PEER_ASK_REMOVE:
		remove_guest(a);
		rp->rc = 0;
		break;
	case PEER_ASK_PUMP:
		rp->rc = vmci_guest_pump(a->guest);
		socket_actor_pump(&a->sockets);
		break;
	case PEER_ASK_INTERRUPT:
		rp->rc = a->is_shared || args[0] == AGENT_SHARED
				 ? vmci_guest_shared_interrupt(a->guest)
				 : vmci_guest_interrupt(a->guest, (unsigned)args[0]);
		break;
	case PEER_ASK_CID:
		rp->rc = vmci_guest_cid(a->guest);
		break;
	case PEER_ASK_SEND:
		rp->rc = vmci_guest_send(a->guest, h,
					 vmci_handle((uint32_t)args[2], (uint32_t)args[3]),
					 rq->blob, rq->blob_len);
		break;
	case PEER_ASK_ENDPOINT:
		rp->rc = ask_endpoint(a, h.context, h.resource);
		break;
	case PEER_ASK_CLOSE:
		rp->rc = ask_close(a, h.context);
		break;
	case PEER_ASK_RECV:
		ask_recv(a, h.context, rp);
		break;
	case PEER_ASK_SUBSCRIBE:
		rp->rc = ask_subscribe(a, h.context);
		break;
	case PEER_ASK_UNSUBSCRIBE:
		rp->rc = vmci_guest_unsubscribe(a->guest, h.context);
		break;
	case PEER_ASK_EVENTS:
	case PEER_ASK_EVENT:
		ask_events(a, rq->op, h.context, rp);
		break;
	case PEER_ASK_DOORBELL:
		rp->rc = ask_doorbell(a, h, (uint32_t)args[2], (uint32_t)args[3]);
		break;
	case PEER_ASK_UNDOORBELL:
		rp->rc = ask_undoorbell(a, h);
		break;
	case PEER_ASK_RING:
		rp->rc = vmci_guest_ring(a->guest, h);
		break;
	case PEER_ASK_FIRED:
		rp->rc = ask_fired(a, h);
		break;
	case PEER_ASK_ALLOC:
		ask_alloc(a, args, rp);
		break;
	case PEER_ASK_DETACH:
	case PEER_ASK_PUSH:
	case PEER_ASK_PULL:
	case PEER_ASK_PEEK:
	case PEER_ASK_READY:
	case PEER_ASK_ROOM:
		ask_pair(a, rq, args, rp);
		break;
	default:
		rp->rc = PEER_RC_UNSUPPORTED;
		break;
	}
}

static int64_t ask_probe(struct agent *a, uint64_t mode)
{
	struct vmci_guest_options options = a->options;

	if (mode > VMCI_GUEST_MODE_MMIO)
		return PEER_RC_BAD_REQUEST;
	if (a->guest)
		return VMCI_ERROR_ALREADY_EXISTS;
	forget_objects(a);
	options.mode = (enum vmci_guest_mode)mode;
	return vmci_guest_probe(a->port, &options, &a->guest);
}

void agent_init(struct agent *a, const struct vmci_guest_port *port,
		const struct vmci_guest_options *options)
{
	a->port = port;
	a->sockets.port.ctx = port->ctx;
	a->sockets.port.alloc = port->alloc;
	a->sockets.port.free = port->free;
	a->sockets.port.now_us = port->now_us;
	if (options)
		a->options = *options;
}

void agent_execute(struct agent *a, const struct peer_request *rq, struct peer_reply *rp)
{
	static const char info[] = "OpenVMCI core, guest role";
	uint64_t args[PEER_ARGS] = { 0 };

	rp->rc = 0;
	rp->blob_len = 0;
	if (rq->nargs > PEER_ARGS || rq->blob_len > PEER_BLOB_MAX) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	memcpy(args, rq->args, rq->nargs * sizeof(args[0]));
	switch (rq->op) {
	case PEER_NOP:
	case PEER_SYNC:
		break;
	case PEER_RESET:
		remove_guest(a);
		break;
	case PEER_CONFIGURE:
		/* Of a device's configuration only the number of messages concerns a driver. */
		a->is_shared = (args[0] >> VCT_CFG_VECTORS & 1) && args[1 + VCT_CFG_VECTORS] == 1;
		break;
	case PEER_INFO:
		give(rp, (const uint8_t *)info, sizeof(info) - 1);
		break;
	case PEER_ASK_QUIT:
		remove_guest(a);
		a->has_quit = true;
		break;
	case PEER_ASK_PROBE:
		rp->rc = ask_probe(a, args[0]);
		break;
	default:
		if (!socket_actor_knows(rq->op) &&
		    (rq->op < PEER_ASK_PROBE || rq->op > PEER_ASK_QUIT))
			rp->rc = PEER_RC_UNSUPPORTED;
		else if (!a->guest)
			rp->rc = VMCI_LOCAL_NO_DEVICE;
		else if (socket_actor_knows(rq->op))
			use_sockets(a, rq, args, rp);
		else
			execute_with_guest(a, rq, args, rp);
		break;
	}
}
