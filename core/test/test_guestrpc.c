/* SPDX-License-Identifier: BSD-2-Clause */
/* The GuestRPC service on sockets that the test plays: bytes come in pieces of any size, room is as
 * small as wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/guestrpc.h>
#include <vmci/socket.h>

#define TYPE_DATA  0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0
#define FAST_CLOSE 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0
#define PING	   0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0
#define HELLO	   0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'
#define REQUEST	   0, 0, 0, 33, TYPE_DATA, HELLO
#define ONE_SHOT   0, 0, 0, 49, TYPE_DATA, FAST_CLOSE, HELLO

/* ---- the sockets of the test ------------------------------------------------------------- */

#define STREAMS 8

struct stream {
	bool is_waiting, is_open, is_closed_by_guest;
	uint32_t port, peer_port;
	uint8_t in[200000], out[200000];
	size_t in_len, in_at, piece, out_len, room;
};

struct vmci_sockets {
	const struct vmci_socket_port *port;
	uint32_t bound[2], listening[2];
	int made;
	struct stream streams[STREAMS];
};

static struct vmci_sockets *world;
static int memory_in_use;

int vmci_sockets_create(const struct vmci_transport *transport, const struct vmci_socket_port *port,
			const struct vmci_socket_limits *limits, struct vmci_sockets **out)
{
	(void)transport;
	assert_true(limits->may_bind_privileged);
	*out = world = calloc(1, sizeof(*world));
	world->port = port;
	return 0;
}

void vmci_sockets_destroy(struct vmci_sockets *s)
{
	free(s);
	world = NULL;
}

uint64_t vmci_sockets_pump(struct vmci_sockets *s)
{
	(void)s;
	return 12345;
}

int vmci_socket(struct vmci_sockets *s, enum vmci_socket_type type)
{
	assert_int_equal(type, VMCI_SOCK_STREAM);
	return 100 + s->made++;
}

int vmci_socket_bind(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr)
{
	assert_int_equal(addr.cid, 0);
	s->bound[fd - 100] = addr.port;
	return 0;
}

int vmci_socket_listen(struct vmci_sockets *s, int fd, uint32_t backlog)
{
	assert_true(backlog > 0);
	s->listening[fd - 100] = s->bound[fd - 100];
	return 0;
}

int vmci_socket_accept(struct vmci_sockets *s, int fd, struct vmci_sockaddr *peer)
{
	for (int i = 0; i < STREAMS; i++) {
		struct stream *t = &s->streams[i];

		if (!t->is_waiting || t->port != s->listening[fd - 100])
			continue;
		t->is_waiting = false;
		t->is_open = true;
		*peer = (struct vmci_sockaddr){ 20, t->peer_port };
		return i;
	}
	return -VMCI_EAGAIN;
}

int64_t vmci_socket_recv(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags)
{
	struct stream *t = &s->streams[fd];
	size_t n = t->in_len - t->in_at;

	(void)flags;
	assert_true(t->is_open && len > 0);
	if (n > t->piece)
		n = t->piece;
	if (n > len)
		n = len;
	if (n == 0)
		return t->is_closed_by_guest ? 0 : -VMCI_EAGAIN;
	memcpy(buf, t->in + t->in_at, n);
	t->in_at += n;
	return (int64_t)n;
}

int64_t vmci_socket_send(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			 unsigned flags)
{
	struct stream *t = &s->streams[fd];
	size_t n = len < t->room ? len : t->room;

	(void)flags;
	assert_true(t->is_open && len > 0);
	if (n == 0)
		return -VMCI_EAGAIN;
	memcpy(t->out + t->out_len, buf, n);
	t->out_len += n;
	t->room -= n;
	return (int64_t)n;
}

int vmci_socket_close(struct vmci_sockets *s, int fd)
{
	assert_true(s->streams[fd].is_open);
	s->streams[fd].is_open = false;
	return 0;
}

/* ---- the service's owner ----------------------------------------------------------------- */

struct owner {
	struct vmci_guestrpc *r;
	struct vmci_guestrpc_caller caller;
	unsigned requests, opened, answered, alive, closed;
	char text[64];
	const char *next_question;
	size_t reply_len; /* 0: the text "hi" */
	bool refuses;
};

static void *owner_alloc(void *ctx, size_t size)
{
	(void)ctx;
	memory_in_use++;
	return calloc(1, size);
}

static void owner_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	memory_in_use--;
	free(p);
}

static uint64_t owner_now(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool owner_request(void *ctx, const struct vmci_guestrpc_caller *caller, const uint8_t *text,
			  size_t len, uint8_t *reply, size_t room, size_t *reply_len)
{
	struct owner *o = ctx;

	o->requests++;
	o->caller = *caller;
	assert_int_equal(*reply_len, 0);
	assert_int_equal(room, 65534);
	snprintf(o->text, sizeof(o->text), "%.*s", (int)len, (const char *)text);
	if (o->reply_len) {
		memset(reply, 'x', o->reply_len);
		*reply_len = o->reply_len;
	} else {
		memcpy(reply, "hi", 2);
		*reply_len = 2;
	}
	return !o->refuses;
}

static void owner_news(void *ctx, const struct vmci_guestrpc_caller *caller,
		       enum vmci_guestrpc_news what, const uint8_t *text, size_t len)
{
	struct owner *o = ctx;

	o->caller = *caller;
	o->opened += what == VMCI_GUESTRPC_OPENED;
	o->answered += what == VMCI_GUESTRPC_ANSWERED;
	o->alive += what == VMCI_GUESTRPC_ALIVE;
	o->closed += what == VMCI_GUESTRPC_CLOSED;
	if (text)
		snprintf(o->text, sizeof(o->text), "%.*s", (int)len, (const char *)text);
	if ((what == VMCI_GUESTRPC_OPENED || what == VMCI_GUESTRPC_ANSWERED) && o->next_question) {
		assert_int_equal(vmci_guestrpc_call(o->r, caller->connection, o->next_question,
						    strlen(o->next_question)),
				 0);
		o->next_question = NULL;
	}
}

static struct vmci_guestrpc_port port;

static void start(struct owner *o, const struct vmci_guestrpc_options *options)
{
	memset(o, 0, sizeof(*o));
	port = (struct vmci_guestrpc_port){ .ctx = o,
					    .alloc = owner_alloc,
					    .free = owner_free,
					    .now_us = owner_now,
					    .request = owner_request,
					    .news = owner_news };
	assert_int_equal(vmci_guestrpc_create(NULL, &port, options, &o->r), 0);
}

static void end(struct owner *o)
{
	vmci_guestrpc_destroy(o->r);
	assert_int_equal(memory_in_use, 0);
}

static struct stream *come(struct owner *o, int i, uint32_t to, uint32_t from)
{
	struct stream *t = &world->streams[i];

	memset(t, 0, sizeof(*t));
	*t = (struct stream){
		.is_waiting = true, .port = to, .peer_port = from, .piece = 1000000, .room = 1000000
	};
	world->port->ready(world->port->ctx, 100);
	vmci_guestrpc_pump(o->r);
	return t;
}

static void give(struct owner *o, struct stream *t, const uint8_t *bytes, size_t len)
{
	memcpy(t->in + t->in_len, bytes, len);
	t->in_len += len;
	world->port->ready(world->port->ctx, 1);
	while (vmci_guestrpc_pump(o->r) == 0)
		;
}

#define GIVE(o, t, ...)                                                                            \
	do {                                                                                       \
		const uint8_t bytes_[] = { __VA_ARGS__ };                                          \
		give(o, t, bytes_, sizeof(bytes_));                                                \
	} while (0)
#define SAID(t, ...)                                                                               \
	do {                                                                                       \
		const uint8_t bytes_[] = { __VA_ARGS__ };                                          \
		assert_int_equal((t)->out_len, sizeof(bytes_));                                    \
		assert_memory_equal((t)->out, bytes_, sizeof(bytes_));                             \
		(t)->out_len = 0;                                                                  \
	} while (0)

#define REPLY_HI 0, 0, 0, 32, TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4, '1', ' ', 'h', 'i'

/* ---- tests ------------------------------------------------------------------------------- */

static void a_request_is_answered_and_the_connection_stays(void **state)
{
	struct owner o;
	struct stream *t;

	(void)state;
	start(&o, NULL);
	assert_int_equal(world->listening[0], 976);
	assert_int_equal(world->listening[1], 975);
	t = come(&o, 1, 976, 1023);
	GIVE(&o, t, REQUEST);
	assert_string_equal(o.text, "hello");
	assert_true(o.caller.is_privileged);
	assert_int_equal(o.caller.port, 1023);
	assert_int_equal(o.caller.cid, 20);
	assert_false(o.caller.is_last);
	SAID(t, REPLY_HI);
	o.refuses = true;
	GIVE(&o, t, REQUEST);
	assert_int_equal(t->out[36 - 4], '0');
	assert_true(t->is_open);
	assert_int_equal(o.opened, 0);
	end(&o);
}

static void a_one_shot_request_ends_the_connection_behind_the_reply(void **state)
{
	struct owner o;
	struct stream *t;

	(void)state;
	start(&o, NULL);
	t = come(&o, 1, 976, 1024);
	t->room = 10;
	GIVE(&o, t, ONE_SHOT, REQUEST);
	assert_false(o.caller.is_privileged);
	assert_true(o.caller.is_last);
	assert_true(t->is_open);
	t->room = 100;
	GIVE(&o, t);
	SAID(t, REPLY_HI);
	assert_false(t->is_open);
	assert_int_equal(o.requests, 1);
	end(&o);
}

static void frames_may_come_in_pieces_and_several_at_once(void **state)
{
	static const uint8_t two[] = { REQUEST, REQUEST };
	struct owner o;
	struct stream *t;

	(void)state;
	for (size_t piece = 1; piece <= 9; piece++) {
		start(&o, NULL);
		t = come(&o, 1, 976, 1);
		t->piece = piece;
		for (size_t i = 0; i < sizeof(two); i++)
			give(&o, t, two + i, 1);
		assert_int_equal(o.requests, 2);
		for (int i = 0; i < 50; i++)
			give(&o, t, two, sizeof(two));
		assert_int_equal(o.requests, 102);
		assert_int_equal(t->out_len, 102 * 36);
		end(&o);
	}
}

static void while_a_reply_waits_nothing_is_read(void **state)
{
	struct owner o;
	struct stream *t;

	(void)state;
	start(&o, NULL);
	t = come(&o, 1, 976, 1);
	t->room = 35;
	GIVE(&o, t, REQUEST, REQUEST);
	assert_int_equal(o.requests, 1);
	t->room = 1;
	GIVE(&o, t);
	assert_int_equal(o.requests, 2);
	assert_int_equal(t->out_len, 36);
	end(&o);
}

static void replies_are_as_long_as_allowed_and_not_longer(void **state)
{
	struct owner o;
	struct stream *t;

	(void)state;
	start(&o, NULL);
	t = come(&o, 1, 976, 1);
	o.reply_len = 65534;
	GIVE(&o, t, REQUEST);
	assert_int_equal(t->out_len, 65536 + 32);
	end(&o);
}

static void a_broken_frame_ends_the_connection_and_only_that(void **state)
{
	struct owner o;
	struct stream *t, *other;

	(void)state;
	start(&o, NULL);
	other = come(&o, 2, 976, 2);
	t = come(&o, 1, 976, 1);
	GIVE(&o, t, 0, 0, 0, 16, TYPE_DATA);
	assert_false(t->is_open);
	t = come(&o, 1, 976, 1);
	GIVE(&o, t, 0, 1, 1, 1);
	assert_false(t->is_open);
	t = come(&o, 1, 976, 1);
	GIVE(&o, t, 0, 0, 0, 0);
	assert_false(t->is_open);
	t = come(&o, 1, 976, 1);
	GIVE(&o, t, 0, 0, 0, 20, TYPE_DATA);
	t->is_closed_by_guest = true;
	GIVE(&o, t);
	assert_false(t->is_open);
	assert_int_equal(o.requests, 0);
	GIVE(&o, other, REQUEST);
	SAID(other, REPLY_HI);
	end(&o);
}

static void more_connections_than_allowed_are_closed(void **state)
{
	const struct vmci_guestrpc_options two = { .connections = 2 };
	struct owner o;

	(void)state;
	start(&o, &two);
	come(&o, 1, 976, 1);
	come(&o, 2, 975, 2);
	assert_false(come(&o, 3, 976, 3)->is_open);
	assert_true(world->streams[1].is_open && world->streams[2].is_open);
	world->streams[1].is_closed_by_guest = true;
	GIVE(&o, &world->streams[1]);
	assert_true(come(&o, 3, 976, 3)->is_open);
	end(&o);
}

static void disabled_means_no_listeners(void **state)
{
	const struct vmci_guestrpc_options none = { .is_disabled = true };
	struct owner o;

	(void)state;
	start(&o, &none);
	assert_int_equal(world->made, 0);
	assert_int_equal(vmci_guestrpc_pump(o.r), 12345);
	end(&o);
}

static void the_reverse_channel_asks_one_question_at_a_time(void **state)
{
	struct owner o;
	struct stream *t;

	(void)state;
	start(&o, NULL);
	o.next_question = "reset";
	t = come(&o, 1, 975, 5000);
	assert_int_equal(o.opened, 1);
	SAID(t, 0, 0, 0, 33, TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 5, 'r', 'e', 's', 'e',
	     't');
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "x", 1), -VMCI_EALREADY);
	assert_int_equal(vmci_guestrpc_call(o.r, 77, "x", 1), -VMCI_ENOTCONN);
	GIVE(&o, t, PING, PING);
	assert_int_equal(o.alive, 2);
	o.next_question = "ping";
	GIVE(&o, t, REQUEST);
	assert_string_equal(o.text, "hello");
	assert_int_equal(t->out_len, 36);
	GIVE(&o, t, REQUEST, REQUEST, REQUEST);
	assert_int_equal(o.answered, 2);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "x", 0), -VMCI_EMSGSIZE);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, world->streams[5].in, 65537),
			 -VMCI_EMSGSIZE);
	assert_int_equal(o.requests, 0);
	vmci_guestrpc_hang_up(o.r, o.caller.connection);
	assert_int_equal(o.closed, 0);
	vmci_guestrpc_pump(o.r);
	assert_int_equal(o.closed, 1);
	assert_false(t->is_open);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "x", 1), -VMCI_ENOTCONN);
	end(&o);
}

static void requests_do_not_go_over_the_other_port(void **state)
{
	struct owner o;

	(void)state;
	start(&o, NULL);
	GIVE(&o, come(&o, 1, 976, 1), PING, REQUEST);
	assert_int_equal(o.requests, 1);
	assert_int_equal(o.alive, 0);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "x", 1), -VMCI_ENOTCONN);
	end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_answered_and_the_connection_stays),
		cmocka_unit_test(a_one_shot_request_ends_the_connection_behind_the_reply),
		cmocka_unit_test(frames_may_come_in_pieces_and_several_at_once),
		cmocka_unit_test(while_a_reply_waits_nothing_is_read),
		cmocka_unit_test(replies_are_as_long_as_allowed_and_not_longer),
		cmocka_unit_test(a_broken_frame_ends_the_connection_and_only_that),
		cmocka_unit_test(more_connections_than_allowed_are_closed),
		cmocka_unit_test(disabled_means_no_listeners),
		cmocka_unit_test(the_reverse_channel_asks_one_question_at_a_time),
		cmocka_unit_test(requests_do_not_go_over_the_other_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
