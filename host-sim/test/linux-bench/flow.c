/* SPDX-License-Identifier: BSD-2-Clause */
/* flow.c - moving bytes that nobody looks at. */
#include "flow.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#define MOST (256u << 10)

static uint8_t buf[MOST];

void flow_patience(int fd)
{
	struct timeval t = { .tv_sec = FLOW_PATIENCE_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

int flow_put(int fd, size_t len)
{
	while (len) {
		ssize_t n = send(fd, buf, len < MOST ? len : MOST, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			len -= (size_t)n;
	}
	return 0;
}

int flow_take(int fd, uint64_t len)
{
	while (len) {
		ssize_t n = recv(fd, buf, len < MOST ? (size_t)len : MOST, 0);

		if (n == 0)
			return -ENODATA;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			len -= (uint64_t)n;
	}
	return 0;
}

int flow_sink(int fd)
{
	ssize_t n;

	while ((n = recv(fd, buf, MOST, 0)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return 0;
}

int flow_send(int fd, uint64_t bytes, size_t chunk)
{
	int rc = 0;

	while (bytes && !rc) {
		size_t n = bytes < chunk ? (size_t)bytes : chunk;

		rc = flow_put(fd, n);
		bytes -= n;
	}
	return rc ? rc : flow_take(fd, 1);
}

int flow_receive(int fd, uint64_t bytes)
{
	int rc = flow_take(fd, bytes);

	return rc ? rc : flow_put(fd, 1);
}
