/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls, addresses, options, datagram sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "socket_world.h"

#define ANY VMCI_VMADDR_CID_ANY

static uint8_t big[VMCI_MAX_DG_PAYLOAD_SIZE + 8];

static struct vmci_sockaddr at(uint32_t cid, uint32_t port)
{
	struct vmci_sockaddr a = { cid, port };

	return a;
}

static void numbers_do_not_come_back_soon(void **state)
{
	struct socket_world_options options = { .limits = { .sockets = 3 } };
	struct socket_world w;
	struct vmci_sockets *s;
	int fd, last = -1, first;

	(void)state;
	assert_true(socket_world_open(&w, &options));
	s = w.end[HOST].s;
	first = vmci_socket(s, VMCI_SOCK_STREAM);
	assert_true(first >= 0);
	assert_int_equal(vmci_socket_close(s, first), 0);
	for (int i = 0; i < 10000; i++) {
		fd = vmci_socket(s, VMCI_SOCK_STREAM);
		assert_true(fd >= 0 && fd != last && fd != first);
		assert_int_equal(vmci_socket_close(s, fd), 0);
		assert_int_equal(vmci_socket_close(s, fd), -VMCI_EBADF);
		last = fd;
	}
	for (int i = 0; i < 3; i++)
		assert_true(vmci_socket(s, VMCI_SOCK_STREAM) >= 0);
	assert_int_equal(vmci_socket(s, VMCI_SOCK_STREAM), -VMCI_EMFILE);
	assert_int_equal(vmci_socket(s, VMCI_SOCK_SEQPACKET), -VMCI_ESOCKTNOSUPPORT);
	assert_int_equal(vmci_socket(s, (enum vmci_socket_type)0), -VMCI_ESOCKTNOSUPPORT);
	assert_int_equal(vmci_socket_bind(s, -1, at(ANY, 5000)), -VMCI_EBADF);
	assert_int_equal(vmci_socket_recv(s, 12345678, big, 1, 0), -VMCI_EBADF);
	assert_int_equal(vmci_socket_poll(s, -5), VMCI_POLLERR | VMCI_POLLHUP);
	socket_world_close(&w);
}

static void an_address_is_bound_once_and_only_if_it_is_local(void **state)
{
	struct socket_world_options options = { .limits = { .may_bind_privileged = true } };
	struct socket_world w;
	struct vmci_sockets *s;
	struct vmci_sockaddr name;
	int a, b;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	s = w.end[GUEST].s;
	a = vmci_socket(s, VMCI_SOCK_STREAM);
	b = vmci_socket(s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_listen(s, a, 1), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_bind(s, a, at(2, 5000)), -VMCI_EADDRNOTAVAIL);
	assert_int_equal(vmci_socket_bind(s, a, at(ANY, 1023)), -VMCI_EACCES);
	assert_int_equal(vmci_socket_bind(s, a, at(SOCKET_CID, 5000)), 0);
	assert_int_equal(vmci_socket_bind(s, a, at(SOCKET_CID, 5001)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_bind(s, b, at(ANY, 5000)), -VMCI_EADDRINUSE);
	assert_int_equal(vmci_socket_name(s, b, &name), 0);
	assert_int_equal(name.port, VMCI_VMADDR_PORT_ANY);
	assert_int_equal(vmci_socket_bind(s, b, at(ANY, VMCI_VMADDR_PORT_ANY)), 0);
	assert_int_equal(vmci_socket_name(s, b, &name), 0);
	assert_true(name.port >= 1024 && name.port != VMCI_VMADDR_PORT_ANY);
	assert_int_equal(vmci_socket_peer(s, b, &name), -VMCI_ENOTCONN);
	assert_int_equal(vmci_socket_close(s, a), 0);
	a = vmci_socket(s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_bind(s, a, at(ANY, 5000)), 0);
	/* Datagram sockets have ports of their own. */
	a = vmci_socket(s, VMCI_SOCK_DGRAM);
	b = vmci_socket(s, VMCI_SOCK_DGRAM);
	assert_int_equal(vmci_socket_bind(s, a, at(ANY, 5000)), 0);
	assert_int_equal(vmci_socket_bind(s, b, at(ANY, 5000)), -VMCI_EADDRINUSE);
	assert_int_equal(vmci_socket_bind(s, b, at(ANY, 1)), -VMCI_EACCES);
	socket_world_close(&w);

	assert_true(socket_world_open(&w, &options));
	s = w.end[GUEST].s;
	a = vmci_socket(s, VMCI_SOCK_STREAM);
	b = vmci_socket(s, VMCI_SOCK_DGRAM);
	assert_int_equal(vmci_socket_bind(s, a, at(ANY, 1)), 0);
	assert_int_equal(vmci_socket_bind(s, b, at(ANY, 1)), -VMCI_EADDRINUSE);
	socket_world_close(&w);
}

static void a_free_port_is_looked_for_24_times(void **state)
{
	struct socket_world w;
	struct vmci_sockets *s;
	int fd;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	s = w.end[GUEST].s;
	for (uint32_t i = 0; i < 24; i++) {
		fd = vmci_socket(s, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_bind(s, fd, at(ANY, 1024 + i)), 0);
	}
	fd = vmci_socket(s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_bind(s, fd, at(ANY, VMCI_VMADDR_PORT_ANY)),
			 -VMCI_EADDRNOTAVAIL);
	assert_int_equal(vmci_socket_connect(s, fd, at(2, 5000)), -VMCI_EINPROGRESS);
	socket_world_close(&w);
}

static void a_connect_is_refused_where_nobody_can_be(void **state)
{
	struct socket_world w;
	struct vmci_sockets *g, *h;
	int fd;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	h = w.end[HOST].s;
	fd = vmci_socket(g, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_connect(g, fd, at(ANY, 5000)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_connect(g, fd, at(2, VMCI_VMADDR_PORT_ANY)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_connect(g, fd, at(1, 5000)), -VMCI_ENETUNREACH);
	assert_int_equal(vmci_socket_connect(g, fd, at(0x77, 5000)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_recv(g, fd, big, 1, 0), -VMCI_ENOTCONN);
	assert_int_equal(vmci_socket_send(g, fd, big, 1, 0), -VMCI_ENOTCONN);
	assert_int_equal(vmci_socket_connect(g, fd, at(2, 999)), -VMCI_EINPROGRESS);
	socket_world_settle(&w);
	assert_int_equal(vmci_socket_error(g, fd), VMCI_ECONNRESET);
	assert_int_equal(w.now_us, 0);
	fd = vmci_socket(h, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_connect(h, fd, at(0x77, 5000)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_connect(h, fd, at(2, 5000)), -VMCI_ENODEV);
	assert_int_equal(vmci_socket_bind(h, fd, at(ANY, 7)), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_listen(h, fd, 0), 0);
	assert_int_equal(vmci_socket_connect(h, fd, at(SOCKET_CID, 1)), -VMCI_EINVAL);
	socket_world_close(&w);
}

static void sizes_are_clamped_in_every_order(void **state)
{
	/* Of option numbers 0 size, 1 minimum, 2 maximum. */
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const uint64_t values[] = { 700, 900, 500 }; /* minimum above maximum */
	struct socket_world w;
	struct vmci_sockets *s;
	uint64_t v;
	int fd;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	s = w.end[HOST].s;
	for (size_t i = 0; i < 6; i++) {
		fd = vmci_socket(s, VMCI_SOCK_STREAM);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(
				vmci_socket_setopt(s, fd, orders[i][k], values[orders[i][k]]), 0);
		assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), 0);
		assert_int_equal(v, 500);
	}
	fd = vmci_socket(s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_setopt(s, fd, 0, 1), 0);
	assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), 0);
	assert_int_equal(v, 128);
	assert_int_equal(vmci_socket_setopt(s, fd, 0, 1 << 20), 0);
	assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), 0);
	assert_int_equal(v, 262144);
	/* A limit takes the size along. */
	assert_int_equal(vmci_socket_setopt(s, fd, 2, 5000), 0);
	assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), 0);
	assert_int_equal(v, 5000);
	assert_int_equal(vmci_socket_setopt(s, fd, 2, 262144), 0);
	assert_int_equal(vmci_socket_setopt(s, fd, 1, 6000), 0);
	assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), 0);
	assert_int_equal(v, 6000);
	assert_int_equal(vmci_socket_setopt(s, fd, 0, 262144), 0);
	assert_int_equal(vmci_socket_setopt(s, fd, 6, 0), 0);
	assert_int_equal(vmci_socket_getopt(s, fd, 8, &v), 0);
	assert_int_equal(v, 2000000);
	assert_int_equal(vmci_socket_setopt(s, fd, 6, UINT64_MAX), -VMCI_ERANGE);
	assert_int_equal(vmci_socket_setopt(s, fd, 7, 1), -VMCI_ENOPROTOOPT);
	assert_int_equal(vmci_socket_getopt(s, fd, 3, &v), -VMCI_ENOPROTOOPT);
	assert_int_equal(vmci_socket_getopt(s, fd, 5, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(vmci_socket_low_water(s, fd, 262145), -VMCI_EINVAL);
	assert_int_equal(vmci_socket_low_water(s, fd, 262144), 0);
	fd = vmci_socket(s, VMCI_SOCK_DGRAM);
	assert_int_equal(vmci_socket_setopt(s, fd, 0, 1000), -VMCI_EOPNOTSUPP);
	assert_int_equal(vmci_socket_getopt(s, fd, 0, &v), -VMCI_EOPNOTSUPP);
	socket_world_close(&w);
}

static void a_low_water_mark_holds_a_poll_back(void **state)
{
	struct socket_world w;
	struct vmci_sockets *g, *h;
	int c, s;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	h = w.end[HOST].s;
	assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
	assert_int_equal(vmci_socket_low_water(h, s, 4), 0);
	assert_int_equal(vmci_socket_send(g, c, "abc", 3, 0), 3);
	socket_world_pass(&w, 10000);
	assert_int_equal(vmci_socket_poll(h, s), VMCI_POLLOUT);
	assert_int_equal(vmci_socket_send(g, c, "d", 1, 0), 1);
	assert_int_equal(vmci_socket_poll(h, s), VMCI_POLLIN | VMCI_POLLOUT);
	/* Nothing is worth waiting for that can never be there. */
	assert_int_equal(vmci_socket_low_water(h, s, 262144), 0);
	assert_int_equal(vmci_socket_recv(h, s, big, 4, 0), 4);
	assert_int_equal(vmci_socket_recv(h, s, big, 262144, 0), -VMCI_ENOMEM);
	assert_int_equal(vmci_socket_recv(h, s, big, 1, VMCI_MSG_OOB), -VMCI_EOPNOTSUPP);
	assert_int_equal(vmci_socket_send(h, s, big, 1, VMCI_MSG_OOB), -VMCI_EOPNOTSUPP);
	assert_int_equal(vmci_socket_connect(g, c, at(2, 5000)), -VMCI_EISCONN);
	socket_world_close(&w);
}

static void a_restricted_guest_meets_trusted_sockets_only(void **state)
{
	struct socket_world_options options = { .restricted = VMCI_PRIVILEGE_FLAG_RESTRICTED };
	struct vmci_sockaddr to = { 2, 5000 };
	struct socket_world w;
	struct vmci_sockets *g, *h;
	int c, s, d;

	(void)state;
	for (int trusted = 0; trusted < 2; trusted++) {
		options.limits.is_trusted = trusted;
		assert_true(socket_world_open(&w, &options));
		g = w.end[GUEST].s;
		h = w.end[HOST].s;
		if (trusted) {
			assert_true(socket_world_connect(&w, GUEST, HOST, 5000, &c, &s));
			assert_true(socket_world_connect(&w, HOST, GUEST, 5001, &c, &s));
			socket_world_close(&w);
			continue;
		}
		s = vmci_socket(h, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_bind(h, s, at(ANY, 5000)), 0);
		assert_int_equal(vmci_socket_listen(h, s, 0), 0);
		c = vmci_socket(g, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_connect(g, c, to), -VMCI_EPERM);
		d = vmci_socket(g, VMCI_SOCK_DGRAM);
		s = vmci_socket(h, VMCI_SOCK_DGRAM);
		assert_int_equal(vmci_socket_bind(h, s, at(ANY, 5000)), 0);
		assert_int_equal(vmci_socket_sendto(g, d, "x", 1, &to), -VMCI_EPERM);
		to.cid = SOCKET_CID;
		assert_int_equal(vmci_socket_sendto(h, s, "x", 1, &to), -VMCI_EPERM);
		c = vmci_socket(h, VMCI_SOCK_STREAM);
		assert_int_equal(vmci_socket_connect(h, c, to), -VMCI_EPERM);
		to.cid = 2;
		socket_world_close(&w);
	}
}

/* ---- datagrams ---------------------------------------------------------------------------- */

static void datagrams_go_both_ways(void **state)
{
	struct socket_world w;
	struct vmci_sockets *g, *h;
	struct vmci_sockaddr from, to = { 2, 5000 };
	unsigned flags;
	int a, b;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	h = w.end[HOST].s;
	a = vmci_socket(g, VMCI_SOCK_DGRAM);
	b = vmci_socket(h, VMCI_SOCK_DGRAM);
	assert_int_equal(vmci_socket_bind(h, b, at(ANY, 5000)), 0);
	assert_int_equal(vmci_socket_recvfrom(h, b, big, 9, 0, NULL, NULL), -VMCI_EAGAIN);
	assert_int_equal(vmci_socket_sendto(g, a, "hello", 5, &to), 5);
	assert_int_equal(vmci_socket_poll(h, b), VMCI_POLLIN | VMCI_POLLOUT);
	assert_int_equal(vmci_socket_recvfrom(h, b, big, 9, VMCI_MSG_PEEK, NULL, NULL), 5);
	assert_int_equal(vmci_socket_recvfrom(h, b, big, 3, 0, &from, &flags), 3);
	assert_int_equal(flags, VMCI_MSG_TRUNC);
	assert_memory_equal(big, "hel", 3);
	assert_int_equal(from.cid, SOCKET_CID);
	assert_true(from.port >= 1024);
	/* Back to where it came from, empty and as large as can be. */
	assert_int_equal(vmci_socket_sendto(h, b, NULL, 0, &from), 0);
	memset(big, 0x5a, sizeof(big));
	assert_int_equal(vmci_socket_sendto(h, b, big, 69608, &from), 69608);
	assert_int_equal(vmci_socket_sendto(h, b, big, 69609, &from), -VMCI_EMSGSIZE);
	socket_world_settle(&w);
	assert_int_equal(vmci_socket_recvfrom(g, a, big, 9, 0, &from, &flags), 0);
	assert_int_equal(flags, 0);
	assert_int_equal(from.cid, 2);
	assert_int_equal(from.port, 5000);
	assert_int_equal(vmci_socket_recv(g, a, big, sizeof(big), 0), 69608);
	/* A default destination is no filter. */
	assert_int_equal(vmci_socket_send(g, a, "x", 1, 0), -VMCI_EDESTADDRREQ);
	assert_int_equal(vmci_socket_connect(g, a, to), 0);
	assert_int_equal(vmci_socket_send(g, a, "x", 1, 0), 1);
	assert_int_equal(vmci_socket_recv(h, b, big, 9, 0), 1);
	assert_int_equal(vmci_socket_shutdown(g, a, VMCI_SHUT_WR), 0);
	assert_int_equal(vmci_socket_send(g, a, "x", 1, 0), -VMCI_EPIPE);
	assert_int_equal(vmci_socket_shutdown(h, b, VMCI_SHUT_RD), -VMCI_ENOTCONN);
	assert_int_equal(vmci_socket_recv(h, b, big, 9, 0), 0);
	socket_world_close(&w);
}

static void datagrams_to_nobody_fail_as_the_route_says(void **state)
{
	static const struct {
		uint32_t cid, port;
		int error;
	} rows[] = { { 2, 999, -VMCI_EHOSTUNREACH },   { 0x77, 999, -VMCI_EINVAL },
		     { 0, 13, -VMCI_EINVAL },	       { 0, 14, -VMCI_EHOSTUNREACH },
		     { ANY, 999, -VMCI_EINVAL },       { 2, VMCI_VMADDR_PORT_ANY, -VMCI_EINVAL },
		     { SOCKET_CID, 999, 1 /* lost */ } };
	struct socket_world w;
	struct vmci_sockets *g;
	int a;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	a = vmci_socket(g, VMCI_SOCK_DGRAM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmci_sockaddr to = { rows[i].cid, rows[i].port };

		assert_int_equal(vmci_socket_sendto(g, a, "x", 1, &to), rows[i].error);
	}
	socket_world_close(&w);
}

static void a_full_inbox_drops_and_bounds_memory(void **state)
{
	struct socket_world w;
	struct vmci_sockets *g, *h;
	struct vmci_sockaddr to = { 2, 5000 };
	uint64_t before, got = 0;
	int a, b;

	(void)state;
	assert_true(socket_world_open(&w, NULL));
	g = w.end[GUEST].s;
	h = w.end[HOST].s;
	a = vmci_socket(g, VMCI_SOCK_DGRAM);
	b = vmci_socket(h, VMCI_SOCK_DGRAM);
	assert_int_equal(vmci_socket_bind(h, b, at(ANY, 5000)), 0);
	before = w.alive_bytes;
	for (int i = 0; i < 20000; i++)
		assert_int_equal(vmci_socket_sendto(g, a, NULL, 0, &to), 0);
	assert_true(w.alive_bytes - before <= 212992 + 4096);
	while (vmci_socket_recv(h, b, big, 1, 0) == 0)
		got++;
	assert_int_equal(got, 212992 / 64);
	for (int i = 0; i < 20; i++)
		assert_int_equal(vmci_socket_sendto(g, a, big, 69608, &to), 69608);
	for (int i = 0; i < 3; i++)
		assert_int_equal(vmci_socket_recv(h, b, big, sizeof(big), 0), 69608);
	assert_int_equal(vmci_socket_recv(h, b, big, sizeof(big), 0), -VMCI_EAGAIN);
	socket_world_close(&w);
}

static int say_no(void *arg, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	return *(int *)arg;
}

static void results_become_errors(void **state)
{
	static const struct {
		int result, error;
	} rows[] = {
		{ VMCI_ERROR_NO_MEM, VMCI_ENOMEM },
		{ VMCI_ERROR_DUPLICATE_ENTRY, VMCI_EADDRINUSE },
		{ VMCI_ERROR_ALREADY_EXISTS, VMCI_EADDRINUSE },
		{ VMCI_ERROR_NO_ACCESS, VMCI_EPERM },
		{ VMCI_ERROR_NO_RESOURCES, VMCI_ENOBUFS },
		{ VMCI_ERROR_INVALID_RESOURCE, VMCI_EHOSTUNREACH },
		{ VMCI_ERROR_NO_HANDLE, VMCI_EINVAL },
		{ VMCI_ERROR_MODULE_NOT_LOADED, VMCI_EINVAL },
		{ VMCI_ERROR_NOT_FOUND, VMCI_EINVAL },
		{ VMCI_ERROR_DST_UNREACHABLE, VMCI_EINVAL },
		{ VMCI_ERROR_WOULD_BLOCK, VMCI_EINVAL },
	};
	struct socket_world_options options = { .bare = { [HOST] = true } };
	struct vmci_sockaddr to = { 2, 5000 };
	struct socket_world w;
	struct vmci_transport *t;
	struct vmci_sockets *g;
	int a, result;

	(void)state;
	assert_true(socket_world_open(&w, &options));
	g = w.end[GUEST].s;
	t = w.end[HOST].t;
	assert_int_equal(t->endpoint(t->ctx, 5000, 0, false, say_no, &result), 5000);
	a = vmci_socket(g, VMCI_SOCK_DGRAM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		result = rows[i].result;
		assert_int_equal(vmci_socket_sendto(g, a, "x", 1, &to), -rows[i].error);
	}
	(void)t->endpoint_close(t->ctx, 5000);
	socket_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_do_not_come_back_soon),
		cmocka_unit_test(an_address_is_bound_once_and_only_if_it_is_local),
		cmocka_unit_test(a_free_port_is_looked_for_24_times),
		cmocka_unit_test(a_connect_is_refused_where_nobody_can_be),
		cmocka_unit_test(sizes_are_clamped_in_every_order),
		cmocka_unit_test(a_low_water_mark_holds_a_poll_back),
		cmocka_unit_test(a_restricted_guest_meets_trusted_sockets_only),
		cmocka_unit_test(datagrams_go_both_ways),
		cmocka_unit_test(datagrams_to_nobody_fail_as_the_route_says),
		cmocka_unit_test(a_full_inbox_drops_and_bounds_memory),
		cmocka_unit_test(results_become_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
