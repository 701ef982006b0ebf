/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom a packet or an event is for. Spec: chapters 82 and 84. */
#include "sock.h"

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

int incoming_open(struct vmci_sockets *s)
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

void incoming_close(struct vmci_sockets *s)
{
	const struct vmci_transport *t = s->t;

	(void)t->events(t->ctx, NULL, NULL);
	if (t->renumbers)
		(void)t->renumbers(t->ctx, NULL, NULL);
	(void)t->endpoint_close(t->ctx, s->resource);
}
