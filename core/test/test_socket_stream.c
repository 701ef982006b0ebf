/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams between a guest and a host, whole connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_world.h"

static void open_world(struct socket_world *w, bool mmio)
{
	struct socket_world_options options = { .mmio = mmio };

	assert_true(socket_world_open(w, &options));
}

static uint8_t byte_at(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 24 ^ i);
}

/* Move n bytes from one socket to another, in pieces of odd sizes, checking each byte. */
static void transfer(struct socket_world *w, enum which from, int a, enum which to, int b,
		     uint64_t n, size_t put, size_t take)
{
	struct vmci_sockets *sa = w->end[from].s, *sb = w->end[to].s;
	uint8_t *buf = malloc(put > take ? put : take);
	uint64_t sent = 0, got = 0;

	while (got < n) {
		size_t len = n - sent < put ? (size_t)(n - sent) : put;
		int64_t rc;
		bool moved = false;

		for (size_t i = 0; i < len; i++)
			buf[i] = byte_at(sent + i);
		rc = len ? vmci_socket_send(sa, a, buf, len, 0) : -VMCI_EAGAIN;
		if (rc > 0) {
			sent += (uint64_t)rc;
			moved = true;
		} else {
			assert_int_equal(rc, -VMCI_EAGAIN);
		}
		rc = vmci_socket_recv(sb, b, buf, take, 0);
		if (rc > 0) {
			for (int64_t i = 0; i < rc; i++)
				assert_int_equal(buf[i], byte_at(got + (uint64_t)i));
			got += (uint64_t)rc;
			moved = true;
		} else {
			assert_int_equal(rc, -VMCI_EAGAIN);
		}
		if (!moved)
			socket_world_settle(w);
	}
	free(buf);
}

static void both_ways(enum which from, enum which to, bool mmio)
{
	struct socket_world w;
	int c, s;

	open_world(&w, mmio);
	assert_true(socket_world_connect(&w, from, to, 5000, &c, &s));
	transfer(&w, from, c, to, s, 1, 1, 1);
	transfer(&w, to, s, from, c, 1000003, 70001, 4099);
	transfer(&w, from, c, to, s, 1000003, 4097, 262143);
	assert_int_equal(vmci_socket_close(w.end[from].s, c), 0);
	socket_world_pass(&w, 100000);
	assert_int_equal(vmci_socket_recv(w.end[to].s, s, &c, 1, 0), 0);
	assert_int_equal(vmci_socket_close(w.end[to].s, s), 0);
	socket_world_pass(&w, 100000);
	socket_world_close(&w);
}

static void bytes_go_both_ways_from_guest_to_host(void **state)
{
	(void)state;
	both_ways(GUEST, HOST, false);
	both_ways(GUEST, HOST, true);
}

static void bytes_go_both_ways_from_host_to_guest(void **state)
{
	(void)state;
	both_ways(HOST, GUEST, false);
	both_ways(HOST, GUEST, true);
}

static void bytes_go_both_ways_with_the_hypervisor(void **state)
{
	(void)state;
	both_ways(GUEST, HYPERVISOR, false);
	both_ways(HYPERVISOR, GUEST, true);
}

static void a_guest_connects_to_itself(void **state)
{
	(void)state;
	both_ways(GUEST, GUEST, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways_from_guest_to_host),
		cmocka_unit_test(bytes_go_both_ways_from_host_to_guest),
		cmocka_unit_test(bytes_go_both_ways_with_the_hypervisor),
		cmocka_unit_test(a_guest_connects_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
