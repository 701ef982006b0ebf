/* SPDX-License-Identifier: BSD-2-Clause */
/* The GuestRPC service on real sockets: a guest's driver, the device, context 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/guestrpc.h>
#include <vmci/rpcframe.h>
#include "socket_world.h"

#define LONG 60000u

struct owner {
	struct socket_world w;
	struct vmci_guestrpc *r;
	struct vmci_guestrpc_port port;
	struct vmci_guestrpc_caller caller;
	unsigned requests, answered, alive;
};

/* Echoes. */
static bool owner_request(void *ctx, const struct vmci_guestrpc_caller *caller, const uint8_t *text,
			  size_t len, uint8_t *reply, size_t room, size_t *reply_len)
{
	struct owner *o = ctx;

	assert_true(len <= room);
	o->requests++;
	o->caller = *caller;
	memcpy(reply, text, len);
	*reply_len = len;
	return true;
}

static void owner_news(void *ctx, const struct vmci_guestrpc_caller *caller,
		       enum vmci_guestrpc_news what, const uint8_t *text, size_t len)
{
	struct owner *o = ctx;

	o->caller = *caller;
	o->alive += what == VMCI_GUESTRPC_ALIVE;
	if (what == VMCI_GUESTRPC_ANSWERED) {
		assert_int_equal(len, 2);
		assert_memory_equal(text, "OK", 2);
		o->answered++;
	}
}

static void *owner_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void owner_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static uint64_t owner_now(void *ctx)
{
	struct owner *o = ctx;

	return o->w.now_us;
}

static void start(struct owner *o, bool is_disabled)
{
	const struct socket_world_options options = { .mmio = true,
						      .bare[HYPERVISOR] = true,
						      .limits.may_bind_privileged = true };
	const struct vmci_guestrpc_options rpc = { .is_disabled = is_disabled };

	memset(o, 0, sizeof(*o));
	assert_true(socket_world_open(&o->w, &options));
	/* The bare hand makes room for the service. */
	assert_int_equal(vmci_context_endpoint_close(o->w.hypervisor, 15), 0);
	o->port = (struct vmci_guestrpc_port){ .ctx = o,
					       .alloc = owner_alloc,
					       .free = owner_free,
					       .now_us = owner_now,
					       .request = owner_request,
					       .news = owner_news };
	assert_int_equal(vmci_guestrpc_create(o->w.end[HYPERVISOR].t, &o->port, &rpc, &o->r), 0);
}

static void run(struct owner *o)
{
	for (int i = 0; i < 20; i++) {
		vmci_guestrpc_pump(o->r);
		socket_world_pass(&o->w, 1000);
	}
}

static void end(struct owner *o)
{
	vmci_guestrpc_destroy(o->r);
	socket_world_close(&o->w);
}

/* A socket of the guest, connected from a port to a port of context 0; -1 with *error. */
static int connect_from(struct owner *o, uint32_t from, uint32_t to, int *error)
{
	struct vmci_sockets *s = o->w.end[GUEST].s;
	int fd = vmci_socket(s, VMCI_SOCK_STREAM);

	assert_true(fd >= 0);
	assert_int_equal(vmci_socket_bind(s, fd, (struct vmci_sockaddr){ SOCKET_CID, from }), 0);
	assert_int_equal(vmci_socket_connect(s, fd, (struct vmci_sockaddr){ 0, to }),
			 -VMCI_EINPROGRESS);
	run(o);
	assert_true(vmci_socket_poll(s, fd) & VMCI_POLLOUT);
	*error = vmci_socket_error(s, fd);
	if (*error) {
		vmci_socket_close(s, fd);
		return -1;
	}
	return fd;
}

static void send_frame(struct owner *o, int fd, uint32_t type, const void *text, size_t len,
		       bool fast_close)
{
	struct vmci_rpcframe f = {
		.type = type, .fast_close = fast_close, .payload = text, .len = len
	};
	size_t size = vmci_rpcframe_size(&f);
	uint8_t *bytes = malloc(size);

	vmci_rpcframe_encode(&f, bytes);
	assert_int_equal(vmci_socket_send(o->w.end[GUEST].s, fd, bytes, size, 0), size);
	free(bytes);
	run(o);
}

/* The text that comes must be this. */
static void expect(struct owner *o, int fd, const char *text, size_t len)
{
	uint8_t *bytes = malloc(LONG + 100);
	struct vmci_rpcframe f;
	size_t have = 0;
	int64_t n;

	while ((n = vmci_socket_recv(o->w.end[GUEST].s, fd, bytes + have, LONG + 100 - have, 0)) >
	       0) {
		have += (size_t)n;
		run(o);
	}
	assert_true(have > 4);
	assert_int_equal(vmci_rpcframe_length(bytes), have - 4);
	assert_int_equal(vmci_rpcframe_decode(&f, bytes + 4, have - 4), 0);
	assert_int_equal(f.len, len);
	assert_memory_equal(f.payload, text, len);
	free(bytes);
}

static void a_guest_asks_and_is_answered(void **state)
{
	struct owner o;
	int fd, error;

	(void)state;
	start(&o, false);
	fd = connect_from(&o, 1023, 976, &error);
	assert_true(fd >= 0);
	send_frame(&o, fd, VMCI_GUESTRPC_DATA, "hello", 5, false);
	expect(&o, fd, "1 hello", 7);
	assert_true(o.caller.is_privileged);
	assert_int_equal(o.caller.cid, SOCKET_CID);
	assert_int_equal(o.caller.port, 1023);
	send_frame(&o, fd, VMCI_GUESTRPC_DATA, "again", 5, false);
	expect(&o, fd, "1 again", 7);
	end(&o);
}

static void the_port_says_who_is_privileged(void **state)
{
	struct owner o;
	int error;

	(void)state;
	start(&o, false);
	for (uint32_t port = 1022; port < 1027; port++) {
		int fd = connect_from(&o, port, 976, &error);

		assert_true(fd >= 0);
		send_frame(&o, fd, VMCI_GUESTRPC_DATA, "x", 1, false);
		assert_int_equal(o.caller.is_privileged, port < 1024);
	}
	end(&o);
}

static void a_one_shot_request_ends_in_the_end_of_the_stream(void **state)
{
	struct owner o;
	uint8_t byte;
	int fd, error;

	(void)state;
	start(&o, false);
	/* The same port again and again, as the tools do. */
	for (unsigned i = 0; i < 20; i++) {
		fd = connect_from(&o, 1023, 976, &error);
		assert_true(fd >= 0);
		send_frame(&o, fd, VMCI_GUESTRPC_DATA, "bye", 3, true);
		expect(&o, fd, "1 bye", 5);
		assert_int_equal(vmci_socket_recv(o.w.end[GUEST].s, fd, &byte, 1, 0), 0);
		assert_int_equal(vmci_socket_close(o.w.end[GUEST].s, fd), 0);
		/* At once, and then a while later. */
		if (i >= 10)
			run(&o);
	}
	assert_int_equal(o.requests, 20);
	end(&o);
}

static void long_texts_arrive_whole(void **state)
{
	char *text = malloc(LONG + 2);
	struct owner o;
	int fd, error;

	(void)state;
	start(&o, false);
	for (size_t i = 0; i < LONG; i++)
		text[i + 2] = (char)(i * 7 + i / 251);
	memcpy(text, "1 ", 2);
	fd = connect_from(&o, 1, 976, &error);
	send_frame(&o, fd, VMCI_GUESTRPC_DATA, text + 2, LONG, false);
	expect(&o, fd, text, LONG + 2);
	free(text);
	end(&o);
}

static void the_guest_answers_over_the_reverse_channel(void **state)
{
	struct owner o;
	uint8_t bytes[64];
	int fd, error;

	(void)state;
	start(&o, false);
	fd = connect_from(&o, 1024, 975, &error);
	assert_true(fd >= 0);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "reset", 5), 0);
	run(&o);
	assert_int_equal(vmci_socket_recv(o.w.end[GUEST].s, fd, bytes, sizeof(bytes), 0), 37);
	send_frame(&o, fd, VMCI_GUESTRPC_DATA, "OK", 2, false);
	send_frame(&o, fd, VMCI_GUESTRPC_PING, NULL, 0, false);
	assert_int_equal(o.answered, 1);
	assert_int_equal(o.alive, 1);
	end(&o);
}

static void a_disabled_service_refuses_at_once(void **state)
{
	struct owner o;
	int error;

	(void)state;
	start(&o, true);
	assert_int_equal(connect_from(&o, 1023, 976, &error), -1);
	assert_int_equal(error, VMCI_ECONNRESET);
	assert_int_equal(connect_from(&o, 1024, 975, &error), -1);
	assert_int_equal(error, VMCI_ECONNRESET);
	end(&o);
}

static void a_guest_that_resets_leaves_nothing_behind(void **state)
{
	struct owner o;
	int error;

	(void)state;
	start(&o, false);
	assert_true(connect_from(&o, 1023, 976, &error) >= 0);
	assert_true(connect_from(&o, 1024, 975, &error) >= 0);
	socket_world_guest_resets(&o.w);
	run(&o);
	assert_int_equal(vmci_guestrpc_call(o.r, o.caller.connection, "x", 1), -VMCI_ENOTCONN);
	end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_asks_and_is_answered),
		cmocka_unit_test(the_port_says_who_is_privileged),
		cmocka_unit_test(a_one_shot_request_ends_in_the_end_of_the_stream),
		cmocka_unit_test(long_texts_arrive_whole),
		cmocka_unit_test(the_guest_answers_over_the_reverse_channel),
		cmocka_unit_test(a_disabled_service_refuses_at_once),
		cmocka_unit_test(a_guest_that_resets_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
