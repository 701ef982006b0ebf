/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on sockets that move no bytes. Spec: chapters 82 and 84. */
#include "sock.h"

int vmci_socket(struct vmci_sockets *s, enum vmci_socket_type type)
{
	struct sock *sk;
	int rc;

	if (type != VMCI_SOCK_STREAM && type != VMCI_SOCK_DGRAM && !VMCI_FAULT("socket.any-type"))
		return -VMCI_ESOCKTNOSUPPORT;
	sock_lock(s);
	sk = sock_make(s, type);
	if (sk)
		rc = sock_number(sk);
	else
		rc = s->count >= s->limits.sockets ? -VMCI_EMFILE : -VMCI_ENOMEM;
	if (sk && rc < 0)
		sock_free(sk);
	sock_unlock(s);
	return rc;
}

int vmci_socket_close(struct vmci_sockets *s, int fd)
{
	struct sock *sk;
	int rc = 0;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk) {
		rc = -VMCI_EBADF;
	} else {
		stream_close(sk);
		/* Other threads wait for the number that is no more. */
		if (s->port->lock && s->port->ready)
			s->port->ready(s->port->ctx, fd);
	}
	sock_unlock(s);
	return rc;
}

int vmci_socket_bind(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr)
{
	struct sock *sk;
	int rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	rc = sk ? port_bind(sk, addr) : -VMCI_EBADF;
	sock_unlock(s);
	return rc;
}

/* ---- connect ---------------------------------------------------------------------------- */

static int may_connect(const struct sock *sk, struct vmci_sockaddr addr)
{
	const struct vmci_sockets *s = sk->s;

	switch (sk->state) {
	case SOCK_IDLE:
		break;
	case SOCK_REQUESTED:
	case SOCK_OFFERED:
		return -VMCI_EALREADY;
	case SOCK_CONNECTED:
		return -VMCI_EISCONN;
	default:
		return -VMCI_EINVAL;
	}
	if (addr.cid == VMCI_VMADDR_CID_ANY || addr.port == VMCI_VMADDR_PORT_ANY)
		return -VMCI_EINVAL;
	if (addr.cid == VMCI_VMADDR_CID_LOCAL && !VMCI_FAULT("socket.local-reachable"))
		return -VMCI_ENETUNREACH;
	if (addr.cid == s->cid && !s->t->has_local_pairs && !VMCI_FAULT("socket.own-id-reachable"))
		return -VMCI_ENODEV;
	if (!s->t->may_talk(s->t->ctx, addr.cid, s->limits.is_trusted))
		return -VMCI_EPERM;
	return 0;
}

static int connect_stream(struct sock *sk, struct vmci_sockaddr addr)
{
	int rc = may_connect(sk, addr);

	if (!rc)
		rc = port_bind_any(sk);
	/* The peer has not noticed the end of an earlier connection between the same ports. */
	if (!rc && connection_find(sk->s, addr, sk->local.port))
		rc = -VMCI_EADDRINUSE;
	if (rc)
		return rc;
	sk->remote = addr;
	rc = handshake_begin(sk);
	return rc ? rc : -VMCI_EINPROGRESS;
}

static int connect_datagrams(struct sock *sk, struct vmci_sockaddr addr)
{
	int rc;

	if (addr.cid == VMCI_VMADDR_CID_ANY || addr.port == VMCI_VMADDR_PORT_ANY)
		return -VMCI_EINVAL;
	rc = port_bind_any(sk);
	if (!rc && !VMCI_FAULT("socket.datagram-default-lost"))
		sk->remote = addr;
	return rc;
}

int vmci_socket_connect(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr)
{
	struct sock *sk;
	int rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM)
		rc = connect_datagrams(sk, addr);
	else
		rc = connect_stream(sk, addr);
	sock_unlock(s);
	return rc;
}

/* ---- state ------------------------------------------------------------------------------ */

static const unsigned modes[] = {
	[VMCI_SHUT_RD] = VMCI_STREAM_SHUT_RECEIVE,
	[VMCI_SHUT_WR] = VMCI_STREAM_SHUT_SEND,
	[VMCI_SHUT_RDWR] = VMCI_STREAM_SHUT_RECEIVE | VMCI_STREAM_SHUT_SEND,
};

static int shut_down(struct sock *sk, unsigned mode)
{
	if (sk->type == VMCI_SOCK_DGRAM) {
		sk->shut |= mode;
		sock_wake(sk);
		return sk->remote.port == VMCI_VMADDR_PORT_ANY ? -VMCI_ENOTCONN : 0;
	}
	if (sk->state != SOCK_CONNECTED)
		return -VMCI_ENOTCONN;
	sk->shut |= mode;
	if (!sk->has_ended) {
		sk->owed_shutdown |= mode;
		owed_flush(sk);
	}
	sock_wake(sk);
	return 0;
}

int vmci_socket_shutdown(struct vmci_sockets *s, int fd, enum vmci_socket_how how)
{
	struct sock *sk;
	int rc;

	if (how != VMCI_SHUT_RD && how != VMCI_SHUT_WR && how != VMCI_SHUT_RDWR)
		return -VMCI_EINVAL;
	sock_lock(s);
	sk = sock_of(s, fd);
	rc = sk ? shut_down(sk, modes[how]) : -VMCI_EBADF;
	sock_unlock(s);
	return rc;
}

unsigned vmci_socket_poll(struct vmci_sockets *s, int fd)
{
	unsigned events = VMCI_POLLERR | VMCI_POLLHUP;
	struct sock *sk;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (sk)
		events = sk->type == VMCI_SOCK_DGRAM ? datagram_poll(sk) : stream_poll(sk);
	sock_unlock(s);
	return events;
}

int vmci_socket_error(struct vmci_sockets *s, int fd)
{
	struct sock *sk;
	int error = VMCI_EBADF;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (sk) {
		error = sk->error;
		sk->error = 0;
	}
	sock_unlock(s);
	return error;
}

int vmci_socket_name(struct vmci_sockets *s, int fd, struct vmci_sockaddr *out)
{
	struct sock *sk;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (sk)
		*out = sk->local;
	sock_unlock(s);
	return sk ? 0 : -VMCI_EBADF;
}

int vmci_socket_peer(struct vmci_sockets *s, int fd, struct vmci_sockaddr *out)
{
	struct sock *sk;
	int rc = 0;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM ? sk->remote.port == VMCI_VMADDR_PORT_ANY
					     : sk->state != SOCK_CONNECTED)
		rc = -VMCI_ENOTCONN;
	else
		*out = sk->remote;
	sock_unlock(s);
	return rc;
}
