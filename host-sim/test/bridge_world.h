/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_world.h - a bridge between a fake stack and real UNIX sockets, for its tests. */
#ifndef HOST_SIM_TEST_BRIDGE_WORLD_H
#define HOST_SIM_TEST_BRIDGE_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include <vmci/defs.h>
#include "../bridge.h"
#include "../bridge_dgram.h"
#include "../bridge_line.h"
#include "fake_sockets.h"

static const struct vmci_sockaddr guest = { 16, 5555 };

struct world {
	char dir[32], path[64];
	struct loop loop;
	struct bridge *bridge;
	unsigned warnings;
};

static inline uint32_t cid(void *ctx)
{
	(void)ctx;
	return 16;
}

static inline void warn(void *ctx, const char *text)
{
	assert_non_null(strstr(text, "descriptor"));
	((struct world *)ctx)->warnings++;
}

static inline void note(void *ctx, const char *text)
{
	(void)ctx;
	assert_true(strlen(text) > 0);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct bridge_options o = {
		.path = w->path, .guest_cid = cid, .note = note, .warn = warn, .ctx = w
	};
	char error[200];

	strcpy(w->dir, "/tmp/test_bridge.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/v", w->dir);
	assert_int_equal(loop_open(&w->loop), 0);
	if (bridge_open(NULL, &w->loop, &o, &w->bridge, error, sizeof(error)))
		fail_msg("%s", error);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;

	bridge_close(w->bridge);
	loop_close(&w->loop);
	/* Only an empty directory can be removed. */
	assert_int_equal(rmdir(w->dir), 0);
	free(w);
	return 0;
}

/* Until nothing moves any more; that must come soon. */
static inline void settle(struct world *w)
{
	for (int i = 0; i < 10000; i++)
		if (loop_run(&w->loop) == 0 && bridge_run(w->bridge) != 0 &&
		    loop_run(&w->loop) == 0)
			return;
	fail_msg("the bridge spins");
}

static inline int unix_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	return fd;
}

static inline int try_program(const char *path, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = unix_socket(type);

	strcpy(at.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* A program that listens at PATH_port. */
static inline int listen_at(struct world *w, uint32_t port)
{
	struct sockaddr_un at;
	int fd = unix_socket(SOCK_STREAM);

	bridge_address(&at, w->path, port);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1000), 0);
	return fd;
}

static inline void stop_listening(struct world *w, uint32_t port, int fd)
{
	struct sockaddr_un at;

	bridge_address(&at, w->path, port);
	unlink(at.sun_path);
	close(fd);
}

static inline int say(struct world *w, const char *line)
{
	int fd = try_program(w->path, SOCK_STREAM);

	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	settle(w);
	return fd;
}

static inline void expect(int fd, const char *text)
{
	char buf[256] = "";
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	assert_int_equal(n, strlen(text));
	assert_string_equal(buf, text);
}

static inline void expect_nothing(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static inline void expect_end(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}

/* A stream that the guest opened: the fake's socket, and the program's end. */
static inline int open_stream(struct world *w, int *program)
{
	int listener = listen_at(w, 7), s = fake_guest_connects(7, guest);

	assert_true(s >= 0);
	fake_handshake(s, 0);
	settle(w);
	*program = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(*program >= 0);
	stop_listening(w, 7, listener);
	return s;
}

static inline int dgram_program(struct world *w)
{
	char name[80];

	snprintf(name, sizeof(name), "%s_dgram", w->path);
	return try_program(name, SOCK_SEQPACKET);
}

#endif
