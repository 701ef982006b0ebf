/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bridge_bulk.c - streams that are looked at by the clock. */
#include "bridge_world.h"

/* Bytes that a program gets now. */
static size_t take(struct world *w, int fd)
{
	static uint8_t buf[1 << 20];
	ssize_t n;

	settle(w);
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	settle(w);
	return n > 0 ? (size_t)n : 0;
}

/* A stream in which so much went up that its queue is looked at by the clock. */
static int open_bulk(struct world *w, int *fd)
{
	static const uint8_t piece[32768];
	int s = open_stream(w, fd);

	for (int i = 0; i < 16; i++) {
		assert_int_equal(fake_guest_writes(s, piece, sizeof(piece)), sizeof(piece));
		assert_int_equal(take(w, *fd), sizeof(piece));
	}
	return s;
}

static void a_guest_that_goes_on_is_looked_at_by_the_clock(void **state)
{
	struct world *w = *state;
	static const uint8_t bytes[10000];
	int fd, s = open_bulk(w, &fd);

	fake_guest_writes(s, bytes, sizeof(bytes));
	assert_int_equal(take(w, fd), 8192);
	assert_int_equal(fake_stack->sockets[s]->nup, 1808);
	/* Something new at the next look, and again a little stays. */
	fake_guest_writes(s, bytes, sizeof(bytes));
	usleep(1000);
	assert_int_equal(take(w, fd), 8192);
	/* Nothing new. */
	usleep(1000);
	assert_int_equal(take(w, fd), 3616);
	/* And from then on as ever. */
	fake_guest_writes(s, bytes, sizeof(bytes));
	assert_int_equal(take(w, fd), sizeof(bytes));
	close(fd);
	settle(w);
}

static void what_is_left_arrives_with_the_end(void **state)
{
	struct world *w = *state;
	static const uint8_t bytes[10000];
	int fd, s = open_bulk(w, &fd);

	fake_guest_writes(s, bytes, sizeof(bytes));
	assert_int_equal(take(w, fd), 8192);
	fake_guest_shuts(s, false, true);
	assert_int_equal(take(w, fd), 1808);
	expect_end(fd);
	close(fd);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
	/* Closed while it waits for its look. */
	s = open_bulk(w, &fd);
	fake_guest_writes(s, bytes, sizeof(bytes));
	settle(w);
	close(fd);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
	usleep(1000);
	settle(w);
}

static void a_guest_that_is_answered_is_served_at_once(void **state)
{
	struct world *w = *state;
	static const uint8_t bytes[10000];
	int fd, s = open_bulk(w, &fd);

	assert_int_equal(send(fd, "ok", 2, MSG_NOSIGNAL), 2);
	settle(w);
	fake_guest_writes(s, bytes, sizeof(bytes));
	assert_int_equal(take(w, fd), sizeof(bytes));
	close(fd);
	settle(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_that_goes_on_is_looked_at_by_the_clock),
		TEST(what_is_left_arrives_with_the_end),
		TEST(a_guest_that_is_answered_is_served_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("bridge_bulk", tests, NULL, NULL);
}
