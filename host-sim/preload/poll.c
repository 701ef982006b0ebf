/* SPDX-License-Identifier: BSD-2-Clause */
/* poll.c - the low-water mark of streams (SO_RCVLOWAT) in poll and ppoll. The kernel takes a UNIX
 * socket for readable at its first byte. */
#include "call.h"
#include "real.h"
#include "sock.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define READABLE (POLLIN | POLLRDNORM)
#define AT_END	 (POLLRDHUP | POLLHUP | POLLERR)
#define FEW	 64u

/* Programs that set no mark do not pay for it. */
static bool is_used;

int poll_set_low_water(int fd, struct entry *e, const void *value, socklen_t len)
{
	int bytes = 0;

	if (len >= sizeof(bytes))
		memcpy(&bytes, value, sizeof(bytes));
	/* Negative is the most there is, which is more than any queue holds. */
	if (len >= sizeof(bytes) && (bytes < 0 || (uint64_t)bytes > e->size))
		return fail(EINVAL);
	if (REAL(setsockopt)(fd, SOL_SOCKET, SO_RCVLOWAT, value, len))
		return -1;
	e->low_water = bytes;
	if (bytes > 1)
		__atomic_store_n(&is_used, true, __ATOMIC_RELAXED);
	return 0;
}

/* NULL: the kernel knows it all. */
static const struct entry *marked(const struct pollfd *p)
{
	const struct entry *e = p->events & READABLE ? state_get(p->fd) : NULL;

	return e && e->kind == KIND_STREAM && e->is_connected && e->low_water > 1 ? e : NULL;
}

static bool has_enough(int fd, const struct entry *e)
{
	int bytes = 0;

	return REAL(ioctl)(fd, FIONREAD, &bytes) || bytes >= e->low_water;
}

static struct timespec left_until(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_sec = end->tv_sec - now.tv_sec;
	now.tv_nsec = end->tv_nsec - now.tv_nsec;
	if (now.tv_nsec < 0) {
		now.tv_sec--;
		now.tv_nsec += 1000000000;
	}
	return now.tv_sec < 0 ? (struct timespec){ 0, 0 } : now;
}

static struct timespec end_of(const struct timespec *timeout)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout->tv_sec;
	end.tv_nsec += timeout->tv_nsec;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	return end;
}

/* Of what the kernel said to asked, and of the marks, what the program is told. */
static int answer(struct pollfd *fds, const struct pollfd *asked, nfds_t n)
{
	int ready = 0;

	for (nfds_t i = 0; i < n; i++) {
		const struct entry *e = marked(&fds[i]);
		short got = asked[i].revents;

		/* Nothing more will come behind the end. */
		if (e && ((got & AT_END) || has_enough(fds[i].fd, e)))
			got = (short)(got | READABLE);
		fds[i].revents = (short)(got & (fds[i].events | POLLHUP | POLLERR | POLLNVAL));
		ready += fds[i].revents != 0;
	}
	return ready;
}

/* Of a marked stream the kernel is asked for everything but bytes. These come as edges, from a
 * descriptor of our own: as a level they would be there all the time.
 *   asked: n + 1 of them; end: NULL, for ever */
static int wait_marked(struct pollfd *fds, struct pollfd *asked, nfds_t n, int edges,
		       const struct timespec *end, const sigset_t *mask)
{
	static const struct timespec at_once;

	for (;;) {
		struct timespec left = end ? left_until(end) : at_once;
		bool is_last = end && !left.tv_sec && !left.tv_nsec;
		struct epoll_event event;
		int ready = answer(fds, asked, n);

		/* What is ready already is not waited for, and may be more than that. */
		if (REAL(ppoll)(asked, n + 1, ready ? &at_once : end ? &left : NULL, mask) < 0)
			return -1;
		while (asked[n].revents && REAL(epoll_wait)(edges, &event, 1, 0) > 0)
			;
		ready = answer(fds, asked, n);
		if (ready || is_last)
			return ready;
	}
}

static int poll_marked(struct pollfd *fds, nfds_t n, const struct timespec *end,
		       const sigset_t *mask)
{
	struct pollfd few[FEW], *asked = few;
	int edges = epoll_create1(EPOLL_CLOEXEC), ready = -1, error;

	if (edges < 0)
		return -1;
	if (n >= FEW)
		asked = calloc(n + 1, sizeof(*asked));
	if (asked) {
		for (nfds_t i = 0; i < n; i++) {
			struct epoll_event event = { .events = EPOLLIN | EPOLLET };

			asked[i] = (struct pollfd){ .fd = fds[i].fd, .events = fds[i].events };
			if (!marked(&fds[i]))
				continue;
			asked[i].events = (short)((fds[i].events & ~READABLE) | POLLRDHUP);
			/* The second time, of a descriptor that stands there twice, adds nothing.
			 */
			epoll_ctl(edges, EPOLL_CTL_ADD, fds[i].fd, &event);
		}
		asked[n] = (struct pollfd){ .fd = edges, .events = POLLIN };
		ready = wait_marked(fds, asked, n, edges, end, mask);
	}
	error = errno;
	if (asked != few)
		free(asked);
	REAL(close)(edges);
	errno = error;
	return ready;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	bool any = false;
	struct timespec end;

	for (nfds_t i = 0; __atomic_load_n(&is_used, __ATOMIC_RELAXED) && i < n && !any; i++)
		any = marked(&fds[i]) != NULL;
	if (!any || (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
				 timeout->tv_nsec >= 1000000000)))
		return REAL(ppoll)(fds, n, timeout, mask);
	if (timeout)
		end = end_of(timeout);
	return poll_marked(fds, n, timeout ? &end : NULL, mask);
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec t = { timeout / 1000, (long)(timeout % 1000) * 1000000 };

	if (!__atomic_load_n(&is_used, __ATOMIC_RELAXED))
		return REAL(poll)(fds, n, timeout);
	return ppoll(fds, n, timeout < 0 ? NULL : &t, NULL);
}

/* What programs compiled with _FORTIFY_SOURCE call. */
EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *mask, size_t size);

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	if (size / sizeof(*fds) < n)
		abort();
	return poll(fds, n, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t size)
{
	if (size / sizeof(*fds) < n)
		abort();
	return ppoll(fds, n, timeout, mask);
}
