/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that exist: how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_scene.h"

static uint8_t buffer[SCENE_SIZE];

/* An accepted connection, the silence behind ATTACH over. */
static int open_connected(struct scene *c, size_t side, bool old)
{
	int fd;

	scene_open(c, side);
	scene_listen(c, 0);
	fd = scene_hand_connects(c, old);
	socket_world_pass(&c->w, 10000);
	scene_hear_nothing(c);
	return fd;
}

static int64_t receive(struct scene *c, int fd, size_t len)
{
	return vmci_socket_recv(c->s, fd, buffer, len, 0);
}

/* ---- ends --------------------------------------------------------------------------------- */

static void a_peer_that_sends_no_more_is_read_to_the_end(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(scene_put(&c, "last", 4), 4);
	scene_say(&c, VMCI_STREAM_SHUTDOWN, 0, SCENE_PORT, 0);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLIN | VMCI_POLLOUT);
	scene_say(&c, VMCI_STREAM_SHUTDOWN, 0, SCENE_PORT, VMCI_STREAM_SHUT_SEND);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLIN | VMCI_POLLOUT | VMCI_POLLRDHUP);
	assert_int_equal(vmci_socket_recv(c.s, fd, buffer, 9, VMCI_MSG_PEEK), 4);
	assert_int_equal(receive(&c, fd, 9), 4);
	assert_int_equal(receive(&c, fd, 9), 0);
	assert_int_equal(vmci_socket_send(c.s, fd, "still", 5, 0), 5);
	assert_int_equal(scene_take(&c, buffer, 9), 5);
	scene_close(&c);
}

static void a_peer_that_receives_no_more_breaks_the_pipe(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	scene_say(&c, VMCI_STREAM_SHUTDOWN, 0, SCENE_PORT, VMCI_STREAM_SHUT_RECEIVE);
	assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), -VMCI_EPIPE);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	assert_int_equal(scene_put(&c, "yes", 3), 3);
	assert_int_equal(receive(&c, fd, 9), 3);
	assert_int_equal(receive(&c, fd, 9), -VMCI_EAGAIN);
	scene_close(&c);
}

static void a_shutdown_is_told_by_its_mode(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_WR), 0);
	assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, 2);
	assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), -VMCI_EPIPE);
	assert_int_equal(vmci_socket_poll(c.s, fd), 0);
	assert_int_equal(scene_put(&c, "yes", 3), 3);
	assert_int_equal(receive(&c, fd, 9), 3);
	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_RD), 0);
	assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, 1);
	assert_int_equal(receive(&c, fd, 9), 0);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLIN | VMCI_POLLRDHUP | VMCI_POLLHUP);
	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_RDWR), 0);
	assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, 3);
	assert_int_equal(vmci_socket_shutdown(c.s, c.listener, VMCI_SHUT_WR), -VMCI_ENOTCONN);
	scene_close(&c);
}

/* As Linux does when its peer receives no more. */
static void room_is_found_without_a_word(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);
	uint64_t wakes;

	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_RD), 0);
	scene_hear(&c, VMCI_STREAM_SHUTDOWN);
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, SCENE_SIZE, 0), SCENE_SIZE - 1);
	scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, 1, 0), -VMCI_EAGAIN);
	assert_int_equal(vmci_socket_poll(c.s, fd) & VMCI_POLLOUT, 0);
	socket_world_pass(&c.w, 1000000);
	wakes = c.w.end[c.own].wakes;
	assert_int_equal(scene_take(&c, buffer, 100), 100);
	socket_world_pass(&c.w, 100000);
	assert_true(c.w.end[c.own].wakes > wakes);
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, 200, 0), 100);
	/* Nothing waits for room: nothing is looked for. */
	assert_int_equal(scene_take(&c, buffer, SCENE_SIZE), SCENE_SIZE - 1);
	wakes = c.w.end[c.own].wakes;
	socket_world_pass(&c.w, 1000000);
	assert_int_equal(c.w.end[c.own].wakes, wakes);
	/* An owed notice does not wait for the look. */
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, SCENE_SIZE, 0), SCENE_SIZE - 1);
	scene_hear(&c, VMCI_STREAM_WROTE);
	scene_close(&c);
}

static void a_reset_is_a_clean_end(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(scene_put(&c, "rest", 4), 4);
	scene_say(&c, VMCI_STREAM_RST, 0, SCENE_PORT, 0);
	scene_hear_nothing(&c);
	assert_int_equal(vmci_socket_error(c.s, fd), 0);
	assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), -VMCI_EPIPE);
	assert_int_equal(receive(&c, fd, 9), 4);
	assert_int_equal(receive(&c, fd, 9), 0);
	/* Whatever comes afterwards is for nobody. */
	scene_say(&c, VMCI_STREAM_WROTE, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_close(&c);
}

static void what_a_peer_wrote_before_it_left_is_delivered(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	for (unsigned i = 0; i < SCENE_SIZE - 1; i++)
		buffer[i] = (uint8_t)(i * 7);
	assert_int_equal(scene_put(&c, buffer, SCENE_SIZE - 1), SCENE_SIZE - 1);
	assert_int_equal(receive(&c, fd, 100), 100);
	scene_hand_detaches(&c);
	memset(c.w.ram + SOCKET_RAM / 2, 0, SOCKET_RAM / 2); /* the guest's memory is the guest's */
	socket_world_settle(&c.w);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLIN | VMCI_POLLRDHUP | VMCI_POLLOUT);
	assert_int_equal(vmci_socket_ready(c.s, fd), SCENE_SIZE - 101);
	assert_int_equal(vmci_socket_recv(c.s, fd, buffer, 1, VMCI_MSG_PEEK), 1);
	for (unsigned i = 100; i < SCENE_SIZE - 1; i++) {
		assert_int_equal(receive(&c, fd, 1), 1);
		assert_int_equal(buffer[0], (uint8_t)(i * 7));
	}
	assert_int_equal(receive(&c, fd, 1), 0);
	assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), -VMCI_EPIPE);
	assert_int_equal(vmci_socket_close(c.s, fd), 0);
	scene_expect_count(&c, 1, 0);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void bytes_that_could_not_be_kept_are_an_error(size_t side)
{
	struct socket_world_options options = { .limits = { .lingering_bytes = 1000 } };
	struct scene c = { 0 };
	int fd;

	if (side)
		return;
	c.own = HOST;
	c.hand = GUEST;
	options.bare[GUEST] = true;
	assert_true(socket_world_open(&c.w, &options));
	c.s = c.w.end[HOST].s;
	scene_listen(&c, 0);
	fd = scene_hand_connects(&c, false);
	assert_int_equal(scene_put(&c, buffer, 1001), 1001);
	scene_hand_detaches(&c);
	assert_int_equal(receive(&c, fd, SCENE_SIZE), 1000);
	assert_int_equal(receive(&c, fd, SCENE_SIZE), -VMCI_ECONNRESET);
	assert_int_equal(receive(&c, fd, SCENE_SIZE), 0);
	scene_close(&c);
}

static unsigned detaches;

static void count_detach(void *arg, const uint8_t *payload, size_t len)
{
	(void)arg;
	(void)len;
	detaches += vmci_get32(payload) == VMCI_EVENT_QP_PEER_DETACH;
}

static void a_close_is_heard(size_t side)
{
	struct vmci_transport *t;
	struct scene c;
	int fd = open_connected(&c, side, false);

	detaches = 0;
	t = c.w.end[c.hand].t;
	assert_int_equal(t->events(t->ctx, count_detach, NULL), 0);
	assert_int_equal(vmci_socket_send(c.s, fd, "last", 4, 0), 4);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(vmci_socket_close(c.s, fd), 0);
	assert_int_equal(vmci_socket_close(c.s, fd), -VMCI_EBADF);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLERR | VMCI_POLLHUP);
	if (c.own == GUEST) {
		scene_hear_nothing(&c);
		assert_int_equal(detaches, 1);
		scene_expect_count(&c, 1, 0);
		scene_close(&c);
		return;
	}
	assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, 3);
	socket_world_pass(&c.w, 60000000);
	scene_say(&c, VMCI_STREAM_SHUTDOWN, 0, SCENE_PORT, 2);
	scene_say(&c, VMCI_STREAM_WROTE, 0, SCENE_PORT, 0);
	scene_hear_nothing(&c);
	assert_int_equal(detaches, 0);
	scene_expect_count(&c, 2, 1);
	assert_int_equal(scene_take(&c, buffer, 9), 4);
	/* The port may be used again before the old end is gone. */
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_expect_count(&c, 3, 1);
	scene_hand_detaches(&c);
	socket_world_pass(&c.w, 1000001);
	scene_expect_count(&c, 1, 0);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void a_listener_takes_its_children_along(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 9);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_hand_creates_pair(&c, SCENE_SIZE);
	scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c.handle));
	(void)scene_hear(&c, VMCI_STREAM_ATTACH);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7000, SCENE_PORT,
			  SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_expect_count(&c, 3, 1);
	assert_int_equal(vmci_socket_close(c.s, c.listener), 0);
	socket_world_pass(&c.w, 10000);
	if (c.own != GUEST)
		assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, 3);
	scene_hear_nothing(&c);
	scene_expect_count(&c, c.own == GUEST ? 0 : 1, c.own == GUEST ? 0 : 1);
	scene_hand_detaches(&c);
	socket_world_settle(&c.w);
	scene_expect_count(&c, 0, 0);
	scene_close(&c);
}

/* Write all ones over every index of the queue pair, as a guest can. */
static void damage(struct scene *c)
{
	unsigned headers = 0;

	for (uint8_t *page = c->w.ram; page < c->w.ram + SOCKET_RAM; page += 4096)
		if (c->w.used[(page - c->w.ram) / 4096] && vmci_get32(page) == c->handle.context &&
		    vmci_get32(page + 4) == c->handle.resource) {
			memset(page + VMCI_QUEUE_HEADER_PRODUCER_TAIL, 0xff, 16);
			headers++;
		}
	assert_int_equal(headers, 2);
}

static void a_damaged_queue_is_an_error_and_no_harm(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	damage(&c);
	assert_int_equal(vmci_socket_ready(c.s, fd), -VMCI_ENOMEM);
	assert_int_equal(receive(&c, fd, 9), -VMCI_ENOMEM);
	assert_int_equal(vmci_socket_room(c.s, fd), -VMCI_ENOMEM);
	assert_true(vmci_socket_poll(c.s, fd) & VMCI_POLLERR);
	scene_hand_detaches(&c);
	socket_world_settle(&c.w);
	assert_int_equal(receive(&c, fd, 9), 0);
	assert_int_equal(vmci_socket_close(c.s, fd), 0);
	scene_expect_count(&c, 1, 0);
	scene_close(&c);
}

/* ---- calls in every state ----------------------------------------------------------------- */

enum stage {
	FRESH,
	BOUND,
	LISTENING,
	CONNECTING,
	OFFERED,
	FAILED,
	CONNECTED,
	PEER_STOPPED, /* sends no more */
	PEER_DEAF,    /* receives no more */
	STOPPED,      /* both by this side */
	ENDED,
	STAGES
};

static int reach(struct scene *c, enum stage stage)
{
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, SCENE_PORT + 1 };
	int fd;

	c->client = vmci_socket(c->s, VMCI_SOCK_STREAM);
	fd = c->client;
	if (stage == BOUND || stage == LISTENING)
		assert_int_equal(vmci_socket_bind(c->s, fd, any), 0);
	if (stage == LISTENING)
		assert_int_equal(vmci_socket_listen(c->s, fd, 0), 0);
	if (stage <= LISTENING)
		return fd;
	if (stage < CONNECTED) {
		scene_connect(c);
		(void)scene_hear(c, VMCI_STREAM_REQUEST2);
		if (stage == OFFERED) {
			scene_say(c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(c), SCENE_SIZE);
			(void)scene_hear_offer(c);
		}
		if (stage == FAILED)
			scene_say(c, VMCI_STREAM_RST, 0, scene_client_port(c), 0);
		return fd;
	}
	scene_client_connects(c);
	if (stage == PEER_STOPPED || stage == PEER_DEAF)
		scene_say(c, VMCI_STREAM_SHUTDOWN, 0, scene_client_port(c),
			  stage == PEER_STOPPED ? VMCI_STREAM_SHUT_SEND : VMCI_STREAM_SHUT_RECEIVE);
	if (stage == STOPPED)
		assert_int_equal(vmci_socket_shutdown(c->s, fd, VMCI_SHUT_RDWR), 0);
	if (stage == ENDED)
		scene_hand_detaches(c);
	socket_world_settle(&c->w);
	return fd;
}

static void every_call_has_its_answer_in_every_state(size_t side)
{
	static const struct {
		unsigned poll;
		int send, recv, shutdown, listen, accept, connect;
	} want[STAGES] = {
		[FRESH] = { VMCI_POLLOUT, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_ENOTCONN,
			    -VMCI_EINVAL, -VMCI_EINVAL, -VMCI_EINPROGRESS },
		[BOUND] = { VMCI_POLLOUT, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_ENOTCONN, 0,
			    -VMCI_EAGAIN, -VMCI_EINVAL },
		[LISTENING] = { 0, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_ENOTCONN, 0, -VMCI_EAGAIN,
				-VMCI_EINVAL },
		[CONNECTING] = { 0, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_EINVAL,
				 -VMCI_EINVAL, -VMCI_EALREADY },
		[OFFERED] = { 0, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_ENOTCONN, -VMCI_EINVAL,
			      -VMCI_EINVAL, -VMCI_EALREADY },
		[FAILED] = { VMCI_POLLOUT | VMCI_POLLERR, -VMCI_ENOTCONN, -VMCI_ENOTCONN,
			     -VMCI_ENOTCONN, 0, -VMCI_EAGAIN, -VMCI_EINVAL },
		[CONNECTED] = { VMCI_POLLOUT, 1, -VMCI_EAGAIN, 0, -VMCI_EINVAL, -VMCI_EINVAL,
				-VMCI_EISCONN },
		[PEER_STOPPED] = { VMCI_POLLOUT | VMCI_POLLIN | VMCI_POLLRDHUP, 1, 0, 0,
				   -VMCI_EINVAL, -VMCI_EINVAL, -VMCI_EISCONN },
		[PEER_DEAF] = { VMCI_POLLOUT, -VMCI_EPIPE, -VMCI_EAGAIN, 0, -VMCI_EINVAL,
				-VMCI_EINVAL, -VMCI_EISCONN },
		[STOPPED] = { VMCI_POLLIN | VMCI_POLLRDHUP | VMCI_POLLHUP, -VMCI_EPIPE, 0, 0,
			      -VMCI_EINVAL, -VMCI_EINVAL, -VMCI_EISCONN },
		[ENDED] = { VMCI_POLLOUT | VMCI_POLLIN | VMCI_POLLRDHUP, -VMCI_EPIPE, 0, 0,
			    -VMCI_EINVAL, -VMCI_EINVAL, -VMCI_EISCONN },
	};

	for (enum stage stage = FRESH; stage < STAGES; stage++) {
		struct vmci_sockaddr to;
		struct scene c;
		int fd;

		scene_open(&c, side);
		to.cid = c.w.end[c.hand].cid;
		to.port = SCENE_HAND;
		fd = reach(&c, stage);
		assert_int_equal(vmci_socket_poll(c.s, fd), want[stage].poll);
		assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), want[stage].send);
		assert_int_equal(receive(&c, fd, 1), want[stage].recv);
		assert_int_equal(vmci_socket_listen(c.s, fd, 0), want[stage].listen);
		assert_int_equal(vmci_socket_accept(c.s, fd, NULL), want[stage].accept);
		assert_int_equal(vmci_socket_connect(c.s, fd, to), want[stage].connect);
		assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_WR), want[stage].shutdown);
		assert_int_equal(vmci_socket_close(c.s, fd), 0);
		if (c.pair)
			scene_hand_detaches(&c);
		socket_world_settle(&c.w);
		scene_expect_count(&c, 0, 0);
		scene_close(&c);
	}
}

/* ---- the machine below -------------------------------------------------------------------- */

static void a_reset_guest_leaves_clean_ends(void **state)
{
	struct socket_world w;
	struct vmci_sockets *h;
	uint32_t n, pairs;
	int c, s;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	h = w.end[HOST].s;
	assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
	assert_int_equal(vmci_socket_send(w.end[GUEST].s, c, "last", 4, 0), 4);
	socket_world_guest_resets(&w);
	assert_int_equal(vmci_socket_recv(h, s, buffer, 9, 0), 4);
	assert_int_equal(vmci_socket_recv(h, s, buffer, 9, 0), 0);
	/* The new driver uses the same ports. */
	vmci_socket_close(h, s);
	vmci_sockets_count(h, &n, &pairs);
	assert_int_equal(n + pairs, 0);
	assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
	assert_int_equal(vmci_socket_close(h, s), 0);
	socket_world_guest_resets(&w);
	vmci_sockets_count(h, &n, &pairs);
	assert_int_equal(n + pairs, 0);
	socket_world_close(&w);
}

static void a_resumed_machine_has_no_connections(void **state)
{
	struct socket_world w;
	struct vmci_sockets *g;
	int c, s;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
	assert_int_equal(vmci_device_resumed(w.dev), 0);
	socket_world_settle(&w);
	assert_int_equal(vmci_socket_recv(g, c, buffer, 9, 0), 0);
	assert_int_equal(vmci_socket_send(g, c, buffer, 9, 0), -VMCI_EPIPE);
	socket_world_close(&w);
}

static void a_new_id_does_not_end_connections(void **state)
{
	struct vmci_sockaddr old = { SOCKET_CID, VMCI_VMADDR_PORT_ANY }, name;
	struct vmci_sockaddr now = { 0x99, VMCI_VMADDR_PORT_ANY };
	struct socket_world w;
	struct vmci_sockets *g;
	int c, s, d;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
	assert_int_equal(vmci_device_set_cid(w.dev, 0x99), 0);
	socket_world_settle(&w);
	assert_int_equal(vmci_sockets_cid(g), 0x99);
	assert_int_equal(vmci_socket_send(g, c, "to", 2, 0), 2);
	socket_world_pass(&w, 10000);
	assert_int_equal(vmci_socket_recv(w.end[HOST].s, s, buffer, 9, 0), 2);
	assert_int_equal(vmci_socket_peer(w.end[HOST].s, s, &name), 0);
	assert_int_equal(name.cid, 0x99);
	assert_int_equal(vmci_socket_send(w.end[HOST].s, s, "fro", 3, 0), 3);
	socket_world_pass(&w, 10000);
	assert_int_equal(vmci_socket_recv(g, c, buffer, 9, 0), 3);
	assert_int_equal(vmci_socket_name(g, c, &name), 0);
	assert_int_equal(name.cid, 0x99);
	d = vmci_socket(g, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_bind(g, d, old), -VMCI_EADDRNOTAVAIL);
	assert_int_equal(vmci_socket_bind(g, d, now), 0);
	socket_world_close(&w);
}

static void a_thousand_connections_live_side_by_side(void **state)
{
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, 5000 }, to = { 2, 5000 };
	struct vmci_sockets *g, *h;
	static int client[1000], server[1000];
	struct socket_world w;
	uint32_t n, pairs;
	int l;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	h = w.end[HOST].s;
	l = vmci_socket(h, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_bind(h, l, any), 0);
	assert_int_equal(vmci_socket_listen(h, l, 10000), 0);
	for (int i = 0; i < 1000; i++) {
		client[i] = vmci_socket(g, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_setopt(g, client[i], 0, 128), 0);
		assert_int_equal(vmci_socket_connect(g, client[i], to), -VMCI_EINPROGRESS);
		if (i % 100 == 99)
			socket_world_settle(&w);
	}
	socket_world_pass(&w, 10000);
	for (int i = 0; i < 1000; i++) {
		server[i] = vmci_socket_accept(h, l, NULL);
		assert_true(server[i] >= 0);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(vmci_socket_send(g, client[i], &i, sizeof(i), 0), sizeof(i));
	socket_world_settle(&w);
	for (int i = 0; i < 1000; i++) {
		int got;

		assert_int_equal(vmci_socket_recv(h, server[i], &got, sizeof(got), 0), sizeof(got));
		assert_int_equal(got, i);
	}
	vmci_sockets_count(h, &n, &pairs);
	assert_int_equal(n, 1001);
	assert_int_equal(pairs, 1000);
	socket_world_close(&w);
}

SCENE_ON_ALL_SIDES(a_peer_that_sends_no_more_is_read_to_the_end)
SCENE_ON_ALL_SIDES(a_peer_that_receives_no_more_breaks_the_pipe)
SCENE_ON_ALL_SIDES(a_shutdown_is_told_by_its_mode)
SCENE_ON_ALL_SIDES(room_is_found_without_a_word)
SCENE_ON_ALL_SIDES(a_reset_is_a_clean_end)
SCENE_ON_ALL_SIDES(what_a_peer_wrote_before_it_left_is_delivered)
SCENE_ON_ALL_SIDES(bytes_that_could_not_be_kept_are_an_error)
SCENE_ON_ALL_SIDES(a_close_is_heard)
SCENE_ON_ALL_SIDES(a_listener_takes_its_children_along)
SCENE_ON_ALL_SIDES(a_damaged_queue_is_an_error_and_no_harm)
SCENE_ON_ALL_SIDES(every_call_has_its_answer_in_every_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_sends_no_more_is_read_to_the_end_test),
		cmocka_unit_test(a_peer_that_receives_no_more_breaks_the_pipe_test),
		cmocka_unit_test(a_shutdown_is_told_by_its_mode_test),
		cmocka_unit_test(room_is_found_without_a_word_test),
		cmocka_unit_test(a_reset_is_a_clean_end_test),
		cmocka_unit_test(what_a_peer_wrote_before_it_left_is_delivered_test),
		cmocka_unit_test(bytes_that_could_not_be_kept_are_an_error_test),
		cmocka_unit_test(a_close_is_heard_test),
		cmocka_unit_test(a_listener_takes_its_children_along_test),
		cmocka_unit_test(a_damaged_queue_is_an_error_and_no_harm_test),
		cmocka_unit_test(every_call_has_its_answer_in_every_state_test),
		cmocka_unit_test(a_reset_guest_leaves_clean_ends),
		cmocka_unit_test(a_resumed_machine_has_no_connections),
		cmocka_unit_test(a_new_id_does_not_end_connections),
		cmocka_unit_test(a_thousand_connections_live_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
