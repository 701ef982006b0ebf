/* SPDX-License-Identifier: BSD-2-Clause */
/* Every step of a handshake, from both ends: sockets at one end, a bare hand at the other. Each
 * test runs between guest and host and between guest and hypervisor, with the sockets on either
 * side.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_world.h"

#define PORT 5000u /* of a listener */
#define HAND 6000u /* of the hand */
#define SIZE 8192u

static const enum which sides[][2] = {
	{ HOST, GUEST },
	{ GUEST, HOST },
	{ HYPERVISOR, GUEST },
	{ GUEST, HYPERVISOR },
};
#define SIDES (sizeof(sides) / sizeof(sides[0]))

struct scene {
	struct socket_world w;
	enum which own, hand;
	struct vmci_sockets *s;
	int listener, client;
	struct vmci_transport_pair *pair; /* the hand's end */
	struct vmci_handle handle;
};

static void open_scene(struct scene *c, size_t side)
{
	struct socket_world_options options = { .mmio = side & 1, .limits = { .sockets = 1000 } };

	memset(c, 0, sizeof(*c));
	c->own = sides[side][0];
	c->hand = sides[side][1];
	options.bare[c->hand] = true;
	assert_true(socket_world_open(&c->w, &options));
	c->s = c->w.end[c->own].s;
	c->listener = -1;
	c->client = -1;
}

static void close_scene(struct scene *c)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	if (c->pair)
		t->pair_close(t->ctx, c->pair);
	socket_world_close(&c->w);
}

static int say(struct scene *c, uint8_t type, uint16_t proto, uint32_t port, uint64_t value)
{
	return socket_world_send(&c->w, c->hand, c->own, type, proto, HAND, port, value);
}

static const struct seen *hear(struct scene *c, uint8_t type)
{
	const struct seen *p = socket_world_next(&c->w, c->hand);

	assert_non_null(p);
	assert_int_equal(p->type, type);
	assert_int_equal(p->len, VMCI_STREAM_PACKET_SIZE);
	assert_true(p->is_clean);
	assert_int_equal(p->src_cid, c->w.end[c->own].cid);
	assert_int_equal(p->src_resource, c->own == HYPERVISOR ? 15 : 1);
	return p;
}

static void hear_nothing(struct scene *c)
{
	assert_null(socket_world_next(&c->w, c->hand));
}

static uint64_t value_of(struct vmci_handle h)
{
	return (uint64_t)h.resource << 32 | h.context;
}

static void expect_count(struct scene *c, uint32_t sockets, uint32_t pairs)
{
	uint32_t n, p;

	vmci_sockets_count(c->s, &n, &p);
	assert_int_equal(n, sockets);
	assert_int_equal(p, pairs);
}

/* ---- servers ------------------------------------------------------------------------------ */

static void listen_at(struct scene *c, uint32_t backlog)
{
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, PORT };

	c->listener = vmci_socket(c->s, VMCI_SOCK_STREAM);
	assert_int_equal(
		vmci_socket_setopt(c->s, c->listener, VMCI_SO_VM_SOCKETS_BUFFER_SIZE, SIZE), 0);
	assert_int_equal(vmci_socket_bind(c->s, c->listener, any), 0);
	assert_int_equal(vmci_socket_listen(c->s, c->listener, backlog), 0);
}

static void hand_creates_pair(struct scene *c, uint64_t size)
{
	struct vmci_transport *t = c->w.end[c->hand].t;
	struct vmci_handle any = { VMCI_INVALID_ID, VMCI_INVALID_ID };

	assert_int_equal(t->pair_open(t->ctx, any, c->w.end[c->own].cid, 0, 0, size, size, NULL,
				      NULL, &c->pair),
			 0);
	c->handle = t->pair_handle(t->ctx, c->pair);
}

/* The hand connects. Returns the accepted socket. */
static int hand_connects(struct scene *c, bool old)
{
	int fd;

	say(c, old ? VMCI_STREAM_REQUEST : VMCI_STREAM_REQUEST2, old ? 0 : 1, PORT, SIZE);
	(void)hear(c, old ? VMCI_STREAM_NEGOTIATE : VMCI_STREAM_NEGOTIATE2);
	hand_creates_pair(c, SIZE);
	say(c, VMCI_STREAM_OFFER, 0, PORT, value_of(c->handle));
	assert_int_equal(hear(c, VMCI_STREAM_ATTACH)->value, value_of(c->handle));
	fd = vmci_socket_accept(c->s, c->listener, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void a_server_answers_in_order(size_t side)
{
	struct vmci_sockaddr peer;
	struct scene c;
	const struct seen *p;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 0);
	assert_int_equal(vmci_socket_accept(c.s, c.listener, NULL), -VMCI_EAGAIN);
	assert_int_equal(say(&c, VMCI_STREAM_REQUEST2, 0xffff, PORT, 4096), 56);
	p = hear(&c, VMCI_STREAM_NEGOTIATE2);
	assert_int_equal(p->proto, 1);
	assert_int_equal(p->value, 4096);
	assert_int_equal(p->src_port, PORT);
	assert_int_equal(p->dst_port, HAND);
	assert_int_equal(vmci_socket_poll(c.s, c.listener), 0);
	hand_creates_pair(&c, 4096);
	say(&c, VMCI_STREAM_OFFER, 0, PORT, value_of(c.handle));
	p = hear(&c, VMCI_STREAM_ATTACH);
	assert_int_equal(p->value, value_of(c.handle));
	assert_int_equal(vmci_socket_poll(c.s, c.listener), VMCI_POLLIN);
	fd = vmci_socket_accept(c.s, c.listener, &peer);
	assert_true(fd >= 0);
	assert_int_equal(peer.cid, c.w.end[c.hand].cid);
	assert_int_equal(peer.port, HAND);
	expect_count(&c, 2, 1);
	assert_int_equal(vmci_socket_room(c.s, fd), 4095);
	close_scene(&c);
}

static void nobody_answers_with_rst(size_t side)
{
	struct scene c;
	const struct seen *p;

	open_scene(&c, side);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		assert_int_equal(say(&c, type, 0, 999, 1), 56);
		if (type == VMCI_STREAM_RST) {
			hear_nothing(&c);
			continue;
		}
		p = hear(&c, VMCI_STREAM_RST);
		assert_int_equal(p->src_port, 999);
		assert_int_equal(p->dst_port, HAND);
		assert_int_equal(p->value, 0);
		hear_nothing(&c);
	}
	close_scene(&c);
}

static int to_nobody(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static void malformed_packets_change_nothing(size_t side)
{
	uint8_t body[32] = { 1, VMCI_STREAM_REQUEST2 };
	struct vmci_transport *t;
	struct vmci_handle to;
	struct scene c;
	int refused;

	open_scene(&c, side);
	listen_at(&c, 0);
	vmci_put16(body + 2, 1);
	vmci_put32(body + 4, HAND);
	vmci_put32(body + 8, PORT);
	vmci_put64(body + 16, SIZE);
	to = vmci_handle(c.w.end[c.own].cid, c.own == HYPERVISOR ? 15 : 1);
	/* A guest cannot tell its host what it thinks of a datagram. */
	refused = c.own == GUEST ? 55 : VMCI_ERROR_INVALID_ARGS;
	assert_int_equal(socket_world_send_raw(&c.w, c.hand, to, body, 31), refused);
	hear_nothing(&c);
	t = c.w.end[c.hand].t;
	assert_int_equal(t->endpoint(t->ctx, 77, 0, true, to_nobody, NULL), 77);
	refused = c.own == GUEST ? 56 : VMCI_ERROR_NO_ACCESS;
	assert_int_equal(t->send(t->ctx, to, 77, body, 32), refused);
	hear_nothing(&c);
	expect_count(&c, 1, 0);
	assert_int_equal(socket_world_send_raw(&c.w, c.hand, to, body, 32), 56);
	(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
	(void)t->endpoint_close(t->ctx, 77);
	close_scene(&c);
}

static void an_unknown_type_is_answered_with_invalid(size_t side)
{
	struct scene c;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 0);
	assert_int_equal(say(&c, 13, 0, PORT, 0), 56);
	(void)hear(&c, VMCI_STREAM_INVALID);
	fd = hand_connects(&c, false);
	say(&c, 255, 0, PORT, 0);
	(void)hear(&c, VMCI_STREAM_INVALID);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	close_scene(&c);
}

static void a_listener_refuses_what_is_no_request(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 0);
	for (uint8_t type = 0; type <= VMCI_STREAM_WAITING_READ; type++) {
		if (type == VMCI_STREAM_REQUEST)
			continue;
		say(&c, type, 0, PORT, 1);
		if (type != VMCI_STREAM_RST)
			(void)hear(&c, VMCI_STREAM_RST);
		hear_nothing(&c);
	}
	say(&c, VMCI_STREAM_REQUEST2, 1, PORT, 0);
	(void)hear(&c, VMCI_STREAM_RST);
	say(&c, VMCI_STREAM_REQUEST, 0, PORT, 0);
	(void)hear(&c, VMCI_STREAM_RST);
	say(&c, VMCI_STREAM_REQUEST2, 0xfffe, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_RST);
	expect_count(&c, 1, 0);
	close_scene(&c);
}

static void a_size_outside_the_limits_becomes_the_listeners(size_t side)
{
	static const struct {
		uint64_t proposed, agreed;
	} rows[] = { { 127, SIZE },    { 128, 128 },	     { 262144, 262144 },
		     { 262145, SIZE }, { UINT64_MAX, SIZE }, { 1, SIZE } };
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1,
						   7000 + (uint32_t)i, PORT, rows[i].proposed),
				 56);
		assert_int_equal(hear(&c, VMCI_STREAM_NEGOTIATE2)->value, rows[i].agreed);
	}
	close_scene(&c);
}

static void the_old_request_gets_the_old_answer(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 0);
	say(&c, VMCI_STREAM_REQUEST, 0, PORT, SIZE);
	assert_int_equal(hear(&c, VMCI_STREAM_NEGOTIATE)->proto, 0);
	close_scene(&c);
}

static void a_pending_child_lives_for_a_second(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 0);
	say(&c, VMCI_STREAM_REQUEST2, 1, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
	socket_world_pass(&c.w, 999000);
	expect_count(&c, 2, 0);
	socket_world_pass(&c.w, 2000);
	expect_count(&c, 1, 0);
	hear_nothing(&c);
	hand_creates_pair(&c, SIZE);
	say(&c, VMCI_STREAM_OFFER, 0, PORT, value_of(c.handle));
	(void)hear(&c, VMCI_STREAM_RST);
	close_scene(&c);
}

static void a_pending_child_takes_only_an_offer(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 0);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		if (type == VMCI_STREAM_OFFER)
			continue;
		say(&c, VMCI_STREAM_REQUEST2, 1, PORT, SIZE);
		(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
		say(&c, type, 1, PORT, SIZE);
		if (type != VMCI_STREAM_RST)
			(void)hear(&c, VMCI_STREAM_RST);
		hear_nothing(&c);
		expect_count(&c, 1, 0);
	}
	close_scene(&c);
}

static void an_offer_must_name_a_pair_of_its_sender(size_t side)
{
	uint64_t bad[4];
	struct scene c;

	open_scene(&c, side);
	listen_at(&c, 0);
	bad[0] = value_of(vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	bad[1] = value_of(vmci_handle(c.w.end[c.hand].cid, VMCI_INVALID_ID));
	bad[2] = value_of(vmci_handle(c.w.end[c.own].cid, 5000));
	bad[3] = value_of(vmci_handle(c.w.end[c.hand].cid, 5000)); /* no such pair */
	for (size_t i = 0; i < 4; i++) {
		say(&c, VMCI_STREAM_REQUEST2, 1, PORT, SIZE);
		(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
		say(&c, VMCI_STREAM_OFFER, 0, PORT, bad[i]);
		(void)hear(&c, VMCI_STREAM_RST);
		expect_count(&c, 1, 0);
	}
	/* Of another size than agreed. */
	say(&c, VMCI_STREAM_REQUEST2, 1, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
	hand_creates_pair(&c, SIZE / 2);
	say(&c, VMCI_STREAM_OFFER, 0, PORT, value_of(c.handle));
	if (c.own != GUEST)
		(void)hear(&c, VMCI_STREAM_RST);
	close_scene(&c);
}

static void a_backlog_of_n_admits_one_more(size_t side)
{
	struct scene c;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 2);
	fd = -1;
	for (uint32_t i = 0; i < 3; i++) {
		socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7000 + i, PORT,
				  SIZE);
		(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
	}
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_RST);
	/* One of them goes on, and waits to be accepted: still full. */
	hand_creates_pair(&c, SIZE);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_OFFER, 0, 7001, PORT,
			  value_of(c.handle));
	(void)hear(&c, VMCI_STREAM_ATTACH);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_RST);
	fd = vmci_socket_accept(c.s, c.listener, NULL);
	assert_true(fd >= 0);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, PORT, SIZE);
	(void)hear(&c, VMCI_STREAM_NEGOTIATE2);
	close_scene(&c);
}

static void a_connected_socket_ignores_handshake_packets(size_t side)
{
	static const uint8_t strays[] = { VMCI_STREAM_INVALID,	 VMCI_STREAM_REQUEST,
					  VMCI_STREAM_NEGOTIATE, VMCI_STREAM_OFFER,
					  VMCI_STREAM_ATTACH,	 VMCI_STREAM_REQUEST2,
					  VMCI_STREAM_NEGOTIATE2 };
	struct scene c;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 0);
	fd = hand_connects(&c, false);
	for (size_t i = 0; i < sizeof(strays); i++) {
		say(&c, strays[i], 1, PORT, SIZE);
		hear_nothing(&c);
		assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	}
	/* Somebody else is not heard at all. */
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_SHUTDOWN, 0, 7777, PORT, 3);
	(void)hear(&c, VMCI_STREAM_RST);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_RST, 0, 7777, PORT, 0);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	close_scene(&c);
}

static void attach_arrives_alone(size_t side)
{
	struct scene c;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 0);
	fd = hand_connects(&c, false);
	assert_int_equal(vmci_socket_send(c.s, fd, "early", 5, 0), 5);
	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_WR), 0);
	socket_world_pass(&c.w, VMCI_SOCKETS_ATTACH_ALONE_US - 1);
	hear_nothing(&c);
	socket_world_pass(&c.w, 600);
	(void)hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(hear(&c, VMCI_STREAM_SHUTDOWN)->value, VMCI_STREAM_SHUT_SEND);
	close_scene(&c);
}

static void a_packet_of_the_client_ends_the_silence_behind_attach(size_t side)
{
	struct scene c;
	int fd;

	open_scene(&c, side);
	listen_at(&c, 0);
	fd = hand_connects(&c, false);
	assert_int_equal(vmci_socket_send(c.s, fd, "early", 5, 0), 5);
	hear_nothing(&c);
	say(&c, VMCI_STREAM_READ, 0, PORT, 0);
	(void)hear(&c, VMCI_STREAM_WROTE);
	close_scene(&c);
}

/* ---- clients ------------------------------------------------------------------------------ */

static uint32_t client_port(struct scene *c)
{
	struct vmci_sockaddr name;

	assert_int_equal(vmci_socket_name(c->s, c->client, &name), 0);
	return name.port;
}

static void connect_to_hand(struct scene *c)
{
	struct vmci_sockaddr to = { c->w.end[c->hand].cid, HAND };

	if (c->client < 0)
		c->client = vmci_socket(c->s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_connect(c->s, c->client, to), -VMCI_EINPROGRESS);
	assert_int_equal(vmci_socket_connect(c->s, c->client, to), -VMCI_EALREADY);
	assert_int_equal(vmci_socket_poll(c->s, c->client), 0);
}

static const struct seen *hear_offer(struct scene *c)
{
	const struct seen *p = hear(c, VMCI_STREAM_OFFER);

	c->handle = vmci_handle((uint32_t)p->value, (uint32_t)(p->value >> 32));
	return p;
}

static void hand_attaches(struct scene *c, uint64_t size)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	assert_int_equal(t->pair_open(t->ctx, c->handle, c->w.end[c->own].cid,
				      VMCI_QPFLAG_ATTACH_ONLY, 0, size, size, NULL, NULL, &c->pair),
			 0);
}

static void expect_failed(struct scene *c, int error)
{
	assert_int_equal(vmci_socket_poll(c->s, c->client), VMCI_POLLOUT | VMCI_POLLERR);
	assert_int_equal(vmci_socket_error(c->s, c->client), error);
	assert_int_equal(vmci_socket_error(c->s, c->client), 0);
	expect_count(c, 1, 0);
}

static void client_connects(struct scene *c)
{
	connect_to_hand(c);
	(void)hear(c, VMCI_STREAM_REQUEST2);
	say(c, VMCI_STREAM_NEGOTIATE2, 1, client_port(c), SIZE);
	(void)hear_offer(c);
	hand_attaches(c, SIZE);
	say(c, VMCI_STREAM_ATTACH, 0, client_port(c), value_of(c->handle));
	hear_nothing(c);
	assert_int_equal(vmci_socket_poll(c->s, c->client), VMCI_POLLOUT);
}

static void a_client_asks_in_order(size_t side)
{
	const struct seen *p;
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	p = hear(&c, VMCI_STREAM_REQUEST2);
	assert_int_equal(p->proto, 1);
	assert_int_equal(p->value, VMCI_SOCKETS_BUFFER_SIZE);
	assert_int_equal(p->dst_port, HAND);
	assert_int_equal(p->src_port, client_port(&c));
	assert_true(p->src_port >= 1024 && p->src_port != VMCI_VMADDR_PORT_ANY);
	hear_nothing(&c);
	say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
	p = hear_offer(&c);
	assert_int_equal(c.handle.context, c.w.end[c.own].cid);
	assert_int_equal(p->proto, 0);
	hand_attaches(&c, SIZE);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	say(&c, VMCI_STREAM_ATTACH, 0, client_port(&c), value_of(c.handle));
	hear_nothing(&c);
	assert_int_equal(vmci_socket_poll(c.s, c.client), VMCI_POLLOUT);
	assert_int_equal(vmci_socket_room(c.s, c.client), SIZE - 1);
	close_scene(&c);
}

/* Answer a request once and see what becomes of it; then the socket may try again. */
static void fails_at_once(struct scene *c, uint8_t type, uint16_t proto, uint64_t value, int error)
{
	connect_to_hand(c);
	(void)hear(c, VMCI_STREAM_REQUEST2);
	say(c, type, proto, client_port(c), value);
	if (type != VMCI_STREAM_RST)
		(void)hear(c, VMCI_STREAM_RST);
	hear_nothing(c);
	expect_failed(c, error);
}

static void a_client_checks_the_answer(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	fails_at_once(&c, VMCI_STREAM_RST, 0, 0, VMCI_ECONNRESET);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 127, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 262145, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, UINT64_MAX, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 0, SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 2, SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 3, SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_ATTACH, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_WROTE, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_SHUTDOWN, 0, 3, VMCI_EPROTO);
	client_connects(&c);
	close_scene(&c);
}

static void a_client_checks_the_attach(size_t side)
{
	static const uint8_t others[] = { VMCI_STREAM_NEGOTIATE2, VMCI_STREAM_WROTE,
					  VMCI_STREAM_OFFER, VMCI_STREAM_ATTACH };
	struct scene c;

	open_scene(&c, side);
	for (size_t i = 0; i < sizeof(others); i++) {
		connect_to_hand(&c);
		(void)hear(&c, VMCI_STREAM_REQUEST2);
		say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
		(void)hear_offer(&c);
		c.handle.resource++;
		say(&c, others[i], 1, client_port(&c), value_of(c.handle));
		(void)hear(&c, VMCI_STREAM_RST);
		hear_nothing(&c);
		expect_failed(&c, VMCI_EPROTO);
	}
	client_connects(&c);
	close_scene(&c);
}

static void a_client_falls_back_to_the_old_request(size_t side)
{
	const struct seen *p;
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	say(&c, VMCI_STREAM_INVALID, 0, client_port(&c), 0);
	p = hear(&c, VMCI_STREAM_REQUEST);
	assert_int_equal(p->proto, 0);
	assert_int_equal(p->value, VMCI_SOCKETS_BUFFER_SIZE);
	say(&c, VMCI_STREAM_INVALID, 0, client_port(&c), 0);
	hear_nothing(&c);
	say(&c, VMCI_STREAM_RST, 0, client_port(&c), 0);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	say(&c, VMCI_STREAM_NEGOTIATE, 0, client_port(&c), SIZE);
	(void)hear_offer(&c);
	hand_attaches(&c, SIZE);
	say(&c, VMCI_STREAM_ATTACH, 0, client_port(&c), value_of(c.handle));
	socket_world_settle(&c.w);
	/* Legacy: who finds nothing says so, once. */
	assert_int_equal(vmci_socket_recv(c.s, c.client, &c.handle, 1, 0), -VMCI_EAGAIN);
	(void)hear(&c, VMCI_STREAM_WAITING_READ);
	assert_int_equal(vmci_socket_recv(c.s, c.client, &c.handle, 1, 0), -VMCI_EAGAIN);
	hear_nothing(&c);
	close_scene(&c);
}

static void the_second_rst_after_a_fallback_counts(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	say(&c, VMCI_STREAM_INVALID, 0, client_port(&c), 0);
	(void)hear(&c, VMCI_STREAM_REQUEST);
	say(&c, VMCI_STREAM_RST, 0, client_port(&c), 0);
	say(&c, VMCI_STREAM_RST, 0, client_port(&c), 0);
	hear_nothing(&c);
	expect_failed(&c, VMCI_ECONNRESET);
	close_scene(&c);
}

static void a_client_gives_up_after_its_time(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	socket_world_pass(&c.w, 1999000);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	socket_world_pass(&c.w, 2000);
	hear_nothing(&c);
	expect_failed(&c, VMCI_ETIMEDOUT);
	/* What comes now is for nobody. */
	say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
	(void)hear(&c, VMCI_STREAM_RST);
	/* Behind OFFER too, and another time. */
	assert_int_equal(
		vmci_socket_setopt(c.s, c.client, VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT, 300000), 0);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	socket_world_pass(&c.w, 200000);
	say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
	(void)hear_offer(&c);
	expect_count(&c, 1, 1);
	socket_world_pass(&c.w, 99000);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	socket_world_pass(&c.w, 2000);
	expect_failed(&c, VMCI_ETIMEDOUT);
	client_connects(&c);
	close_scene(&c);
}

static void a_detach_before_attach_resets_the_client(size_t side)
{
	struct vmci_transport *t;
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
	(void)hear_offer(&c);
	hand_attaches(&c, SIZE);
	t = c.w.end[c.hand].t;
	t->pair_close(t->ctx, c.pair);
	c.pair = NULL;
	socket_world_settle(&c.w);
	expect_failed(&c, VMCI_ECONNRESET);
	client_connects(&c);
	close_scene(&c);
}

static void a_stranger_does_not_disturb_a_client(size_t side)
{
	struct scene c;

	open_scene(&c, side);
	connect_to_hand(&c);
	(void)hear(&c, VMCI_STREAM_REQUEST2);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		socket_world_send(&c.w, c.hand, c.own, type, 1, HAND + 1, client_port(&c), SIZE);
		if (type != VMCI_STREAM_RST)
			(void)hear(&c, VMCI_STREAM_RST);
		assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	}
	say(&c, VMCI_STREAM_NEGOTIATE2, 1, client_port(&c), SIZE);
	(void)hear_offer(&c);
	close_scene(&c);
}

/* ---- all of them, on all sides ------------------------------------------------------------ */

#define ON_ALL_SIDES(name)                                                                         \
	static void name##_test(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		for (size_t side = 0; side < SIDES; side++)                                        \
			name(side);                                                                \
	}

ON_ALL_SIDES(a_server_answers_in_order)
ON_ALL_SIDES(nobody_answers_with_rst)
ON_ALL_SIDES(malformed_packets_change_nothing)
ON_ALL_SIDES(an_unknown_type_is_answered_with_invalid)
ON_ALL_SIDES(a_listener_refuses_what_is_no_request)
ON_ALL_SIDES(a_size_outside_the_limits_becomes_the_listeners)
ON_ALL_SIDES(the_old_request_gets_the_old_answer)
ON_ALL_SIDES(a_pending_child_lives_for_a_second)
ON_ALL_SIDES(a_pending_child_takes_only_an_offer)
ON_ALL_SIDES(an_offer_must_name_a_pair_of_its_sender)
ON_ALL_SIDES(a_backlog_of_n_admits_one_more)
ON_ALL_SIDES(a_connected_socket_ignores_handshake_packets)
ON_ALL_SIDES(attach_arrives_alone)
ON_ALL_SIDES(a_packet_of_the_client_ends_the_silence_behind_attach)
ON_ALL_SIDES(a_client_asks_in_order)
ON_ALL_SIDES(a_client_checks_the_answer)
ON_ALL_SIDES(a_client_checks_the_attach)
ON_ALL_SIDES(a_client_falls_back_to_the_old_request)
ON_ALL_SIDES(the_second_rst_after_a_fallback_counts)
ON_ALL_SIDES(a_client_gives_up_after_its_time)
ON_ALL_SIDES(a_detach_before_attach_resets_the_client)
ON_ALL_SIDES(a_stranger_does_not_disturb_a_client)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_answers_in_order_test),
		cmocka_unit_test(nobody_answers_with_rst_test),
		cmocka_unit_test(malformed_packets_change_nothing_test),
		cmocka_unit_test(an_unknown_type_is_answered_with_invalid_test),
		cmocka_unit_test(a_listener_refuses_what_is_no_request_test),
		cmocka_unit_test(a_size_outside_the_limits_becomes_the_listeners_test),
		cmocka_unit_test(the_old_request_gets_the_old_answer_test),
		cmocka_unit_test(a_pending_child_lives_for_a_second_test),
		cmocka_unit_test(a_pending_child_takes_only_an_offer_test),
		cmocka_unit_test(an_offer_must_name_a_pair_of_its_sender_test),
		cmocka_unit_test(a_backlog_of_n_admits_one_more_test),
		cmocka_unit_test(a_connected_socket_ignores_handshake_packets_test),
		cmocka_unit_test(attach_arrives_alone_test),
		cmocka_unit_test(a_packet_of_the_client_ends_the_silence_behind_attach_test),
		cmocka_unit_test(a_client_asks_in_order_test),
		cmocka_unit_test(a_client_checks_the_answer_test),
		cmocka_unit_test(a_client_checks_the_attach_test),
		cmocka_unit_test(a_client_falls_back_to_the_old_request_test),
		cmocka_unit_test(the_second_rst_after_a_fallback_counts_test),
		cmocka_unit_test(a_client_gives_up_after_its_time_test),
		cmocka_unit_test(a_detach_before_attach_resets_the_client_test),
		cmocka_unit_test(a_stranger_does_not_disturb_a_client_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
