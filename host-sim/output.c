/* SPDX-License-Identifier: BSD-2-Clause */
/* output.c - writing where a reader may be slow. */
#include "output.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns false when it will not be possible: we are to end and nobody reads. */
static bool may_write(const struct output *o)
{
	struct pollfd p[2] = { { .fd = o->fd, .events = POLLOUT },
			       { .fd = o->stop, .events = POLLIN } };

	for (;;) {
		int n = poll(p, 2, -1);

		if (n < 0 && errno == EINTR)
			continue;
		/* An error of the descriptor is found by writing. */
		if (n < 0 || p[0].revents)
			return true;
		if (p[1].revents)
			return poll(p, 1, OUTPUT_GRACE_MS) != 0;
	}
}

int output_put(struct output *o, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len && !o->is_cut) {
		ssize_t n;

		if (o->may_wait && !may_write(o)) {
			o->is_cut = true;
			break;
		}
		/* So many a pipe that has room takes without waiting. */
		n = write(o->fd, at, o->may_wait && len > PIPE_BUF ? PIPE_BUF : len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* As stdio wants it: 0 is an error. */
static ssize_t on_write(void *cookie, const char *bytes, size_t len)
{
	return output_put(cookie, bytes, len) ? 0 : (ssize_t)len;
}

static int on_close(void *cookie)
{
	return close(((struct output *)cookie)->fd);
}

FILE *output_stream(struct output *o)
{
	struct stat st;

	o->may_wait = fstat(o->fd, &st) || !S_ISREG(st.st_mode);
	return fopencookie(o, "w", (cookie_io_functions_t){ .write = on_write, .close = on_close });
}
