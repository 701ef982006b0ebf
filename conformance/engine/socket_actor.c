/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_actor.c - requests for sockets, carried out on the core's. */
#include "socket_actor.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

#define ADDRESS_BYTES 8u  /* u32 cid, u32 port */
#define ORIGIN_BYTES  12u /* the same and u32 flags, in front of a received datagram */

bool socket_actor_knows(uint32_t op)
{
	return op >= PEER_SOCKET_STACK && op <= PEER_SOCKET_COUNT;
}

void socket_actor_drop(struct socket_actor *a)
{
	if (a->stack)
		vmci_sockets_destroy(a->stack);
	vmci_transport_free(a->transport);
	a->stack = NULL;
	a->transport = NULL;
	memset(a->fds, 0, sizeof(a->fds));
}

void socket_actor_pump(struct socket_actor *a)
{
	if (a->stack)
		(void)vmci_sockets_pump(a->stack);
}

/* flags: bit 0 ports below 1024 may be bound, bit 1 sockets are trusted. */
static int64_t make_stack(struct socket_actor *a, uint64_t flags, uint64_t sockets,
			  uint64_t datagram_bytes)
{
	struct vmci_socket_limits limits = { .sockets = (uint32_t)sockets,
					     .datagram_bytes = (uint32_t)datagram_bytes,
					     .may_bind_privileged = flags & 1,
					     .is_trusted = flags & 2 };
	int rc;

	if (!a->port.now_us || !a->transport)
		rc = -VMCI_EADDRINUSE;
	else
		rc = vmci_sockets_create(a->transport, &a->port, &limits, &a->stack);
	if (rc) {
		a->stack = NULL;
		vmci_transport_free(a->transport);
		a->transport = NULL;
	}
	/* Somebody else has the endpoint: true of the surroundings, not of the implementation. */
	return rc == -VMCI_EADDRINUSE ? PEER_RC_UNSUPPORTED : rc;
}

static void give_address(struct peer_reply *rp, struct vmci_sockaddr addr)
{
	if (rp->blob_max < ADDRESS_BYTES) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	vmci_put32(rp->blob, addr.cid);
	vmci_put32(rp->blob + 4, addr.port);
	rp->blob_len = ADDRESS_BYTES;
}

/* The next name for a socket that is new: `fd` or an error. */
static int64_t name_socket(struct socket_actor *a, uint64_t name, int fd)
{
	if (fd < 0)
		return fd;
	/* A name used again: the vector has no more use for what it stood for. */
	if (a->fds[name])
		(void)vmci_socket_close(a->stack, a->fds[name] - 1);
	a->fds[name] = fd + 1;
	return 0;
}

static void accept_one(struct socket_actor *a, int fd, uint64_t name, struct peer_reply *rp)
{
	struct vmci_sockaddr addr = { 0, 0 };

	if (name >= SOCKET_ACTOR_SOCKETS) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	rp->rc = name_socket(a, name, vmci_socket_accept(a->stack, fd, &addr));
	if (rp->rc == 0)
		give_address(rp, addr);
}

static void receive(struct socket_actor *a, int fd, uint64_t count, bool peek,
		    struct peer_reply *rp)
{
	size_t max = count < rp->blob_max ? (size_t)count : rp->blob_max;

	rp->rc = vmci_socket_recv(a->stack, fd, rp->blob, max, peek ? VMCI_MSG_PEEK : 0);
	if (rp->rc > 0)
		rp->blob_len = (uint32_t)rp->rc;
}

static void receive_from(struct socket_actor *a, int fd, uint64_t count, struct peer_reply *rp)
{
	struct vmci_sockaddr from = { 0, 0 };
	unsigned flags = 0;
	size_t max;

	if (rp->blob_max < ORIGIN_BYTES) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	max = rp->blob_max - ORIGIN_BYTES;
	if (count < max)
		max = (size_t)count;
	rp->rc = vmci_socket_recvfrom(a->stack, fd, rp->blob + ORIGIN_BYTES, max, 0, &from, &flags);
	if (rp->rc < 0)
		return;
	vmci_put32(rp->blob, from.cid);
	vmci_put32(rp->blob + 4, from.port);
	vmci_put32(rp->blob + 8, flags);
	rp->blob_len = ORIGIN_BYTES + (uint32_t)rp->rc;
}

static void option(struct socket_actor *a, int fd, uint64_t name, struct peer_reply *rp)
{
	uint64_t value = 0;

	rp->rc = vmci_socket_getopt(a->stack, fd, (unsigned)name, &value);
	if (rp->rc == 0)
		rp->rc = (int64_t)value;
}

static void address(struct socket_actor *a, int fd, bool of_peer, struct peer_reply *rp)
{
	struct vmci_sockaddr addr = { 0, 0 };

	rp->rc = of_peer ? vmci_socket_peer(a->stack, fd, &addr)
			 : vmci_socket_name(a->stack, fd, &addr);
	if (rp->rc == 0)
		give_address(rp, addr);
}

static void count(struct socket_actor *a, struct peer_reply *rp)
{
	uint32_t sockets = 0, pairs = 0;

	if (rp->blob_max < 4) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	vmci_sockets_count(a->stack, &sockets, &pairs);
	rp->rc = sockets;
	vmci_put32(rp->blob, pairs);
	rp->blob_len = 4;
}

static int64_t close_one(struct socket_actor *a, uint64_t name)
{
	int fd = a->fds[name] - 1;

	a->fds[name] = 0;
	return vmci_socket_close(a->stack, fd);
}

static void use(struct socket_actor *a, const struct peer_request *rq, const uint64_t *args,
		struct peer_reply *rp)
{
	struct vmci_sockets *s = a->stack;
	const struct vmci_sockaddr addr = { (uint32_t)args[1], (uint32_t)args[2] };
	int fd = a->fds[args[0]] - 1; /* -1 is nobody's: the stack says so */

	switch (rq->op) {
	case PEER_SOCKET_MAKE:
		rp->rc = name_socket(a, args[0], vmci_socket(s, (enum vmci_socket_type)args[1]));
		break;
	case PEER_SOCKET_CLOSE:
		rp->rc = close_one(a, args[0]);
		break;
	case PEER_SOCKET_BIND:
		rp->rc = vmci_socket_bind(s, fd, addr);
		break;
	case PEER_SOCKET_CONNECT:
		rp->rc = vmci_socket_connect(s, fd, addr);
		break;
	case PEER_SOCKET_LISTEN:
		rp->rc = vmci_socket_listen(s, fd, (uint32_t)args[1]);
		break;
	case PEER_SOCKET_ACCEPT:
		accept_one(a, fd, args[1], rp);
		break;
	case PEER_SOCKET_WRITE:
		rp->rc = vmci_socket_send(s, fd, rq->blob, rq->blob_len, (unsigned)args[1]);
		break;
	case PEER_SOCKET_READ:
	case PEER_SOCKET_PEEK:
		receive(a, fd, args[1], rq->op == PEER_SOCKET_PEEK, rp);
		break;
	case PEER_SOCKET_SENDTO:
		rp->rc = vmci_socket_sendto(s, fd, rq->blob, rq->blob_len, &addr);
		break;
	case PEER_SOCKET_SENDCONN:
		rp->rc = vmci_socket_sendto(s, fd, rq->blob, rq->blob_len, NULL);
		break;
	case PEER_SOCKET_RECVFROM:
		receive_from(a, fd, args[1], rp);
		break;
	case PEER_SOCKET_SHUTDOWN:
		rp->rc = vmci_socket_shutdown(s, fd, (enum vmci_socket_how)args[1]);
		break;
	case PEER_SOCKET_POLL:
		rp->rc = vmci_socket_poll(s, fd);
		break;
	case PEER_SOCKET_ERROR:
		rp->rc = vmci_socket_error(s, fd);
		break;
	case PEER_SOCKET_NAME:
	case PEER_SOCKET_PEER:
		address(a, fd, rq->op == PEER_SOCKET_PEER, rp);
		break;
	case PEER_SOCKET_SETOPT:
		rp->rc = vmci_socket_setopt(s, fd, (unsigned)args[1], args[2]);
		break;
	case PEER_SOCKET_GETOPT:
		option(a, fd, args[1], rp);
		break;
	case PEER_SOCKET_LOWWATER:
		rp->rc = vmci_socket_low_water(s, fd, args[1]);
		break;
	case PEER_SOCKET_READY:
		rp->rc = vmci_socket_ready(s, fd);
		break;
	default: /* PEER_SOCKET_ROOM */
		rp->rc = vmci_socket_room(s, fd);
		break;
	}
}

void socket_actor_execute(struct socket_actor *a, const struct peer_request *rq,
			  const uint64_t *args, struct peer_reply *rp)
{
	rp->rc = 0;
	rp->blob_len = 0;
	if (rq->op == PEER_SOCKET_STACK)
		rp->rc = a->stack ? PEER_RC_BAD_REQUEST : make_stack(a, args[0], args[1], args[2]);
	else if (!a->stack)
		rp->rc = make_stack(a, 0, 0, 0);
	if (rq->op == PEER_SOCKET_STACK || rp->rc)
		return;
	/* What is due by now happens before what is asked. */
	socket_actor_pump(a);
	if (rq->op == PEER_SOCKET_COUNT)
		count(a, rp);
	else if (args[0] >= SOCKET_ACTOR_SOCKETS)
		rp->rc = PEER_RC_BAD_REQUEST;
	else
		use(a, rq, args, rp);
	socket_actor_pump(a);
}
