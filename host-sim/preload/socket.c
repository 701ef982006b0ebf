/* SPDX-License-Identifier: BSD-2-Clause */
/* socket.c - the calls that make, name and connect sockets. */
#include "call.h"
#include "address.h"
#include "real.h"
#include "sock.h"
#include <errno.h>
#include <unistd.h>

EXPORT int socket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), flags = type & ~kind, fd;

	if (domain != AF_VSOCK || !state_is_active())
		return REAL(socket)(domain, type, protocol);
	if (protocol != 0 && protocol != AF_VSOCK)
		return fail(EPROTONOSUPPORT);
	if (kind != SOCK_STREAM && kind != SOCK_DGRAM)
		return fail(ESOCKTNOSUPPORT);
	/* Datagrams keep their bounds, and the connection tells when somebody is gone. */
	fd = REAL(socket)(AF_UNIX, (kind == SOCK_STREAM ? SOCK_STREAM : SOCK_SEQPACKET) | flags, 0);
	if (fd >= 0 && !state_add(fd, kind == SOCK_STREAM ? KIND_STREAM : KIND_DGRAM)) {
		REAL(close)(fd);
		return fail(EMFILE);
	}
	return fd;
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct entry *e = state_get(fd);
	struct addr at;

	if (!e || e->kind == KIND_DEVICE)
		return REAL(bind)(fd, addr, len);
	if (address_get(addr.__sockaddr__, len, &at))
		return -1;
	return e->kind == KIND_STREAM ? stream_bind(fd, e, at) : dgram_bind(fd, e, at);
}

EXPORT int listen(int fd, int backlog)
{
	struct entry *e = state_get(fd);
	int rc;

	if (!e)
		return REAL(listen)(fd, backlog);
	if (e->kind != KIND_STREAM)
		return fail(EOPNOTSUPP);
	if (!e->is_bound || e->is_connected)
		return fail(EINVAL);
	rc = REAL(listen)(fd, backlog);
	e->is_listening = rc == 0;
	return rc;
}

EXPORT int accept4(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len, int flags)
{
	struct entry *e = state_get(fd), *child;
	int got;

	if (!e)
		return REAL(accept4)(fd, addr, len, flags);
	if (!e->is_listening)
		return fail(EINVAL);
	got = REAL(accept4)(fd, (struct sockaddr *)NULL, NULL, flags);
	if (got < 0)
		return got;
	child = state_add(got, KIND_STREAM);
	if (!child) {
		REAL(close)(got);
		return fail(EMFILE);
	}
	stream_accepted(got, child, e);
	address_put(addr.__sockaddr__, len, child->peer);
	return got;
}

EXPORT int accept(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
	return state_get(fd) ? accept4(fd, addr, len, 0) : REAL(accept)(fd, addr, len);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	struct entry *e = state_get(fd);
	struct addr to;

	if (!e || e->kind == KIND_DEVICE)
		return REAL(connect)(fd, addr, len);
	if (address_get(addr.__sockaddr__, len, &to))
		return -1;
	return e->kind == KIND_STREAM ? stream_connect(fd, e, to) : dgram_connect(fd, e, to);
}

EXPORT int shutdown(int fd, int how)
{
	struct entry *e = state_get(fd);

	if (!e)
		return REAL(shutdown)(fd, how);
	if (e->kind != KIND_STREAM || !e->is_connected)
		return fail(ENOTCONN);
	return stream_shutdown(fd, how);
}

EXPORT int getsockname(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);

	if (!e || e->kind == KIND_DEVICE)
		return REAL(getsockname)(fd, addr, len);
	address_put(addr.__sockaddr__, len, e->local);
	return 0;
}

EXPORT int getpeername(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);

	if (!e || e->kind == KIND_DEVICE)
		return REAL(getpeername)(fd, addr, len);
	if (!e->is_connected)
		return fail(ENOTCONN);
	address_put(addr.__sockaddr__, len, e->peer);
	return 0;
}
