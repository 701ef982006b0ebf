/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of one context, and the life of each. Spec: chapter 82. */
#include "sock.h"

/* ---- sockets ---------------------------------------------------------------------------- */

struct sock *sock_make(struct vmci_sockets *s, enum vmci_socket_type type)
{
	struct sock *sk;

	if (s->count >= s->limits.sockets || timers_reserve(s, s->count + 1))
		return NULL;
	sk = sock_alloc(s, sizeof(*sk));
	if (!sk)
		return NULL;
	sk->s = s;
	sk->fd = -1;
	sk->type = type;
	sk->local = (struct vmci_sockaddr){ VMCI_VMADDR_CID_ANY, VMCI_VMADDR_PORT_ANY };
	sk->remote = sk->local;
	sk->low_water = 1;
	options_default(sk);
	vmci_list_init(&sk->sibling);
	vmci_list_init(&sk->pending);
	vmci_list_init(&sk->accepted);
	vmci_list_init(&sk->inbox);
	vmci_list_append(&s->all, &sk->all);
	s->count++;
	return sk;
}

void sock_free(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;

	sock_forget_number(sk);
	timer_stop(sk);
	if (!VMCI_FAULT("socket.children-survive"))
		listener_close(sk);
	listener_release(sk);
	connection_remove(sk);
	port_release(sk);
	datagram_drop_all(sk);
	pair_free_rest(sk);
	vmci_list_remove(&sk->all);
	s->count--;
	/* Last: the other end of a local pair hears of it from inside. */
	pair_close(sk);
	sock_release(s, sk, sizeof(*sk));
}

/* ---- life ------------------------------------------------------------------------------- */

static void set_limits(struct vmci_sockets *s, const struct vmci_socket_limits *limits)
{
	struct vmci_socket_limits *l = &s->limits;

	if (limits)
		*l = *limits;
	if (!l->sockets)
		l->sockets = 65536;
	if (l->sockets > 1u << 24)
		l->sockets = 1u << 24;
	if (!l->datagram_bytes)
		l->datagram_bytes = 212992;
	if (!l->lingering_bytes)
		l->lingering_bytes = 64u << 20;
	if (!l->pending_us)
		l->pending_us = VMCI_SOCKETS_PENDING_TIMEOUT_US;
}

int vmci_sockets_create(const struct vmci_transport *transport, const struct vmci_socket_port *port,
			const struct vmci_socket_limits *limits, struct vmci_sockets **out)
{
	struct vmci_sockets *s = port->alloc(port->ctx, sizeof(*s));
	uint64_t salt;
	int rc;

	if (!s)
		return -VMCI_ENOMEM;
	s->t = transport;
	s->port = port;
	s->memory = (struct vmci_memory){ port->ctx, port->alloc, port->free };
	set_limits(s, limits);
	numbers_init(s);
	s->next_port = port->random ? port->random(port->ctx) : 0;
	salt = (uint64_t)(uintptr_t)s * 0x9e3779b97f4a7c15u ^ s->next_port;
	vmci_list_init(&s->all);
	vmci_table_init(&s->ports, salt);
	vmci_table_init(&s->connections, salt);
	vmci_table_init(&s->handles, salt);
	rc = incoming_open(s);
	if (rc) {
		port->free(port->ctx, s, sizeof(*s));
		return rc;
	}
	*out = s;
	return 0;
}

void vmci_sockets_destroy(struct vmci_sockets *s)
{
	const struct vmci_socket_port *port = s->port;

	sock_lock(s);
	s->is_ending = true;
	incoming_close(s);
	while (!vmci_list_is_empty(&s->all))
		sock_free(VMCI_HOLDER(s->all.next, struct sock, all));
	vmci_table_free(&s->ports, &s->memory);
	vmci_table_free(&s->connections, &s->memory);
	vmci_table_free(&s->handles, &s->memory);
	timers_free(s);
	numbers_free(s);
	sock_unlock(s);
	port->free(port->ctx, s, sizeof(*s));
}

static void expired(struct sock *sk)
{
	switch (sk->state) {
	case SOCK_REQUESTED:
	case SOCK_OFFERED:
		handshake_fail(sk, VMCI_ETIMEDOUT);
		break;
	case SOCK_PENDING:
		pending_fail(sk, VMCI_ETIMEDOUT);
		break;
	default:
		owed_timer(sk);
		break;
	}
}

uint64_t vmci_sockets_pump(struct vmci_sockets *s)
{
	uint64_t wait = UINT64_MAX, now;
	struct sock *sk;

	sock_lock(s);
	now = sock_now(s);
	while ((sk = timers_take_due(s, now)))
		expired(sk);
	if (s->timers) {
		now = sock_now(s);
		wait = s->heap[0]->due_us > now ? s->heap[0]->due_us - now : 0;
	}
	sock_unlock(s);
	return wait;
}

uint32_t vmci_sockets_cid(struct vmci_sockets *s)
{
	uint32_t cid;

	sock_lock(s);
	cid = s->cid;
	sock_unlock(s);
	return cid;
}

void vmci_sockets_count(struct vmci_sockets *s, uint32_t *sockets, uint32_t *pairs)
{
	sock_lock(s);
	*sockets = s->count;
	*pairs = s->pairs;
	sock_unlock(s);
}
