/* SPDX-License-Identifier: BSD-2-Clause */
/* dgram.c - datagrams of libvmci-vsock.so; the messages are those of bridge_dgram.h. */
#include "call.h"
#include "real.h"
#include "sock.h"
#include "../bridge_dgram.h"
#include "../bridge_line.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

#define PIECES	  64u
#define ANSWER_US UINT64_C(2000000)

static void encode(uint8_t *to, uint32_t kind, struct addr a)
{
	vmci_put32(to, kind);
	vmci_put32(to + 4, a.cid);
	vmci_put32(to + 8, a.port);
	vmci_put32(to + 12, 0);
}

/* Ask a machine's device for a port. */
static int link_to(int fd, struct entry *e, const struct machine *m, uint32_t port)
{
	char path[sizeof(m->path) + sizeof(BRIDGE_DGRAM_SUFFIX)];
	uint8_t bytes[BRIDGE_DGRAM_HEADER];
	uint32_t error;

	snprintf(path, sizeof(path), "%s" BRIDGE_DGRAM_SUFFIX, m->path);
	if (unix_connect(fd, path))
		return fail(errno == ENOENT || errno == ECONNREFUSED ? ENODEV : errno);
	encode(bytes, BRIDGE_DGRAM_BIND, (struct addr){ VSOCK_HOST, port });
	if (REAL(send)(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) != (ssize_t)sizeof(bytes) ||
	    wait_readable(fd, ANSWER_US) ||
	    REAL(recv)(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		replace(fd, SOCK_SEQPACKET);
		return fail(ENODEV);
	}
	error = vmci_get32(bytes + 12);
	if (error) {
		replace(fd, SOCK_SEQPACKET);
		return fail((int)error);
	}
	e->is_linked = true;
	e->local = (struct addr){ vmci_get32(bytes + 4), vmci_get32(bytes + 8) };
	e->peer.cid = e->is_connected ? e->peer.cid : m->cid;
	return 0;
}

int dgram_bind(int fd, struct entry *e, struct addr at)
{
	const struct machine *m;

	if (e->is_linked)
		return fail(EINVAL);
	if (at.cid != VSOCK_ANY && at.cid != VSOCK_HOST)
		return fail(EADDRNOTAVAIL);
	state_machines(&m);
	if (link_to(fd, e, m, at.port))
		return -1;
	e->is_bound = true;
	return 0;
}

int dgram_connect(int fd, struct entry *e, struct addr to)
{
	const struct machine *m = state_machine(to.cid);

	if (!m)
		return fail(EINVAL);
	if (!e->is_linked && link_to(fd, e, m, VSOCK_ANY))
		return -1;
	e->peer = to;
	e->is_connected = true;
	return 0;
}

static size_t total(const struct iovec *iov, size_t niov)
{
	size_t n = 0;

	for (size_t i = 0; i < niov; i++)
		n += iov[i].iov_len;
	return n;
}

/* The caller's pieces with a header in front. */
static bool with_header(struct iovec *out, uint8_t *header, const struct iovec *iov, size_t niov)
{
	if (niov >= PIECES)
		return false;
	out[0] = (struct iovec){ header, BRIDGE_DGRAM_HEADER };
	if (niov)
		memcpy(out + 1, iov, niov * sizeof(*iov));
	return true;
}

ssize_t dgram_send(int fd, struct entry *e, const struct iovec *iov, size_t niov, int flags,
		   const struct addr *to)
{
	uint8_t header[BRIDGE_DGRAM_HEADER];
	struct iovec all[PIECES];
	struct msghdr msg = { .msg_iov = all, .msg_iovlen = niov + 1 };
	const struct machine *m;
	ssize_t n;

	if (flags & MSG_OOB)
		return fail(EOPNOTSUPP);
	if (!to && !e->is_connected)
		return fail(EDESTADDRREQ);
	to = to ? to : &e->peer;
	m = state_machine(to->cid);
	if (!m || !with_header(all, header, iov, niov))
		return fail(EINVAL);
	if (total(iov, niov) > VMCI_MAX_DG_PAYLOAD_SIZE)
		return fail(EMSGSIZE);
	if (!e->is_linked && link_to(fd, e, m, VSOCK_ANY))
		return -1;
	/* A socket belongs to one machine. */
	if (!e->is_connected && e->peer.cid != to->cid)
		return fail(EHOSTUNREACH);
	encode(header, BRIDGE_DGRAM_DATA, *to);
	n = REAL(sendmsg)(fd, &msg, flags | MSG_NOSIGNAL);
	return n < 0 ? n : n - (ssize_t)BRIDGE_DGRAM_HEADER;
}

ssize_t dgram_receive(int fd, struct entry *e, const struct iovec *iov, size_t niov, int flags,
		      struct addr *from, int *flags_out)
{
	uint8_t header[BRIDGE_DGRAM_HEADER];
	struct iovec all[PIECES];
	struct addr ignored;

	from = from ? from : &ignored;
	if (flags & (MSG_OOB | MSG_ERRQUEUE))
		return fail(EOPNOTSUPP);
	if (!with_header(all, header, iov, niov))
		return fail(EINVAL);
	/* Linux binds a datagram socket that only receives as well. */
	if (!e->is_linked && dgram_bind(fd, e, (struct addr){ VSOCK_ANY, VSOCK_ANY }))
		return -1;
	for (;;) {
		struct msghdr msg = { .msg_iov = all, .msg_iovlen = niov + 1 };
		ssize_t n = REAL(recvmsg)(fd, &msg, flags);

		if (n < 0)
			return n;
		if (n < (ssize_t)BRIDGE_DGRAM_HEADER)
			return fail(ENODEV);
		if (vmci_get32(header) != BRIDGE_DGRAM_DATA) {
			/* Told of something that was not delivered: nobody hears of that. */
			if (flags & MSG_PEEK)
				REAL(recv)(fd, header, sizeof(header), MSG_DONTWAIT);
			continue;
		}
		*from = (struct addr){ vmci_get32(header + 4), vmci_get32(header + 8) };
		if (flags_out)
			*flags_out = msg.msg_flags & MSG_TRUNC;
		return n - (ssize_t)BRIDGE_DGRAM_HEADER;
	}
}
