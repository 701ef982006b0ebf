/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of the host and of the hypervisor, on a clock that the vector moves. */
#include "peer_sockets.h"

#include <vmci/mem.h>
#include "peer_state.h"

#define HOUR_US UINT64_C(3600000000) /* no wait is longer, and the clock cannot wrap */

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

/* The vector's clock; see PEER_SYNC. */
static uint64_t socket_now(void *ctx)
{
	struct peer_actor *p = ctx;

	return p->passed_us;
}

void peer_sockets_init(struct peer_actor *p)
{
	struct vmci_socket_port *port = &p->host_sockets.port;

	port->ctx = p;
	port->alloc = socket_alloc;
	port->free = socket_free;
	if (p->world.now_us)
		port->now_us = socket_now;
	p->hypervisor_sockets.port = *port;
}

void peer_sockets_execute(struct peer_actor *p, const struct peer_request *rq,
			  struct peer_reply *rp)
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

void peer_sockets_pass(struct peer_actor *p, uint64_t us)
{
	p->passed_us += us < HOUR_US ? us : HOUR_US;
}

void peer_sockets_pump(struct peer_actor *p)
{
	socket_actor_pump(&p->host_sockets);
	socket_actor_pump(&p->hypervisor_sockets);
}

void peer_sockets_drop(struct peer_actor *p)
{
	socket_actor_drop(&p->host_sockets);
	socket_actor_drop(&p->hypervisor_sockets);
}
