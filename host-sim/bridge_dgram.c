/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_dgram.c - datagram sockets of the guest on a UNIX socket of the host. */
#include "bridge_dgram.h"
#include "bridge_item.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <vmci/defs.h>

#define MESSAGE_MAX (BRIDGE_DGRAM_HEADER + VMCI_MAX_DG_PAYLOAD_SIZE)
#define TURN	    64u /* messages in one direction before others have their turn */

struct message {
	uint32_t kind, cid, port, value;
};

struct dgram {
	struct bridge_item item;
	uint8_t *rest; /* one message that the program's buffer had no room for */
	size_t rest_len;
};

static void release(struct bridge_item *it)
{
	free(((struct dgram *)(void *)it)->rest);
}

static void encode(uint8_t *to, const struct message *m)
{
	vmci_put32(to, m->kind);
	vmci_put32(to + 4, m->cid);
	vmci_put32(to + 8, m->port);
	vmci_put32(to + 12, m->value);
}

/* Send one whole message to the program, or keep it. bytes has room for the header in front. */
static void tell(struct dgram *d, const struct message *m, uint8_t *bytes, size_t payload)
{
	size_t len = BRIDGE_DGRAM_HEADER + payload;

	encode(bytes, m);
	if (!d->rest) {
		if (send(d->item.source.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		d->item.can_write = false;
	}
	/* What else there is to say gets lost, as datagrams may. */
	if (d->rest || errno != EAGAIN)
		return;
	d->rest = malloc(len);
	if (!d->rest)
		return;
	memcpy(d->rest, bytes, len);
	d->rest_len = len;
}

static void tell_error(struct dgram *d, uint32_t cid, uint32_t port, int error)
{
	uint8_t bytes[BRIDGE_DGRAM_HEADER];

	tell(d, &(struct message){ BRIDGE_DGRAM_ERROR, cid, port, (uint32_t)error }, bytes, 0);
}

/* Make the socket of the guest's side. Returns 0 or -errno. */
static int bind_to(struct dgram *d, uint32_t port)
{
	struct vmci_sockets *stack = d->item.bridge->sockets;
	struct vmci_sockaddr at = { VMCI_VMADDR_CID_ANY, port };
	int fd, rc;

	if (d->item.entry.fd >= 0)
		return -VMCI_EINVAL;
	fd = vmci_socket(stack, VMCI_SOCK_DGRAM);
	if (fd < 0)
		return fd;
	rc = vmci_socket_bind(stack, fd, at);
	if (rc == 0 && bridge_item_pair(&d->item, fd))
		rc = -VMCI_ENOMEM;
	if (rc)
		vmci_socket_close(stack, fd);
	return rc;
}

static void on_bind(struct dgram *d, const struct message *m)
{
	struct bridge *b = d->item.bridge;
	struct message answer = { BRIDGE_DGRAM_BIND, m->cid, m->port, 0 };
	struct vmci_sockaddr at = { m->cid, m->port };
	uint8_t bytes[BRIDGE_DGRAM_HEADER];
	int rc = m->cid == VMCI_HOST_CONTEXT_ID || m->cid == VMCI_VMADDR_CID_ANY
			 ? bind_to(d, m->port)
			 : -VMCI_EADDRNOTAVAIL;

	if (rc == 0)
		rc = vmci_socket_name(b->sockets, d->item.entry.fd, &at);
	if (rc == 0)
		bridge_note(b, "datagrams to port %" PRIu32 " have a reader", at.port);
	answer.cid = rc ? m->cid : VMCI_HOST_CONTEXT_ID;
	answer.port = at.port;
	answer.value = (uint32_t)-rc;
	tell(d, &answer, bytes, 0);
}

static void on_data(struct dgram *d, const struct message *m, const uint8_t *payload, size_t len)
{
	const struct vmci_sockaddr to = { m->cid, m->port };
	int64_t rc = d->item.entry.fd < 0 ? bind_to(d, VMCI_VMADDR_PORT_ANY) : 0;

	if (rc == 0)
		rc = vmci_socket_sendto(d->item.bridge->sockets, d->item.entry.fd, payload, len,
					&to);
	if (rc < 0)
		tell_error(d, m->cid, m->port, (int)-rc);
}

static void on_message(struct dgram *d, const uint8_t *bytes, size_t len)
{
	struct message m;

	if (len >= BRIDGE_DGRAM_HEADER) {
		m = (struct message){ vmci_get32(bytes), vmci_get32(bytes + 4),
				      vmci_get32(bytes + 8), vmci_get32(bytes + 12) };
		if (m.kind == BRIDGE_DGRAM_BIND && len == BRIDGE_DGRAM_HEADER && m.value == 0) {
			on_bind(d, &m);
			return;
		}
		if (m.kind == BRIDGE_DGRAM_DATA && len <= MESSAGE_MAX && m.value == 0) {
			on_data(d, &m, bytes + BRIDGE_DGRAM_HEADER, len - BRIDGE_DGRAM_HEADER);
			return;
		}
		if (m.kind == BRIDGE_DGRAM_DATA && m.value == 0) {
			tell_error(d, m.cid, m.port, VMCI_EMSGSIZE);
			return;
		}
	}
	tell_error(d, UINT32_MAX, UINT32_MAX, VMCI_EINVAL);
}

/* Returns 1: there may be more; 0: not now; -1: the program is gone. */
static int from_program(struct dgram *d)
{
	uint8_t *scratch = d->item.bridge->scratch;

	for (unsigned i = 0; i < TURN; i++) {
		ssize_t n = d->item.can_read ? recv(d->item.source.fd, scratch, MESSAGE_MAX + 1,
						    MSG_DONTWAIT | MSG_TRUNC)
					     : -1;

		if (n < 0 && d->item.can_read && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n < 0) {
			d->item.can_read = false;
			return 0;
		}
		if (n == 0)
			return -1;
		on_message(d, scratch, (size_t)n);
	}
	return 1;
}

static bool to_program(struct dgram *d)
{
	struct bridge *b = d->item.bridge;

	for (unsigned i = 0; i < TURN; i++) {
		struct message m = { BRIDGE_DGRAM_DATA, 0, 0, 0 };
		struct vmci_sockaddr from = { 0, 0 };
		int64_t n;

		if (d->rest && d->item.can_write &&
		    send(d->item.source.fd, d->rest, d->rest_len, MSG_DONTWAIT | MSG_NOSIGNAL) >=
			    0) {
			free(d->rest);
			d->rest = NULL;
		}
		if (d->rest)
			d->item.can_write = false;
		if (d->rest || d->item.entry.fd < 0)
			return false;
		n = vmci_socket_recvfrom(b->sockets, d->item.entry.fd,
					 b->scratch + BRIDGE_DGRAM_HEADER, VMCI_MAX_DG_PAYLOAD_SIZE,
					 0, &from, NULL);
		if (n < 0)
			return false;
		m.cid = from.cid;
		m.port = from.port;
		tell(d, &m, b->scratch, (size_t)n);
	}
	return true;
}

static bool run(struct bridge_item *it)
{
	struct dgram *d = (struct dgram *)(void *)it;
	int more = from_program(d);

	if (more < 0) {
		if (d->item.entry.fd >= 0)
			bridge_note(it->bridge, "datagram socket %d has no reader any more",
				    it->entry.fd);
		bridge_item_close(it);
		return false;
	}
	return to_program(d) || more;
}

int bridge_dgram_admit(struct bridge *b, int fd)
{
	struct dgram *d = calloc(1, sizeof(*d));

	if (d) {
		d->item.run = run;
		d->item.release = release;
	}
	if (!d || bridge_item_open(b, &d->item, fd, -1)) {
		free(d);
		return -1;
	}
	return 0;
}
