/* SPDX-License-Identifier: BSD-2-Clause */
/* Every step of a handshake, at a client. Each test runs between guest and host and between guest
 * and hypervisor, with the sockets on either side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_scene.h"

/* ---- clients ------------------------------------------------------------------------------ */

static void expect_failed(struct scene *c, int error)
{
	assert_int_equal(vmci_socket_poll(c->s, c->client), VMCI_POLLOUT | VMCI_POLLERR);
	assert_int_equal(vmci_socket_error(c->s, c->client), error);
	assert_int_equal(vmci_socket_error(c->s, c->client), 0);
	scene_expect_count(c, 1, 0);
}

static void a_client_asks_in_order(size_t side)
{
	const struct seen *p;
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	p = scene_hear(&c, VMCI_STREAM_REQUEST2);
	assert_int_equal(p->proto, 1);
	assert_int_equal(p->value, VMCI_SOCKETS_BUFFER_SIZE);
	assert_int_equal(p->dst_port, SCENE_HAND);
	assert_int_equal(p->src_port, scene_client_port(&c));
	assert_true(p->src_port >= 1024 && p->src_port != VMCI_VMADDR_PORT_ANY);
	scene_hear_nothing(&c);
	scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
	p = scene_hear_offer(&c);
	assert_int_equal(c.handle.context, c.w.end[c.own].cid);
	assert_int_equal(p->proto, 0);
	scene_hand_attaches(&c, SCENE_SIZE);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	scene_say(&c, VMCI_STREAM_ATTACH, 0, scene_client_port(&c), scene_value(c.handle));
	scene_hear_nothing(&c);
	assert_int_equal(vmci_socket_poll(c.s, c.client), VMCI_POLLOUT);
	assert_int_equal(vmci_socket_room(c.s, c.client), SCENE_SIZE - 1);
	scene_close(&c);
}

/* Answer a request once and see what becomes of it; then the socket may try again. */
static void fails_at_once(struct scene *c, uint8_t type, uint16_t proto, uint64_t value, int error)
{
	scene_connect(c);
	(void)scene_hear(c, VMCI_STREAM_REQUEST2);
	scene_say(c, type, proto, scene_client_port(c), value);
	if (type != VMCI_STREAM_RST)
		(void)scene_hear(c, VMCI_STREAM_RST);
	scene_hear_nothing(c);
	expect_failed(c, error);
}

static void a_client_checks_the_answer(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	fails_at_once(&c, VMCI_STREAM_RST, 0, 0, VMCI_ECONNRESET);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 127, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, 262145, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 1, UINT64_MAX, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 0, SCENE_SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 2, SCENE_SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_NEGOTIATE2, 3, SCENE_SIZE, VMCI_EINVAL);
	fails_at_once(&c, VMCI_STREAM_ATTACH, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_WROTE, 0, 0, VMCI_EPROTO);
	fails_at_once(&c, VMCI_STREAM_SHUTDOWN, 0, 3, VMCI_EPROTO);
	scene_client_connects(&c);
	scene_close(&c);
}

static void a_client_checks_the_attach(size_t side)
{
	static const uint8_t others[] = { VMCI_STREAM_NEGOTIATE2, VMCI_STREAM_WROTE,
					  VMCI_STREAM_OFFER, VMCI_STREAM_ATTACH };
	struct scene c;

	scene_open(&c, side);
	for (size_t i = 0; i < sizeof(others); i++) {
		scene_connect(&c);
		(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
		scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
		(void)scene_hear_offer(&c);
		c.handle.resource++;
		scene_say(&c, others[i], 1, scene_client_port(&c), scene_value(c.handle));
		(void)scene_hear(&c, VMCI_STREAM_RST);
		scene_hear_nothing(&c);
		expect_failed(&c, VMCI_EPROTO);
	}
	scene_client_connects(&c);
	scene_close(&c);
}

static void a_client_falls_back_to_the_old_request(size_t side)
{
	const struct seen *p;
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	scene_say(&c, VMCI_STREAM_INVALID, 0, scene_client_port(&c), 0);
	p = scene_hear(&c, VMCI_STREAM_REQUEST);
	assert_int_equal(p->proto, 0);
	assert_int_equal(p->value, VMCI_SOCKETS_BUFFER_SIZE);
	scene_say(&c, VMCI_STREAM_INVALID, 0, scene_client_port(&c), 0);
	scene_hear_nothing(&c);
	scene_say(&c, VMCI_STREAM_RST, 0, scene_client_port(&c), 0);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	scene_say(&c, VMCI_STREAM_NEGOTIATE, 0, scene_client_port(&c), SCENE_SIZE);
	(void)scene_hear_offer(&c);
	scene_hand_attaches(&c, SCENE_SIZE);
	scene_say(&c, VMCI_STREAM_ATTACH, 0, scene_client_port(&c), scene_value(c.handle));
	socket_world_settle(&c.w);
	/* Legacy: who finds nothing says so, once. */
	assert_int_equal(vmci_socket_recv(c.s, c.client, &c.handle, 1, 0), -VMCI_EAGAIN);
	(void)scene_hear(&c, VMCI_STREAM_WAITING_READ);
	assert_int_equal(vmci_socket_recv(c.s, c.client, &c.handle, 1, 0), -VMCI_EAGAIN);
	scene_hear_nothing(&c);
	scene_close(&c);
}

static void the_second_rst_after_a_fallback_counts(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	scene_say(&c, VMCI_STREAM_INVALID, 0, scene_client_port(&c), 0);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST);
	scene_say(&c, VMCI_STREAM_RST, 0, scene_client_port(&c), 0);
	scene_say(&c, VMCI_STREAM_RST, 0, scene_client_port(&c), 0);
	scene_hear_nothing(&c);
	expect_failed(&c, VMCI_ECONNRESET);
	scene_close(&c);
}

static void a_client_gives_up_after_its_time(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	socket_world_pass(&c.w, 1999000);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	socket_world_pass(&c.w, 2000);
	scene_hear_nothing(&c);
	expect_failed(&c, VMCI_ETIMEDOUT);
	/* What comes now is for nobody. */
	scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
	(void)scene_hear(&c, VMCI_STREAM_RST);
	/* Behind OFFER too, and another time. */
	assert_int_equal(
		vmci_socket_setopt(c.s, c.client, VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT, 300000), 0);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	socket_world_pass(&c.w, 200000);
	scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
	(void)scene_hear_offer(&c);
	scene_expect_count(&c, 1, 1);
	socket_world_pass(&c.w, 99000);
	assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	socket_world_pass(&c.w, 2000);
	expect_failed(&c, VMCI_ETIMEDOUT);
	scene_client_connects(&c);
	scene_close(&c);
}

static void a_detach_before_attach_resets_the_client(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
	(void)scene_hear_offer(&c);
	scene_hand_attaches(&c, SCENE_SIZE);
	scene_hand_detaches(&c);
	socket_world_settle(&c.w);
	expect_failed(&c, VMCI_ECONNRESET);
	scene_client_connects(&c);
	scene_close(&c);
}

static void a_stranger_does_not_disturb_a_client(size_t side)
{
	struct scene c;

	scene_open(&c, side);
	scene_connect(&c);
	(void)scene_hear(&c, VMCI_STREAM_REQUEST2);
	for (uint8_t type = 0; type <= VMCI_STREAM_TYPE_MAX; type++) {
		socket_world_send(&c.w, c.hand, c.own, type, 1, SCENE_HAND + 1,
				  scene_client_port(&c), SCENE_SIZE);
		if (type != VMCI_STREAM_RST)
			(void)scene_hear(&c, VMCI_STREAM_RST);
		assert_int_equal(vmci_socket_poll(c.s, c.client), 0);
	}
	scene_say(&c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(&c), SCENE_SIZE);
	(void)scene_hear_offer(&c);
	scene_close(&c);
}

SCENE_ON_ALL_SIDES(a_client_asks_in_order)
SCENE_ON_ALL_SIDES(a_client_checks_the_answer)
SCENE_ON_ALL_SIDES(a_client_checks_the_attach)
SCENE_ON_ALL_SIDES(a_client_falls_back_to_the_old_request)
SCENE_ON_ALL_SIDES(the_second_rst_after_a_fallback_counts)
SCENE_ON_ALL_SIDES(a_client_gives_up_after_its_time)
SCENE_ON_ALL_SIDES(a_detach_before_attach_resets_the_client)
SCENE_ON_ALL_SIDES(a_stranger_does_not_disturb_a_client)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
