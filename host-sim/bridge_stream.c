/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_stream.c - the bytes of one stream, and its end. */
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

#define PIECES_TURN 4u /* moved in one direction before another stream has its turn */

/* A guest that finds its queue empty tells of what it writes, and that costs it more than the
 * writing. One that goes on and on is not told to: we look by the clock, and leave a little in the
 * queue each time, until a look finds nothing new. */
#define BULK_BYTES (512u * 1024u) /* up, and none down, before a stream is looked at so */
#define BULK_QUEUE (64u * 1024u)  /* a smaller queue would be full before the look */
#define BULK_LEFT  4096u	  /* at most; whole pages are taken */

/* Where bytes go; as send(2), with errno in the result. */
typedef int64_t put_bytes(struct stream *s, const uint8_t *bytes, size_t len);

void stream_end(struct stream *s, const char *why)
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

		if (n < 0 && !bridge_is_later(n))
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

		if (n < 0 && !bridge_is_later(n))
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

static bool is_bulk(const struct stream *s)
{
	struct vmci_sockets *stack = s->item.bridge->sockets;
	uint64_t queue = 0;

	return s->up_bytes >= BULK_BYTES &&
	       vmci_socket_getopt(stack, s->item.entry.fd, VMCI_SO_VM_SOCKETS_BUFFER_SIZE,
				  &queue) == 0 &&
	       queue >= BULK_QUEUE && !(vmci_socket_poll(stack, s->item.entry.fd) & VMCI_POLLRDHUP);
}

/* Bytes to take from the guest now; 0: look again in a moment. */
static size_t piece_up(struct stream *s)
{
	struct vmci_sockets *stack = s->item.bridge->sockets;
	int64_t ready;
	size_t take;

	if (!is_bulk(s))
		return BRIDGE_PIECE;
	if (s->item.is_watched)
		return 0;
	ready = vmci_socket_ready(stack, s->item.entry.fd);
	if (ready <= 0)
		return BRIDGE_PIECE;
	if (ready <= (int64_t)s->left) {
		s->up_bytes = 0;
		s->left = 0;
		return BRIDGE_PIECE;
	}
	take = (size_t)(ready - 1) / BULK_LEFT * BULK_LEFT;
	s->left = 0;
	if (take == 0) {
		s->left = (size_t)ready;
		bridge_bulk_watch(&s->item);
	}
	return take < BRIDGE_PIECE ? take : BRIDGE_PIECE;
}

/* From the guest to the program. Returns true when there is more to do at once. */
static bool move_up(struct stream *s)
{
	uint8_t *scratch = s->item.bridge->scratch;

	for (unsigned i = 0; i < PIECES_TURN; i++) {
		int64_t n;
		size_t piece;
		int rc = pass_rest(s, &s->up, put_up);

		if (rc < 0)
			stop_up(s);
		if (rc)
			return false;
		if (!s->item.can_write)
			return false;
		piece = piece_up(s);
		if (!piece)
			return false;
		n = get_up(s, scratch, piece);
		if (bridge_is_later(n)) {
			/* The guest is told before it writes in vain. */
			if (is_deaf(s))
				stop_up(s);
			return false;
		}
		if (n <= 0) {
			/* A program cannot be told more than that there is an end. */
			if (n < 0)
				bridge_note(s->item.bridge,
					    "stream %d: bytes of the guest are lost: %s",
					    s->item.entry.fd, strerror((int)-n));
			shutdown(s->item.source.fd, SHUT_WR);
			s->up.at_end = s->up.over = true;
			return false;
		}
		s->up_bytes += (uint64_t)n;
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
		if (room < 0 && !bridge_is_later(room)) {
			stop_down(s);
			return false;
		}
		if (rc || room <= 0 || !s->item.can_read)
			return false;
		n = get_down(s, b->scratch,
			     room < (int64_t)BRIDGE_PIECE ? (size_t)room : BRIDGE_PIECE);
		if (bridge_is_later(n))
			return false;
		if (n <= 0) {
			end_down(s);
			return false;
		}
		s->up_bytes = 0;
		if (pass(s, &s->down, put_down, b->scratch, (size_t)n)) {
			stop_down(s);
			return false;
		}
	}
	return true;
}

bool stream_run(struct stream *s)
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
	stream_end(s, s->up.at_end && s->down.at_end ? "both sides are done" : "one side left");
	return false;
}
