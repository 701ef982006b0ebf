/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance peer: host actors of vectors, played on a hub. */
#include "peer_objects.h"

#include <vmci/mem.h>
#include "table.h"

#define RINGS_MAX 4096u

/* ---- objects ----------------------------------------------------------------------------- */

struct vmci_context *peer_context(struct peer_actor *p, uint64_t cid)
{
	return cid > UINT32_MAX ? NULL : vmci_hub_find(p->world.hub, (uint32_t)cid);
}

struct peer_object *peer_object_add(struct peer_actor *p, enum object_kind kind, uint32_t as,
				    uint32_t value)
{
	const struct vmci_hub_port *port = p->world.port;
	struct peer_object *o;

	if (p->counts[kind] >= PEER_OBJECTS_MAX)
		return NULL;
	o = port->alloc(port->ctx, sizeof(*o));
	if (!o)
		return NULL;
	o->peer = p;
	o->kind = kind;
	o->as = as;
	o->value = value;
	o->next = p->objects;
	p->objects = o;
	p->counts[kind]++;
	return o;
}

struct peer_object *peer_object_find(struct peer_actor *p, enum object_kind kind, uint64_t as,
				     uint64_t value)
{
	struct peer_object *o;

	for (o = p->objects; o; o = o->next)
		if (o->kind == kind && o->as == as && o->value == value)
			return o;
	return NULL;
}

void peer_object_forget(struct peer_actor *p, struct peer_object *o)
{
	const struct vmci_hub_port *port = p->world.port;
	struct peer_object **at = &p->objects;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	p->counts[o->kind]--;
	peer_inbox_clear(&o->inbox, port);
	port->free(port->ctx, o, sizeof(*o));
}

void peer_object_undo(struct peer_actor *p, struct peer_object *o)
{
	struct vmci_context *as = peer_context(p, o->as);
	struct vmci_context *made;

	switch (o->kind) {
	case OBJECT_ENDPOINT:
		if (as)
			(void)vmci_context_endpoint_close(as, o->value);
		break;
	case OBJECT_DOORBELL:
		if (as)
			(void)vmci_context_doorbell_close(as, o->value);
		break;
	case OBJECT_WATCH:
		if (as)
			(void)vmci_context_unwatch(as, o->value);
		break;
	default:
		made = peer_context(p, o->value);
		if (made)
			vmci_context_destroy(made);
		break;
	}
	peer_object_forget(p, o);
}

/* Contexts last: the others may act as one of them. */
static void drop_objects(struct peer_actor *p)
{
	struct peer_object *o, *next;

	(void)peer_rpc_set(&p->rpc, &p->world, PEER_RPC_OFF);
	socket_actor_drop(&p->host_sockets);
	socket_actor_drop(&p->hypervisor_sockets);
	peer_pairs_drop(p);
	for (int contexts = 0; contexts < 2; contexts++) {
		for (o = p->objects; o; o = next) {
			next = o->next;
			if ((o->kind == OBJECT_CONTEXT) == contexts)
				peer_object_undo(p, o);
		}
	}
	(void)vmci_hub_run(p->world.hub);
	peer_inbox_clear(&p->host_events, p->world.port);
	peer_inbox_clear(&p->hypervisor_events, p->world.port);
}

/* ---- endpoints and doorbells ------------------------------------------------------------- */

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct peer_object *o = arg;

	if (o->refuse)
		return o->refuse;
	return peer_inbox_put(&o->inbox, o->peer->world.port, data, len);
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct peer_object *o = arg;

	(void)handle;
	o->rung++;
}

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

static int64_t endpoint(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	struct peer_object *o = peer_object_add(p, OBJECT_ENDPOINT, (uint32_t)a[0], (uint32_t)a[1]);

	if (!o)
		return VMCI_ERROR_NO_RESOURCES;
	return settle(
		p, o, (uint32_t)a[1],
		vmci_context_endpoint(ctx, (uint32_t)a[1], (uint32_t)a[2], 0, on_datagram, o));
}

static int64_t doorbell(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
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

static int64_t undo(struct peer_actor *p, enum object_kind kind, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, kind, a[0], a[1]);

	if (!o)
		return VMCI_ERROR_NOT_FOUND;
	peer_object_undo(p, o);
	return 0;
}

/* ---- contexts ---------------------------------------------------------------------------- */

static int64_t make_context(struct peer_actor *p, const uint64_t *a)
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

static int64_t remove_context(struct peer_actor *p, const uint64_t *a)
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

static int64_t watch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	int rc = vmci_context_watch(ctx, (uint32_t)a[1]);

	if (!rc && !peer_object_add(p, OBJECT_WATCH, (uint32_t)a[0], (uint32_t)a[1])) {
		(void)vmci_context_unwatch(ctx, (uint32_t)a[1]);
		rc = VMCI_ERROR_NO_RESOURCES;
	}
	return rc;
}

static int64_t unwatch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a)
{
	struct peer_object *o = peer_object_find(p, OBJECT_WATCH, a[0], a[1]);

	if (o)
		peer_object_forget(p, o);
	return vmci_context_unwatch(ctx, (uint32_t)a[1]);
}

static int64_t take(struct vmci_context *ctx, uint64_t size, struct peer_reply *rp)
{
	size_t max = size < rp->blob_max ? (size_t)size : rp->blob_max, len = 0;
	int rc = vmci_context_receive(ctx, rp->blob, max, &len);

	if (rc >= 0)
		rp->blob_len = (uint32_t)len;
	return rc;
}

static int64_t rings(struct peer_actor *p, struct vmci_context *ctx)
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

/* The host and the hypervisor have a handler; a VM finds events among its datagrams. */
static void event(struct peer_actor *p, struct vmci_context *ctx, struct peer_reply *rp)
{
	uint32_t cid = vmci_context_cid(ctx);

	if (cid == VMCI_HOST_CONTEXT_ID || cid == VMCI_HYPERVISOR_CONTEXT_ID) {
		peer_inbox_take(cid ? &p->host_events : &p->hypervisor_events, p->world.port, rp);
		return;
	}
	rp->rc = take(ctx, rp->blob_max, rp);
	if (rp->rc < 0)
		return;
	rp->blob_len -= VMCI_DATAGRAM_SIZE;
	memmove(rp->blob, rp->blob + VMCI_DATAGRAM_SIZE, rp->blob_len);
	rp->rc = rp->blob_len;
}

/* ---- sockets ----------------------------------------------------------------------------- */

/* Timers, and what they and other contexts sent to host endpoints. */
static void sync(struct peer_actor *p)
{
	(void)vmci_hub_run(p->world.hub);
	peer_actor_pump(p);
	socket_actor_pump(&p->host_sockets);
	socket_actor_pump(&p->hypervisor_sockets);
	(void)vmci_hub_run(p->world.hub);
}

static void *socket_alloc(void *ctx, size_t size)
{
	struct peer_actor *p = ctx;

	return p->world.port->alloc(p->world.port->ctx, size);
}

static void socket_free(void *ctx, void *at, size_t size)
{
	struct peer_actor *p = ctx;

	p->world.port->free(p->world.port->ctx, at, size);
}

#define HOUR_US UINT64_C(3600000000) /* no wait is longer, and the clock cannot wrap */

/* The vector's clock; see PEER_SYNC. */
static uint64_t socket_now(void *ctx)
{
	struct peer_actor *p = ctx;

	return p->passed_us;
}

static void use_sockets(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp)
{
	const struct vmci_hub_port *port = p->world.port;
	struct vmci_context *ctx = peer_context(p, rq->args[0]);
	struct socket_actor *a = rq->args[0] ? &p->host_sockets : &p->hypervisor_sockets;
	uint64_t args[PEER_ARGS] = { 0 };

	/* A bare VM has no stack of its own here. */
	if (!ctx || (rq->args[0] && rq->args[0] != VMCI_HOST_CONTEXT_ID)) {
		rp->rc = PEER_RC_UNSUPPORTED;
		return;
	}
	if (!a->stack)
		a->transport = vmci_transport_of_context(ctx, port->ctx, port->alloc, port->free);
	memcpy(args, rq->args + 1, (PEER_ARGS - 1) * sizeof(args[0]));
	(void)vmci_hub_run(p->world.hub);
	socket_actor_execute(a, rq, args, rp);
	(void)vmci_hub_run(p->world.hub);
}

/* ---- the device -------------------------------------------------------------------------- */

static int64_t apply(struct peer_actor *p, const struct vmci_device_config *config,
		     unsigned vectors)
{
	int64_t rc;

	if (p->world.configure)
		rc = p->world.configure(p->world.ctx, config, vectors);
	else if (vectors)
		return PEER_RC_UNSUPPORTED;
	else
		rc = vmci_device_configure(p->world.device, config);
	if (!rc)
		p->config = *config;
	return rc;
}

static int64_t configure(struct peer_actor *p, const uint64_t *a)
{
	struct vmci_device_config c = p->world.startup;
	uint64_t mask = a[0];
	uint64_t vectors = mask >> VCT_CFG_VECTORS & 1 ? a[1 + VCT_CFG_VECTORS] : 0;

	if (mask >> VCT_CONFIG_KEYS || vectors > UINT32_MAX)
		return PEER_RC_UNSUPPORTED;
	if (mask >> VCT_CFG_CID & 1)
		c.cid = (uint32_t)a[1 + VCT_CFG_CID];
	if (mask >> VCT_CFG_CAPS & 1)
		c.caps = (uint32_t)a[1 + VCT_CFG_CAPS];
	if (mask >> VCT_CFG_QP_MEMORY & 1)
		c.qp_memory_bytes = a[1 + VCT_CFG_QP_MEMORY];
	if (mask >> VCT_CFG_PRIV & 1)
		c.priv = (uint32_t)a[1 + VCT_CFG_PRIV];
	return apply(p, &c, (unsigned)vectors);
}

static int64_t reset(struct peer_actor *p)
{
	struct vmci_device *dev = p->world.device;
	int64_t rc = 0;

	drop_objects(p);
	if (p->is_quiesced)
		vmci_device_unquiesce(dev);
	p->is_quiesced = false;
	/* A vector moved the VM to another context id. */
	if (vmci_context_cid(vmci_device_context(dev)) != p->config.cid)
		rc = vmci_device_configure(dev, &p->config);
	return rc;
}

static int64_t info(struct peer_actor *p, struct peer_reply *rp)
{
	const char *name = p->world.name;
	uint32_t n = 0;

	while (name[n] && n < rp->blob_max) {
		rp->blob[n] = (uint8_t)name[n];
		n++;
	}
	rp->blob_len = n;
	return 0;
}

static int64_t quiesce(struct peer_actor *p, bool on)
{
	p->is_quiesced = on;
	if (on)
		vmci_device_quiesce(p->world.device);
	else
		vmci_device_unquiesce(p->world.device);
	return 0;
}

/* ---- requests ---------------------------------------------------------------------------- */

/* Arguments that an operation has at least; those behind are taken for 0. */
static uint32_t least_args(uint32_t op)
{
	switch (op) {
	case PEER_CONFIGURE:
		return 1 + VCT_CONFIG_KEYS;
	case PEER_HOST_ALLOC:
	case PEER_HOST_ALLOCMEM:
		return 8;
	case PEER_HOST_SEND:
		return 5;
	case PEER_HOST_REFUSE:
	case PEER_HOST_RING:
	case PEER_HOST_PULL:
	case PEER_HOST_PEEK:
		return 3;
	case PEER_HOST_EVENT:
	case PEER_HOST_PENDING:
	case PEER_HOST_RINGS:
	case PEER_HOST_RESUMED:
	case PEER_HOST_QUIESCE:
	case PEER_HOST_UNQUIESCE:
	case PEER_HOST_RPC_ASK:
	case PEER_HOST_RPC_HEARD:
		return 1;
	default:
		if (socket_actor_knows(op))
			return 1;
		return op >= PEER_HOST_ENDPOINT ? 2 : 0;
	}
}

static bool is_pair_op(uint32_t op)
{
	return (op >= PEER_HOST_ALLOC && op <= PEER_HOST_ROOM) || op == PEER_HOST_MAP ||
	       op == PEER_HOST_UNMAP || op == PEER_HOST_QPSTATE;
}

/* What one context does, other than with queue pairs. */
static int64_t act(struct peer_actor *p, struct vmci_context *ctx, const struct peer_request *rq,
		   struct peer_reply *rp)
{
	const uint64_t *a = rq->args;
	struct peer_object *o;

	switch (rq->op) {
	case PEER_HOST_ENDPOINT:
		return endpoint(p, ctx, a);
	case PEER_HOST_REFUSE:
		o = peer_object_find(p, OBJECT_ENDPOINT, a[0], a[1]);
		if (!o)
			return VMCI_ERROR_NOT_FOUND;
		o->refuse = (int32_t)(uint32_t)a[2];
		return 0;
	case PEER_HOST_CLOSE:
		return undo(p, OBJECT_ENDPOINT, a);
	case PEER_HOST_SEND:
		return vmci_context_send(ctx, vmci_handle((uint32_t)a[1], (uint32_t)a[2]),
					 vmci_handle((uint32_t)a[3], (uint32_t)a[4]), rq->blob,
					 rq->blob_len);
	case PEER_HOST_RECV:
		o = peer_object_find(p, OBJECT_ENDPOINT, a[0], a[1]);
		if (!o)
			return VMCI_ERROR_NOT_FOUND;
		(void)vmci_hub_run(p->world.hub);
		peer_inbox_take(&o->inbox, p->world.port, rp);
		return rp->rc;
	case PEER_HOST_DOORBELL:
		return doorbell(p, ctx, a);
	case PEER_HOST_UNDOORBELL:
		return undo(p, OBJECT_DOORBELL, a);
	case PEER_HOST_RUNG:
		o = peer_object_find(p, OBJECT_DOORBELL, a[0], a[1]);
		if (!o)
			return VMCI_ERROR_NOT_FOUND;
		rp->rc = o->rung;
		o->rung = 0;
		return rp->rc;
	case PEER_HOST_RING:
		return vmci_context_ring(ctx, vmci_handle((uint32_t)a[1], (uint32_t)a[2]));
	case PEER_HOST_EVENT:
		event(p, ctx, rp);
		return rp->rc;
	case PEER_HOST_CONTEXT:
		return make_context(p, a);
	case PEER_HOST_REMOVE:
		return remove_context(p, a);
	case PEER_HOST_WATCH:
		return watch(p, ctx, a);
	case PEER_HOST_UNWATCH:
		return unwatch(p, ctx, a);
	case PEER_HOST_TAKE:
		return take(ctx, a[1], rp);
	case PEER_HOST_PENDING:
		return vmci_context_is_pending(ctx);
	case PEER_HOST_RINGS:
		return rings(p, ctx);
	case PEER_HOST_CID:
		return vmci_device_set_cid(p->world.device, (uint32_t)a[1]);
	case PEER_HOST_RESUMED:
		return vmci_device_resumed(p->world.device);
	case PEER_HOST_QUIESCE:
		return quiesce(p, true);
	case PEER_HOST_UNQUIESCE:
		return quiesce(p, false);
	case PEER_HOST_RPC:
		return peer_rpc_set(&p->rpc, &p->world, a[1]);
	case PEER_HOST_RPC_ASK:
		return peer_rpc_ask(p->rpc, rq->blob, rq->blob_len);
	case PEER_HOST_RPC_HEARD:
		peer_rpc_heard(p->rpc, rp);
		return rp->rc;
	default:
		return PEER_RC_UNSUPPORTED;
	}
}

void peer_actor_execute(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp)
{
	struct peer_request whole = *rq;
	struct vmci_context *ctx;

	rp->blob_len = 0;
	if (rq->nargs > PEER_ARGS || rq->nargs < least_args(rq->op)) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	for (uint32_t i = rq->nargs; i < PEER_ARGS; i++)
		whole.args[i] = 0;
	switch (rq->op) {
	case PEER_NOP:
		rp->rc = 0;
		return;
	case PEER_SYNC:
		p->passed_us += whole.args[0] < HOUR_US ? whole.args[0] : HOUR_US;
		sync(p);
		rp->rc = 0;
		return;
	case PEER_RESET:
		rp->rc = reset(p);
		return;
	case PEER_CONFIGURE:
		rp->rc = configure(p, whole.args);
		return;
	case PEER_INFO:
		rp->rc = info(p, rp);
		return;
	default:
		break;
	}
	if (is_pair_op(rq->op)) {
		peer_pair_execute(p, &whole, rp);
	} else if (socket_actor_knows(rq->op)) {
		use_sockets(p, &whole, rp);
	} else {
		ctx = peer_context(p, whole.args[0]);
		rp->rc = ctx ? act(p, ctx, &whole, rp) : VMCI_ERROR_NOT_FOUND;
	}
}

static void unsubscribe(struct peer_actor *p, uint32_t cid, int64_t id)
{
	if (id >= 0)
		(void)vmci_context_unsubscribe(vmci_hub_find(p->world.hub, cid), (uint32_t)id);
}

struct peer_actor *peer_actor_new(const struct peer_world *world)
{
	struct peer_actor *p = world->port->alloc(world->port->ctx, sizeof(*p));

	if (!p)
		return NULL;
	p->world = *world;
	p->config = world->startup;
	p->host_sockets.port.ctx = p;
	p->host_sockets.port.alloc = socket_alloc;
	p->host_sockets.port.free = socket_free;
	if (world->now_us)
		p->host_sockets.port.now_us = socket_now;
	p->hypervisor_sockets.port = p->host_sockets.port;
	p->host_subscription = vmci_context_subscribe(
		vmci_hub_find(world->hub, VMCI_HOST_CONTEXT_ID), on_event, p);
	p->hypervisor_subscription = vmci_context_subscribe(
		vmci_hub_find(world->hub, VMCI_HYPERVISOR_CONTEXT_ID), on_hypervisor_event, p);
	if (p->host_subscription < 0 || p->hypervisor_subscription < 0) {
		peer_actor_free(p);
		return NULL;
	}
	return p;
}

void peer_actor_pump(struct peer_actor *p)
{
	peer_rpc_pump(p->rpc);
}

void peer_actor_set_device(struct peer_actor *p, struct vmci_device *device)
{
	drop_objects(p);
	p->world.device = device;
	p->is_quiesced = false;
	p->config = p->world.startup;
}

void peer_actor_free(struct peer_actor *p)
{
	const struct vmci_hub_port *port = p->world.port;

	drop_objects(p);
	unsubscribe(p, VMCI_HOST_CONTEXT_ID, p->host_subscription);
	unsubscribe(p, VMCI_HYPERVISOR_CONTEXT_ID, p->hypervisor_subscription);
	port->free(port->ctx, p, sizeof(*p));
}
