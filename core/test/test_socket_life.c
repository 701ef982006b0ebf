/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that exist: who is told what, and how they end. */
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

/* ---- notices ------------------------------------------------------------------------------ */

static void a_writer_tells_of_an_empty_queue_only(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(vmci_socket_send(c.s, fd, "a", 1, 0), 1);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(vmci_socket_send(c.s, fd, "bc", 2, 0), 2);
	scene_hear_nothing(&c);
	assert_int_equal(scene_take(&c, buffer, 2), 2);
	assert_int_equal(vmci_socket_send(c.s, fd, "d", 1, 0), 1);
	scene_hear_nothing(&c);
	assert_int_equal(scene_take(&c, buffer, 9), 2);
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, SCENE_SIZE, 0), SCENE_SIZE - 1);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(vmci_socket_send(c.s, fd, "e", 1, 0), -VMCI_EAGAIN);
	assert_int_equal(vmci_socket_poll(c.s, fd), 0);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void a_reader_tells_of_room_after_a_full_queue(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(scene_put(&c, buffer, SCENE_SIZE - 2), SCENE_SIZE - 2);
	assert_int_equal(receive(&c, fd, SCENE_SIZE - 2), SCENE_SIZE - 2);
	scene_hear_nothing(&c);
	assert_int_equal(scene_put(&c, buffer, SCENE_SIZE), SCENE_SIZE - 1);
	/* The window has shrunk by one page: half of the queue has to be free. */
	assert_int_equal(receive(&c, fd, 4096), 4096);
	scene_hear_nothing(&c);
	assert_int_equal(receive(&c, fd, 1), 1);
	(void)scene_hear(&c, VMCI_STREAM_READ);
	assert_int_equal(receive(&c, fd, SCENE_SIZE), SCENE_SIZE - 1 - 4097);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void waiting_is_no_matter_of_the_new_protocol(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	assert_int_equal(vmci_socket_send(c.s, fd, "a", 1, 0), 1);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	scene_say(&c, VMCI_STREAM_WAITING_READ, 0, SCENE_PORT, 0);
	scene_say(&c, VMCI_STREAM_WAITING_WRITE, 0, SCENE_PORT, 0);
	scene_hear_nothing(&c);
	assert_int_equal(receive(&c, fd, 1), -VMCI_EAGAIN);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void notices_without_reason_are_not_answered(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	for (int i = 0; i < 100; i++) {
		scene_say(&c, VMCI_STREAM_WROTE, 0, SCENE_PORT, 0);
		scene_say(&c, VMCI_STREAM_READ, 0, SCENE_PORT, 0);
	}
	scene_hear_nothing(&c);
	assert_int_equal(scene_put(&c, "abc", 3), 3);
	assert_int_equal(receive(&c, fd, 9), 3);
	assert_memory_equal(buffer, "abc", 3);
	scene_close(&c);
}

static void the_old_protocol_asks_and_answers(size_t side)
{
	const struct seen *p;
	struct scene c;
	int fd = open_connected(&c, side, true);

	/* Told each time, because a Linux reader may not ask. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vmci_socket_send(c.s, fd, "a", 1, 0), 1);
		(void)scene_hear(&c, VMCI_STREAM_WROTE);
	}
	scene_say(&c, VMCI_STREAM_WAITING_READ, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(scene_take(&c, buffer, 9), 3);
	scene_say(&c, VMCI_STREAM_WAITING_READ, 0, SCENE_PORT, 0);
	scene_hear_nothing(&c);

	scene_say(&c, VMCI_STREAM_WAITING_WRITE, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_READ);
	assert_int_equal(scene_put(&c, buffer, SCENE_SIZE), SCENE_SIZE - 1);
	scene_say(&c, VMCI_STREAM_WAITING_WRITE, 0, SCENE_PORT, 0);
	scene_hear_nothing(&c);
	assert_int_equal(receive(&c, fd, 4096), 4096);
	scene_hear_nothing(&c);
	assert_int_equal(receive(&c, fd, 1), 1);
	(void)scene_hear(&c, VMCI_STREAM_READ);
	assert_int_equal(receive(&c, fd, SCENE_SIZE), SCENE_SIZE - 1 - 4097);

	/* Who finds nothing, or no room, says where it waits. */
	assert_int_equal(receive(&c, fd, 1), -VMCI_EAGAIN);
	p = scene_hear(&c, VMCI_STREAM_WAITING_READ);
	assert_int_equal(p->value, 1); /* the queue's last byte is the next: one round later */
	assert_int_equal(p->offset, 0);
	(void)vmci_socket_poll(c.s, fd);
	scene_hear_nothing(&c);
	scene_say(&c, VMCI_STREAM_WROTE, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_WAITING_READ); /* polled when it was woken */
	assert_int_equal(vmci_socket_send(c.s, fd, buffer, SCENE_SIZE, 0), SCENE_SIZE - 1);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(vmci_socket_send(c.s, fd, "x", 1, 0), -VMCI_EAGAIN);
	(void)scene_hear(&c, VMCI_STREAM_WAITING_WRITE);
	scene_close(&c);
}

static void a_full_queue_of_datagrams_delays_a_notice_only(size_t side)
{
	struct scene c;
	int fd = open_connected(&c, side, false);

	if (c.own == GUEST) { /* its peer takes every datagram at once */
		scene_close(&c);
		return;
	}
	while (vmci_context_send(c.w.host, vmci_handle(SOCKET_CID, 7), vmci_handle(2, 7), buffer,
				 SCENE_SIZE) > 0)
		;
	while (vmci_context_send(c.w.host, vmci_handle(SOCKET_CID, 7), vmci_handle(2, 7), buffer,
				 1) > 0)
		;
	assert_int_equal(vmci_socket_send(c.s, fd, "a", 1, 0), 1);
	c.w.messages = 0; /* the guest sleeps */
	socket_world_pass(&c.w, 1000000);
	while (vmci_guest_pump(c.w.g) > 0)
		;
	scene_hear_nothing(&c);
	socket_world_pass(&c.w, 64000);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	scene_close(&c);
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

SCENE_ON_ALL_SIDES(a_writer_tells_of_an_empty_queue_only)
SCENE_ON_ALL_SIDES(a_reader_tells_of_room_after_a_full_queue)
SCENE_ON_ALL_SIDES(waiting_is_no_matter_of_the_new_protocol)
SCENE_ON_ALL_SIDES(notices_without_reason_are_not_answered)
SCENE_ON_ALL_SIDES(the_old_protocol_asks_and_answers)
SCENE_ON_ALL_SIDES(a_full_queue_of_datagrams_delays_a_notice_only)
SCENE_ON_ALL_SIDES(a_peer_that_sends_no_more_is_read_to_the_end)
SCENE_ON_ALL_SIDES(a_peer_that_receives_no_more_breaks_the_pipe)
SCENE_ON_ALL_SIDES(a_shutdown_is_told_by_its_mode)
SCENE_ON_ALL_SIDES(a_reset_is_a_clean_end)
SCENE_ON_ALL_SIDES(what_a_peer_wrote_before_it_left_is_delivered)
SCENE_ON_ALL_SIDES(bytes_that_could_not_be_kept_are_an_error)
SCENE_ON_ALL_SIDES(a_close_is_heard)
SCENE_ON_ALL_SIDES(a_listener_takes_its_children_along)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_tells_of_an_empty_queue_only_test),
		cmocka_unit_test(a_reader_tells_of_room_after_a_full_queue_test),
		cmocka_unit_test(waiting_is_no_matter_of_the_new_protocol_test),
		cmocka_unit_test(notices_without_reason_are_not_answered_test),
		cmocka_unit_test(the_old_protocol_asks_and_answers_test),
		cmocka_unit_test(a_full_queue_of_datagrams_delays_a_notice_only_test),
		cmocka_unit_test(a_peer_that_sends_no_more_is_read_to_the_end_test),
		cmocka_unit_test(a_peer_that_receives_no_more_breaks_the_pipe_test),
		cmocka_unit_test(a_shutdown_is_told_by_its_mode_test),
		cmocka_unit_test(a_reset_is_a_clean_end_test),
		cmocka_unit_test(what_a_peer_wrote_before_it_left_is_delivered_test),
		cmocka_unit_test(bytes_that_could_not_be_kept_are_an_error_test),
		cmocka_unit_test(a_close_is_heard_test),
		cmocka_unit_test(a_listener_takes_its_children_along_test),
		cmocka_unit_test(a_reset_guest_leaves_clean_ends),
		cmocka_unit_test(a_resumed_machine_has_no_connections),
		cmocka_unit_test(a_new_id_does_not_end_connections),
		cmocka_unit_test(a_thousand_connections_live_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
