/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_link.c - one vfio-user connection. */
#include "vfu_link.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD ((uint32_t)sizeof(struct vfu_header))

/* What is read when nothing is known of a message: header, access, and up to 8 bytes of data. */
#define FIRST (HEAD + (uint32_t)sizeof(struct vfu_region_access) + 8u)

/* The kernel rounds ancillary space up to pairs, so an even count is asked for, and more than
 * allowed to see a surplus. */
#define FDS_ASKED 16u

#define HURRY_MS 50 /* between questions whether the client is still worth waiting for */

/* Close the first n that nobody kept. */
static void close_fds(struct vfu_link *link, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (link->fds[i] >= 0)
			close(link->fds[i]);
	link->nfds -= n;
	memmove(link->fds, link->fds + n, link->nfds * sizeof(link->fds[0]));
}

void vfu_link_open(struct vfu_link *link, int fd)
{
	link->fd = fd;
	link->have = 0;
	link->size = 0;
	link->is_given = false;
	link->nfds = 0;
	link->begun_ms = 0;
	link->why = "";
}

void vfu_link_close(struct vfu_link *link)
{
	if (link->fd < 0)
		return;
	close_fds(link, link->nfds);
	link->is_given = false;
	close(link->fd);
	link->fd = -1;
}

static enum vfu_received broken(struct vfu_link *link, const char *why)
{
	link->why = why;
	return VFU_BROKEN;
}

/* Keep the descriptors of one read. False: too many, or the kernel had to drop some. */
static bool keep_fds(struct vfu_link *link, struct msghdr *msg)
{
	bool fits = !(msg->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = 0;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (link->nfds < 2 * VFU_MAX_FDS) {
				link->fds[link->nfds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* Read up to len bytes. > 0 bytes, 0 nothing now, -1 end of file, -2 broken (why is set). */
static int read_some(struct vfu_link *link, void *to, uint32_t len)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * FDS_ASKED)];
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n;

	do
		n = recvmsg(link->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0) {
		link->why = "socket error";
		return -2;
	}
	if (!keep_fds(link, &msg)) {
		link->why = "too many descriptors";
		return -2;
	}
	return n == 0 ? -1 : (int)n;
}

static const char *check_header(const struct vfu_header *head)
{
	if (head->size < HEAD)
		return "message size below 16";
	if (head->size - HEAD > VFU_MAX_BODY)
		return "message too long";
	if ((head->flags & VFU_FLAG_TYPE) == VFU_FLAG_REPLY)
		return "reply without a command";
	if (head->flags & ~VFU_FLAG_NO_REPLY)
		return "unknown header flags";
	return NULL;
}

void vfu_link_done(struct vfu_link *link, uint64_t now_ms)
{
	if (!link->is_given)
		return;
	close_fds(link, link->own);
	link->have -= link->size;
	memmove(link->in, link->in + link->size, link->have);
	link->size = 0;
	link->is_given = false;
	link->begun_ms = now_ms;
}

/* Returns the reason why it is no header, or NULL. */
static const char *count(struct vfu_link *link)
{
	struct vfu_header head;
	const char *why;

	memcpy(&head, link->in, HEAD);
	why = check_header(&head);
	if (!why)
		link->size = head.size;
	return why;
}

enum vfu_received vfu_link_receive(struct vfu_link *link, struct vfu_message *m, uint64_t now_ms)
{
	unsigned before;

	vfu_link_done(link, now_ms);
	before = link->nfds;
	for (;;) {
		const char *why = link->size || link->have < HEAD ? NULL : count(link);
		int n;

		if (why)
			return broken(link, why);
		/* The kernel ends a read with the piece that carries descriptors. */
		link->own = link->size && link->have > link->size ? before : link->nfds;
		if (link->own > VFU_MAX_FDS || link->nfds - link->own > VFU_MAX_FDS)
			return broken(link, "too many descriptors");
		if (link->size && link->have >= link->size)
			break;
		before = link->nfds;
		n = read_some(link, link->in + link->have,
			      (link->size ? link->size : FIRST) - link->have);
		if (n == -2)
			return VFU_BROKEN;
		if (n == -1)
			return link->have || link->nfds ? broken(link, "closed inside a message")
							: VFU_EOF;
		if (n == 0)
			return link->have && now_ms - link->begun_ms >= VFU_STALL_MS
				       ? broken(link, "message not completed in time")
				       : VFU_PART;
		if (link->have == 0)
			link->begun_ms = now_ms;
		link->have += (uint32_t)n;
	}
	memcpy(&m->head, link->in, HEAD);
	m->body = link->in + HEAD;
	m->len = link->size - HEAD;
	m->fds = link->fds;
	m->nfds = link->own;
	link->is_given = true;
	return VFU_MESSAGE;
}

int vfu_link_patience(const struct vfu_link *link, uint64_t now_ms)
{
	uint64_t passed = now_ms - link->begun_ms;

	if (link->fd < 0 || !vfu_link_is_ahead(link))
		return -1;
	return passed >= VFU_STALL_MS ? 0 : (int)(VFU_STALL_MS - passed);
}

uint8_t *vfu_link_reply_body(struct vfu_link *link)
{
	return link->out + HEAD;
}

static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* Returns false when the client had its time, or nobody has any. */
static bool wait_for_room(const struct vfu_link *link, uint64_t *until_ms)
{
	struct pollfd p = { .fd = link->fd, .events = POLLOUT };
	uint64_t now = clock_ms();

	if (!*until_ms)
		*until_ms = now + VFU_STALL_MS;
	for (; now < *until_ms; now = clock_ms()) {
		if (poll(&p, 1, HURRY_MS) > 0)
			return true;
		if (link->hurry && link->hurry(link->ctx))
			return false;
	}
	return false;
}

int vfu_link_reply(struct vfu_link *link, const struct vfu_header *to, int error, uint32_t len)
{
	struct vfu_header head = { .id = to->id,
				   .command = to->command,
				   .size = HEAD + (error ? 0 : len),
				   .flags = VFU_FLAG_REPLY | (error ? VFU_FLAG_ERROR : 0),
				   .error = (uint32_t)error };
	uint64_t until_ms = 0;
	uint32_t sent = 0;

	if (to->flags & VFU_FLAG_NO_REPLY)
		return 0;
	memcpy(link->out, &head, HEAD);
	while (sent < head.size) {
		ssize_t n = send(link->fd, link->out + sent, head.size - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (uint32_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK) ||
		    !wait_for_room(link, &until_ms)) {
			link->why = "reply not taken";
			return -1;
		}
	}
	return 0;
}
