/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_link.c - one vfio-user connection. */
#include "vfu_link.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD ((uint32_t)sizeof(struct vfu_header))

/* The kernel rounds ancillary space up to pairs, so an even count is asked for, and more than
 * allowed to see a surplus. */
#define FDS_ASKED 16u

static void close_fds(struct vfu_link *link)
{
	for (unsigned i = 0; i < link->nfds; i++)
		if (link->fds[i] >= 0)
			close(link->fds[i]);
	link->nfds = 0;
}

void vfu_link_open(struct vfu_link *link, int fd)
{
	link->fd = fd;
	link->have = 0;
	link->counted = false;
	link->nfds = 0;
	link->begun_ms = 0;
	link->why = "";
}

void vfu_link_close(struct vfu_link *link)
{
	if (link->fd < 0)
		return;
	close_fds(link);
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
			if (link->nfds < VFU_MAX_FDS) {
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

enum vfu_received vfu_link_receive(struct vfu_link *link, struct vfu_message *m, uint64_t now_ms)
{
	if (link->have == 0)
		close_fds(link);
	for (;;) {
		uint32_t want = link->have < HEAD ? HEAD : link->head.size;
		uint8_t *to = link->have < HEAD ? (uint8_t *)&link->head + link->have
						: link->body + (link->have - HEAD);
		int n;

		if (link->have == want && link->counted)
			break;
		n = read_some(link, to, want - link->have);
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
		if (link->have == HEAD && !link->counted) {
			const char *why = check_header(&link->head);

			if (why)
				return broken(link, why);
			link->counted = true;
		}
	}
	m->head = link->head;
	m->body = link->body;
	m->len = link->head.size - HEAD;
	m->fds = link->fds;
	m->nfds = link->nfds;
	link->have = 0;
	link->counted = false;
	return VFU_MESSAGE;
}

int vfu_link_patience(const struct vfu_link *link, uint64_t now_ms)
{
	uint64_t passed = now_ms - link->begun_ms;

	if (link->fd < 0 || link->have == 0)
		return -1;
	return passed >= VFU_STALL_MS ? 0 : (int)(VFU_STALL_MS - passed);
}

uint8_t *vfu_link_reply_body(struct vfu_link *link)
{
	return link->out + HEAD;
}

int vfu_link_reply(struct vfu_link *link, const struct vfu_header *to, int error, uint32_t len)
{
	struct vfu_header head = { .id = to->id,
				   .command = to->command,
				   .size = HEAD + (error ? 0 : len),
				   .flags = VFU_FLAG_REPLY | (error ? VFU_FLAG_ERROR : 0),
				   .error = (uint32_t)error };
	uint32_t sent = 0;

	if (to->flags & VFU_FLAG_NO_REPLY)
		return 0;
	memcpy(link->out, &head, HEAD);
	while (sent < head.size) {
		struct pollfd p = { .fd = link->fd, .events = POLLOUT };
		ssize_t n = send(link->fd, link->out + sent, head.size - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			sent += (uint32_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK) ||
		    poll(&p, 1, VFU_STALL_MS) <= 0) {
			link->why = "reply not taken";
			return -1;
		}
	}
	return 0;
}
