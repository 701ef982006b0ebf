/* SPDX-License-Identifier: BSD-2-Clause */
/* test_bridge.c - streams of the bridge. */
#include "bridge_world.h"
#include <sys/syscall.h>

static void lines_are_parsed_to_the_byte(void **state)
{
	static const struct {
		const char *text;
		enum bridge_line verdict;
		uint32_t port;
	} lines[] = {
		{ "", BRIDGE_LINE_PART, 0 },
		{ "CONN", BRIDGE_LINE_PART, 0 },
		{ "CONNECT 12", BRIDGE_LINE_PART, 0 },
		{ "CONNECT 12\n", BRIDGE_LINE_CONNECT, 12 },
		{ "CONNECT 0\nabc", BRIDGE_LINE_CONNECT, 0 },
		{ "CONNECT 4294967294\n", BRIDGE_LINE_CONNECT, 4294967294u },
		{ "CONNECT 4294967295\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT 42949672950\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT \n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT -1\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT +1\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT 1 \n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT 1\r\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT  1\n", BRIDGE_LINE_BAD, 0 },
		{ "connect 1\n", BRIDGE_LINE_BAD, 0 },
		{ "X", BRIDGE_LINE_BAD, 0 },
		{ "\n", BRIDGE_LINE_BAD, 0 },
		{ "CONNECT 00000000000000000000000", BRIDGE_LINE_PART, 0 },
		{ "CONNECT 000000000000000000000000", BRIDGE_LINE_BAD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t used = 0;
		uint32_t port = 0;

		if (bridge_line_parse(lines[i].text, strlen(lines[i].text), &used, &port) !=
		    lines[i].verdict)
			fail_msg("%s", lines[i].text);
		if (lines[i].verdict == BRIDGE_LINE_CONNECT) {
			assert_int_equal(port, lines[i].port);
			assert_int_equal(lines[i].text[used - 1], '\n');
		}
	}
}

static void the_sockets_are_the_owners_alone(void **state)
{
	struct world *w = *state;
	struct stat st;
	char name[80];

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(name, sizeof(name), "%s_dgram", w->path);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_program_connects_and_bytes_go_both_ways(void **state)
{
	struct world *w = *state;
	char got[16];
	int fd = say(w, "CONNECT 80\nearly"), s = fake_connecting();

	assert_true(s >= 0);
	assert_int_equal(fake_stack->sockets[s]->connect_us, BRIDGE_CONNECT_US);
	assert_int_equal(fake_stack->sockets[s]->peer.cid, 16);
	assert_int_equal(fake_stack->sockets[s]->peer.port, 80);
	expect_nothing(fd);
	fake_handshake(s, 0);
	settle(w);
	expect(fd, "OK 1024\n");
	assert_int_equal(fake_guest_reads(s, got, sizeof(got)), 5);
	assert_memory_equal(got, "early", 5);
	fake_guest_writes(s, "hello", 5);
	settle(w);
	expect(fd, "hello");
	close(fd);
	settle(w);
	assert_int_equal(fake_stack->alive, 0);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void the_line_may_come_in_pieces(void **state)
{
	struct world *w = *state;
	static const char line[] = "CONNECT 4242\n";
	int fd = try_program(w->path, SOCK_STREAM);

	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		assert_int_equal(fake_connecting(), -1);
		assert_int_equal(send(fd, line + i, 1, 0), 1);
		settle(w);
	}
	assert_int_equal(fake_stack->sockets[fake_connecting()]->peer.port, 4242);
	close(fd);
	settle(w);
	assert_int_equal(fake_stack->alive, 0);
}

static void bad_lines_end_the_connection(void **state)
{
	static const char *const bad[] = { "HELLO\n", "CONNECT x\n", "CONNECT 4294967295\n", "\n",
					   "CONNECT 1111111111111111111111111111111111111" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = say(w, bad[i]);

		expect_end(fd);
		close(fd);
	}
	assert_int_equal(bridge_count(w->bridge), 0);
	/* Nothing at all is fine until the program leaves. */
	close(say(w, "CONN"));
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void a_refusal_of_the_guest_ends_the_connection(void **state)
{
	struct world *w = *state;
	int fd = say(w, "CONNECT 80\n");

	fake_handshake(fake_connecting(), VMCI_ECONNRESET);
	settle(w);
	expect_end(fd);
	close(fd);
	assert_int_equal(fake_stack->alive, 0);
}

static void a_program_that_does_not_wait_is_forgotten(void **state)
{
	struct world *w = *state;

	close(say(w, "CONNECT 80\n"));
	settle(w);
	assert_int_equal(fake_stack->alive, 0);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void the_own_port_is_the_name_of_the_programs_end(void **state)
{
	struct world *w = *state;
	struct sockaddr_un at, own;
	int fd = unix_socket(SOCK_STREAM), s;

	bridge_address(&own, w->path, 1023);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	memset(&at, 0, sizeof(at));
	at.sun_family = AF_UNIX;
	strcpy(at.sun_path, w->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(send(fd, "CONNECT 80\n", 11, 0), 11);
	settle(w);
	s = fake_connecting();
	assert_int_equal(fake_stack->sockets[s]->local.port, 1023);
	fake_handshake(s, 0);
	settle(w);
	expect(fd, "OK 1023\n");
	close(fd);
	unlink(own.sun_path);
	settle(w);
}

static void nobody_there_is_refused_at_once(void **state)
{
	struct world *w = *state;
	struct sockaddr_un at;
	int fd;

	assert_int_equal(fake_guest_connects(99, guest), -1);
	/* The socket of a dead program, and a file. */
	fd = listen_at(w, 99);
	close(fd);
	assert_int_equal(fake_guest_connects(99, guest), -1);
	bridge_address(&at, w->path, 99);
	unlink(at.sun_path);
	close(open(at.sun_path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(fake_guest_connects(99, guest), -1);
	unlink(at.sun_path);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void the_guests_address_is_the_name_of_the_other_end(void **state)
{
	struct world *w = *state;
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	int fd, s = open_stream(w, &fd);

	(void)s;
	assert_int_equal(getpeername(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(name.sun_path[0], 0);
	assert_int_equal(strncmp(name.sun_path + 1, "vmci/16:5555/2:7/", 17), 0);
	close(fd);
	settle(w);
}

static void half_closes_go_through(void **state)
{
	struct world *w = *state;
	char got[16];
	int fd, s = open_stream(w, &fd);

	assert_int_equal(send(fd, "last", 4, 0), 4);
	shutdown(fd, SHUT_WR);
	settle(w);
	assert_true(fake_stack->sockets[s]->shut_wr);
	assert_false(fake_stack->sockets[s]->shut_rd);
	assert_int_equal(fake_guest_reads(s, got, sizeof(got)), 4);
	/* The other direction goes on. */
	fake_guest_writes(s, "answer", 6);
	settle(w);
	expect(fd, "answer");
	fake_guest_writes(s, "end", 3);
	fake_guest_shuts(s, false, true);
	settle(w);
	expect(fd, "end");
	assert_int_equal(recv(fd, got, 1, MSG_DONTWAIT), 0);
	assert_int_equal(bridge_count(w->bridge), 0);
	assert_true(fake_stack->sockets[s]->was_closed);
	close(fd);
}

static void the_guest_may_stop_first(void **state)
{
	struct world *w = *state;
	char got[16];
	int fd, s = open_stream(w, &fd);

	fake_guest_writes(s, "all", 3);
	fake_guest_shuts(s, false, true);
	settle(w);
	expect(fd, "all");
	assert_int_equal(recv(fd, got, 1, MSG_DONTWAIT), 0);
	assert_int_equal(send(fd, "back", 4, MSG_NOSIGNAL), 4);
	settle(w);
	assert_int_equal(fake_guest_reads(s, got, sizeof(got)), 4);
	close(fd);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void a_guest_that_leaves_breaks_the_programs_writes(void **state)
{
	struct world *w = *state;
	char got[4];
	int fd, s = open_stream(w, &fd);

	fake_guest_writes(s, "bye", 3);
	fake_guest_shuts(s, true, true);
	settle(w);
	expect(fd, "bye");
	assert_int_equal(recv(fd, got, 1, MSG_DONTWAIT), 0);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(bridge_count(w->bridge), 0);
	close(fd);
}

/* A program that the kernel woke at the end of the stream, at the worst moment. */
static int woken = -1;
static bool could_write;

int shutdown(int fd, int how)
{
	int rc = (int)syscall(SYS_shutdown, fd, how);

	if (woken >= 0 && how != SHUT_RD)
		could_write = send(woken, "x", 1, MSG_NOSIGNAL) >= 0;
	return rc;
}

static void who_sees_that_the_guest_left_can_write_no_more(void **state)
{
	struct world *w = *state;
	int fd, s = open_stream(w, &fd);

	fake_guest_writes(s, "bye", 3);
	fake_guest_shuts(s, true, true);
	woken = fd;
	could_write = true;
	settle(w);
	woken = -1;
	assert_false(could_write);
	expect(fd, "bye");
	expect_end(fd);
	close(fd);
}

static void a_program_that_reads_no_more_tells_the_guest_at_once(void **state)
{
	struct world *w = *state;
	char got[4];
	int fd, s = open_stream(w, &fd);

	assert_false(fake_stack->sockets[s]->shut_rd);
	shutdown(fd, SHUT_RD);
	settle(w);
	assert_true(fake_stack->sockets[s]->shut_rd);
	assert_false(fake_stack->sockets[s]->shut_wr);
	/* The other direction goes on. */
	assert_int_equal(send(fd, "on", 2, 0), 2);
	settle(w);
	assert_int_equal(fake_guest_reads(s, got, sizeof(got)), 2);
	assert_int_equal(bridge_count(w->bridge), 1);
	close(fd);
	settle(w);
	assert_true(fake_stack->sockets[s]->was_closed);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void a_program_that_leaves_closes_after_its_last_byte(void **state)
{
	struct world *w = *state;
	char data[3 * FAKE_QUEUE], got[3 * FAKE_QUEUE];
	size_t have = 0;
	int fd, s = open_stream(w, &fd);

	memset(data, 'z', sizeof(data));
	assert_int_equal(send(fd, data, sizeof(data), 0), sizeof(data));
	close(fd);
	settle(w);
	/* The guest may still write; its bytes go nowhere. */
	fake_guest_writes(s, "x", 1);
	settle(w);
	assert_false(fake_stack->sockets[s]->was_closed);
	while (have < sizeof(data)) {
		size_t n = fake_guest_reads(s, got + have, sizeof(got) - have);

		assert_true(n > 0);
		have += n;
		settle(w);
	}
	assert_true(fake_stack->sockets[s]->was_closed);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void a_program_that_leaves_is_one_word_to_the_guest(void **state)
{
	struct world *w = *state;
	struct fake_socket *k;
	int fd, s = open_stream(w, &fd);

	k = fake_stack->sockets[s];
	assert_int_equal(send(fd, "bye", 3, 0), 3);
	close(fd);
	settle(w);
	assert_int_equal(k->shutdowns, 1);
	assert_true(k->shut_rd && k->shut_wr);
	assert_true(k->was_closed);
}

static void a_program_that_leaves_with_bytes_unread_ends_it_too(void **state)
{
	struct world *w = *state;
	int fd, s = open_stream(w, &fd);

	fake_guest_writes(s, "unread", 6);
	settle(w);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	close(fd);
	settle(w);
	assert_true(fake_stack->sockets[s]->was_closed);
	assert_int_equal(fake_stack->sockets[s]->ndown, 1);
}

/* The guest writes until it cannot any more; what it wrote is bounded; then all of it arrives. */
static void a_program_that_does_not_read_stops_the_guest(void **state)
{
	struct world *w = *state;
	static uint8_t buf[1 << 20];
	uint32_t wrote = 0, read_ = 0;
	int fd, s = open_stream(w, &fd), idle = 0;

	while (idle < 3) {
		uint8_t piece[1000];
		size_t n;

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = (uint8_t)((wrote + i) * 7 >> 3);
		n = fake_guest_writes(s, piece, sizeof(piece));
		wrote += (uint32_t)n;
		idle = n ? 0 : idle + 1;
		settle(w);
		assert_true(wrote < sizeof(buf));
	}
	while (read_ < wrote) {
		ssize_t n = recv(fd, buf + read_, 5000, MSG_DONTWAIT);

		assert_true(n > 0);
		read_ += (uint32_t)n;
		settle(w);
	}
	for (uint32_t i = 0; i < wrote; i++)
		assert_int_equal(buf[i], (uint8_t)(i * 7 >> 3));
	close(fd);
	settle(w);
}

static void a_guest_that_does_not_read_stops_the_program(void **state)
{
	struct world *w = *state;
	uint8_t piece[1000];
	uint32_t wrote = 0, got = 0;
	int fd, s = open_stream(w, &fd);

	for (;;) {
		ssize_t n;

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = (uint8_t)((wrote + i) * 5 >> 2);
		n = send(fd, piece, sizeof(piece), MSG_DONTWAIT);
		settle(w);
		if (n < 0)
			break;
		wrote += (uint32_t)n;
		assert_true(wrote < 1 << 20);
	}
	while (got < wrote) {
		size_t n = fake_guest_reads(s, piece, sizeof(piece));

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(piece[i], (uint8_t)((got + i) * 5 >> 2));
		got += (uint32_t)n;
		settle(w);
	}
	close(fd);
	settle(w);
}

static void a_failed_handshake_of_the_guest_ends_the_program(void **state)
{
	struct world *w = *state;
	int listener = listen_at(w, 7), s = fake_guest_connects(7, guest), fd;

	fake_handshake(s, VMCI_ETIMEDOUT);
	settle(w);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	expect_end(fd);
	close(fd);
	stop_listening(w, 7, listener);
	assert_int_equal(bridge_count(w->bridge), 0);
	assert_int_equal(fake_stack->alive, 0);
}

static void a_handshake_ends_when_the_guest_leaves(void **state)
{
	struct world *w = *state;
	int listener = listen_at(w, 7), s = fake_guest_connects(7, guest), asked, fd;

	assert_true(s >= 0);
	asked = say(w, "CONNECT 80\n");
	assert_int_equal(bridge_count(w->bridge), 2);
	bridge_guest_left(w->bridge);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	expect_end(fd);
	expect_end(asked);
	close(fd);
	close(asked);
	/* Who says where to when it has left is for the guest that comes. */
	asked = say(w, "CONN");
	bridge_guest_left(w->bridge);
	assert_int_equal(send(asked, "ECT 80\n", 7, MSG_NOSIGNAL), 7);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 1);
	close(asked);
	settle(w);
	stop_listening(w, 7, listener);
}

static void a_full_backlog_is_refused(void **state)
{
	struct world *w = *state;
	int listener = listen_at(w, 7), s[4];

	assert_int_equal(listen(listener, 1), 0);
	for (int i = 0; i < 4; i++)
		s[i] = fake_guest_connects(7, guest);
	assert_true(s[0] >= 0 && s[1] >= 0);
	assert_int_equal(s[3], -1);
	stop_listening(w, 7, listener);
}

static void a_storm_of_programs_is_served_to_the_last(void **state)
{
	struct world *w = *state;
	enum {
		N = 300
	};
	int fds[N], n = 0;

	for (int i = 0; i < N; i++)
		fds[i] = try_program(w->path, SOCK_STREAM);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), N);
	for (int i = 0; i < N; i++)
		assert_int_equal(send(fds[i], "CONNECT 1\n", 10, 0), 10);
	settle(w);
	for (int s; (s = fake_connecting()) >= 0; n++)
		fake_handshake(s, 0);
	assert_int_equal(n, N);
	settle(w);
	for (int i = 0; i < N; i++)
		close(fds[i]);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
	assert_int_equal(fake_stack->alive, 0);
}

static void without_descriptors_the_next_waits_and_the_reason_is_told_once(void **state)
{
	struct world *w = *state;
	struct rlimit old, low;
	int a = try_program(w->path, SOCK_STREAM), b = try_program(w->path, SOCK_STREAM), c, next;
	int listener = listen_at(w, 7);

	c = try_program(w->path, SOCK_STREAM);
	next = dup(0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)next + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 1);
	assert_int_equal(fake_guest_connects(7, guest), -1);
	settle(w);
	assert_int_equal(w->warnings, 1);
	/* One leaves, and the next is let in. */
	assert_int_equal(send(a, "X", 1, 0), 1);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(send(b, "X", 1, 0), 1);
	settle(w);
	expect_end(b);
	assert_int_equal(bridge_count(w->bridge), 1);
	close(a);
	close(b);
	close(c);
	stop_listening(w, 7, listener);
	settle(w);
	assert_int_equal(bridge_count(w->bridge), 0);
}

static void what_is_open_at_the_end_goes_too(void **state)
{
	struct world *w = *state;
	int fd, s = open_stream(w, &fd);

	(void)s;
	close(dgram_program(w));
	dgram_program(w);
	say(w, "CONNECT 1\n");
	fake_guest_writes(s, "x", 1);
	/* tear_down closes the bridge and finds the directory empty; the sanitizer finds no leak.
	 */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_parsed_to_the_byte),
		TEST(the_sockets_are_the_owners_alone),
		TEST(a_program_connects_and_bytes_go_both_ways),
		TEST(the_line_may_come_in_pieces),
		TEST(bad_lines_end_the_connection),
		TEST(a_refusal_of_the_guest_ends_the_connection),
		TEST(a_program_that_does_not_wait_is_forgotten),
		TEST(the_own_port_is_the_name_of_the_programs_end),
		TEST(nobody_there_is_refused_at_once),
		TEST(the_guests_address_is_the_name_of_the_other_end),
		TEST(half_closes_go_through),
		TEST(the_guest_may_stop_first),
		TEST(a_guest_that_leaves_breaks_the_programs_writes),
		TEST(who_sees_that_the_guest_left_can_write_no_more),
		TEST(a_program_that_reads_no_more_tells_the_guest_at_once),
		TEST(a_program_that_leaves_closes_after_its_last_byte),
		TEST(a_program_that_leaves_is_one_word_to_the_guest),
		TEST(a_program_that_leaves_with_bytes_unread_ends_it_too),
		TEST(a_program_that_does_not_read_stops_the_guest),
		TEST(a_guest_that_does_not_read_stops_the_program),
		TEST(a_failed_handshake_of_the_guest_ends_the_program),
		TEST(a_handshake_ends_when_the_guest_leaves),
		TEST(a_full_backlog_is_refused),
		TEST(a_storm_of_programs_is_served_to_the_last),
		TEST(without_descriptors_the_next_waits_and_the_reason_is_told_once),
		TEST(what_is_open_at_the_end_goes_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
