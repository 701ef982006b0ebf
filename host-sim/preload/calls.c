/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.c - the calls of a program that libvmci-vsock.so stands before. What is not about vsock
 * goes on to the C library. */
#include "real.h"
#include "sock.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

#define DEVICE	      "/dev/vsock"
#define GET_LOCAL_CID 0x7b9u

static int fail(int error)
{
	errno = error;
	return -1;
}

static bool active(void)
{
	const struct machine *m;

	return state_machines(&m) > 0;
}

static int get_address(const struct sockaddr *from, socklen_t len, struct addr *out)
{
	struct sockaddr_vm vm;

	if (!from || len < sizeof(vm))
		return fail(EINVAL);
	memcpy(&vm, from, sizeof(vm));
	if (vm.svm_family != AF_VSOCK)
		return fail(EINVAL);
	*out = (struct addr){ vm.svm_cid, vm.svm_port };
	return 0;
}

static void put_address(struct sockaddr *to, socklen_t *len, struct addr a)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = a.cid, .svm_port = a.port };

	if (!to || !len)
		return;
	memcpy(to, &vm, *len < sizeof(vm) ? *len : sizeof(vm));
	*len = sizeof(vm);
}

/* ---- life ---- */

EXPORT int socket(int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), flags = type & ~kind, fd;

	if (domain != AF_VSOCK || !active())
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
	if (get_address(addr.__sockaddr__, len, &at))
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
	put_address(addr.__sockaddr__, len, child->peer);
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
	if (get_address(addr.__sockaddr__, len, &to))
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

EXPORT int close(int fd)
{
	state_drop(fd);
	return REAL(close)(fd);
}

EXPORT int dup(int fd)
{
	int to = REAL(dup)(fd);

	if (to >= 0)
		state_copy(fd, to);
	return to;
}

EXPORT int dup2(int fd, int to)
{
	int rc;

	if (to != fd)
		state_drop(to);
	rc = REAL(dup2)(fd, to);
	if (rc >= 0 && to != fd)
		state_copy(fd, to);
	return rc;
}

EXPORT int dup3(int fd, int to, int flags)
{
	int rc;

	if (to != fd)
		state_drop(to);
	rc = REAL(dup3)(fd, to, flags);
	if (rc >= 0)
		state_copy(fd, to);
	return rc;
}

static int duplicated(int fd, int command, int rc)
{
	if (rc >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		state_copy(fd, rc);
	return rc;
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return duplicated(fd, command, REAL(fcntl)(fd, command, arg));
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return duplicated(fd, command, REAL(fcntl64)(fd, command, arg));
}

/* ---- names and options ---- */

EXPORT int getsockname(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);

	if (!e || e->kind == KIND_DEVICE)
		return REAL(getsockname)(fd, addr, len);
	put_address(addr.__sockaddr__, len, e->local);
	return 0;
}

EXPORT int getpeername(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);

	if (!e || e->kind == KIND_DEVICE)
		return REAL(getpeername)(fd, addr, len);
	if (!e->is_connected)
		return fail(ENOTCONN);
	put_address(addr.__sockaddr__, len, e->peer);
	return 0;
}

static uint64_t *size_option(struct entry *e, int name)
{
	switch (name) {
	case SO_VM_SOCKETS_BUFFER_SIZE:
		return &e->size;
	case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
		return &e->size_min;
	case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
		return &e->size_max;
	default:
		return NULL;
	}
}

static int get_vsock_option(struct entry *e, int name, void *value, socklen_t *len)
{
	struct timeval t = { (time_t)(e->connect_us / 1000000),
			     (suseconds_t)(e->connect_us % 1000000) };
	const uint64_t *size = size_option(e, name);

	if (e->kind != KIND_STREAM)
		return fail(EOPNOTSUPP);
	if (size && *len >= sizeof(*size)) {
		memcpy(value, size, sizeof(*size));
		*len = sizeof(*size);
	} else if ((name == 6 || name == 8) && *len >= sizeof(t)) {
		memcpy(value, &t, sizeof(t));
		*len = sizeof(t);
	} else {
		return fail(size || name == 6 || name == 8 ? EINVAL : ENOPROTOOPT);
	}
	return 0;
}

static int set_vsock_option(struct entry *e, int name, const void *value, socklen_t len)
{
	uint64_t *size = size_option(e, name);
	struct timeval t;

	if (e->kind != KIND_STREAM)
		return fail(EOPNOTSUPP);
	if (size && len >= sizeof(*size)) {
		memcpy(size, value, sizeof(*size));
		if (size == &e->size_min && e->size_min > e->size_max)
			e->size_min = e->size_max;
		if (size == &e->size_max && e->size_max < e->size_min)
			e->size_max = e->size_min;
		e->size = e->size < e->size_min ? e->size_min : e->size;
		e->size = e->size > e->size_max ? e->size_max : e->size;
	} else if ((name == 6 || name == 8) && len >= sizeof(t)) {
		memcpy(&t, value, sizeof(t));
		if (t.tv_sec < 0 || t.tv_sec > 1000000 || t.tv_usec < 0 || t.tv_usec >= 1000000)
			return fail(ERANGE);
		e->connect_us = (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
		if (e->connect_us == 0)
			e->connect_us = 2000000;
	} else {
		return fail(size || name == 6 || name == 8 ? EINVAL : ENOPROTOOPT);
	}
	return 0;
}

EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);
	int answer;

	if (!e || (level != SOL_SOCKET && level != AF_VSOCK))
		return REAL(getsockopt)(fd, level, name, value, len);
	if (level == AF_VSOCK)
		return get_vsock_option(e, name, value, len);
	if (name == SO_DOMAIN)
		answer = AF_VSOCK;
	else if (name == SO_TYPE)
		answer = e->kind == KIND_STREAM ? SOCK_STREAM : SOCK_DGRAM;
	else
		return REAL(getsockopt)(fd, level, name, value, len);
	if (*len < sizeof(answer))
		return fail(EINVAL);
	memcpy(value, &answer, sizeof(answer));
	*len = sizeof(answer);
	return 0;
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	bool is_mark = level == SOL_SOCKET && name == SO_RCVLOWAT;
	struct entry *e = level == AF_VSOCK || is_mark ? state_get(fd) : NULL;

	if (!e || (is_mark && e->kind != KIND_STREAM))
		return REAL(setsockopt)(fd, level, name, value, len);
	return is_mark ? poll_set_low_water(fd, e, value, len)
		       : set_vsock_option(e, name, value, len);
}

/* ---- the device ---- */

static int opened(const char *path, int flags)
{
	int fd;

	if (!path || strcmp(path, DEVICE) != 0 || !active())
		return -2;
	fd = REAL(open)("/dev/null", flags & ~(O_CREAT | O_EXCL | O_TRUNC));
	if (fd >= 0)
		state_add(fd, KIND_DEVICE);
	return fd;
}

#define OPEN(name)                                                                                 \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		int fd = opened(path, flags);                                                      \
		mode_t mode = 0;                                                                   \
		va_list ap;                                                                        \
		if (fd != -2)                                                                      \
			return fd;                                                                 \
		if (flags & (O_CREAT | __O_TMPFILE)) {                                             \
			va_start(ap, flags);                                                       \
			mode = va_arg(ap, mode_t);                                                 \
			va_end(ap);                                                                \
		}                                                                                  \
		return REAL(name)(path, flags, mode);                                              \
	}

#define OPENAT(name)                                                                               \
	EXPORT int name(int dir, const char *path, int flags, ...)                                 \
	{                                                                                          \
		int fd = opened(path, flags);                                                      \
		mode_t mode = 0;                                                                   \
		va_list ap;                                                                        \
		if (fd != -2)                                                                      \
			return fd;                                                                 \
		if (flags & (O_CREAT | __O_TMPFILE)) {                                             \
			va_start(ap, flags);                                                       \
			mode = va_arg(ap, mode_t);                                                 \
			va_end(ap);                                                                \
		}                                                                                  \
		return REAL(name)(dir, path, flags, mode);                                         \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct entry *e = (unsigned)request == GET_LOCAL_CID ? state_get(fd) : NULL;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!e)
		return REAL(ioctl)(fd, request, arg);
	*(unsigned *)arg = VSOCK_HOST;
	return 0;
}

/* ---- data ---- */

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
	    get_address(addr.__sockaddr__, addr_len, &to))
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
		put_address(addr.__sockaddr__, addr_len, from);
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
	if (msg->msg_name && get_address(msg->msg_name, msg->msg_namelen, &to))
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
	put_address(msg->msg_name, &msg->msg_namelen, from);
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
