/* SPDX-License-Identifier: BSD-2-Clause */
/* echo.c - a guest that sends everything back: raw datagrams and streams. */
#include "echo.h"
#include <efilib.h>
#include "console.h"
#include "sockets.h"

#define STREAMS 16u /* at a time; further ones wait in the backlog */
#define CHUNK	16384u

struct stream {
	int fd;		   /* < 0: none */
	size_t have, sent; /* of buf */
	bool at_end;	   /* the peer sends no more */
	uint8_t buf[CHUNK];
};

struct echo {
	struct efi_sockets *s;
	int listener, datagrams;
	struct stream streams[STREAMS];
	uint64_t answered, refused, connections, bytes;
	uint8_t packet[VMCI_MAX_DG_PAYLOAD_SIZE];
};

/* True when something moved. */
static bool answer_datagram(struct echo *e)
{
	struct vmci_sockaddr from;
	int64_t n = vmci_socket_recvfrom(e->s->stack, e->datagrams, e->packet, sizeof(e->packet), 0,
					 &from, NULL);

	if (n < 0)
		return false;
	if (vmci_socket_sendto(e->s->stack, e->datagrams, e->packet, (size_t)n, &from) < 0)
		e->refused++;
	else
		e->answered++;
	return true;
}

static void take_stream(struct echo *e)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *t = &e->streams[i];

		if (t->fd >= 0)
			continue;
		t->fd = vmci_socket_accept(e->s->stack, e->listener, NULL);
		t->have = t->sent = 0;
		t->at_end = false;
		e->connections += t->fd >= 0;
		return;
	}
}

static bool drop(struct echo *e, struct stream *t)
{
	vmci_socket_close(e->s->stack, t->fd);
	t->fd = -1;
	return true;
}

/* True when something moved. */
static bool turn(struct echo *e, struct stream *t)
{
	int64_t n;

	if (t->fd < 0)
		return false;
	if (t->sent == t->have && !t->at_end) {
		n = vmci_socket_recv(e->s->stack, t->fd, t->buf, sizeof(t->buf), 0);
		if (n == -VMCI_EAGAIN)
			return false;
		if (n < 0)
			return drop(e, t);
		t->at_end = n == 0;
		t->have = (size_t)n;
		t->sent = 0;
	}
	/* All is in the queue when the end is announced, and the peer can still take it. */
	if (t->sent == t->have)
		return drop(e, t);
	n = vmci_socket_send(e->s->stack, t->fd, t->buf + t->sent, t->have - t->sent, 0);
	if (n == -VMCI_EAGAIN)
		return false;
	if (n < 0)
		return drop(e, t);
	t->sent += (size_t)n;
	e->bytes += (uint64_t)n;
	return true;
}

static void serve(struct echo *e)
{
	while (!efi_key()) {
		bool moved = answer_datagram(e);

		take_stream(e);
		for (unsigned i = 0; i < STREAMS; i++)
			moved |= turn(e, &e->streams[i]);
		if (!moved && !efi_sockets_pump(e->s))
			return;
	}
}

static int open_both(struct echo *e)
{
	const struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, ECHO_PORT };
	int rc;

	for (unsigned i = 0; i < STREAMS; i++)
		e->streams[i].fd = -1;
	e->listener = vmci_socket(e->s->stack, VMCI_SOCK_STREAM);
	e->datagrams = vmci_socket(e->s->stack, VMCI_SOCK_DGRAM);
	if (e->listener < 0 || e->datagrams < 0)
		return -VMCI_ENOMEM;
	rc = vmci_socket_bind(e->s->stack, e->listener, any);
	if (!rc)
		rc = vmci_socket_bind(e->s->stack, e->datagrams, any);
	return rc ? rc : vmci_socket_listen(e->s->stack, e->listener, STREAMS);
}

enum suite_status echo_run(const struct pci_function *f, const struct efi_clock *clock)
{
	struct echo *e = AllocateZeroPool(sizeof(*e));
	int rc;

	if (!e)
		return SUITE_ERROR;
	e->s = efi_sockets_open(f, clock);
	if (!e->s) {
		FreePool(e);
		return SUITE_ERROR;
	}
	rc = open_both(e);
	if (rc < 0) {
		say("No echo: %a.\n", efi_sockets_error(rc));
	} else {
		say("Echo at context %d, port %d, streams and datagrams. Press a key to end.\n",
		    (UINTN)e->s->cid, (UINTN)ECHO_PORT);
		serve(e);
		say("%ld streams, %ld bytes; %ld datagrams answered, %ld answers refused.\n",
		    e->connections, e->bytes, e->answered, e->refused);
	}
	efi_sockets_close(e->s);
	FreePool(e);
	return rc < 0 ? SUITE_ERROR : SUITE_PASSED;
}
