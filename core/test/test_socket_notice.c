/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections that exist: who is told what. */
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

SCENE_ON_ALL_SIDES(a_writer_tells_of_an_empty_queue_only)
SCENE_ON_ALL_SIDES(a_reader_tells_of_room_after_a_full_queue)
SCENE_ON_ALL_SIDES(waiting_is_no_matter_of_the_new_protocol)
SCENE_ON_ALL_SIDES(notices_without_reason_are_not_answered)
SCENE_ON_ALL_SIDES(the_old_protocol_asks_and_answers)
SCENE_ON_ALL_SIDES(a_full_queue_of_datagrams_delays_a_notice_only)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_tells_of_an_empty_queue_only_test),
		cmocka_unit_test(a_reader_tells_of_room_after_a_full_queue_test),
		cmocka_unit_test(waiting_is_no_matter_of_the_new_protocol_test),
		cmocka_unit_test(notices_without_reason_are_not_answered_test),
		cmocka_unit_test(the_old_protocol_asks_and_answers_test),
		cmocka_unit_test(a_full_queue_of_datagrams_delays_a_notice_only_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
