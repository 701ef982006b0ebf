/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is connected to whom. */
#include "sock.h"

/* Unique for each pair of ports of one peer context. */
static uint64_t connection_key(struct vmci_sockaddr peer, uint32_t port)
{
	return ((uint64_t)peer.port << 32 | port) + peer.cid * 0x9e3779b97f4a7c15u;
}

struct sock *connection_find(struct vmci_sockets *s, struct vmci_sockaddr peer, uint32_t port)
{
	struct vmci_node *node = vmci_table_find(&s->connections, connection_key(peer, port));

	for (; node; node = vmci_table_next(node)) {
		struct sock *sk = VMCI_HOLDER(node, struct sock, by_connection);

		if (sk->remote.cid == peer.cid && sk->remote.port == peer.port &&
		    sk->local.port == port)
			return sk;
	}
	return NULL;
}

int connection_add(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;

	if (vmci_table_reserve(&s->connections, &s->memory))
		return VMCI_LOCAL_NO_MEMORY;
	vmci_table_add(&s->connections, &sk->by_connection,
		       connection_key(sk->remote, sk->local.port));
	sk->in_connections = true;
	return 0;
}

void connection_remove(struct sock *sk)
{
	if (sk->in_connections)
		vmci_table_remove(&sk->s->connections, &sk->by_connection);
	sk->in_connections = false;
}

void connection_renumber(struct sock *sk, uint32_t cid)
{
	bool was_in = sk->in_connections;

	connection_remove(sk);
	sk->remote.cid = cid;
	if (was_in) {
		/* There is room: one was taken out. */
		vmci_table_add(&sk->s->connections, &sk->by_connection,
			       connection_key(sk->remote, sk->local.port));
		sk->in_connections = true;
	}
}
