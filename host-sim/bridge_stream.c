/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_stream.c - one stream: its beginning on either side, its bytes, its end. */
#include "bridge_item.h"
#include "bridge_line.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vmci/defs.h>

#define PIECES_TURN 4u /* moved in one direction before another stream has its turn */

enum stage {
	ASKED,	    /* a program is there and has not said where to */
	CONNECTING, /* the guest was asked */
	OPENING,    /* the guest asked, its handshake is under way */
	OPEN
};

/* Bytes that one side gave and the other did not take yet; memory only as long as there are any. */
struct rest {
	uint8_t *bytes;
	size_t len, at;
};

struct flow {
	struct rest rest;
	bool at_end; /* the giver gives no more */
	bool over;   /* the taker knows that, or takes no more */
};

struct stream {
	struct bridge_item item;
	enum stage stage;
	struct flow up;	  /* from the guest */
	struct flow down; /* to the guest */
};

/* Where bytes go; as send(2), with errno in the result. */
typedef int64_t put_bytes(struct stream *s, const uint8_t *bytes, size_t len);

static void release(struct bridge_item *it)
{
	struct stream *s = (struct stream *)(void *)it;

	free(s->up.rest.bytes);
	free(s->down.rest.bytes);
}

static void end(struct stream *s, const char *why)
{
	bridge_note(s->item.bridge, "stream %d ends: %s", s->item.entry.fd, why);
	bridge_item_close(&s->item);
}

/* ---- the two sides ---- */

static int64_t put_up(struct stream *s, const uint8_t *bytes, size_t len)
{
	ssize_t n;

	/* A program that closed takes nothing. The guest is not told before it has what the program
	 * wrote: stop_up. */
	if (s->item.hung_up)
		return (int64_t)len;
	n = send(s->item.source.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	s->item.can_write = false;
	return errno == EINTR ? 0 : -errno;
}

static int64_t put_down(struct stream *s, const uint8_t *bytes, size_t len)
{
	return vmci_socket_send(s->item.bridge->sockets, s->item.entry.fd, bytes, len, 0);
}

static int64_t get_up(struct stream *s, uint8_t *bytes, size_t len)
{
	return vmci_socket_recv(s->item.bridge->sockets, s->item.entry.fd, bytes, len, 0);
}

static int64_t get_down(struct stream *s, uint8_t *bytes, size_t len)
{
	ssize_t n = recv(s->item.source.fd, bytes, len, MSG_DONTWAIT);

	if (n >= 0)
		return n;
	/* A program that closed with bytes unread resets; what it had sent came before. */
	if (errno == ECONNRESET)
		return 0;
	s->item.can_read = false;
	return -errno;
}

/* ---- moving ---- */

static bool is_later(int64_t rc)
{
	return rc == -EAGAIN || rc == -EWOULDBLOCK || rc == -EINTR;
}

/* What was not taken stays here. Returns false without memory: bytes are lost. */
static bool keep(struct rest *r, const uint8_t *bytes, size_t len)
{
	r->bytes = malloc(len);
	if (!r->bytes)
		return false;
	memcpy(r->bytes, bytes, len);
	r->len = len;
	r->at = 0;
	return true;
}

/* Put bytes and keep what is not taken. Returns 0; -1: the taker takes nothing any more. */
static int pass(struct stream *s, struct flow *f, put_bytes *put, const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		int64_t n = put(s, bytes + done, len - done);

		if (n < 0 && !is_later(n))
			return -1;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done == len || keep(&f->rest, bytes + done, len - done) ? 0 : -1;
}

/* Returns 0: nothing is kept any more; 1: something still is; -1 as pass. */
static int pass_rest(struct stream *s, struct flow *f, put_bytes *put)
{
	struct rest *r = &f->rest;

	while (r->bytes) {
		int64_t n = put(s, r->bytes + r->at, r->len - r->at);

		if (n < 0 && !is_later(n))
			return -1;
		if (n <= 0)
			return 1;
		r->at += (size_t)n;
		if (r->at == r->len) {
			free(r->bytes);
			r->bytes = NULL;
		}
	}
	return 0;
}

static void stop_up(struct stream *s)
{
	/* The guest's writes fail from now on, as they would with the program itself. Linux says no
	 * more what it has read, so the way down is slow afterwards. */
	vmci_socket_shutdown(s->item.bridge->sockets, s->item.entry.fd, VMCI_SHUT_RD);
	s->up.over = true;
}

static void stop_down(struct stream *s)
{
	shutdown(s->item.source.fd, SHUT_RD);
	s->down.over = true;
}

/* Did the program close its end, or shut it down for both? That may be known here before the loop
 * tells it. */
static bool is_gone(const struct stream *s)
{
	struct pollfd p = { .fd = s->item.source.fd };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

/* Did the program shut its end down for reading, and for nothing else? No event says so; that not
 * even no bytes can be sent does. A program that closed is dealt with at its last byte. */
static bool is_deaf(struct stream *s)
{
	if (!s->item.may_be_deaf)
		return false;
	s->item.may_be_deaf = false;
	return send(s->item.source.fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE &&
	       !is_gone(s);
}

/* From the guest to the program. Returns true when there is more to do at once. */
static bool move_up(struct stream *s)
{
	uint8_t *scratch = s->item.bridge->scratch;

	for (unsigned i = 0; i < PIECES_TURN; i++) {
		int64_t n;
		int rc = pass_rest(s, &s->up, put_up);

		if (rc < 0)
			stop_up(s);
		if (rc)
			return false;
		if (!s->item.can_write)
			return false;
		n = get_up(s, scratch, BRIDGE_PIECE);
		if (is_later(n)) {
			/* The guest is told before it writes in vain. */
			if (is_deaf(s))
				stop_up(s);
			return false;
		}
		if (n <= 0) {
			shutdown(s->item.source.fd, SHUT_WR);
			s->up.at_end = s->up.over = true;
			return false;
		}
		if (pass(s, &s->up, put_up, scratch, (size_t)n)) {
			stop_up(s);
			return false;
		}
	}
	return true;
}

/* The program sends no more. Of one that is gone the guest hears in one word: between two it would
 * see the end and could still write. */
static void end_down(struct stream *s)
{
	bool whole = is_gone(s);

	vmci_socket_shutdown(s->item.bridge->sockets, s->item.entry.fd,
			     whole ? VMCI_SHUT_RDWR : VMCI_SHUT_WR);
	s->down.at_end = s->down.over = true;
	s->up.over |= whole;
}

/* From the program to the guest. */
static bool move_down(struct stream *s)
{
	struct bridge *b = s->item.bridge;

	for (unsigned i = 0; i < PIECES_TURN; i++) {
		int64_t n, room;
		int rc = pass_rest(s, &s->down, put_down);

		/* Asked even when there is nothing to put: it tells that the guest left. */
		room = rc < 0 ? rc : vmci_socket_room(b->sockets, s->item.entry.fd);
		if (room < 0 && !is_later(room)) {
			stop_down(s);
			return false;
		}
		if (rc || room <= 0 || !s->item.can_read)
			return false;
		n = get_down(s, b->scratch,
			     room < (int64_t)BRIDGE_PIECE ? (size_t)room : BRIDGE_PIECE);
		if (is_later(n))
			return false;
		if (n <= 0) {
			end_down(s);
			return false;
		}
		if (pass(s, &s->down, put_down, b->scratch, (size_t)n)) {
			stop_down(s);
			return false;
		}
	}
	return true;
}

static bool run_open(struct stream *s)
{
	bool more = false;

	/* Down first: of a guest that left, a program that sees the end must not be able to write
	 * any more. */
	if (!s->down.over)
		more = move_down(s);
	if (!s->up.over)
		more = move_up(s) || more;
	if (s->item.hung_up && s->down.over && !s->up.over)
		stop_up(s);
	if (!s->up.over || !s->down.over)
		return more;
	end(s, s->up.at_end && s->down.at_end ? "both sides are done" : "one side left");
	return false;
}

/* ---- the beginning ---- */

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
	if (n < 0 && is_later(-errno)) {
		s->item.can_read = false;
		return false;
	}
	if (n <= 0) {
		end(s, "the program left without a word");
		return false;
	}
	switch (bridge_line_parse(text, (size_t)n, &used, &port)) {
	case BRIDGE_LINE_PART:
		/* The rest will make an edge, an end without a rest too. */
		s->item.can_read = false;
		if (s->item.hung_up)
			end(s, "the program left within its first line");
		return false;
	case BRIDGE_LINE_BAD:
		end(s, "expected CONNECT and a port");
		return false;
	default:
		break;
	}
	rc = recv(s->item.source.fd, text, used, MSG_DONTWAIT) == (ssize_t)used
		     ? connect_guest(s, port)
		     : -EIO;
	if (rc) {
		end(s, strerror(-rc));
		return false;
	}
	s->stage = CONNECTING;
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
	return put_up(s, (const uint8_t *)text, (size_t)n) == n ? 0 : -1;
}

/* Either handshake. */
static bool run_handshake(struct stream *s)
{
	struct vmci_sockets *stack = s->item.bridge->sockets;
	unsigned events = vmci_socket_poll(stack, s->item.entry.fd);

	if (events & (VMCI_POLLERR | VMCI_POLLHUP)) {
		int error = vmci_socket_error(stack, s->item.entry.fd);

		end(s, error ? strerror(error) : "the guest left");
		return false;
	}
	if (!(events & VMCI_POLLOUT)) {
		if (s->item.hung_up && s->stage == CONNECTING)
			end(s, "the program did not wait for the guest");
		return false;
	}
	if (s->stage == CONNECTING && say_ok(s)) {
		end(s, "the program did not wait for the guest");
		return false;
	}
	s->stage = OPEN;
	return true;
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
		return run_open(s);
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
