/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of one context: life, numbers, and where packets and events come in. Spec: chapter
 * 82. */
#include "sock.h"

#define NO_SLOT UINT32_MAX

/* ---- numbers ---------------------------------------------------------------------------- */

/* A number is a slot and how often the slot was used. Free slots wait in a queue, so the same
 * number comes back after 2^(31 - slot_bits) uses of one slot at the earliest. */

static bool grow_slots(struct vmci_sockets *s)
{
	uint32_t size = s->slots_size ? s->slots_size * 2 : 16;
	struct sock_slot *slot;

	if (size > (uint32_t)1 << s->slot_bits)
		size = (uint32_t)1 << s->slot_bits;
	if (size <= s->slots_size)
		return false;
	slot = sock_alloc(s, size * sizeof(*slot));
	if (!slot)
		return false;
	if (s->slots)
		memcpy(slot, s->slot, s->slots * sizeof(*slot));
	sock_release(s, s->slot, s->slots_size * sizeof(*slot));
	s->slot = slot;
	s->slots_size = size;
	return true;
}

int sock_number(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	uint32_t i = s->first_free;

	if (i != NO_SLOT) {
		s->first_free = s->slot[i].next;
		if (s->first_free == NO_SLOT)
			s->last_free = NO_SLOT;
	} else {
		if (s->slots == s->slots_size && !grow_slots(s))
			return -VMCI_EMFILE;
		i = s->slots++;
		s->slot[i].generation = 0;
	}
	s->slot[i].sock = sk;
	sk->fd = (int)(s->slot[i].generation << s->slot_bits | i);
	return sk->fd;
}

void sock_forget_number(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	uint32_t i = (uint32_t)sk->fd & (((uint32_t)1 << s->slot_bits) - 1);
	struct sock_slot *slot;

	if (sk->fd < 0)
		return;
	slot = &s->slot[i];
	sk->fd = -1;
	slot->sock = NULL;
	slot->generation = (slot->generation + 1) & ((UINT32_MAX >> 1) >> s->slot_bits);
	slot->next = NO_SLOT;
	if (s->last_free == NO_SLOT)
		s->first_free = i;
	else
		s->slot[s->last_free].next = i;
	s->last_free = i;
}

struct sock *sock_of(struct vmci_sockets *s, int fd)
{
	uint32_t i = (uint32_t)fd & (((uint32_t)1 << s->slot_bits) - 1);

	if (fd < 0 || i >= s->slots || !s->slot[i].sock || s->slot[i].sock->fd != fd)
		return NULL;
	return s->slot[i].sock;
}

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
	stream_free_rest(sk);
	vmci_list_remove(&sk->all);
	s->count--;
	/* Last: the other end of a local pair hears of it from inside. */
	stream_close_pair(sk);
	sock_release(s, sk, sizeof(*sk));
}

/* ---- what comes in ---------------------------------------------------------------------- */

/* A peer is told by RST that there is nobody, and its datagram counts as delivered: the result of
 * a refused one would reach a Linux guest's connect() before the RST, as another error. */
static int nobody(struct vmci_sockets *s, const struct packet *p)
{
	packet_reset(s, p);
	return VMCI_FAULT("socket.result-not-found") ? VMCI_ERROR_NOT_FOUND : 0;
}

/* For a deliberate mistake only. */
static struct sock *anybody_connected(struct vmci_sockets *s, uint32_t port)
{
	for (struct vmci_list *at = s->all.next; at != &s->all; at = at->next) {
		struct sock *sk = VMCI_HOLDER(at, struct sock, all);

		if (sk->state == SOCK_CONNECTED && sk->local.port == port)
			return sk;
	}
	return NULL;
}

static struct sock *find(struct vmci_sockets *s, const struct packet *p)
{
	struct vmci_sockaddr peer = { p->src_cid, p->src_port };
	struct sock *sk = connection_find(s, peer, p->dst_port);
	bool asks = p->type == VMCI_STREAM_REQUEST || p->type == VMCI_STREAM_REQUEST2;

	/* The peer has forgotten a connection that only lingers here: it uses its port again. */
	if (sk && sk->state == SOCK_LINGERING && asks) {
		connection_remove(sk);
		sk = NULL;
	}
	if (!sk && VMCI_FAULT("socket.peer-unchecked"))
		sk = anybody_connected(s, p->dst_port);
	if (sk)
		return sk;
	sk = port_find(s, p->dst_port);
	/* A connecting or connected socket deals with its peer only. */
	if (!sk || (sk->state != SOCK_LISTENING && !VMCI_FAULT("socket.stranger-heard")))
		return NULL;
	if (sk->local.cid != VMCI_VMADDR_CID_ANY && sk->local.cid != p->dst_cid)
		return NULL;
	return sk;
}

static void dispatch(struct sock *sk, const struct packet *p)
{
	switch (sk->state) {
	case SOCK_LISTENING:
		listener_packet(sk, p);
		break;
	case SOCK_REQUESTED:
	case SOCK_OFFERED:
		handshake_client(sk, p);
		break;
	case SOCK_PENDING:
		handshake_child(sk, p);
		break;
	case SOCK_CONNECTED:
		stream_packet(sk, p);
		break;
	case SOCK_LINGERING:
		break; /* nothing is answered until the peer has detached */
	case SOCK_IDLE:
		packet_reset(sk->s, p);
		break;
	}
}

static int receive(struct vmci_sockets *s, const struct packet *p)
{
	struct vmci_sockaddr from = { p->src_cid, p->src_port };
	struct sock *sk = find(s, p);

	if (!sk)
		return listener_wanted(s, p) ? 0 : nobody(s, p);
	if (p->type > VMCI_STREAM_TYPE_MAX) {
		if (!VMCI_FAULT("socket.unknown-type-ignored"))
			(void)packet_send(s, from, p->dst_port, VMCI_STREAM_INVALID, 0, 0, 0);
		return 0;
	}
	if (!s->t->may_talk(s->t->ctx, p->src_cid, s->limits.is_trusted) &&
	    !VMCI_FAULT("socket.restricted-heard"))
		return VMCI_ERROR_NO_ACCESS;
	if (sk->state != SOCK_LISTENING)
		sk->local.cid = p->dst_cid;
	dispatch(sk, p);
	return 0;
}

static int on_packet(void *arg, const uint8_t *data, size_t len)
{
	struct vmci_sockets *s = arg;
	struct packet p;
	int rc;

	sock_lock(s);
	rc = packet_decode(data, len, &p);
	if (!rc)
		rc = receive(s, &p);
	sock_unlock(s);
	return rc;
}

static void detached(struct vmci_sockets *s, struct vmci_handle handle)
{
	struct vmci_node *node, *next;

	if (VMCI_FAULT("socket.detach-ignored"))
		return;
	/* Two sockets have the same handle when both ends are here: the other one is gone then. */
	for (node = vmci_table_find(&s->handles, packet_handle_value(handle)); node; node = next) {
		next = vmci_table_next(node);
		stream_detached(VMCI_HOLDER(node, struct sock, by_handle));
	}
}

/* Peers of all queue pairs may be lost, and cannot be asked. */
static void resumed(struct vmci_sockets *s)
{
	struct vmci_list *at, *next;

	if (VMCI_FAULT("socket.resume-ignored"))
		return;
	for (at = s->all.next; at != &s->all; at = next) {
		struct sock *sk = VMCI_HOLDER(at, struct sock, all);

		next = at->next;
		if (sk->pair)
			stream_detached(sk);
	}
}

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct vmci_sockets *s = arg;
	uint32_t event;
	int64_t cid;

	if (len < VMCI_EVENT_DATA_SIZE)
		return;
	event = vmci_get32(payload + VMCI_EVENT_DATA_EVENT);
	sock_lock(s);
	if (event == VMCI_EVENT_QP_PEER_DETACH && len >= VMCI_EVENT_QP_PEER_ID) {
		detached(s, vmci_get_handle(payload + VMCI_EVENT_QP_HANDLE));
	} else if (event == VMCI_EVENT_QP_RESUMED) {
		resumed(s);
	} else if (event == VMCI_EVENT_CTX_ID_UPDATE && !VMCI_FAULT("socket.id-update-ignored")) {
		/* Connections go on: nothing that finds them depends on the own id. */
		cid = s->t->cid(s->t->ctx);
		if (cid >= 0)
			s->cid = (uint32_t)cid;
	}
	sock_unlock(s);
}

/* Connections go on under the peer's new id. */
static void on_renumber(void *arg, uint32_t was, uint32_t is)
{
	struct vmci_sockets *s = arg;
	struct vmci_list *at;

	sock_lock(s);
	for (at = s->all.next; at != &s->all; at = at->next) {
		struct sock *sk = VMCI_HOLDER(at, struct sock, all);

		if (sk->type == VMCI_SOCK_STREAM && sk->remote.cid == was)
			connection_renumber(sk, is);
	}
	sock_unlock(s);
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
	while ((uint32_t)1 << s->slot_bits < l->sockets)
		s->slot_bits++;
}

static int join(struct vmci_sockets *s)
{
	const struct vmci_transport *t = s->t;
	int64_t rc = t->cid(t->ctx);

	if (rc < 0)
		return -VMCI_ENODEV;
	s->cid = (uint32_t)rc;
	s->resource = s->cid == VMCI_HYPERVISOR_CONTEXT_ID ? VMCI_SOCKETS_STREAM_HYPERVISOR_RID
							   : VMCI_SOCKETS_STREAM_RID;
	rc = t->endpoint(t->ctx, s->resource, VMCI_FLAG_ANYCID_DG_HND, true, on_packet, s);
	if (rc < 0)
		return -errno_of(rc);
	rc = t->events(t->ctx, on_event, s);
	if (rc >= 0 && t->renumbers) {
		rc = t->renumbers(t->ctx, on_renumber, s);
		if (rc < 0)
			(void)t->events(t->ctx, NULL, NULL);
	}
	if (rc < 0) {
		(void)t->endpoint_close(t->ctx, s->resource);
		return -errno_of(rc);
	}
	return 0;
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
	s->first_free = NO_SLOT;
	s->last_free = NO_SLOT;
	s->next_port = port->random ? port->random(port->ctx) : 0;
	salt = (uint64_t)(uintptr_t)s * 0x9e3779b97f4a7c15u ^ s->next_port;
	vmci_list_init(&s->all);
	vmci_table_init(&s->ports, salt);
	vmci_table_init(&s->connections, salt);
	vmci_table_init(&s->handles, salt);
	rc = join(s);
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
	(void)s->t->events(s->t->ctx, NULL, NULL);
	if (s->t->renumbers)
		(void)s->t->renumbers(s->t->ctx, NULL, NULL);
	(void)s->t->endpoint_close(s->t->ctx, s->resource);
	while (!vmci_list_is_empty(&s->all))
		sock_free(VMCI_HOLDER(s->all.next, struct sock, all));
	vmci_table_free(&s->ports, &s->memory);
	vmci_table_free(&s->connections, &s->memory);
	vmci_table_free(&s->handles, &s->memory);
	timers_free(s);
	sock_release(s, s->slot, s->slots_size * sizeof(*s->slot));
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
		stream_timer(sk);
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
