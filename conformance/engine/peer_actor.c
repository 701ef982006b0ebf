/* SPDX-License-Identifier: BSD-2-Clause */
/* The conformance peer: requests of vectors, played on a hub. */
#include "peer_actor.h"

#include "peer_contexts.h"
#include "peer_device.h"
#include "peer_events.h"
#include "peer_resources.h"
#include "peer_sockets.h"
#include "peer_state.h"
#include "table.h"

static void drop_all(struct peer_actor *p)
{
	(void)peer_rpc_set(&p->rpc, &p->world, PEER_RPC_OFF);
	peer_sockets_drop(p);
	peer_pairs_drop(p);
	peer_objects_drop(p);
	(void)vmci_hub_run(p->world.hub);
	peer_events_clear(p);
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

/* Timers, and what they and other contexts sent to host endpoints. */
static void sync(struct peer_actor *p)
{
	(void)vmci_hub_run(p->world.hub);
	(void)peer_actor_pump(p);
	peer_sockets_pump(p);
	(void)vmci_hub_run(p->world.hub);
}

/* What one context does, other than with queue pairs. */
static int64_t act(struct peer_actor *p, struct vmci_context *ctx, const struct peer_request *rq,
		   struct peer_reply *rp)
{
	const uint64_t *a = rq->args;

	switch (rq->op) {
	case PEER_HOST_ENDPOINT:
		return peer_endpoint_open(p, ctx, a);
	case PEER_HOST_REFUSE:
		return peer_endpoint_refuse(p, a);
	case PEER_HOST_CLOSE:
		return peer_endpoint_close(p, a);
	case PEER_HOST_SEND:
		return vmci_context_send(ctx, vmci_handle((uint32_t)a[1], (uint32_t)a[2]),
					 vmci_handle((uint32_t)a[3], (uint32_t)a[4]), rq->blob,
					 rq->blob_len);
	case PEER_HOST_RECV:
		peer_endpoint_receive(p, a, rp);
		return rp->rc;
	case PEER_HOST_DOORBELL:
		return peer_doorbell_open(p, ctx, a);
	case PEER_HOST_UNDOORBELL:
		return peer_doorbell_close(p, a);
	case PEER_HOST_RUNG:
		return peer_doorbell_rung(p, a);
	case PEER_HOST_RING:
		return vmci_context_ring(ctx, vmci_handle((uint32_t)a[1], (uint32_t)a[2]));
	case PEER_HOST_EVENT:
		peer_event_take(p, ctx, rp);
		return rp->rc;
	case PEER_HOST_CONTEXT:
		return peer_context_make(p, a);
	case PEER_HOST_REMOVE:
		return peer_context_remove(p, a);
	case PEER_HOST_WATCH:
		return peer_context_watch(p, ctx, a);
	case PEER_HOST_UNWATCH:
		return peer_context_unwatch(p, ctx, a);
	case PEER_HOST_TAKE:
		peer_context_take(ctx, a[1], rp);
		return rp->rc;
	case PEER_HOST_PENDING:
		return vmci_context_is_pending(ctx);
	case PEER_HOST_RINGS:
		return peer_context_rings(p, ctx);
	case PEER_HOST_CID:
		return vmci_device_set_cid(p->world.device, (uint32_t)a[1]);
	case PEER_HOST_RESUMED:
		return vmci_device_resumed(p->world.device);
	case PEER_HOST_QUIESCE:
		return peer_device_quiesce(p, true);
	case PEER_HOST_UNQUIESCE:
		return peer_device_quiesce(p, false);
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
		peer_sockets_pass(p, whole.args[0]);
		sync(p);
		rp->rc = 0;
		return;
	case PEER_RESET:
		drop_all(p);
		rp->rc = peer_device_restore(p);
		return;
	case PEER_CONFIGURE:
		rp->rc = peer_device_configure(p, whole.args);
		return;
	case PEER_INFO:
		rp->rc = info(p, rp);
		return;
	default:
		break;
	}
	if (peer_pair_knows(rq->op)) {
		peer_pair_execute(p, &whole, rp);
	} else if (socket_actor_knows(rq->op)) {
		peer_sockets_execute(p, &whole, rp);
	} else {
		ctx = peer_context(p, whole.args[0]);
		rp->rc = ctx ? act(p, ctx, &whole, rp) : VMCI_ERROR_NOT_FOUND;
	}
}

/* ---- life -------------------------------------------------------------------------------- */

struct peer_actor *peer_actor_new(const struct peer_world *world)
{
	struct peer_actor *p = world->port->alloc(world->port->ctx, sizeof(*p));

	if (!p)
		return NULL;
	p->world = *world;
	p->config = world->startup;
	peer_sockets_init(p);
	if (peer_events_subscribe(p)) {
		peer_actor_free(p);
		return NULL;
	}
	return p;
}

uint64_t peer_actor_pump(struct peer_actor *p)
{
	return peer_rpc_pump(p->rpc);
}

void peer_actor_set_device(struct peer_actor *p, struct vmci_device *device)
{
	drop_all(p);
	p->world.device = device;
	p->is_quiesced = false;
	p->config = p->world.startup;
}

void peer_actor_free(struct peer_actor *p)
{
	const struct vmci_hub_port *port = p->world.port;

	drop_all(p);
	peer_events_unsubscribe(p);
	port->free(port->ctx, p, sizeof(*p));
}
