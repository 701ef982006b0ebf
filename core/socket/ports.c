/* SPDX-License-Identifier: BSD-2-Clause */
/* Local addresses. Spec: chapter 82.
 *
 * Ports of streams are kept here, one socket each. Ports of datagram sockets are resources of
 * endpoints, so the transport keeps them. */
#include "sock.h"

struct sock *port_find(struct vmci_sockets *s, uint32_t port)
{
	struct vmci_node *node = vmci_table_find(&s->ports, port);

	return node ? VMCI_HOLDER(node, struct sock, by_port) : NULL;
}

/* A port that nobody has, or VMADDR_PORT_ANY. */
static uint32_t pick(struct vmci_sockets *s)
{
	for (unsigned i = 0; i < VMCI_SOCKETS_PORT_TRIES; i++) {
		uint32_t port = s->next_port;

		if ((port <= VMCI_VMADDR_PORT_PRIVILEGED_MAX || port == VMCI_VMADDR_PORT_ANY) &&
		    !VMCI_FAULT("socket.any-port-privileged"))
			port = VMCI_VMADDR_PORT_PRIVILEGED_MAX + 1;
		s->next_port = port + 1;
		if (!port_find(s, port) || VMCI_FAULT("socket.any-port-taken"))
			return port;
	}
	return VMCI_VMADDR_PORT_ANY;
}

static int bind_stream(struct sock *sk, struct vmci_sockaddr addr)
{
	struct vmci_sockets *s = sk->s;

	if (vmci_table_reserve(&s->ports, &s->memory))
		return -VMCI_ENOMEM;
	if (addr.port == VMCI_VMADDR_PORT_ANY) {
		addr.port = pick(s);
		if (addr.port == VMCI_VMADDR_PORT_ANY)
			return -VMCI_EADDRNOTAVAIL;
	} else if (port_find(s, addr.port) && !VMCI_FAULT("socket.port-twice")) {
		return -VMCI_EADDRINUSE;
	}
	sk->local = addr;
	vmci_table_add(&s->ports, &sk->by_port, addr.port);
	sk->in_ports = true;
	return 0;
}

int port_bind(struct sock *sk, struct vmci_sockaddr addr)
{
	struct vmci_sockets *s = sk->s;

	if (sk->local.port != VMCI_VMADDR_PORT_ANY)
		return VMCI_FAULT("socket.bind-twice") ? 0 : -VMCI_EINVAL;
	if (addr.cid != VMCI_VMADDR_CID_ANY && addr.cid != s->cid &&
	    !VMCI_FAULT("socket.binds-foreign"))
		return -VMCI_EADDRNOTAVAIL;
	if (addr.cid != VMCI_VMADDR_CID_ANY && VMCI_FAULT("socket.binds-any-only"))
		return -VMCI_EADDRNOTAVAIL;
	if (addr.port <= VMCI_VMADDR_PORT_PRIVILEGED_MAX &&
	    (!s->limits.may_bind_privileged || VMCI_FAULT("socket.privilege-ignored")) &&
	    !VMCI_FAULT("socket.privileged-port-open"))
		return -VMCI_EACCES;
	return sk->type == VMCI_SOCK_DGRAM ? datagram_bind(sk, addr) : bind_stream(sk, addr);
}

int port_bind_any(struct sock *sk)
{
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, VMCI_VMADDR_PORT_ANY };

	return sk->local.port == VMCI_VMADDR_PORT_ANY ? port_bind(sk, any) : 0;
}

void port_release(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;

	if (!sk->in_ports)
		return;
	sk->in_ports = false;
	if (sk->type == VMCI_SOCK_DGRAM)
		(void)s->t->endpoint_close(s->t->ctx, sk->local.port);
	else
		vmci_table_remove(&s->ports, &sk->by_port);
}
