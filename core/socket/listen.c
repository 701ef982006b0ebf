/* SPDX-License-Identifier: BSD-2-Clause */
/* Listeners and the children they have not given out. Spec: chapter 84. */
#include "sock.h"

/* The queue size that a child will have. */
static uint64_t agree(const struct sock *sk, uint64_t proposed)
{
	if (VMCI_FAULT("socket.takes-any-size"))
		return proposed;
	if (VMCI_FAULT("socket.keeps-own-size"))
		return sk->size;
	return proposed >= sk->min && proposed <= sk->max ? proposed : sk->size;
}

static bool is_full(const struct sock *sk)
{
	if (VMCI_FAULT("socket.backlog-unlimited"))
		return false;
	if (VMCI_FAULT("socket.backlog-off-by-one"))
		return sk->children >= sk->backlog;
	return sk->children > sk->backlog;
}

/* What answers a request, with the limits of its model; NULL: no memory. */
static struct sock *make_pending(struct vmci_sockets *s, const struct sock *model,
				 const struct packet *p)
{
	struct sock *child = sock_make(s, VMCI_SOCK_STREAM);

	if (!child)
		return NULL;
	child->local = (struct vmci_sockaddr){ p->dst_cid, p->dst_port };
	child->remote = (struct vmci_sockaddr){ p->src_cid, p->src_port };
	if (model) {
		child->min = model->min;
		child->max = model->max;
		child->timeout_us = model->timeout_us;
	}
	child->queue = agree(model ? model : child, p->value);
	if (!VMCI_FAULT("socket.child-size-lost"))
		child->size = child->queue;
	if (connection_add(child)) {
		sock_free(child);
		return NULL;
	}
	child->state = SOCK_PENDING;
	return child;
}

static struct sock *make_child(struct sock *sk, const struct packet *p)
{
	struct sock *child = make_pending(sk->s, sk, p);

	if (!child)
		return NULL;
	child->parent = sk;
	vmci_list_append(&sk->pending, &child->sibling);
	sk->children++;
	return child;
}

/* Can anybody answer it? Sets the notify protocol. */
static bool is_answerable(const struct packet *p, uint16_t *proto)
{
	bool is_new = p->type == VMCI_STREAM_REQUEST2;

	*proto = is_new ? p->proto & VMCI_NOTIFY_QUEUE_STATE : 0;
	if (VMCI_FAULT("socket.proto-unchecked"))
		*proto = is_new ? VMCI_NOTIFY_QUEUE_STATE : 0;
	return (p->value || VMCI_FAULT("socket.zero-size-accepted")) && (!is_new || *proto);
}

static void answer(struct sock *child, const struct packet *p, uint16_t proto)
{
	int rc;

	notify_begin(child, proto);
	if (p->type == VMCI_STREAM_REQUEST2 && !VMCI_FAULT("socket.answers-old"))
		rc = packet_of(child, VMCI_STREAM_NEGOTIATE2,
			       VMCI_FAULT("socket.all-protos-agreed") ? p->proto : proto,
			       child->size);
	else
		rc = packet_of(child, VMCI_STREAM_NEGOTIATE, 0, child->size);
	if (rc < 0)
		pending_fail(child, errno_of(rc));
	else if (!VMCI_FAULT("socket.pending-for-ever"))
		timer_start(child, VMCI_FAULT("socket.pending-too-short")
					   ? child->s->limits.pending_us / 2
					   : child->s->limits.pending_us);
}

static void request(struct sock *sk, const struct packet *p)
{
	struct sock *child = NULL;
	uint16_t proto;

	if (is_answerable(p, &proto) && !is_full(sk))
		child = make_child(sk, p);
	if (child)
		answer(child, p, proto);
	else
		packet_reset(sk->s, p);
}

bool listener_wanted(struct vmci_sockets *s, const struct packet *p)
{
	struct sock *sk;
	uint16_t proto;
	int fd;

	if (!s->port->wanted || (p->type != VMCI_STREAM_REQUEST && p->type != VMCI_STREAM_REQUEST2))
		return false;
	if (!is_answerable(p, &proto) ||
	    !s->t->may_talk(s->t->ctx, p->src_cid, s->limits.is_trusted))
		return false;
	sk = make_pending(s, NULL, p);
	if (!sk)
		return false;
	fd = sock_number(sk);
	if (fd < 0 || !s->port->wanted(s->port->ctx, fd, sk->local, sk->remote)) {
		sock_free(sk);
		return false;
	}
	answer(sk, p, proto);
	return true;
}

void pending_fail(struct sock *sk, int error)
{
	if (sk->fd >= 0)
		handshake_fail(sk, error);
	else
		sock_free(sk);
}

void listener_packet(struct sock *sk, const struct packet *p)
{
	if ((p->type == VMCI_STREAM_REQUEST && !VMCI_FAULT("socket.old-form-refused")) ||
	    p->type == VMCI_STREAM_REQUEST2)
		request(sk, p);
	else if (!VMCI_FAULT("socket.listener-silent"))
		packet_reset(sk->s, p);
}

void listener_admit(struct sock *child)
{
	struct sock *sk = child->parent;

	vmci_list_remove(&child->sibling);
	vmci_list_append(&sk->accepted, &child->sibling);
	sock_wake(sk);
}

void listener_release(struct sock *child)
{
	if (!child->parent)
		return;
	vmci_list_remove(&child->sibling);
	if (!VMCI_FAULT("socket.backlog-leaks"))
		child->parent->children--;
	child->parent = NULL;
}

void listener_close(struct sock *sk)
{
	while (!vmci_list_is_empty(&sk->pending))
		sock_free(VMCI_HOLDER(sk->pending.next, struct sock, sibling));
	while (!vmci_list_is_empty(&sk->accepted)) {
		struct sock *child = VMCI_HOLDER(sk->accepted.next, struct sock, sibling);

		listener_release(child);
		stream_close(child);
	}
}

int vmci_socket_listen(struct vmci_sockets *s, int fd, uint32_t backlog)
{
	struct sock *sk;
	int rc = 0;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk) {
		rc = -VMCI_EBADF;
	} else if (sk->type != VMCI_SOCK_STREAM) {
		rc = -VMCI_EOPNOTSUPP;
	} else if ((sk->state != SOCK_IDLE && sk->state != SOCK_LISTENING) ||
		   sk->local.port == VMCI_VMADDR_PORT_ANY) {
		rc = -VMCI_EINVAL;
	} else {
		sk->backlog = backlog;
		sk->state = SOCK_LISTENING;
	}
	sock_unlock(s);
	return rc;
}

int vmci_socket_accept(struct vmci_sockets *s, int fd, struct vmci_sockaddr *peer)
{
	struct sock *sk, *child;
	int rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk) {
		rc = -VMCI_EBADF;
	} else if (sk->type != VMCI_SOCK_STREAM) {
		rc = -VMCI_EOPNOTSUPP;
	} else if (sk->state != SOCK_LISTENING) {
		rc = -VMCI_EINVAL;
	} else if (vmci_list_is_empty(&sk->accepted)) {
		rc = -VMCI_EAGAIN;
	} else {
		child = VMCI_HOLDER(sk->accepted.next, struct sock, sibling);
		rc = sock_number(child);
		if (rc >= 0)
			listener_release(child);
		if (rc >= 0 && peer)
			*peer = child->remote;
	}
	sock_unlock(s);
	return rc;
}
