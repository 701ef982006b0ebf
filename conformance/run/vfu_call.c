/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_call.c - one vfio-user request and its answer. */
#include "vfu_call.h"
#include "vfu_client.h"
#include "../../host-sim/vfu_proto.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Requests of the server that are served while waiting for one answer. */
#define PATIENCE 4096u

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

int vfu_call_die(struct vfu_call *k, const char *why)
{
	if (k->fd >= 0) {
		snprintf(k->error, sizeof(k->error), "%s", why);
		close(k->fd);
		k->fd = -1;
	}
	return VFUC_DEAD;
}

/* Wait until the socket can be read or written. */
static int wait_ready(struct vfu_call *k, short events, uint64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = k->fd, .events = events };
		uint64_t now = now_ms();
		int n = poll(&p, 1, now >= until ? 0 : (int)(until - now));

		if (n > 0)
			return 0;
		if (n == 0)
			return vfu_call_die(k, events == POLLIN
						       ? "the server did not answer in time"
						       : "the server does not read");
		if (errno != EINTR)
			return vfu_call_die(k, "poll failed");
	}
}

static void attach_fds(struct msghdr *msg, void *space, size_t size, const int *fds, unsigned nfds)
{
	struct cmsghdr *c;

	memset(space, 0, size);
	msg->msg_control = space;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
}

static int send_all(struct vfu_call *k, struct iovec *iov, size_t pieces, const int *fds,
		    unsigned nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * VFUC_VECTORS)];
	} control;
	uint64_t until = now_ms() + k->timeout_ms;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = pieces };

	if (nfds > VFUC_VECTORS)
		return VFUC_MISUSE;
	if (nfds)
		attach_fds(&msg, &control, sizeof(control), fds, nfds);
	while (msg.msg_iovlen) {
		ssize_t n = sendmsg(k->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (wait_ready(k, POLLOUT, until))
				return VFUC_DEAD;
			continue;
		}
		if (n < 0)
			return vfu_call_die(k, "the server closed the connection");
		/* Descriptors go with the first byte. */
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		while (msg.msg_iovlen && (size_t)n >= msg.msg_iov->iov_len) {
			n -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen) {
			msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + n;
			msg.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

/* Descriptors that a server sends are not wanted: without ancillary space the kernel drops them. */
static int receive_all(struct vfu_call *k, void *to, size_t len, uint64_t until)
{
	uint8_t *at = to;

	while (len) {
		ssize_t n = recv(k->fd, at, len, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (wait_ready(k, POLLIN, until))
				return VFUC_DEAD;
			continue;
		}
		if (n <= 0)
			return vfu_call_die(k, "the server closed the connection");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_command(struct vfu_call *k, const struct vfu_header *head, const void *a,
			size_t a_len, const void *b, size_t b_len, const int *fds, unsigned nfds)
{
	struct iovec iov[3] = { { (void *)(uintptr_t)head, sizeof(*head) },
				{ (void *)(uintptr_t)a, a_len },
				{ (void *)(uintptr_t)b, b_len } };

	return send_all(k, iov, b_len ? 3 : a_len ? 2 : 1, fds, nfds);
}

/* The server asks us: guest memory by message, or something we do not have. */
static int serve(struct vfu_call *k, const struct vfu_header *asked, uint32_t len)
{
	struct {
		uint64_t gpa, count;
	} dma;
	struct vfu_header head = { .id = asked->id,
				   .command = asked->command,
				   .size = sizeof(head),
				   .flags = VFU_FLAG_REPLY | VFU_FLAG_ERROR,
				   .error = EINVAL };
	bool write = asked->command == VFU_DMA_WRITE;
	uint32_t out = 0;

	if (asked->command != VFU_DMA_READ && !write) {
		head.error = ENOTSUP;
	} else if (len >= sizeof(dma)) {
		memcpy(&dma, k->body, sizeof(dma));
		if (dma.count <= VFU_CALL_BODY - sizeof(dma) &&
		    len == sizeof(dma) + (write ? dma.count : 0) &&
		    k->memory(k->ctx, dma.gpa, k->body + sizeof(dma), (uint32_t)dma.count, write)) {
			out = (uint32_t)sizeof(dma) + (write ? 0 : (uint32_t)dma.count);
			head.flags = VFU_FLAG_REPLY;
			head.error = 0;
			head.size += out;
		}
	}
	if (asked->flags & VFU_FLAG_NO_REPLY)
		return 0;
	return send_command(k, &head, k->body, out, NULL, 0, NULL, 0);
}

/* One message of the server, its body in k->body. */
static int receive_message(struct vfu_call *k, struct vfu_header *head, uint64_t until)
{
	if (receive_all(k, head, sizeof(*head), until))
		return VFUC_DEAD;
	if (head->size < sizeof(*head) || head->size - sizeof(*head) > VFU_CALL_BODY)
		return vfu_call_die(k, "the server sent a message of impossible size");
	return receive_all(k, k->body, head->size - sizeof(*head), until);
}

/* Wait for the answer to command id, served requests of the server apart. Its body is in k->body.
 */
static int await(struct vfu_call *k, const struct vfu_header *asked, uint64_t until, size_t *len)
{
	struct vfu_header got;

	for (unsigned i = 0; i < PATIENCE; i++) {
		if (receive_message(k, &got, until))
			return VFUC_DEAD;
		*len = got.size - sizeof(got);
		if ((got.flags & VFU_FLAG_TYPE) == 0) {
			if (serve(k, &got, (uint32_t)*len))
				return VFUC_DEAD;
			continue;
		}
		if ((got.flags & VFU_FLAG_TYPE) != VFU_FLAG_REPLY || got.id != asked->id ||
		    got.command != asked->command)
			return vfu_call_die(k, "the server answered something that was not asked");
		if (!(got.flags & VFU_FLAG_ERROR))
			return 0;
		snprintf(k->error, sizeof(k->error), "the server refused command %u: %s",
			 (unsigned)asked->command, strerror((int)(got.error & 0xffff)));
		return VFUC_REFUSED;
	}
	return vfu_call_die(k, "the server asks without end instead of answering");
}

int vfu_call(struct vfu_call *k, unsigned command, const void *head, size_t head_len,
	     const void *data, size_t data_len, const int *fds, unsigned nfds, void *answer,
	     size_t max, size_t *len)
{
	uint64_t until = now_ms() + k->timeout_ms;
	struct vfu_header h = { .id = k->next_id,
				.command = (uint16_t)command,
				.size = (uint32_t)(sizeof(h) + head_len + data_len) };
	int rc;

	if (k->fd < 0)
		return VFUC_DEAD;
	k->next_id++;
	if (send_command(k, &h, head, head_len, data, data_len, fds, nfds))
		return VFUC_DEAD;
	rc = await(k, &h, until, len);
	if (rc)
		return rc;
	if (*len > max)
		return vfu_call_die(k, "the server's answer is too long");
	memcpy(answer, k->body, *len);
	return 0;
}

int vfu_call_burst(struct vfu_call *k, unsigned command, unsigned n, const uint8_t *asks,
		   size_t ask_len, uint8_t *answers, size_t answer_len, unsigned *refused)
{
	uint64_t until = now_ms() + k->timeout_ms;
	uint8_t out[VFU_CALL_BURST * (sizeof(struct vfu_header) + VFU_CALL_ASK)];
	struct vfu_header h = { .command = (uint16_t)command,
				.size = (uint32_t)(sizeof(h) + ask_len) };
	struct iovec iov = { out, n * (size_t)h.size };
	uint16_t first = k->next_id;

	*refused = 0;
	if (k->fd < 0)
		return VFUC_DEAD;
	if (n > VFU_CALL_BURST || ask_len > VFU_CALL_ASK)
		return vfu_call_die(k, "more in a burst than fits");
	for (unsigned i = 0; i < n; i++) {
		h.id = k->next_id++;
		memcpy(out + i * (size_t)h.size, &h, sizeof(h));
		memcpy(out + i * (size_t)h.size + sizeof(h), asks + i * ask_len, ask_len);
	}
	if (send_all(k, &iov, 1, NULL, 0))
		return VFUC_DEAD;
	for (unsigned i = 0; i < n; i++) {
		size_t len = 0;
		int rc;

		h.id = (uint16_t)(first + i);
		rc = await(k, &h, until, &len);
		if (rc == VFUC_DEAD)
			return rc;
		if (rc) {
			++*refused;
			continue;
		}
		if (len != answer_len)
			return vfu_call_die(k, "the server's answer has the wrong size");
		memcpy(answers + i * answer_len, k->body, len);
	}
	return 0;
}

int vfu_post(struct vfu_call *k, unsigned command, const void *head, size_t head_len,
	     const void *data, size_t data_len)
{
	struct vfu_header h = { .id = k->next_id,
				.command = (uint16_t)command,
				.size = (uint32_t)(sizeof(h) + head_len + data_len),
				.flags = VFU_FLAG_NO_REPLY };

	if (k->fd < 0)
		return VFUC_DEAD;
	k->next_id++;
	return send_command(k, &h, head, head_len, data, data_len, NULL, 0);
}
