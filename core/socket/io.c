/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of connected streams. Spec: chapter 84.
 *
 * Bytes move straight between the caller's buffer and the queue pair. Only what was saved from a
 * peer that left comes from memory of ours. */
#include "sock.h"

#define POSSIBLE (VMCI_MSG_PEEK)

/* The queue is empty, or there is none any more: not an error. */
static bool is_nothing(int64_t n)
{
	return n == VMCI_ERROR_QUEUEPAIR_NODATA || n == VMCI_ERROR_QUEUEPAIR_NOSPACE ||
	       n == VMCI_ERROR_QUEUEPAIR_NOT_READY || n == VMCI_ERROR_WOULD_BLOCK ||
	       n == VMCI_ERROR_QUEUEPAIR_NOTATTACHED;
}

static bool is_at_end(const struct sock *sk)
{
	return sk->has_ended || (sk->peer_shut & VMCI_STREAM_SHUT_SEND);
}

/* Whoever watches sees the bytes. */
static void tell(const struct sock *sk, bool is_sent, const void *bytes, int64_t n)
{
	const struct vmci_socket_port *port = sk->s->port;

	if (port->moved && n > 0)
		port->moved(port->ctx, is_sent ? sk->local : sk->remote,
			    is_sent ? sk->remote : sk->local, bytes, (size_t)n);
}

/* ---- receiving -------------------------------------------------------------------------- */

static int64_t take_rest(struct sock *sk, void *buf, size_t len, bool peek)
{
	struct sock_rest *rest = &sk->rest;
	size_t n = rest->size - rest->at < len ? rest->size - rest->at : len;

	memcpy(buf, rest->bytes + rest->at, n);
	if (peek)
		return (int64_t)n;
	tell(sk, false, buf, (int64_t)n);
	rest->at += n;
	if (rest->at == rest->size) {
		bool is_cut = rest->is_cut;

		pair_free_rest(sk);
		rest->is_cut = is_cut;
	}
	return (int64_t)n;
}

/* Bytes that can be received; 0: none, or none any more; an error of the queue. */
static int64_t waiting(struct sock *sk)
{
	int64_t n;

	if (sk->rest.bytes)
		return (int64_t)(sk->rest.size - sk->rest.at);
	if (!sk->pair)
		return 0;
	n = sk->s->t->ready(sk->s->t->ctx, sk->pair);
	return is_nothing(n) ? 0 : n;
}

/* Nothing was found. */
static int64_t starved(struct sock *sk)
{
	if (is_at_end(sk)) {
		/* The last bytes of a peer that left did not all fit. */
		if (sk->rest.is_cut) {
			sk->rest.is_cut = false;
			return -VMCI_ECONNRESET;
		}
		return 0;
	}
	notify_starved(sk);
	owed_flush(sk);
	return -VMCI_EAGAIN;
}

/* May this socket receive, and has it something to look at? 1: yes; otherwise what recv returns. */
static int64_t may_receive(const struct sock *sk)
{
	if (sk->state != SOCK_CONNECTED)
		return sk->has_ended ? 0 : -VMCI_ENOTCONN;
	if (sk->shut & VMCI_STREAM_SHUT_RECEIVE)
		return 0;
	return 1;
}

static int64_t receive(struct sock *sk, void *buf, size_t len, unsigned flags)
{
	const struct vmci_transport *t = sk->s->t;
	bool peek = (flags & VMCI_MSG_PEEK) != 0;
	int64_t n = may_receive(sk);

	if (n <= 0)
		return n;
	if (flags & ~(unsigned)POSSIBLE)
		return -VMCI_EOPNOTSUPP;
	if (!len)
		return 0;
	if (sk->rest.bytes)
		return take_rest(sk, buf, len, peek);
	if ((sk->low_water < len ? sk->low_water : len) >= sk->queue &&
	    !VMCI_FAULT("socket.any-target"))
		return -VMCI_ENOMEM;
	if (!sk->pair)
		return starved(sk);
	if (peek)
		n = t->peek(t->ctx, sk->pair, buf, len);
	else
		n = t->dequeue(t->ctx, sk->pair, buf, len);
	if (n < 0)
		return is_nothing(n) || VMCI_FAULT("socket.damage-is-nothing") ? starved(sk)
									       : -VMCI_ENOMEM;
	if (!peek)
		tell(sk, false, buf, n);
	if (!peek && !sk->has_ended) {
		notify_taken(sk, (uint64_t)n);
		owed_flush(sk);
	}
	return n;
}

int64_t vmci_socket_recv(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM)
		rc = datagram_receive(sk, buf, len, flags, NULL, NULL);
	else
		rc = receive(sk, buf, len, flags);
	sock_unlock(s);
	return rc;
}

int64_t vmci_socket_ready(struct vmci_sockets *s, int fd)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type != VMCI_SOCK_STREAM)
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = may_receive(sk);
	if (rc == 1) {
		rc = waiting(sk);
		if (rc < 0)
			rc = -VMCI_ENOMEM;
		else if (!rc)
			rc = starved(sk);
	}
	sock_unlock(s);
	return rc;
}

/* ---- sending ---------------------------------------------------------------------------- */

static int64_t may_send(const struct sock *sk)
{
	if ((sk->shut & VMCI_STREAM_SHUT_SEND) || (sk->peer_shut & VMCI_STREAM_SHUT_RECEIVE))
		return -VMCI_EPIPE;
	if (VMCI_FAULT("socket.send-unconnected") && sk->state != SOCK_CONNECTED)
		return -VMCI_EAGAIN;
	return sk->state == SOCK_CONNECTED && sk->pair ? 1 : -VMCI_ENOTCONN;
}

static int64_t stuffed(struct sock *sk)
{
	notify_stuffed(sk);
	owed_watch_room(sk);
	owed_flush(sk);
	return -VMCI_EAGAIN;
}

static int64_t send(struct sock *sk, const void *buf, size_t len, unsigned flags)
{
	const struct vmci_transport *t = sk->s->t;
	int64_t n;

	if (flags && !VMCI_FAULT("socket.urgent-sent"))
		return -VMCI_EOPNOTSUPP;
	n = may_send(sk);
	if (n < 0)
		return n;
	if (!len)
		return 0;
	if (VMCI_FAULT("socket.byte-lost") && len > 1)
		len--;
	n = t->enqueue(t->ctx, sk->pair, buf, len);
	if (n < 0)
		return is_nothing(n) ? stuffed(sk) : -VMCI_ENOMEM;
	tell(sk, true, buf, n);
	notify_put(sk, (uint64_t)n);
	owed_flush(sk);
	return n;
}

int64_t vmci_socket_send(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			 unsigned flags)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM)
		rc = flags ? -VMCI_EOPNOTSUPP : datagram_send(sk, buf, len, NULL);
	else
		rc = send(sk, buf, len, flags);
	sock_unlock(s);
	return rc;
}

int64_t vmci_socket_room(struct vmci_sockets *s, int fd)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type != VMCI_SOCK_STREAM)
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = may_send(sk);
	if (rc == 1) {
		rc = s->t->room(s->t->ctx, sk->pair);
		if (is_nothing(rc) || !rc)
			rc = stuffed(sk);
		else if (rc < 0)
			rc = -VMCI_ENOMEM;
	}
	sock_unlock(s);
	return rc;
}

/* ---- readiness -------------------------------------------------------------------------- */

static unsigned poll_in(struct sock *sk)
{
	int64_t n = waiting(sk);

	if (n < 0)
		return VMCI_POLLERR;
	if (VMCI_FAULT("socket.poll-data"))
		return VMCI_POLLIN;
	if ((uint64_t)n >= (VMCI_FAULT("socket.low-water-ignored") ? 1 : sk->low_water))
		return VMCI_POLLIN;
	if (!n && !is_at_end(sk) && sk->notify.proto == 0) {
		notify_starved(sk);
		owed_flush(sk);
	}
	return 0;
}

static unsigned poll_out(struct sock *sk)
{
	int64_t n;

	/* Whoever writes now hears why not. */
	if (may_send(sk) < 0)
		return VMCI_POLLOUT;
	n = sk->s->t->room(sk->s->t->ctx, sk->pair);
	if (n < 0 && !is_nothing(n))
		return VMCI_POLLERR;
	if (n > 0 || VMCI_FAULT("socket.poll-room"))
		return VMCI_POLLOUT;
	owed_watch_room(sk);
	if (sk->notify.proto == 0) {
		notify_stuffed(sk);
		owed_flush(sk);
	}
	return 0;
}

unsigned stream_poll(struct sock *sk)
{
	bool peer_sends = !is_at_end(sk);
	unsigned events = sk->error ? VMCI_POLLERR : 0;

	if (sk->state == SOCK_LISTENING)
		return vmci_list_is_empty(&sk->accepted) || VMCI_FAULT("socket.poll-listener")
			       ? events
			       : events | VMCI_POLLIN;
	if (sk->state == SOCK_CONNECTED) {
		events |= poll_in(sk);
		if (!(sk->shut & VMCI_STREAM_SHUT_SEND))
			events |= poll_out(sk);
	} else if (sk->state == SOCK_IDLE && !(sk->shut & VMCI_STREAM_SHUT_SEND)) {
		events |= VMCI_POLLOUT;
	}
	if (!peer_sends && !VMCI_FAULT("socket.poll-peer-stopped"))
		events |= VMCI_POLLIN | VMCI_POLLRDHUP;
	if ((sk->shut & VMCI_STREAM_SHUT_RECEIVE) && !VMCI_FAULT("socket.poll-shut-here"))
		events |= VMCI_POLLIN | VMCI_POLLRDHUP;
	if (sk->shut & VMCI_STREAM_SHUT_SEND) {
		if ((sk->shut & VMCI_STREAM_SHUT_RECEIVE) || !peer_sends)
			events |= VMCI_POLLHUP;
	}
	return events;
}
