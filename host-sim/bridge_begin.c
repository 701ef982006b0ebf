/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_begin.c - how a stream begins, on either side. */
#include "bridge_line.h"
#include "bridge_stream.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vmci/defs.h>

/* The port that a program chose for itself, by the name of its end. */
static void bind_like_program(struct stream *s, int sock)
{
	struct bridge *b = s->item.bridge;
	struct vmci_sockaddr at = { VMCI_VMADDR_CID_ANY, 0 };
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);

	if (getpeername(s->item.source.fd, (struct sockaddr *)&name, &len) == 0 &&
	    bridge_port_of(&name, len, b->options.path, &at.port))
		vmci_socket_bind(b->sockets, sock, at);
}

static int connect_guest(struct stream *s, uint32_t port)
{
	struct bridge *b = s->item.bridge;
	struct vmci_sockaddr to = { b->options.guest_cid(b->options.ctx), port };
	int sock = vmci_socket(b->sockets, VMCI_SOCK_STREAM), rc;

	if (sock < 0)
		return sock;
	if (bridge_item_pair(&s->item, sock)) {
		vmci_socket_close(b->sockets, sock);
		return -ENOMEM;
	}
	bind_like_program(s, sock);
	vmci_socket_setopt(b->sockets, sock, VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT, BRIDGE_CONNECT_US);
	rc = vmci_socket_connect(b->sockets, sock, to);
	bridge_note(b, "stream %d: a program connects to port %" PRIu32 " of %" PRIu32, sock, port,
		    to.cid);
	return rc == -VMCI_EINPROGRESS ? 0 : rc;
}

/* The line is read without a byte of what comes behind it. */
static bool run_asked(struct stream *s)
{
	char text[BRIDGE_LINE_MAX];
	uint32_t port = 0;
	size_t used = 0;
	ssize_t n;
	int rc;

	if (!s->item.can_read)
		return false;
	n = recv(s->item.source.fd, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && bridge_is_later(-errno)) {
		s->item.can_read = false;
		return false;
	}
	if (n <= 0) {
		stream_end(s, "the program left without a word");
		return false;
	}
	switch (bridge_line_parse(text, (size_t)n, &used, &port)) {
	case BRIDGE_LINE_PART:
		/* The rest will make an edge, an end without a rest too. */
		s->item.can_read = false;
		if (s->item.hung_up)
			stream_end(s, "the program left within its first line");
		return false;
	case BRIDGE_LINE_BAD:
		stream_end(s, "expected CONNECT and a port");
		return false;
	default:
		break;
	}
	rc = recv(s->item.source.fd, text, used, MSG_DONTWAIT) == (ssize_t)used
		     ? connect_guest(s, port)
		     : -EIO;
	if (rc) {
		stream_end(s, strerror(-rc));
		return false;
	}
	s->stage = CONNECTING;
	s->item.guest_left = false;
	return true;
}

static int say_ok(struct stream *s)
{
	struct vmci_sockaddr at = { 0, 0 };
	char text[BRIDGE_LINE_MAX];
	int n;

	vmci_socket_name(s->item.bridge->sockets, s->item.entry.fd, &at);
	n = snprintf(text, sizeof(text), "OK %" PRIu32 "\n", at.port);
	/* The first bytes into an empty buffer. */
	return send(s->item.source.fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) == n ? 0 : -1;
}

/* Either handshake. */
static bool run_handshake(struct stream *s)
{
	struct vmci_sockets *stack = s->item.bridge->sockets;
	unsigned events = vmci_socket_poll(stack, s->item.entry.fd);

	if (events & (VMCI_POLLERR | VMCI_POLLHUP)) {
		int error = vmci_socket_error(stack, s->item.entry.fd);

		stream_end(s, error ? strerror(error) : "the guest left");
		return false;
	}
	if (!(events & VMCI_POLLOUT)) {
		if (s->item.guest_left) {
			stream_end(s, "the guest left");
			return false;
		}
		if (s->item.hung_up && s->stage == CONNECTING)
			stream_end(s, "the program did not wait for the guest");
		return false;
	}
	if (s->stage == CONNECTING && say_ok(s)) {
		stream_end(s, "the program did not wait for the guest");
		return false;
	}
	s->stage = OPEN;
	return true;
}

static void release(struct bridge_item *it)
{
	struct stream *s = (struct stream *)(void *)it;

	free(s->up.rest.bytes);
	free(s->down.rest.bytes);
}

static bool run(struct bridge_item *it)
{
	struct stream *s = (struct stream *)(void *)it;

	switch (s->stage) {
	case ASKED:
		return run_asked(s);
	case CONNECTING:
	case OPENING:
		return run_handshake(s);
	default:
		return stream_run(s);
	}
}

static struct stream *make(enum stage stage)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s) {
		s->stage = stage;
		s->item.run = run;
		s->item.release = release;
	}
	return s;
}

int bridge_stream_admit(struct bridge *b, int fd)
{
	struct stream *s = make(ASKED);

	if (!s || bridge_item_open(b, &s->item, fd, -1)) {
		free(s);
		return -1;
	}
	return 0;
}

/* Whoever accepts can ask for the name of the other end, and finds the guest's address. */
static void name_end(struct bridge *b, int fd, struct vmci_sockaddr local,
		     struct vmci_sockaddr peer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int n = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1,
			 "vmci/%" PRIu32 ":%" PRIu32 "/%" PRIu32 ":%" PRIu32 "/%ld.%" PRIu64,
			 peer.cid, peer.port, local.cid, local.port, (long)getpid(), b->names++);

	/* The stream works without a name as well. */
	if (bind(fd, (const struct sockaddr *)&at,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)))
		bridge_note(b, "no name for the end of a stream: %s", strerror(errno));
}

bool bridge_stream_wanted(struct bridge *b, int sock, struct vmci_sockaddr local,
			  struct vmci_sockaddr peer)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at;
	struct stream *s = NULL;

	if (fd < 0) {
		bridge_out_of_descriptors(b, errno);
		return false;
	}
	bridge_address(&at, b->options.path, local.port);
	name_end(b, fd, local, peer);
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		s = make(OPENING);
	if (s && bridge_item_open(b, &s->item, fd, sock) == 0) {
		bridge_note(b,
			    "stream %d: port %" PRIu32 " of %" PRIu32 " connects to port %" PRIu32,
			    sock, peer.port, peer.cid, local.port);
		return true;
	}
	free(s);
	close(fd);
	return false;
}
