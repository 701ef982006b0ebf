/* SPDX-License-Identifier: BSD-2-Clause */
/* raw.h - both ends of a vfio-user connection in one thread, byte by byte. */
#ifndef HOST_SIM_TEST_RAW_H
#define HOST_SIM_TEST_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "tiny.h"

struct raw {
	struct tiny tiny;
	struct vfu *vfu;
	int fd; /* the client's end */
};

static inline void raw_connect(struct raw *r)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	r->fd = pair[0];
	assert_true(vfu_adopt(r->vfu, pair[1]));
}

static inline void raw_open(struct raw *r)
{
	struct vfu_options options = { .wake_fd = -1 };
	struct vfu_device d = tiny_device(&r->tiny, 3);

	r->vfu = vfu_new(&d, &options, -1);
	assert_non_null(r->vfu);
	raw_connect(r);
}

static inline void raw_close(struct raw *r)
{
	close(r->fd);
	vfu_free(r->vfu);
}

/* Build a message in buf; returns its length. */
static inline uint32_t raw_message(uint8_t *buf, unsigned command, uint32_t flags, const void *body,
				   size_t len)
{
	struct vfu_header h = { .id = 7,
				.command = (uint16_t)command,
				.size = (uint32_t)(sizeof(h) + len),
				.flags = flags };

	memcpy(buf, &h, sizeof(h));
	if (len)
		memcpy(buf + sizeof(h), body, len);
	return h.size;
}

static inline void raw_send_fds(int fd, const void *buf, size_t len, const int *fds, unsigned nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 64)];
	} control;
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), len);
}

/* Pump the server until it has nothing more to do. */
static inline void raw_pump(struct raw *r)
{
	for (int i = 0; i < 64 && vfu_poll(r->vfu, 0) != VFU_IDLE; i++)
		;
}

/* What the server answered: error number, or -1 nothing, -2 closed. The body goes to body. */
static inline int raw_answer(struct raw *r, unsigned command, void *body, size_t *len)
{
	struct vfu_header h;
	ssize_t n = recv(r->fd, &h, sizeof(h), MSG_DONTWAIT);

	*len = 0;
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return -2;
	if (n < 0)
		return -1;
	assert_int_equal(n, sizeof(h));
	assert_int_equal(h.id, 7);
	assert_int_equal(h.command, command);
	*len = h.size - sizeof(h);
	if (*len)
		assert_int_equal(recv(r->fd, body, *len, MSG_DONTWAIT), *len);
	if (h.flags & VFU_FLAG_ERROR) {
		assert_int_equal(h.flags, VFU_FLAG_REPLY | VFU_FLAG_ERROR);
		assert_int_not_equal(h.error, 0);
		return (int)h.error;
	}
	assert_int_equal(h.flags, VFU_FLAG_REPLY);
	return 0;
}

/* One exchange: 0, an errno, -1 no answer, -2 closed. */
static inline int raw_ask_fds(struct raw *r, unsigned command, const void *body, size_t len,
			      const int *fds, unsigned nfds)
{
	static uint8_t buf[300000];
	size_t got;

	raw_send_fds(r->fd, buf, raw_message(buf, command, 0, body, len), fds, nfds);
	raw_pump(r);
	return raw_answer(r, command, buf, &got);
}

static inline int raw_ask(struct raw *r, unsigned command, const void *body, size_t len)
{
	return raw_ask_fds(r, command, body, len, NULL, 0);
}

static inline int raw_hello(struct raw *r)
{
	static const struct vfu_version v = { 0, 0 };

	return raw_ask(r, VFU_VERSION, &v, sizeof(v));
}

static inline unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static inline int memory_file(size_t bytes)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

#endif
