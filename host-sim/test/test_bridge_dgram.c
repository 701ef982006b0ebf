/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bridge_dgram.c - datagrams of the bridge. */
#include "bridge_world.h"

static void put_message(int fd, uint32_t kind, uint32_t c, uint32_t port, const void *data,
			size_t len)
{
	static uint8_t m[BRIDGE_DGRAM_HEADER + 100000];

	vmci_put32(m, kind);
	vmci_put32(m + 4, c);
	vmci_put32(m + 8, port);
	vmci_put32(m + 12, 0);
	if (len)
		memcpy(m + 16, data, len);
	assert_int_equal(send(fd, m, 16 + len, 0), 16 + len);
}

static void expect_message(int fd, uint32_t kind, uint32_t c, uint32_t port, uint32_t value,
			   const void *data, size_t len)
{
	static uint8_t m[BRIDGE_DGRAM_HEADER + 100000];

	assert_int_equal(recv(fd, m, sizeof(m), MSG_DONTWAIT), 16 + len);
	assert_int_equal(vmci_get32(m), kind);
	assert_int_equal(vmci_get32(m + 4), c);
	assert_int_equal(vmci_get32(m + 8), port);
	assert_int_equal(vmci_get32(m + 12), value);
	assert_memory_equal(m + 16, data, len);
}

static void datagrams_go_both_ways(void **state)
{
	struct world *w = *state;
	static uint8_t big[VMCI_MAX_DG_PAYLOAD_SIZE + 1];
	int fd = dgram_program(w);

	memset(big, 0x5a, sizeof(big));
	put_message(fd, BRIDGE_DGRAM_BIND, 2, 3000, NULL, 0);
	settle(w);
	expect_message(fd, BRIDGE_DGRAM_BIND, 2, 3000, 0, "", 0);
	put_message(fd, BRIDGE_DGRAM_DATA, 16, 4000, "ping", 4);
	settle(w);
	assert_int_equal(fake_stack->sent_len, 4);
	assert_memory_equal(fake_stack->sent, "ping", 4);
	assert_int_equal(fake_stack->sent_to.cid, 16);
	assert_int_equal(fake_stack->sent_to.port, 4000);
	fake_stack->sockets[0]->peer = guest;
	fake_guest_sends(0, "pong", 4);
	settle(w);
	expect_message(fd, BRIDGE_DGRAM_DATA, 16, 5555, 0, "pong", 4);
	/* The largest, the empty, the too large. */
	fake_guest_sends(0, big, VMCI_MAX_DG_PAYLOAD_SIZE);
	settle(w);
	expect_message(fd, BRIDGE_DGRAM_DATA, 16, 5555, 0, big, VMCI_MAX_DG_PAYLOAD_SIZE);
	put_message(fd, BRIDGE_DGRAM_DATA, 16, 4000, big, VMCI_MAX_DG_PAYLOAD_SIZE);
	settle(w);
	assert_int_equal(fake_stack->sent_len, VMCI_MAX_DG_PAYLOAD_SIZE);
	put_message(fd, BRIDGE_DGRAM_DATA, 16, 4000, NULL, 0);
	settle(w);
	assert_int_equal(fake_stack->sent_len, 0);
	put_message(fd, BRIDGE_DGRAM_DATA, 16, 4000, big, VMCI_MAX_DG_PAYLOAD_SIZE + 1);
	settle(w);
	expect_message(fd, BRIDGE_DGRAM_ERROR, 16, 4000, VMCI_EMSGSIZE, "", 0);
	close(fd);
	settle(w);
	assert_int_equal(fake_stack->alive, 0);
}

static void datagram_mistakes_are_answered(void **state)
{
	struct world *w = *state;
	int a = dgram_program(w), b = dgram_program(w);

	put_message(a, BRIDGE_DGRAM_BIND, 2, 3000, NULL, 0);
	put_message(b, BRIDGE_DGRAM_BIND, 2, 3000, NULL, 0);
	settle(w);
	expect_message(a, BRIDGE_DGRAM_BIND, 2, 3000, 0, "", 0);
	expect_message(b, BRIDGE_DGRAM_BIND, 2, 3000, VMCI_EADDRINUSE, "", 0);
	put_message(a, BRIDGE_DGRAM_BIND, 2, 3001, NULL, 0);
	put_message(b, BRIDGE_DGRAM_BIND, 16, 3001, NULL, 0);
	settle(w);
	expect_message(a, BRIDGE_DGRAM_BIND, 2, 3001, VMCI_EINVAL, "", 0);
	expect_message(b, BRIDGE_DGRAM_BIND, 16, 3001, VMCI_EADDRNOTAVAIL, "", 0);
	put_message(a, 9, 16, 1, NULL, 0);
	settle(w);
	expect_message(a, BRIDGE_DGRAM_ERROR, UINT32_MAX, UINT32_MAX, VMCI_EINVAL, "", 0);
	assert_int_equal(send(a, "short", 5, 0), 5);
	settle(w);
	expect_message(a, BRIDGE_DGRAM_ERROR, UINT32_MAX, UINT32_MAX, VMCI_EINVAL, "", 0);
	fake_stack->sendto_result = -VMCI_EHOSTUNREACH;
	put_message(a, BRIDGE_DGRAM_DATA, 16, 1, "x", 1);
	settle(w);
	expect_message(a, BRIDGE_DGRAM_ERROR, 16, 1, VMCI_EHOSTUNREACH, "", 0);
	/* A port is free when its program is gone, or has only stopped sending. */
	shutdown(a, SHUT_WR);
	settle(w);
	put_message(b, BRIDGE_DGRAM_BIND, UINT32_MAX, 3000, NULL, 0);
	settle(w);
	expect_message(b, BRIDGE_DGRAM_BIND, 2, 3000, 0, "", 0);
	close(a);
	close(b);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void a_datagram_waits_for_its_reader(void **state)
{
	struct world *w = *state;
	static uint8_t data[60000];
	uint32_t sent = 0, got = 0;
	int fd = dgram_program(w);

	put_message(fd, BRIDGE_DGRAM_BIND, 2, 3000, NULL, 0);
	settle(w);
	expect_message(fd, BRIDGE_DGRAM_BIND, 2, 3000, 0, "", 0);
	fake_stack->sockets[0]->peer = guest;
	while (!fake_stack->sockets[0]->has_dgram) {
		vmci_put32(data, sent);
		fake_guest_sends(0, data, sizeof(data));
		sent++;
		settle(w);
		assert_true(sent < 100);
	}
	/* It can send all the same. */
	put_message(fd, BRIDGE_DGRAM_DATA, 16, 4000, "ping", 4);
	settle(w);
	assert_int_equal(fake_stack->sent_len, 4);
	for (; got < sent; got++) {
		vmci_put32(data, got);
		expect_message(fd, BRIDGE_DGRAM_DATA, 16, 5555, 0, data, sizeof(data));
		settle(w);
	}
	expect_nothing(fd);
	close(fd);
	settle(w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(datagrams_go_both_ways),
		TEST(datagram_mistakes_are_answered),
		TEST(a_datagram_waits_for_its_reader),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("bridge datagrams", tests, NULL, NULL);
}
