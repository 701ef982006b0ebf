/* SPDX-License-Identifier: BSD-2-Clause */
/* agent.c - the core's guest role, led by requests. */
#include "agent.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "agent_pairs.h"
#include "agent_resources.h"
#include "table.h"

static void forget_objects(struct agent *a)
{
	memset(a->pairs, 0, sizeof(a->pairs));
	agent_resources_forget(a);
}

static void remove_guest(struct agent *a)
{
	socket_actor_drop(&a->sockets);
	if (a->guest)
		vmci_guest_remove(a->guest);
	a->guest = NULL;
	forget_objects(a);
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
		rp->rc = agent_endpoint_open(a, h.context, h.resource);
		break;
	case PEER_ASK_CLOSE:
		rp->rc = agent_endpoint_close(a, h.context);
		break;
	case PEER_ASK_RECV:
		agent_endpoint_receive(a, h.context, rp);
		break;
	case PEER_ASK_SUBSCRIBE:
		rp->rc = agent_subscribe(a, h.context);
		break;
	case PEER_ASK_UNSUBSCRIBE:
		rp->rc = vmci_guest_unsubscribe(a->guest, h.context);
		break;
	case PEER_ASK_EVENTS:
	case PEER_ASK_EVENT:
		agent_events(a, rq->op, h.context, rp);
		break;
	case PEER_ASK_DOORBELL:
		rp->rc = agent_doorbell_open(a, h, (uint32_t)args[2], (uint32_t)args[3]);
		break;
	case PEER_ASK_UNDOORBELL:
		rp->rc = agent_doorbell_close(a, h);
		break;
	case PEER_ASK_RING:
		rp->rc = vmci_guest_ring(a->guest, h);
		break;
	case PEER_ASK_FIRED:
		rp->rc = agent_doorbell_fired(a, h);
		break;
	case PEER_ASK_ALLOC:
		agent_pair_alloc(a, args, rp);
		break;
	case PEER_ASK_DETACH:
	case PEER_ASK_PUSH:
	case PEER_ASK_PULL:
	case PEER_ASK_PEEK:
	case PEER_ASK_READY:
	case PEER_ASK_ROOM:
		agent_pair_execute(a, rq, args, rp);
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
		agent_give(rp, (const uint8_t *)info, sizeof(info) - 1);
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
