/* SPDX-License-Identifier: BSD-2-Clause */
/* Every step of a handshake, at a server. Each test runs between guest and host and between guest
 * and hypervisor, with the sockets on either side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_scene.h"

/* ---- servers ------------------------------------------------------------------------------ */

static void a_server_answers_in_order(size_t side)
{
	struct vmci_sockaddr peer;
	struct scene c;
	const struct seen *p;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 0);
	assert_int_equal(vmci_socket_accept(c.s, c.listener, NULL), -VMCI_EAGAIN);
	assert_int_equal(scene_say(&c, VMCI_STREAM_REQUEST2, 0xffff, SCENE_PORT, 4096), 56);
	p = scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	assert_int_equal(p->proto, 1);
	assert_int_equal(p->value, 4096);
	assert_int_equal(p->src_port, SCENE_PORT);
	assert_int_equal(p->dst_port, SCENE_HAND);
	assert_int_equal(vmci_socket_poll(c.s, c.listener), 0);
	scene_hand_creates_pair(&c, 4096);
	scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c.handle));
	p = scene_hear(&c, VMCI_STREAM_ATTACH);
	assert_int_equal(p->value, scene_value(c.handle));
	assert_int_equal(vmci_socket_poll(c.s, c.listener), VMCI_POLLIN);
	fd = vmci_socket_accept(c.s, c.listener, &peer);
	assert_true(fd >= 0);
	assert_int_equal(peer.cid, c.w.end[c.hand].cid);
	assert_int_equal(peer.port, SCENE_HAND);
	scene_expect_count(&c, 2, 1);
	assert_int_equal(vmci_socket_room(c.s, fd), 4095);
	scene_close(&c);
}

static void nobody_answers_with_rst(size_t side)
{
	struct scene c;
	const struct seen *p;

	scene_open(&c, side);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		assert_int_equal(scene_say(&c, type, 0, 999, 1), 56);
		if (type == VMCI_STREAM_RST) {
			scene_hear_nothing(&c);
			continue;
		}
		p = scene_hear(&c, VMCI_STREAM_RST);
		assert_int_equal(p->src_port, 999);
		assert_int_equal(p->dst_port, SCENE_HAND);
		assert_int_equal(p->value, 0);
		scene_hear_nothing(&c);
	}
	scene_close(&c);
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

	scene_open(&c, side);
	scene_listen(&c, 0);
	vmci_put16(body + 2, 1);
	vmci_put32(body + 4, SCENE_HAND);
	vmci_put32(body + 8, SCENE_PORT);
	vmci_put64(body + 16, SCENE_SIZE);
	to = vmci_handle(c.w.end[c.own].cid, c.own == HYPERVISOR ? 15 : 1);
	/* A guest cannot tell its host what it thinks of a datagram. */
	refused = c.own == GUEST ? 55 : VMCI_ERROR_INVALID_ARGS;
	assert_int_equal(socket_world_send_raw(&c.w, c.hand, to, body, 31), refused);
	scene_hear_nothing(&c);
	t = c.w.end[c.hand].t;
	assert_int_equal(t->endpoint(t->ctx, 77, 0, true, to_nobody, NULL), 77);
	refused = c.own == GUEST ? 56 : VMCI_ERROR_NO_ACCESS;
	assert_int_equal(t->send(t->ctx, to, 77, body, 32), refused);
	scene_hear_nothing(&c);
	scene_expect_count(&c, 1, 0);
	assert_int_equal(socket_world_send_raw(&c.w, c.hand, to, body, 32), 56);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	(void)t->endpoint_close(t->ctx, 77);
	scene_close(&c);
}

static void an_unknown_type_is_answered_with_invalid(size_t side)
{
	struct scene c;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 0);
	assert_int_equal(scene_say(&c, 13, 0, SCENE_PORT, 0), 56);
	(void)scene_hear(&c, VMCI_STREAM_INVALID);
	fd = scene_hand_connects(&c, false);
	scene_say(&c, 255, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_INVALID);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	scene_close(&c);
}

static void a_listener_refuses_what_is_no_request(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 0);
	for (uint8_t type = 0; type <= VMCI_STREAM_WAITING_READ; type++) {
		if (type == VMCI_STREAM_REQUEST)
			continue;
		scene_say(&c, type, 0, SCENE_PORT, 1);
		if (type != VMCI_STREAM_RST)
			(void)scene_hear(&c, VMCI_STREAM_RST);
		scene_hear_nothing(&c);
	}
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_say(&c, VMCI_STREAM_REQUEST, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_say(&c, VMCI_STREAM_REQUEST2, 0xfffe, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_expect_count(&c, 1, 0);
	scene_close(&c);
}

static void a_size_outside_the_limits_becomes_the_listeners(size_t side)
{
	static const struct {
		uint64_t proposed, agreed;
	} rows[] = { { 127, SCENE_SIZE },	 { 128, 128 },
		     { 262144, 262144 },	 { 262145, SCENE_SIZE },
		     { UINT64_MAX, SCENE_SIZE }, { 1, SCENE_SIZE } };
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1,
						   7000 + (uint32_t)i, SCENE_PORT,
						   rows[i].proposed),
				 56);
		assert_int_equal(scene_hear(&c, VMCI_STREAM_NEGOTIATE2)->value, rows[i].agreed);
	}
	scene_close(&c);
}

static void the_old_request_gets_the_old_answer(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 0);
	scene_say(&c, VMCI_STREAM_REQUEST, 0, SCENE_PORT, SCENE_SIZE);
	assert_int_equal(scene_hear(&c, VMCI_STREAM_NEGOTIATE)->proto, 0);
	scene_close(&c);
}

static void a_pending_child_lives_for_a_second(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 0);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	socket_world_pass(&c.w, 999000);
	scene_expect_count(&c, 2, 0);
	socket_world_pass(&c.w, 2000);
	scene_expect_count(&c, 1, 0);
	scene_hear_nothing(&c);
	scene_hand_creates_pair(&c, SCENE_SIZE);
	scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c.handle));
	(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_close(&c);
}

static void a_pending_child_takes_only_an_offer(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 0);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		if (type == VMCI_STREAM_OFFER)
			continue;
		scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
		(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
		scene_say(&c, type, 1, SCENE_PORT, SCENE_SIZE);
		if (type != VMCI_STREAM_RST)
			(void)scene_hear(&c, VMCI_STREAM_RST);
		scene_hear_nothing(&c);
		scene_expect_count(&c, 1, 0);
	}
	scene_close(&c);
}

static void an_offer_must_name_a_pair_of_its_sender(size_t side)
{
	uint64_t bad[4];
	struct scene c;

	scene_open(&c, side);
	scene_listen(&c, 0);
	bad[0] = scene_value(vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	bad[1] = scene_value(vmci_handle(c.w.end[c.hand].cid, VMCI_INVALID_ID));
	bad[2] = scene_value(vmci_handle(c.w.end[c.own].cid, 5000));
	bad[3] = scene_value(vmci_handle(c.w.end[c.hand].cid, 5000)); /* no such pair */
	for (size_t i = 0; i < 4; i++) {
		scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
		(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
		scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, bad[i]);
		(void)scene_hear(&c, VMCI_STREAM_RST);
		scene_expect_count(&c, 1, 0);
	}
	/* Of another size than agreed. */
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_hand_creates_pair(&c, SCENE_SIZE / 2);
	scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c.handle));
	if (c.own != GUEST)
		(void)scene_hear(&c, VMCI_STREAM_RST);
	scene_close(&c);
}

/* A machine cannot have the host join a pair of another machine. */
static void an_offer_of_a_third_party_is_refused(void **state)
{
	static uint64_t memory[4 * 512];
	void *produce[1] = { memory + 1024 }, *consume[1] = { memory + 1536 };
	struct vmci_pair_memory given = { memory, memory + 512, produce, consume, 12 };
	struct vmci_context *other;
	struct vmci_pair_end *end;
	struct scene c;

	(void)state;
	scene_open(&c, 0);
	scene_listen(&c, 0);
	assert_int_equal(vmci_context_create(c.w.hub, 0x300, 0, &other), 0);
	assert_int_equal(vmci_context_pair(other, vmci_handle(0x300, 0x800), 2, 0, 0, 4096, 4096,
					   &given, NULL, &end),
			 0);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, 4096);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_say(&c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(vmci_handle(0x300, 0x800)));
	(void)scene_hear(&c, VMCI_STREAM_RST);
	assert_int_equal(vmci_pair_state(end), VMCI_QPB_CREATED_MEM);
	assert_int_equal(vmci_pair_detach(end), 0);
	vmci_context_destroy(other);
	scene_close(&c);
}

static void a_backlog_of_n_admits_one_more(size_t side)
{
	struct scene c;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 2);
	fd = -1;
	for (uint32_t i = 0; i < 3; i++) {
		socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7000 + i,
				  SCENE_PORT, SCENE_SIZE);
		(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	}
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, SCENE_PORT,
			  SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	/* One of them goes on, and waits to be accepted: still full. */
	scene_hand_creates_pair(&c, SCENE_SIZE);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_OFFER, 0, 7001, SCENE_PORT,
			  scene_value(c.handle));
	(void)scene_hear(&c, VMCI_STREAM_ATTACH);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, SCENE_PORT,
			  SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	fd = vmci_socket_accept(c.s, c.listener, NULL);
	assert_true(fd >= 0);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_REQUEST2, 1, 7003, SCENE_PORT,
			  SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_close(&c);
}

static void a_connected_socket_ignores_handshake_packets(size_t side)
{
	static const uint8_t strays[] = { VMCI_STREAM_INVALID,	 VMCI_STREAM_REQUEST,
					  VMCI_STREAM_NEGOTIATE, VMCI_STREAM_OFFER,
					  VMCI_STREAM_ATTACH,	 VMCI_STREAM_REQUEST2,
					  VMCI_STREAM_NEGOTIATE2 };
	struct scene c;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 0);
	fd = scene_hand_connects(&c, false);
	for (size_t i = 0; i < sizeof(strays); i++) {
		scene_say(&c, strays[i], 1, SCENE_PORT, SCENE_SIZE);
		scene_hear_nothing(&c);
		assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	}
	/* Somebody else is not heard at all. */
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_SHUTDOWN, 0, 7777, SCENE_PORT, 3);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	socket_world_send(&c.w, c.hand, c.own, VMCI_STREAM_RST, 0, 7777, SCENE_PORT, 0);
	assert_int_equal(vmci_socket_poll(c.s, fd), VMCI_POLLOUT);
	scene_close(&c);
}

static void attach_arrives_alone(size_t side)
{
	struct scene c;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 0);
	fd = scene_hand_connects(&c, false);
	assert_int_equal(vmci_socket_send(c.s, fd, "early", 5, 0), 5);
	assert_int_equal(vmci_socket_shutdown(c.s, fd, VMCI_SHUT_WR), 0);
	socket_world_pass(&c.w, VMCI_SOCKETS_ATTACH_ALONE_US - 1);
	scene_hear_nothing(&c);
	socket_world_pass(&c.w, 600);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	assert_int_equal(scene_hear(&c, VMCI_STREAM_SHUTDOWN)->value, VMCI_STREAM_SHUT_SEND);
	scene_close(&c);
}

static void a_packet_of_the_client_ends_the_silence_behind_attach(size_t side)
{
	struct scene c;
	int fd;

	scene_open(&c, side);
	scene_listen(&c, 0);
	fd = scene_hand_connects(&c, false);
	assert_int_equal(vmci_socket_send(c.s, fd, "early", 5, 0), 5);
	scene_hear_nothing(&c);
	scene_say(&c, VMCI_STREAM_READ, 0, SCENE_PORT, 0);
	(void)scene_hear(&c, VMCI_STREAM_WROTE);
	scene_close(&c);
}

/* ---- an owner that wants streams without listening ----------------------------------------- */

static struct {
	bool yes;
	unsigned asked;
	int fd;
	struct vmci_sockaddr local, peer;
} owner;

static bool wanted(void *ctx, int fd, struct vmci_sockaddr local, struct vmci_sockaddr peer)
{
	(void)ctx;
	owner.asked++;
	owner.fd = fd;
	owner.local = local;
	owner.peer = peer;
	return owner.yes;
}

static void a_child_is_pending_as_long_as_the_limits_say(size_t side)
{
	struct scene c;

	scene_open_limited(&c, side, (struct vmci_socket_limits){ .pending_us = 3000000 });
	scene_listen(&c, 1);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, SCENE_SIZE);
	scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	socket_world_pass(&c.w, 2999999);
	scene_expect_count(&c, 2, 0);
	socket_world_pass(&c.w, 1);
	scene_expect_count(&c, 1, 0);
	scene_close(&c);
}

static void owned_scene(struct scene *c, size_t side, bool yes)
{
	scene_open(c, side);
	memset(&owner, 0, sizeof(owner));
	owner.yes = yes;
	c->w.end[c->own].port.wanted = wanted;
}

static void an_owner_takes_a_stream_that_nobody_listens_for(size_t side)
{
	struct scene c;

	owned_scene(&c, side, true);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 777, SCENE_SIZE);
	assert_int_equal(owner.asked, 1);
	assert_int_equal(owner.local.port, 777);
	assert_int_equal(owner.local.cid, c.w.end[c.own].cid);
	assert_int_equal(owner.peer.port, SCENE_HAND);
	assert_int_equal(owner.peer.cid, c.w.end[c.hand].cid);
	scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	assert_int_equal(vmci_socket_poll(c.s, owner.fd) & VMCI_POLLOUT, 0);
	scene_hand_creates_pair(&c, SCENE_SIZE);
	scene_say(&c, VMCI_STREAM_OFFER, 0, 777, scene_value(c.handle));
	scene_hear(&c, VMCI_STREAM_ATTACH);
	assert_int_equal(vmci_socket_poll(c.s, owner.fd), VMCI_POLLOUT);
	assert_int_equal(vmci_socket_error(c.s, owner.fd), 0);
	assert_int_equal(vmci_socket_room(c.s, owner.fd), SCENE_SIZE - 1);
	scene_close(&c);
}

static void an_owner_refuses_or_is_not_asked(size_t side)
{
	struct scene c;

	owned_scene(&c, side, false);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 777, SCENE_SIZE);
	assert_int_equal(owner.asked, 1);
	scene_hear(&c, VMCI_STREAM_RST);
	assert_int_equal(vmci_socket_close(c.s, owner.fd), -VMCI_EBADF);
	scene_expect_count(&c, 0, 0);
	/* What nobody could answer, and what is no request. */
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 777, 0);
	scene_hear(&c, VMCI_STREAM_RST);
	scene_say(&c, VMCI_STREAM_REQUEST2, 2, 777, SCENE_SIZE);
	scene_hear(&c, VMCI_STREAM_RST);
	scene_say(&c, VMCI_STREAM_OFFER, 0, 777, 1);
	scene_hear(&c, VMCI_STREAM_RST);
	assert_int_equal(owner.asked, 1);
	scene_close(&c);
}

static void an_owner_hears_when_it_comes_to_nothing(size_t side)
{
	struct scene c;

	owned_scene(&c, side, true);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 777, SCENE_SIZE);
	scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	socket_world_pass(&c.w, VMCI_SOCKETS_PENDING_TIMEOUT_US);
	assert_true(vmci_socket_poll(c.s, owner.fd) & VMCI_POLLERR);
	assert_int_equal(vmci_socket_error(c.s, owner.fd), VMCI_ETIMEDOUT);
	assert_int_equal(vmci_socket_close(c.s, owner.fd), 0);
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 778, SCENE_SIZE);
	scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	scene_say(&c, VMCI_STREAM_WROTE, 0, 778, 0);
	scene_hear(&c, VMCI_STREAM_RST);
	assert_int_equal(vmci_socket_error(c.s, owner.fd), VMCI_EPROTO);
	assert_int_equal(vmci_socket_close(c.s, owner.fd), 0);
	scene_expect_count(&c, 0, 0);
	/* The owner lets go before the end of the handshake. */
	scene_say(&c, VMCI_STREAM_REQUEST2, 1, 779, SCENE_SIZE);
	scene_hear(&c, VMCI_STREAM_NEGOTIATE2);
	assert_int_equal(vmci_socket_close(c.s, owner.fd), 0);
	scene_expect_count(&c, 0, 0);
	scene_hand_creates_pair(&c, SCENE_SIZE);
	scene_say(&c, VMCI_STREAM_OFFER, 0, 779, scene_value(c.handle));
	scene_hear(&c, VMCI_STREAM_RST);
	scene_close(&c);
}

SCENE_ON_ALL_SIDES(a_server_answers_in_order)
SCENE_ON_ALL_SIDES(nobody_answers_with_rst)
SCENE_ON_ALL_SIDES(malformed_packets_change_nothing)
SCENE_ON_ALL_SIDES(an_unknown_type_is_answered_with_invalid)
SCENE_ON_ALL_SIDES(a_listener_refuses_what_is_no_request)
SCENE_ON_ALL_SIDES(a_size_outside_the_limits_becomes_the_listeners)
SCENE_ON_ALL_SIDES(the_old_request_gets_the_old_answer)
SCENE_ON_ALL_SIDES(a_pending_child_lives_for_a_second)
SCENE_ON_ALL_SIDES(a_pending_child_takes_only_an_offer)
SCENE_ON_ALL_SIDES(an_offer_must_name_a_pair_of_its_sender)
SCENE_ON_ALL_SIDES(a_backlog_of_n_admits_one_more)
SCENE_ON_ALL_SIDES(a_connected_socket_ignores_handshake_packets)
SCENE_ON_ALL_SIDES(attach_arrives_alone)
SCENE_ON_ALL_SIDES(a_packet_of_the_client_ends_the_silence_behind_attach)
SCENE_ON_ALL_SIDES(a_child_is_pending_as_long_as_the_limits_say)
SCENE_ON_ALL_SIDES(an_owner_takes_a_stream_that_nobody_listens_for)
SCENE_ON_ALL_SIDES(an_owner_refuses_or_is_not_asked)
SCENE_ON_ALL_SIDES(an_owner_hears_when_it_comes_to_nothing)

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
		cmocka_unit_test(an_offer_of_a_third_party_is_refused),
		cmocka_unit_test(a_backlog_of_n_admits_one_more_test),
		cmocka_unit_test(a_connected_socket_ignores_handshake_packets_test),
		cmocka_unit_test(attach_arrives_alone_test),
		cmocka_unit_test(a_packet_of_the_client_ends_the_silence_behind_attach_test),
		cmocka_unit_test(a_child_is_pending_as_long_as_the_limits_say_test),
		cmocka_unit_test(an_owner_takes_a_stream_that_nobody_listens_for_test),
		cmocka_unit_test(an_owner_refuses_or_is_not_asked_test),
		cmocka_unit_test(an_owner_hears_when_it_comes_to_nothing_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
