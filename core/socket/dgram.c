/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagram sockets: one VMCI datagram each, the port is the resource. Spec: chapter 86. */
#include "sock.h"

/* What a waiting datagram costs beside its bytes, so that empty ones are not free. */
#define OVERHEAD 64u

/* ---- receiving -------------------------------------------------------------------------- */

static int keep(struct sock *sk, const uint8_t *data, size_t len)
{
	struct vmci_sockets *s = sk->s;
	size_t payload = len - VMCI_DATAGRAM_SIZE;
	struct sock_datagram *d;
	uint32_t from = vmci_get32(data + VMCI_DATAGRAM_SRC_CONTEXT);

	if (!s->t->may_talk(s->t->ctx, from, s->limits.is_trusted) &&
	    !VMCI_FAULT("socket.restricted-heard"))
		return VMCI_ERROR_NO_ACCESS;
	/* Delivery is not promised: what does not fit is gone, and nobody is told. */
	if ((sk->shut & VMCI_STREAM_SHUT_RECEIVE) ||
	    (sk->inbox_bytes + payload + OVERHEAD > s->limits.datagram_bytes &&
	     !VMCI_FAULT("socket.datagrams-unbounded")))
		return 0;
	if (!payload && VMCI_FAULT("socket.empty-datagram-lost"))
		return 0;
	d = sock_alloc(s, sizeof(*d) + payload);
	if (!d)
		return 0;
	d->from.cid = from;
	d->from.port = vmci_get32(data + VMCI_DATAGRAM_SRC_RESOURCE);
	if (VMCI_FAULT("socket.datagram-source"))
		d->from.port = sk->local.port;
	d->len = payload;
	if (payload)
		memcpy(d->bytes, data + VMCI_DATAGRAM_PAYLOAD, payload);
	vmci_list_append(&sk->inbox, &d->link);
	sk->inbox_bytes += payload + OVERHEAD;
	sock_wake(sk);
	return 0;
}

static int arrived(void *sock, const uint8_t *data, size_t len)
{
	struct sock *sk = sock;
	struct vmci_sockets *s = sk->s;
	int rc;

	sock_lock(s);
	rc = len < VMCI_DATAGRAM_SIZE ? VMCI_ERROR_INVALID_ARGS : keep(sk, data, len);
	sock_unlock(s);
	return rc;
}

int datagram_bind(struct sock *sk, struct vmci_sockaddr addr)
{
	struct vmci_sockets *s = sk->s;
	uint32_t flags = addr.cid == VMCI_VMADDR_CID_ANY ? VMCI_FLAG_ANYCID_DG_HND : 0;
	int64_t rc;

	if (VMCI_FAULT("socket.kinds-share-ports") && port_find(s, addr.port))
		return -VMCI_EADDRINUSE;
	/* VMADDR_PORT_ANY and "choose one" are the same number. */
	rc = s->t->endpoint(s->t->ctx, addr.port, flags, true, arrived, sk);
	if (rc < 0 && VMCI_FAULT("socket.datagram-port-moves"))
		rc = s->t->endpoint(s->t->ctx, VMCI_INVALID_ID, flags, true, arrived, sk);
	if (rc < 0)
		return -errno_of(rc);
	sk->local = addr;
	sk->local.port = (uint32_t)rc;
	sk->in_ports = true;
	return 0;
}

static void drop(struct sock *sk, struct sock_datagram *d)
{
	vmci_list_remove(&d->link);
	sk->inbox_bytes -= d->len + OVERHEAD;
	sock_release(sk->s, d, sizeof(*d) + d->len);
}

void datagram_drop_all(struct sock *sk)
{
	while (!vmci_list_is_empty(&sk->inbox))
		drop(sk, VMCI_HOLDER(sk->inbox.next, struct sock_datagram, link));
}

int64_t datagram_receive(struct sock *sk, void *buf, size_t len, unsigned flags,
			 struct vmci_sockaddr *from, unsigned *flags_out)
{
	struct sock_datagram *d;
	size_t n;

	if (flags & ~(unsigned)VMCI_MSG_PEEK)
		return -VMCI_EOPNOTSUPP;
	if (flags_out)
		*flags_out = 0;
	if (vmci_list_is_empty(&sk->inbox))
		return sk->shut & VMCI_STREAM_SHUT_RECEIVE ? 0 : -VMCI_EAGAIN;
	d = VMCI_HOLDER(sk->inbox.next, struct sock_datagram, link);
	n = d->len < len ? d->len : len;
	if (n)
		memcpy(buf, d->bytes, n);
	if (from)
		*from = d->from;
	if (flags_out && n < d->len && !VMCI_FAULT("socket.truncation-silent"))
		*flags_out = VMCI_MSG_TRUNC;
	if (!(flags & VMCI_MSG_PEEK))
		drop(sk, d);
	return (int64_t)n;
}

int64_t vmci_socket_recvfrom(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags,
			     struct vmci_sockaddr *from, unsigned *flags_out)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type != VMCI_SOCK_DGRAM)
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = datagram_receive(sk, buf, len, flags, from, flags_out);
	sock_unlock(s);
	return rc;
}

/* ---- sending ---------------------------------------------------------------------------- */

static int may_send(const struct sock *sk, struct vmci_sockaddr to, size_t len)
{
	const struct vmci_sockets *s = sk->s;
	size_t max = VMCI_MAX_DG_PAYLOAD_SIZE;

	if (VMCI_FAULT("socket.datagram-limit"))
		max--;
	if (sk->shut & VMCI_STREAM_SHUT_SEND)
		return -VMCI_EPIPE;
	if (to.cid == VMCI_VMADDR_CID_ANY || to.port == VMCI_VMADDR_PORT_ANY)
		return -VMCI_EINVAL;
	if (len > max)
		return -VMCI_EMSGSIZE;
	/* The other resources of context 0 are hypercalls. */
	if (to.cid == VMCI_HYPERVISOR_CONTEXT_ID && to.port != VMCI_SOCKETS_UNITY_PORT &&
	    !VMCI_FAULT("socket.hypervisor-datagrams"))
		return -VMCI_EINVAL;
	return s->t->may_talk(s->t->ctx, to.cid, s->limits.is_trusted) ? 0 : -VMCI_EPERM;
}

int64_t datagram_send(struct sock *sk, const void *buf, size_t len, const struct vmci_sockaddr *to)
{
	const struct vmci_transport *t = sk->s->t;
	struct vmci_sockaddr dst = to ? *to : sk->remote;
	int rc;

	if (!to && dst.port == VMCI_VMADDR_PORT_ANY)
		return -VMCI_EDESTADDRREQ;
	rc = may_send(sk, dst, len);
	if (!rc)
		rc = port_bind_any(sk);
	if (rc)
		return rc;
	rc = t->send(t->ctx, vmci_handle(dst.cid, dst.port), sk->local.port, buf, len);
	/* What a device answers is at most believed to be success. */
	return rc < 0 ? -errno_of(rc) : (int64_t)len;
}

int64_t vmci_socket_sendto(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			   const struct vmci_sockaddr *to)
{
	struct sock *sk;
	int64_t rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type != VMCI_SOCK_DGRAM)
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = datagram_send(sk, buf, len, to);
	sock_unlock(s);
	return rc;
}

unsigned datagram_poll(const struct sock *sk)
{
	unsigned events = sk->error ? VMCI_POLLERR : 0;

	if (!vmci_list_is_empty(&sk->inbox) || (sk->shut & VMCI_STREAM_SHUT_RECEIVE))
		events |= VMCI_POLLIN;
	if (sk->shut & VMCI_STREAM_SHUT_RECEIVE)
		events |= VMCI_POLLRDHUP;
	if (!(sk->shut & VMCI_STREAM_SHUT_SEND))
		events |= VMCI_POLLOUT;
	if (sk->shut == (VMCI_STREAM_SHUT_RECEIVE | VMCI_STREAM_SHUT_SEND))
		events |= VMCI_POLLHUP;
	return events;
}
