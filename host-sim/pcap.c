/* SPDX-License-Identifier: BSD-2-Clause */
/* pcap.c - `serve --pcap`: what passes between guest and host as a capture. */
#include "pcap.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmci/defs.h>

#define BUFFER	   (1u << 20)
#define SNAP	   131072u /* bytes of a packet that are kept */
#define LINK_VSOCK 271u
#define LINK_USER0 147u
#define ON_VSOCK   0u /* numbers of the interfaces */
#define ON_VMCI	   1u

#define BLOCK_SECTION	0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET	6u
#define OPTION_NAME	2u

#define VMCI_HEAD  16u
#define VSOCK_HEAD 32u

/* Operations and transport of Linux' vsockmon header. */
enum operation {
	OP_CONNECT = 1,
	OP_DISCONNECT = 2,
	OP_CONTROL = 3,
	OP_PAYLOAD = 4
};
#define TRANSPORT_NO_INFO 1u

enum kind {
	KIND_SENT = 1,
	KIND_DELIVERED = 2,
	KIND_RUNG = 3
};

struct pcap {
	int fd;
	bool is_over;
	const char *path;
	off_t written; /* whole blocks, for a file that can be cut there */
	size_t used;
	uint8_t buf[BUFFER];
};

/* ---- the file --------------------------------------------------------------------------- */

static void give_up(struct pcap *p, int why)
{
	fprintf(stderr, "vmci-sim: --pcap %s: %s; the capture ends here\n", p->path, strerror(why));
	p->is_over = true;
	/* Half a block would spoil the rest. Not every file can be cut. */
	(void)!ftruncate(p->fd, p->written);
}

void pcap_flush(struct pcap *p)
{
	size_t at = 0;

	if (!p || p->is_over)
		return;
	while (at < p->used) {
		ssize_t n = write(p->fd, p->buf + at, p->used - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			give_up(p, n < 0 ? errno : ENOSPC);
			return;
		}
		at += (size_t)n;
	}
	p->written += (off_t)p->used;
	p->used = 0;
}

/* Room for a block; NULL: none. */
static uint8_t *block(struct pcap *p, size_t size)
{
	uint8_t *at;

	if (p->used + size > BUFFER)
		pcap_flush(p);
	if (p->is_over)
		return NULL;
	at = p->buf + p->used;
	p->used += size;
	memset(at, 0, size);
	return at;
}

static void frame(uint8_t *at, uint32_t type, size_t size)
{
	vmci_put32(at, type);
	vmci_put32(at + 4, (uint32_t)size);
	vmci_put32(at + size - 4, (uint32_t)size);
}

static void put_section(struct pcap *p)
{
	uint8_t *at = block(p, 28);

	if (!at)
		return;
	frame(at, BLOCK_SECTION, 28);
	vmci_put32(at + 8, 0x1a2b3c4d);
	vmci_put16(at + 12, 1);
	vmci_put64(at + 16, UINT64_MAX);
}

static void put_interface(struct pcap *p, uint32_t link, const char *name)
{
	size_t len = strlen(name), padded = (len + 3) & ~(size_t)3, size = 20 + 4 + padded + 4;
	uint8_t *at = block(p, size);

	if (!at)
		return;
	frame(at, BLOCK_INTERFACE, size);
	vmci_put16(at + 8, link);
	vmci_put32(at + 12, SNAP);
	vmci_put16(at + 16, OPTION_NAME);
	vmci_put16(at + 18, (uint32_t)len);
	for (size_t i = 0; i < len; i++)
		at[20 + i] = (uint8_t)name[i];
}

static void put_packet(struct pcap *p, uint32_t interface, const uint8_t *head, size_t head_len,
		       const uint8_t *data, size_t len)
{
	size_t kept = len < SNAP - head_len ? len : SNAP - head_len;
	size_t padded = (head_len + kept + 3) & ~(size_t)3, size = 28 + padded + 4;
	struct timespec t;
	uint64_t us;
	uint8_t *at = block(p, size);

	if (!at)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	us = (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
	frame(at, BLOCK_PACKET, size);
	vmci_put32(at + 8, interface);
	vmci_put32(at + 12, (uint32_t)(us >> 32));
	vmci_put32(at + 16, (uint32_t)us);
	vmci_put32(at + 20, (uint32_t)(head_len + kept));
	vmci_put32(at + 24, (uint32_t)(head_len + len));
	memcpy(at + 28, head, head_len);
	if (kept)
		memcpy(at + 28 + head_len, data, kept);
}

/* ---- packets ---------------------------------------------------------------------------- */

static void put_vmci(struct pcap *p, enum kind kind, uint32_t cid, int32_t result,
		     const uint8_t *data, size_t len)
{
	uint8_t head[VMCI_HEAD] = { 1, (uint8_t)kind };

	vmci_put32(head + 4, cid);
	vmci_put32(head + 8, (uint32_t)result);
	put_packet(p, ON_VMCI, head, sizeof(head), data, len);
}

static void put_vsock(struct pcap *p, enum operation op, struct vmci_sockaddr from,
		      struct vmci_sockaddr to, const uint8_t *data, size_t len)
{
	uint8_t head[VSOCK_HEAD] = { 0 };

	vmci_put64(head, from.cid);
	vmci_put64(head + 8, to.cid);
	vmci_put32(head + 16, from.port);
	vmci_put32(head + 20, to.port);
	vmci_put16(head + 24, op);
	vmci_put16(head + 26, TRANSPORT_NO_INFO);
	put_packet(p, ON_VSOCK, head, sizeof(head), data, len);
}

static enum operation operation_of(uint8_t type)
{
	switch (type) {
	case VMCI_STREAM_REQUEST:
	case VMCI_STREAM_REQUEST2:
		return OP_CONNECT;
	case VMCI_STREAM_RST:
	case VMCI_STREAM_SHUTDOWN:
		return OP_DISCONNECT;
	default:
		return OP_CONTROL;
	}
}

static bool is_stream_resource(struct vmci_handle h)
{
	return h.resource == (h.context == VMCI_HYPERVISOR_CONTEXT_ID
				      ? VMCI_SOCKETS_STREAM_HYPERVISOR_RID
				      : VMCI_SOCKETS_STREAM_RID);
}

/* The sockets in a datagram: a control packet of a stream, or a datagram between two ports. */
static void put_sockets(struct pcap *p, uint32_t cid, bool by_guest, const uint8_t *dg, size_t len)
{
	struct vmci_handle dst = vmci_get_handle(dg + VMCI_DATAGRAM_DST_CONTEXT);
	struct vmci_handle src = vmci_get_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT);
	struct vmci_sockaddr from, to;

	if (by_guest && src.context == VMCI_INVALID_ID)
		src.context = cid;
	from = (struct vmci_sockaddr){ src.context, src.resource };
	to = (struct vmci_sockaddr){ dst.context, dst.resource };
	if (is_stream_resource(src) && is_stream_resource(dst) && len >= VMCI_STREAM_PACKET_SIZE) {
		from.port = vmci_get32(dg + VMCI_STREAM_PACKET_SRC_PORT);
		to.port = vmci_get32(dg + VMCI_STREAM_PACKET_DST_PORT);
		put_vsock(p, operation_of(dg[VMCI_STREAM_PACKET_TYPE]), from, to, NULL, 0);
	} else if (src.context != VMCI_HYPERVISOR_CONTEXT_ID &&
		   dst.context != VMCI_HYPERVISOR_CONTEXT_ID) {
		put_vsock(p, OP_PAYLOAD, from, to, dg + VMCI_DATAGRAM_PAYLOAD,
			  len - VMCI_DATAGRAM_SIZE);
	}
}

void pcap_event(struct pcap *p, const struct vmci_trace *ev)
{
	bool by_guest = ev->kind == VMCI_TRACE_DATAGRAM_OUT;
	uint8_t handle[8];

	if (p->is_over)
		return;
	if (ev->kind == VMCI_TRACE_DOORBELL) {
		vmci_put_handle(handle, ev->handle);
		put_vmci(p, KIND_RUNG, ev->cid, (int32_t)ev->value, handle, sizeof(handle));
		return;
	}
	if ((!by_guest && ev->kind != VMCI_TRACE_DATAGRAM_IN) || !ev->data ||
	    ev->len < VMCI_DATAGRAM_SIZE)
		return;
	put_vmci(p, by_guest ? KIND_SENT : KIND_DELIVERED, ev->cid, ev->result, ev->data, ev->len);
	put_sockets(p, ev->cid, by_guest, ev->data, ev->len);
}

void pcap_moved(struct pcap *p, struct vmci_sockaddr from, struct vmci_sockaddr to,
		const void *data, size_t len)
{
	const uint8_t *bytes = data;
	const size_t most = SNAP - VSOCK_HEAD;

	/* Nothing is cut off: long pieces become several packets. */
	for (size_t at = 0; at < len && !p->is_over; at += most)
		put_vsock(p, OP_PAYLOAD, from, to, bytes + at, len - at < most ? len - at : most);
}

/* ---- life ------------------------------------------------------------------------------- */

struct pcap *pcap_open(const char *path, char *error, size_t size)
{
	struct pcap *p = malloc(sizeof(*p));

	if (!p) {
		snprintf(error, size, "--pcap: no memory");
		return NULL;
	}
	p->path = path;
	p->is_over = false;
	p->written = 0;
	p->used = 0;
	/* Not to wait for who reads from a pipe, at the start or later. */
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		     0600);
	if (p->fd < 0) {
		snprintf(error, size, "--pcap %s: %s", path, strerror(errno));
		free(p);
		return NULL;
	}
	put_section(p);
	put_interface(p, LINK_VSOCK, "vsock");
	put_interface(p, LINK_USER0, "vmci");
	pcap_flush(p);
	return p;
}

void pcap_close(struct pcap *p)
{
	if (!p)
		return;
	pcap_flush(p);
	close(p->fd);
	free(p);
}
