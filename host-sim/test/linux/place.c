/* SPDX-License-Identifier: BSD-2-Clause */
/* place.c - streams and datagrams over AF_VSOCK or over the bridge's UNIX sockets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include <vmci/wire.h>
#include "../../bridge_dgram.h"
#include "place.h"

static struct sockaddr_vm vm_address(uint32_t cid, uint32_t port)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };

	return a;
}

/* PATH, or PATH_PORT. */
static int unix_address(const char *path, int64_t port, struct sockaddr_un *a)
{
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	n = port < 0 ? snprintf(a->sun_path, sizeof(a->sun_path), "%s", path)
		     : snprintf(a->sun_path, sizeof(a->sun_path), "%s_%u", path, (unsigned)port);
	return n < (int)sizeof(a->sun_path) ? 0 : -ENAMETOOLONG;
}

static int failed(int fd, int error)
{
	close(fd);
	return -error;
}

/* The answer is a line; what follows it is the stream, so no byte more is read. */
static int bridge_connect(const char *path, uint32_t port)
{
	struct sockaddr_un a;
	int fd, rc = unix_address(path, -1, &a);
	char line[32], c;
	size_t n = 0;
	ssize_t got;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		return failed(fd, errno);
	if (dprintf(fd, "CONNECT %u\n", port) < 0)
		return failed(fd, errno);
	while ((got = read(fd, &c, 1)) == 1 && c != '\n' && n + 1 < sizeof(line))
		line[n++] = c;
	line[n] = '\0';
	if (got != 1)
		return failed(fd, got < 0 ? errno : ECONNRESET);
	return strncmp(line, "OK ", 3) ? failed(fd, EPROTO) : fd;
}

static int limit_buffer(int fd, uint64_t bytes)
{
	/* The size follows its limit. */
	return setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &bytes, sizeof(bytes));
}

int place_connect(const struct place *p, uint32_t port, uint64_t buffer)
{
	struct sockaddr_vm a = vm_address(p->cid, port);
	/* Two seconds are short for many programs at once on an emulated processor. */
	struct timeval limit = { .tv_sec = 30 };
	int fd;

	if (p->uds)
		return bridge_connect(p->uds, port);
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (buffer && limit_buffer(fd, buffer))
		return failed(fd, errno);
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof(limit));
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) ? failed(fd, errno) : fd;
}

int place_listen(const struct place *p, uint32_t port, int backlog, uint64_t buffer)
{
	struct sockaddr_vm vm = vm_address(VMADDR_CID_ANY, port);
	const struct sockaddr *a = (const struct sockaddr *)&vm;
	struct sockaddr_un un;
	socklen_t len = sizeof(vm);
	int fd, rc;

	if (p->uds) {
		rc = unix_address(p->uds, port, &un);
		if (rc)
			return rc;
		unlink(un.sun_path);
		a = (const struct sockaddr *)&un;
		len = sizeof(un);
	}
	fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (buffer && !p->uds && limit_buffer(fd, buffer))
		return failed(fd, errno);
	return bind(fd, a, len) || listen(fd, backlog) ? failed(fd, errno) : fd;
}

/* ---- datagrams ---- */

/* One message of the bridge's datagram socket. */
static ssize_t put(int fd, uint32_t kind, uint32_t cid, uint32_t port, const void *src, size_t len)
{
	uint8_t header[BRIDGE_DGRAM_HEADER] = { 0 };
	struct iovec parts[] = { { header, sizeof(header) }, { (void *)(uintptr_t)src, len } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	vmci_put32(header, kind);
	vmci_put32(header + 4, cid);
	vmci_put32(header + 8, port);
	n = sendmsg(fd, &m, MSG_NOSIGNAL);
	return n < 0 ? -errno : n - (ssize_t)sizeof(header);
}

/* The next message; *value of one that tells of an error. */
static ssize_t get(int fd, uint32_t *kind, uint32_t *port, uint32_t *value, void *dst, size_t size)
{
	uint8_t header[BRIDGE_DGRAM_HEADER];
	struct iovec parts[] = { { header, sizeof(header) }, { dst, size } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < (ssize_t)sizeof(header))
		return n < 0 ? -errno : -ECONNRESET;
	*kind = vmci_get32(header);
	*port = vmci_get32(header + 8);
	*value = vmci_get32(header + 12);
	return n - (ssize_t)sizeof(header);
}

static int bridge_bind(const char *path, uint32_t port)
{
	uint32_t kind, bound, value;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	ssize_t n;
	int fd, size = 1 << 20;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s" BRIDGE_DGRAM_SUFFIX, path) >=
	    (int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		return failed(fd, errno);
	n = put(fd, BRIDGE_DGRAM_BIND, VMADDR_CID_ANY, port, NULL, 0);
	if (n >= 0)
		n = get(fd, &kind, &bound, &value, NULL, 0);
	if (n < 0)
		return failed(fd, (int)-n);
	if (kind != BRIDGE_DGRAM_BIND || value)
		return failed(fd, value ? (int)value : EPROTO);
	return fd;
}

int place_bind(const struct place *p, uint32_t port)
{
	struct sockaddr_vm a = vm_address(VMADDR_CID_ANY, port);
	int fd, size = 1 << 20;

	if (p->uds)
		return bridge_bind(p->uds, port);
	fd = socket(AF_VSOCK, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return bind(fd, (const struct sockaddr *)&a, sizeof(a)) ? failed(fd, errno) : fd;
}

ssize_t place_send(const struct place *p, int fd, uint32_t port, const void *src, size_t len)
{
	struct sockaddr_vm a = vm_address(p->cid, port);
	ssize_t n;

	if (p->uds)
		return put(fd, BRIDGE_DGRAM_DATA, p->cid, port, src, len);
	n = sendto(fd, src, len, 0, (const struct sockaddr *)&a, sizeof(a));
	return n < 0 ? -errno : n;
}

ssize_t place_receive(const struct place *p, int fd, void *dst, size_t size, uint32_t *port)
{
	struct sockaddr_vm a;
	socklen_t len = sizeof(a);
	uint32_t kind, value;
	ssize_t n;

	if (p->uds) {
		n = get(fd, &kind, port, &value, dst, size);
		return n >= 0 && kind == BRIDGE_DGRAM_ERROR ? -(ssize_t)value : n;
	}
	n = recvfrom(fd, dst, size, 0, (struct sockaddr *)&a, &len);
	*port = a.svm_port;
	return n < 0 ? -errno : n;
}
