/* SPDX-License-Identifier: BSD-2-Clause */
/* transfer.c - the calls that send and receive. Those of streams go on to the UNIX socket as they
 * are; datagrams have addresses in front. */
#include "call.h"
#include "address.h"
#include "real.h"
#include "sock.h"
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

static struct entry *dgram_of(int fd)
{
	struct entry *e = state_get(fd);

	return e && e->kind == KIND_DGRAM ? e : NULL;
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags, __CONST_SOCKADDR_ARG addr,
		      socklen_t addr_len)
{
	struct entry *e = state_get(fd);
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct addr to;

	if (!e)
		return REAL(sendto)(fd, buf, len, flags, addr, addr_len);
	if (e->kind == KIND_DGRAM && addr.__sockaddr__ &&
	    address_get(addr.__sockaddr__, addr_len, &to))
		return -1;
	if (e->kind == KIND_DGRAM)
		return dgram_send(fd, e, &iov, 1, flags, addr.__sockaddr__ ? &to : NULL);
	if (flags & MSG_OOB)
		return fail(EOPNOTSUPP);
	if (addr.__sockaddr__)
		return fail(e->is_connected ? EISCONN : EOPNOTSUPP);
	return REAL(send)(fd, buf, len, flags);
}

EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return state_get(fd) ? sendto(fd, buf, len, flags, (const struct sockaddr *)NULL, 0)
			     : REAL(send)(fd, buf, len, flags);
}

EXPORT ssize_t recvfrom(int fd, void *restrict buf, size_t len, int flags, __SOCKADDR_ARG addr,
			socklen_t *restrict addr_len)
{
	struct entry *e = state_get(fd);
	const struct iovec iov = { buf, len };
	struct addr from;
	ssize_t n;

	if (!e)
		return REAL(recvfrom)(fd, buf, len, flags, addr, addr_len);
	if (e->kind != KIND_DGRAM) {
		/* Linux gives no address with a stream. */
		n = REAL(recv)(fd, buf, len, flags);
		if (addr_len)
			*addr_len = 0;
		return n;
	}
	n = dgram_receive(fd, e, &iov, 1, flags, &from, NULL);
	if (n >= 0)
		address_put(addr.__sockaddr__, addr_len, from);
	return n;
}

EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return dgram_of(fd) ? recvfrom(fd, buf, len, flags, (struct sockaddr *)NULL, NULL)
			    : REAL(recv)(fd, buf, len, flags);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct entry *e = dgram_of(fd);
	struct addr to;

	if (!e)
		return REAL(sendmsg)(fd, msg, flags);
	if (msg->msg_name && address_get(msg->msg_name, msg->msg_namelen, &to))
		return -1;
	return dgram_send(fd, e, msg->msg_iov, msg->msg_iovlen, flags, msg->msg_name ? &to : NULL);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct entry *e = state_get(fd);
	struct addr from;
	ssize_t n;

	if (!e)
		return REAL(recvmsg)(fd, msg, flags);
	if (e->kind != KIND_DGRAM) {
		msg->msg_namelen = 0;
		msg->msg_name = NULL;
		return REAL(recvmsg)(fd, msg, flags);
	}
	msg->msg_flags = 0;
	n = dgram_receive(fd, e, msg->msg_iov, msg->msg_iovlen, flags, &from, &msg->msg_flags);
	if (n < 0)
		return n;
	msg->msg_controllen = 0;
	address_put(msg->msg_name, &msg->msg_namelen, from);
	return n;
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	return dgram_of(fd) ? recv(fd, buf, len, 0) : REAL(read)(fd, buf, len);
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	return dgram_of(fd) ? send(fd, buf, len, 0) : REAL(write)(fd, buf, len);
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int niov)
{
	struct entry *e = dgram_of(fd);

	return e && niov >= 0 ? dgram_receive(fd, e, iov, (size_t)niov, 0, NULL, NULL)
			      : REAL(readv)(fd, iov, niov);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int niov)
{
	struct entry *e = dgram_of(fd);

	return e && niov >= 0 ? dgram_send(fd, e, iov, (size_t)niov, 0, NULL)
			      : REAL(writev)(fd, iov, niov);
}

/* What programs compiled with _FORTIFY_SOURCE call. */
EXPORT ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
			      __SOCKADDR_ARG addr, socklen_t *addr_len);

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
	if (len > size)
		abort();
	return read(fd, buf, len);
}

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	if (len > size)
		abort();
	return recv(fd, buf, len, flags);
}

ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags, __SOCKADDR_ARG addr,
		       socklen_t *addr_len)
{
	if (len > size)
		abort();
	return recvfrom(fd, buf, len, flags, addr, addr_len);
}
