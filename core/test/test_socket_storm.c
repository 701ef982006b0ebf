/* SPDX-License-Identifier: BSD-2-Clause */
/* Handshakes that fail, at every step and in every way, many times: nothing may be left of them.
 * And allocations that fail, one after the other.
 *
 * SOCKET_STORM is the number of failed handshakes in all (default 100000).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_scene.h"

/* ---- failed handshakes -------------------------------------------------------------------- */

enum way {
	RESET,
	SILENCE,
	NONSENSE, /* a packet that has no place here */
	DETACH,	  /* where there is a queue pair */
	WAYS
};

static void drain(struct scene *c)
{
	while (socket_world_next(&c->w, c->hand))
		;
}

static void give_up(struct scene *c, enum way way, uint32_t port, uint64_t silence_us)
{
	switch (way) {
	case RESET:
		scene_say(c, VMCI_STREAM_RST, 0, port, 0);
		break;
	case SILENCE:
		socket_world_pass(&c->w, silence_us);
		break;
	case NONSENSE:
		scene_say(c, VMCI_STREAM_ATTACH, 0, port, 0x123400000077);
		break;
	default:
		break;
	}
	if (c->pair)
		scene_hand_detaches(c);
	socket_world_settle(&c->w);
}

/* The hand gives up after step 0 (request), 1 (pair made, not offered), 2 (connected). */
static void fail_as_client(struct scene *c, unsigned step, enum way way, bool accepts)
{
	int fd = -1;

	scene_say(c, VMCI_STREAM_REQUEST2, 1, SCENE_PORT, 128);
	(void)scene_hear(c, VMCI_STREAM_NEGOTIATE2);
	if (step > 0)
		scene_hand_creates_pair(c, 128);
	if (step > 1) {
		scene_say(c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c->handle));
		(void)scene_hear(c, VMCI_STREAM_ATTACH);
		(void)scene_put(c, "left", 4);
	}
	if (step > 1 && accepts)
		fd = vmci_socket_accept(c->s, c->listener, NULL);
	give_up(c, way, SCENE_PORT, VMCI_SOCKETS_PENDING_TIMEOUT_US + 1);
	if (step < 2 && way == DETACH)
		socket_world_pass(&c->w, VMCI_SOCKETS_PENDING_TIMEOUT_US + 1);
	if (step > 1 && !accepts)
		fd = vmci_socket_accept(c->s, c->listener, NULL);
	if (fd >= 0)
		assert_int_equal(vmci_socket_close(c->s, fd), 0);
	drain(c);
	scene_expect_count(c, 2, 0);
}

/* The hand gives up after step 0 (request), 1 (offered), 2 (attached to the pair), 3 (connected).
 */
static void fail_as_server(struct scene *c, unsigned step, enum way way)
{
	scene_connect(c);
	(void)scene_hear(c, VMCI_STREAM_REQUEST2);
	if (step > 0) {
		scene_say(c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(c), 128);
		(void)scene_hear_offer(c);
	}
	if (step > 1)
		scene_hand_attaches(c, 128);
	if (step > 2)
		scene_say(c, VMCI_STREAM_ATTACH, 0, scene_client_port(c), scene_value(c->handle));
	give_up(c, way, scene_client_port(c), VMCI_SOCKETS_CONNECT_TIMEOUT_US + 1);
	if (step < 2 && way == DETACH)
		socket_world_pass(&c->w, VMCI_SOCKETS_CONNECT_TIMEOUT_US + 1);
	if (step > 2) {
		assert_int_equal(vmci_socket_close(c->s, c->client), 0);
		c->client = vmci_socket(c->s, VMCI_SOCK_STREAM);
	} else {
		assert_true(vmci_socket_error(c->s, c->client) > 0);
	}
	drain(c);
	scene_expect_count(c, 2, 0);
}

static unsigned storm(struct scene *c, bool resets)
{
	unsigned n = 0;

	for (unsigned way = 0; way < WAYS; way++) {
		for (unsigned step = 0; step < 3; step++, n++)
			fail_as_client(c, step, (enum way)way, n & 1);
		for (unsigned step = 0; step < 4; step++, n++)
			fail_as_server(c, step, (enum way)way);
	}
	if (resets && c->own != GUEST)
		socket_world_guest_resets(&c->w);
	return n;
}

static void nothing_is_left_of_failed_handshakes(void **state)
{
	const char *wanted = getenv("SOCKET_STORM");
	unsigned total = wanted ? (unsigned)atoi(wanted) : 100000, done = 0;

	(void)state;
	for (size_t side = 0; side < SCENE_SIDES; side++) {
		uint64_t alive = 0, bytes = 0;
		struct scene c;

		scene_open(&c, side);
		scene_listen(&c, 0);
		c.client = vmci_socket(c.s, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_setopt(c.s, c.client, 0, 128), 0);
		for (unsigned n = 0, round = 0; n < total / SCENE_SIDES; round++) {
			n += storm(&c, round % 20 == 19);
			done += 28;
			if (round == 40) {
				alive = c.w.alive;
				bytes = c.w.alive_bytes;
			}
		}
		if (alive) {
			assert_int_equal(c.w.alive, alive);
			assert_int_equal(c.w.alive_bytes, bytes);
		}
		/* And the next one succeeds. */
		assert_true(scene_hand_connects(&c, false) >= 0);
		scene_close(&c);
	}
	printf("# %u handshakes failed\n", done);
}

/* ---- failed allocations ------------------------------------------------------------------- */

/* Something of everything; whatever fails is left out. Returns the connections that came to be. */
static unsigned use(struct socket_world *w)
{
	unsigned made = 0;
	static uint8_t buf[4096];
	enum which ends[][2] = { { GUEST, HOST }, { HOST, GUEST }, { GUEST, GUEST } };
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, 9000 }, to = { 2, 9000 };
	int d, e;

	for (int i = 0; i < 3; i++) {
		struct vmci_sockets *a = w->end[ends[i][0]].s, *b = w->end[ends[i][1]].s;
		int c, s;

		if (!socket_world_connect(w, ends[i][0], ends[i][1], 5000, &c, &s)) {
			socket_world_pass(w, 3000000);
			(void)vmci_socket_close(a, c);
			socket_world_pass(w, 3000000);
			continue;
		}
		made++;
		(void)vmci_socket_send(a, c, buf, sizeof(buf), 0);
		socket_world_pass(w, 10000);
		(void)vmci_socket_recv(b, s, buf, 100, 0);
		(void)vmci_socket_close(a, c);
		socket_world_pass(w, 10000);
		(void)vmci_socket_recv(b, s, buf, 100, 0);
		(void)vmci_socket_close(b, s);
		socket_world_pass(w, 10000);
	}
	d = vmci_socket(w->end[GUEST].s, VMCI_SOCK_DGRAM);
	e = vmci_socket(w->end[HOST].s, VMCI_SOCK_DGRAM);
	if (vmci_socket_bind(w->end[HOST].s, e, any) == 0)
		(void)vmci_socket_sendto(w->end[GUEST].s, d, buf, 100, &to);
	(void)vmci_socket_recv(w->end[HOST].s, e, buf, 50, 0);
	return made;
}

static void any_allocation_may_fail(void **state)
{
	struct socket_world_options options = { .fail_at = 0 };
	uint64_t n;

	(void)state;
	for (n = 1;; n++) {
		struct socket_world w;
		unsigned made = 0;
		bool failed;

		options.fail_at = n;
		options.mmio = n & 1;
		if (socket_world_open(&w, &options))
			made = use(&w);
		failed = w.failed > 0;
		socket_world_close(&w);
		if (!failed) {
			assert_int_equal(made, 3);
			break;
		}
	}
	printf("# %llu allocations\n", (unsigned long long)n - 1);
	assert_true(n > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_failed_handshakes),
		cmocka_unit_test(any_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
